"""What a machine is made of, by SKU, and how many machines a node pool has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

from msgspec import Struct

from planform.planes.resource.accelerators import machine
from planform.report.quantity import Quantity, decimal, first

__all__ = ["Capacity", "Machine", "Recipe", "machine_recipes", "nodes_of", "of_config"]

Recipe = tuple[tuple[str, Decimal], ...]
"""SKUs, and how many of each make one."""

_SHARED_CORE = re.compile(r"(e2-(micro|small|medium)|f1-micro|g1-small)")
"""Types that are charged for a part of their vCPUs, so that no formula holds."""


class Capacity(Enum):
    """How machines are had, as far as their price hangs on it."""

    ON_DEMAND = ("on demand", "on_demand", "")
    SPOT = ("spot", "spot", "")
    FLEX_START = ("flex-start", "flex_start", "flex-start has prices of its own, below those on demand")
    RESERVATION = ("reserved", "reservation", "what was agreed for the reservation counts")

    def __init__(self, words: str, sku: str, note: str) -> None:
        self.words = words
        self.sku = sku
        self.note = note

    @classmethod
    def of_config(cls, config: Mapping[str, Any]) -> Capacity:
        """The kind that a `node_config`, or an instance's arguments, ask for."""
        if config.get("flex_start"):
            return cls.FLEX_START
        scheduling = first(config, "scheduling")
        if config.get("spot") or config.get("preemptible") or scheduling.get("preemptible"):
            return cls.SPOT
        if scheduling.get("provisioning_model") == "SPOT":
            return cls.SPOT
        affinity = first(config, "reservation_affinity")
        kind = affinity.get("consume_reservation_type") or affinity.get("type")
        return cls.RESERVATION if kind == "SPECIFIC_RESERVATION" else cls.ON_DEMAND


class Machine(Struct, frozen=True):
    """A machine type with what one asks to be put into it."""

    name: str
    accelerator: str = ""
    accelerators: int = 0
    local_ssds: int = 0

    @property
    def comes_with_chips(self) -> bool:
        """Whether it is the host of TPU chips, whose price has the host in it."""
        known = machine(self.name)
        return known is not None and known.kind == "tpu"

    def recipes(self, capacity: Capacity) -> tuple[Recipe, ...]:
        return machine_recipes(self.name, capacity)


def of_config(config: Mapping[str, Any]) -> Machine:
    """The machine of a `node_config`, or of an instance."""
    name = str(config.get("machine_type") or "e2-medium").rpartition("/")[2]
    card = first(config, "guest_accelerator")
    known = machine(name)
    kind, count = str(card.get("type") or "").rpartition("/")[2], int(decimal(card.get("count")))
    if known and known.accelerator and not kind:
        kind, count = known.accelerator.name, known.accelerators
    asked = max(
        int(decimal(first(config, block).get("local_ssd_count")))
        for block in ("ephemeral_storage_local_ssd_config", "local_nvme_ssd_block_config")
    )
    return Machine(name, kind, count, max(asked, known.local_ssds if known else 0))


def machine_recipes(name: str, capacity: Capacity, *, more: str = "") -> tuple[Recipe, ...]:
    """The ways to the price of a machine without its accelerators, disks and local SSDs.

    By its own name, else by vCPU with the memory that its family gives each, else by vCPU and by GiB. `more` is a SKU
    that is charged for each vCPU besides.
    """
    mode = capacity.sku
    exact: Recipe = ((f"machine/{name}/{mode}", Decimal(1)),)
    known = machine(name)
    if known is None:
        return (_with(exact, more, Decimal(0)),)
    cpus = Decimal(known.vcpus)
    if _SHARED_CORE.fullmatch(name):
        return (_with(exact, more, cpus),)
    group = f"machine/{known.group.removesuffix('-part')}"
    together: Recipe = ((f"{group}/vcpu_with_memory/{mode}", cpus),)
    gib = Decimal(str(known.memory_gib))
    apart: Recipe = ((f"{group}/vcpu/{mode}", cpus), (f"{group}/gib/{mode}", gib))
    return tuple(_with(recipe, more, cpus) for recipe in (exact, together, apart))


def _with(recipe: Recipe, sku: str, count: Decimal) -> Recipe:
    return (*recipe, (sku, count)) if sku and count else recipe


def nodes_of(pool: Mapping[str, Any], zones: int) -> Quantity:
    """How many nodes a pool has, in all of its zones together: from its minimum to its maximum."""
    scaling = first(pool, "autoscaling")
    if scaling.get("total_max_node_count") is not None:
        low, high = decimal(scaling.get("total_min_node_count")), decimal(scaling.get("total_max_node_count"))
        return Quantity(low, max(low, high))
    if scaling.get("max_node_count") is not None:
        low, high = decimal(scaling.get("min_node_count")), decimal(scaling.get("max_node_count"))
        return Quantity(low, max(low, high)) * zones
    count = pool.get("node_count", pool.get("initial_node_count"))
    return Quantity.exactly(decimal(count)) * zones
