"""compute: what each cluster promises, what is refused before anyone plans, and what the provider says of it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from planform.contracts.compute import Compute
from planform.diagnostics import DiagnosticError
from planform.engine import App, TerraformStack, synthesize
from planform.pipeline import compile_files
from planform.planes.component import Component, Refused
from planform.planes.resource.existing_compute import ExistingCompute, ExistingComputeSettings
from planform.planes.resource.existing_networking import ExistingNetworking, ExistingNetworkingSettings
from planform.planes.resource.gke import Gke, GkeSettings
from planform.planes.resource.gke_autopilot import GkeAutopilot
from planform.planes.resource.node_pool import NodePool, NodePoolSettings
from planform.planes.security.cloud_kms import CloudKms
from planform.planes.security.existing_identity import ExistingIdentities, ExistingIdentitiesSettings
from planform.planes.security.existing_services import ExistingServices
from planform.spec.environment import Environment, Organization
from planform.spec.faults import parse
from planform.spec.settings import Settings
from planform.terraform import OutputValue
from tests import terraform
from tests.admission import images_of, is_let_in

CASES = sorted((Path(__file__).parent / "cases").glob("resource.gke*.yaml"))
NODES = "gke-nodes@acme-ai-dev.iam.gserviceaccount.com"
CLUSTER = "projects/acme-ai-dev/locations/europe-west4/clusters/acme-ai-dev-gke"
NETWORK = {
    "network": "shared",
    "subnet": "ai",
    "pods_range": "pods",
    "services_range": "services",
    "control_plane_cidr": "172.16.0.0/28",
}


def environment_in(region: str = "europe-west4", **facts: Any) -> Environment:
    facts = {"platform": "acme-ai", "name": "dev", "project": "acme-ai-dev", "project_number": "111111111111", **facts}
    return Environment(region=region, **facts)


def settings_of(model: type[Settings], **written: Any) -> Any:
    settings = parse(model, written)
    assert isinstance(settings, model), settings
    return settings


def codes_of(model: type[Settings], **written: Any) -> list[str]:
    found = parse(model, written)
    return [fault.code for fault in found] if isinstance(found, list) else []


def faults_of(written: dict[str, Any], environment: Environment | None = None) -> list[tuple[str, str]]:
    settings = settings_of(GkeSettings, **written)
    faults = Gke.check(settings, environment or environment_in())
    return [(fault.code, ".".join(map(str, fault.path))) for fault in faults]


def cluster_in(
    stack: TerraformStack, kind: type[Component] = Gke, network: dict[str, Any] | None = None, **written: Any
) -> Any:
    """A cluster alone in a stack, among things that the organisation has."""
    environment = environment_in()
    found = {"node_service_account": NODES}
    accounts = settings_of(ExistingIdentitiesSettings, service_accounts={"gke-nodes": found["node_service_account"]})
    ranges = settings_of(ExistingNetworkingSettings, **NETWORK, **(network or {}))
    return kind(
        stack,
        "compute",
        settings_of(kind.Settings, **written),
        environment=environment,
        services=ExistingServices(stack, "services", environment=environment),
        networking=ExistingNetworking(stack, "networking", ranges, environment=environment),
        identity=ExistingIdentities(stack, "identity", accounts, environment=environment),
    )


def resources(app: App, stack: str) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(synthesize(app)[f"stacks/{stack}/cdk.tf.json"])["resource"]
    return made


@pytest.mark.parametrize("kind", [Gke, GkeAutopilot])
def test_a_cluster_works_alone(kind: type[Component]) -> None:
    app = App()
    cluster = cluster_in(TerraformStack(app, "mine"), kind)
    assert isinstance(cluster, Compute)
    body = resources(app, "mine")["google_container_cluster"]["compute"]
    assert body["private_cluster_config"][0]["enable_private_endpoint"] is True
    assert body["private_cluster_config"][0]["enable_private_nodes"] is True
    assert body["workload_identity_config"] == [{"workload_pool": "acme-ai-dev.svc.id.goog"}]
    assert body["datapath_provider"] == "ADVANCED_DATAPATH"
    assert body["release_channel"] == [{"channel": "REGULAR"}]
    assert ("database_encryption" not in body and "lifecycle" not in body) or "prevent_destroy" not in body["lifecycle"]


def test_the_first_pool_is_replaced_by_one_of_known_make() -> None:
    app = App()
    cluster_in(TerraformStack(app, "mine"))
    made = resources(app, "mine")
    body, pools = made["google_container_cluster"]["compute"], made["google_container_node_pool"]
    assert body["remove_default_node_pool"] is True and body["initial_node_count"] == 1
    assert body["lifecycle"] == {"ignore_changes": ["node_config", "initial_node_count"]}
    assert list(pools) == ["system"]
    assert body["node_config"][0]["service_account"] == pools["system"]["node_config"][0]["service_account"] == NODES


def test_what_a_cluster_is_called_is_known_before_it_is_there() -> None:
    app = App()
    stack, other = TerraformStack(app, "mine"), TerraformStack(app, "other")
    found = cluster_in(stack).cluster()
    assert found.id == CLUSTER
    assert found.issuer == f"https://container.googleapis.com/v1/{CLUSTER}"
    assert found.workload_pool == "acme-ai-dev.svc.id.goog"
    for scope in (stack, other):
        OutputValue(scope, "issuer", value=found.issuer)
    documents = {path.split("/")[1]: json.loads(text) for path, text in synthesize(app).items() if "cdk.tf" in path}
    inside, outside = (documents[name]["output"]["issuer"]["value"] for name in ("mine", "other"))
    assert inside == "https://container.googleapis.com/v1/${google_container_cluster.compute.id}"
    assert outside == f"https://container.googleapis.com/v1/{CLUSTER}"


def test_accelerator_pools_are_told_in_the_order_of_the_blueprint() -> None:
    pools = {
        "l4": {"machine_type": "g2-standard-8", "capacity": "spot", "max_nodes": 8},
        "cpu": {"machine_type": "n2-standard-8", "max_nodes": 4},
        "a100": {"machine_type": "a2-highgpu-1g", "max_nodes": 2},
    }
    cluster = cluster_in(TerraformStack(App(), "mine"), node_pools=pools)
    told = [(pool.name, pool.accelerator, pool.capacity, pool.max_nodes) for pool in cluster.accelerator_pools()]
    assert told == [("l4", "nvidia-l4", "spot", 8), ("a100", "nvidia-tesla-a100", "on_demand", 2)]
    assert cluster_in(TerraformStack(App(), "mine"), GkeAutopilot).accelerator_pools() == ()


def test_with_keys_everything_is_encrypted() -> None:
    app = App()
    stack, environment = TerraformStack(app, "mine"), environment_in(production=True)
    services = ExistingServices(stack, "services", environment=environment)
    accounts = settings_of(ExistingIdentitiesSettings, service_accounts={"gke-nodes": NODES})
    Gke(
        stack,
        "compute",
        settings_of(GkeSettings, notifications=True, auto_provisioning={"max_vcpus": 100, "max_memory_gib": 400}),
        environment=environment,
        services=services,
        networking=ExistingNetworking(
            stack, "networking", settings_of(ExistingNetworkingSettings, **NETWORK), environment=environment
        ),
        identity=ExistingIdentities(stack, "identity", accounts, environment=environment),
        keys=CloudKms(stack, "keys", environment=environment, services=services),
    )
    made = resources(app, "mine")
    body = made["google_container_cluster"]["compute"]
    disks = [
        body["node_config"][0],
        body["cluster_autoscaling"][0]["auto_provisioning_defaults"][0],
        made["google_container_node_pool"]["system"]["node_config"][0],
    ]
    grant = "${google_kms_crypto_key_iam_member.gke_nodes_compute_system.crypto_key_id}"
    assert [disk["boot_disk_kms_key"] for disk in disks] == [grant] * 3
    assert "gke_secrets_container_engine_robot" in body["database_encryption"][0]["key_name"]
    [backup] = made["google_gke_backup_backup_plan"].values()
    assert "gke_backup" in backup["backup_config"][0]["encryption_key"][0]["gcp_kms_encryption_key"]
    assert "gke_events" in made["google_pubsub_topic"]["compute_events"]["kms_key_name"]
    assert body["deletion_protection"] is True and body["lifecycle"]["prevent_destroy"] is True
    assert body["release_channel"] == [{"channel": "STABLE"}]


def admission(policies: dict[str, Any]) -> tuple[str, str, list[str]]:
    """How the one policy judges, what it then does, and whom it spares."""
    (policy,) = policies.values()
    (rule,) = policy["default_admission_rule"]
    patterns = [each["name_pattern"] for each in policy["admission_whitelist_patterns"]]
    return rule["evaluation_mode"], rule["enforcement_mode"], patterns


def test_images_of_strangers_are_refused_in_production_and_told_of_elsewhere() -> None:
    reference = compile_files(Path(__file__).parents[1] / "blueprints" / "reference", environments=["dev", "prod"])
    for name, action in (("dev", "DRYRUN_AUDIT_LOG_ONLY"), ("prod", "ENFORCED_BLOCK_AND_AUDIT_LOG")):
        stack = json.loads(str(reference.output.files[f"stacks/acme-ai-{name}-resource/cdk.tf.json"]))
        *rule, patterns = admission(stack["resource"]["google_binary_authorization_policy"])
        assert rule == ["ALWAYS_DENY", action]
        top = f"kubernetes/{name}/"
        objects = [yaml.safe_load(str(text)) for path, text in reference.output.files.items() if path.startswith(top)]
        images = {image for each in objects for image in images_of(each)}
        assert len(images) > 5
        assert {image for image in images if not is_let_in(image, patterns)} == set()
        assert is_let_in("openpolicyagent/gatekeeper:v3.23.0", patterns)
        assert not is_let_in("docker.io/stranger/miner:1", patterns)
        assert not is_let_in("europe-west4-docker.pkg.dev/other-project/acme/server:1", patterns)


def test_a_project_whose_policy_is_written_elsewhere() -> None:
    def policies(**written: Any) -> dict[str, Any]:
        app = App()
        cluster_in(TerraformStack(app, "stack"), **written)
        made: dict[str, Any] = resources(app, "stack").get("google_binary_authorization_policy", {})
        return made

    assert "ghcr.io/acme/**" in admission(policies(image_policy={"allow": ["ghcr.io/acme/**"], "enforce": True}))[2]
    assert policies(image_policy={"managed": False}) == {}
    assert policies(binary_authorization=False) == {}
    assert codes_of(GkeSettings, image_policy={"allow": ["*", "ghcr.io/**/x"]}) == ["spec/bad-form"] * 2


@pytest.mark.parametrize(
    ("written", "faults"),
    [
        (
            {"binary_authorization": False, "image_policy": {"managed": False}},
            [("spec/unused-setting", "image_policy")],
        ),
        ({}, []),
        ({"fleet": False, "fleet_project": "acme-fleet"}, [("spec/unused-setting", "fleet_project")]),
        ({"google_groups": True}, [("resource/google-groups", "google_groups")]),
        ({"zones": ["us-central1-a"]}, [("resource/zone-in-other-region", "zones.0")]),
        ({"system": {"machine_type": "e2-standart-4"}}, [("resource/unknown-machine-type", "system.machine_type")]),
        ({"system": {"min_nodes": 9}}, [("resource/min-above-max", "system.min_nodes")]),
        ({"max_accelerators": {"l4": 1}}, [("resource/unknown-accelerator", "max_accelerators.l4")]),
    ],
)
def test_check(written: dict[str, Any], faults: list[tuple[str, str]]) -> None:
    assert faults_of(written) == faults


def test_check_of_node_pools() -> None:
    l4 = {"machine_type": "g2-standard-8", "max_nodes": 8}
    assert faults_of({"node_pools": {"system": l4}}) == [("resource/reserved-node-pool", "node_pools.system")]
    assert faults_of({"node_pools": {"l4": l4}, "max_accelerators": {"nvidia-l4": 7}}) == [
        ("resource/accelerator-limit", "max_accelerators.nvidia-l4")
    ]
    provisioning = {"max_vcpus": 100, "max_memory_gib": 400, "accelerators": {"nvidia-l4": 4}}
    assert faults_of({"node_pools": {"l4": l4}, "auto_provisioning": provisioning}) == [
        ("resource/accelerator-limit", "auto_provisioning.accelerators.nvidia-l4")
    ]
    h100 = {"machine_type": "a3-highgpu-8g", "max_nodes": 1, "accelerator_network": True}
    written = {"node_pools": {"h100": h100}, "multi_networking": False}
    assert ("resource/multi-networking", "node_pools.h100.accelerator_network") in faults_of(
        written, environment_in("us-central1")
    )
    assert faults_of({"node_pools": {"l4": {**l4, "min_nodes": 9}}}) == [
        ("resource/min-above-max", "node_pools.l4.min_nodes")
    ]


def test_a_long_name_is_refused() -> None:
    environment = environment_in(platform="a-platform-with-quite-a-long-name", name="development")
    assert faults_of({}, environment) == [("spec/name-too-long", "")]
    assert faults_of({"name": "short"}, environment) == []
    domain = environment_in(organization=Organization(domain="acme.example"))
    assert faults_of({"google_groups": True}, domain) == []


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        ({"control_plane": {"cidr": "172.16.0.0/24"}}, ["resource/control-plane-range"]),
        ({"control_plane": {"public_address": True}}, ["spec/authorized-network"]),
        ({"control_plane": {"authorized_networks": {"office": "203.0.113.0/24"}}}, []),
        ({"control_plane": {"authorized_networks": {"office": "8.8.8.0/24"}}}, ["spec/authorized-network"]),
        (
            {"control_plane": {"public_address": True, "authorized_networks": {"all": "0.0.0.0/0"}}},
            ["spec/authorized-network"],
        ),
        ({"maintenance": {"hours": 3}}, ["spec/maintenance-window"]),
        ({"maintenance": {"days": ["sunday"], "hours": 4}}, []),
        ({"maintenance": {"start": "24:00"}}, ["spec/bad-form"]),
        ({"backup": {"retain_days": 5, "lock_days": 6}}, ["spec/backup-lock"]),
        ({"auto_provisioning": {}}, ["spec/missing-key", "spec/missing-key"]),
    ],
)
def test_settings_that_the_provider_would_take_and_the_cloud_refuse(written: dict[str, Any], codes: list[str]) -> None:
    assert codes_of(GkeSettings, **written) == codes


@pytest.mark.parametrize(
    ("first", "last", "scope", "code"),
    [
        ("2026-12-19", "2027-01-04", "no_upgrades", None),
        ("2026-12-19", "2026-12-18", "no_minor_upgrades", "spec/maintenance-freeze"),
        ("2026-01-01", "2026-04-30", "no_upgrades", "spec/maintenance-freeze"),
        ("2026-01-01", "2026-04-30", "no_minor_upgrades", None),
        ("2026-01-01", "2026-03-25", "no_upgrades", "spec/maintenance-window"),
    ],
)
def test_freezes_leave_time_for_maintenance(first: str, last: str, scope: str, code: str | None) -> None:
    freezes = {"freeze": {"first_day": first, "last_day": last, "scope": scope}}
    assert codes_of(GkeSettings, maintenance={"freezes": freezes}) == ([code] if code else [])


def test_a_freeze_cuts_the_window_at_midnight() -> None:
    late = {"days": ["friday"], "start": "22:00", "hours": 5}
    saturdays = {"first_day": "2026-10-03", "last_day": "2026-10-03", "scope": "no_upgrades"}
    maintenance = settings_of(GkeSettings, maintenance={**late, "freezes": {"one": saturdays}}).maintenance
    assert maintenance.available_from(date(2026, 9, 28)) == 12 * 5  # of 13 Fridays, one leaves only two hours


def test_the_window_opens_on_the_first_of_its_days() -> None:
    maintenance = settings_of(GkeSettings, maintenance={"days": ["friday", "tuesday"], "start": "22:30"}).maintenance
    [window] = maintenance.arguments()["recurring_window"]
    assert window == {
        "start_time": "2024-01-02T22:30:00Z",  # a Tuesday
        "end_time": "2024-01-03T04:30:00Z",
        "recurrence": "FREQ=WEEKLY;BYDAY=TU,FR",
    }


def test_a_range_in_use_is_refused_for_the_control_plane() -> None:
    with pytest.raises(Refused) as refused:
        cluster_in(
            TerraformStack(App(), "mine"),
            network={"cidr": "10.0.0.0/20"},
            control_plane={"cidr": "10.0.1.0/28"},
        )
    assert refused.value.fault.code == "resource/control-plane-range"
    assert refused.value.fault.path == ("control_plane", "cidr")


def test_a_pool_that_the_pod_range_cannot_hold_is_refused() -> None:
    pools = {"cpu": {"machine_type": "n2-standard-8", "max_nodes": 9}}
    small = {"pods_cidr": "10.16.0.0/21"}  # eight blocks of 256 addresses
    with pytest.raises(Refused) as refused:
        cluster_in(TerraformStack(App(), "mine"), network=small, node_pools=pools)
    assert refused.value.fault.path == ("node_pools", "cpu", "max_nodes")
    cluster_in(TerraformStack(App(), "mine"), network=small, node_pools=pools, max_pods_per_node=32)


def test_an_existing_cluster_is_known_by_formula() -> None:
    cluster = ExistingCompute(
        TerraformStack(App(), "mine"),
        "compute",
        settings_of(ExistingComputeSettings, cluster="shared", project="acme-shared", location="europe-west4-a"),
        environment=environment_in(),
    )
    assert isinstance(cluster, Compute)
    found = cluster.cluster()
    assert found.id == "projects/acme-shared/locations/europe-west4-a/clusters/shared"
    assert found.workload_pool == "acme-shared.svc.id.goog"
    assert cluster.node_identity() is None and cluster.accelerator_pools() == ()
    with pytest.raises(Refused) as refused:
        cluster.node_tag()
    assert refused.value.fault.code == "contract/not-named" and "node_tag" in refused.value.fault.help


@pytest.mark.parametrize(
    ("email", "account"),
    [
        (NODES, f"projects/acme-ai-dev/serviceAccounts/{NODES}"),
        (
            "111-compute@developer.gserviceaccount.com",
            "projects/-/serviceAccounts/111-compute@developer.gserviceaccount.com",
        ),
    ],
)
def test_the_service_account_of_existing_nodes(email: str, account: str) -> None:
    settings = settings_of(ExistingComputeSettings, cluster="shared", node_service_account=email)
    cluster = ExistingCompute(TerraformStack(App(), "mine"), "compute", settings, environment=environment_in())
    nodes = cluster.node_identity()
    assert nodes is not None and nodes.id == account


def test_a_pool_can_be_added_to_an_existing_cluster() -> None:
    app = App()
    stack, environment = TerraformStack(app, "mine"), environment_in()
    settings = settings_of(
        ExistingComputeSettings, cluster="shared", node_service_account=NODES, node_tag="shared-node"
    )
    cluster = ExistingCompute(stack, "compute", settings, environment=environment)
    pool = settings_of(NodePoolSettings, machine_type="g2-standard-8", max_nodes=4)
    NodePool(stack, "l4", pool, environment=environment, compute=cluster)
    body = resources(app, "mine")["google_container_node_pool"]["l4"]
    assert body["cluster"] == "projects/acme-ai-dev/locations/europe-west4/clusters/shared"
    assert body["node_config"][0]["tags"] == ["shared-node"]


def test_existing_pools_have_accelerators_that_exist() -> None:
    pools = {"l4": {"accelerator": "L4", "machine_type": "g2-standard-8", "max_nodes": 1}}
    settings = settings_of(ExistingComputeSettings, cluster="shared", accelerator_pools=pools)
    with pytest.raises(DiagnosticError) as refused:
        ExistingCompute(TerraformStack(App(), "mine"), "compute", settings, environment=environment_in())
    assert [each.code for each in refused.value.diagnostics] == ["resource/unknown-accelerator"]


@pytest.mark.terraform
def test_the_provider_plans_every_cluster(tmp_path: Path) -> None:
    terraform.need("google")
    documents = {}
    for case in CASES:
        files = compile_files(case, environments=["dev"]).output.files
        [path] = [path for path in files if path.endswith("-resource/cdk.tf.json")]
        documents[case.stem] = str(files[path])
    for name, verdict in terraform.judge(documents, tmp_path).items():
        assert verdict.problems == (), name
        assert verdict.created > 5, name
