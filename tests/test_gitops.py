"""What reaches a cluster: the order of delivery, stacks that do not wait for files, teams, queues, network rules."""

from __future__ import annotations

import functools
import graphlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from planform.blueprint.document import Document
from planform.blueprint.read import read_text
from planform.diagnostics import DiagnosticError
from planform.engine import App, TerraformStack
from planform.kubernetes import objects_of, parts_of
from planform.output.manifests import manifests
from planform.output.output import Output
from planform.pipeline import Compilation, compile_documents
from planform.planes.component import Refused
from planform.planes.delivery.existing_gitops import ExistingGitOps, ExistingGitOpsSettings
from planform.planes.resource.existing_compute import ExistingCompute, ExistingComputeSettings
from planform.planes.resource.kueue import Kueue
from planform.spec.environment import Environment
from planform.terraform.record import records_of

REFERENCE = Path(__file__).resolve().parent.parent / "blueprints" / "reference"
HEAD = """\
planform: 1
kind: Platform
name: acme-ai
organization: {domain: acme.example, billing_account: 000000-AAAAAA-BBBBBB}
region: europe-west4
environments:
  dev: {project: acme-ai-dev, project_number: "111111111111"}
"""
TEAMS = """\
teams:
  fraud: {owners: ["group:fraud-ml@acme.example"], accelerators: {nvidia-l4: 6}, budget_usd_month: 4000.5}
"""
SECURITY = "services: project-services, identity: iam, keys: cloud-kms, network_policy: cilium, policy: opa-gatekeeper"
POOLS = """
        l4: {machine_type: g2-standard-8, accelerator: nvidia-l4, capacity: on_demand, max_nodes: 8}
        l4-spot: {machine_type: g2-standard-8, accelerator: nvidia-l4, capacity: spot, max_nodes: 4}
"""


def platform(
    gitops: str = "config-sync", *, teams: str = TEAMS, queue: str = "kueue", security: str = SECURITY, layout: str = ""
) -> str:
    return f"""{HEAD}{layout}{teams}planes:
  security: {{{security}}}
  resource:
    networking: vpc
    compute:
      use: gke
      node_pools: {POOLS}
    batch_queue: {queue}
  delivery: {{registry: artifact-registry, gitops: {gitops}}}
"""


FIXED_TAGS = "{use: artifact-registry, repositories: {gitops: {format: docker}}}"
ARGO = "{use: argo-cd, git: {repository: https://github.com/acme/ai-platform}}"


def compiled(text: str, **options: Any) -> Compilation:
    return compile_documents(read_text(text, "platform.yaml"), **options)


def manifest(result: Compilation, path: str) -> dict[str, Any]:
    return yaml.safe_load(str(result.output.files[f"kubernetes/dev/{path}.yaml"]))  # type: ignore[no-any-return]


def codes(text: str) -> set[str]:
    with pytest.raises(DiagnosticError) as caught:
        compiled(text)
    return {each.code for each in caught.value.diagnostics}


# Delivery


def test_files_make_no_stack_wait() -> None:
    """The resource plane asks gitops for delivery, and gitops, in another plane, asks for the cluster."""
    result = compiled(platform())
    assert result.stacks == (
        "acme-ai-dev-security",
        "acme-ai-dev-resource",
        "acme-ai-dev-delivery",
        "acme-ai-dev-team-fraud",
    )
    stacks = json.loads(str(result.output.files["manifest.json"]))["stacks"]
    assert "acme-ai-dev-delivery" not in stacks["acme-ai-dev-resource"]["dependencies"]
    assert stacks["acme-ai-dev-security"]["dependencies"] == []
    assert stacks["acme-ai-dev-team-fraud"]["dependencies"] == ["acme-ai-dev-security", "acme-ai-dev-resource"]


def test_a_plane_of_files_only_has_no_stack() -> None:
    result = compiled(platform(ARGO).replace("registry: artifact-registry, ", ""))
    assert "acme-ai-dev-delivery" not in result.stacks
    assert manifest(result, "sync/argo-cd/application-kueue")["spec"]["source"]["chart"] == "kueue"


