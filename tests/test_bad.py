"""Every faulty blueprint is refused at the right line, and its remedy works.

A faulty line ends in `# ERROR code: part of the summary`, as often as it has faults, from left to right. What the help
text says to do follows in the same comment, or in that of another line: `# FIX: the line put right`, where `\\n` is a
line break that keeps the indentation, and nothing at all deletes the line. Where no comment can stand beside the
fault, a line of its own says which line it means: `# ERROR@9 code: text`, `# FIX@9: text`; without a number, that is
the line above it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

import planform
from planform.diagnostics import DiagnosticError
from planform.pages import all_codes
from planform.pipeline import compile_files

BAD = Path(__file__).parent / "bad"
CASES = sorted(BAD.glob("*.yaml"))
NOTE = re.compile(r"# (?P<kind>ERROR|FIX)(?:@(?P<line>\d+))?(?P<text>[: ].*?)(?=\s+# (?:ERROR|FIX)\b|\s*$)")
ERROR = re.compile(r" (?P<code>[a-z0-9/-]+): ?(?P<text>.*)")


@dataclass(frozen=True)
class Expected:
    line: int
    code: str
    text: str


def notes(text: str) -> Iterator[tuple[str, int, str]]:
    """Every ERROR and FIX of a file: which of the two, the line that it means, and its text."""
    for number, line in enumerate(text.splitlines(), 1):
        own = line.lstrip().startswith(("# ERROR", "# FIX"))
        for note in NOTE.finditer(line):
            yield note["kind"], int(note["line"] or number - own), note["text"]


def expected(text: str) -> list[Expected]:
    """The faults that a file's comments announce, by line."""
    found = []
    for kind, line, note in notes(text):
        if kind == "ERROR":
            error = ERROR.fullmatch(note)
            assert error, f"line {line}: write `# ERROR code: text`"
            found.append(Expected(line, error["code"], error["text"].strip()))
    return sorted(found, key=lambda each: each.line)


def put_right(text: str) -> str:
    """The file with every remedy applied; that there is none is a fault of the case."""
    fixes = {line: note.removeprefix(":").strip() for kind, line, note in notes(text) if kind == "FIX"}
    assert fixes, "the file names no remedy"
    result = []
    for number, line in enumerate(text.splitlines(), 1):
        if number in fixes:
            indent = line[: len(line) - len(line.lstrip())].expandtabs(4)
            result += [indent + part for part in fixes[number].split("\\n") if part]
        elif not line.lstrip().startswith(("# ERROR", "# FIX")):
            result.append(line)
    return "\n".join(result) + "\n"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_faults_are_found_where_they_are(
    case: Path, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(BAD)
    wanted = expected(case.read_text())
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
    path = tmp_path / "platform.yaml"
    path.write_text(put_right(case.read_text()))
    assert compile_files(path).resources > 0


def test_there_are_enough() -> None:
    assert len(CASES) >= 60


RUN = ("alias-bomb", "capacity-mix", "many-faults", "no-private-services", "secret-in-text", "tab-indentation")


@pytest.mark.parametrize("name", RUN)
def test_a_refused_run_writes_nothing(name: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [
        sys.executable,
        "-c",
        "from planform.cli import main; main()",
        "synth",
        f"{name}.yaml",
        "--out",
        str(out),
    ]
    path = str(Path(planform.__file__).parents[1])
    environment = {**os.environ, "PLANFORM_ENGINE": "native", "PYTHONPATH": path}
    done = subprocess.run(command, cwd=BAD, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    assert f"--> {name}.yaml:" in done.stderr
    assert "nothing was written" in done.stderr
    assert list(tmp_path.iterdir()) == []
