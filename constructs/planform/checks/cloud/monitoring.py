"""Alerts, dashboards, channels, uptime checks, logs and budgets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from planform.checks.cloud.rule import Block, Context, Finding, Rule, unknown_word
from planform.planes.observability.promql import query_fault

_KINDS = (
    "condition_absent",
    "condition_matched_log",
    "condition_monitoring_query_language",
    "condition_prometheus_query_language",
    "condition_sql",
    "condition_threshold",
)
_LAYOUTS = ("columnLayout", "gridLayout", "mosaicLayout", "rowLayout")
_CHANNELS = {
    "campfire": "room",
    "email": "email_address",
    "google_chat": "space",
    "hipchat": "room",
    "pagerduty": "",
    "pubsub": "topic",
    "slack": "channel_name",
    "sms": "number",
    "webhook_basicauth": "url",
    "webhook_tokenauth": "url",
}
"""Kind of channel to the label that it must have."""
_PERIODS = ("60s", "300s", "600s", "900s")
_DESTINATION = re.compile(r"(storage|bigquery|pubsub|logging)\.googleapis\.com/.+", re.IGNORECASE)
_ACCOUNT = re.compile(r"[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}")
_PROJECT = re.compile(r"projects/[0-9]+")
_LABEL_KEY, _LABEL_VALUE = re.compile(r"[a-z][a-z0-9_-]{0,62}"), re.compile(r"[a-z0-9_-]{0,63}")


def _condition(body: Block, _: Context) -> Iterator[Finding]:
    """A condition is of exactly one kind."""
    for condition in body.blocks("conditions"):
        kinds = [kind for kind in _KINDS if condition.given(kind)]
        if len(kinds) > 1:
            yield Finding(condition.at(kinds[1]), f"a condition of two kinds: {' and '.join(kinds)}", "make it two")
        elif not kinds and all(condition.absent(kind) for kind in _KINDS):
            yield Finding(condition.path, "a condition of no kind", f"add one of {', '.join(_KINDS)}")


def _query(body: Block, _: Context) -> Iterator[Finding]:
    """A query in PromQL closes its brackets and texts."""
    for condition in body.blocks("conditions"):
        asked = condition.block("condition_prometheus_query_language")
        text = asked.text("query")
        fault = query_fault(text) if text is not None else ""
        if fault:
            yield Finding(asked.at("query"), f"`{text}` is no query: {fault}", "mend the query")


def _interval(body: Block, _: Context) -> Iterator[Finding]:
    """Intervals of PromQL are multiples of 30 seconds; a condition holds for a multiple of 60."""
    for condition in body.blocks("conditions"):
        for kind in _KINDS:
            if condition.absent(kind):
                continue
            asked = condition.block(kind)
            yield from _multiple(asked, "evaluation_interval", 30)
            yield from _multiple(asked, "duration", 30 if kind == _KINDS[3] else 60)


def _multiple(block: Block, argument: str, of: int) -> Iterator[Finding]:
    found = re.fullmatch(r"(\d+)s", block.text(argument) or "")
    if found and int(found[1]) % of:
        yield Finding(block.at(argument), f"`{found[0]}` is no multiple of {of} seconds", f"a multiple of {of}s")


def _log_limit(body: Block, _: Context) -> Iterator[Finding]:
    """A condition on logs must say how often it may notify."""
    on_logs = any(condition.given("condition_matched_log") for condition in body.blocks("conditions"))
    if on_logs and (body.absent("alert_strategy") or body.block("alert_strategy").absent("notification_rate_limit")):
        yield Finding(
            "alert_strategy.notification_rate_limit",
            "an alert on logs without a limit of its notices",
            'add `notification_rate_limit: [{period: "300s"}]`',
        )


def _user_labels(body: Block, _: Context) -> Iterator[Finding]:
    """Labels have lower-case letters, digits, underscores and hyphens; a key begins with a letter."""
    for key, value in body.pairs("user_labels"):
        if not _LABEL_KEY.fullmatch(key) or not _LABEL_VALUE.fullmatch(value):
            yield Finding(f"user_labels.{key}", f"`{key}: {value}` is no label", "use lower case, digits, `_` and `-`")


def _layout(body: Block, _: Context) -> Iterator[Finding]:
    """A dashboard has a layout."""
    text = body.text("dashboard_json")
    try:
        shown = json.loads(text) if text else None
    except ValueError:
        return  # validate says so
    if isinstance(shown, dict) and shown and not any(layout in shown for layout in _LAYOUTS):
        yield Finding("dashboard_json", "a dashboard without a layout", f"add one of {', '.join(_LAYOUTS)}")


def _channel(body: Block, _: Context) -> Iterator[Finding]:
    """A channel is of a kind that there is, and has the label of its kind."""
    yield from unknown_word(body, "type", tuple(_CHANNELS), "kind of channel")
    wanted = _CHANNELS.get(body.text("type") or "", "")
    labels = body.value.get("labels")
    if wanted and (labels is None or (isinstance(labels, dict) and wanted not in labels)):
        yield Finding(f"labels.{wanted}", f"a channel without its `{wanted}`", f"add `{wanted}` to labels")


def _uptime(body: Block, _: Context) -> Iterator[Finding]:
    """Checks are made every 1, 5, 10 or 15 minutes, wait for at most a minute, and come from three regions."""
    yield from unknown_word(body, "period", _PERIODS, "period")
    found = re.fullmatch(r"(\d+)s", body.text("timeout") or "")
    if found and not 1 <= int(found[1]) <= 60:
        yield Finding("timeout", f"`{found[0]}` is no timeout", "1s to 60s")
    regions = body.value.get("selected_regions")
    if isinstance(regions, list) and 0 < len(regions) < 3 and len(body.texts("selected_regions")) == len(regions):
        yield Finding("selected_regions", f"{len(regions)} regions", "three at least, or none for all")


def _metric(body: Block, _: Context) -> Iterator[Finding]:
    """A distribution is of a field, and each label is taken from one."""
    descriptor = body.block("metric_descriptor")
    if descriptor.text("value_type") == "DISTRIBUTION" and body.absent("value_extractor"):
        yield Finding("value_extractor", "a distribution of nothing", "say which field: EXTRACT(jsonPayload.field)")
    labels = {each.text("key") for each in descriptor.blocks("labels")}
    taken = {key for key, _value in body.pairs("label_extractors")}
    if None not in labels and not body.unknown("label_extractors") and labels != taken:
        odd = ", ".join(sorted(str(key) for key in labels ^ taken))
        yield Finding("label_extractors", f"labels and extractors differ in {odd}", "name the same keys in both")


def _sink(body: Block, _: Context) -> Iterator[Finding]:
    """A destination begins with its service: bigquery.googleapis.com/projects/PROJECT/datasets/DATASET."""
    text = body.text("destination")
    if text and not _DESTINATION.fullmatch(text):
        yield Finding(
            "destination", f"`{text}` is no destination", "begin with the service, as in storage.googleapis.com/BUCKET"
        )


def _budget(body: Block, _: Context) -> Iterator[Finding]:
    """A budget is of one account, counts projects by number, and filters by one label at most."""
    account = body.text("billing_account")
    if account and not _ACCOUNT.fullmatch(account):
        yield Finding("billing_account", f"`{account}` is no billing account", "six, six and six hexadecimal digits")
    wanted = body.block("budget_filter")
    for project in wanted.texts("projects"):
        if not _PROJECT.fullmatch(project):
            yield Finding(wanted.at("projects"), f"`{project}` is no number of a project", "write projects/NUMBER")
    if len(wanted.pairs("labels")) > 1:
        yield Finding(wanted.at("labels"), "two labels", "a budget filters by one")


_POLICY = ("google_monitoring_alert_policy",)
_LABELLED = (
    "google_monitoring_alert_policy",
    "google_monitoring_custom_service",
    "google_monitoring_notification_channel",
    "google_monitoring_service",
    "google_monitoring_slo",
    "google_monitoring_uptime_check_config",
)
_PROMQL: dict[str, object] = {"query": "up < 1", "duration": "60s", "evaluation_interval": "60s"}
_UP: dict[str, object] = {"display_name": "up", "condition_prometheus_query_language": [_PROMQL]}
_ALERT: dict[str, object] = {"display_name": "up", "combiner": "OR", "conditions": [_UP]}
_LOG: dict[str, object] = {"display_name": "log", "condition_matched_log": [{"filter": "severity=ERROR"}]}
_CHECK: dict[str, object] = {
    "display_name": "up",
    "timeout": "10s",
    "period": "60s",
    "http_check": [{"port": 443}],
    "monitored_resource": [{"type": "uptime_url", "labels": {"host": "acme.example", "project_id": "acme-dev"}}],
}
_COUNT: dict[str, object] = {
    "name": "answers",
    "filter": "severity=INFO",
    "metric_descriptor": [{"metric_kind": "DELTA", "value_type": "DISTRIBUTION"}],
}
_MONTH: dict[str, object] = {
    "billing_account": "000000-AAAAAA-BBBBBB",
    "amount": [{"specified_amount": [{"currency_code": "USD", "units": "100"}]}],
}
_API = "Cloud Monitoring API v3"

RULES = (
    Rule(
        code="cloud/alert-condition",
        types=_POLICY,
        title="a condition of no kind, or of two",
        judge=_condition,
        source=f"{_API}, AlertPolicy.Condition (2026-08)",
        wrong=_ALERT | {"conditions": [{"display_name": "up"}]},
        right=_ALERT,
    ),
    Rule(
        code="cloud/alert-query",
        types=_POLICY,
        title="a query that cannot be read",
        judge=_query,
        source=f"{_API}, PrometheusQueryLanguageCondition (2026-08)",
        wrong=_ALERT | {"conditions": [_UP | {"condition_prometheus_query_language": [{"query": "avg by ((("}]}]},
        right=_ALERT,
    ),
    Rule(
        code="cloud/alert-interval",
        types=_POLICY,
        title="an interval between those that there are",
        judge=_interval,
        source=f"{_API}, PrometheusQueryLanguageCondition.evaluationInterval and MetricThreshold.duration (2026-08)",
        wrong=_ALERT
        | {"conditions": [_UP | {"condition_prometheus_query_language": [_PROMQL | {"evaluation_interval": "45s"}]}]},
        right=_ALERT,
    ),
    Rule(
        code="cloud/alert-log-limit",
        types=_POLICY,
        title="an alert on logs without a limit",
        judge=_log_limit,
        source=f"{_API}, AlertStrategy.notificationRateLimit: required for conditions on logs (2026-08)",
        wrong=_ALERT | {"conditions": [_LOG]},
        right=_ALERT | {"conditions": [_LOG], "alert_strategy": [{"notification_rate_limit": [{"period": "300s"}]}]},
    ),
    Rule(
        code="cloud/monitoring-label",
        types=_LABELLED,
        title="a label that monitoring does not take",
        judge=_user_labels,
        source=f"{_API}, AlertPolicy.userLabels (2026-08)",
        wrong=_ALERT | {"user_labels": {"Cost-Center": "X Y"}},
        right=_ALERT | {"user_labels": {"cost_center": "x-y"}},
    ),
    Rule(
        code="cloud/dashboard-layout",
        types=("google_monitoring_dashboard",),
        title="a dashboard without a layout",
        judge=_layout,
        source="Cloud Monitoring API v1, Dashboard: one of four layouts (2026-08)",
        wrong={"dashboard_json": '{"displayName": "GPUs"}'},
        right={"dashboard_json": '{"displayName": "GPUs", "gridLayout": {}}'},
    ),
    Rule(
        code="cloud/notification-channel",
        types=("google_monitoring_notification_channel",),
        title="a channel that leads nowhere",
        judge=_channel,
        source=f"{_API}, notificationChannelDescriptors (2026-08)",
        wrong={"type": "email"},
        right={"type": "email", "labels": {"email_address": "oncall@acme.example"}},
    ),
    Rule(
        code="cloud/uptime-check",
        types=("google_monitoring_uptime_check_config",),
        title="a check at a pace or from places that there are not",
        judge=_uptime,
        source=f"{_API}, UptimeCheckConfig.period, timeout, selectedRegions (2026-08)",
        wrong=_CHECK | {"period": "90s"},
        right=_CHECK,
    ),
    Rule(
        code="cloud/log-metric",
        types=("google_logging_metric",),
        title="a metric of fields that nobody named",
        judge=_metric,
        source="Cloud Logging API v2, LogMetric.valueExtractor, labelExtractors (2026-08)",
        wrong=_COUNT,
        right=_COUNT | {"value_extractor": "EXTRACT(jsonPayload.latency_ms)"},
    ),
    Rule(
        code="cloud/log-sink",
        types=("google_logging_project_sink",),
        title="a destination without its service",
        judge=_sink,
        source="Cloud Logging API v2, LogSink.destination (2026-08)",
        wrong={"name": "audit", "destination": "acme-audit"},
        right={"name": "audit", "destination": "storage.googleapis.com/acme-audit"},
    ),
    Rule(
        code="cloud/budget",
        types=("google_billing_budget",),
        title="a budget of what cannot be counted",
        judge=_budget,
        source="Cloud Billing Budget API v1, Filter: projects by number, one label (2026-08)",
        wrong=_MONTH | {"budget_filter": [{"projects": ["acme-dev"]}]},
        right=_MONTH | {"budget_filter": [{"projects": ["projects/111111111111"]}]},
    ),
)
