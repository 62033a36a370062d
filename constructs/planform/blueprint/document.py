"""What reading gives: a plain value, and the place of each of its keys and values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from planform.diagnostics import Location

Path = tuple[str | int, ...]
"""A way into a document: keys and list indices; () is the document itself."""

_PATH_LENGTH, _KEY_LENGTH = 400, 100
_PLAIN_KEY = re.compile(r"[^\s.\[\]\"]+")


class Mark(Struct, frozen=True):
    """Where a key and its value are written; items of a list and the document itself have no key.

    Of an aliased value, the key is where the alias is used and the value where the anchor stands: the line
    to edit.
    """

    key: Location | None
    value: Location


class Document(Struct, frozen=True):
    """One YAML document: maps with string keys, lists, strings, integers, floats, booleans and None.

    Nobody changes `value` in place; a changed document is a new one (see `for_environment`).
    """

    file: str
    value: dict[str, Any]
    marks: Mapping[Path, Mark]

    def at(self, *path: str | int) -> Location:
        """The place of the value, or of the nearest parent that exists."""
        return self._nearest(path).value

    def key_at(self, *path: str | int) -> Location:
        """The place of the key, or of the value where there is no key; likewise the nearest parent's."""
        mark = self._nearest(path)
        return mark.key or mark.value

    def moved(self, file: str) -> Document:
        """The same document as it would be in another file."""
        if file == self.file:
            return self
        marks = {
            path: Mark(mark.key and replace(mark.key, file=file), replace(mark.value, file=file))
            for path, mark in self.marks.items()
        }
        return Document(file, self.value, marks)

    def _nearest(self, path: Path) -> Mark:
        while path not in self.marks:
            path = path[:-1]
        return self.marks[path]


def step(parent: str, key: str | int) -> str:
    """The dotted path one step below `parent`: `a.b`, `a[0]`, `a["b.c"]`.

    Long keys are cut and a long parent is not continued, so that hostile keys cannot make paths without end.
    """
    if len(parent) > _PATH_LENGTH:
        return parent
    if isinstance(key, int):
        return f"{parent}[{key}]"
    if len(key) > _KEY_LENGTH:
        key = f"{key[:_KEY_LENGTH]}…"
    if not _PLAIN_KEY.fullmatch(key):
        return f'{parent}["{key}"]'
    return f"{parent}.{key}" if parent else key
