"""Every golden path there is: planform's own, those of other distributions, and those that documents make."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from planform.blueprint.document import Document
from planform.diagnostics import Diagnostic, DiagnosticError, error
from planform.entry_points import entry_points_of
from planform.golden_paths import GOLDEN_PATHS
from planform.golden_paths.listed import ListedPath
from planform.spec.fault import Fault

if TYPE_CHECKING:
    from planform.golden_paths.own import OwnKind
    from planform.golden_paths.path import Path
    from planform.spec.workload import Workload

__all__ = ["Paths", "builtin_paths"]

ENTRY_POINTS = "planform.golden_paths"


class Paths(Struct, frozen=True, dict=True):
    """Kinds of workload documents; `own` are those that documents of the kind GoldenPath make of others."""

    listed: Mapping[str, ListedPath] = field(default_factory=dict)
    own: Mapping[str, OwnKind] = field(default_factory=dict)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every kind, planform's first."""
        return (*self.listed, *self.own)

    def load(self, kind: str) -> type[Path]:
        """The class of a kind; of one's own kind that of its base.

        Raises DiagnosticError `catalog/broken-component` when another distribution's cannot be used.
        """
        from planform.golden_paths.path import Path  # here, for platforms without workloads to start sooner

        entry = self.listed[self.own[kind].base if kind in self.own else kind]
        module, _, attribute = entry.target.partition(":")
        try:
            found = getattr(importlib.import_module(module), attribute)
        except Exception as fault:
            if entry.distribution == "planform":
                raise
            raise DiagnosticError([_broken(entry, f"{type(fault).__name__}: {fault}")]) from fault
        if not (isinstance(found, type) and issubclass(found, Path) and found.kind == entry.kind):
            raise DiagnosticError([_broken(entry, f"{entry.target} is no golden path of this kind")])
        return found

    def model(self, kind: str) -> type[Workload]:
        """The model of a kind's documents, own kinds as their base has it."""
        return self.load(kind).Settings

    def schema(self, kind: str, ref_template: str) -> dict[str, Any]:
        """The JSON Schema of a kind's documents; of one's own kind without what it fixes, and with its presets."""
        schema = self.model(kind).model_json_schema(ref_template=ref_template)
        own = self.own.get(kind)
        if own is None:
            return schema
        kept = {name: each for name, each in schema["properties"].items() if not own.closed(name)}
        kept |= {name: {**kept[name], "default": value} for name, value in own.presets.items() if name in kept}
        kept["kind"] = {**kept["kind"], "const": kind}
        required = [name for name in schema["required"] if name in kept and name not in own.presets]
        return {**schema, "title": kind, "description": own.title, "properties": kept, "required": required}

    def with_own(self, documents: Sequence[Document]) -> tuple[Paths, list[Diagnostic]]:
        """These and the kinds that documents make."""
        from planform.golden_paths.own import own_kinds

        made, faults = own_kinds(documents, self.listed)
        return replace(self, own={**self.own, **made}), faults

    def read(self, document: Document) -> tuple[Document, list[Fault]]:
        """A document of one's own kind as its base kind has it; any other as it is."""
        own = self.own.get(document.value["kind"])
        return own.read(document) if own is not None else (document, [])

    def __iter__(self) -> Iterator[ListedPath]:
        return iter(self.listed.values())


def builtin_paths() -> Paths:
    """planform's own paths, then those of installed distributions: entry points `planform.golden_paths`, by kind."""
    listed = {entry.kind: entry for entry in GOLDEN_PATHS}
    for point in entry_points_of(ENTRY_POINTS):
        entry = _foreign(point)
        if entry.kind in listed:
            raise DiagnosticError([_broken(entry, f"that kind is taken by {listed[entry.kind].distribution}")])
        listed[entry.kind] = entry
    return Paths(listed)


def _foreign(point: EntryPoint) -> ListedPath:
    return ListedPath(point.name, point.value, point.dist.name if point.dist else point.value)


def _broken(entry: ListedPath, problem: str) -> Diagnostic:
    return error(
        "catalog/broken-component",
        f"golden path `{entry.kind}` of {entry.distribution} cannot be used: {problem}",
        help=f"mend or uninstall {entry.distribution}",
    )
