"""The only error shape: a fault as data, and its three forms for people, programs and code scanning.

A stage that meets a fault makes a `Diagnostic` and goes on; at its end it raises one `DiagnosticError` with
all of them. Nothing here prints: `to_text`, `to_json` and `to_sarif` return what `cli/` writes.
"""

from __future__ import annotations

import difflib
import os
import unicodedata
import urllib.parse
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path, PurePath
from typing import Any

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from planform.codes import CODES
from planform.literals import COVER, masked

EXCERPT_WIDTH = 100
"""Columns of a source line that are shown; a longer line is cut around the caret."""

SOURCE_BYTES = 4 * 1024 * 1024
"""Bytes of a file that are read to find an excerpt: more than any input the compiler accepts."""

TAB = "    "
SECRET = "spec/secret-literal"


class Severity(StrEnum):
    """`error` and `denied` stop a run, `warning` and `note` do not; `denied` is a policy's error."""

    ERROR = "error"
    WARNING = "warning"
    DENIED = "denied"
    NOTE = "note"

    @property
    def stops(self) -> bool:
        """Whether a run with this severity ends with exit code 1."""
        return self in (Severity.ERROR, Severity.DENIED)


class Location(Struct, frozen=True):
    """A place in a file.

    `line` and `column` count from 1, in characters; `end_column` is exclusive and on the same line. Column
    0 means "the line", and is shown without an excerpt; line 0 means "the file". `path` is the place in
    words: the dotted path of a blueprint's value, or a construct path.
    """

    file: str
    line: int
    column: int
    end_column: int | None = None
    path: str = ""

    def __str__(self) -> str:
        """`file:line:column`, as far as known."""
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"


class Diagnostic(Struct, frozen=True):
    """One fault.

    `code` is `family/fault` and has a page in `codes.py`. `summary` states fault and value in lower case
    without a full stop, `label` stands beside the caret, `notes` say what else is known and `help` the
    change to make.
    """

    code: str
    severity: Severity
    summary: str
    at: Location | None = None
    label: str = ""
    notes: tuple[str, ...] = ()
    help: str = ""


class DiagnosticError(Exception):
    """Everything a stage found wrong; at least one diagnostic, in file order.

    `sources` holds the texts that are in no file, so that their excerpts can be shown.
    """

    def __init__(self, diagnostics: Iterable[Diagnostic], *, sources: Mapping[str, str] | None = None) -> None:
        self.diagnostics = in_order(diagnostics)
        self.sources = dict(sources or {})
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        return to_text(self.diagnostics, sources=self.sources)


def error(
    code: str,
    summary: str,
    at: Location | None = None,
    *,
    label: str = "",
    notes: Iterable[str] = (),
    help: str = "",
) -> Diagnostic:
    """A diagnostic that stops the run."""
    return Diagnostic(code, Severity.ERROR, summary, at, label, tuple(notes), help)


def warning(
    code: str,
    summary: str,
    at: Location | None = None,
    *,
    label: str = "",
    notes: Iterable[str] = (),
    help: str = "",
) -> Diagnostic:
    """A diagnostic that does not stop the run."""
    return Diagnostic(code, Severity.WARNING, summary, at, label, tuple(notes), help)


def suggest(word: str, options: Iterable[str]) -> str | None:
    """The option nearest to a misspelt word, compared without case; None when nothing is near."""
    if len(word) > 100:
        return None
    by_folded: dict[str, str] = {}
    for option in sorted(options):
        by_folded.setdefault(option.casefold(), option)
    nearest = difflib.get_close_matches(word.casefold(), by_folded, n=1)
    return by_folded[nearest[0]] if nearest else None


def shown(value: object, limit: int = 60) -> str:
    """A value of the input in backquotes, cut to `limit` characters: for a summary or a label."""
    text = value if isinstance(value, str) else repr(value)
    return f"`{text if len(text) <= limit else text[: limit - 1] + '…'}`"


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """By file, line and column, each once; what has no location comes last, in the order given."""
    return tuple(sorted(dict.fromkeys(diagnostics), key=_position))


def _position(diagnostic: Diagnostic) -> tuple[bool, str, int, int]:
    at = diagnostic.at
    return (True, "", 0, 0) if at is None else (False, at.file, at.line, at.column)


# Text


_COLORS = {Severity.ERROR: "1;31", Severity.DENIED: "1;31", Severity.WARNING: "1;33", Severity.NOTE: "1;36"}
_GUTTER, _HINT, _BOLD = "34", "36", "1"


