"""From what is wrong to the line where it is written."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

from msgspec import Struct
from pydantic import BaseModel

from planform.blueprint.document import Document, step
from planform.diagnostics import Diagnostic, Location, error
from planform.spec.fault import Fault

__all__ = ["Place", "diagnostics"]

ONE_OF = ("spec/capacity-mix", "spec/gpu-sharing", "spec/several-backends", "spec/upgrade-strategy")
"""Faults of a mapping of which one key is wanted."""
OVERRIDES = "environments."


class Place(Struct, frozen=True):
    """From a fault's path to the document's position of it."""

    document: Document
    base: tuple[str | int, ...] = ()

    def diagnostic(self, fault: Fault) -> Diagnostic:
        path = (*self.base, *fault.path)
        absent = fault.code in ("spec/missing-key",)
        about_key = fault.code in ("spec/bad-key", "spec/missing-key", "spec/unknown-capability", "spec/unknown-key")
        locate = self.document.key_at if about_key or fault.of_key else self.document.at
        at = locate(*(path[:-1] if absent else path))
        if fault.code in ONE_OF:
            at = self._overriding_key(path) or at
        dotted = reduce(step, path, "")
        if dotted != at.path:
            at = Location(at.file, at.line, at.column, at.end_column, dotted)
        return error(fault.code, fault.summary, at, label=fault.label, help=fault.help)

    def _overriding_key(self, path: tuple[str | int, ...]) -> Location | None:
        """The key that an environment adds to a choice which the platform has made already."""
        if self.document.at(*path).path.startswith(OVERRIDES):
            return None
        keys = (mark.key for below, mark in self.document.marks.items() if below[:-1] == path)
        return next((key for key in keys if key is not None and key.path.startswith(OVERRIDES)), None)


def diagnostics(place: Place, parsed: BaseModel | list[Fault]) -> Iterator[Diagnostic]:
    """The faults of a document, less those of its header, which are told already."""
    for fault in parsed if isinstance(parsed, list) else ():
        if fault.path[:1] not in (("planform",), ("kind",)):
            yield place.diagnostic(fault)
