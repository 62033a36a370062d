"""What may be set of a GKE node pool, and what the settings come to with the facts about machines.

Errors: those of capacity.py, and spec/gpu-sharing, spec/upgrade-strategy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Struct
from pydantic import BeforeValidator, Discriminator, Field, StringConstraints, Tag
from pydantic_core import PydanticCustomError

from planform.planes.resource import accelerators as catalogue
from planform.planes.resource.accelerators import Accelerator, Machine
from planform.planes.resource.capacity import Capacity, OnDemand
from planform.spec.settings import Settings

__all__ = [
    "GKE_NAME_LENGTH",
    "BlueGreen",
    "BlueGreenTerms",
    "MachineType",
    "Mig",
    "MigTerms",
    "Mps",
    "NodePoolSettings",
    "Nodes",
    "SharingTerms",
    "Surge",
    "SurgeTerms",
    "Taint",
    "TimeSharing",
    "nodes_of",
]

GKE_NAME_LENGTH = 40

MachineType = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)+$")]
ZoneName = Annotated[str, StringConstraints(pattern=r"^[a-z]+-[a-z]+[0-9]+-(ai[0-9]+)?[a-z]$")]
LabelName = Annotated[
    str,
    StringConstraints(pattern=r"^([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$"),
]
LabelText = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$")]


class SharingTerms(Settings):
    """How many pods one GPU serves."""

    clients: int = Field(ge=2, le=48, description="Pods that share one GPU, 2 to 48.", examples=[4])


class TimeSharing(Settings):
    """Pods take turns on a GPU, without limits on each other's memory."""

    time_sharing: SharingTerms = Field(description="Pods take turns on a GPU.")

    def arguments(self) -> dict[str, Any]:
        return _sharing("TIME_SHARING", self.time_sharing)


class Mps(Settings):
    """Pods use a GPU at once by NVIDIA's Multi-Process Service, each with a share of its memory."""

    mps: SharingTerms = Field(description="Pods use a GPU at once, each with a share of its memory.")

    def arguments(self) -> dict[str, Any]:
        return _sharing("MPS", self.mps)


class MigTerms(Settings):
    """Into what a GPU is cut."""

    partition: str = Field(
        pattern=r"^[0-9]g\.[0-9]+gb$",
        description="Size of the partitions that each GPU is cut into; a pod asks for one as for a GPU.",
        examples=["1g.5gb"],
    )


class Mig(Settings):
    """A GPU is cut into partitions by its hardware: each has memory and processors of its own."""

    mig: MigTerms = Field(description="Each GPU is cut into partitions by its hardware.")

    def arguments(self) -> dict[str, Any]:
        return {"gpu_partition_size": self.mig.partition}


class SurgeTerms(Settings):
    """How far a surge upgrade may go beyond and below the size of the pool."""

    max_surge: int = Field(default=1, ge=0, le=20, description="Nodes made beyond the pool's size. Default: 1.")
    max_unavailable: int = Field(default=0, ge=0, le=20, description="Nodes taken away at once. Default: none.")


class Surge(Settings):
    """Nodes are replaced a few at a time."""

    surge: SurgeTerms = Field(description="Nodes are replaced a few at a time.")

    def arguments(self) -> dict[str, Any]:
        terms = self.surge
        return {"strategy": "SURGE", "max_surge": terms.max_surge, "max_unavailable": terms.max_unavailable}


class BlueGreenTerms(Settings):
    """How fast a second set of nodes takes over from the first."""

    batch_nodes: int = Field(default=1, ge=1, le=1000, description="Old nodes that are drained at a time. Default: 1.")
    batch_soak_minutes: int = Field(
        default=5, ge=0, le=10080, description="Minutes to wait after each batch. Default: 5."
    )
    soak_minutes: int = Field(
        default=60,
        ge=0,
        le=10080,
        description="Minutes to keep the drained old nodes, to go back to. Default: 60.",
    )


class BlueGreen(Settings):
    """A second set of nodes takes over from the first; needs twice the machines while it lasts."""

    blue_green: BlueGreenTerms = Field(description="A second set of nodes takes over from the first.")

    def arguments(self) -> dict[str, Any]:
        terms = self.blue_green
        batch = {
            "batch_node_count": terms.batch_nodes,
            "batch_soak_duration": f"{terms.batch_soak_minutes * 60}s",
        }
        return {
            "strategy": "BLUE_GREEN",
            "blue_green_settings": [
                {
                    "standard_rollout_policy": [batch],
                    "node_pool_soak_duration": f"{terms.soak_minutes * 60}s",
                }
            ],
        }


