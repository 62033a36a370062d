"""Head with a value taken back: what it would be, and no environment compiled that is as it is on one of the sides.

What an environment becomes follows from its spec and from the documents beside platform and workloads. Most values are
one environment's, or are overridden in some, so that most environments are then as in base, or as in head.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from planform.blueprint.document import Document
from planform.golden_paths.catalog import builtin_paths
from planform.output.output import Output
from planform.pipeline import Compilation
from planform.planes.catalog import builtin
from planform.spec.platform import EnvironmentSpec, WorkloadSpec, nowhere
from planform.spec.resolve import resolve

__all__ = ["Compiled", "what_if"]

Compile = Callable[[Sequence[Document], tuple[EnvironmentSpec, ...]], Compilation]


class Compiled(Struct, frozen=True):
    """One side: its documents and what they compile to."""

    documents: Sequence[Document]
    result: Compilation


def what_if(
    documents: Sequence[Document], environments: Sequence[str], sides: Sequence[Compiled], compile_: Compile
) -> Output:
    """What documents compile to, `environments` or all. Raises DiagnosticError where they do not."""
    specs = resolve(documents, builtin(), environments, builtin_paths())
    known = {spec.name: side for spec in specs for side in sides if _is_as_in(side, documents, spec)}
    anew = tuple(spec for spec in specs if spec.name not in known)
    made = compile_(documents, anew) if anew else None
    files: dict[str, str | bytes] = {}
    for spec in specs:
        result = known[spec.name].result if spec.name in known else made
        part = result.part(spec.name) if result is not None else {}
        if any(files.get(path, text) != text for path, text in part.items()):
            return compile_(documents, specs).output  # which says that environments make a file in two ways
        files |= part
    return Output(files)


def _is_as_in(side: Compiled, documents: Sequence[Document], spec: EnvironmentSpec) -> bool:
    other = next((each for each in side.result.specs if each.name == spec.name), None)
    return (
        other is not None
        and _facts(other) == _facts(spec)
        and _beside(side.documents, spec) == _beside(documents, spec)
    )


def _facts(spec: EnvironmentSpec) -> tuple[EnvironmentSpec, list[object]]:
    """All of a spec but for where its values were written; of a workload the file counts, which workflows name."""
    return replace(spec, workloads=(), kinds=None, origin=nowhere), [_workload(each) for each in spec.workloads]


def _workload(spec: WorkloadSpec) -> object:
    at = spec.origin("name")
    return spec.kind, spec.settings, at and at.file


def _beside(documents: Sequence[Document], spec: EnvironmentSpec) -> list[Any]:
    """What the documents say that no spec holds: versions, a ledger, kinds of one's own."""
    held = {"Platform", *(spec.kinds.names if spec.kinds is not None else ())}
    return [each.value for each in documents if each.value.get("kind") not in held]
