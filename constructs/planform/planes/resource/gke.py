"""gke: a GKE Standard cluster, whose node pools the blueprint chooses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any

from msgspec.structs import replace
from pydantic import Field

from planform.contracts.compute import AcceleratorPool
from planform.planes.component import Place
from planform.planes.resource.accelerators import accelerator, nearest_accelerator
from planform.planes.resource.cluster import NODE_SCOPES, Cluster, ClusterSettings
from planform.planes.resource.node_pool import NodePool, NodePoolSettings, accelerator_pool, cautions, check
from planform.planes.resource.node_pool_settings import MachineType
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import Count, Gib, KebabName, Zone
from planform.terraform.record import Lifecycle

__all__ = ["AutoProvisioning", "Gke", "GkeSettings", "SystemPool"]

RESERVED_POOLS = ("default-pool", "system")
MANAGED_COMPONENTS = "components.gke.io/gke-managed-components"

Limit = Annotated[int, Field(ge=1, le=1_000_000)]


class SystemPool(Settings):
    """The node pool `system`, for what the cluster itself and the platform run."""

    machine_type: MachineType = Field(
        default="e2-standard-4", description="Compute Engine machine type. Default: e2-standard-4."
    )
    min_nodes: Count = Field(default=1, description="Nodes that are kept, over all zones. Default: 1.")
    max_nodes: Limit = Field(default=6, description="Nodes at most, over all zones. Default: 6.")
    dedicated: bool = Field(
        default=False,
        description="Keep everything but GKE's own components away; other pods then need a pool without accelerators"
        " in node_pools. Default: off.",
    )

    def pool(self, zones: tuple[str, ...] | None) -> NodePoolSettings:
        """The same in the words of any node pool."""
        taints = [{"key": MANAGED_COMPONENTS, "value": "true"}] if self.dedicated else []
        return NodePoolSettings.model_validate(
            {**self.model_dump(exclude={"dedicated"}), "zones": zones, "taints": taints}
        )


class AutoProvisioning(Settings):
    """Node pools that GKE makes by itself for pods that fit no pool, within limits for the whole cluster."""

    max_vcpus: Limit = Field(description="vCPUs of all nodes together, at most.", examples=[400])
    max_memory_gib: Gib = Field(description="Memory of all nodes together, at most.", examples=[1600])
    accelerators: dict[str, Limit] = Field(
        default_factory=dict,
        description="Accelerators of each kind on all nodes together, at most. Default: as many as node_pools have.",
        examples=[{"nvidia-l4": 16}],
    )


class GkeSettings(ClusterSettings):
    """Settings of `gke`."""

    node_pools: dict[KebabName, NodePoolSettings] = Field(
        default_factory=dict,
        description="Node pools by name, besides `system`. Default: none.",
        examples=[{"l4": {"machine_type": "g2-standard-8", "capacity": "spot", "max_nodes": 8}}],
    )
    system: SystemPool = Field(
        default=SystemPool(), description="The node pool `system`. Default: 1 to 6 e2-standard-4."
    )
    auto_provisioning: AutoProvisioning | None = Field(
        default=None, description="Let GKE make node pools by itself. Default: off."
    )
    max_accelerators: dict[str, Count] = Field(
        default_factory=dict,
        description="Accelerators of a kind that all node pools together may have. Default: no bound but each pool's.",
        examples=[{"nvidia-h100-80gb": 16}],
    )
    zones: tuple[Zone, ...] | None = Field(
        default=None,
        min_length=1,
        description="Zones of the region that nodes stand in by default. Default: GKE chooses, usually three.",
    )
    max_pods_per_node: int = Field(
        default=110,
        ge=8,
        le=256,
        description="Pods on one node, 8 to 256; each node takes twice as many addresses of the pod range. It cannot be"
        " changed later. Default: 110.",
    )
    multi_networking: bool = Field(
        default=True,
        description="Let nodes have several network interfaces, as GPUs that train together want. It cannot be changed"
        " later. Default: on.",
    )


class Gke(Cluster):
    """GKE Standard: a regional private cluster with node pools, accelerators and capacity as the blueprint says.

    The control plane has no public address; it is reached by its DNS name, which IAM guards, or from the network.
    Nodes have no public address, boot signed software only, and a service account that may write logs and metrics.
    The pool that GKE itself would make is replaced by `system`, so that nothing runs on nodes of unknown make.

    Provides: Compute; `issuer` is "https://container.googleapis.com/v1/projects/P/locations/R/clusters/N".
    Requires: Services; Networking, whose subnetwork has ranges for pods and services; Identities; Keys, if it is
    there, for Kubernetes secrets, boot disks, backups and event topics.
    Emits: google_container_cluster, google_container_node_pool, google_binary_authorization_policy, in production
    google_gke_backup_backup_plan, on request google_pubsub_topic.
    Errors: those of cluster.py, cluster_maintenance.py and node_pool_checks.py, and resource/accelerator-limit,
    resource/multi-networking, resource/pod-range, resource/reserved-node-pool, resource/unknown-accelerator,
    resource/zone-in-other-region.
    Source: provider pages of google_container_cluster and google_container_node_pool 7.45.0; of a node's addresses,
    GKE's page on flexible pod ranges.
    """

    name = "gke"
    Settings = GkeSettings
    settings: GkeSettings

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        yield from super().check(settings, environment)
        yield from _check_limits(settings)
        for fault in check(settings.system.pool(settings.zones), environment, name="system"):
            yield _below(fault, "system") if fault.path[:1] != ("zones",) else _below(fault)
        for name, pool in settings.node_pools.items():
            if name in RESERVED_POOLS:
                yield Fault(
                    "resource/reserved-node-pool",
                    f"a node pool cannot be called `{name}`",
                    ("node_pools", name),
                    help="choose another name; the pool `system` is set by `system:` beside node_pools",
                    of_key=True,
                )
            if pool.accelerator_network and not settings.multi_networking:
                yield Fault(
                    "resource/multi-networking",
                    f"node pool `{name}` has networks for its GPUs, and the cluster allows one network",
                    ("node_pools", name, "accelerator_network"),
                    help="delete `multi_networking: false`, or accelerator_network",
                )
            yield from (_below(fault, "node_pools", name) for fault in check(pool, environment, name=name))

    @classmethod
    def cautions(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        for name, pool in settings.node_pools.items():
            yield from (_below(fault, "node_pools", name) for fault in cautions(pool, environment, name=name))

    def build(self) -> None:
        self._refuse_small_pod_range()
        super().build()
        for name, settings in self._pools().items():
            self._make_pool(name, settings)

    def accelerator_pools(self) -> tuple[AcceleratorPool, ...]:
        """Pools with GPUs or TPUs, in the order of the blueprint."""
        return self._accelerator_pools

    @cached_property
    def _accelerator_pools(self) -> tuple[AcceleratorPool, ...]:
        """Kept, as every workload with an accelerator asks."""
        found = (accelerator_pool(name, pool) for name, pool in self.settings.node_pools.items())
        return tuple(pool for pool in found if pool is not None)

    def _pools(self) -> Mapping[str, NodePoolSettings]:
        return {"system": self.settings.system.pool(self.settings.zones), **self.settings.node_pools}

    def _make_pool(self, name: str, settings: NodePoolSettings) -> None:
        where = ("system",) if name == "system" else ("node_pools", name)
        NodePool(
            self,
            name,
            settings,
            environment=self.environment,
            place=Place(self.place.plane, self.place.team, lambda *path: self.at(*where, *path)),
            compute=self,
            keys=self.keys,
        )

    def _own(self) -> dict[str, Any]:
        settings = self.settings
        arguments: dict[str, Any] = {
            **self._seed(),
            "addons_config": [{**self._addons(), **_STANDARD_ADDONS}],
            "cluster_autoscaling": [self._autoscaling()],
            "default_max_pods_per_node": settings.max_pods_per_node,
            "dns_config": [
                {
                    "cluster_dns": "CLOUD_DNS",
                    "cluster_dns_scope": "CLUSTER_SCOPE",
                    "cluster_dns_domain": "cluster.local",
                }
            ],
            "enable_intranode_visibility": True,
            "enable_multi_networking": settings.multi_networking,
            "enable_shielded_nodes": True,
            "node_pool_defaults": [
                {
                    "node_config_defaults": [
                        {
                            "insecure_kubelet_readonly_port_enabled": "FALSE",
                            "gcfs_config": [{"enabled": True}],
                        }
                    ]
                }
            ],
            "pod_autoscaling": [{"hpa_profile": "PERFORMANCE"}],
        }
        if settings.zones:
            arguments["node_locations"] = sorted(settings.zones)
        return arguments

    def _seed(self) -> dict[str, Any]:
        """The pool that GKE insists on making with a cluster, and that goes at once; its nodes obey the rules too."""
        config: dict[str, Any] = {
            "machine_type": "e2-medium",
            "service_account": self.node_account.email,
            "oauth_scopes": NODE_SCOPES,
            "shielded_instance_config": _SHIELDED,
            "workload_metadata_config": [{"mode": "GKE_METADATA"}],
            "tags": [self.node_tag()],
        }
        key = self._boot_disk_key()
        if key is not None:
            config["boot_disk_kms_key"] = key.id
        return {
            "remove_default_node_pool": True,
            "initial_node_count": 1,
            "node_config": [config],
            "lifecycle": Lifecycle(
                prevent_destroy=self.protected or None, ignore_changes=["node_config", "initial_node_count"]
            ),
        }

    def _autoscaling(self) -> dict[str, Any]:
        wanted = self.settings.auto_provisioning
        profile = {"autoscaling_profile": "OPTIMIZE_UTILIZATION"}
        if wanted is None:
            return {"enabled": False, **profile}
        limits = {**_totals(self.settings.node_pools), **wanted.accelerators}
        defaults: dict[str, Any] = {
            "service_account": self.node_account.email,
            "oauth_scopes": NODE_SCOPES,
            "disk_type": "pd-balanced",
            "disk_size": 100,
            "image_type": "COS_CONTAINERD",
            "shielded_instance_config": _SHIELDED,
            "management": [{"auto_repair": True, "auto_upgrade": True}],
            "upgrade_settings": [{"strategy": "SURGE", "max_surge": 1, "max_unavailable": 0}],
        }
        key = self._boot_disk_key()
        if key is not None:
            defaults["boot_disk_kms_key"] = key.id
        return {
            "enabled": True,
            **profile,
            "resource_limits": [
                {"resource_type": "cpu", "minimum": 1, "maximum": wanted.max_vcpus},
                {"resource_type": "memory", "minimum": 1, "maximum": wanted.max_memory_gib},
                *({"resource_type": name, "maximum": limits[name]} for name in sorted(limits)),
            ],
            "auto_provisioning_defaults": [defaults],
            **({"auto_provisioning_locations": sorted(self.settings.zones)} if self.settings.zones else {}),
        }

    def _refuse_small_pod_range(self) -> None:
        """A pool that can never be full is a mistake; pools that cannot all be full at once may be meant."""
        cidr = self.networking.subnet().pods_cidr
        for name, pool in self._pools().items():
            pods = pool.max_pods_per_node or self.settings.max_pods_per_node
            node_prefix = 32 - (2 * pods - 1).bit_length()
            fit = 2 ** (node_prefix - ipaddress.IPv4Network(cidr).prefixlen) if cidr else pool.max_nodes
            if fit < pool.max_nodes:
                where = ("system",) if name == "system" else ("node_pools", name)
                raise self.refuse(
                    "resource/pod-range",
                    f"the pod range {cidr} has addresses for {int(fit)} nodes of {pods} pods, and `{name}` may have"
                    f" {pool.max_nodes} nodes",
                    path=(*where, "max_nodes"),
                    help="lower max_nodes or max_pods_per_node, or give the network a larger range for pods",
                )


_SHIELDED = [{"enable_secure_boot": True, "enable_integrity_monitoring": True}]
_STANDARD_ADDONS = {
    "http_load_balancing": [{"disabled": False}],
    "horizontal_pod_autoscaling": [{"disabled": False}],
    "network_policy_config": [{"disabled": True}],
    "dns_cache_config": [{"enabled": True}],
    "gce_persistent_disk_csi_driver_config": [{"enabled": True}],
    "stateful_ha_config": [{"enabled": True}],
}


def _below(fault: Fault, *path: str) -> Fault:
    return replace(fault, path=(*path, *fault.path))


def _totals(pools: Mapping[str, NodePoolSettings]) -> dict[str, int]:
    """Accelerators of each kind when every pool is full."""
    totals: dict[str, int] = {}
    for name, settings in pools.items():
        pool = accelerator_pool(name, settings)
        if pool is not None:
            totals[pool.accelerator] = totals.get(pool.accelerator, 0) + pool.count * pool.max_nodes
    return totals


def _check_limits(settings: GkeSettings) -> Iterator[Fault]:
    bounds: dict[tuple[str, ...], Mapping[str, int]] = {("max_accelerators",): settings.max_accelerators}
    if settings.auto_provisioning is not None:
        bounds["auto_provisioning", "accelerators"] = settings.auto_provisioning.accelerators
    totals = _totals(settings.node_pools)
    for path, limits in bounds.items():
        for name, limit in limits.items():
            if accelerator(name) is None:
                near = nearest_accelerator(name)
                yield Fault(
                    "resource/unknown-accelerator",
                    f"there is no accelerator `{name}`",
                    (*path, name),
                    label=f"did you mean `{near}`?" if near else "",
                    help="write the name that GKE gives it, such as nvidia-l4",
                    of_key=True,
                )
            elif totals.get(name, 0) > limit:
                yield Fault(
                    "resource/accelerator-limit",
                    f"the node pools may have {totals[name]} {name} together, and the limit is {limit}",
                    (*path, name),
                    help="raise the limit, or lower max_nodes of a pool",
                )
