"""Cloud Trace, through the same collector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planform.planes.observability.otel_collector import (
    GOOGLE_APIS,
    NAMESPACE,
    PODS,
    SPAN_METRICS,
    CollectorSettings,
    OtelCollector,
)

__all__ = ["CloudTrace"]

CONNECTOR, PREFIX = "span_metrics", "traces_span_metrics"
MILLISECONDS = (5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000)
_SERVER = 'span_kind="SPAN_KIND_SERVER"'
_FINE = 'status_code!="STATUS_CODE_ERROR"'


class CloudTrace(OtelCollector):
    """A collector in the cluster that sends traces, metrics and logs to Google by the Telemetry API, without a key.

    With monitoring in the environment the collector counts requests before it samples, and a service's objective is
    one on these counts; without, `service` makes nothing, as Cloud Trace has no objectives.

    Provides: Tracing; `reach` opens both ends.
    Requires: Services, Compute and GitOps; Monitoring, for objectives and for watching the collector.
    Emits: the Helm release opentelemetry-collector; google_project_iam_member for its identity.
    Source: Google's pages on the Telemetry API and its roles; README of the span metrics connector for the names of
    labels; see otel_collector.py; read 2026-11.
    """

    name = "cloud-trace"
    apis = ("cloudtrace.googleapis.com", *GOOGLE_APIS)
    Settings = CollectorSettings
    settings: CollectorSettings

    def build(self) -> None:
        self._services: set[str] = set()
        super().build()
        if self.monitoring is not None:
            self.monitoring.scrape("span-metrics", namespace=NAMESPACE, scope=self, pods=PODS, port=SPAN_METRICS)

    def service(
        self, name: str, *, title: str = "", team: str = "", latency_ms: int | None = None, percent: float = 99.0
    ) -> None:
        """An objective of monitoring, on what the collector counts."""
        if self.monitoring is None or name in self._services:
            return
        self._services.add(name)
        of = f'service_name="{name}",{_SERVER}'
        total, good = f"{PREFIX}_calls_total{{{of}}}", f"{PREFIX}_calls_total{{{of},{_FINE}}}"
        if latency_ms is not None:
            self._bound(latency_ms)
            good = f'{PREFIX}_duration_milliseconds_bucket{{{of},{_FINE},le="{latency_ms}"}}'
        self.monitoring.objective(
            f"{name}-requests", title=title or name, good=good, total=total, percent=percent, team=team
        )

    def _connectors(self) -> Mapping[str, Any]:
        if self.monitoring is None:
            return {}
        histogram = {"unit": "ms", "explicit": {"buckets": [f"{each}ms" for each in MILLISECONDS]}}
        return {
            CONNECTOR: {
                "namespace": PREFIX.replace("_", "."),
                "histogram": histogram,
                "exclude_dimensions": ["span.name"],
                "metrics_expiration": "1h",
            }
        }

    def _bound(self, latency_ms: int) -> None:
        """Count what is faster than a latency that somebody is held to."""
        explicit = self._release.values["config"]["connectors"][CONNECTOR]["histogram"]["explicit"]
        bounds = {int(each.removesuffix("ms")) for each in explicit["buckets"]} | {latency_ms}
        explicit["buckets"] = [f"{each}ms" for each in sorted(bounds)]