def _only_key(value: Any) -> str:
    """The one key of a choice that is written as a mapping of one key."""
    written = type(value).model_fields if isinstance(value, Settings) else value
    keys = list(written) if isinstance(written, Mapping) else []
    return str(keys[0]) if len(keys) == 1 else ""


def _shared_one_way(value: Any) -> Any:
    if _only_key(value) in ("time_sharing", "mps", "mig"):
        return value
    raise PydanticCustomError(
        "spec/gpu-sharing",
        "a GPU is shared in one way: time_sharing, mps or mig",
        {"help": "write `gpu_sharing: {time_sharing: {clients: 4}}`, or leave it out"},
    )


def _upgraded_one_way(value: Any) -> Any:
    if _only_key(value) in ("surge", "blue_green"):
        return value
    raise PydanticCustomError(
        "spec/upgrade-strategy",
        "nodes are upgraded in one way: surge or blue_green",
        {"help": "write `upgrade: {surge: {max_surge: 1}}`, or leave it out"},
    )


GpuSharing = Annotated[
    Annotated[TimeSharing, Tag("time_sharing")] | Annotated[Mps, Tag("mps")] | Annotated[Mig, Tag("mig")],
    Discriminator(_only_key),
    BeforeValidator(_shared_one_way),
]
Upgrade = Annotated[
    Annotated[Surge, Tag("surge")] | Annotated[BlueGreen, Tag("blue_green")],
    Discriminator(_only_key),
    BeforeValidator(_upgraded_one_way),
]


class Taint(Settings):
    """Keeps away pods that do not tolerate it."""

    key: LabelName = Field(description="Key of the taint.", examples=["dedicated"])
    value: LabelText = Field(default="true", description="Value of the taint. Default: true.")
    effect: Literal["NO_SCHEDULE", "PREFER_NO_SCHEDULE", "NO_EXECUTE"] = Field(
        default="NO_SCHEDULE",
        description="What happens to pods without the toleration. Default: NO_SCHEDULE.",
    )


class NodePoolSettings(Settings):
    """Machines of one kind in a GKE cluster, as many as its pods need between two bounds."""

    machine_type: MachineType = Field(
        description="Compute Engine machine type of the nodes.",
        examples=["g2-standard-8"],
    )
    accelerator: str | None = Field(
        default=None,
        description="GPU or TPU by GKE's name for it. Default: what the machine type brings (N1: none).",
        examples=["nvidia-l4"],
    )
    count: int | None = Field(
        default=None,
        ge=1,
        le=16,
        description="Accelerators on each node. Default: as many as the machine type brings, one on an N1.",
    )
    capacity: Capacity = Field(
        default=OnDemand(),
        description="on_demand, spot, flex_start, queued or a reservation. Default: on_demand.",
        examples=[{"spot": {}}],
    )
    min_nodes: int = Field(
        default=0, ge=0, description="Nodes that are kept without pods, over all zones. Default: none."
    )
    max_nodes: int = Field(
        ge=1, le=100_000, description="Nodes at most, over all zones: the bound on what the pool costs.", examples=[8]
    )
    zones: tuple[ZoneName, ...] | None = Field(
        default=None,
        description="Zones of the nodes. Default: the zones of the region that have the machine type, only"
        " the first of them for a TPU slice of several hosts; where that is not known, the cluster's zones.",
    )
    tpu_topology: str | None = Field(
        default=None,
        pattern=r"^[0-9]+x[0-9]+(x[0-9]+)?$",
        description="Shape of the TPU slice that the pool is. Default: what a single host has.",
        examples=["4x4"],
    )
    gpu_sharing: GpuSharing | None = Field(
        default=None,
        description="How pods share a GPU. Default: each GPU belongs to one pod.",
        examples=[{"time_sharing": {"clients": 4}}],
    )
    gpu_driver: Literal["default", "latest"] = Field(
        default="default",
        description="NVIDIA driver that GKE installs. Default: the one that GKE's release is tested with.",
    )
    disk_gib: int | None = Field(
        default=None,
        ge=10,
        le=65536,
        description="Boot disk in GiB. Default: 100, and 200 where images with CUDA or JAX are large.",
    )
    disk_type: Literal["pd-balanced", "pd-ssd", "pd-standard", "hyperdisk-balanced"] | None = Field(
        default=None,
        description="Type of the boot disk. Default: the balanced one that the machine type takes.",
    )
    local_ssds: int | None = Field(
        default=None,
        ge=0,
        le=32,
        description="Local SSDs of 375 GiB for ephemeral storage. Default: those that the machine brings.",
    )
    image_streaming: bool = Field(
        default=True, description="Start containers while their image is still loading. Default: on."
    )
    secure_boot: bool | None = Field(
        default=None,
        description="Boot signed software only. Default: on, but off on TPU nodes.",
    )
    fast_socket: bool = Field(
        default=False, description="NCCL Fast Socket, for training over several A2 or G2 nodes. Default: off."
    )
    accelerator_network: bool = Field(
        default=False,
        description="Give each GPU a network interface of its own for training over several nodes. Default:"
        " off, as the cluster must allow several networks.",
    )
    labels: dict[LabelName, LabelText] = Field(
        default_factory=dict,
        description="Kubernetes labels of the nodes, besides those of GKE. Default: none.",
    )
    taints: tuple[Taint, ...] = Field(
        default=(),
        description="Taints besides those for accelerators and for capacity that may go away. Default: none.",
    )
    max_pods_per_node: int | None = Field(
        default=None, ge=8, le=256, description="Pods on one node. Default: the cluster's bound."
    )
    upgrade: Upgrade | None = Field(
        default=None,
        description="How nodes are replaced by newer ones. Default: one more node at a time, and one less at"
        " a time on accelerator nodes, since spare accelerators are rarely to be had.",
    )
    allow_unlisted: bool = Field(
        default=False,
        description="Accept machine types, zones and capacity that planform's dated catalogue does not know."
        " Default: they are refused, as Terraform would notice a wrong one only when it applies.",
    )


