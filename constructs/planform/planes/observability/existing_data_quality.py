"""existing: monitors of data that the organisation keeps in a tool of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, StringConstraints

from planform.contracts.data_quality import DataQuality, QualityCheck
from planform.planes.component import Component
from planform.planes.observability.quality_checks import refuse_checks
from planform.spec.settings import Settings
from planform.spec.units import KebabName

__all__ = ["ExistingDataQuality", "ExistingDataQualitySettings"]


class ExistingDataQualitySettings(Settings):
    """Which monitors there are."""

    monitors: dict[KebabName, Annotated[str, StringConstraints(min_length=1, max_length=500)]] = Field(
        default_factory=dict,
        description="Name that components ask for to the monitor's own name or address in the tool. Default: none, so"
        " asking for a monitor is an error that says what it has to check.",
        examples=[{"customer-activity": "https://soda.acme.example/checks/42"}],
    )


class ExistingDataQuality(Component):
    """Monitors that others keep; planform only makes sure that each one that is asked for is there.

    Provides: DataQuality.
    Requires: nothing.
    Emits: nothing. Whoever keeps the tool makes the checks that the error for a missing monitor lists.
    Errors: contract/not-named, contract/quality-check.
    """

    name = "existing"
    capability = "data_quality"
    provides = DataQuality
    files_only = True
    Settings = ExistingDataQualitySettings
    settings: ExistingDataQualitySettings

    def monitor(
        self, name: str, *, table: str, team: str, checks: Sequence[QualityCheck], schedule: str = "0 6 * * *"
    ) -> None:
        """The named monitor."""
        refuse_checks(self, name, checks, schedule)
        if name not in self.settings.monitors:
            wanted = ", ".join(f"{check.kind} {check.column}".strip() for check in checks)
            raise self.refuse(
                "contract/not-named",
                f"`existing` names no monitor `{name}` of {table}",
                path=("monitors",),
                help=f"under `monitors` add `{name}:` with the name of a monitor of team {team} that checks {wanted}",
            )
