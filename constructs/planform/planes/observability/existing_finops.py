"""existing: a cost tool that the organisation runs."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from planform.contracts.finops import FinOps
from planform.planes.component import Component
from planform.planes.observability.cost_labels import cost_labels, write_taxonomy
from planform.spec.settings import Settings
from planform.spec.units import LabelKey

__all__ = ["ExistingFinOps", "ExistingFinOpsSettings"]


class ExistingFinOpsSettings(Settings):
    """Settings of `existing` for finops."""

    labels: tuple[LabelKey, ...] = Field(
        default=(),
        description="Labels that the organisation's tool splits costs by, besides planform's own. Default: none.",
        examples=[["cost_center"]],
    )


class ExistingFinOps(Component):
    """Whatever tool reads the organisation's bills; it is told of planform's labels and left alone.

    Whoever runs it makes dimensions of the labels in `labels.yaml`. A team is known there by its label; its budget is
    made with the team.

    Provides: FinOps.
    Requires: nothing.
    Emits: the file `labels.yaml`.
    """

    name = "existing"
    capability = "finops"
    provides = FinOps
    files_only = True
    Settings = ExistingFinOpsSettings
    settings: ExistingFinOpsSettings

    def build(self) -> None:
        write_taxonomy(self)

    def cost_labels(self) -> Sequence[str]:
        """planform's own labels and the organisation's."""
        return tuple(sorted({*cost_labels(self.environment), *self.settings.labels}))

    def team(self, name: str, *, namespace: str, owners: Sequence[str], budget_usd_month: float | None = None) -> None:
        """Nothing: the tool knows a team by its label."""