class Nodes(Struct, frozen=True):
    """What the settings come to with the facts of the catalogue: one node's shape, and where nodes are.

    `machine` is None for a machine type that the catalogue does not know. `zones` is empty where the
    cluster's zones apply. `hosts` is more than one for a TPU slice of several machines.
    """

    machine: Machine | None
    accelerator: Accelerator | None
    accelerator_name: str
    count: int
    kind: str
    zones: tuple[str, ...]
    topology: str
    hosts: int
    local_ssds: int
    disk_type: str


def nodes_of(settings: NodePoolSettings, location: str) -> Nodes:
    """The nodes of a pool in a cluster of that region or zone, the settings taken as they are."""
    machine = catalogue.machine(settings.machine_type)
    named = settings.accelerator or (machine.accelerator.name if machine and machine.accelerator else "")
    found = catalogue.accelerator(named)
    count = settings.count or (machine.accelerators if machine else 0) or (1 if named else 0)
    topology = settings.tpu_topology or (machine.topologies[0] if machine and machine.topologies else "")
    hosts = machine.hosts(topology) if machine and topology else 1
    kind = found.kind if found else ("gpu" if named else "cpu")
    return Nodes(
        machine=machine,
        accelerator=found,
        accelerator_name=named,
        count=count,
        kind=kind,
        zones=_zones(settings, machine, found, location, hosts),
        topology=topology,
        hosts=hosts,
        local_ssds=settings.local_ssds if settings.local_ssds is not None else (machine.local_ssds if machine else 0),
        disk_type=settings.disk_type or (machine.boot_disks[0] if machine else "pd-balanced"),
    )


def _zones(
    settings: NodePoolSettings, machine: Machine | None, found: Accelerator | None, location: str, hosts: int
) -> tuple[str, ...]:
    region = catalogue.region_of(location)
    if settings.zones:
        return settings.zones
    if machine is None:
        return ()
    attached = found.name if found and not machine.accelerators else None
    zones = catalogue.in_region(machine.name, region, accelerator_name=attached)
    if machine.flex_start_zones and settings.capacity.kind == "flex_start":
        zones = tuple(zone for zone in zones if zone in machine.flex_start_zones)
    if location in zones:  # a cluster of one zone has nodes in that zone only
        return (location,)
    return zones[:1] if hosts > 1 else zones


def _sharing(strategy: str, terms: SharingTerms) -> dict[str, Any]:
    config = {"gpu_sharing_strategy": strategy, "max_shared_clients_per_gpu": terms.clients}
    return {"gpu_sharing_config": [config]}
