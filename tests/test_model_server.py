"""Served models: on nodes that the cluster has, from their bucket, scaled by their queue; canaries in their share."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate as judge
import pytest

from planform.contracts.identity import Identity
from planform.contracts.model_server import EndpointRef, ModelServer
from planform.engine import App, TerraformStack
from planform.kubernetes.images import images
from planform.kubernetes.record import KubernetesObject, objects_of
from planform.planes.component import Refused
from planform.planes.delivery.existing_gitops import ExistingGitOps, ExistingGitOpsSettings
from planform.planes.delivery.gitops_tool import GitSource
from planform.planes.resource.existing_compute import ExistingCompute, ExistingComputeSettings
from planform.planes.resource.existing_model_server import ExistingModelServer, ExistingModelServerSettings
from planform.planes.resource.model_gateway import GatewaySettings
from planform.planes.resource.model_serving import ModelServing
from planform.planes.resource.triton import Triton, TritonSettings
from planform.planes.resource.vllm import Vllm, VllmSettings
from planform.planes.security.existing_services import ExistingServices
from planform.planes.security.iam import Iam
from planform.planes.security.kubernetes_network_policy import KubernetesNetworkPolicy
from planform.spec.environment import Environment
from planform.spec.faults import parse
from planform.terraform.record import records_of
from tests.watching import Watching

DEV = Environment(
    platform="acme-ai", name="dev", project="acme-ai-dev", project_number="111111111111", region="europe-west4"
)
EMAIL = "scorer@acme-ai-dev.iam.gserviceaccount.com"
SCORER = Identity(EMAIL, f"serviceAccount:{EMAIL}", f"projects/acme-ai-dev/serviceAccounts/{EMAIL}")
POOLS = {
    "l4": {"accelerator": "nvidia-l4", "count": 2, "machine_type": "g2-standard-24", "max_nodes": 4},
    "h100": {
        "accelerator": "nvidia-h100-80gb",
        "count": 8,
        "machine_type": "a3-highgpu-8g",
        "max_nodes": 2,
        "capacity": "spot",
    },
}
GATEWAY = GatewaySettings(name="internal", namespace="gateways", domain="models.acme.example", proxy_cidr="10.9.0.0/23")
MODEL = "gs://acme-ai-dev-models/scorer/v1"
CANARY = "gs://acme-ai-dev-models/scorer/v2"


class Place:
    """A platform around a model server, and an asker's own stack."""

    def __init__(self, *, pools: dict[str, Any] = POOLS) -> None:
        self.app = App()
        self.stack, self.other = TerraformStack(self.app, "main"), TerraformStack(self.app, "team")
        facts: dict[str, Any] = {"environment": DEV}
        settings = parse(ExistingComputeSettings, {"cluster": "gke", "accelerator_pools": pools})
        source = ExistingGitOpsSettings(tool="argo-cd", git=GitSource(repository="https://github.com/acme/platform"))
        services = ExistingServices(self.stack, "services", **facts)
        gitops = ExistingGitOps(self.stack, "gitops", source, **facts)
        self.watching = Watching()
        self.needs: dict[str, Any] = {
            **facts,
            "compute": ExistingCompute(self.stack, "compute", settings, **facts),  # type: ignore[arg-type]
            "identity": Iam(self.stack, "identity", **facts, services=services),
            "gitops": gitops,
            "network_policy": KubernetesNetworkPolicy(self.stack, "network_policy", **facts, gitops=gitops),
        }

    def triton(self, *, watched: bool = False, **settings: Any) -> Triton:
        seen: dict[str, Any] = {"monitoring": self.watching, "tracing": self.watching} if watched else {}
        return Triton(self.stack, "model_server", TritonSettings(**settings), **self.needs, **seen)

    def vllm(self, *, watched: bool = False, **settings: Any) -> Vllm:
        seen: dict[str, Any] = {"monitoring": self.watching, "tracing": self.watching} if watched else {}
        return Vllm(self.stack, "model_server", VllmSettings(**settings), **self.needs, **seen)

    def objects(self) -> dict[str, KubernetesObject]:
        """What the asker got, as `Kind name`."""
        return {f"{each.kind} {each.name}": each for each in objects_of(self.other)}

    def pod(self, name: str = "scorer") -> dict[str, Any]:
        spec: dict[str, Any] = self.objects()[f"Deployment {name}"].body["spec"]["template"]["spec"]
        return spec

    def ask(self, server: ModelServing, **given: Any) -> EndpointRef:
        asked: dict[str, Any] = {"namespace": "fraud", "scope": self.other, "model": MODEL, "format": server.FORMATS[0]}
        return server.endpoint("scorer", **asked | given)


