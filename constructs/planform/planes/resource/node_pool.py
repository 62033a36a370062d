"""Node pools of GKE: the google_container_node_pool that follows from the settings of a pool.

Validate and plan check almost nothing of it, so what the arguments must agree on is decided here.

Source: provider page of google_container_node_pool 7.45.0; the facts about machines in accelerators.yaml.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from planform.contracts.compute import AcceleratorPool, Compute
from planform.contracts.keys import Keys
from planform.planes.component import Component, refuse_all
from planform.planes.resource.node_pool_checks import cautions, check, name_faults
from planform.planes.resource.node_pool_settings import NodePoolSettings, Nodes, nodes_of
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.terraform.google import ContainerNodePool
from planform.terraform.record import Lifecycle, Resource

__all__ = [
    "NodePool",
    "NodePoolSettings",
    "accelerator_pool",
    "accelerator_quota",
    "cautions",
    "check",
    "node_pool_arguments",
    "node_taints",
]

NUMA_ACCELERATORS = 8  # machines with as many have two sockets, and pods gain from one socket's CPUs and NICs
DEFAULT_DISK_GIB = {"cpu": 100, "gpu": 200, "tpu": 200}


class NodePool(Component):
    """A node pool in any GKE cluster, planform's own or one that is already there.

    `NodePool(stack, "l4", NodePoolSettings(...), environment=environment, compute=cluster)`; the id is the
    pool's name, so 40 characters at most.

    Requires: Compute, whose cluster stands in the environment's region and whose node identity is known;
    keys, if boot disks are to be encrypted with a key of one's own.
    Emits: google_container_node_pool. Its number of nodes is the autoscaler's: Terraform ignores it.
    Errors: those of node_pool_checks.py, and resource/node-identity.
    """

    name: ClassVar[str] = "node-pool"
    capability: ClassVar[str] = "compute"
    apis: ClassVar[tuple[str, ...]] = ("container.googleapis.com",)
    Settings: ClassVar[type[Settings]] = NodePoolSettings

    settings: NodePoolSettings
    compute: Compute
    keys: Keys | None

    @classmethod
    def check(cls, settings: NodePoolSettings, environment: Environment) -> Iterable[Fault]:
        return check(settings, environment)

    def build(self) -> None:
        refuse_all(name_faults(self.id), f"NodePool {self.id!r}")
        cluster, identity = self.compute.cluster(), self.compute.node_identity()
        if identity is None:
            unknown = Fault(
                "resource/node-identity",
                f"cluster `{cluster.name}` has no known service account for its nodes",
                help="name the nodes' service account where the cluster is described",
            )
            refuse_all([unknown], f"NodePool {self.id!r}")
            return
        arguments = node_pool_arguments(
            self.settings,
            name=self.id,
            cluster=cluster.id,
            location=cluster.location,
            service_account=identity.email,
            network_tags=(self.compute.node_tag(),),
            resource_labels=self.labels,
            kms_key=self._disk_key(),
        )
        # Only its first value counts, and another one would replace the pool.
        lifecycle = Lifecycle(ignore_changes=["initial_node_count"])
        self.record: Resource = ContainerNodePool(self, self.id, lifecycle=lifecycle, **arguments)

    def accelerator_pool(self) -> AcceleratorPool | None:
        """What others are told of it; None for one without accelerators."""
        return accelerator_pool(self.id, self.settings)

    def _disk_key(self) -> object:
        if self.keys is None:
            return None
        return self.keys.key("gke-nodes", users=[self.environment.service_agent("compute-system")]).id


def node_taints(settings: NodePoolSettings) -> tuple[dict[str, str], ...]:
    """The taints on the nodes, in the provider's words: what a pod must tolerate to run there."""
    kind = nodes_of(settings, "").kind
    accelerator = {"gpu": "nvidia.com/gpu", "tpu": "google.com/tpu"}.get(kind)
    taints = [{"key": accelerator, "value": "present", "effect": "NO_SCHEDULE"}] if accelerator else []
    capacity = settings.capacity.taint()
    return (
        *taints,
        *([capacity] if capacity else ()),
        *(taint.model_dump() for taint in settings.taints),
    )


def accelerator_pool(name: str, settings: NodePoolSettings) -> AcceleratorPool | None:
    """What other components are told of the pool; None for one without accelerators."""
    nodes = nodes_of(settings, "")
    if not nodes.accelerator_name:
        return None
    return AcceleratorPool(
        name=name,
        accelerator=nodes.accelerator_name,
        count=nodes.count,
        machine_type=settings.machine_type,
        capacity=settings.capacity.kind,
        max_nodes=settings.max_nodes,
    )


def accelerator_quota(settings: NodePoolSettings) -> tuple[str, int] | None:
    """The regional quota metric that the pool counts against, and how much of it when it is full."""
    nodes = nodes_of(settings, "")
    metric = nodes.accelerator.quota_metric(preemptible=settings.capacity.preemptible) if nodes.accelerator else ""
    return (metric, nodes.count * settings.max_nodes) if metric else None


