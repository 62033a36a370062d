"""Phoenix, the self-hosted tool of Arize's: traces of language models, evaluations, datasets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import Field

from planform.contracts.database import Database
from planform.contracts.identity import Identities
from planform.contracts.model_observability import ModelKind, ModelMonitor, ModelMonitorRef, ModelObservability
from planform.contracts.monitoring import Monitoring, Panel
from planform.contracts.secrets import Secrets
from planform.contracts.services import Services
from planform.files import File
from planform.planes.cluster_component import ClusterComponent
from planform.planes.cluster_traffic import let_reach
from planform.planes.database_proxy import (
    METRICS_PORT,
    PORT,
    PRIVATE_RANGES,
    database_port,
    database_proxy,
    database_uri,
)
from planform.planes.iap_front import API as IAP
from planform.planes.iap_front import IapFront, make_front
from planform.planes.observability.model_monitors import ModelName, WatchedModel, monitor_faults, refuse_model
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import Days

__all__ = ["Phoenix", "PhoenixSettings"]

CHART = "phoenix-helm"
NAMESPACE = "phoenix"
SERVICE, PROXY = "phoenix-svc", "phoenix-database"
HTTP, GRPC, METRICS = 6006, 4317, 9090
PODS = {"app": "phoenix"}
PROXY_PODS = {"app.kubernetes.io/name": PROXY}
SECRET = "phoenix"
KEYS = {
    "PHOENIX_SECRET": ("phoenix-signing-key", "Signs Phoenix' tokens: 32 characters or more with a digit"),
    "PHOENIX_ADMIN_SECRET": ("phoenix-admin-key", "Key of jobs that administer Phoenix: 32 characters or more"),
    "PHOENIX_DEFAULT_ADMIN_INITIAL_PASSWORD": ("phoenix-admin-password", "First password of admin@localhost"),
}
CLIENT_SECRET = "PHOENIX_OAUTH2_GOOGLE_CLIENT_SECRET"
GOOGLE_HOSTS = ("accounts.google.com", "oauth2.googleapis.com", "openidconnect.googleapis.com", "www.googleapis.com")
EVALUATORS: dict[ModelMonitor, dict[str, Any]] = {
    "drift": {"compare": "population_stability_index", "of": "output", "window_hours": 24, "limit": 0.2},
    "performance": {"annotation": "correctness", "statistic": "mean", "window_hours": 24},
    "data_quality": {"statistic": "share_empty", "of": "output", "window_hours": 24, "limit": 0.05},
    "hallucination": {"evaluator": "hallucination", "annotation": "hallucination", "window_hours": 24, "limit": 0.1},
}


class PhoenixSettings(Settings):
    """Settings of `phoenix`."""

    keep_days: Days = Field(default=30, description="Days after which traces go. Default: 30.")
    storage_gib: int = Field(
        default=20,
        ge=1,
        le=10_000,
        description="Share of the database's disk that it may fill, in GiB; then it takes no more. Default: 20.",
        json_schema_extra={"unit": "GiB"},
    )
    memory_gib: int = Field(
        default=2,
        ge=1,
        le=64,
        description="Memory that the server may use, in GiB. Default: 2.",
        json_schema_extra={"unit": "GiB"},
    )
    google_client_id: str | None = Field(
        default=None,
        pattern=r"^[0-9]+-[a-z0-9]+\.apps\.googleusercontent\.com$",
        description="OAuth client by which people sign in with Google; its secret goes into the secret"
        " `phoenix-google-client`. Default: none; people have passwords.",
        examples=["111111111111-abc123.apps.googleusercontent.com"],
    )
    front: IapFront | None = Field(
        default=None,
        description="Where people open it, behind Identity-Aware Proxy. Default: nowhere; pods reach it, and people by"
        " port forwarding.",
    )
    models: dict[ModelName, WatchedModel] = Field(
        default_factory=dict,
        description="Models to watch that no component serves. Default: those that components ask for.",
    )


class Phoenix(ClusterComponent):
    """Phoenix 20.3 in the namespace `phoenix`, its tables in the platform's database, signed in to by IAM.

    The chart has no place for an auth proxy beside the server, so the proxy is a Deployment of its own, which Phoenix'
    pods alone reach. Everyone signs in, and traces are taken with a key only. Nothing is sent to the vendor.
    Phoenix keeps traces and evaluations; it runs no monitors by itself. What is asked for is written to
    `evaluations/<model>.json`, the configuration of an evaluation job of the team's.
    What a person does: put values into the secrets `phoenix-signing-key`, `phoenix-admin-key` and
    `phoenix-admin-password`; make a system key in Phoenix for each team, and put `Bearer <key>` into the secret
    `phoenix-<team>-authorization`. Elastic License 2.0: not to be offered to others as a service.
    The server holds its queue in memory; one runs, and a second would share the work, not the queue.

    Provides: ModelObservability; the endpoint takes OTLP by HTTP, gRPC is at port 4317 of the same host.
    Requires: Compute, Database, GitOps, Identities, Secrets, Services; NetworkPolicies, Policies and Monitoring, where
    they are there; for sign-in with Google, network policies that know host names.
    Emits: the Helm release phoenix-helm; Deployment, Service, ServiceAccount, NetworkPolicy and ExternalSecret objects;
    google_service_account_iam_member and the right to read its secrets; with `front` an HTTPRoute with its policies.
    Errors: contract/bad-name, contract/no-delivery, contract/no-host-rules, contract/other-monitor, spec/model-monitor.
    Source: values and templates of the chart phoenix-helm 12.0.4 (Phoenix 20.3.0), read 2026-11.
    """

    name = "phoenix"
    capability = "model_observability"
    provides = ModelObservability
    Settings = PhoenixSettings
    settings: PhoenixSettings
    services: Services
    database: Database
    identity: Identities
    secrets: Secrets
    monitoring: Monitoring | None

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        yield from monitor_faults(settings.models.items())

    def build(self) -> None:
        self._files: dict[str, File] = {}
        self._namespaces: set[str] = set()
        self._identity = self.identity.service_account("phoenix", purpose="Phoenix")
        self._tables = self.database.database("phoenix", users=[self._identity])
        self._connection = str(self._tables.connection_name)
        hosts = GOOGLE_HOSTS if self.settings.google_client_id else ()
        self.application_namespace(NAMESPACE, hosts=hosts)
        self._deliver_keys()
        self._proxy()
        self.chart(CHART, NAMESPACE, self._values(), release="phoenix")
        if self.settings.front:
            self._open(self.settings.front)
        self._watch()
        for name, wanted in self.settings.models.items():
            self._evaluate(name, wanted.kind, wanted.team, wanted.monitors)

    def model(
        self,
        name: str,
        *,
        kind: ModelKind,
        team: str,
        namespace: str,
        scope: object,
        monitors: Sequence[ModelMonitor] = ("drift", "performance"),
    ) -> ModelMonitorRef:
        """Let the pods of a model's namespace send, with their team's key."""
        refuse_model(self, name, kind, monitors)
        self._evaluate(name, kind, team, monitors)
        if namespace not in self._namespaces:
            self._namespaces.add(namespace)
            let_reach(
                self,
                self.network_policy,
                source=namespace,
                target=NAMESPACE,
                pods=PODS,
                ports=[HTTP, GRPC],
                scope=scope,
            )
            key = self.secrets.secret(f"phoenix-{team}-authorization", purpose=f"`Bearer` and a key of team {team}")
            self.secrets.deliver(
                SECRET, {"authorization": key}, namespace=namespace, cluster=self.compute.cluster(), scope=scope
            )
        headers = (("authorization", "authorization"),)
        return ModelMonitorRef(f"http://{SERVICE}.{NAMESPACE}.svc:{HTTP}", name, self._url, SECRET, headers)

    @property
    def _url(self) -> str:
        front = self.settings.front
        return f"https://{front.host}" if front else f"http://{SERVICE}.{NAMESPACE}.svc:{HTTP}"

    def _deliver_keys(self) -> None:
        keys = dict(KEYS)
        if self.settings.google_client_id:
            keys[CLIENT_SECRET] = ("phoenix-google-client", "Secret of the OAuth client of Google")
        held = {key: self.secrets.secret(name, purpose=purpose) for key, (name, purpose) in keys.items()}
        self._keys = tuple(keys)
        self.secrets.deliver(SECRET, held, namespace=NAMESPACE, cluster=self.compute.cluster(), scope=self)

    def _proxy(self) -> None:
        self.service_account(NAMESPACE, PROXY, self._identity)
        container = database_proxy(self, self._connection, sidecar=False, address="0.0.0.0")
        container["ports"] = [{"name": "postgres", "containerPort": PORT}, *container["ports"]]
        container["readinessProbe"] = {"httpGet": {"path": "/readiness", "port": METRICS_PORT}}
        pod = {
            "serviceAccountName": PROXY,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [container],
        }
        template = {"metadata": {"labels": {**self.labels, **PROXY_PODS}}, "spec": pod}
        selector = {"matchLabels": PROXY_PODS}
        spec = {"replicas": self.replicas, "selector": selector, "template": template}
        self.object("apps/v1", "Deployment", PROXY, NAMESPACE, spec=spec)
        ports = [{"name": "postgres", "port": PORT, "targetPort": PORT}]
        self.object("v1", "Service", PROXY, NAMESPACE, spec={"selector": PROXY_PODS, "ports": ports})
        if self.replicas > 1:
            budget = {"minAvailable": 1, "selector": selector}
            self.object("policy/v1", "PodDisruptionBudget", PROXY, NAMESPACE, spec=budget)
        if self.network_policy is not None:
            self.network_policy.allow_egress(
                NAMESPACE,
                "database",
                scope=self,
                pods=PROXY_PODS,
                cidrs=PRIVATE_RANGES,
                ports=(database_port(self._connection),),
            )

    def _values(self) -> dict[str, Any]:
        settings, front = self.settings, self.settings.front
        uri = database_uri(self._tables, self._identity.database_user, host=PROXY)
        values: dict[str, Any] = {
            "replicaCount": 1,
            "deployment": {"podLabels": self.labels},
            "postgresql": {"enabled": False},
            "persistence": {"enabled": False},
            "ingress": {"enabled": False},
            "service": {"type": "ClusterIP"},
            # The chart takes an address only beside this host, which is then not used.
            "database": {
                "url": uri,
                "postgres": {"host": "phoenix-postgresql"},
                "defaultRetentionPolicyDays": settings.keep_days,
                "allocatedStorageGiB": settings.storage_gib,
            },
            "auth": {
                "enableAuth": True,
                "enableStrongPasswordPolicy": True,
                "useSecureCookies": front is not None,
                "createSecret": False,
                "name": SECRET,
                "secret": [{"key": key} for key in self._keys],
                "csrfTrustedOrigins": [self._url] if front else None,
                "oauth2": self._google(),
                "oauth2AuthorizationServer": {"enabled": False},
            },
            "server": {
                "enablePrometheus": True,
                "telemetryEnabled": False,
                "allowExternalResources": False,
                "enableMcpServer": False,
                "rootUrl": self._url if front else None,
            },
            "securityContext": {"pod": {"enabled": True}, "container": {"enabled": True}},
            "resources": {
                "requests": {"cpu": "500m", "memory": f"{settings.memory_gib}Gi"},
                "limits": {"cpu": "2", "memory": f"{settings.memory_gib}Gi"},
            },
        }
        return values

    def _google(self) -> dict[str, Any] | None:
        if not self.settings.google_client_id:
            return None
        provider = {
            "client_id": self.settings.google_client_id,
            "oidc_config_url": "https://accounts.google.com/.well-known/openid-configuration",
            "display_name": "Google",
            "allow_sign_up": True,
        }
        return {"enabled": True, "providers": {"google": provider}}

    def _open(self, front: IapFront) -> None:
        self.services.enable(IAP)
        make_front(
            self,
            front,
            namespace=NAMESPACE,
            service=SERVICE,
            port=HTTP,
            pods=PODS,
            container_port=HTTP,
            health="/healthz",
        )

    def _evaluate(self, name: str, kind: ModelKind, team: str, monitors: Sequence[ModelMonitor]) -> None:
        """Write what to evaluate of a model; what a later ask says counts."""
        document = {
            "project": name,
            "kind": kind,
            "team": team,
            "monitors": {monitor: EVALUATORS[monitor] for monitor in dict.fromkeys(monitors)},
        }
        text = json.dumps(document, indent=2) + "\n"
        if name in self._files:
            self._files[name].write(text)
        else:
            self._files[name] = File(self, f"evaluations/{name}.json", text)

    def _watch(self) -> None:
        if self.monitoring is None:
            return
        self.monitoring.scrape("phoenix", namespace=NAMESPACE, scope=self, pods=PODS, port=METRICS)
        rejected = "sum(rate(phoenix_span_queue_rejections_total[5m]))"
        insertion = "sum by (le) (rate(phoenix_bulk_loader_span_insertion_time_seconds_bucket[5m]))"
        self.monitoring.dashboard(
            "phoenix",
            title="Phoenix",
            panels=[
                Panel("Spans waiting", "max(phoenix_span_queue_size)"),
                Panel("Spans refused a second", rejected),
                Panel("Insertion, 95th percentile", f"histogram_quantile(0.95, {insertion})", "s"),
                Panel("Disk used", "max(database_disk_usage_bytes)", "By"),
            ],
        )
        self.monitoring.alert(
            "phoenix-refuses",
            title="Phoenix refuses traces",
            query=f"{rejected} > 0 or max(database_insertions_blocked) > 0",
            minutes=10,
            runbook="Its queue is full, or its share of the disk: raise `memory_gib` or `storage_gib`, or lower"
            " `keep_days` of the slot `model_observability`.",
        )
