"""What a change does to an output that is there: a three-way merge of compiled parts into the whole.

`before` and `after` are compiled from the same part of a blueprint, without and with the change; `present` is the
output of the whole blueprint without it. What the part says alike both times stays as it is. Where it does not, the
whole must say what `before` says, which then becomes what `after` says. Elsewhere the whole says more than the part, as
of a list of everybody's things, and cannot be told from it. Of a stream of YAML documents in the order of their texts,
each is told apart, as the keys of JSON are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from planform.engine_json import from_text, to_text

__all__ = ["NotMergeable", "merged"]

_ABSENT = object()
_MAPS = 2
"""Levels of a Terraform document that only hold others: the whole, and by type. Below, a name is one thing's."""


class NotMergeable(Exception):
    """The whole has to be compiled: `place` is where the part does not tell what it says."""

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self.place = place


def merged(
    before: Mapping[str, str], after: Mapping[str, str], present: Mapping[str, str | bytes]
) -> dict[str, str | None]:
    """Path to new text of each file that changes, None where it goes. Raises NotMergeable."""
    found: dict[str, str | None] = {}
    for path in sorted({*before, *after}):
        old, new, here = before.get(path), after.get(path), present.get(path)
        if new in (old, here):
            continue
        if here == old:
            found[path] = new
        elif path.endswith(".json") and old is not None and new is not None and isinstance(here, str):
            found[path] = to_text(_value(from_text(old), from_text(new), from_text(here), path, 0))
        elif old is not None and new is not None and isinstance(here, str):
            found[path] = "".join(sorted(_documents(_stream(old), _stream(new), _stream(here), path)))
        else:
            raise NotMergeable(path)
    return {path: text for path, text in found.items() if text != present.get(path)}


def _stream(text: str) -> list[str]:
    """The documents of a stream, none where it is no stream in order."""
    head, *documents = re.split(r"(?m)^(?=---\n)", text)
    return documents if not head and documents == sorted(documents) else []


def _documents(old: list[str], new: list[str], here: list[str], place: str) -> set[str]:
    gone, come = {*old} - {*new}, {*new} - {*old}
    if not (old and new and here) or not gone <= {*here}:
        raise NotMergeable(place)
    return ({*here} - gone) | come


def _value(old: Any, new: Any, here: Any, place: str, level: int) -> Any:
    if new in (old, here):
        return here
    if here == old:
        return new
    empty = new if new is _ABSENT else {}
    if level <= _MAPS:
        old, new = ({} if each is _ABSENT else each for each in (old, new))
    if not all(isinstance(each, dict) for each in (old, new, here)):
        raise NotMergeable(place)
    values = {
        key: _value(old.get(key, _ABSENT), new.get(key, _ABSENT), here.get(key, _ABSENT), f"{place}: {key}", level + 1)
        for key in {*old, *new, *here}
    }
    return {key: value for key, value in values.items() if value is not _ABSENT} or empty