def node_pool_arguments(
    settings: NodePoolSettings,
    *,
    name: str,
    cluster: object,
    location: str,
    service_account: object,
    network_tags: Sequence[str] = (),
    resource_labels: Mapping[str, str] | None = None,
    kms_key: object = None,
    pod_range: object = None,
) -> dict[str, Any]:
    """The arguments of google_container_node_pool, every block a list.

    `cluster` is the cluster's name or id, `location` its region or zone, `service_account` an e-mail,
    `kms_key` the id of a key for boot disks, `pod_range` the name of a secondary range. Those typed object
    may be references as well.
    """
    nodes = nodes_of(settings, location)
    arguments: dict[str, Any] = {
        "name": name,
        "cluster": cluster,
        "location": location,
        "initial_node_count": 1 if settings.min_nodes and nodes.kind == "cpu" else 0,
        "node_config": [
            _node_config(
                settings,
                nodes,
                service_account=service_account,
                network_tags=network_tags,
                resource_labels={**(resource_labels or {}), "node_pool": name},
                kms_key=kms_key,
            )
        ],
        "autoscaling": [_autoscaling(settings, nodes)],
        "ignore_node_count_changes": True,
        "management": [{"auto_repair": settings.capacity.auto_repair, "auto_upgrade": True}],
        "network_config": [_network_config(settings, pod_range)],
        "node_drain_config": [{"respect_pdb_during_node_pool_deletion": True}],
        **settings.capacity.pool(),
    }
    if nodes.zones:
        arguments["node_locations"] = sorted(nodes.zones)
    if settings.max_pods_per_node is not None:
        arguments["max_pods_per_node"] = settings.max_pods_per_node
    if nodes.hosts > 1:
        arguments["placement_policy"] = [{"type": "COMPACT", "tpu_topology": nodes.topology}]
    upgrade = _upgrade(settings, nodes)
    if upgrade:
        arguments["upgrade_settings"] = [upgrade]
    return arguments


def _node_config(
    settings: NodePoolSettings,
    nodes: Nodes,
    *,
    service_account: object,
    network_tags: Sequence[str],
    resource_labels: Mapping[str, str],
    kms_key: object,
) -> dict[str, Any]:
    secure_boot = nodes.kind != "tpu" if settings.secure_boot is None else settings.secure_boot
    config: dict[str, Any] = {
        "machine_type": settings.machine_type,
        "image_type": "COS_CONTAINERD",
        "service_account": service_account,
        "oauth_scopes": ["https://www.googleapis.com/auth/cloud-platform"],
        "boot_disk": [{"disk_type": nodes.disk_type, "size_gb": settings.disk_gib or DEFAULT_DISK_GIB[nodes.kind]}],
        "shielded_instance_config": [{"enable_secure_boot": secure_boot, "enable_integrity_monitoring": True}],
        "workload_metadata_config": [{"mode": "GKE_METADATA"}],
        "metadata": {"disable-legacy-endpoints": "true"},
        "gcfs_config": [{"enabled": settings.image_streaming}],
        "gvnic": [{"enabled": True}],
        "kubelet_config": [_kubelet_config(nodes)],
        "resource_labels": dict(sorted(resource_labels.items())),
        **settings.capacity.node_config(),
    }
    if settings.labels:
        config["labels"] = dict(sorted(settings.labels.items()))
    if network_tags:
        config["tags"] = list(network_tags)
    if kms_key is not None:
        config["boot_disk_kms_key"] = kms_key
    taints = node_taints(settings)
    if taints:
        config["taint"] = [dict(taint) for taint in taints]
    if nodes.kind == "gpu":
        config["guest_accelerator"] = [_guest_accelerator(settings, nodes)]
    if settings.fast_socket:
        config["fast_socket"] = [{"enabled": True}]
    if nodes.local_ssds:
        config["ephemeral_storage_local_ssd_config"] = [{"local_ssd_count": nodes.local_ssds}]
    return config


def _guest_accelerator(settings: NodePoolSettings, nodes: Nodes) -> dict[str, Any]:
    sharing = settings.gpu_sharing.arguments() if settings.gpu_sharing else {}
    return {
        "type": nodes.accelerator_name,
        "count": nodes.count,
        "gpu_driver_installation_config": [{"gpu_driver_version": settings.gpu_driver.upper()}],
        **sharing,
    }


def _kubelet_config(nodes: Nodes) -> dict[str, Any]:
    config: dict[str, Any] = {"insecure_kubelet_readonly_port_enabled": "FALSE", "pod_pids_limit": 4096}
    if nodes.kind == "gpu" and nodes.count >= NUMA_ACCELERATORS:
        config["cpu_manager_policy"] = "static"
        config["topology_manager"] = [{"policy": "best-effort", "scope": "pod"}]
    return config


def _network_config(settings: NodePoolSettings, pod_range: object) -> dict[str, Any]:
    config: dict[str, Any] = {"enable_private_nodes": True}
    if pod_range is not None:
        config["pod_range"] = pod_range
    if settings.accelerator_network:
        config["accelerator_network_profile"] = "auto"
    return config


def _autoscaling(settings: NodePoolSettings, nodes: Nodes) -> dict[str, Any]:
    anywhere = nodes.kind != "cpu" or settings.capacity.any_zone
    return {
        "total_min_node_count": settings.min_nodes,
        "total_max_node_count": settings.max_nodes,
        "location_policy": "ANY" if anywhere else "BALANCED",
    }


def _upgrade(settings: NodePoolSettings, nodes: Nodes) -> dict[str, Any]:
    """Nothing where GKE alone decides: flex-start nodes, and the hosts of a TPU slice, which go together."""
    if not settings.capacity.upgradable or nodes.hosts > 1:
        return {}
    if settings.upgrade is not None:
        return settings.upgrade.arguments()
    spare = 1 if nodes.kind == "cpu" else 0
    return {"strategy": "SURGE", "max_surge": spare, "max_unavailable": 1 - spare}
