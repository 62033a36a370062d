"""What is wrong with the settings of a node pool, by the facts about machines and regions.

Neither `terraform validate` nor `plan` notices any of it: a GPU type that does not exist passes both.
What rests on a fact that no source confirmed is a caution, not a fault; so is everything that rests on the
catalogue where the settings say `allow_unlisted`.

Errors: resource/accelerator-count, resource/accelerator-mismatch, resource/capacity-unsupported,
resource/disk-type, resource/flex-start-zone, resource/gpu-sharing, resource/gpu-setting-without-gpu,
resource/local-ssds, resource/machine-not-in-region, resource/machine-not-in-zone, resource/min-above-max,
resource/node-pool-name, resource/not-from-zero, resource/reserved-label, resource/several-zones,
resource/tpu-nodes, resource/tpu-topology, resource/unknown-accelerator, resource/unknown-machine-type,
resource/upgrade-strategy, resource/zone-in-other-region.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from planform.planes.resource import accelerators as catalogue
from planform.planes.resource.accelerators import Accelerator, Machine
from planform.planes.resource.node_pool_settings import (
    GKE_NAME_LENGTH,
    BlueGreen,
    Mig,
    NodePoolSettings,
    Nodes,
    Surge,
    nodes_of,
)
from planform.spec.environment import Environment
from planform.spec.fault import Fault

__all__ = ["cautions", "check", "name_faults"]

NAME = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")
RESERVED_LABELS = ("kubernetes.io", "k8s.io", "cloud.google.com", "gke.io")


def check(settings: NodePoolSettings, environment: Environment, *, name: str = "") -> Iterable[Fault]:
    """Everything that is certainly wrong. Paths are relative to the pool's settings."""
    return [finding.fault for finding in _findings(settings, environment, name) if finding.certain]


def cautions(settings: NodePoolSettings, environment: Environment, *, name: str = "") -> Iterable[Fault]:
    """What may be wrong: it rests on facts that are unverified, or that the author vouches for."""
    return [finding.fault for finding in _findings(settings, environment, name) if not finding.certain]


class _Finding(Struct, frozen=True):
    fault: Fault
    certain: bool = True


def _findings(settings: NodePoolSettings, environment: Environment, name: str) -> Iterator[_Finding]:
    yield from _bounds(settings, name)
    yield from _labels(settings)
    nodes = nodes_of(settings, environment.region)
    machine = nodes.machine
    if machine is None:
        yield _unknown_machine(settings)
        yield from _foreign_zones(settings, environment)
        return
    for finding in (
        *_accelerator(settings, nodes, machine),
        *_capacity(settings, machine),
        *_where(settings, nodes, machine, environment),
        *_topology(settings, nodes, machine),
        *_gpu_settings(settings, nodes),
        *_disks(settings, machine),
        *_upgrade(settings, nodes),
    ):
        yield _Finding(finding.fault, finding.certain and not settings.allow_unlisted)


def name_faults(name: str) -> Iterator[Fault]:
    """What is wrong with the name of a pool, which the provider does not look at."""
    if len(name) > GKE_NAME_LENGTH or not NAME.fullmatch(name):
        yield Fault(
            "resource/node-pool-name",
            f"`{name}` cannot be the name of a node pool",
            help=f"at most {GKE_NAME_LENGTH} lower case letters, digits and hyphens, a letter first",
        )


def _bounds(settings: NodePoolSettings, name: str) -> Iterator[_Finding]:
    yield from (_Finding(fault) for fault in (name_faults(name) if name else ()))
    if settings.min_nodes > settings.max_nodes:
        fault = Fault(
            "resource/min-above-max",
            f"min_nodes is {settings.min_nodes} and max_nodes only {settings.max_nodes}",
            ("min_nodes",),
            help=f"lower min_nodes to at most {settings.max_nodes}, or raise max_nodes",
        )
        yield _Finding(fault)
    if settings.capacity.from_zero and settings.min_nodes:
        fault = Fault(
            "resource/not-from-zero",
            f"a pool of {settings.capacity.kind} capacity cannot keep {settings.min_nodes} nodes",
            ("min_nodes",),
            help="delete min_nodes: such nodes come when a job waits for them and go after max_run_hours",
        )
        yield _Finding(fault)


