"""What each workload made, plane by plane, in the words of the output: addresses and paths of files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from planform.golden_paths.rows import ExplainedRow, explained
from planform.golden_paths.workloads import workloads_of
from planform.output.manifests import paths_of

__all__ = ["ExplainedWorkload", "explained_workloads"]


@dataclass(frozen=True, slots=True)
class ExplainedWorkload:
    """One workload in one environment, and its kind's table with what makes each line true."""

    environment: str
    kind: str
    name: str
    team: str
    at: str
    rows: tuple[ExplainedRow, ...]

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
        return asdict(self)


def explained_workloads(app: Any, files: Mapping[str, Any]) -> tuple[ExplainedWorkload, ...]:
    """Every workload of an app that was built, by environment."""
    workloads = workloads_of(app)
    paths = paths_of(app) if workloads else {}
    names = sorted(files) if workloads else []
    return tuple(
        ExplainedWorkload(
            each.environment.name,
            each.spec.kind,
            each.name,
            each.team,
            str(each.origin or ""),
            tuple(explained(row, paths, files, names) for row in each.rows),
        )
        for each in workloads
    )
