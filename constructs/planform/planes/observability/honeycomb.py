"""Honeycomb: traces, and objectives on them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from planform.planes.observability.notification_channels import EMAIL
from planform.planes.observability.otel_collector import (
    GOOGLE_APIS,
    NAMESPACE,
    CollectorSettings,
    OtelCollector,
)
from planform.planes.record_ids import record_id
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import KebabName
from planform.terraform.honeycombio import (
    BurnAlert,
    Column,
    Dataset,
    DerivedColumn,
    FlexibleBoard,
    HoneycombioProvider,
    Query,
    QueryAnnotation,
    Slo,
)
from planform.terraform.record import Lifecycle

__all__ = ["Honeycomb", "HoneycombSettings"]

HOSTS = {"us": "api.honeycomb.io", "eu": "api.eu1.honeycomb.io"}
SECRET, KEY = "honeycomb", "api-key"
_COLUMNS: Mapping[str, tuple[str, str]] = {
    "duration_ms": ("float", "Duration of the span, in milliseconds."),
    "error": ("boolean", "Whether the span ended in an error."),
    "span.kind": ("string", "Kind of the span; `server` answers a request."),
    "gen_ai.request.model": ("string", "Model that was asked for."),
    "gen_ai.usage.input_tokens": ("integer", "Tokens of the prompt."),
    "gen_ai.usage.output_tokens": ("integer", "Tokens of the answer."),
}
_SERVER = {"column": "span.kind", "op": "=", "value": "server"}
_TAG = re.compile(r"[a-z][a-z0-9/-]{1,128}")
_HOURS_LEFT, _DAY_PERCENT = 4, 10


class RecipientSettings(Settings):
    """Who Honeycomb tells of a burning budget."""

    email: str | None = Field(
        default=None, pattern=EMAIL, description="E-mail address. Default: none.", examples=["oncall@acme.example"]
    )
    existing: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_-]{6,40}$",
        description="Id of a recipient made by hand, for PagerDuty, Slack and webhooks. Default: none.",
        examples=["nUqSuWAKGxu"],
    )
    teams: tuple[KebabName, ...] = Field(
        default=(), description="Teams whose services it is told of. Default: services of teams without a recipient."
    )


class HoneycombSettings(CollectorSettings):
    """Settings of `honeycomb`."""

    region: Literal["us", "eu"] | None = Field(
        default=None, description="Where Honeycomb keeps the data. Default: eu for environments in Europe, else us."
    )
    recipients: dict[KebabName, RecipientSettings] = Field(
        default_factory=dict,
        description="Who is told of a burning budget, by name. Default: nobody.",
        examples=[{"oncall": {"email": "oncall@acme.example"}}],
    )
    days: int = Field(default=30, ge=1, le=90, description="Days that an objective is counted over. Default: 30 days.")


class Honeycomb(OtelCollector):
    """A collector in the cluster that sends traces to Honeycomb, and there, for each service, an objective and a board.

    One environment of Honeycomb for each environment here. An objective is on spans of kind `server`: no error, and
    within the latency if one is given; Honeycomb tells of its budget when that is gone in 4 hours at this speed, or
    a tenth of it went in a day. Prompts and answers are dropped in the collector unless `content` is on. Metrics and
    logs go to Google by the Telemetry API.
    What a person does once: makes the environment and an ingest key in Honeycomb, and puts the key into the secret
    `<prefix>-honeycomb-api-key`; makes a configuration key with leave to manage boards, columns, datasets, recipients
    and SLOs. Whoever applies gives that one as HONEYCOMB_API_KEY.

    Provides: Tracing; `reach` opens both ends.
    Requires: Services, Compute, GitOps and Secrets; Monitoring, if it is there, watches the collector.
    Emits: the Helm release opentelemetry-collector; google_project_iam_member for its identity; honeycombio_dataset,
    honeycombio_column, honeycombio_derived_column, honeycombio_slo, honeycombio_burn_alert, honeycombio_query,
    honeycombio_query_annotation, honeycombio_flexible_board.
    Errors: spec/channel, contract/no-delivery, contract/no-host-rules.
    Source: provider honeycombio 0.51.0; Honeycomb's pages on OTLP, on regions and on derived columns; the chart's
    values, see otel_collector.py; read 2026-11.
    """

    name = "honeycomb"
    apis = GOOGLE_APIS
    Settings = HoneycombSettings
    settings: HoneycombSettings

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        for name, recipient in settings.recipients.items():
            if (recipient.email is None) == (recipient.existing is None):
                yield Fault(
                    "spec/channel",
                    f"recipient `{name}` is {'of two kinds' if recipient.email else 'of no kind'}",
                    ("recipients", name),
                    help="write either `email` or `existing`",
                )

    def build(self) -> None:
        self._services: dict[str, Dataset] = {}
        self.secret(SECRET, {KEY: "Ingest key of Honeycomb, by which the collector sends traces"}, NAMESPACE)
        super().build()
        HoneycombioProvider(
            self,
            "honeycombio",
            api_url=f"https://{self._host}",
            # Telemetry often comes first, and makes what is declared here.
            features=[{"dataset": [{"import_on_conflict": True}], "column": [{"import_on_conflict": True}]}],
        )

    def service(
        self, name: str, *, title: str = "", team: str = "", latency_ms: int | None = None, percent: float = 99.0
    ) -> None:
        """The dataset of a service, an objective on its requests, and a board."""
        if name in self._services:
            return
        dataset = self._services[name] = Dataset(
            self,
            record_id(name),
            name=name,
            description=f"Traces of {title or name}; the name is that of the service in its traces.",
            delete_protected=True,  # the API makes no environment without
        )
        columns = [
            Column(self, record_id(name, each), dataset=dataset.slug, name=each, type=kind, description=text)
            for each, (kind, text) in _COLUMNS.items()
        ]
        slo = self._objective(name, title or name, team, latency_ms, percent, dataset, columns)
        self._burn_alerts(name, team, slo)
        self._board(name, title or name, team, dataset, columns, slo)

    @property
    def _host(self) -> str:
        region = self.settings.region or ("eu" if self.environment.region.startswith("europe-") else "us")
        return HOSTS[region]

    def _hosts(self) -> Sequence[str]:
        return (self._host,)

    def _env(self) -> list[dict[str, Any]]:
        return [{"name": "HONEYCOMB_API_KEY", "valueFrom": {"secretKeyRef": {"name": SECRET, "key": KEY}}}]

    def _exporters(self) -> Mapping[str, Any]:
        exporter = {
            "endpoint": f"{self._host}:443",
            "compression": "gzip",
            "headers": {"x-honeycomb-team": "${env:HONEYCOMB_API_KEY}"},
            "sending_queue": {"enabled": True, "num_consumers": 8, "queue_size": 2000},
            "retry_on_failure": {"enabled": True, "max_elapsed_time": "300s"},
        }
        return {"otlp_grpc/honeycomb": exporter}

    def _tags(self, team: str) -> dict[str, str]:
        tags = {"environment": self.environment.name, "managedby": "planform", "team": team or self.place.team}
        return {key: value for key, value in tags.items() if _TAG.fullmatch(value)}

    def _objective(
        self,
        name: str,
        title: str,
        team: str,
        latency_ms: int | None,
        percent: float,
        dataset: Dataset,
        columns: Sequence[Column],
    ) -> Slo:
        good = "NOT(EQUALS($error, true))"
        within = "" if latency_ms is None else f" within {latency_ms} ms"
        if latency_ms is not None:
            good = f"AND({good}, LTE($duration_ms, {latency_ms}))"
        sli = DerivedColumn(
            self,
            record_id(name),
            alias="sli.requests",
            dataset=dataset.slug,
            description=f"Whether a request was answered without error{within}.",
            expression=f'IF(EQUALS($span.kind, "server"), {good})',
            depends_on=columns,
            lifecycle=Lifecycle(create_before_destroy=True),
        )
        return Slo(
            self,
            record_id(name),
            name=f"{title}: requests",
            description=f"{percent:g} percent of requests are answered without error{within}.",
            datasets=[dataset.slug],
            sli=sli.alias,
            target_percentage=percent,
            time_period=self.settings.days,
            tags=self._tags(team),
        )

    def _burn_alerts(self, name: str, team: str, slo: Slo) -> None:
        recipients = [*self._told(team)] or None
        BurnAlert(
            self,
            record_id(name, "fast"),
            slo_id=slo.id,
            alert_type="exhaustion_time",
            exhaustion_minutes=_HOURS_LEFT * 60,
            description=f"At this speed the budget of {name} is gone within {_HOURS_LEFT} hours.",
            recipient=recipients,
        )
        BurnAlert(
            self,
            record_id(name, "slow"),
            slo_id=slo.id,
            alert_type="budget_rate",
            budget_rate_window_minutes=24 * 60,
            budget_rate_decrease_percent=_DAY_PERCENT,
            description=f"{_DAY_PERCENT} percent of the budget of {name} went within a day.",
            recipient=recipients,
        )

    def _told(self, team: str) -> Iterable[dict[str, str]]:
        """Recipients of a team's services: its own, or else the platform's.

        They belong to Honeycomb's team and not to an environment, so an address is written where it is used.
        """
        settings = self.settings.recipients
        own = [each for each in settings.values() if team and team in each.teams]
        for each in own or [each for each in settings.values() if not each.teams]:
            yield {"type": "email", "target": each.email} if each.email else {"id": str(each.existing)}

    def _board(self, name: str, title: str, team: str, dataset: Dataset, columns: Sequence[Column], slo: Slo) -> None:
        panels: list[dict[str, Any]] = [
            {"type": "slo", "position": [_place(0)], "slo_panel": [{"slo_id": slo.id}]},
        ]
        for index, (noun, shown, asked) in enumerate(_QUERIES, start=1):
            query = Query(
                self,
                record_id(name, noun),
                dataset=dataset.slug,
                query_json=json.dumps({"time_range": 7200, **asked}, sort_keys=True),
                depends_on=columns,
            )
            note = QueryAnnotation(self, record_id(name, noun), dataset=dataset.slug, query_id=query.id, name=shown)
            panel = {"query_id": query.id, "query_annotation_id": note.id, "query_style": "graph"}
            panels.append({"type": "query", "position": [_place(index)], "query_panel": [panel]})
        FlexibleBoard(
            self,
            record_id(name),
            name=title,
            description=f"Objective, latency, errors and tokens of {title}.",
            tags=self._tags(team),
            panel=panels,
        )


def _place(index: int) -> dict[str, int]:
    return {"x_coordinate": 6 * (index % 2), "y_coordinate": 4 * (index // 2), "width": 6, "height": 4}


_QUERIES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        "latency",
        "Latency",
        {
            "calculations": [{"op": "HEATMAP", "column": "duration_ms"}, {"op": "P99", "column": "duration_ms"}],
            "filters": [_SERVER],
        },
    ),
    (
        "errors",
        "Errors",
        {
            "calculations": [{"op": "COUNT"}],
            "breakdowns": ["error"],
            "filters": [_SERVER],
        },
    ),
    (
        "tokens",
        "Tokens, by model",
        {
            "calculations": [
                {"op": "SUM", "column": "gen_ai.usage.input_tokens"},
                {"op": "SUM", "column": "gen_ai.usage.output_tokens"},
            ],
            "breakdowns": ["gen_ai.request.model"],
            "filters": [{"column": "gen_ai.request.model", "op": "exists"}],
        },
    ),
)