def test_config_sync_orders_by_what_depends_on_what() -> None:
    result = compiled(platform())
    start = "configsync.gke.io/namespaces/config-management-system/RootSync/"

    def before(name: str) -> set[str]:
        noted = manifest(result, f"sync/config-sync/rootsync-{name}")["metadata"].get("annotations", {})
        return {each.removeprefix(start) for each in noted.get("config.kubernetes.io/depends-on", "").split(",")} - {""}

    assert before("chart-gatekeeper") == set()
    assert before("plane-security") == {"chart-gatekeeper"}
    assert before("chart-kueue") == {"plane-security"}
    assert before("plane-resource") == {"chart-kueue"}
    assert before("team-fraud") == {"chart-kubeflow-trainer", "chart-kuberay-operator"}


def test_config_sync_reads_what_the_fleet_tells_it_to() -> None:
    result = compiled(platform())
    delivery = json.loads(str(result.output.files["stacks/acme-ai-dev-delivery/cdk.tf.json"]))["resource"]
    (oci,) = delivery["google_gke_hub_feature_membership"]["gitops"]["configmanagement"][0]["config_sync"][0]["oci"]
    assert oci == {
        "sync_repo": "europe-west4-docker.pkg.dev/acme-ai-dev/acme-ai-dev-gitops/platform:dev",
        "policy_dir": "sync",
        "secret_type": "k8sserviceaccount",
    }
    repository = delivery["google_artifact_registry_repository"]["gitops"]
    assert repository["docker_config"] == [{"immutable_tags": False}]
    plane = manifest(result, "sync/config-sync/rootsync-plane-resource")["spec"]["oci"]
    assert plane["image"] == "europe-west4-docker.pkg.dev/acme-ai-dev/acme-ai-dev-gitops/platform:dev"
    assert plane["dir"] == "resource"
    assert all(path.split("/")[2] in ("resource", "security", "sync", "team-fraud")
               for path in result.output.files if path.startswith("kubernetes/"))  # fmt: skip


def test_argo_cd_orders_by_waves() -> None:
    result = compiled(platform(ARGO))
    wave = {
        path.rsplit("application-", 1)[1].removesuffix(".yaml"): int(
            yaml.safe_load(str(text))["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"]
        )
        for path, text in result.output.files.items()
        if "/sync/argo-cd/application-" in path
    }
    assert wave["argo-cd"] < wave["gatekeeper"] < wave["security-opa-gatekeeper"] < wave["kueue"]
    assert wave["kueue"] < wave["resource-kueue"] < wave["team-fraud-base"]


def test_a_teams_project_of_argo_cd_lets_in_what_is_the_teams_and_no_more() -> None:
    """Argo CD holds an application's own destination against its project's too, a missing namespace included."""
    files = {path.removeprefix("kubernetes/prod/"): text for path, text in reference(ARGO).output.files.items()}

    def spec(path: str) -> dict[str, Any]:
        return yaml.safe_load(str(files[f"sync/argo-cd/{path}.yaml"]))["spec"]  # type: ignore[no-any-return]

    for team in ("fraud", "search"):
        fence = spec(f"appproject-team-{team}")
        folder = [yaml.safe_load(str(text)) for path, text in files.items() if path.startswith(f"team-{team}/")]
        wide = {
            (each["apiVersion"].partition("/")[0], each["kind"])
            for each in folder
            if "namespace" not in each["metadata"]
        }
        assert {(each["group"], each["kind"]) for each in fence["clusterResourceWhitelist"]} == wide
        assert {each["namespace"] for each in fence["destinations"]} == {team}
        assert spec(f"application-team-{team}-base")["destination"]["namespace"] == team
    assert spec("application-team-search-node-pool-l4-pair")["destination"]["namespace"] == "search"


def test_another_tool_changes_only_its_own_files() -> None:
    one, other = compiled(platform()).output.files, compiled(platform(ARGO)).output.files
    changed = {path for path in one.keys() | other.keys() if one.get(path) != other.get(path)}
    allowed = ("kubernetes/dev/sync/", "stacks/acme-ai-dev-delivery/", "stacks/acme-ai-dev-security/", "manifest.json",
               "kubernetes/dev/security/cilium/", "kubernetes/dev/security/opa-gatekeeper/")  # fmt: skip
    assert [path for path in sorted(changed) if not path.startswith(allowed)] == []


def test_a_plane_alone_is_the_same_part_of_the_whole() -> None:
    whole, part = compiled(platform()), compiled(platform(), planes=["delivery"])
    assert part.only == (
        "stacks/acme-ai-dev-delivery",
        "kubernetes/dev/delivery",
        "files/dev/delivery",
        "kubernetes/dev/sync",
    )
    kept = part.output.part(part.only).files
    assert "kubernetes/dev/sync/config-sync/rootsync-chart-kueue.yaml" in kept
    assert kept == whole.output.part(part.only).files


