"""Dangerous changes that somebody has said are meant: one address, one action, until a day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from msgspec.structs import replace

from planform.blueprint.document import Document
from planform.preview.changes import Action, Change
from planform.spec.faults import parse
from planform.spec.platform import Acknowledgement

__all__ = ["acknowledge"]


def acknowledge(
    changes: Iterable[Change], documents: Sequence[Document], today: date
) -> tuple[list[Change], tuple[str, ...]]:
    """The changes, those that the blueprint acknowledges marked; and a note on each acknowledgement without use."""
    given = list(_acknowledgements(documents))
    valid = {_key(each): each for each in given if each.expires >= today}
    found = [_marked(change, valid.get(_key(change))) for change in changes]
    used = {_key(each) for each in found}
    notes = [
        f"the acknowledgement of {each.owner} for {each.address} in {each.stack} {_why_not(each, today)}"
        for each in given
        if each.expires < today or _key(each) not in used
    ]
    return found, tuple(notes)


def _key(each: Change | Acknowledgement) -> tuple[str, str, str]:
    """Where nobody could tell whether an update replaces, leave to replace is what it takes."""
    action = Action.REPLACE if each.action == Action.UNDECIDED else each.action
    return (each.stack, each.address, str(action))


def _acknowledgements(documents: Sequence[Document]) -> Iterator[Acknowledgement]:
    for document in documents:
        if document.value.get("kind") == "Platform":
            for each in document.value.get("acknowledgements") or ():
                parsed = parse(Acknowledgement, each)
                if isinstance(parsed, Acknowledgement):
                    yield parsed


def _marked(change: Change, given: Acknowledgement | None) -> Change:
    if given is None:
        return change
    return replace(change, acknowledged=f"meant, says {given.owner} until {given.expires}: {given.reason}")


def _why_not(given: Acknowledgement, today: date) -> str:
    if given.expires < today:
        return f"ended on {given.expires}"
    return f"meets no {given.action} of it, and can be deleted"
