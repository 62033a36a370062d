"""How pods get accelerators on GKE: one vocabulary for components, queues, policies and cost.

Source: GKE's pages on GPUs in Standard and Autopilot clusters, on TPUs, and on Spot VMs, read 2026-11.
"""

from __future__ import annotations

from typing import Any

__all__ = ["ACCELERATOR", "CAPACITY_TAINTS", "QUEUE", "RESOURCES", "SPOT", "on_accelerator", "resource_of"]

ACCELERATOR = "cloud.google.com/gke-accelerator"
"""The label of nodes with an accelerator; its value is the accelerator's type."""
TPU = "cloud.google.com/gke-tpu-accelerator"
SPOT = "cloud.google.com/gke-spot"
QUEUE = "kueue.x-k8s.io/queue-name"
"""The label by which a job or pod waits in a team's queue."""
RESOURCES = ("nvidia.com/gpu", "google.com/tpu")
"""What pods ask for to get accelerators."""
CAPACITY_TAINTS = {
    "spot": SPOT,
    "flex_start": "cloud.google.com/gke-flex-start",
    "queued": "cloud.google.com/gke-queued",
}
"""The taint of nodes whose capacity is not on demand, by the kind of capacity."""


def resource_of(accelerator: str) -> str:
    """What a pod asks for to get an accelerator: `nvidia-l4` -> `nvidia.com/gpu`."""
    return "google.com/tpu" if accelerator.startswith("tpu") else "nvidia.com/gpu"


def on_accelerator(accelerator: str, *, capacities: tuple[str, ...] = ()) -> dict[str, Any]:
    """The fields of a pod's spec that bring it to nodes with an accelerator; none for "".

    `capacities` are the kinds of capacity besides on demand that the pod may run on: a served model wants none.
    """
    if not accelerator:
        return {}
    keys = [resource_of(accelerator), *(CAPACITY_TAINTS[each] for each in capacities if each in CAPACITY_TAINTS)]
    return {
        "nodeSelector": {TPU if accelerator.startswith("tpu") else ACCELERATOR: accelerator},
        "tolerations": [{"key": key, "operator": "Exists", "effect": "NoSchedule"} for key in keys],
    }
