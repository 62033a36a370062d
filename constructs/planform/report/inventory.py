"""What is in an output: how many resources of which type, by environment, plane and component."""

from __future__ import annotations

from collections import Counter
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from planform.pipeline import Compilation
from planform.report.cost import owners_of, resources_of

__all__ = ["Row", "inventory"]


class Row(Struct, frozen=True, order=True):
    """How many resources of one type a component has in an environment."""

    environment: str
    plane: str
    team: str
    component: str
    type: str
    count: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json`."""
        return asdict(self)


def inventory(compiled: Compilation) -> tuple[Row, ...]:
    """The resources of everything that was compiled, counted."""
    whose = owners_of(compiled)
    found: Counter[Row] = Counter()
    names = set(compiled.stacks)
    for stack, document in compiled.terraform.items():
        for resource in resources_of(document) if stack in names else ():
            held = whose(stack, resource)
            found[Row(held.environment, held.plane, held.team, held.component, resource.type)] += 1
    return tuple(
        Row(row.environment, row.plane, row.team, row.component, row.type, found[row]) for row in sorted(found)
    )