def refusal(ask: Any, *args: Any, **kwargs: Any) -> tuple[str, str]:
    with pytest.raises(Refused) as caught:
        ask(*args, **kwargs)
    return caught.value.fault.code, caught.value.fault.help


@pytest.mark.parametrize("kind", ["triton", "vllm"])
@pytest.mark.parametrize("gateway", [None, GATEWAY])
def test_every_object_is_valid(kind: str, gateway: GatewaySettings | None) -> None:
    place = Place()
    server: ModelServing = getattr(place, kind)(watched=True, gateway=gateway)
    assert isinstance(server, ModelServer)
    place.ask(server, accelerator="nvidia-l4", count=2, canary=CANARY, canary_percent=25)
    native = [each for each in objects_of(place.other) if "." not in each.group or each.group.endswith("k8s.io")]
    native = [each for each in native if each.group != "gateway.networking.k8s.io"]
    assert {each.kind for each in native} >= {"Deployment", "Service", "PodDisruptionBudget", "ServiceAccount"}
    for each in native:
        judge.validate(each.document, "1.35", strict=True)


# What it starts with


VERSIONS = {
    "model": "gs://acme-models/models/scorer/3",
    "canary": "gs://acme-models/models/scorer/4",
    "cards": "gs://acme-models/cards/scorer",
}


@pytest.mark.parametrize("kind", ["triton", "vllm"])
def test_every_server_asks_for_its_own_versions_card_and_verdict(kind: str) -> None:
    place = Place()
    place.ask(getattr(place, kind)(), accelerator="nvidia-l4", canary_percent=25, **VERSIONS)
    for name, version in (("scorer", 3), ("scorer-canary", 4)):
        pod = place.pod(name)
        (proof,), (server,) = pod["initContainers"], pod["containers"]
        assert proof["image"] == server["image"]
        assert proof["command"][-2:] == [f"/cards/{version}.json", f"/cards/{version}.scan.json"]
        mounted = {each["name"]: each["csi"]["volumeAttributes"] for each in pod["volumes"] if "csi" in each}
        assert (
            mounted["cards"]["bucketName"] == "acme-models"
            and "only-dir=cards/scorer," in mounted["cards"]["mountOptions"]
        )
    for each in place.objects().values():
        if each.kind == "Deployment":
            judge.validate(each.document, "1.35", strict=True)


def test_without_cards_nothing_is_asked() -> None:
    place = Place()
    place.ask(place.triton())
    assert "initContainers" not in place.pod()


@pytest.mark.parametrize(
    ("card", "scan", "passes"),
    [
        ('{"purpose": "scores"}', '{"verdict": "passed"}', True),
        ('{"purpose": "scores"}', '{"verdict": "failed"}', False),
        ('{"purpose": "scores"}', '{"verdict": "error"}', False),
        ('{"purpose": "scores"}', "{}", False),
        ('{"purpose": "scores"}', None, False),
        (None, '{"verdict": "passed"}', False),
        ("{}", '{"verdict": "passed"}', False),
        ("no JSON", '{"verdict": "passed"}', False),
    ],
)
def test_only_a_card_and_a_pass_let_it_start(tmp_path: Path, card: str | None, scan: str | None, passes: bool) -> None:
    place = Place()
    place.ask(place.triton(), canary_percent=25, **VERSIONS)
    _, *words = place.pod()["initContainers"][0]["command"]
    for name, text in (("3.json", card), ("3.scan.json", scan)):
        if text is not None:
            (tmp_path / name).write_text(text)
    words = [word.replace("/cards", str(tmp_path)) for word in words]
    assert (subprocess.run([sys.executable, *words], capture_output=True, check=False).returncode == 0) == passes


