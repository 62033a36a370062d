"""What every monitoring component does alike: metrics by managed Prometheus' objects, objectives as alerts."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from planform.contracts.monitoring import Monitoring, Panel, Severity
from planform.contracts.network_policy import NetworkPolicies
from planform.kubernetes.record import KubernetesObject
from planform.planes.component import Component
from planform.planes.observability.day_one import Watch
from planform.planes.observability.promql import burns, comparison_fault, error_ratio, query_fault, selector_fault

__all__ = ["COLLECTOR_NAMESPACES", "LONGEST_MINUTES", "PrometheusMonitoring"]

COLLECTOR_NAMESPACES = ("gmp-system", "gke-gmp-system")
"""Where the collectors of managed Prometheus run: on clusters of GKE, newest last."""
LONGEST_MINUTES = 1410
"""How long a condition may have to hold: 23 hours and 30 minutes."""
LONGEST_DAYS = 30
"""The longest rolling period of an objective in Cloud Monitoring; others keep to it so that a swap changes nothing."""


class PrometheusMonitoring(Component):
    """The base of the components that fill `monitoring`; a subclass writes dashboards and alerts in its own form."""

    capability = "monitoring"
    provides = Monitoring
    network_policy: NetworkPolicies | None

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
        """An object that the collectors read, and leave for them to come in."""
        place = self.within(scope)
        api, kind, spec = self._scraped(pods, {"port": port, "path": path, "interval": f"{seconds}s"})
        KubernetesObject(place, api, kind, name, namespace=namespace, labels=self._scrape_labels(), spec=spec)
        if self.network_policy is not None:
            self.network_policy.allow_ingress(
                namespace, f"scrape-{name}", scope=place, pods=pods, namespaces=self._collectors(), ports=[port]
            )

    def dashboard(self, name: str, *, title: str, panels: Sequence[Panel], team: str = "") -> None:
        """A dashboard of panels."""
        for panel in panels:
            self._refuse_query(name, panel.query, query_fault(panel.query))
        self._dashboard(name, title, panels, team)

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
        """An alert on a query."""
        self._refuse_query(name, query, comparison_fault(query))
        if not 0 <= minutes <= LONGEST_MINUTES:
            raise self.refuse(
                "contract/alert-minutes",
                f"alert `{name}` has to hold for {minutes} minutes",
                help=f"write 0 to {LONGEST_MINUTES} minutes",
            )
        self._alert(name, title, query, minutes, severity, team, runbook)

    def objective(
        self, name: str, *, title: str, good: str, total: str, percent: float, days: int = 28, team: str = ""
    ) -> None:
        """Alerts on the budget burning over an hour, six hours and three days, and a dashboard of it."""
        for selector in (good, total):
            self._refuse_query(name, selector, selector_fault(selector))
        if not 0 < percent <= 99.99 or not 1 <= days <= LONGEST_DAYS:
            raise self.refuse(
                "contract/objective",
                f"objective `{name}` asks for {percent} percent over {days} days",
                help=f"write more than 0 and at most 99.99 percent, over 1 to {LONGEST_DAYS} days",
            )
        for burn in burns(good, total, percent, days):
            self.alert(
                f"{name}-burn-{burn.window}",
                title=f"{title}: error budget burns {burn.rate:g} times too fast over {burn.window}",
                query=burn.query,
                minutes=2,
                severity=burn.severity,
                team=team,
            )
        budget = 1 - percent / 100
        left = f"1 - ({error_ratio(good, total, f'{days}d')}) / {budget:.6g}"
        panels = (
            Panel("Events a second", f"sum(rate({total}[5m]))"),
            Panel("Share of bad events", error_ratio(good, total, "1h")),
            Panel(f"Error budget left, {percent:g} percent over {days} days", left),
        )
        self.dashboard(f"{name}-objective", title=f"{title}: objective", panels=panels, team=team)

    def watch(self, watch: Watch) -> None:
        """A dashboard and alerts of one thing that the environment has."""
        self.dashboard(watch.name, title=watch.title, panels=watch.panels)
        for each in watch.alerts:
            self.alert(each.name, title=each.title, query=each.query, minutes=each.minutes, severity=each.severity)

    def _scraped(self, pods: Mapping[str, str], endpoint: Mapping[str, Any]) -> tuple[str, str, Any]:
        """API version, kind and spec of the object that tells the collectors of some pods."""
        spec = {"selector": {"matchLabels": dict(pods)}, "endpoints": [dict(endpoint)]}
        return "monitoring.googleapis.com/v1", "PodMonitoring", spec

    def _scrape_labels(self) -> Mapping[str, str]:
        """Labels of the object that says what to scrape."""
        return self.labels

    def _collectors(self) -> Sequence[str]:
        return COLLECTOR_NAMESPACES

    def _refuse_query(self, name: str, query: str, fault: str) -> None:
        if fault:
            help = "mend the query; PromQL compares with > < == != and closes every bracket and text"
            raise self.refuse("contract/query", f"`{query}` of `{name}` is no query: {fault}", help=help)

    @abstractmethod
    def _dashboard(self, name: str, title: str, panels: Sequence[Panel], team: str) -> None:
        """Write a dashboard, whose queries are readable."""

    @abstractmethod
    def _alert(
        self, name: str, title: str, query: str, minutes: int, severity: Severity, team: str, runbook: str
    ) -> None:
        """Write an alert, whose query compares something."""
