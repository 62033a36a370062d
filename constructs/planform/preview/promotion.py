"""Two environments of one blueprint beside each other: what is meant to differ apart from what differs besides."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from planform.environment import environment_of
from planform.pipeline import Compilation
from planform.preview.changes import Verdict
from planform.preview.structure import compare_documents, documents_of
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
    blueprint, and `verdicts` the addresses that differ once names and projects are made equal.
    """

    first: str
    second: str
    expected: tuple[ValueDifference, ...]
    values: tuple[ValueDifference, ...]
    verdicts: tuple[Verdict, ...]

    def __bool__(self) -> bool:
        return bool(self.values or self.verdicts)


def promotion(compiled: Compilation, first: str, second: str) -> Promotion:
    """Compare two environments of what was compiled."""
    specs = {spec.name: spec for spec in compiled.specs}
    one, other = specs[first], specs[second]
    values = list(_values(one, other))
    expected = tuple(each for each in values if _is_identity(each.path))
    rest = tuple(each for each in values if not _is_identity(each.path))
    return Promotion(first, second, expected, rest, tuple(_verdicts(compiled, one, other)))


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


def _verdicts(compiled: Compilation, one: EnvironmentSpec, other: EnvironmentSpec) -> Iterator[Verdict]:
    documents = documents_of(compiled.output)
    left, right = (
        {_neutral(name, spec): json.loads(_neutral(json.dumps(document), spec))
         for name, document in documents.items()
         if environment_of(compiled.specs, name) is spec}
        for spec in (one, other)
    )  # fmt: skip
    for stack in sorted({*left, *right}):
        yield from compare_documents(stack, left.get(stack, {}), right.get(stack, {}))


def _neutral(text: str, spec: EnvironmentSpec) -> str:
    """The text with the environment's own names replaced, so that two environments can be equal."""
    facts = spec.environment
    names: Mapping[str, str] = {
        facts.project_number: "NUMBER",
        facts.project: "PROJECT",
        facts.prefix: "PREFIX",
        f'"environment": "{facts.name}"': '"environment": "ENVIRONMENT"',
        f" in {facts.name}": " in ENVIRONMENT",
    }
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, names[name])
    return text
