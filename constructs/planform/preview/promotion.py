"""Two environments of one blueprint beside each other: what is meant to differ apart from what differs besides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from planform.blueprint.document import Document
from planform.diagnostics import DiagnosticError
from planform.output.output import Output
from planform.own_app import Compose
from planform.pipeline import Compilation, compile_documents
from planform.preview.causes import replaced
from planform.preview.changes import Verdict
from planform.preview.structure import compare
from planform.spec.platform import EnvironmentSpec
from planform.spec.provenance import ResolvedValue, resolved_lines

__all__ = ["Promotion", "ValueDifference", "promotion"]

_IDENTITY = ("project", "project_number", "production")


class ValueDifference(Struct, frozen=True):
    """One value of the resolved blueprint that differs; `written` where an environment's own block says so."""

    path: str
    first: ResolvedValue | None
    second: ResolvedValue | None

    @property
    def written(self) -> bool:
        """Whether somebody wrote the difference down, under `environments`, and did not get it by default."""
        places = [side.at.path for side in (self.first, self.second) if side is not None and side.at is not None]
        return any(path.startswith("environments.") for path in places)

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json`."""
        sides = (self.first, self.second)
        return {
            "path": self.path,
            "written": self.written,
            "values": [each.as_dict() if each else None for each in sides],
        }


class Promotion(Struct, frozen=True):
    """The differences of two environments.

    `expected` follow from what an environment is: its name, its project. `values` are the others of the resolved
    blueprint, and `verdicts` the addresses that differ once names, projects and labels are made equal, and both are
    taken for environments that are not for production; `followed` counts those that then do not differ.
    """

    first: str
    second: str
    expected: tuple[ValueDifference, ...]
    values: tuple[ValueDifference, ...]
    verdicts: tuple[Verdict, ...]
    followed: int = 0

    def __bool__(self) -> bool:
        return bool(self.values or self.verdicts)


def promotion(
    documents: Sequence[Document], compiled: Compilation, first: str, second: str, compose: Compose | None = None
) -> Promotion:
    """Compare two environments of what documents were compiled to, with `compose` where stacks are of one's own."""
    specs = {spec.name: spec for spec in compiled.specs}
    one, other = specs[first], specs[second]
    names = (one.name, other.name)
    values = list(_values(one, other))
    expected = tuple(each for each in values if _is_identity(each.path))
    rest = tuple(each for each in values if not _is_identity(each.path))
    sides = [_neutral(compiled, spec, names) for spec in (one, other)]
    everything = sum(1 for _ in compare(*sides))
    if one.environment.production != other.environment.production:
        alike = _not_for_production(documents, compiled, names, compose)
        sides = [_neutral(alike, spec, names) for spec in (one, other)]
    left = tuple(found for each in compare(*sides) if (found := _without_labels(each, rest)) is not None)
    return Promotion(first, second, expected, rest, left, max(0, everything - len(left)))


def _not_for_production(
    documents: Sequence[Document], compiled: Compilation, names: Sequence[str], compose: Compose | None
) -> Compilation:
    """What environments would be if none were for production; as they are where that does not compile."""
    held = list(documents)
    for index, each in enumerate(documents):
        for name in names if each.value.get("kind") == "Platform" else ():
            value = replaced(held[index].value, ("environments", name, "production"), False)
            held[index] = replace(each, value=value)
    try:
        return compile_documents(held, environments=names, compose=compose, may_lose=True)
    except DiagnosticError:
        return compiled


def _values(one: EnvironmentSpec, other: EnvironmentSpec) -> Iterator[ValueDifference]:
    left, right = (
        {_neutral_path(line.path, spec.name): line for line in resolved_lines(spec)} for spec in (one, other)
    )
    for path in [*left, *(path for path in right if path not in left)]:
        before, after = left.get(path), right.get(path)
        one_sided = before is None or after is None
        if one_sided and (before or after or right[path]).at is None:
            continue  # a default of something that the other environment does not have
        if before is None or after is None or before.value != after.value:
            yield ValueDifference(path, before, after)


def _neutral_path(path: str, environment: str) -> str:
    return path.replace(f"environments.{environment}.", "environments.*.", 1)


def _is_identity(path: str) -> bool:
    return path in {f"environments.*.{name}" for name in _IDENTITY} or path.startswith("backend.")


def _without_labels(verdict: Verdict, values: Iterable[ValueDifference]) -> Verdict | None:
    """The verdict without labels that differ as the blueprint's do; None where nothing else differs."""
    labels = {each.path.rpartition(".")[2]: (_value(each.first), _value(each.second)) for each in values
              if each.path.startswith("labels.")}  # fmt: skip
    left = tuple(
        each for each in verdict.attributes if labels.get(each.path.rpartition(".")[2]) != (each.before, each.after)
    )
    if len(left) == len(verdict.attributes):
        return verdict
    return replace(verdict, attributes=left) if left else None


def _value(side: ResolvedValue | None) -> Any:
    return side.value if side is not None else None


def _neutral(compiled: Compilation, spec: EnvironmentSpec, environments: Iterable[str]) -> Output:
    """An environment's own files with its names replaced, so that two environments can be equal.

    Of the names of `environments` all are replaced on both sides: `dev` is also in `/dev/shm`. In the host
    `docker.pkg.dev` it is none, whatever an environment is called.
    """
    facts = spec.environment
    names = dict.fromkeys(environments, "ENVIRONMENT")
    names |= {facts.project_number: "NUMBER", facts.project: "PROJECT", facts.prefix: "PREFIX",
              facts.prefix.replace("-", "_"): "PREFIX"}  # fmt: skip
    ordered = sorted(names, key=len, reverse=True)
    # A name is a word: `dev` in `acme_ai_dev_features`, and not in `device`.
    pattern = re.compile(rf"(?<![A-Za-z0-9])(?<!docker\.pkg\.)({'|'.join(map(re.escape, ordered))})(?![A-Za-z0-9])")

    def neutral(text: str) -> str:
        return pattern.sub(lambda found: names[found[0]], text)

    return Output(
        {
            neutral(path): neutral(content) if isinstance(content, str) else content
            for path, content in compiled.part(spec.name).items()
        }
    )
