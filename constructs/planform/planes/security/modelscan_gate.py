"""The gate that a model passes before it is registered: modelscan's report and the platform's own rules to one verdict.

A container or a pipeline's step runs this text as `python -c <text> --model FOLDER --verdict FILE ...`, with modelscan
installed. It needs nothing else, and has no curly brackets, so that whatever fills in templates leaves it alone.
What modelscan skips passes in silence there; here it has to be of a format that is let through, and to look like it.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

FORMATS = dict(onnx=(".onnx",), safetensors=(".safetensors",), gguf=(".gguf",))
TEXTS = (".json", ".md", ".txt", ".yaml", ".yml", ".pbtxt", ".toml", ".csv", ".tsv", ".jinja", ".vocab")
NAMES = ("LICENSE", "LICENCE", "NOTICE", "MLmodel", ".gitattributes")
CARDS = ("README.md", "MODEL_CARD.md", "model_card.md", "model_card.json")
LICENCE = re.compile(r"^[\"' ]*licen[sc]e[\"']?\s*:\s*[\"']?([A-Za-z0-9.+-]+)", re.MULTILINE)
PERSONAL = (
    ("an e-mail address", re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+\.[A-Za-z.]*[A-Za-z][A-Za-z]")),
    ("a telephone number", re.compile(r"(?<![0-9A-Za-z])\+[1-9][0-9 ()/-][0-9 ()/-][0-9 ()/-]+[0-9][0-9][0-9][0-9]")),
    ("an IBAN", re.compile(r"\b[A-Z][A-Z][0-9][0-9] ?[A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9] ?[0-9][0-9][0-9][0-9][0-9 ]+\b")),
)
HEAD = 64


def main(arguments: Sequence[str]) -> int:
    """Judge a model, write the verdict, and end with 0 for a pass and nothing else."""
    options = _options().parse_args(arguments)
    model = Path(options.model).absolute()
    report: dict[str, Any] = dict()
    try:
        report = _scan(model)
        findings = [*_issues(report), *_errors(report), *_unscanned(model, report, options.allow)]
        findings += [*_licence(model, options.licence), *_personal_data(model, options.personal_data)]
    except (OSError, ValueError, KeyError, subprocess.SubprocessError) as fault:
        findings = [_finding("error", "", type(fault).__name__ + ": " + str(fault))]
    verdict = _verdict(findings)
    summary = report.get("summary", dict())
    text = dict(
        verdict=verdict,
        scanner="modelscan",
        version=summary.get("modelscan_version", ""),
        checked=sorted(summary.get("scanned", dict()).get("scanned_files", [])),
        findings=findings,
    )
    Path(options.verdict).parent.mkdir(parents=True, exist_ok=True)
    Path(options.verdict).write_text(json.dumps(text, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    print(verdict, *(each["rule"] + " " + each["file"] + ": " + each["text"] for each in findings), sep="\n  ")
    return 0 if verdict == "passed" else 1


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--verdict", required=True)
    parser.add_argument("--allow", action="append", default=[], choices=sorted(FORMATS))
    parser.add_argument("--licence", action="append", default=[])
    parser.add_argument("--personal-data", action="store_true")
    return parser


def _finding(rule: str, file: str, text: str) -> dict[str, str]:
    return dict(rule=rule, file=file, text=text)


def _verdict(findings: Iterable[dict[str, str]]) -> str:
    rules = set(each["rule"] for each in findings)
    if rules - set(["error"]):
        return "failed"
    return "error" if rules else "passed"


def _scan(model: Path) -> dict[str, Any]:
    """modelscan's report. It runs in an empty folder: settings beside a model could switch its scanners off."""
    with tempfile.TemporaryDirectory() as empty:
        report = Path(empty) / "report.json"
        command = [sys.executable, "-m", "modelscan.cli", "scan", "-p", str(model), "-r", "json", "-o", str(report)]
        done = subprocess.run(command, cwd=empty, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1, 2, 3) or not report.exists():
            raise ValueError("modelscan ended with " + str(done.returncode) + ": " + (done.stdout + done.stderr)[-400:])
        found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    if done.returncode == 2 and not found["errors"]:
        raise ValueError("modelscan ended with 2 and names no error")
    return found