def test_an_account_of_its_own_may_read_the_cards() -> None:
    place = Place()
    place.ask(place.triton(), model=MODEL, cards="gs://cards/scorer")
    made = [each for each in records_of(place.other) if each.type == "google_storage_bucket_iam_member"]
    assert {str(each.body["bucket"]) for each in made} == {"acme-ai-dev-models", "cards"}


# Where it runs


def test_a_model_runs_on_the_accelerator_that_it_asks_for() -> None:
    place = Place()
    place.ask(place.triton(), accelerator="nvidia-l4", count=2)
    pod = place.pod()
    (container,) = pod["containers"]
    assert pod["nodeSelector"] == {"cloud.google.com/gke-accelerator": "nvidia-l4"}
    assert [each["key"] for each in pod["tolerations"]] == ["nvidia.com/gpu"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "2"
    assert container["image"] == images()["triton"].reference
    place = Place()
    place.ask(place.triton())
    assert "nodeSelector" not in place.pod()


@pytest.mark.parametrize(
    ("accelerator", "count", "interruptible", "allowed"),
    [
        ("nvidia-l4", 2, False, True),
        ("nvidia-l4", 4, False, False),
        ("nvidia-tesla-t4", 1, False, False),
        ("nvidia-h100-80gb", 8, False, False),
        ("nvidia-h100-80gb", 8, True, True),
        ("tpu-v5-lite-podslice", 1, True, False),
    ],
)
def test_an_accelerator_is_one_that_the_cluster_has(
    accelerator: str, count: int, interruptible: bool, allowed: bool
) -> None:
    place = Place()
    server = place.triton(interruptible=interruptible)
    if allowed:
        place.ask(server, accelerator=accelerator, count=count)
        assert place.pod()["tolerations"]
        return
    code, help = refusal(place.ask, server, accelerator=accelerator, count=count)
    assert code == "contract/no-accelerator"
    assert "2 of nvidia-l4 a node, on_demand (l4)" in help


def test_a_cluster_that_makes_nodes_on_demand_is_asked_nothing() -> None:
    place = Place(pools={})
    place.ask(place.triton(), accelerator="nvidia-tesla-t4")
    assert refusal(place.ask, Place(pools={}).vllm())[0] == "contract/no-accelerator"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"format": "safetensors"}, "contract/model-format"),
        ({"min_replicas": 0}, "contract/bad-value"),
        ({"min_replicas": 4}, "contract/bad-value"),
        ({"model": "s3://bucket/model"}, "contract/bad-value"),
        ({"model": "gs://bucket"}, "contract/bad-value"),
        ({"model": "gs://bucket/a,uid=0"}, "contract/bad-value"),
        ({"model": "gs://bucket/../other"}, "contract/bad-value"),
        ({"canary": CANARY}, "contract/bad-value"),
        ({"canary_percent": 10}, "contract/bad-value"),
        ({"canary": CANARY, "canary_percent": 60}, "contract/bad-value"),
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, Any], code: str) -> None:
    place = Place()
    assert refusal(place.ask, place.triton(), **given)[0] == code


# The model


def test_the_model_comes_from_its_folder_and_alone_is_loaded() -> None:
    place = Place()
    place.ask(place.triton())
    pod = place.pod()
    (volume,) = (each["csi"] for each in pod["volumes"] if each["name"] == "model")
    assert volume["readOnly"] is True
    assert volume["volumeAttributes"]["bucketName"] == "acme-ai-dev-models"
    assert "only-dir=scorer/v1," in volume["volumeAttributes"]["mountOptions"]
    (container,) = pod["containers"]
    assert {"name": "model", "mountPath": "/models/scorer", "readOnly": True} in container["volumeMounts"]
    assert {"--model-control-mode=explicit", "--load-model=scorer"} <= set(container["args"])


