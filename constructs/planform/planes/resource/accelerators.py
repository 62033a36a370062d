"""What machines with and without accelerators Google Cloud has, and in which zones: dated data, not code.

The facts stand in accelerators.yaml beside this file, each group with its source and the day it was read.
They are the compiler's to check: the provider takes any machine type, GPU name and zone, and a wrong one
fails only at apply. A fact that no source confirmed is listed as `unverified`; whoever judges by it warns
instead of refusing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from planform.diagnostics import suggest
from planform.plain_yaml import load

__all__ = [
    "Accelerator",
    "Machine",
    "accelerator",
    "accelerators",
    "as_of",
    "in_region",
    "machine",
    "machines",
    "nearest_accelerator",
    "nearest_machine",
    "region_of",
    "zones",
]


class Accelerator(Struct, frozen=True):
    """A GPU or TPU, by the name that GKE gives it. `memory_gib` is that of one GPU or one TPU chip.

    `also` are other words for it, to suggest the right one by. `quota` is the regional Compute Engine metric
    that it counts against; "" where no source names one. `mig` are the partitions that one GPU may be cut
    into. `most_vcpus`, for GPUs that are attached to N1 machines, says how many vCPUs go with how many GPUs,
    and so which counts there are.
    """

    name: str
    kind: str
    memory_gib: int
    also: tuple[str, ...] = ()
    quota: str = ""
    mig: tuple[str, ...] = ()
    most_vcpus: Mapping[int, int] = field(default_factory=dict)
    zones: tuple[str, ...] = ()
    unverified: frozenset[str] = frozenset()
    source: str = ""

    def quota_metric(self, *, preemptible: bool) -> str:
        """Spot, flex-start and queued capacity count against a metric of their own."""
        return f"PREEMPTIBLE_{self.quota}" if self.quota and preemptible else self.quota


class Machine(Struct, frozen=True):
    """A machine type. `accelerators` is how many it brings (for TPUs, chips); 0 when it brings none.

    `zones` is empty where the zones are not tracked. `local_ssds` come with the machine, 375 GiB each;
    with `local_ssd_choice` their number may be chosen. `boot_disks` has the default first. `capacity` holds
    the kinds of capacity that it may be had by. `topologies` are the TPU slices, the single host's first.
    """

    name: str
    group: str
    vcpus: int
    memory_gib: float
    accelerator: Accelerator | None = None
    accelerators: int = 0
    attachable: tuple[Accelerator, ...] = ()
    zones: tuple[str, ...] = ()
    flex_start_zones: tuple[str, ...] = ()
    boot_disks: tuple[str, ...] = ()
    local_ssds: int = 0
    local_ssd_choice: bool = False
    capacity: tuple[str, ...] = ()
    topologies: tuple[str, ...] = ()
    unverified: frozenset[str] = frozenset()
    source: str = ""

    @property
    def kind(self) -> str:
        """gpu, tpu, or cpu."""
        return self.accelerator.kind if self.accelerator else "cpu"

    @property
    def accelerator_memory_gib(self) -> int:
        """Of all accelerators that the machine brings together."""
        return self.accelerators * self.accelerator.memory_gib if self.accelerator else 0

    def hosts(self, topology: str) -> int:
        """How many of these machines make one slice of that topology."""
        return max(1, _chips(topology) // max(1, self.accelerators))


def machine(name: str) -> Machine | None:
    """The machine type of that name, or None."""
    return machines().get(name)


@cache
def machines() -> Mapping[str, Machine]:
    """Every machine type of the catalogue by its name."""
    data = _data()
    return {found.name: found for name, group in data["groups"].items() for found in _group(name, group, data["zones"])}


def accelerator(name: str) -> Accelerator | None:
    """The accelerator of that GKE name, or None."""
    return accelerators().get(name)


@cache
def accelerators() -> Mapping[str, Accelerator]:
    """Every accelerator of the catalogue by the name that GKE gives it."""
    data = _data()
    return {name: _accelerator(name, facts, data["zones"]) for name, facts in data["accelerators"].items()}


def zones(machine_type: str, *, accelerator_name: str | None = None) -> tuple[str, ...]:
    """Zones that have the machine type and, if one is named, the attachable GPU; empty where not tracked."""
    found = machine(machine_type)
    attached = accelerator(accelerator_name) if accelerator_name else None
    if found is None:
        return ()
    return found.zones or (attached.zones if attached else ())


def in_region(machine_type: str, region: str, *, accelerator_name: str | None = None) -> tuple[str, ...]:
    """Those of `zones` that lie in the region."""
    return tuple(zone for zone in zones(machine_type, accelerator_name=accelerator_name) if region_of(zone) == region)


def region_of(location: str) -> str:
    """The region of a zone, also of an AI zone (`us-south1-ai1b`); a region is its own."""
    return "-".join(location.split("-")[:2])


def nearest_machine(word: str) -> str | None:
    """The machine type that was probably meant."""
    return suggest(word, machines())


def nearest_accelerator(word: str) -> str | None:
    """The accelerator that was probably meant; `l4`, `H100` and Vertex AI's `NVIDIA_L4` are known too."""
    plain = word.lower().replace("_", "-")
    for each in accelerators().values():
        if plain in each.also:
            return each.name
    within = [name for name in accelerators() if plain and plain in name]
    return min(within, key=len) if within else suggest(plain, accelerators())