def test_two_runs_have_the_same_bytes() -> None:
    first, second = compiled(platform()).output, compiled(platform()).output
    assert isinstance(first, Output)
    assert first.digest() == second.digest()


THE_CLUSTERS_OWN = re.compile(r"default|argocd|(kube|gke|gmp|config-management)-.*")
"""Namespaces that are there before the tool reads anything: of Kubernetes, of GKE, and of the tools themselves."""
AFTER = "config.kubernetes.io/depends-on"


@functools.cache
def reference(gitops: str) -> Compilation:
    """The reference with another tool."""
    documents: list[Document] = []
    for file in sorted(REFERENCE.rglob("*.yaml")):
        text = file.read_text("utf-8")
        if file.name == "platform.yaml":
            assert "gitops: config-sync" in text
            text = text.replace("gitops: config-sync", f"gitops: {gitops}")
        documents += read_text(text, str(file))
    return compile_documents(documents)


def too_early(objects: Mapping[str, dict[str, Any]]) -> list[str]:
    """Objects, and charts, that an environment's tool may bring before the Namespace that they live in.

    `objects` are by their paths below the environment's folder. The tool reads `sync` first, and there, as in each
    folder, it takes Namespaces before all else; then come the folders and charts that `sync` names.
    """
    steps = {**root_syncs(objects), **applications(objects)}
    made, living = {}, []
    for path, each in objects.items():
        step = "sync" if path.startswith("sync/") else next(
            name for name, (folder, _, _) in steps.items() if folder and path.startswith(f"{folder}/")
        )  # fmt: skip
        if each["kind"] == "Namespace":
            made[each["metadata"]["name"]] = step
        elif "namespace" in each["metadata"]:
            living.append((path, step, each["metadata"]["namespace"]))
    living += [(f"chart {name}", name, into) for name, (_, into, _) in steps.items() if into]
    return [
        path
        for path, step, namespace in living
        if not THE_CLUSTERS_OWN.fullmatch(namespace)
        and made.get(namespace) not in ({"sync", step} | (steps[step][2] if step in steps else set()))
    ]


def root_syncs(objects: Mapping[str, dict[str, Any]]) -> dict[str, tuple[str, str, set[str]]]:
    """Of each RootSync: its folder, or the namespace of its chart, and what surely comes before."""
    found = named(objects, "RootSync")
    notes = {name: each["metadata"].get("annotations", {}).get(AFTER, "") for name, each in found.items()}
    first = {name: {each.rpartition("/")[2] for each in note.split(",") if each} for name, note in notes.items()}
    for name in graphlib.TopologicalSorter(first).static_order():
        first[name] = first[name].union(*(first[each] for each in first[name]))
    sources = {name: each["spec"][each["spec"]["sourceType"]] for name, each in found.items()}
    return {name: (each.get("dir", ""), each.get("namespace", ""), first[name]) for name, each in sources.items()}


def applications(objects: Mapping[str, dict[str, Any]]) -> dict[str, tuple[str, str, set[str]]]:
    """Of each Application: its folder, or the namespace of its chart, and what surely comes before."""
    found = named(objects, "Application")
    wave = {name: int(each["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"]) for name, each in found.items()}
    return {
        name: (
            "/".join(each["spec"]["source"].get("path", "").split("/")[2:]),
            each["spec"]["destination"].get("namespace", ""),
            {other for other in found if wave[other] < wave[name]},
        )
        for name, each in found.items()
    }