def _issues(report: dict[str, Any]) -> Iterator[dict[str, str]]:
    for issue in report["issues"]:
        yield _finding("unsafe", str(issue.get("source", "")), issue["severity"] + ", " + issue["description"])


def _errors(report: dict[str, Any]) -> Iterator[dict[str, str]]:
    for each in report["errors"]:
        yield _finding("error", str(each.get("source", "")), str(each.get("description", each)))


def _files(model: Path) -> list[Path]:
    return [model] if model.is_file() else sorted(path for path in model.rglob("*") if not path.is_dir())


def _name(model: Path, path: Path) -> str:
    return path.name if path == model else path.relative_to(model).as_posix()


def _unscanned(model: Path, report: dict[str, Any], allowed: Sequence[str]) -> Iterator[dict[str, str]]:
    """What modelscan did not look into, unless it is let through."""
    scanned = report["summary"]["scanned"].get("scanned_files", [])
    broken = [str(each.get("source", "")) for each in report["errors"]]
    files = _files(model)
    if not files:
        yield _finding("empty", "", "there is no file")
    for path in files:
        name = _name(model, path)
        if path.is_symlink():
            yield _finding("link", name, "it leads elsewhere")
        elif not any(each == name or each.startswith(name + ":") for each in (*scanned, *broken)):
            problem = _problem(path, allowed)
            if problem:
                yield _finding("unscanned", name, problem)


def _problem(path: Path, allowed: Sequence[str]) -> str:
    """Why a file that nobody scanned may not pass; nothing where it may."""
    kind = next((name for name in FORMATS if path.suffix in FORMATS[name]), "")
    if kind and kind not in allowed:
        return "the format " + kind + " is not let through"
    if kind:
        return "" if _looks_like(kind, path) else "it is not what its name says"
    if path.suffix in TEXTS or path.name in NAMES:
        return "" if _is_text(path) else "it should be text and is not"
    return "the scanner knows no such format"


def _looks_like(kind: str, path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(HEAD)
    if kind == "safetensors":  # the length of its header, eight bytes, then the header in JSON
        return len(head) > 8 and int.from_bytes(head[:8], "little") < path.stat().st_size and head[8] == 0x7B
    return head[:4] == b"GGUF" if kind == "gguf" else head[:1] == b"\x08"  # ONNX: the field ir_version comes first


def _is_text(path: Path) -> bool:
    try:
        return "\0" not in path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return False


def _cards(model: Path) -> Iterator[tuple[str, str]]:
    folder = model.parent if model.is_file() else model
    for name in CARDS:
        if (folder / name).is_file():
            yield name, (folder / name).read_text(encoding="utf-8", errors="replace")


def _licence(model: Path, allowed: Sequence[str]) -> Iterator[dict[str, str]]:
    """The licence that the model's card names is one of those allowed; any is, where none is named."""
    if not allowed:
        return
    named = [(name, found[1].lower()) for name, text in _cards(model) for found in [LICENCE.search(text)] if found]
    if not named:
        yield _finding("licence", "", "no model card names one; write `license: ...` at the top of README.md")
    for name, licence in named:
        if licence not in [each.lower() for each in allowed]:
            yield _finding("licence", name, licence + " is not among " + ", ".join(allowed))


def _personal_data(model: Path, wanted: bool) -> Iterator[dict[str, str]]:
    """Personal data in the model's card; the text itself is not repeated."""
    for name, text in _cards(model) if wanted else ():
        for kind, pattern in PERSONAL:
            if pattern.search(text):
                yield _finding("personal-data", name, "it holds what looks like " + kind)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
