"""A platform's monitoring and tracing for tests: they write down what they are asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from planform.contracts.monitoring import Panel, Severity
from planform.contracts.tracing import OtlpEndpoint

__all__ = ["Watching"]


class Watching:
    """Both contracts; any component may be given it."""

    def __init__(self) -> None:
        self.scraped: dict[str, tuple[str, dict[str, str], str | int]] = {}
        self.dashboards: dict[str, Sequence[Panel]] = {}
        self.alerts: dict[str, tuple[str, str]] = {}
        self.reached: list[str] = []
        self.services: list[str] = []

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
        assert name not in self.scraped
        self.scraped[name] = (namespace, dict(pods), port)

    def dashboard(self, name: str, *, title: str, panels: Sequence[Panel], team: str = "") -> None:
        assert name not in self.dashboards
        self.dashboards[name] = panels

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
        assert name not in self.alerts
        self.alerts[name] = (query, severity)

    def objective(
        self, name: str, *, title: str, good: str, total: str, percent: float, days: int = 28, team: str = ""
    ) -> None:
        raise AssertionError("nobody asks for an objective")

    def collector(self) -> OtlpEndpoint:
        return OtlpEndpoint("otel.observability.svc", 4317, 4318, "observability")

    def reach(self, namespace: str, *, scope: object) -> None:
        self.reached.append(namespace)

    def service(
        self, name: str, *, title: str = "", team: str = "", latency_ms: int | None = None, percent: float = 99.0
    ) -> None:
        self.services.append(name)