def _labels(settings: NodePoolSettings) -> Iterator[_Finding]:
    for key in settings.labels:
        prefix = key.partition("/")[0] if "/" in key else ""
        if any(prefix == reserved or prefix.endswith(f".{reserved}") for reserved in RESERVED_LABELS):
            fault = Fault(
                "resource/reserved-label",
                f"label `{key}` belongs to Kubernetes or GKE",
                ("labels", key),
                help="use a prefix of your own, such as your domain",
                of_key=True,
            )
            yield _Finding(fault)


def _unknown_machine(settings: NodePoolSettings) -> _Finding:
    near = catalogue.nearest_machine(settings.machine_type)
    fault = Fault(
        "resource/unknown-machine-type",
        f"the catalogue of {catalogue.as_of('machine-types')} has no machine type `{settings.machine_type}`",
        ("machine_type",),
        label=f"did you mean `{near}`?" if near else "",
        help="write a machine type that exists, or `allow_unlisted: true` if it is newer than the catalogue",
    )
    return _Finding(fault, certain=not settings.allow_unlisted)


def _foreign_zones(settings: NodePoolSettings, environment: Environment) -> Iterator[_Finding]:
    for index, zone in enumerate(settings.zones or ()):
        if catalogue.region_of(zone) != environment.region:
            fault = Fault(
                "resource/zone-in-other-region",
                f"zone `{zone}` is not in region {environment.region}",
                ("zones", index),
                help=f"nodes stand in the region of their cluster: write zones of {environment.region}",
            )
            yield _Finding(fault)


def _accelerator(settings: NodePoolSettings, nodes: Nodes, machine: Machine) -> Iterator[_Finding]:
    written = settings.accelerator
    if written is not None and nodes.accelerator is None:
        near = catalogue.nearest_accelerator(written)
        fault = Fault(
            "resource/unknown-accelerator",
            f"there is no accelerator `{written}`",
            ("accelerator",),
            label=f"did you mean `{near}`?" if near else "",
            help=_may_have(machine),
        )
        yield _Finding(fault)
    elif machine.accelerator is not None:
        yield from _brought(settings, machine, machine.accelerator)
    elif nodes.accelerator is not None:
        yield from _attached(settings, nodes, machine, nodes.accelerator)
    elif settings.count is not None:
        fault = Fault(
            "resource/accelerator-count",
            f"{settings.count} accelerators of no kind on {machine.name}",
            ("count",),
            help=_may_have(machine) if machine.attachable else f"delete count: {machine.name} has no accelerators",
        )
        yield _Finding(fault)


def _brought(settings: NodePoolSettings, machine: Machine, brought: Accelerator) -> Iterator[_Finding]:
    if settings.accelerator not in (None, brought.name):
        others = ", ".join(_machines_with(settings.accelerator or ""))
        fault = Fault(
            "resource/accelerator-mismatch",
            f"{machine.name} has {brought.name}, not {settings.accelerator}",
            ("accelerator",),
            help=f"write {brought.name}" + (f", or one of the machine types {others}" if others else ""),
        )
        yield _Finding(fault)
    elif settings.count not in (None, machine.accelerators):
        fitting = [
            other.name
            for other in catalogue.machines().values()
            if other.accelerator == brought and other.accelerators == settings.count
        ]
        fault = Fault(
            "resource/accelerator-count",
            f"{machine.name} has {machine.accelerators} {brought.name}, not {settings.count}",
            ("count",),
            help=f"delete count, or take {' or '.join(fitting)}" if fitting else "delete count",
        )
        yield _Finding(fault)


def _attached(settings: NodePoolSettings, nodes: Nodes, machine: Machine, attached: Accelerator) -> Iterator[_Finding]:
    if attached not in machine.attachable:
        others = ", ".join(_machines_with(attached.name))
        fault = Fault(
            "resource/accelerator-mismatch",
            f"{machine.name} cannot have {attached.name}",
            ("accelerator",),
            help=f"take one of the machine types {others}" if others else "take an n1 machine type",
        )
        yield _Finding(fault)
    elif nodes.count not in attached.most_vcpus:
        allowed = ", ".join(map(str, attached.most_vcpus))
        fault = Fault(
            "resource/accelerator-count",
            f"a machine has {allowed} {attached.name}, not {nodes.count}",
            ("count",),
            help=f"write one of {allowed}",
        )
        yield _Finding(fault)
    elif machine.vcpus > attached.most_vcpus[nodes.count]:
        most = attached.most_vcpus[nodes.count]
        fault = Fault(
            "resource/accelerator-count",
            f"{nodes.count} {attached.name} go with {most} vCPUs at most, not {machine.vcpus}",
            ("count",) if settings.count is not None else ("machine_type",),
            help=f"take an n1 machine type with at most {most} vCPUs, or more accelerators",
        )
        yield _Finding(fault, certain="most_vcpus" not in attached.unverified)


