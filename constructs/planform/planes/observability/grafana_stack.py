"""Grafana over managed Prometheus, with Loki for logs and Tempo for traces."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from planform.contracts.compute import Compute
from planform.contracts.identity import Identities
from planform.contracts.monitoring import Panel, Severity
from planform.contracts.object_store import ObjectStore
from planform.contracts.services import Services
from planform.kubernetes.record import KubernetesObject
from planform.kubernetes.writer import to_yaml
from planform.planes.cluster_component import ClusterComponent
from planform.planes.observability.day_one_monitoring import DayOneMonitoring, DayOneSettings
from planform.planes.observability.grafana_dashboard import grafana_dashboard
from planform.planes.observability.grafana_storage import (
    LOKI_PORT,
    TEMPO_GRPC,
    TEMPO_PORT,
    log_collector_values,
    loki_values,
    tempo_values,
)
from planform.planes.observability.notification_channels import EMAIL
from planform.planes.observability.prometheus_frontend import serve_prometheus
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import Days, KebabName

__all__ = ["GrafanaStack", "GrafanaStackSettings"]

NAMESPACE, LOGS_NAMESPACE = "grafana", "log-collector"
SECRET = "grafana"
HOST = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$"
METRICS = "grafana-metrics"
Url = Annotated[str, StringConstraints(pattern=r"^https://[a-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/-]*)?$")]


class OidcSettings(Settings):
    """Sign-in with the organisation's OpenID Connect provider; the client's secret is kept in the platform's store."""

    client_id: str = Field(pattern=r"^[A-Za-z0-9._-]{1,255}$", description="Id of the client.")
    auth_url: Url = Field(
        description="Where people sign in.", examples=["https://accounts.google.com/o/oauth2/v2/auth"]
    )
    token_url: Url = Field(description="Where codes become tokens.", examples=["https://oauth2.googleapis.com/token"])
    userinfo_url: Url = Field(
        description="Where a person's name is.", examples=["https://openidconnect.googleapis.com/v1/userinfo"]
    )


class SmtpSettings(Settings):
    """The mail server by which alerts go out; its password is kept in the platform's store."""

    host: str = Field(pattern=HOST, description="Host name.", examples=["smtp.acme.example"])
    port: int = Field(default=587, ge=1, le=65_535, description="Port, with STARTTLS. Default: 587.")
    user: str = Field(pattern=r"^[A-Za-z0-9@._+-]{1,255}$", description="User name.")
    sender: str = Field(pattern=EMAIL, description="Address that alerts come from.")


class ContactSettings(Settings):
    """Addresses that alerts go to."""

    emails: tuple[Annotated[str, StringConstraints(pattern=EMAIL)], ...] = Field(
        min_length=1, description="E-mail addresses.", examples=[["oncall@acme.example"]]
    )
    teams: tuple[KebabName, ...] = Field(
        default=(), description="Teams whose alerts go here. Default: alerts that no other contact takes."
    )


class GrafanaStackSettings(DayOneSettings):
    """Settings of `grafana-stack`."""

    host: str | None = Field(
        default=None,
        pattern=HOST,
        description="Host name that people reach it by, for links and sign-in. Default: none; by port forwarding.",
        examples=["grafana.acme.example"],
    )
    oidc: OidcSettings | None = Field(default=None, description="Sign-in. Default: only the administrator signs in.")
    smtp: SmtpSettings | None = Field(default=None, description="Mail server. Default: none; alerts are only shown.")
    contacts: dict[KebabName, ContactSettings] = Field(
        default_factory=dict, description="Who is told of alerts, by name. Default: nobody."
    )
    logs: bool = Field(default=True, description="Loki, and a collector on each node that fills it. Default: on.")
    traces: bool = Field(
        default=True, description="Tempo; the collector of `tracing` sends to it with `tempo: true`. Default: on."
    )
    retention_days: Days = Field(default=30, description="Days for which logs and traces are kept. Default: 30 days.")


