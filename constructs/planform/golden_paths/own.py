"""Kinds that an organisation makes itself: a base kind with presets, fixed and free parameters, and no Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from planform.blueprint.document import Document
from planform.blueprint.overrides import with_presets
from planform.diagnostics import Diagnostic, error, suggest
from planform.golden_paths.listed import ListedPath
from planform.spec.fault import Fault
from planform.spec.workload import COMMON

__all__ = ["OwnKind", "camel", "own_kinds"]

MAKER = "GoldenPath"
"""The kind of the documents that make kinds."""


class OwnKind(Struct, frozen=True):
    """One kind of one's own. Its documents may not write what is `fixed`, and where `free` is given nothing else."""

    kind: str
    base: str
    title: str
    document: Document
    environments: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    free: tuple[str, ...] | None = None

    @property
    def presets(self) -> Mapping[str, Any]:
        """Settings that its documents have without writing them."""
        found: Mapping[str, Any] = self.document.value["presets"]
        return found

    def closed(self, key: str) -> bool:
        """Whether its documents may not write a key."""
        if key in COMMON:
            return False
        return key in self.fixed or (self.free is not None and key not in self.free)

    def read(self, document: Document) -> tuple[Document, list[Fault]]:
        """A document with the presets under it, and a fault for each setting that is fixed."""
        faults = [
            Fault(
                "workload/fixed-parameter",
                f"`{key}` is fixed by the golden path `{self.kind}`",
                (key,),
                help=f"delete the line, or ask the owner of {self.document.at('fixed')} to free it",
                of_key=True,
            )
            for key in document.value
            if self.closed(key)
        ]
        merged = with_presets(document, self.document)
        return Document(merged.file, {**merged.value, "kind": self.base}, merged.marks), faults


def camel(name: str) -> str:
    """`SpotFineTuning` of `spot-fine-tuning`."""
    return "".join(part.capitalize() for part in name.split("-"))


def own_kinds(
    documents: Sequence[Document], listed: Mapping[str, ListedPath]
) -> tuple[dict[str, OwnKind], list[Diagnostic]]:
    """The kinds that documents make, by name; what is wrong with the documents themselves their own model tells."""
    made: dict[str, OwnKind] = {}
    faults: list[Diagnostic] = []
    for document in documents:
        if document.value.get("kind") != MAKER or MAKER not in listed:
            continue
        value = document.value
        name, base, presets = value.get("name"), str(value.get("base")), value.get("presets", {})
        if not isinstance(name, str) or not isinstance(presets, Mapping):
            continue  # its model says so
        if base not in listed or base == MAKER:
            faults.append(_unknown_base(document, base, [kind for kind in listed if kind != MAKER]))
            continue
        kind = camel(name)
        if kind in listed or kind in made:
            at = document.at("name")
            faults.append(
                error("workload/name-taken", f"`{kind}` is a kind already", at, help="choose another name for the path")
            )
            continue
        title = value.get("title")
        made[kind] = OwnKind(
            kind,
            base,
            title if isinstance(title, str) else kind,
            _with_presets(document, presets),
            _texts(value.get("environments")),
            _texts(value.get("fixed")),
            _texts(value["free"]) if "free" in value else None,
        )
    return made, faults


def _with_presets(document: Document, presets: Mapping[str, Any]) -> Document:
    kept = {key: value for key, value in presets.items() if key not in COMMON}
    return Document(document.file, {**document.value, "presets": kept}, document.marks)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, Mapping | list) else ()


def _unknown_base(document: Document, base: object, kinds: Sequence[str]) -> Diagnostic:
    near = suggest(str(base), kinds)
    return error(
        "workload/unknown-base",
        f"there is no kind `{base}` to make a golden path of",
        document.at("base"),
        label=f"did you mean `{near}`?" if near else "",
        help=f"kinds: {', '.join(kinds)}",
    )