def test_an_own_service_account_may_read_the_bucket_and_a_given_one_is_left_alone() -> None:
    place = Place()
    place.ask(place.triton(), canary="gs://acme-ai-dev-new/scorer", canary_percent=25)
    members = records_of(place.other).document()["resource"]["google_storage_bucket_iam_member"].values()
    assert {each["bucket"] for each in members} == {"acme-ai-dev-models", "acme-ai-dev-new"}
    assert {each["role"] for each in members} == {"roles/storage.objectViewer"}
    assert all(each["member"].endswith("/subject/ns/fraud/sa/scorer") for each in members)
    place = Place()
    place.ask(place.triton(), service_account="workload", identity=SCORER)
    assert place.pod()["serviceAccountName"] == "workload"
    assert "ServiceAccount scorer" not in place.objects()
    assert "resource" not in records_of(place.other).document()


def test_an_identity_is_acted_as_by_the_service_account_that_is_made() -> None:
    place = Place()
    place.ask(place.triton(), identity=SCORER)
    account = place.objects()["ServiceAccount scorer"]
    assert account.annotations == {"iam.gke.io/gcp-service-account": EMAIL}
    made = records_of(place.other).document()["resource"]
    (binding,) = made["google_service_account_iam_member"].values()
    assert binding["role"] == "roles/iam.workloadIdentityUser"
    (reader,) = made["google_storage_bucket_iam_member"].values()
    assert reader["member"] == SCORER.member


# Load


def test_servers_follow_their_own_queue() -> None:
    place = Place()
    place.ask(place.triton(waiting_requests=4), min_replicas=2, max_replicas=6)
    scaled = place.objects()["ScaledObject scorer"].body["spec"]
    assert (scaled["minReplicaCount"], scaled["maxReplicaCount"]) == (2, 6)
    asked = scaled["triggers"][0]["metadata"]
    assert asked["url"] == "http://scorer.fraud.svc:8002/metrics"
    assert asked["targetValue"] == "4"
    ports = place.objects()["Service scorer"].body["spec"]["ports"]
    # KEDA goes to the pods by the port of the Service, which must be theirs.
    assert ("metrics", 8002) in {(each["name"], each["port"]) for each in ports}
    assert "replicas" not in place.objects()["Deployment scorer"].body["spec"]
    way = place.objects()["NetworkPolicy ingress-scorer-from-keda"].body["spec"]
    assert way["ingress"][0]["ports"] == [{"port": 8002, "protocol": "TCP"}]


def test_a_fixed_number_of_servers_is_not_scaled() -> None:
    place = Place()
    place.ask(place.triton(), min_replicas=2, max_replicas=2)
    assert place.objects()["Deployment scorer"].body["spec"]["replicas"] == 2
    assert "ScaledObject scorer" not in place.objects()


@pytest.mark.parametrize(
    ("percent", "least", "most", "stable", "canary"),
    [(50, 1, 3, 1, 1), (25, 1, 3, 3, 1), (20, 8, 9, 8, 2), (10, 1, 9, 9, 1), (1, 1, 99, 99, 1)],
)
def test_a_canary_never_gets_more_than_its_share(percent: int, least: int, most: int, stable: int, canary: int) -> None:
    place = Place()
    place.ask(place.triton(), min_replicas=least, max_replicas=most, canary=CANARY, canary_percent=percent)
    objects = place.objects()
    scaled = objects.get("ScaledObject scorer")
    fixed = objects["Deployment scorer"].body["spec"].get("replicas")
    assert (scaled.body["spec"]["minReplicaCount"] if scaled else fixed) == stable
    assert objects["Deployment scorer-canary"].body["spec"]["replicas"] == canary
    assert 100 * canary <= percent * (canary + stable)
    service = objects["Service scorer"].body["spec"]["selector"]
    for name in ("scorer", "scorer-canary"):
        template = objects[f"Deployment {name}"].body["spec"]["template"]["metadata"]["labels"]
        assert service.items() <= template.items()
    (volume,) = (each for each in place.pod("scorer-canary")["volumes"] if each["name"] == "model")
    assert "only-dir=scorer/v2," in volume["csi"]["volumeAttributes"]["mountOptions"]


