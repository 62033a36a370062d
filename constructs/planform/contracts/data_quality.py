"""data_quality: whether data is as it should be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, runtime_checkable

from msgspec import Struct

from planform.contracts.delivers_files import DeliversFiles

__all__ = ["DataQuality", "QualityCheck"]


class QualityCheck(Struct, frozen=True):
    """One expectation of a table.

    `fresh`: no older than `limit` hours. `not_null`, `unique`: of `column`. `range`: of `column`, from `low` to `high`.
    `one_of`: of `column`, among `values`. `rows`: at least `limit`.
    """

    kind: Literal["fresh", "not_null", "unique", "range", "one_of", "rows"]
    column: str = ""
    limit: float | None = None
    low: float | None = None
    high: float | None = None
    values: tuple[str, ...] = ()


@runtime_checkable
class DataQuality(DeliversFiles, Protocol):
    """Checks of tables on a schedule; a failure reaches the team that owns the data."""

    def monitor(
        self, name: str, *, table: str, team: str, checks: Sequence[QualityCheck], schedule: str = "0 6 * * *"
    ) -> None:
        """Check a table, `bq://P.D.T`, on a schedule (cron, UTC)."""