def as_of(source: str) -> str:
    """The day on which a source was read, as YYYY-MM-DD; "" for an unknown source."""
    return str(_data()["sources"].get(source, {}).get("read", ""))


@cache
def _data() -> dict[str, Any]:
    text = Path(__file__).with_name("accelerators.yaml").read_text("utf-8")
    loaded: dict[str, Any] = load(text)
    return loaded


def _accelerator(name: str, facts: Mapping[str, Any], tables: Mapping[str, Any]) -> Accelerator:
    return Accelerator(
        name=name,
        kind=facts["kind"],
        memory_gib=facts["memory_gib"],
        also=tuple(facts.get("also", ())),
        quota=facts.get("quota", ""),
        mig=tuple(facts.get("mig", ())),
        most_vcpus=facts.get("most_vcpus", {}),
        zones=_zones(tables, facts.get("zones")),
        unverified=frozenset(facts.get("unverified", ())),
        source=facts["source"],
    )


def _group(name: str, facts: Mapping[str, Any], tables: Mapping[str, Any]) -> Iterable[Machine]:
    brought = accelerators()[facts["accelerator"]] if "accelerator" in facts else None
    slices = {machine_type: shapes for machine_type, *shapes in _listed(facts.get("topologies", ""))}
    for machine_type, vcpus, memory_gib, *rest in _listed(facts["types"]):
        count, local_ssds = [*map(int, rest), 0, 0][:2]
        yield Machine(
            name=machine_type,
            group=name,
            vcpus=int(vcpus),
            memory_gib=float(memory_gib) if "." in memory_gib else int(memory_gib),
            accelerator=brought,
            accelerators=count,
            attachable=tuple(accelerators()[each] for each in facts.get("attachable", ())),
            zones=_zones(tables, facts.get("zones")),
            flex_start_zones=tuple(facts.get("flex_start_zones", ())),
            boot_disks=tuple(facts["boot_disks"]),
            local_ssds=local_ssds,
            local_ssd_choice=facts.get("local_ssd_choice", False),
            capacity=tuple(facts["capacity"]),
            topologies=(*slices.get(machine_type, ()), *_cubes(facts.get("cubes_up_to", 0))),
            unverified=frozenset(facts.get("unverified", ())),
            source=facts["source"],
        )


def _zones(tables: Mapping[str, Any], table: str | None) -> tuple[str, ...]:
    return tuple(f"{region}-{zone}" for region, *each in _listed(tables[table]) for zone in each) if table else ()


def _listed(text: str) -> list[list[str]]:
    return [each.split() for each in text.split(",") if each.strip()]


@cache
def _cubes(most_chips: int) -> tuple[str, ...]:
    """Every AxBxC of multiples of four with A <= B <= C, by size."""
    shapes = [
        (a, b, c)
        for a in range(4, math.isqrt(most_chips) + 1, 4)
        for b in range(a, math.isqrt(most_chips // a) + 1, 4)
        for c in range(b, most_chips // (a * b) + 1, 4)
    ]
    return tuple("x".join(map(str, shape)) for shape in sorted(shapes, key=math.prod))


def _chips(topology: str) -> int:
    return math.prod(int(side) for side in topology.split("x"))
