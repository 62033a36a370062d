"""Where logs are kept, for how long, and what is counted in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field, StringConstraints

from planform.planes.component import Component
from planform.planes.record_ids import record_id
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import Days, KebabName
from planform.terraform.google import (
    LoggingMetric,
    LoggingProjectBucketConfig,
    LoggingProjectExclusion,
    LoggingProjectSink,
)
from planform.terraform.record import Lifecycle

__all__ = ["LogMetricSettings", "LogSettings", "count_in_logs", "keep_logs", "log_faults"]

AUDIT = 'logName:"cloudaudit.googleapis.com"'
LogDays = Annotated[Days, Field(le=3650)]
LogFilter = Annotated[str, StringConstraints(min_length=1, max_length=19_000)]
LogField = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_-]*)*$"),
    Field(examples=["jsonPayload.latency_ms"]),
]
MetricLabel = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z][a-zA-Z0-9_]{0,99}$")]


class LogSettings(Settings):
    """How long logs are kept."""

    retention_days: LogDays = Field(
        default=30,
        description="Days for which logs are kept, 1 to 3650; more than 30 are charged. Default: 30.",
    )
    regional: bool = Field(
        default=True,
        description="Keep logs in a bucket of the environment's region, and not in `_Default`, which is global."
        " Default: on.",
    )
    dropped: dict[KebabName, LogFilter] = Field(
        default_factory=dict,
        description="Logs that are not kept, as filters by name; with `regional` only. Default: all are kept.",
        examples=[{"health-checks": 'httpRequest.requestUrl=~"/healthz$"'}],
    )
    audit_retention_days: LogDays | None = Field(
        default=None,
        description="Days for which a bucket of its own keeps audit logs, reads of data included. Default: no such"
        " bucket; changes are kept for 400 days by Google, reads as other logs.",
    )
    audit_locked: bool = Field(
        default=False,
        description="Nobody can shorten the retention of the audit bucket, nor delete it, ever again. Default: off.",
    )


class LogMetricSettings(Settings):
    """A metric counted in logs: entries that match, or with `value` a distribution of one of their fields."""

    filter: LogFilter = Field(
        description="Which entries count, in the query language of Cloud Logging.",
        examples=['resource.type="k8s_container" AND jsonPayload.event="prediction"'],
    )
    description: str = Field(default="", max_length=800, description="What it counts. Default: nothing is said.")
    value: LogField | None = Field(default=None, description="Field with the number. Default: entries are counted.")
    unit: str = Field(
        default="1", pattern=r"^[A-Za-z0-9%{}./^*]{1,63}$", description="Unit of the number, such as `ms`. Default: 1."
    )
    labels: dict[MetricLabel, LogField] = Field(
        default_factory=dict,
        max_length=10,
        description="Labels of the metric, and the fields that they are taken from; at most 10. Default: none.",
        examples=[{"model": "jsonPayload.model"}],
    )


def log_faults(settings: LogSettings, environment: Environment) -> Iterator[Fault]:
    """Settings that would do nothing."""
    if settings.audit_locked and settings.audit_retention_days is None:
        yield Fault(
            "spec/unused-setting",
            "`audit_locked` says nothing where no bucket keeps audit logs",
            ("logs", "audit_locked"),
            help="add audit_retention_days, or delete this",
        )
    if settings.dropped and not settings.regional:
        yield Fault(
            "spec/unused-setting",
            "`dropped` says nothing where logs stay in `_Default`",
            ("logs", "dropped"),
            help="delete it, or `regional: false`",
        )


def keep_logs(owner: Component, settings: LogSettings) -> None:
    """The buckets, and the sinks that fill them; what they keep is not kept, and paid for, in `_Default` too."""
    if settings.regional:
        _route(owner, "platform", f"NOT {AUDIT}", settings.retention_days, settings)
    else:
        _default_bucket(owner, settings)
    if settings.audit_retention_days is not None:
        _route(owner, "audit", AUDIT, settings.audit_retention_days, settings)


def _default_bucket(owner: Component, settings: LogSettings) -> None:
    LoggingProjectBucketConfig(
        owner,
        "default_logs",
        project=owner.environment.project,
        location="global",
        bucket_id="_Default",
        retention_days=settings.retention_days,
        origin=owner.at("logs"),
    )


def _route(owner: Component, name: str, wanted: str, days: int, settings: LogSettings) -> None:
    environment, audit = owner.environment, name == "audit"
    bucket_id, record = f"{environment.prefix}-{name}", f"{name}_logs"
    bucket = LoggingProjectBucketConfig(
        owner,
        record,
        project=environment.project,
        location=environment.region,
        bucket_id=bucket_id,
        description=f"{name.capitalize()} logs of {environment.prefix}",
        retention_days=days,
        enable_analytics=True,
        locked=True if audit and settings.audit_locked else None,
        lifecycle=Lifecycle(prevent_destroy=True) if environment.production else None,
        origin=owner.at("logs"),
    )
    dropped = {} if audit else settings.dropped
    sink = LoggingProjectSink(
        owner,
        record,
        project=environment.project,
        name=bucket_id,
        description=f"{name.capitalize()} logs of {environment.prefix}, kept for {days} days",
        destination=f"logging.googleapis.com/projects/{environment.project}/locations/{environment.region}"
        f"/buckets/{bucket_id}",
        filter=wanted,
        unique_writer_identity=True,
        exclusions=[{"name": each, "filter": text} for each, text in dropped.items()] or None,
        depends_on=[bucket],
        origin=owner.at("logs"),
    )
    LoggingProjectExclusion(
        owner,
        record,
        project=environment.project,
        name=f"kept-in-{bucket_id}",
        description=f"Kept in the bucket {bucket_id} instead of _Default",
        filter=wanted,
        depends_on=[sink],
        origin=owner.at("logs"),
    )


def count_in_logs(owner: Component, name: str, settings: LogMetricSettings) -> None:
    """A metric `logging.googleapis.com/user/<name>`."""
    distribution = settings.value is not None
    descriptor = {
        "metric_kind": "DELTA",
        "value_type": "DISTRIBUTION" if distribution else "INT64",
        "unit": settings.unit,
        "display_name": settings.description[:100] or name,
        "labels": [{"key": key, "value_type": "STRING", "description": key} for key in settings.labels] or None,
    }
    buckets = [{"exponential_buckets": [{"num_finite_buckets": 64, "growth_factor": 1.4, "scale": 0.01}]}]
    LoggingMetric(
        owner,
        record_id(name),
        project=owner.environment.project,
        name=name,
        description=settings.description or None,
        filter=settings.filter,
        value_extractor=f"EXTRACT({settings.value})" if distribution else None,
        label_extractors={key: f"EXTRACT({field})" for key, field in settings.labels.items()} or None,
        metric_descriptor=[descriptor],
        bucket_options=buckets if distribution else None,
        origin=owner.at("log_metrics", name),
    )
