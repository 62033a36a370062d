"""How many accelerators of each kind the node pools may hold at most: what quotas have to allow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from planform.environment import environment_of
from planform.planes.resource.accelerators import accelerator
from planform.report.cost import Document, resources_of
from planform.report.machines import Capacity, nodes_of, of_config
from planform.report.quantity import first
from planform.spec.platform import EnvironmentSpec

__all__ = ["Need", "accelerator_maxima", "quota_delta"]


class Need(Struct, frozen=True, order=True):
    """What is asked of one quota: an accelerator in a region, on demand or preemptible (spot, flex-start, queued)."""

    environment: str
    region: str
    accelerator: str
    preemptible: bool

    @property
    def metric(self) -> str:
        """The Compute Engine metric of the quota; empty where no source names it."""
        known = accelerator(self.accelerator)
        return known.quota_metric(preemptible=self.preemptible) if known else ""

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json`."""
        return {
            "environment": self.environment,
            "region": self.region,
            "accelerator": self.accelerator,
            "preemptible": self.preemptible,
            "metric": self.metric,
        }


def accelerator_maxima(documents: Mapping[str, Document], specs: tuple[EnvironmentSpec, ...]) -> dict[Need, int]:
    """The most accelerators that the node pools of each environment may have, by quota."""
    found: Counter[Need] = Counter()
    for stack, document in documents.items():
        spec = environment_of(specs, stack)
        environment = spec.name if spec else ""
        for resource in resources_of(document):
            if resource.type != "google_container_node_pool":
                continue
            config = first(resource.body, "node_config")
            machine = of_config(config)
            most = int(nodes_of(resource.body, resource.zones).high) * machine.accelerators
            if machine.accelerator and most:
                preemptible = Capacity.of_config(config) in (Capacity.SPOT, Capacity.FLEX_START)
                found[Need(environment, resource.region, machine.accelerator, preemptible)] += most
    return dict(sorted(found.items()))


def quota_delta(base: Mapping[Need, int], head: Mapping[Need, int]) -> dict[Need, tuple[int, int]]:
    """Where the maximum differs: before and after."""
    pairs = {need: (base.get(need, 0), head.get(need, 0)) for need in sorted({*base, *head})}
    return {need: pair for need, pair in pairs.items() if pair[0] != pair[1]}