def to_text(diagnostics: Iterable[Diagnostic], *, sources: Mapping[str, str] | None = None, color: bool = False) -> str:
    """The form for a terminal: summary, place, excerpt and caret, notes, help; a blank line between faults.

    An excerpt comes from `sources` (file name to text), else from the file itself where it can be read.
    Characters that a terminal would obey or hide are written as escapes.
    """
    found = [_masked(diagnostic) for diagnostic in diagnostics]
    lines = _Lines(dict(sources or {}), [each.at for each in found if each.code == SECRET and each.at])
    paint = _paint if color else _plain
    return "\n\n".join(_one_text(diagnostic, lines, paint) for diagnostic in found)


def _masked(diagnostic: Diagnostic) -> Diagnostic:
    """The same without any secret that its words quote."""
    summary, label, help = (masked(text) for text in (diagnostic.summary, diagnostic.label, diagnostic.help))
    at = diagnostic.at and replace(diagnostic.at, path=masked(diagnostic.at.path))
    notes = tuple(map(masked, diagnostic.notes))
    return replace(diagnostic, summary=summary, at=at, label=label, notes=notes, help=help)


def _covered(line: str, secret: Location) -> str:
    """The line without the value that a diagnostic calls a secret, of the same length."""
    start, end = secret.column - 1, (secret.end_column or len(line) + 1) - 1
    return line[:start] + COVER * len(line[start:end]) + line[end:]


class _Lines:
    """The lines of the files that diagnostics point into, each file read once, without secrets."""

    def __init__(self, sources: Mapping[str, str], secrets: Iterable[Location]) -> None:
        self._lines = {file: _split(text) for file, text in sources.items()}
        self._secrets: dict[tuple[str, int], list[Location]] = {}
        for secret in secrets:
            self._secrets.setdefault((secret.file, secret.line), []).append(secret)

    def line(self, at: Location) -> str | None:
        if not at.line or not at.column:
            return None
        if at.file not in self._lines:
            self._lines[at.file] = _split(_text_of(at.file))
        lines = self._lines[at.file]
        if at.line > len(lines):
            return None
        line = lines[at.line - 1]
        for secret in self._secrets.get((at.file, at.line), ()):
            line = _covered(line, secret)
        return masked(line)