def _capacity(settings: NodePoolSettings, machine: Machine) -> Iterator[_Finding]:
    kind = settings.capacity.kind
    waited_for = machine.accelerator is not None or settings.accelerator is not None
    allowed = [each for each in machine.capacity if waited_for or each not in ("flex_start", "queued")]
    if kind not in allowed:
        fault = Fault(
            "resource/capacity-unsupported",
            f"{machine.name} is not to be had as {kind} capacity",
            ("capacity",),
            help=f"write one of {', '.join(allowed)}",
        )
        yield _Finding(fault, certain="capacity" not in machine.unverified)


def _where(settings: NodePoolSettings, nodes: Nodes, machine: Machine, environment: Environment) -> Iterator[_Finding]:
    yield from _foreign_zones(settings, environment)
    region = environment.region
    attached = nodes.accelerator if nodes.accelerator and not machine.accelerators else None
    everywhere = catalogue.zones(machine.name, accelerator_name=attached.name if attached else None)
    if not everywhere:
        return
    what = f"{machine.name} with {attached.name}" if attached else machine.name
    certain = "zones" not in (attached.unverified if attached else machine.unverified)
    here = tuple(zone for zone in everywhere if catalogue.region_of(zone) == region)
    regions = sorted({catalogue.region_of(zone) for zone in everywhere})
    if not here:
        fault = Fault(
            "resource/machine-not-in-region",
            f"region {region} has no {what}",
            ("machine_type",),
            help=f"regions that have it: {', '.join(regions)}",
        )
        yield _Finding(fault, certain)
        return
    for index, zone in enumerate(settings.zones or ()):
        if catalogue.region_of(zone) == region and zone not in here:
            fault = Fault(
                "resource/machine-not-in-zone",
                f"zone {zone} has no {what}",
                ("zones", index),
                help=f"zones of {region} that have it: {', '.join(here)}",
            )
            yield _Finding(fault, certain)
    yield from _flex_start(settings, machine, region)


def _flex_start(settings: NodePoolSettings, machine: Machine, region: str) -> Iterator[_Finding]:
    served = machine.flex_start_zones
    if settings.capacity.kind != "flex_start" or not served:
        return
    here = [zone for zone in served if catalogue.region_of(zone) == region]
    wrong = [index for index, zone in enumerate(settings.zones or ()) if zone not in served]
    if not here or wrong:
        place = settings.zones[wrong[0]] if settings.zones and wrong else region
        fault = Fault(
            "resource/flex-start-zone",
            f"flex-start does not serve {machine.name} in {place}",
            ("zones", wrong[0]) if wrong else ("capacity",),
            help=f"zones where it does: {', '.join(served)}",
        )
        yield _Finding(fault)


def _topology(settings: NodePoolSettings, nodes: Nodes, machine: Machine) -> Iterator[_Finding]:
    if settings.tpu_topology is not None and settings.tpu_topology not in machine.topologies:
        fault = Fault(
            "resource/tpu-topology",
            f"{machine.name} makes no slice of {settings.tpu_topology}",
            ("tpu_topology",),
            help=f"write one of {_shortened(machine.topologies)}" if machine.topologies else "delete tpu_topology",
        )
        yield _Finding(fault, certain="topologies" not in machine.unverified)
        return
    if nodes.hosts == 1:
        return
    if settings.max_nodes != nodes.hosts:
        fault = Fault(
            "resource/tpu-nodes",
            f"a {nodes.topology} slice of {machine.name} is {nodes.hosts} nodes, not {settings.max_nodes}",
            ("max_nodes",),
            help=f"write max_nodes: {nodes.hosts}; a pool is one slice, so further slices are further pools",
        )
        yield _Finding(fault)
    if settings.min_nodes not in (0, nodes.hosts):
        fault = Fault(
            "resource/tpu-nodes",
            f"a slice of {nodes.hosts} nodes cannot keep {settings.min_nodes} of them",
            ("min_nodes",),
            help=f"write min_nodes: 0 or {nodes.hosts}; a slice comes and goes as a whole",
        )
        yield _Finding(fault)
    if settings.zones and len(settings.zones) > 1:
        fault = Fault(
            "resource/several-zones",
            f"a slice of {nodes.hosts} nodes cannot stand in {len(settings.zones)} zones",
            ("zones",),
            help="keep one zone",
        )
        yield _Finding(fault)
    if settings.capacity.kind == "flex_start":
        fault = Fault(
            "resource/capacity-unsupported",
            f"flex-start is documented for TPU slices of one host, and {nodes.topology} has {nodes.hosts}",
            ("capacity",),
            help="make sure of it before you rely on it, or use spot or a reservation",
        )
        yield _Finding(fault, certain=False)


