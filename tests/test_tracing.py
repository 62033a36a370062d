"""Tracing: who may send, what leaves the cluster, and how services are held to objectives."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from planform.blueprint.read import read_text
from planform.contracts.tracing import Tracing
from planform.engine import App, TerraformStack
from planform.environment import BuiltEnvironment, build_environment
from planform.files import File
from planform.kubernetes import objects_of
from planform.pipeline import Compilation, compile_documents
from planform.planes.catalog import builtin
from planform.planes.delivery.existing_gitops import ExistingGitOps, ExistingGitOpsSettings
from planform.planes.delivery.gitops_tool import GitSource
from planform.planes.observability.cloud_trace import CloudTrace
from planform.planes.observability.existing_monitoring import ExistingMonitoring, ExistingMonitoringSettings
from planform.planes.observability.otel_collector import CollectorSettings, SamplingSettings
from planform.planes.resource.existing_compute import ExistingCompute, ExistingComputeSettings
from planform.planes.security.existing_services import ExistingServices
from planform.spec.environment import Environment

HEAD = """\
planform: 1
kind: Platform
name: acme-ai
organization: {domain: acme.example}
region: europe-west4
environments:
  dev: {project: acme-ai-dev, project_number: "111111111111"}
planes:
  security: {services: project-services, identity: iam, secrets: secret-manager, network_policy: cilium}
  resource: {networking: vpc, compute: gke}
  delivery: {gitops: {use: argo-cd, git: {repository: https://github.com/acme/ai-platform}}}
  observability:
"""
DEV = Environment(
    platform="acme-ai", name="dev", project="acme-ai-dev", project_number="111111111111", region="europe-west4"
)
HONEYCOMB, CLOUD_TRACE = "{use: honeycomb}", "{use: cloud-trace}"


def compiled(tracing: str = HONEYCOMB, monitoring: str = "", **service: Any) -> Compilation:
    """A platform whose service `chat` is traced, and whose namespace `notebooks` sends."""
    slots = f"    tracing: {tracing}\n" + (f"    monitoring: {monitoring}\n" if monitoring else "")
    found: list[BuiltEnvironment] = []

    def compose(specs: Any) -> App:
        app = App()
        built = build_environment(app, specs[0], builtin())
        found.append(built)
        collector = built.components["tracing"]
        assert isinstance(collector, Tracing)
        collector.service("chat", **service)
        collector.reach("notebooks", scope=collector)
        collector.reach("notebooks", scope=collector)
        return app

    return compile_documents(read_text(HEAD + slots, "platform.yaml"), compose=compose)


def resources(found: Compilation, kind: str) -> dict[str, Any]:
    (text,) = (text for path, text in found.output.files.items() if path.endswith("dev-observability/cdk.tf.json"))
    return dict(json.loads(str(text))["resource"].get(kind, {}))


def objects(found: Compilation, kind: str) -> list[dict[str, Any]]:
    texts = (str(text) for path, text in found.output.files.items() if path.startswith("kubernetes/"))
    return [each for each in map(yaml.safe_load, texts) if each.get("kind") == kind]


def values(found: Compilation) -> dict[str, Any]:
    """The values of the collector's chart, as Argo CD is told of them."""
    for application in objects(found, "Application"):
        source = application["spec"].get("source", {})
        if source.get("chart") == "opentelemetry-collector":
            return dict(source["helm"]["valuesObject"])
    raise AssertionError("there is no application of the collector")


def test_every_component_that_a_pipeline_names_is_configured() -> None:
    for found in (compiled(), compiled(CLOUD_TRACE, "cloud-monitoring")):
        config = values(found)["config"]
        service = config["service"]
        defined = {part: set(config.get(part, ())) for part in ("receivers", "processors", "exporters", "connectors")}
        for pipeline in service["pipelines"].values():
            assert set(pipeline["receivers"]) <= defined["receivers"] | defined["connectors"]
            assert set(pipeline["exporters"]) <= defined["exporters"] | defined["connectors"]
            # The chart's preset makes k8s_attributes, and the leave that it needs.
            assert set(pipeline["processors"]) <= defined["processors"] | {"k8s_attributes"}
            assert pipeline["processors"][0] == "memory_limiter"


@pytest.mark.parametrize("sends", [False, True])
def test_what_is_written_to_models_leaves_only_on_request(sends: bool) -> None:
    config = values(compiled(f"{{use: honeycomb, content: {str(sends).lower()}}}"))["config"]
    for signal in ("traces", "logs"):
        assert ("transform/no-content" in config["service"]["pipelines"][signal]["processors"]) != sends
    assert ("transform/no-content" in config["processors"]) != sends


def test_the_key_is_a_reference_in_the_pod_and_in_no_file() -> None:
    found = compiled()
    (variable,) = (each for each in values(found)["extraEnvs"] if each["name"] == "HONEYCOMB_API_KEY")
    assert variable["valueFrom"] == {"secretKeyRef": {"name": "honeycomb", "key": "api-key"}}
    (secret,) = objects(found, "ExternalSecret")
    assert secret["spec"]["data"][0]["remoteRef"]["key"] == "acme-ai-dev-honeycomb-api-key"
    assert "honeycombio_api_key" not in " ".join(map(str, found.output.files.values()))


def test_only_who_asked_may_send_and_from_both_ends() -> None:
    policies = {
        (each["metadata"]["namespace"], each["metadata"]["name"]): each["spec"]
        for each in objects(compiled(), "NetworkPolicy")
    }
    leave = policies["notebooks", "egress-traces"]["egress"][0]
    entry = policies["otel", "ingress-from-notebooks"]["ingress"][0]
    assert leave["to"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "otel"}}}]
    assert [port["port"] for port in leave["ports"]] == [port["port"] for port in entry["ports"]] == [4317, 4318]
    assert [name for namespace, name in policies if namespace == "otel" and name.startswith("ingress")] == [
        "ingress-from-notebooks"
    ]


