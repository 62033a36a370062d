"""Cloud Monitoring and Cloud Logging, with managed Prometheus for metrics."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from pydantic import Field

from planform.contracts.monitoring import Panel, Severity
from planform.contracts.services import Services
from planform.planes.observability.day_one_monitoring import DayOneMonitoring, DayOneSettings
from planform.planes.observability.log_storage import (
    LogMetricSettings,
    LogSettings,
    count_in_logs,
    keep_logs,
    log_faults,
)
from planform.planes.observability.notification_channels import Channels, ChannelSettings, channel_faults
from planform.planes.record_ids import record_id
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import KebabName
from planform.terraform.google import MonitoringAlertPolicy, MonitoringDashboard, MonitoringUptimeCheckConfig

__all__ = ["CloudMonitoring", "CloudMonitoringSettings"]

SEVERITIES: dict[Severity, str] = {"page": "CRITICAL", "ticket": "WARNING"}
_URL = re.compile(r"https?://\S+")
_COLUMNS, _WIDTH, _HEIGHT = 48, 24, 16
_POOL_FULL = (
    'logName:"container.googleapis.com%2Fcluster-autoscaler-visibility"'
    ' AND jsonPayload.noDecisionStatus.noScaleUp.skippedMigs.reason.parameters="max node group size reached"'
)
"""What the cluster autoscaler logs when a pod waits and a node pool may not grow."""


class UptimeSettings(Settings):
    """A page that is asked for from around the world; its host must be public."""

    host: str = Field(
        pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$",
        description="Host name; HTTPS with a valid certificate.",
        examples=["portal.acme.example"],
    )
    path: str = Field(
        default="/", pattern=r"^/[A-Za-z0-9._~/?&=%-]*$", description="Path that answers with 2xx. Default: /."
    )
    minutes: Literal[1, 5, 10, 15] = Field(default=5, description="Minutes between checks: 1, 5, 10 or 15. Default: 5.")
    timeout_seconds: int = Field(
        default=10, ge=1, le=60, description="Seconds to wait for an answer, 1 to 60. Default: 10."
    )
    severity: Severity = Field(default="page", description="Severity of the alert. Default: page.")


class CloudMonitoringSettings(DayOneSettings):
    """Settings of `cloud-monitoring`."""

    channels: dict[KebabName, ChannelSettings] = Field(
        default_factory=dict,
        description="Who is told, by name. Default: nobody; alerts open incidents in the console.",
        examples=[{"oncall": {"email": "oncall@acme.example"}}],
    )
    logs: LogSettings = Field(
        default_factory=LogSettings, description="How long logs are kept, and where. Default: 30 days, in the region."
    )
    log_metrics: dict[KebabName, LogMetricSettings] = Field(
        default_factory=dict, description="Metrics counted in logs, by name. Default: none."
    )
    uptime: dict[KebabName, UptimeSettings] = Field(
        default_factory=dict, description="Public pages to check from around the world, by name. Default: none."
    )


class CloudMonitoring(DayOneMonitoring):
    """Google's own monitoring: metrics by managed Prometheus, alerts and dashboards in PromQL, logs in the region.

    Alerts do not need their metric to exist when they are made. An objective is alerts on how fast its error budget
    burns (over an hour, six hours, three days) and a dashboard, all in PromQL over the good and the total: Cloud
    Monitoring's own SLO objects take no PromQL. Logs other than audit logs go to one bucket of the region, which
    `_Default` then does not keep again. A day-one alert about node pools at their limit reads the autoscaler's log.
    What a person does once: a channel for Slack or PagerDuty, in the console under Alerting, whose resource name then
    goes into `channels`. Every e-mail address of a channel is told of alerts without a further question.

    Provides: Monitoring; queries are PromQL, a team's alerts go to its own channels or else to the platform's.
    Requires: Services; Compute, Database and BatchQueue, if they are there, for day one; NetworkPolicies, if they are
    there, which let collectors in.
    Emits: google_monitoring_alert_policy, google_monitoring_dashboard, google_monitoring_notification_channel,
    google_monitoring_uptime_check_config, google_logging_project_bucket_config, google_logging_project_sink,
    google_logging_project_exclusion, google_logging_metric; PodMonitoring objects beside those of who asks.
    Errors: contract/alert-minutes, contract/objective, contract/query, spec/channel, spec/unused-setting.
    Source: provider pages of these resources, 7.45.0; Cloud Monitoring's page on PromQL alerts; Cloud Logging's on
    buckets (1 to 3650 days) and sinks; messages of the cluster autoscaler, skippedreasons.go; read 2026-11.
    """

    name = "cloud-monitoring"
    names_only = ("compute", "database")
    apis = ("logging.googleapis.com", "monitoring.googleapis.com")
    Settings = CloudMonitoringSettings
    settings: CloudMonitoringSettings
    services: Services

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        yield from channel_faults(settings.channels, environment)
        yield from log_faults(settings.logs, environment)

    def build(self) -> None:
        self._channels = Channels(self, self.settings.channels)
        keep_logs(self, self.settings.logs)
        for name, metric in self.settings.log_metrics.items():
            count_in_logs(self, name, metric)
        for name, page in self.settings.uptime.items():
            self._uptime(name, page)
        if self.settings.day_one:
            self._day_one()

    def _day_one(self) -> None:
        super()._day_one()
        if self.compute is not None:
            self._pool_full(str(self.compute.cluster().name))

    def _dashboard(self, name: str, title: str, panels: Sequence[Panel], team: str) -> None:
        tiles = [_tile(index, panel) for index, panel in enumerate(panels)]
        shown = {
            "displayName": f"{self.environment.prefix}: {title}",
            "labels": {self.environment.prefix: "", team or self.place.team or self.name: ""},
            "mosaicLayout": {"columns": _COLUMNS, "tiles": tiles},
        }
        text = json.dumps(shown, ensure_ascii=False, sort_keys=True)
        MonitoringDashboard(self, record_id(name), project=self.environment.project, dashboard_json=text)

    def _alert(
        self, name: str, title: str, query: str, minutes: int, severity: Severity, team: str, runbook: str
    ) -> None:
        condition = {
            "query": query,
            "duration": f"{minutes * 60}s",
            "evaluation_interval": "60s",
            "alert_rule": "".join(word.capitalize() for word in re.split(r"[^A-Za-z0-9]+", name)),
            "rule_group": self.environment.prefix,
            # Without this, an alert on a metric that nobody has sent yet is refused.
            "disable_metric_validation": True,
            "labels": {"severity": severity, **({"team": team} if team else {})},
        }
        self._policy(name, title, {"condition_prometheus_query_language": [condition]}, severity, team, runbook)

    def _pool_full(self, cluster: str) -> None:
        condition = {"filter": f'{_POOL_FULL} AND resource.labels.cluster_name="{cluster}"'}
        title = "A pod waits, and a node pool is at its limit"
        self._policy("pool-full", title, {"condition_matched_log": [condition]}, "ticket", limit="3600s")

    def _uptime(self, name: str, page: UptimeSettings) -> None:
        check = MonitoringUptimeCheckConfig(
            self,
            record_id(name),
            project=self.environment.project,
            display_name=f"{self.environment.prefix} {name}",
            period=f"{page.minutes * 60}s",
            timeout=f"{page.timeout_seconds}s",
            checker_type="STATIC_IP_CHECKERS",
            http_check=[
                {
                    "path": page.path,
                    "port": 443,
                    "use_ssl": True,
                    "validate_ssl": True,
                    "request_method": "GET",
                    "accepted_response_status_codes": [{"status_class": "STATUS_CLASS_2XX"}],
                }
            ],
            monitored_resource=[
                {"type": "uptime_url", "labels": {"host": page.host, "project_id": self.environment.project}}
            ],
            user_labels=self.labels,
            origin=self.at("uptime", name),
        )
        failing = {
            "filter": (
                'resource.type = "uptime_url"'
                ' AND metric.type = "monitoring.googleapis.com/uptime_check/check_passed"'
                ' AND metric.labels.check_id = "' + check.uptime_check_id + '"'
            ),
            "comparison": "COMPARISON_GT",
            "threshold_value": 1,
            "duration": "120s",
            "aggregations": [
                {
                    "alignment_period": "1200s",
                    "per_series_aligner": "ALIGN_NEXT_OLDER",
                    "cross_series_reducer": "REDUCE_COUNT_FALSE",
                    "group_by_fields": ["resource.label.host"],
                }
            ],
            "trigger": [{"count": 1}],
        }
        title = f"https://{page.host}{page.path} does not answer"
        self._policy(f"uptime-{name}", title, {"condition_threshold": [failing]}, page.severity)

    def _policy(
        self,
        name: str,
        title: str,
        condition: dict[str, Any],
        severity: Severity,
        team: str = "",
        runbook: str = "",
        *,
        limit: str | None = None,
    ) -> None:
        """One policy of one condition. `limit` is the time between two notices, which conditions on logs must have."""
        links = [{"display_name": "Runbook", "url": runbook}] if _URL.fullmatch(runbook) else None
        content = f"{title}, in {self.environment.prefix}." + (f"\n\n{runbook}" if runbook and not links else "")
        MonitoringAlertPolicy(
            self,
            record_id(name),
            project=self.environment.project,
            display_name=f"{self.environment.prefix}: {title}"[:512],
            combiner="OR",
            severity=SEVERITIES[severity],
            conditions=[{"display_name": title[:512], **condition}],
            notification_channels=self._channels.of(team, severity) or None,
            alert_strategy=[
                {"auto_close": "86400s", "notification_rate_limit": [{"period": limit}] if limit else None}
            ],
            documentation=[{"content": content, "mime_type": "text/markdown", "subject": title[:255], "links": links}],
            user_labels={**self.labels, **({"team": team} if team else {})},
        )


def _tile(index: int, panel: Panel) -> dict[str, Any]:
    column, row = index % 2, index // 2
    series = {"prometheusQuery": panel.query, "unitOverride": panel.unit}
    return {
        "xPos": column * _WIDTH,
        "yPos": row * _HEIGHT,
        "width": _WIDTH,
        "height": _HEIGHT,
        "widget": {"title": panel.title, "xyChart": {"dataSets": [{"plotType": "LINE", "timeSeriesQuery": series}]}},
    }