def _gpu_settings(settings: NodePoolSettings, nodes: Nodes) -> Iterator[_Finding]:
    used = [field for field in ("gpu_sharing", "fast_socket", "accelerator_network") if getattr(settings, field)]
    if nodes.kind != "gpu":
        for field in used:
            fault = Fault(
                "resource/gpu-setting-without-gpu",
                f"`{field}` on {settings.machine_type}, which has no GPU",
                (field,),
                help=f"delete {field}, or take a machine type with GPUs",
            )
            yield _Finding(fault)
    elif isinstance(settings.gpu_sharing, Mig) and nodes.accelerator is not None:
        partition, known = settings.gpu_sharing.mig.partition, nodes.accelerator.mig
        if partition not in known:
            fault = Fault(
                "resource/gpu-sharing",
                f"{nodes.accelerator.name} cannot be cut into partitions of {partition}",
                ("gpu_sharing", "mig", "partition"),
                help=f"write one of {', '.join(known)}" if known else "use time_sharing or mps",
            )
            yield _Finding(fault, certain="mig" not in nodes.accelerator.unverified)


def _disks(settings: NodePoolSettings, machine: Machine) -> Iterator[_Finding]:
    if settings.disk_type is not None and settings.disk_type not in machine.boot_disks:
        fault = Fault(
            "resource/disk-type",
            f"{machine.name} does not boot from {settings.disk_type}",
            ("disk_type",),
            help=f"write one of {', '.join(machine.boot_disks)}",
        )
        yield _Finding(fault, certain="boot_disks" not in machine.unverified)
    wanted = settings.local_ssds
    if wanted is not None and wanted != machine.local_ssds and not machine.local_ssd_choice:
        has = f"{machine.local_ssds} local SSDs" if machine.local_ssds else "no local SSDs"
        fault = Fault(
            "resource/local-ssds",
            f"{machine.name} has {has}, not {wanted}",
            ("local_ssds",),
            help="delete local_ssds",
        )
        yield _Finding(fault, certain="local_ssds" not in machine.unverified)


def _upgrade(settings: NodePoolSettings, nodes: Nodes) -> Iterator[_Finding]:
    if settings.upgrade is None:
        return
    if not settings.capacity.upgradable or nodes.hosts > 1:
        why = f"{settings.capacity.kind} capacity" if nodes.hosts == 1 else "a TPU slice of several hosts"
        fault = Fault(
            "resource/upgrade-strategy",
            f"GKE alone decides how nodes of {why} are upgraded",
            ("upgrade",),
            help="delete upgrade",
        )
        yield _Finding(fault)
    elif isinstance(settings.upgrade, Surge) and not (
        settings.upgrade.surge.max_surge or settings.upgrade.surge.max_unavailable
    ):
        fault = Fault(
            "resource/upgrade-strategy",
            "an upgrade with neither a node more nor a node less cannot go on",
            ("upgrade", "surge"),
            help="raise max_surge or max_unavailable to at least 1",
        )
        yield _Finding(fault)
    elif isinstance(settings.upgrade, BlueGreen) and settings.capacity.kind == "reservation":
        fault = Fault(
            "resource/upgrade-strategy",
            "a blue-green upgrade needs every reserved machine twice",
            ("upgrade", "blue_green"),
            help="delete upgrade, unless the reservation has twice as many machines as the pool",
        )
        yield _Finding(fault, certain=False)


def _may_have(machine: Machine) -> str:
    if machine.accelerator is not None:
        return f"{machine.name} has {machine.accelerator.name}"
    names = ", ".join(each.name for each in machine.attachable)
    return f"{machine.name} may have {names}" if names else f"{machine.name} has no accelerators: delete the line"


def _machines_with(accelerator_name: str) -> list[str]:
    return [
        machine.name
        for machine in catalogue.machines().values()
        if machine.accelerator is not None and machine.accelerator.name == accelerator_name
    ]


def _shortened(options: tuple[str, ...], most: int = 8) -> str:
    more = f" and {len(options) - most} more" if len(options) > most else ""
    return ", ".join(options[:most]) + more