class GrafanaStack(DayOneMonitoring, ClusterComponent):
    """Grafana in the cluster: metrics in managed Prometheus, logs in Loki, traces in Tempo, both in buckets.

    Metrics are scraped as with `cloud-monitoring` and read through the frontend of managed Prometheus. Dashboards and
    alerts are ConfigMaps, which Grafana reads as they change; Grafana itself keeps nothing but people's own changes,
    on a disk. Loki and Tempo are one process each. (The chart of a distributed Tempo would need Kafka since 3.0.)
    What a person does once: puts an administrator's name and password into `<prefix>-grafana-admin-user` and
    `<prefix>-grafana-admin-password`, with `oidc` the client's secret into `<prefix>-grafana-oidc-client-secret`, with
    `smtp` the password into `<prefix>-grafana-smtp-password`; publishes the service `grafana` at `host`.

    Provides: Monitoring.
    Requires: Services, Identities, ObjectStore, Compute, GitOps and Secrets; Database and BatchQueue, for day one.
    Emits: the Helm releases grafana, loki, tempo and opentelemetry-collector; the frontend; ConfigMap and PodMonitoring
    objects; google_service_account_iam_member. With `contacts` a notification policy.
    Errors: contract/alert-minutes, contract/objective, contract/query, contract/no-delivery, spec/unused-setting.
    Source: charts of grafana-community: grafana 12.11.1 (Grafana 13.2.0), see grafana_storage.py for the others;
    Grafana's pages on provisioning of dashboards and alerts, read 2026-11.
    """

    name = "grafana-stack"
    apis = ("monitoring.googleapis.com",)
    Settings = GrafanaStackSettings
    settings: GrafanaStackSettings
    services: Services
    identity: Identities
    object_store: ObjectStore
    compute: Compute

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        if settings.contacts and settings.smtp is None:
            yield Fault(
                "spec/unused-setting",
                "`contacts` says nothing where no mail server is",
                ("contacts",),
                help="add smtp, or delete this",
            )

    def build(self) -> None:
        self._space()
        metrics = self.identity.service_account(
            METRICS, roles=("roles/monitoring.viewer",), purpose="Grafana reads metrics"
        )
        account = self.service_account(NAMESPACE, METRICS, metrics)
        sources = [_source("Prometheus", "prometheus", serve_prometheus(self, NAMESPACE, account, self.replicas))]
        sources += [self._loki()] if self.settings.logs else []
        sources += [self._tempo()] if self.settings.traces else []
        self._grafana(sources)
        if self.settings.contacts:
            self._contacts()
        self.scrape("grafana", namespace=NAMESPACE, scope=self, pods=_PODS, port=3000)
        if self.settings.day_one:
            self._day_one()

    def _space(self) -> None:
        oidc, smtp = self.settings.oidc, self.settings.smtp
        urls = (oidc.auth_url, oidc.token_url, oidc.userinfo_url) if oidc else ()
        hosts = {url.split("/")[2].partition(":")[0] for url in urls} | ({smtp.host} if smtp else set())
        ports = (443, smtp.port) if smtp else (443,)
        senders = {LOGS_NAMESPACE: [LOKI_PORT]} if self.settings.logs else {}
        self.application_namespace(NAMESPACE, hosts=sorted(hosts), ports=ports, open_to=senders)
        keys = {"admin-user": "Administrator of Grafana: name", "admin-password": "Administrator of Grafana: password"}
        keys |= {"oidc-client-secret": "Secret of Grafana's OpenID Connect client"} if oidc else {}
        keys |= {"smtp-password": "Password of the mail server, for alerts"} if smtp else {}
        self.secret(SECRET, keys, NAMESPACE)
        if self.settings.traces and self.network_policy is not None:
            self.network_policy.allow_ingress(
                NAMESPACE, "traces", scope=self, pods=_TEMPO_PODS, namespaces=["otel"], ports=[TEMPO_GRPC]
            )

    def _loki(self) -> dict[str, Any]:
        identity = self.identity.service_account("grafana-loki", purpose="Loki keeps logs in its bucket")
        bucket = self.object_store.bucket("loki", writers=[str(identity.member)])
        self.service_account(NAMESPACE, "loki", identity, make=False)
        days = self.settings.retention_days
        self.chart("loki", NAMESPACE, loki_values(str(bucket.name), str(identity.email), days, self.labels))
        # It reads files of the node, which ordinary namespaces may not.
        self.gitops.namespace(LOGS_NAMESPACE, labels={"pod-security.kubernetes.io/enforce": "privileged"})
        self.operator_namespace(LOGS_NAMESPACE)
        address = f"http://loki.{NAMESPACE}.svc:{LOKI_PORT}"
        values = log_collector_values(f"{address}/otlp", self.labels, self.image_parts("otel-collector-contrib"))
        self.chart("opentelemetry-collector", LOGS_NAMESPACE, values, release=LOGS_NAMESPACE)
        return _source("Loki", "loki", address)

    def _tempo(self) -> dict[str, Any]:
        identity = self.identity.service_account("grafana-tempo", purpose="Tempo keeps traces in its bucket")
        bucket = self.object_store.bucket("tempo", writers=[str(identity.member)])
        self.service_account(NAMESPACE, "tempo", identity, make=False)
        days = self.settings.retention_days
        self.chart("tempo", NAMESPACE, tempo_values(str(bucket.name), str(identity.email), days, self.labels))
        return _source("Tempo", "tempo", f"http://tempo.{NAMESPACE}.svc:{TEMPO_PORT}")

    def _grafana(self, sources: Sequence[dict[str, Any]]) -> None:
        folder = {"enabled": True, "searchNamespace": NAMESPACE, "resource": "configmap", "labelValue": "1"}
        values = {
            "replicas": 1,
            "rbac": {"namespaced": True},
            "serviceAccount": {"create": True, "name": "grafana"},
            "podLabels": self.labels,
            "deploymentStrategy": {"type": "Recreate"},  # its disk can be with one pod only
            "admin": {"existingSecret": SECRET, "userKey": "admin-user", "passwordKey": "admin-password"},
            "persistence": {"enabled": True, "size": "10Gi"},
            "initChownData": {"enabled": False},
            "testFramework": {"enabled": False},
            "resources": {"requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"memory": "1Gi"}},
            "grafana.ini": self._ini(),
            "envValueFrom": self._env(),
            "datasources": {"datasources.yaml": {"apiVersion": 1, "datasources": list(sources)}},
            "sidecar": {"dashboards": dict(folder), "alerts": dict(folder)},
        }
        self.chart("grafana", NAMESPACE, values)

    def _ini(self) -> dict[str, Any]:
        oidc, smtp, host = self.settings.oidc, self.settings.smtp, self.settings.host
        ini: dict[str, Any] = {
            "analytics": {"check_for_updates": False, "reporting_enabled": False},
            "auth.anonymous": {"enabled": False},
            "metrics": {"enabled": True},
            "users": {"allow_sign_up": False},
        }
        if host is not None:
            ini["server"] = {"domain": host, "root_url": f"https://{host}/"}
        if oidc is not None:
            ini["auth.generic_oauth"] = {
                "enabled": True,
                "name": "Single sign-on",
                "client_id": oidc.client_id,
                "scopes": "openid email profile",
                "auth_url": oidc.auth_url,
                "token_url": oidc.token_url,
                "api_url": oidc.userinfo_url,
                "use_pkce": True,
                "allow_sign_up": True,
            }
        if smtp is not None:
            address = f"{smtp.host}:{smtp.port}"
            ini["smtp"] = {"enabled": True, "host": address, "user": smtp.user, "from_address": smtp.sender}
        return ini

    def _env(self) -> dict[str, Any]:
        keys = {"GF_AUTH_GENERIC_OAUTH_CLIENT_SECRET": "oidc-client-secret"} if self.settings.oidc else {}
        keys |= {"GF_SMTP_PASSWORD": "smtp-password"} if self.settings.smtp else {}
        return {name: {"secretKeyRef": {"name": SECRET, "key": key}} for name, key in keys.items()}

    def _contacts(self) -> None:
        points, routes = [], []
        contacts = sorted(self.settings.contacts.items())
        for name, contact in contacts:
            mail = {"uid": name, "type": "email", "settings": {"addresses": ";".join(contact.emails)}}
            points.append({"orgId": 1, "name": name, "receivers": [mail]})
            routes += [{"receiver": name, "object_matchers": [["team", "=", team]]} for team in contact.teams]
        first = next((name for name, contact in contacts if not contact.teams), "")
        policy = {"orgId": 1, "receiver": first or points[0]["name"], "group_by": ["alertname"], "routes": routes}
        self._provisioned("contacts", {"apiVersion": 1, "contactPoints": points, "policies": [policy]})

    def _dashboard(self, name: str, title: str, panels: Sequence[Panel], team: str) -> None:
        shown = grafana_dashboard(name, title, panels, (self.environment.prefix, team), source="prometheus")
        text = json.dumps(shown, ensure_ascii=False, sort_keys=True)
        self._config_map(f"dashboard-{name}", "grafana_dashboard", {f"{name}.json": text})

    def _alert(
        self, name: str, title: str, query: str, minutes: int, severity: Severity, team: str, runbook: str
    ) -> None:
        rule = {
            "uid": name,
            "title": title,
            "condition": "A",
            "for": f"{minutes}m",
            "noDataState": "OK",
            "execErrState": "Error",
            "labels": {"severity": severity, **({"team": team} if team else {})},
            "annotations": {"summary": title, **({_link(runbook): runbook} if runbook else {})},
            "data": [
                {
                    "refId": "A",
                    "datasourceUid": "prometheus",
                    "relativeTimeRange": {"from": 600, "to": 0},
                    # A value of 0 would not alert, so whatever the comparison leaves becomes 1.
                    "model": {"refId": "A", "expr": f"0 * ({query}) + 1", "instant": True},
                }
            ],
        }
        group = {"orgId": 1, "name": name, "folder": self.environment.platform, "interval": "1m", "rules": [rule]}
        self._provisioned(name, {"apiVersion": 1, "groups": [group]})

    def _provisioned(self, name: str, content: dict[str, Any]) -> None:
        self._config_map(f"alert-{name}", "grafana_alert", {f"{name}.yaml": to_yaml(content)})

    def _config_map(self, name: str, label: str, data: dict[str, str]) -> None:
        labels = {**self.labels, label: "1"}
        KubernetesObject(self, "v1", "ConfigMap", name, namespace=NAMESPACE, labels=labels, data=data)


_PODS = {"app.kubernetes.io/name": "grafana", "app.kubernetes.io/instance": "grafana"}
_TEMPO_PODS = {"app.kubernetes.io/name": "tempo", "app.kubernetes.io/instance": "tempo"}


def _link(runbook: str) -> str:
    return "runbook_url" if re.match(r"https?://", runbook) else "description"


def _source(name: str, kind: str, url: str) -> dict[str, Any]:
    return {
        "name": name,
        "uid": kind,
        "type": kind,
        "access": "proxy",
        "url": url,
        "isDefault": kind == "prometheus",
        "editable": False,
    }
