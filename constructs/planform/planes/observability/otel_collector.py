"""The OpenTelemetry collector in the cluster, whoever it sends to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from planform.contracts.monitoring import Monitoring, Panel
from planform.contracts.services import Services
from planform.contracts.tracing import OtlpEndpoint, Tracing
from planform.kubernetes.record import HelmRelease
from planform.planes.cluster_component import ClusterComponent
from planform.planes.record_ids import record_id
from planform.spec.settings import Settings
from planform.spec.units import Cidr
from planform.terraform.google import ProjectIamMember

__all__ = ["GOOGLE_APIS", "NAMESPACE", "PODS", "SPAN_METRICS", "CollectorSettings", "OtelCollector", "SamplingSettings"]

CHART = "opentelemetry-collector"
NAMESPACE, TEMPO_NAMESPACE = "otel", "grafana"
RELEASE = "otel-collector"
GRPC, HTTP, OWN_METRICS, SPAN_METRICS = 4317, 4318, 8888, 8889
PODS = {"app.kubernetes.io/name": CHART, "app.kubernetes.io/instance": RELEASE}
IMAGE = "otel-collector-contrib"
GOOGLE = "otlp_http/google"
"""The exporter of metrics and logs, and of traces where nobody else takes them."""
GOOGLE_APIS = ("logging.googleapis.com", "monitoring.googleapis.com", "telemetry.googleapis.com")
GOOGLE_ROLES = ("roles/serviceusage.serviceUsageConsumer", "roles/telemetry.writer")
CONTENT = (
    r"^(gen_ai\.(input|output)\.messages|gen_ai\.(prompt|completion|system_instructions|tool\..*)|input\.value"
    r"|output\.value|llm\.(input_messages|output_messages|prompts|completions).*|retrieval\.documents.*)"
)
"""Attributes that hold what people wrote to a model and what it answered: OpenTelemetry's names and OpenInference's."""
HEALTH = "^/(v2/health|healthz|livez|readyz|metrics).*"


class SamplingSettings(Settings):
    """Which traces are kept."""

    percent: float = Field(
        default=100, gt=0, le=100, description="Share of traces that are kept. Default: 100 percent."
    )
    errors: bool = Field(
        default=False,
        description="Keep every trace with an error whatever the share. Traces are then held together for 10 seconds"
        " in one collector, which is not scaled out. Default: off.",
    )
    slower_than_ms: int | None = Field(
        default=None,
        ge=1,
        description="Keep every trace that took longer, in milliseconds; one collector, as with `errors`."
        " Default: off.",
    )

    @property
    def whole(self) -> bool:
        """Whether a decision needs the whole trace."""
        return self.errors or self.slower_than_ms is not None


class CollectorSettings(Settings):
    """Settings of every collector."""

    sampling: SamplingSettings = Field(
        default_factory=SamplingSettings, description="Which traces are kept. Default: all."
    )
    content: bool = Field(
        default=False,
        description="Send what is written to models and what they answer along with traces. Default: off, it is"
        " dropped in the collector.",
    )
    max_replicas: int = Field(
        default=10, ge=1, le=100, description="Collectors that there are at most, 1 to 100. Default: 10."
    )
    tempo: bool = Field(default=False, description="Also send traces to the Tempo of `grafana-stack`. Default: off.")
    api_server_cidrs: tuple[Cidr, ...] = Field(
        default=(),
        description="Addresses of the cluster's control plane, which the collector asks for the names of pods."
        " Needed where network policies know addresses only. Default: none; `cilium` lets every pod ask.",
    )


class OtelCollector(ClusterComponent):
    """The base of the components that fill `tracing` with a collector of the platform's own.

    OTLP in; traces to wherever the subclass says; metrics and logs to Google's Telemetry API, with the collector's
    own Kubernetes identity and without a key.
    Source: chart opentelemetry-collector 0.170.0 (collector 0.158.0, its values and values.schema.json), contrib
    distribution; the Telemetry API's page on roles; read 2026-11.
    """

    capability = "tracing"
    provides = Tracing
    services: Services
    monitoring: Monitoring | None

    @property
    def collecting(self) -> CollectorSettings:
        """The settings that all collectors share."""
        assert isinstance(self.settings, CollectorSettings)
        return self.settings

    def build(self) -> None:
        self._reached: set[str] = set()
        self.application_namespace(NAMESPACE, hosts=self._hosts())
        if self.network_policy is not None and self.collecting.api_server_cidrs:
            self.network_policy.allow_egress(
                NAMESPACE, "api-server", scope=self, pods=PODS, cidrs=self.collecting.api_server_cidrs
            )
        if self.network_policy is not None and self.collecting.tempo:
            self.network_policy.allow_egress(
                NAMESPACE, "tempo", scope=self, pods=PODS, namespaces=[TEMPO_NAMESPACE], ports=[GRPC]
            )
        self._google()
        self._release = self._install()
        if self.monitoring is not None:
            self._watch(self.monitoring)

    def collector(self) -> OtlpEndpoint:
        """The collector's service."""
        return OtlpEndpoint(f"{RELEASE}.{NAMESPACE}.svc.cluster.local", GRPC, HTTP, NAMESPACE)

    def reach(self, namespace: str, *, scope: object) -> None:
        """Leave on both sides, for all pods of a namespace."""
        if self.network_policy is None or namespace in self._reached:
            return
        self._reached.add(namespace)
        place = self.within(scope)
        ports = (GRPC, HTTP)
        self.network_policy.allow_egress(namespace, "traces", scope=place, pods={}, namespaces=[NAMESPACE], ports=ports)
        self.network_policy.allow_ingress(
            NAMESPACE, f"from-{namespace}", scope=self, pods=PODS, namespaces=[namespace], ports=ports
        )

    def _exporters(self) -> Mapping[str, Any]:
        """Where traces go instead of Google, by the exporter's name."""
        return {}

    def _hosts(self) -> Sequence[str]:
        """Hosts outside of Google that the collector sends to."""
        return ()

    def _env(self) -> list[dict[str, Any]]:
        """Environment variables of the collector, secrets by reference."""
        return []

    def _connectors(self) -> Mapping[str, Any]:
        """What makes metrics of traces."""
        return {}

    def _google(self) -> None:
        member = self.environment.kubernetes_principal(NAMESPACE, RELEASE)
        for role in GOOGLE_ROLES:
            ProjectIamMember(
                self,
                record_id(RELEASE, role.removeprefix("roles/")),
                project=self.environment.project,
                role=role,
                member=member,
            )

    def _install(self) -> HelmRelease:
        whole = self.collecting.sampling.whole
        replicas = 1 if whole else self.replicas
        repository, version = self.image_parts(IMAGE)
        values: dict[str, Any] = {
            "fullnameOverride": RELEASE,
            "mode": "deployment",
            "replicaCount": replicas,
            "image": {"repository": repository, "tag": version},
            "serviceAccount": {"create": True, "name": RELEASE},
            "presets": {"kubernetesAttributes": {"enabled": True}},
            "additionalLabels": self.labels,
            "podLabels": self.labels,
            "resources": {"requests": {"cpu": "250m", "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
            "podSecurityContext": {
                "runAsNonRoot": True,
                "runAsUser": 10001,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            },
            "topologySpreadConstraints": [_SPREAD],
            "extraEnvs": [{"name": "GOOGLE_CLOUD_PROJECT", "value": self.environment.project}, *self._env()],
            "ports": {
                **{name: {"enabled": False} for name in ("jaeger-compact", "jaeger-thrift", "jaeger-grpc", "zipkin")},
                "metrics": {"enabled": True},
                **self._ports(),
            },
            "config": self._config(),
        }
        if not whole and self.collecting.max_replicas > replicas:
            values["autoscaling"] = {
                "enabled": True,
                "minReplicas": replicas,
                "maxReplicas": self.collecting.max_replicas,
                "targetCPUUtilizationPercentage": 70,
            }
        if replicas > 1:
            values["podDisruptionBudget"] = {"enabled": True, "minAvailable": 1}
        return self.chart(CHART, NAMESPACE, values, release=RELEASE)

    def _ports(self) -> Mapping[str, Any]:
        if not self._connectors():
            return {}
        port = {"enabled": True, "containerPort": SPAN_METRICS, "servicePort": SPAN_METRICS, "protocol": "TCP"}
        return {"span-metrics": port}

    def _config(self) -> dict[str, Any]:
        exporters, connectors = self._senders(), dict(self._connectors())
        counted = {"prometheus": {"endpoint": _own(SPAN_METRICS)}} if connectors else {}
        return {
            "extensions": {"googleclientauth": {}},
            # The chart's examples of other receivers stay unused: no pipeline names them.
            "receivers": {"otlp": _OTLP},
            "processors": self._processors(),
            "connectors": connectors or None,
            "exporters": {GOOGLE: _GOOGLE, **exporters, **counted},
            "service": {
                "extensions": ["health_check", "googleclientauth"],
                "telemetry": {"metrics": {"readers": [{"pull": {"exporter": {"prometheus": _PROMETHEUS}}}]}},
                "pipelines": self._pipelines(list(exporters), list(connectors)),
            },
        }

    def _senders(self) -> dict[str, Any]:
        """Where traces go, by the exporter's name."""
        tempo = {"endpoint": f"tempo.{TEMPO_NAMESPACE}.svc:{GRPC}", "tls": {"insecure": True}}
        others = {"otlp_grpc/tempo": tempo} if self.collecting.tempo else {}
        return {**(self._exporters() or {GOOGLE: _GOOGLE}), **others}

    def _pipelines(self, exporters: Sequence[str], connectors: Sequence[str]) -> dict[str, Any]:
        before = ["memory_limiter", "k8s_attributes", "resourcedetection", "resource/gcp_project"]
        safe = [] if self.collecting.content else ["transform/no-content"]
        sampled = _sampler(self.collecting.sampling)
        clean = [*before, "filter/health", *safe]
        pipelines = {
            "traces": {"receivers": ["otlp"], "processors": [*clean, *sampled, "batch"], "exporters": [*exporters]},
            "metrics": {"receivers": ["otlp"], "processors": [*before, "batch"], "exporters": [GOOGLE]},
            "logs": {
                "receivers": ["otlp"],
                "processors": [*before, *safe, "batch"],
                "exporters": [GOOGLE],
            },
        }
        if connectors:
            # Counted before sampling, so that the numbers are of all requests.
            pipelines["traces/counted"] = {"receivers": ["otlp"], "processors": clean, "exporters": [*connectors]}
            pipelines["metrics/spans"] = {
                "receivers": [*connectors],
                "processors": ["memory_limiter", "batch"],
                "exporters": ["prometheus"],
            }
        return pipelines

    def _processors(self) -> dict[str, Any]:
        project = {"key": "gcp.project_id", "value": "${env:GOOGLE_CLOUD_PROJECT}", "action": "insert"}
        environment = {"key": "deployment.environment.name", "value": self.environment.name, "action": "insert"}
        dropped = [f'delete_matching_keys(attributes, "{_escaped(CONTENT)}")']
        return {
            "memory_limiter": {"check_interval": "1s", "limit_percentage": 80, "spike_limit_percentage": 20},
            "resourcedetection": {"detectors": ["env", "gcp"], "timeout": "5s", "override": False},
            "resource/gcp_project": {"attributes": [project, environment]},
            "filter/health": {
                "error_mode": "ignore",
                "traces": {"span": [f'IsMatch(attributes["url.path"], "{HEALTH}")']},
            },
            "batch": {"send_batch_size": 2000, "send_batch_max_size": 5000, "timeout": "2s"},
            **({} if self.collecting.content else {"transform/no-content": _without(dropped)}),
            **_sampler(self.collecting.sampling),
        }

    def _watch(self, monitoring: Monitoring) -> None:
        monitoring.scrape("otel-collector", namespace=NAMESPACE, scope=self, pods=PODS, port=OWN_METRICS)
        of = 'job="otel-collector"'
        failed = f"sum by (exporter) (rate(otelcol_exporter_send_failed_spans_total{{{of}}}[5m]))"
        refused = f"sum(rate(otelcol_receiver_refused_spans_total{{{of}}}[5m]))"
        queue = f"max by (exporter) (otelcol_exporter_queue_size{{{of}}} / otelcol_exporter_queue_capacity{{{of}}})"
        monitoring.dashboard(
            "otel-collector",
            title="OpenTelemetry collector",
            panels=(
                Panel("Spans taken a second", f"sum(rate(otelcol_receiver_accepted_spans_total{{{of}}}[5m]))"),
                Panel(
                    "Spans sent a second", f"sum by (exporter) (rate(otelcol_exporter_sent_spans_total{{{of}}}[5m]))"
                ),
                Panel("Spans that could not be sent", failed),
                Panel("Spans refused, for want of memory", refused),
                Panel("Queue in use", queue, "10^2.%"),
                Panel("Memory", f"sum by (pod) (otelcol_process_memory_rss_bytes{{{of}}})", "By"),
            ),
        )
        monitoring.alert(
            "otel-collector-failing",
            title="The collector cannot send traces",
            query=f"{failed} > 0",
            minutes=15,
        )
        monitoring.alert(
            "otel-collector-refusing", title="The collector refuses traces", query=f"{refused} > 0", minutes=15
        )


def _own(port: int) -> str:
    return f"${{env:MY_POD_IP}}:{port}"


def _escaped(pattern: str) -> str:
    """As a text in OTTL, where a backslash is written twice."""
    return pattern.replace("\\", "\\\\")


def _without(statements: Sequence[str]) -> dict[str, Any]:
    """Statements on spans, on their events and on log records."""
    return {
        "error_mode": "ignore",
        "trace_statements": [{"context": each, "statements": list(statements)} for each in ("span", "spanevent")],
        "log_statements": [{"context": "log", "statements": [*statements, *_BODIES]}],
    }


def _sampler(sampling: SamplingSettings) -> dict[str, Any]:
    """The processor that drops traces, by its name; none where all are kept."""
    if not sampling.whole:
        share = {"sampling_percentage": sampling.percent}
        return {"probabilistic_sampler": share} if sampling.percent < 100 else {}
    policies: list[dict[str, Any]] = []
    if sampling.errors:
        policies.append({"name": "errors", "type": "status_code", "status_code": {"status_codes": ["ERROR"]}})
    if sampling.slower_than_ms is not None:
        policies.append({"name": "slow", "type": "latency", "latency": {"threshold_ms": sampling.slower_than_ms}})
    share = {"sampling_percentage": sampling.percent}
    policies.append({"name": "share", "type": "probabilistic", "probabilistic": share})
    return {"tail_sampling": {"decision_wait": "10s", "num_traces": 50_000, "policies": policies}}


_BODIES = [r'set(body, "dropped") where IsMatch(attributes["event.name"], "^gen_ai\\.")']
"""Events of models as log records have what was written in their body."""
_GOOGLE = {
    "endpoint": "https://telemetry.googleapis.com",
    "compression": "gzip",
    "auth": {"authenticator": "googleclientauth"},
}
_PROMETHEUS = {
    "host": "${env:MY_POD_IP}",
    "port": OWN_METRICS,
    "without_scope_info": True,
    "without_type_suffix": False,
    "without_units": False,
}
"""The collector's own metrics, with the suffixes that the queries here name."""
_OTLP = {
    "protocols": {
        "grpc": {"endpoint": _own(GRPC), "max_recv_msg_size_mib": 16},
        "http": {"endpoint": _own(HTTP)},
    }
}
_SPREAD = {
    "maxSkew": 1,
    "topologyKey": "topology.kubernetes.io/zone",
    "whenUnsatisfiable": "ScheduleAnyway",
    "labelSelector": {"matchLabels": PODS},
}