def named(objects: Mapping[str, dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each for each in objects.values() if each["kind"] == kind}


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
@pytest.mark.parametrize("gitops", ["config-sync", ARGO], ids=["config-sync", "argo-cd"])
def test_nothing_comes_before_its_namespace(gitops: str, environment: str) -> None:
    top = f"kubernetes/{environment}/"
    objects = {
        path.removeprefix(top): yaml.safe_load(str(text))
        for path, text in reference(gitops).output.files.items()
        if path.startswith(top)
    }
    assert len(objects) > 180
    assert too_early(objects) == []


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        (("node_pools:", "fleet: false\n      node_pools:"), "contract/no-fleet"),
        (("registry: artifact-registry, ", ""), "contract/no-source"),
        (
            ("registry: artifact-registry", f"registry: {FIXED_TAGS}"),
            "contract/immutable-tags",
        ),
        (
            (
                "gitops: config-sync",
                "gitops: {use: config-sync, source: {oci: {}, git: {repository: https://github.com/acme/x}}}",
            ),
            "spec/two-sources",
        ),
        (("  fraud:", "  default:"), "spec/team-name"),
        (("  fraud:", "  kueue-system:"), "contract/namespace-label"),
        (("  fraud:", "  a-team-with-a-very-long-name:"), "spec/team-name"),
        (("  delivery:", "  sync:"), "spec/reserved-plane"),
        (("  delivery:", "  team_fraud:"), "spec/reserved-plane"),
        (("batch_queue: kueue", "batch_queue: {use: existing, queues: {}}"), "contract/not-named"),
        (("cilium", "{use: cilium, default_deny: false, exempt: [a]}"), "spec/unused-setting"),
    ],
)  # fmt: skip
def test_what_cannot_be_delivered_is_refused(changed: tuple[str, str], code: str) -> None:
    text = platform()
    assert changed[0] in text
    assert codes(text.replace(*changed)) == {code}


# Teams


def test_a_team_has_a_namespace_with_limits_access_identity_and_budget() -> None:
    result = compiled(platform())
    assert manifest(result, "sync/config-sync/namespace-fraud")["metadata"]["labels"] == {
        "environment": "dev",
        "managed_by": "planform",
        "pod-security.kubernetes.io/audit": "restricted",
        "pod-security.kubernetes.io/enforce": "baseline",
        "pod-security.kubernetes.io/warn": "restricted",
        "team": "fraud",
    }
    origin = result.objects["kubernetes/dev/sync/config-sync/namespace-fraud.yaml"].origin
    assert origin is not None
    assert origin.path == "teams.fraud"
    (subject,) = manifest(result, "team-fraud/base/rolebinding-owners-edit")["subjects"]
    assert (subject["kind"], subject["name"]) == ("Group", "fraud-ml@acme.example")
    account = manifest(result, "team-fraud/base/serviceaccount-workload")["metadata"]["annotations"]
    assert account == {"iam.gke.io/gcp-service-account": "team-fraud@acme-ai-dev.iam.gserviceaccount.com"}
    own = json.loads(str(result.output.files["stacks/acme-ai-dev-team-fraud/cdk.tf.json"]))["resource"]
    budget = own["google_billing_budget"]["team_fraud"]
    assert budget["amount"][0]["specified_amount"][0] == {"currency_code": "USD", "units": "4000", "nanos": 500_000_000}
    assert budget["budget_filter"][0]["projects"] == ["projects/111111111111"]
    assert budget["budget_filter"][0]["labels"] == {"team": "fraud"}
    (bound,) = own["google_service_account_iam_member"].values()
    assert bound["member"] == "serviceAccount:acme-ai-dev.svc.id.goog[fraud/workload]"


def test_a_team_may_hold_what_its_queue_lets_it_borrow() -> None:
    lent = manifest(compiled(platform()), "team-fraud/base/resourcequota-quota")["spec"]["hard"]
    assert (lent["requests.nvidia.com/gpu"], lent["requests.google.com/tpu"]) == ("12", "0")
    strict = compiled(platform(queue="{use: kueue, borrowing: false}"))
    hard = manifest(strict, "team-fraud/base/resourcequota-quota")["spec"]["hard"]
    assert hard["requests.nvidia.com/gpu"] == "6"


def test_without_a_cluster_a_team_has_its_budget_only() -> None:
    result = compiled(f"{HEAD}{TEAMS}planes:\n  resource: {{object_store: gcs, services: project-services}}\n")
    assert [name for name in result.stacks if "team" in name] == ["acme-ai-dev-team-fraud"]
    assert not any(path.startswith("kubernetes/") for path in result.output.files)


def test_in_one_stack_teams_are_part_of_it() -> None:
    result = compiled(platform(layout="layout: single\n"))
    assert result.stacks == ("acme-ai-dev",)
    assert "kubernetes/dev/sync/config-sync/namespace-fraud.yaml" in result.output.files


# Queues


