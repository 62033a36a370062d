"""What a golden path does, plane by plane, and the addresses and files that make it true."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from planform.engine import name_of
from planform.files import File
from planform.kubernetes.record import Delivered, HelmRelease, KubernetesObject, Objects
from planform.terraform.record import Records, Resource

__all__ = ["ExplainedRow", "Ledger", "Mark", "Row", "explained"]


class Mark(Struct, frozen=True):
    """A text that a file below a folder of the output has: for what a component writes at the end."""

    folder: str
    text: str


class Row(Struct):
    """One line of a kind's table: the plane, what must happen there, and what was made for it.

    `lacks` says what the environment has not, where nothing can be made.
    """

    plane: str
    must: str
    made: list[Resource | Delivered] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    lacks: list[str] = field(default_factory=list)


class ExplainedRow(Struct, frozen=True):
    """The same, once everything is written. `missing` are marks that no file has."""

    plane: str
    must: str
    addresses: tuple[str, ...]
    files: tuple[str, ...]
    missing: tuple[str, ...]
    lacks: tuple[str, ...]

    @property
    def true(self) -> bool:
        """Whether something makes it true, and nothing that should is missing."""
        return bool(self.addresses or self.files) and not self.missing


class Ledger:
    """Tells what was made between two moments, in some stacks of an environment."""

    def __init__(self, records: Iterable[Records], objects: Iterable[Objects]) -> None:
        self._holders: list[Records | Objects] = [*records, *objects]

    def moment(self) -> tuple[int, ...]:
        """How much there is of each."""
        return tuple(map(len, self._holders))

    def since(self, moment: tuple[int, ...]) -> Iterator[Resource | Delivered]:
        """What has come since, in the order in which it was made."""
        for held, count, now in zip(self._holders, moment, self.moment(), strict=True):
            if now > count:
                yield from (each for each in held.since(count) if isinstance(each, (Resource, Delivered)))


def explained(
    row: Row, paths: Mapping[int, str], files: Mapping[str, Any], names: Sequence[str] | None = None
) -> ExplainedRow:
    """A row with addresses as `stack: address`; `paths` is the file of each object, by its id.

    `names` are those of `files` in order, for who asks about many rows.
    """
    names = sorted(files) if names is None else names
    addresses = dict.fromkeys(
        f"{name_of(each.stack)}: {each.address}" for each in row.made if isinstance(each, Resource)
    )
    found = [path for each in row.made if (path := _file(each, paths))]
    missing = []
    for mark in row.marks:
        having = [path for path in _below(mark.folder, names) if mark.text in str(files[path])]
        found += having
        if not having:
            missing.append(f"{mark.text} in {mark.folder}")
    return ExplainedRow(
        row.plane,
        row.must,
        tuple(addresses),
        tuple(dict.fromkeys(found)),
        tuple(missing),
        tuple(dict.fromkeys(row.lacks)),
    )


def _below(folder: str, names: Sequence[str]) -> Iterator[str]:
    at = bisect_left(names, folder)
    while at < len(names) and names[at].startswith(folder):
        yield names[at]
        at += 1


def _file(made: Resource | Delivered, paths: Mapping[int, str]) -> str:
    if isinstance(made, File):
        return made.path
    if isinstance(made, KubernetesObject):
        return paths.get(id(made), "")
    assert isinstance(made, Resource | HelmRelease)
    return ""
