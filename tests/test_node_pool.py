"""Node pools: what follows from the settings, what is refused before anyone plans, and what is doubted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from planform.contracts.compute import AcceleratorPool, ClusterRef
from planform.contracts.identity import Identity
from planform.contracts.keys import KeyRef
from planform.diagnostics import DiagnosticError
from planform.engine import App, TerraformStack, synthesize
from planform.planes.resource.accelerators import machines, region_of
from planform.planes.resource.node_pool import (
    NodePool,
    NodePoolSettings,
    accelerator_pool,
    accelerator_quota,
    cautions,
    check,
    node_pool_arguments,
    node_taints,
)
from planform.spec.environment import Environment
from planform.spec.faults import parse
from tests import terraform


def settings_of(**written: Any) -> NodePoolSettings:
    settings = parse(NodePoolSettings, {"max_nodes": 4, **written})
    assert isinstance(settings, NodePoolSettings), settings
    return settings


def environment_in(region: str = "us-central1") -> Environment:
    return Environment(
        platform="acme-ai", name="dev", project="acme-ai-dev", project_number="111111111111", region=region
    )


def arguments_of(name: str = "pool", region: str = "us-central1", **written: Any) -> dict[str, Any]:
    return node_pool_arguments(
        settings_of(**written),
        name=name,
        cluster=f"projects/acme-ai-dev/locations/{region}/clusters/acme-ai-dev",
        location=region,
        service_account="gke-nodes@acme-ai-dev.iam.gserviceaccount.com",
        network_tags=("acme-ai-dev-node",),
        resource_labels={"environment": "dev"},
        pod_range="pods",
    )


def node_config(**written: Any) -> dict[str, Any]:
    config: dict[str, Any] = arguments_of(**written)["node_config"][0]
    return config


def test_a_spot_l4_pool_in_full() -> None:
    assert arguments_of("l4", "europe-west4", machine_type="g2-standard-8", capacity="spot", max_nodes=8) == {
        "name": "l4",
        "cluster": "projects/acme-ai-dev/locations/europe-west4/clusters/acme-ai-dev",
        "location": "europe-west4",
        "node_locations": ["europe-west4-a", "europe-west4-b", "europe-west4-c"],
        "initial_node_count": 0,
        "ignore_node_count_changes": True,
        "autoscaling": [{"total_min_node_count": 0, "total_max_node_count": 8, "location_policy": "ANY"}],
        "management": [{"auto_repair": True, "auto_upgrade": True}],
        "upgrade_settings": [{"strategy": "SURGE", "max_surge": 0, "max_unavailable": 1}],
        "network_config": [{"enable_private_nodes": True, "pod_range": "pods"}],
        "node_drain_config": [{"respect_pdb_during_node_pool_deletion": True}],
        "node_config": [
            {
                "machine_type": "g2-standard-8",
                "image_type": "COS_CONTAINERD",
                "service_account": "gke-nodes@acme-ai-dev.iam.gserviceaccount.com",
                "oauth_scopes": ["https://www.googleapis.com/auth/cloud-platform"],
                "boot_disk": [{"disk_type": "pd-balanced", "size_gb": 200}],
                "shielded_instance_config": [{"enable_secure_boot": True, "enable_integrity_monitoring": True}],
                "workload_metadata_config": [{"mode": "GKE_METADATA"}],
                "metadata": {"disable-legacy-endpoints": "true"},
                "gcfs_config": [{"enabled": True}],
                "gvnic": [{"enabled": True}],
                "kubelet_config": [{"insecure_kubelet_readonly_port_enabled": "FALSE", "pod_pids_limit": 4096}],
                "resource_labels": {"environment": "dev", "node_pool": "l4"},
                "tags": ["acme-ai-dev-node"],
                "taint": [
                    {"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"},
                    {"key": "cloud.google.com/gke-spot", "value": "true", "effect": "NO_SCHEDULE"},
                ],
                "guest_accelerator": [
                    {
                        "type": "nvidia-l4",
                        "count": 1,
                        "gpu_driver_installation_config": [{"gpu_driver_version": "DEFAULT"}],
                    }
                ],
                "spot": True,
            }
        ],
    }


def test_a_pool_of_cpus_starts_with_nodes_where_it_must_keep_some() -> None:
    system = arguments_of(machine_type="e2-standard-4", min_nodes=3, max_nodes=6)
    assert system["initial_node_count"] == 1
    assert system["autoscaling"][0]["location_policy"] == "BALANCED"
    assert system["upgrade_settings"] == [{"strategy": "SURGE", "max_surge": 1, "max_unavailable": 0}]
    assert "node_locations" not in system and "guest_accelerator" not in system["node_config"][0]
    assert "taint" not in system["node_config"][0]


@pytest.mark.parametrize("capacity", ["flex_start", "queued"])
def test_nodes_that_are_waited_for_leave_upgrades_to_gke(capacity: str) -> None:
    pool = arguments_of(machine_type="a3-highgpu-8g", capacity={capacity: {}})
    assert "upgrade_settings" not in pool
    assert pool["management"][0]["auto_repair"] is False
    assert pool["node_config"][0]["flex_start"] is True
    assert ("queued_provisioning" in pool) is (capacity == "queued")


def test_the_gpus_of_a_machine_cannot_be_forgotten() -> None:
    config = node_config(machine_type="a3-highgpu-8g", capacity="spot")
    assert (config["guest_accelerator"][0]["type"], config["guest_accelerator"][0]["count"]) == ("nvidia-h100-80gb", 8)
    assert config["ephemeral_storage_local_ssd_config"] == [{"local_ssd_count": 16}]
    assert config["kubelet_config"][0]["cpu_manager_policy"] == "static"


def test_an_attached_gpu() -> None:
    config = node_config(machine_type="n1-standard-8", accelerator="nvidia-tesla-t4")
    assert (config["guest_accelerator"][0]["type"], config["guest_accelerator"][0]["count"]) == ("nvidia-tesla-t4", 1)


def test_a_tpu_slice_of_several_hosts() -> None:
    pool = arguments_of(machine_type="ct5lp-hightpu-4t", tpu_topology="4x4", capacity="spot")
    assert pool["placement_policy"] == [{"type": "COMPACT", "tpu_topology": "4x4"}]
    assert pool["node_locations"] == ["us-central1-a"]
    assert "upgrade_settings" not in pool and "guest_accelerator" not in pool["node_config"][0]
    assert pool["node_config"][0]["taint"][0]["key"] == "google.com/tpu"
    assert pool["node_config"][0]["shielded_instance_config"][0]["enable_secure_boot"] is False


def test_a_tpu_slice_of_one_host_needs_no_placement() -> None:
    assert "placement_policy" not in arguments_of(machine_type="ct5lp-hightpu-8t")


def test_hyperdisk_where_nothing_else_boots() -> None:
    assert node_config(machine_type="n4-standard-8")["boot_disk"][0] == {
        "disk_type": "hyperdisk-balanced",
        "size_gb": 100,
    }


@pytest.mark.parametrize(
    ("sharing", "arguments"),
    [
        (
            {"time_sharing": {"clients": 4}},
            {"gpu_sharing_config": [{"gpu_sharing_strategy": "TIME_SHARING", "max_shared_clients_per_gpu": 4}]},
        ),
        (
            {"mps": {"clients": 8}},
            {"gpu_sharing_config": [{"gpu_sharing_strategy": "MPS", "max_shared_clients_per_gpu": 8}]},
        ),
        ({"mig": {"partition": "1g.5gb"}}, {"gpu_partition_size": "1g.5gb"}),
    ],
)
def test_gpu_sharing(sharing: dict[str, Any], arguments: dict[str, Any]) -> None:
    guest = node_config(machine_type="a2-highgpu-1g", gpu_sharing=sharing)["guest_accelerator"][0]
    assert guest.items() >= arguments.items()


def test_blue_green() -> None:
    [upgrade] = arguments_of(machine_type="g2-standard-8", upgrade={"blue_green": {}})["upgrade_settings"]
    assert upgrade["strategy"] == "BLUE_GREEN"
    assert upgrade["blue_green_settings"][0]["node_pool_soak_duration"] == "3600s"


def test_keys_labels_and_taints_are_passed_on() -> None:
    pool = node_pool_arguments(
        settings_of(
            machine_type="n2-standard-4",
            labels={"acme.example/tier": "batch"},
            taints=[{"key": "dedicated", "value": "batch"}],
            max_pods_per_node=64,
        ),
        name="batch",
        cluster="c",
        location="us-central1",
        service_account="n@p.iam.gserviceaccount.com",
        kms_key="projects/p/locations/us-central1/keyRings/r/cryptoKeys/nodes",
    )
    config = pool["node_config"][0]
    assert config["boot_disk_kms_key"].endswith("/nodes")
    assert config["labels"] == {"acme.example/tier": "batch"}
    assert config["taint"] == [{"key": "dedicated", "value": "batch", "effect": "NO_SCHEDULE"}]
    assert pool["max_pods_per_node"] == 64


def test_a_cluster_of_one_zone_has_its_nodes_there() -> None:
    pool = node_pool_arguments(
        settings_of(machine_type="g2-standard-4"),
        name="l4",
        cluster="c",
        location="europe-west4-b",
        service_account="n@p.iam.gserviceaccount.com",
    )
    assert pool["node_locations"] == ["europe-west4-b"]


def test_what_others_are_told_of_a_pool() -> None:
    settings = settings_of(machine_type="g2-standard-24", capacity="spot", max_nodes=3)
    pool = accelerator_pool("l4", settings)
    assert pool is not None
    assert (pool.accelerator, pool.count, pool.capacity, pool.max_nodes) == ("nvidia-l4", 2, "spot", 3)
    assert accelerator_quota(settings) == ("PREEMPTIBLE_NVIDIA_L4_GPUS", 6)
    assert [taint["key"] for taint in node_taints(settings)] == ["nvidia.com/gpu", "cloud.google.com/gke-spot"]
    assert accelerator_pool("cpu", settings_of(machine_type="e2-standard-4")) is None
    assert accelerator_quota(settings_of(machine_type="e2-standard-4")) is None


def test_every_machine_passes_its_own_checks() -> None:
    for machine in machines().values():
        region = region_of(machine.zones[0]) if machine.zones else "us-central1"
        capacity = machine.capacity[0]
        assert list(check(settings_of(machine_type=machine.name, capacity=capacity), environment_in(region))) == []


# settings, region, code, path
REFUSED: list[tuple[dict[str, Any], str, str, tuple[Any, ...]]] = [
    ({"machine_type": "g2-standard-9"}, "us-central1", "unknown-machine-type", ("machine_type",)),
    ({"machine_type": "g2-standard-8"}, "europe-north1", "machine-not-in-region", ("machine_type",)),
    (
        {"machine_type": "a3-ultragpu-8g", "capacity": "spot", "zones": ["europe-west4-c"]},
        "europe-west4",
        "machine-not-in-zone",
        ("zones", 0),
    ),
    (
        {"machine_type": "e2-standard-4", "zones": ["us-central1-a", "us-east1-b"]},
        "us-central1",
        "zone-in-other-region",
        ("zones", 1),
    ),
    (
        {"machine_type": "g2-standard-8", "accelerator": "nvidia-l40"},
        "us-central1",
        "unknown-accelerator",
        ("accelerator",),
    ),
    (
        {"machine_type": "g2-standard-8", "accelerator": "nvidia-tesla-t4"},
        "us-central1",
        "accelerator-mismatch",
        ("accelerator",),
    ),
    (
        {"machine_type": "e2-standard-4", "accelerator": "nvidia-l4"},
        "us-central1",
        "accelerator-mismatch",
        ("accelerator",),
    ),
    ({"machine_type": "g2-standard-8", "count": 2}, "us-central1", "accelerator-count", ("count",)),
    ({"machine_type": "e2-standard-4", "count": 1}, "us-central1", "accelerator-count", ("count",)),
    (
        {"machine_type": "n1-standard-8", "accelerator": "nvidia-tesla-t4", "count": 3},
        "us-central1",
        "accelerator-count",
        ("count",),
    ),
    (
        {"machine_type": "n1-standard-16", "accelerator": "nvidia-tesla-v100"},
        "us-central1",
        "accelerator-count",
        ("machine_type",),
    ),
    ({"machine_type": "a3-highgpu-1g"}, "us-central1", "capacity-unsupported", ("capacity",)),
    ({"machine_type": "a4-highgpu-8g"}, "us-central1", "capacity-unsupported", ("capacity",)),
    ({"machine_type": "e2-standard-4", "capacity": "flex_start"}, "us-central1", "capacity-unsupported", ("capacity",)),
    ({"machine_type": "ct5lp-hightpu-4t", "capacity": "queued"}, "us-west4", "capacity-unsupported", ("capacity",)),
    ({"machine_type": "ct5lp-hightpu-4t", "capacity": "flex_start"}, "us-central1", "flex-start-zone", ("capacity",)),
    ({"machine_type": "ct5lp-hightpu-4t", "tpu_topology": "4x5"}, "us-central1", "tpu-topology", ("tpu_topology",)),
    ({"machine_type": "g2-standard-8", "tpu_topology": "2x2"}, "us-central1", "tpu-topology", ("tpu_topology",)),
    (
        {"machine_type": "ct5lp-hightpu-4t", "tpu_topology": "4x4", "max_nodes": 8},
        "us-central1",
        "tpu-nodes",
        ("max_nodes",),
    ),
    (
        {"machine_type": "ct5lp-hightpu-4t", "tpu_topology": "4x4", "min_nodes": 2},
        "us-central1",
        "tpu-nodes",
        ("min_nodes",),
    ),
    (
        {
            "machine_type": "ct6e-standard-4t",
            "tpu_topology": "4x4",
            "zones": ["us-east5-a", "us-east5-b"],
        },
        "us-east5",
        "several-zones",
        ("zones",),
    ),
    ({"machine_type": "g2-standard-8", "min_nodes": 9}, "us-central1", "min-above-max", ("min_nodes",)),
    (
        {"machine_type": "g2-standard-8", "capacity": "flex_start", "min_nodes": 1},
        "us-central1",
        "not-from-zero",
        ("min_nodes",),
    ),
    (
        {"machine_type": "g2-standard-8", "gpu_sharing": {"mig": {"partition": "1g.5gb"}}},
        "us-central1",
        "gpu-sharing",
        ("gpu_sharing", "mig", "partition"),
    ),
    (
        {"machine_type": "e2-standard-4", "gpu_sharing": {"mps": {"clients": 2}}},
        "us-central1",
        "gpu-setting-without-gpu",
        ("gpu_sharing",),
    ),
    (
        {"machine_type": "ct5lp-hightpu-4t", "fast_socket": True},
        "us-central1",
        "gpu-setting-without-gpu",
        ("fast_socket",),
    ),
    ({"machine_type": "n4-standard-4", "disk_type": "pd-ssd"}, "us-central1", "disk-type", ("disk_type",)),
    ({"machine_type": "a3-highgpu-8g", "local_ssds": 8}, "us-central1", "local-ssds", ("local_ssds",)),
    (
        {"machine_type": "e2-standard-4", "labels": {"cloud.google.com/gke-spot": "true"}},
        "us-central1",
        "reserved-label",
        ("labels", "cloud.google.com/gke-spot"),
    ),
    (
        {"machine_type": "g2-standard-8", "capacity": "flex_start", "upgrade": {"blue_green": {}}},
        "us-central1",
        "upgrade-strategy",
        ("upgrade",),
    ),
    (
        {"machine_type": "g2-standard-8", "upgrade": {"surge": {"max_surge": 0}}},
        "us-central1",
        "upgrade-strategy",
        ("upgrade", "surge"),
    ),
]


@pytest.mark.parametrize(("written", "region", "code", "path"), REFUSED)
def test_refused(written: dict[str, Any], region: str, code: str, path: tuple[Any, ...]) -> None:
    faults = list(check(settings_of(**written), environment_in(region)))
    assert [(fault.code, fault.path) for fault in faults] == [(f"resource/{code}", path)]
    assert faults[0].help


@pytest.mark.parametrize("name", ["L4", "l4_pool", "4l", "a" * 41, "l4-"])
def test_names_that_gke_does_not_take(name: str) -> None:
    faults = list(check(settings_of(machine_type="g2-standard-8"), environment_in(), name=name))
    assert [fault.code for fault in faults] == ["resource/node-pool-name"]


def test_all_faults_at_once() -> None:
    settings = settings_of(machine_type="a3-highgpu-1g", count=8, min_nodes=5, local_ssds=1)
    assert {fault.code for fault in check(settings, environment_in("europe-west6"))} == {
        "resource/min-above-max",
        "resource/accelerator-count",
        "resource/capacity-unsupported",
        "resource/machine-not-in-region",
        "resource/local-ssds",
    }


def test_help_names_what_would_do() -> None:
    [fault] = check(settings_of(machine_type="g2-standard-8", count=4), environment_in())
    assert fault.help == "delete count, or take g2-standard-48"
    [fault] = check(settings_of(machine_type="a4-highgpu-8g"), environment_in())
    assert fault.help == "write one of spot, flex_start, queued, reservation"
    [fault] = check(settings_of(machine_type="g2-standrd-8"), environment_in())
    assert fault.label == "did you mean `g2-standard-8`?"


# settings, region, code: rests on an unverified fact, so it is only doubted
DOUBTED: list[tuple[dict[str, Any], str, str]] = [
    ({"machine_type": "n1-standard-8", "accelerator": "nvidia-tesla-v100"}, "asia-south1", "machine-not-in-region"),
    ({"machine_type": "n1-standard-32", "accelerator": "nvidia-tesla-p100"}, "us-central1", "accelerator-count"),
    (
        {"machine_type": "a4-highgpu-8g", "capacity": "spot", "gpu_sharing": {"mig": {"partition": "2g.40gb"}}},
        "us-central1",
        "gpu-sharing",
    ),
    (
        {
            "machine_type": "ct5lp-hightpu-4t",
            "capacity": "flex_start",
            "tpu_topology": "4x4",
        },
        "us-west4",
        "capacity-unsupported",
    ),
]


@pytest.mark.parametrize(("written", "region", "code"), DOUBTED)
def test_doubted(written: dict[str, Any], region: str, code: str) -> None:
    settings, environment = settings_of(**written), environment_in(region)
    assert list(check(settings, environment)) == []
    assert [fault.code for fault in cautions(settings, environment)] == [f"resource/{code}"]


def test_authors_may_know_better_than_the_catalogue() -> None:
    settings = settings_of(
        machine_type="a9-highgpu-8g", accelerator="nvidia-l4", count=8, allow_unlisted=True, max_nodes=1
    )
    assert list(check(settings, environment_in())) == []
    assert [fault.code for fault in cautions(settings, environment_in())] == ["resource/unknown-machine-type"]
    assert node_config(**settings.model_dump(exclude_defaults=True))["guest_accelerator"][0]["count"] == 8
    here = settings_of(machine_type="a4-highgpu-8g", capacity="spot", zones=["us-central1-c"], allow_unlisted=True)
    assert list(check(here, environment_in())) == []
    assert [fault.code for fault in cautions(here, environment_in())] == ["resource/machine-not-in-zone"]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ({"gpu_sharing": {"time_sharing": {"clients": 2}, "mps": {"clients": 2}}}, "spec/gpu-sharing"),
        ({"gpu_sharing": "mps"}, "spec/gpu-sharing"),
        ({"gpu_sharing": {"time_sharing": {"clients": 1}}}, "spec/out-of-range"),
        ({"upgrade": {"rolling": {}}}, "spec/upgrade-strategy"),
        ({"zones": ["europe-west4"]}, "spec/bad-form"),
        ({"max_nodes": 0}, "spec/out-of-range"),
        ({"spot": True}, "spec/unknown-key"),
    ],
)
def test_settings_that_cannot_be(written: dict[str, Any], code: str) -> None:
    faults = parse(NodePoolSettings, {"machine_type": "g2-standard-8", "max_nodes": 4, **written})
    assert isinstance(faults, list) and [fault.code for fault in faults] == [code]


def test_every_setting_says_what_it_is_for() -> None:
    for name, field in NodePoolSettings.model_fields.items():
        assert field.description and field.description.endswith("."), name


class FoundCluster:
    """A cluster that somebody else made."""

    def __init__(self, node_account: str | None = "nodes@acme-ai-dev.iam.gserviceaccount.com") -> None:
        self.node_account = node_account

    def cluster(self) -> ClusterRef:
        path = "projects/acme-ai-dev/locations/us-central1/clusters/old"
        issuer = f"https://container.googleapis.com/v1/{path}"
        return ClusterRef(path, "old", "us-central1", issuer, "acme-ai-dev.svc.id.goog")

    def node_identity(self) -> Identity | None:
        account = self.node_account
        return (
            Identity(account, f"serviceAccount:{account}", f"projects/p/serviceAccounts/{account}") if account else None
        )

    def node_tag(self) -> str:
        return "old-node"

    def accelerator_pools(self) -> Sequence[AcceleratorPool]:
        return ()

    def membership(self) -> None:
        return None


class OneKey:
    """A key that somebody else made, and who asked for it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def key(self, purpose: str, *, users: Sequence[str] = (), location: str | None = None) -> KeyRef:
        self.asked.append((purpose, tuple(users)))
        return KeyRef("projects/p/locations/us-central1/keyRings/r/cryptoKeys/k", "us-central1")