def _split(text: str) -> list[str]:
    return [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")] if text else []


def _text_of(file: str) -> str:
    try:
        if not Path(file).is_file():
            return ""
        with Path(file).open("rb") as stream:
            return stream.read(SOURCE_BYTES).decode("utf-8", errors="replace")
    except (OSError, ValueError):
        return ""


def _plain(text: str, style: str) -> str:
    return text


def _paint(text: str, style: str) -> str:
    return f"\x1b[{style}m{text}\x1b[0m" if text else text


def _one_text(diagnostic: Diagnostic, lines: _Lines, paint: Any) -> str:
    at, style = diagnostic.at, _COLORS[diagnostic.severity]
    margin = " " * (len(str(at.line)) if at and at.line else 2)
    head = paint(f"{diagnostic.severity}[{_visible(diagnostic.code)}]", style)
    out = [f"{head}: {paint(_visible(diagnostic.summary), _BOLD)}"]
    if at is not None:
        place = f"{_visible(str(at))}  {_visible(at.path)}".rstrip()
        out.append(f"{margin}{paint('-->', _GUTTER)} {place}")
        line = lines.line(at)
        if line is not None:
            excerpt, caret = _excerpt(line, at)
            label = f" {_visible(diagnostic.label)}" if diagnostic.label else ""
            out.append(f"{paint(f'{at.line} |', _GUTTER)} {excerpt}".rstrip())
            space = " " * (len(caret) - len(caret.lstrip()))
            out.append(f"{margin} {paint('|', _GUTTER)} {space}{paint(caret.lstrip() + label, style)}")
        elif diagnostic.label:
            out.append(_remark(margin, "note", diagnostic.label, paint))
    out += [_remark(margin, "note", note, paint) for note in diagnostic.notes]
    if diagnostic.help:
        out.append(_remark(margin, "help", diagnostic.help, paint))
    return "\n".join(out)


def _remark(margin: str, kind: str, text: str, paint: Any) -> str:
    first, *more = [_visible(line) for line in text.split("\n")]
    indent = f"{margin}   {' ' * len(kind)}  "
    head = f"{margin} {paint('=', _GUTTER)} {paint(f'{kind}:', _HINT)} {first}"
    return "\n".join([head, *(f"{indent}{line}".rstrip() for line in more)])


def _excerpt(line: str, at: Location) -> tuple[str, str]:
    """The line as shown and the caret line under it, both cut to a window around the caret."""
    cells = [_cell(character) for character in line]
    start = min(at.column - 1, len(cells))
    end = max(start + 1, min((at.end_column or 0) - 1, len(cells)))
    first, last = _window(cells, start, end)
    before = "…" if first else ""
    after = "…" if last < len(cells) else ""
    lead = len(before) + sum(_width(cell) for cell in cells[first:start])
    carets = max(1, sum(_width(cell) for cell in cells[start : min(end, last)]))
    return before + "".join(cells[first:last]) + after, " " * lead + "^" * carets


def _window(cells: list[str], start: int, end: int) -> tuple[int, int]:
    """The cells to show: all that fit, else those around [start, end), the start always among them."""
    if sum(map(_width, cells)) <= EXCERPT_WIDTH:
        return 0, len(cells)
    first, room = start, EXCERPT_WIDTH // 3
    while first and _width(cells[first - 1]) <= room:
        first -= 1
        room -= _width(cells[first])
    last, room = first, EXCERPT_WIDTH
    while last < len(cells) and _width(cells[last]) <= room:
        room -= _width(cells[last])
        last += 1
    return first, last


def _visible(text: str) -> str:
    """The text with every character that a terminal would obey or hide written as an escape."""
    return text if text.isprintable() else "".join(_cell(character, tab="\\t") for character in text)


def _cell(character: str, tab: str = TAB) -> str:
    if character.isprintable():
        return character
    if character == "\t":
        return tab
    return character.encode("unicode_escape", errors="surrogatepass").decode("ascii")


def _width(cell: str) -> int:
    """Terminal columns of a cell: two for a wide character, none for a combining one."""
    if len(cell) != 1 or cell.isascii():
        return len(cell)
    if unicodedata.combining(cell) or unicodedata.category(cell) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(cell) in ("W", "F") else 1


# Data


def to_json(diagnostics: Iterable[Diagnostic]) -> dict[str, Any]:
    """The versioned form for programs: every field of every diagnostic, `at` null where there is no place."""
    rows = [{**to_builtins(each), "notes": list(each.notes)} for each in map(_masked, diagnostics)]
    return {"version": 1, "diagnostics": rows}


_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {
    Severity.ERROR: "error",
    Severity.DENIED: "error",
    Severity.WARNING: "warning",
    Severity.NOTE: "note",
}


def to_sarif(diagnostics: Iterable[Diagnostic]) -> dict[str, Any]:
    """SARIF 2.1.0 with one run, as code scanning services take it; columns are counted in characters."""
    from planform import __version__

    found = [_masked(diagnostic) for diagnostic in diagnostics]
    codes = sorted({diagnostic.code for diagnostic in found})
    driver = {"name": "planform", "version": __version__, "rules": [_rule(code) for code in codes]}
    results = [_result(diagnostic, codes.index(diagnostic.code)) for diagnostic in found]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: str) -> dict[str, Any]:
    page = CODES.get(code)
    rule: dict[str, Any] = {"id": code, "shortDescription": {"text": page.title if page else code}}
    if page:
        rule["fullDescription"] = {"text": page.why}
        rule["help"] = {"text": page.help}
    return rule


def _result(diagnostic: Diagnostic, index: int) -> dict[str, Any]:
    parts = [diagnostic.summary, diagnostic.label, *diagnostic.notes]
    if diagnostic.help:
        parts.append(f"help: {diagnostic.help}")
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": index,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": "\n".join(part for part in parts if part)},
    }
    if diagnostic.at is not None:
        result["locations"] = [_sarif_location(diagnostic.at)]
    return result


def _sarif_location(at: Location) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(at.file)}}
    if at.line:
        region = {"startLine": at.line}
        if at.column:
            region["startColumn"] = at.column
            region["endColumn"] = max(at.end_column or 0, at.column + 1)
        physical["region"] = region
    location: dict[str, Any] = {"physicalLocation": physical}
    if at.path:
        location["logicalLocations"] = [{"fullyQualifiedName": at.path}]
    return location


def _uri(file: str) -> str:
    path = PurePath(file)
    if path.is_absolute():
        return path.as_uri()
    return urllib.parse.quote(os.fsencode(path.as_posix()))
