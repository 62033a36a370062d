"""Sizes of notebooks: what a blueprint writes, and what the cluster's pools with accelerators add."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

from pydantic import Field, StringConstraints

from planform.contracts.compute import AcceleratorPool
from planform.contracts.notebooks import NotebookProfile
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import Gib, KebabName

__all__ = ["DEFAULT_SIZES", "NotebookSize", "of_pools", "size_faults"]


class NotebookSize(Settings):
    """What one notebook may hold."""

    cpus: int = Field(ge=1, le=416, description="vCPUs that it is sure of.")
    memory_gib: Annotated[Gib, Field(le=12_000)] = Field(description="Memory, in GiB.")
    accelerator: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]*$")] = Field(
        default="", description="Type of accelerator, by GKE's name. Default: none.", examples=["nvidia-l4"]
    )
    count: int = Field(default=0, ge=0, le=16, description="Accelerators. Default: 0.")

    def profile(self, name: str) -> NotebookProfile:
        """Under its name."""
        return NotebookProfile(name, self.cpus, self.memory_gib, self.accelerator, self.count)


DEFAULT_SIZES: Mapping[str, NotebookSize] = {
    "small": NotebookSize(cpus=2, memory_gib=8),
    "medium": NotebookSize(cpus=4, memory_gib=16),
    "large": NotebookSize(cpus=8, memory_gib=32),
}


def size_faults(sizes: Mapping[KebabName, NotebookSize]) -> Iterator[Fault]:
    """Accelerators without a number, and numbers of nothing."""
    for name, size in sizes.items():
        if bool(size.accelerator) != bool(size.count):
            given, missing = ("accelerator", "count") if size.accelerator else ("count", "accelerator")
            yield Fault(
                "spec/unused-setting",
                f"`{given}` says nothing without `{missing}`",
                ("sizes", name, given),
                help=f"add `{missing}`, or delete `{given}`",
            )


def of_pools(
    pools: Sequence[AcceleratorPool], *, cpus: int, memory_gib: int
) -> Iterator[tuple[AcceleratorPool, NotebookProfile]]:
    """One size for each pool: one GPU with its share of the machine; of TPUs all chips, which cannot be parted."""
    for pool in pools:
        count = pool.count if pool.accelerator.startswith("tpu") else 1
        yield pool, NotebookProfile(pool.name, cpus * count, memory_gib * count, pool.accelerator, count)