def test_quota_is_spread_over_pools_and_the_cheap_ones_come_first() -> None:
    queue = manifest(compiled(platform()), "resource/kueue/clusterqueue-fraud")["spec"]
    plain, gpus = queue["resourceGroups"]
    assert plain["coveredResources"] == ["cpu", "memory"]
    assert [(each["name"], each["resources"][0]["nominalQuota"]) for each in gpus["flavors"]] == [
        ("pool-l4-spot", 4),
        ("pool-l4", 2),
    ]
    assert queue["cohortName"] == "acme-ai"


# Network


def test_operators_are_left_alone_and_teams_closed() -> None:
    result = compiled(platform())
    closed = manifest(result, "security/cilium/ciliumclusterwidenetworkpolicy-platform-default-deny")["spec"]
    (left,) = closed["endpointSelector"]["matchExpressions"]
    wanted = {"kube-system", "config-management-system", "gatekeeper-system", "kueue-system", "ray-system"}
    assert wanted <= set(left["values"])
    assert "fraud" not in left["values"]
    deny = manifest(result, "team-fraud/base/networkpolicy-default-deny")["spec"]
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    checked = manifest(result, "security/opa-gatekeeper/config-config")["spec"]["match"][0]["excludedNamespaces"]
    assert {"kueue-system", "kubeflow-system"} <= set(checked)


def test_host_rules_need_a_data_plane_that_knows_names() -> None:
    plain = SECURITY.replace("cilium", "kubernetes-network-policy")
    assert (
        "kubernetes/dev/team-fraud/base/networkpolicy-default-deny.yaml"
        in compiled(platform(security=plain)).output.files
    )
    hosts = SECURITY.replace("cilium", "{use: cilium, egress_hosts: [api.vendor.example, '*.vendor.example']}")
    rule = manifest(compiled(platform(security=hosts)), "team-fraud/base/fqdnnetworkpolicy-egress-all")["spec"]
    assert rule["egress"][0]["matches"] == [{"name": "api.vendor.example"}, {"pattern": "*.vendor.example"}]


# Alone


def test_components_work_in_anybodys_stack() -> None:
    app = App()
    stack = TerraformStack(app, "mine")
    dev = Environment(
        platform="acme-ai", name="dev", project="acme-ai-dev", project_number="111111111111", region="europe-west4"
    )
    pool = {"accelerator": "nvidia-l4", "machine_type": "g2-standard-8", "max_nodes": 4}
    cluster = ExistingComputeSettings.model_validate({"cluster": "shared", "accelerator_pools": {"l4": pool}})
    git = {"tool": "config-sync", "git": {"repository": "https://github.com/acme/ai-platform"}, "auth": "token"}
    compute = ExistingCompute(stack, "compute", cluster, environment=dev)
    gitops = ExistingGitOps(stack, "gitops", ExistingGitOpsSettings.model_validate(git), environment=dev)
    queues = Kueue(stack, "batch_queue", environment=dev, compute=compute, gitops=gitops)
    assert queues.team("fraud", namespace="fraud", scope=queues, accelerators={"nvidia-l4": 2}).most == {
        "nvidia.com/gpu": 4
    }
    gitops.deliver([part for part in parts_of(objects_of(stack).delivered) if part.id != gitops.manifests.id])
    files = manifests(app)
    assert "kubernetes/dev/platform/kueue/localqueue-default.yaml" in files
    sync = yaml.safe_load(files["kubernetes/dev/sync/existing-gitops/rootsync-plane-platform.yaml"])["spec"]["git"]
    assert sync["dir"] == "kubernetes/dev/platform"
    assert sync["secretRef"] == {"name": "git-creds"}
    assert len(records_of(stack)) == 0
    assert gitops.namespace("kueue-system") == "kueue-system"
    with pytest.raises(Refused, match="has no label `tier`, and is asked for with `a`"):
        gitops.namespace("kueue-system", labels={"tier": "a"})
    with pytest.raises(Refused, match="has no label `team`, and is asked for with `ml`"):
        gitops.namespace("kueue-system", owner={"team": "ml"})


def test_somebody_who_owns_two_teams_is_let_in_once() -> None:
    teams = """\
teams:
  fraud: {owners: ["user:eve@acme.example"]}
  search: {owners: ["user:eve@acme.example", "user:ada@acme.example"]}
"""
    made = compiled(platform(teams=teams))
    members = [
        str(record.body["member"])
        for records in made.records.values()
        for record in records
        if record.body.get("role") == "roles/container.clusterViewer"
    ]
    assert sorted(members) == ["user:ada@acme.example", "user:eve@acme.example"]
