"""Whether the environment has the accelerators that a document asks for."""

from __future__ import annotations

from collections.abc import Sequence

from planform.contracts.compute import Compute
from planform.spec.fault import Fault
from planform.spec.workload import AcceleratorAsk

__all__ = ["has_accelerator", "missing_accelerator", "no_accelerator", "nodes_in_one_pool"]


def has_accelerator(compute: Compute, wanted: AcceleratorAsk) -> bool:
    """Whether a pool has so many on a machine; a cluster without pools makes nodes as they are asked for."""
    pools = compute.accelerator_pools()
    return not pools or any(each.accelerator == wanted.type and each.count >= wanted.count for each in pools)


def nodes_in_one_pool(compute: Compute, wanted: AcceleratorAsk) -> int | None:
    """How many pods with so many accelerators the largest pool has room for; None where pools grow as is asked for."""
    pools = [each for each in compute.accelerator_pools() if each.accelerator == wanted.type]
    return max((each.count // wanted.count * each.max_nodes for each in pools), default=None)


def no_accelerator(environment: str, compute: Compute, wanted: AcceleratorAsk) -> Fault:
    """The fault of accelerators that no pool has."""
    has = [f"{each.count} {each.accelerator} ({each.name})" for each in compute.accelerator_pools()]
    return missing_accelerator(environment, has, wanted)


def missing_accelerator(environment: str, has: Sequence[str], wanted: AcceleratorAsk) -> Fault:
    """The same, where somebody else says what there is."""
    return Fault(
        "workload/no-accelerator",
        f"environment `{environment}` has no machines with {wanted.count} {wanted.type}",
        ("accelerator", "type"),
        help=f"there are {', '.join(has)}: ask for one of these, or add a node pool"
        if has
        else "add a node pool to `compute`",
    )
