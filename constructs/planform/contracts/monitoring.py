"""monitoring: metrics, dashboards, alerts and objectives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, runtime_checkable

from msgspec import Struct

from planform.contracts.delivers_files import DeliversFiles

__all__ = ["Monitoring", "Panel", "Severity"]

Severity = Literal["page", "ticket"]


class Panel(Struct, frozen=True):
    """One chart of a dashboard: a query in PromQL, and the unit of its values (`1`, `s`, `By`, `%`)."""

    title: str
    query: str
    unit: str = "1"


@runtime_checkable
class Monitoring(DeliversFiles, Protocol):
    """Metrics in Prometheus' form, and what is made of them. Names are unique in an environment, kebab-case."""

    def scrape(
        self,
        name: str,
        *,
        namespace: str,
        scope: object,
        pods: Mapping[str, str],
        port: str | int,
        path: str = "/metrics",
        seconds: int = 30,
    ) -> None:
        """Collect metrics of the pods with these labels; the object is made in `scope`."""

    def dashboard(self, name: str, *, title: str, panels: Sequence[Panel], team: str = "") -> None:
        """A dashboard."""

    def alert(
        self,
        name: str,
        *,
        title: str,
        query: str,
        minutes: int = 5,
        severity: Severity = "ticket",
        team: str = "",
        runbook: str = "",
    ) -> None:
        """Tell the team when a PromQL query, a comparison, has had a result for so many minutes."""

    def objective(
        self, name: str, *, title: str, good: str, total: str, percent: float, days: int = 28, team: str = ""
    ) -> None:
        """A service level objective: `percent` of `total` are `good`, both PromQL metrics with selectors, over days.

        Its error budget burning too fast is an alert.
        """