def test_a_share_that_no_number_of_servers_gives_is_refused_but_with_a_gateway() -> None:
    code, help = refusal(Place().ask, Place().triton(), canary=CANARY, canary_percent=10)
    assert code == "contract/canary-share"
    assert "let it have 9, ask for 25 percent" in help
    place = Place()
    endpoint = place.ask(place.triton(gateway=GATEWAY), canary=CANARY, canary_percent=10)
    assert endpoint.url == "https://scorer-fraud.models.acme.example"
    (rule,) = place.objects()["HTTPRoute scorer"].body["spec"]["rules"]
    assert {each["name"]: each["weight"] for each in rule["backendRefs"]} == {"scorer": 90, "scorer-canary": 10}
    for name, track in (("scorer", "stable"), ("scorer-canary", "canary")):
        assert place.objects()[f"Service {name}"].body["spec"]["selector"]["track"] == track
        assert place.objects()[f"HealthCheckPolicy {name}"].body["spec"]["targetRef"]["name"] == name
    let_in = place.objects()["NetworkPolicy ingress-scorer-from-gateway"].body["spec"]["ingress"][0]["from"]
    assert {"ipBlock": {"cidr": "10.9.0.0/23"}} in let_in


# Watching


def test_what_is_served_is_watched() -> None:
    place = Place()
    endpoint = place.ask(place.triton(watched=True), accelerator="nvidia-l4")
    assert place.watching.scraped == {"model-fraud-scorer": ("fraud", dict(endpoint.pods), 8002)}
    assert place.watching.reached == ["fraud"]
    assert place.watching.services == ["scorer"]
    assert endpoint.requests_metric in place.watching.alerts["model-fraud-scorer-failures"][0]
    assert (
        "--trace-config=opentelemetry,url=http://otel.observability.svc:4318/v1/traces"
        in (place.pod()["containers"][0]["args"])
    )
    place = Place()
    place.ask(place.triton())
    assert not any("trace" in each for each in place.pod()["containers"][0]["args"])


def test_a_language_model_is_shared_by_the_accelerators_of_a_node() -> None:
    place = Place()
    endpoint = place.ask(place.vllm(watched=True, max_model_len=8192), accelerator="nvidia-l4", count=2)
    (container,) = place.pod()["containers"]
    assert {"--tensor-parallel-size=2", "--served-model-name=scorer", "--max-model-len=8192"} <= set(container["args"])
    assert "--otlp-traces-endpoint=http://otel.observability.svc:4317" in container["args"]
    assert {"name": "HF_HUB_OFFLINE", "value": "1"} in container["env"]
    assert (endpoint.protocol, endpoint.url) == ("openai", "http://scorer.fraud.svc:8000")
    asked = place.objects()["ScaledObject scorer"].body["spec"]["triggers"][0]["metadata"]
    assert asked["valueLocation"] == 'vllm:num_requests_waiting{model_name="scorer"}'
    assert any("kv_cache" in panel.query for panel in place.watching.dashboards["model-fraud-scorer"])


# What is there


def test_an_existing_endpoint_is_as_the_settings_say() -> None:
    given = {"scorer": {"url": "http://scorer.serving.svc:8000", "namespace": "serving", "pods": {"app": "scorer"}}}
    settings = parse(ExistingModelServerSettings, {"endpoints": given})
    assert isinstance(settings, ExistingModelServerSettings)
    server = ExistingModelServer(TerraformStack(App(), "stack"), "model_server", settings, environment=DEV)
    assert isinstance(server, ModelServer)
    endpoint = server.endpoint("scorer", namespace="fraud", scope=server, model=MODEL)
    assert (endpoint.url, endpoint.namespace) == ("http://scorer.serving.svc:8000", "serving")
    assert endpoint.pods == (("app", "scorer"),)
    assert refusal(server.endpoint, "other", namespace="fraud", scope=server, model=MODEL)[0] == "contract/not-named"
