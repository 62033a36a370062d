"""existing: a Prometheus that the organisation runs, by its operator or as Google's managed one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from planform.contracts.monitoring import Panel, Severity
from planform.files import File
from planform.planes.observability.grafana_dashboard import grafana_dashboard
from planform.planes.observability.prometheus_monitoring import COLLECTOR_NAMESPACES, PrometheusMonitoring
from planform.spec.settings import Settings
from planform.spec.units import LabelValue

__all__ = ["ExistingMonitoring", "ExistingMonitoringSettings"]

Namespace = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
LabelName = Annotated[
    str, StringConstraints(pattern=r"^([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$")
]


class ExistingMonitoringSettings(Settings):
    """Settings of `existing` for monitoring."""

    collector: Literal["managed-prometheus", "prometheus-operator"] = Field(
        description="Whose objects say what to scrape: `PodMonitoring` of Google's managed Prometheus, or `PodMonitor`"
        " of the Prometheus operator."
    )
    collector_namespaces: tuple[Namespace, ...] = Field(
        default=(),
        description="Namespaces that the collectors run in, to let them in. Default: those of managed Prometheus;"
        " `monitoring` for the operator.",
    )
    labels: dict[LabelName, LabelValue] = Field(
        default_factory=dict,
        description="Labels by which the operator finds its PodMonitor objects. Default: none.",
        examples=[{"release": "kube-prometheus-stack"}],
    )


class ExistingMonitoring(PrometheusMonitoring):
    """The organisation's Prometheus reads what is to be scraped; dashboards and alerts are files for its own Grafana.

    Whoever runs it imports `dashboards/*.json` and loads `rules/*.yaml`, groups of alerting rules in Prometheus' own
    form, with labels `severity` and `team` to route by. Nothing of day one is written.

    Provides: Monitoring.
    Requires: nothing; NetworkPolicies, if they are there, let the collectors in.
    Emits: PodMonitoring or PodMonitor objects beside those of who asks; files.
    Errors: contract/alert-minutes, contract/objective, contract/query.
    """

    name = "existing"
    files_only = True
    Settings = ExistingMonitoringSettings
    settings: ExistingMonitoringSettings

    def _collectors(self) -> Sequence[str]:
        managed = self.settings.collector == "managed-prometheus"
        return self.settings.collector_namespaces or (COLLECTOR_NAMESPACES if managed else ("monitoring",))

    def _scrape_labels(self) -> Mapping[str, str]:
        return {**self.labels, **self.settings.labels}

    def _scraped(self, pods: Mapping[str, str], endpoint: Mapping[str, Any]) -> tuple[str, str, Any]:
        if self.settings.collector == "managed-prometheus":
            return super()._scraped(pods, endpoint)
        port = endpoint["port"]
        found = {**endpoint, "port": None, "portNumber": port} if isinstance(port, int) else dict(endpoint)
        spec = {"selector": {"matchLabels": dict(pods)}, "podMetricsEndpoints": [found]}
        return "monitoring.coreos.com/v1", "PodMonitor", spec

    def _dashboard(self, name: str, title: str, panels: Sequence[Panel], team: str) -> None:
        shown = grafana_dashboard(name, title, panels, (self.environment.prefix, team))
        File(self, f"dashboards/{name}.json", json.dumps(shown, ensure_ascii=False, indent=2, sort_keys=True) + "\n")

    def _alert(
        self, name: str, title: str, query: str, minutes: int, severity: Severity, team: str, runbook: str
    ) -> None:
        rule = {
            "alert": "".join(word.capitalize() for word in name.split("-")),
            "expr": query,
            "for": f"{minutes}m",
            "labels": {"severity": severity, **({"team": team} if team else {})},
            "annotations": {"summary": title, **({"runbook": runbook} if runbook else {})},
        }
        groups = {"groups": [{"name": f"{self.environment.prefix}-{name}", "rules": [rule]}]}
        File(self, f"rules/{name}.yaml", groups)