@pytest.mark.parametrize(("region", "host"), [("", "api.eu1.honeycomb.io"), (", region: us", "api.honeycomb.io")])
def test_data_stay_where_the_environment_is(region: str, host: str) -> None:
    found = compiled(f"{{use: honeycomb{region}}}")
    assert values(found)["config"]["exporters"]["otlp_grpc/honeycomb"]["endpoint"] == f"{host}:443"
    (rule,) = objects(found, "FQDNNetworkPolicy")
    assert rule["spec"]["egress"][0]["matches"] == [{"name": host}]


def test_an_objective_counts_errors_and_slow_answers_alike() -> None:
    slow = resources(compiled(latency_ms=250, percent=99.5), "honeycombio_derived_column")["chat"]["expression"]
    assert slow == 'IF(EQUALS($span.kind, "server"), AND(NOT(EQUALS($error, true)), LTE($duration_ms, 250)))'
    failed = resources(compiled(), "honeycombio_derived_column")["chat"]["expression"]
    assert failed == 'IF(EQUALS($span.kind, "server"), NOT(EQUALS($error, true)))'


def test_a_burning_budget_is_told_to_the_team_that_has_a_recipient() -> None:
    recipients = "{oncall: {email: oncall@acme.example}, fraud: {existing: nUqSuWAKGxu, teams: [fraud]}}"
    for team, told in (("", {"type": "email", "target": "oncall@acme.example"}), ("fraud", {"id": "nUqSuWAKGxu"})):
        alerts = resources(
            compiled(f"{{use: honeycomb, recipients: {recipients}}}", team=team), "honeycombio_burn_alert"
        )
        assert [alert["recipient"] for alert in alerts.values()] == [[told], [told]]


def test_whole_traces_come_together_in_one_collector() -> None:
    whole = values(compiled("{use: cloud-trace, sampling: {percent: 5, errors: true}}"))
    assert whole["replicaCount"] == 1
    assert "autoscaling" not in whole
    assert [each["type"] for each in whole["config"]["processors"]["tail_sampling"]["policies"]] == [
        "status_code",
        "probabilistic",
    ]
    shared = values(compiled("{use: cloud-trace, sampling: {percent: 5}}"))
    assert shared["autoscaling"]["enabled"] is True
    assert shared["config"]["processors"]["probabilistic_sampler"] == {"sampling_percentage": 5}


def test_cloud_trace_counts_before_it_samples_and_at_the_latency_asked_for() -> None:
    scope = TerraformStack(App(), "acme-ai-dev-observability")
    monitoring = ExistingMonitoring(
        scope, "monitoring", ExistingMonitoringSettings(collector="managed-prometheus"), environment=DEV
    )
    git = {"repository": "https://github.com/acme/platform"}
    tracing = CloudTrace(
        scope,
        "tracing",
        CollectorSettings(sampling=SamplingSettings(percent=5)),
        environment=DEV,
        services=ExistingServices(scope, "services", environment=DEV),
        compute=ExistingCompute(scope, "compute", ExistingComputeSettings(cluster="shared"), environment=DEV),
        gitops=ExistingGitOps(
            scope, "gitops", ExistingGitOpsSettings(tool="argo-cd", git=GitSource(**git)), environment=DEV
        ),
        monitoring=monitoring,
    )
    tracing.service("chat", latency_ms=333)
    (release,) = objects_of(scope).releases
    config = release.values["config"]
    assert "probabilistic_sampler" in config["service"]["pipelines"]["traces"]["processors"]
    assert "probabilistic_sampler" not in config["service"]["pipelines"]["traces/counted"]["processors"]
    assert "333ms" in config["connectors"]["span_metrics"]["histogram"]["explicit"]["buckets"]
    files = [each for each in objects_of(scope).delivered if isinstance(each, File)]
    rules = [each.text for each in files if each.name.startswith("rules/chat-requests")]
    assert rules
    assert all('le="333"' in text.replace("\\", "") and "chat" in text for text in rules)


def test_without_monitoring_cloud_trace_only_traces() -> None:
    found = compiled(CLOUD_TRACE, latency_ms=333)
    assert "connectors" not in values(found)["config"]
    assert values(found)["config"]["service"]["pipelines"]["traces"]["exporters"] == ["otlp_http/google"]
    assert resources(found, "google_monitoring_alert_policy") == {}
