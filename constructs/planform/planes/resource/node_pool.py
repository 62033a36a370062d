"""Node pools of GKE: the google_container_node_pool that follows from the settings of a pool.

Validate and plan check almost nothing of it, so what the arguments must agree on is decided here.

Source: provider page of google_container_node_pool 7.45.0; the facts about machines in accelerators.yaml.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from planform.contracts.compute import AcceleratorPool
from planform.planes.resource.node_pool_checks import cautions, check
from planform.planes.resource.node_pool_settings import NodePoolSettings, Nodes, nodes_of

__all__ = [
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
    metric = (
        nodes.accelerator.quota_metric(preemptible=settings.capacity.preemptible) if nodes.accelerator else ""
    )
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
        "boot_disk": [
            {"disk_type": nodes.disk_type, "size_gb": settings.disk_gib or DEFAULT_DISK_GIB[nodes.kind]}
        ],
        "shielded_instance_config": [
            {"enable_secure_boot": secure_boot, "enable_integrity_monitoring": True}
        ],
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
