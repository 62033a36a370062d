"""finops: what it costs, and who pays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from planform.contracts.delivers_files import DeliversFiles

__all__ = ["FinOps"]


@runtime_checkable
class FinOps(DeliversFiles, Protocol):
    """Cost by team, plane, component and environment, from labels and from what runs in the cluster."""

    def cost_labels(self) -> Sequence[str]:
        """The labels that costs are split by; everything that takes labels must carry them."""

    def team(self, name: str, *, namespace: str, owners: Sequence[str], budget_usd_month: float | None = None) -> None:
        """Show a team's costs to its owners, beside its budget; the budget itself is made with the team."""
