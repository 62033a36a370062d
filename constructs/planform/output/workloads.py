"""What each workload made, plane by plane, in the words of the output: addresses and paths of files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, cached_property
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from planform.golden_paths.path import Path
from planform.golden_paths.rows import ExplainedRow, explained
from planform.golden_paths.workloads import workloads_of
from planform.output.manifests import paths_of

__all__ = ["ExplainedWorkload", "explained_workloads"]


class ExplainedWorkload(Struct, frozen=True, dict=True):
    """One workload in one environment, and its kind's table with what makes each line true.

    `explain` looks through the output for that, so it is called for workloads that somebody asks about.
    """

    environment: str
    kind: str
    name: str
    team: str
    at: str
    explain: Callable[[], tuple[ExplainedRow, ...]]

    @cached_property
    def rows(self) -> tuple[ExplainedRow, ...]:
        """The table."""
        return self.explain()

    @property
    def text(self) -> str:
        """The same for people."""
        lines = [f"{self.kind} {self.name} of team {self.team} in {self.environment} ({self.at})"]
        for row in self.rows:
            lines.append(f"  {row.plane}: {row.must}")
            lines += [f"    {each}" for each in (*row.addresses, *row.files)]
            lines += [f"    missing: {each}" for each in row.missing]
            lines += [f"    not here: {each}" for each in row.lacks]
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json`."""
        named = {name: getattr(self, name) for name in ("environment", "kind", "name", "team", "at")}
        return {**named, "rows": [asdict(row) for row in self.rows]}


def explained_workloads(app: Any, files: Mapping[str, Any]) -> tuple[ExplainedWorkload, ...]:
    """Every workload of an app that was built, by environment."""

    @cache
    def places() -> tuple[Mapping[int, str], list[str]]:
        return paths_of(app), sorted(files)

    def explain(workload: Path) -> Callable[[], tuple[ExplainedRow, ...]]:
        return lambda: tuple(explained(row, places()[0], files, places()[1]) for row in workload.rows)

    return tuple(
        ExplainedWorkload(
            each.environment.name, each.spec.kind, each.name, each.team, str(each.origin or ""), explain(each)
        )
        for each in workloads_of(app)
    )
