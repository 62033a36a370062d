"""Every faulty blueprint is refused at the right line, and its remedy works.

A faulty line ends in `# ERROR code: part of the summary`, and below it, or at the end of the same comment, stands
what its help text says to do: `# FIX: the line put right`, where `\\n` is a line break that keeps the indentation,
and nothing at all deletes the line. A fault that no comment can stand beside is named at the top: `# ERROR@line code: text`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from planform.diagnostics import DiagnosticError
from planform.pages import all_codes
from planform.pipeline import compile_files

BAD = Path(__file__).parent / "bad"
CASES = sorted(BAD.glob("*.yaml"))
ERROR = re.compile(r"# ERROR(?:@(?P<line>\d+))? (?P<code>[a-z/0-9-]+): (?P<text>.*?)(?: # FIX:(?P<fix>.*))?$")
FIX = re.compile(r"^\s*# FIX(?:@(?P<line>\d+))?:(?P<text>.*)$")


@dataclass(frozen=True)
class Expected:
    line: int
    code: str
    text: str


def expected(text: str) -> list[Expected]:
    """The faults that a file's comments announce."""
    return [
        Expected(int(found["line"] or number), found["code"], found["text"].strip())
        for number, line in enumerate(text.splitlines(), 1)
        if (found := ERROR.search(line))
    ]


def put_right(text: str) -> str | None:
    """The file with every remedy applied; None where none is named."""
    lines = text.splitlines()
    fixes: dict[int, str] = {}
    for number, line in enumerate(lines, 1):
        error, fix = ERROR.search(line), FIX.match(line)
        if error and error["fix"] is not None:
            fixes[int(error["line"] or number)] = error["fix"]
        elif fix:
            fixes[int(fix["line"] or number - 1)] = fix["text"]
    if not fixes:
        return None
    result = []
    for number, line in enumerate(lines, 1):
        if FIX.match(line):
            continue
        if number not in fixes:
            result.append(line)
        elif fixes[number].strip():
            indent = line[: len(line) - len(line.lstrip())]
            result += [indent + part for part in fixes[number].strip().split("\\n")]
    return "\n".join(result) + "\n"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_faults_are_found_where_they_are(
    case: Path, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(BAD)
    text = case.read_text()
    wanted = expected(text)
    assert wanted, "the file announces no fault"
    with pytest.raises(DiagnosticError) as caught:
        compile_files(case.name)
    found = caught.value.diagnostics
    assert [(each.at.line if each.at else 0, each.code) for each in found] == [
        (each.line, each.code) for each in wanted
    ]
    for diagnostic, announced in zip(found, wanted, strict=True):
        assert announced.text in diagnostic.summary
        assert diagnostic.at and diagnostic.at.column >= 1
        assert diagnostic.help
        assert diagnostic.code in all_codes()
    assert str(caught.value) == snapshot


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_the_remedy_works(case: Path, tmp_path: Path) -> None:
    fixed = put_right(case.read_text())
    assert fixed is not None, "the file names no remedy"
    path = tmp_path / "platform.yaml"
    path.write_text(fixed)
    assert compile_files(path).resources > 0


def test_there_are_enough() -> None:
    assert len(CASES) >= 60
