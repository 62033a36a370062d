"""The resolved spec of an environment, value by value, each with the place that it comes from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from planform.diagnostics import Location
from planform.spec.platform import EnvironmentSpec

__all__ = ["ResolvedValue", "resolved_lines"]


class ResolvedValue(Struct, frozen=True):
    """One value: its dotted path, what it is, and where it was written; `at` is None for a default."""

    environment: str
    path: str
    value: Any
    at: Location | None
    default_of: str

    @property
    def text(self) -> str:
        """`path = value  # file:line`, or `# default of <component>`."""
        where = str(self.at) if self.at else f"default of {self.default_of}"
        return f"{self.environment}.{self.path} = {json.dumps(self.value)}  # {where}"

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json`."""
        at = {"file": self.at.file, "line": self.at.line, "column": self.at.column} if self.at else None
        return {
            "path": self.path,
            "value": self.value,
            "at": at,
            "default_of": None if at else self.default_of,
        }


def resolved_lines(spec: EnvironmentSpec) -> Iterator[ResolvedValue]:
    """Every value of the environment in the order: facts, teams, planes with their slots."""
    facts = spec.environment
    yield from _values(spec, ("name",), facts.platform, "the platform")
    block = ("environments", facts.name)
    yield from _values(spec, (*block, "project"), facts.project, "")
    yield from _values(spec, (*block, "project_number"), facts.project_number, "")
    yield from _values(spec, (*block, "production"), facts.production, "an environment")
    yield from _values(spec, ("region",), facts.region, "")
    yield from _values(spec, ("labels",), dict(facts.labels), "the platform")
    yield from _values(spec, ("layout",), spec.layout, "the platform")
    yield from _values(spec, ("backend",), _backend(spec), "the platform")
    for name, team in spec.teams.items():
        yield from _values(spec, ("teams", name), team.model_dump(mode="json"), "a team")
    for plane in spec.planes.values():
        yield from _values(spec, ("planes", plane.name, "owner"), plane.owner, "a plane")
        for slot in plane.slots.values():
            path = ("planes", plane.name, slot.capability)
            yield from _values(spec, (*path, "use"), slot.component, "")
            yield from _values(spec, path, slot.settings.model_dump(mode="json"), slot.component)


def _values(spec: EnvironmentSpec, path: tuple[str | int, ...], value: Any, owner: str) -> Iterator[ResolvedValue]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _values(spec, (*path, key), item, owner)
        return
    dotted = ".".join(map(str, path))
    at = spec.origin(*path)
    written = at is not None and _is_place_of(at.path, dotted)
    yield ResolvedValue(spec.name, dotted, value, at if written else None, owner)


def _is_place_of(written: str, wanted: str) -> bool:
    """Whether a value was written there, by the platform or by the environment; `compute: gke` has its `use`."""
    slot = wanted.removesuffix(".use")
    return any(written == path or written.endswith(f".{path}") for path in (wanted, slot if slot != wanted else wanted))


def _backend(spec: EnvironmentSpec) -> dict[str, Any]:
    written = spec.backend.model_dump(mode="json", exclude_none=True)
    return written or {"gcs": spec.backend.kind.model_dump(mode="json", exclude_none=True)}