def test_a_pool_alone_in_anybodys_stack() -> None:
    app = App()
    stack, keys = TerraformStack(app, "mine"), OneKey()
    settings = settings_of(machine_type="a3-highgpu-8g", capacity={"queued": {"max_run_hours": 12}})
    NodePool(stack, "h100", settings, environment=environment_in(), compute=FoundCluster(), keys=keys)
    document = json.loads(synthesize(app)["stacks/mine/cdk.tf.json"])
    pool = document["resource"]["google_container_node_pool"]["h100"]
    assert pool["cluster"] == "projects/acme-ai-dev/locations/us-central1/clusters/old"
    assert pool["lifecycle"] == {"ignore_changes": ["initial_node_count"]}
    [config] = pool["node_config"]
    assert config["service_account"] == "nodes@acme-ai-dev.iam.gserviceaccount.com"
    assert config["tags"] == ["old-node"] and config["boot_disk_kms_key"].endswith("/cryptoKeys/k")
    assert config["resource_labels"] == {
        "component": "node-pool",
        "environment": "dev",
        "managed_by": "planform",
        "node_pool": "h100",
    }
    agent = "serviceAccount:service-111111111111@compute-system.iam.gserviceaccount.com"
    assert keys.asked == [("gke-nodes", (agent,))]


@pytest.mark.parametrize(
    ("name", "machine_type", "account", "code"),
    [
        ("h100", "a3-highgpu-1g", "nodes@p.iam.gserviceaccount.com", "resource/capacity-unsupported"),
        ("H100", "g2-standard-8", "nodes@p.iam.gserviceaccount.com", "resource/node-pool-name"),
        ("l4", "g2-standard-8", None, "resource/node-identity"),
    ],
)
def test_a_pool_alone_is_judged_too(name: str, machine_type: str, account: str | None, code: str) -> None:
    with pytest.raises(DiagnosticError) as refused:
        NodePool(
            TerraformStack(App(), "mine"),
            name,
            settings_of(machine_type=machine_type),
            environment=environment_in(),
            compute=FoundCluster(account),
        )
    assert [diagnostic.code for diagnostic in refused.value.diagnostics] == [code]


@pytest.mark.terraform
def test_the_provider_accepts_every_machine(tmp_path: Path) -> None:
    terraform.need("google")
    pools: dict[str, dict[str, Any]] = {}
    for machine in machines().values():
        region = region_of(machine.zones[0]) if machine.zones else "us-central1"
        for kind in machine.capacity if machine.accelerator else machine.capacity[:1]:
            capacity = {"reservation": {"name": "reserved"}} if kind == "reservation" else kind
            name = f"{machine.group}-{len(pools)}"
            pools[name] = arguments_of(name, region, machine_type=machine.name, capacity=capacity)
    document = {
        "terraform": {"required_providers": {"google": {"source": "hashicorp/google", "version": "~> 7.45"}}},
        "provider": {"google": {"project": "acme-ai-dev", "region": "us-central1"}},
        "resource": {"google_container_node_pool": pools},
    }
    (tmp_path / "main.tf.json").write_text(json.dumps(document), encoding="utf-8")
    started = terraform.terraform(tmp_path, "init", "-no-color")
    assert started.returncode == 0, started.stderr
    report = json.loads(terraform.terraform(tmp_path, "validate", "-json").stdout)
    assert report["diagnostics"] == []
    plan = terraform.terraform(tmp_path, "plan", "-no-color", "-refresh=false")
    assert f"Plan: {len(pools)} to add" in plan.stdout, plan.stderr
