"""Machines of Vertex AI Workbench: what a type has by its name, and which accelerators go with it.

Source: Compute Engine's pages on machine families and on GPU machine types; accelerator names that the provider
7.45.0 takes for google_workbench_instance; read 2026-11.
"""

from __future__ import annotations

import re

from msgspec import Struct

__all__ = ["ACCELERATORS", "WorkbenchMachine", "machine", "takes"]

ACCELERATORS = {
    "nvidia-l4": "NVIDIA_L4",
    "nvidia-tesla-a100": "NVIDIA_TESLA_A100",
    "nvidia-a100-80gb": "NVIDIA_A100_80GB",
    "nvidia-h100-80gb": "NVIDIA_H100_80GB",
    "nvidia-tesla-t4": "NVIDIA_TESLA_T4",
    "nvidia-tesla-v100": "NVIDIA_TESLA_V100",
    "nvidia-tesla-p100": "NVIDIA_TESLA_P100",
    "nvidia-tesla-p4": "NVIDIA_TESLA_P4",
}
"""GKE's name to Workbench's."""
_ATTACHABLE = {
    "nvidia-tesla-t4": (1, 2, 4),
    "nvidia-tesla-v100": (1, 2, 4, 8),
    "nvidia-tesla-p100": (1, 2, 4),
    "nvidia-tesla-p4": (1, 2, 4),
}
"""What N1 machines take, and how many."""
_GENERAL = re.compile(r"(e2|n1|n2|n2d)-(standard|highmem)-([0-9]{1,3})")
_G2 = re.compile(r"g2-standard-(4|8|12|16|24|32|48|96)")
_G2_COUNTS = {24: 2, 48: 4, 96: 8}
_OPTIMISED = re.compile(r"(a2-highgpu|a2-ultragpu|a3-highgpu)-([1248])g")
_OF_OPTIMISED = {
    "a2-highgpu": ("nvidia-tesla-a100", 12, 85),
    "a2-ultragpu": ("nvidia-a100-80gb", 12, 170),
    "a3-highgpu": ("nvidia-h100-80gb", 26, 234),
}
"""Accelerator, and vCPUs and GiB with each."""


class WorkbenchMachine(Struct, frozen=True):
    """A machine type; `accelerator` and `count` are what it cannot be had without."""

    name: str
    cpus: int
    memory_gib: int
    accelerator: str = ""
    count: int = 0


def machine(name: str) -> WorkbenchMachine | None:
    """The machine of that name, or None where planform does not know it."""
    if found := _OPTIMISED.fullmatch(name):
        accelerator, cpus, memory = _OF_OPTIMISED[found[1]]
        count = int(found[2])
        return WorkbenchMachine(name, cpus * count, memory * count, accelerator, count)
    if found := _G2.fullmatch(name):
        cpus = int(found[1])
        return WorkbenchMachine(name, cpus, cpus * 4, "nvidia-l4", _G2_COUNTS.get(cpus, 1))
    if found := _GENERAL.fullmatch(name):
        cpus = int(found[3])
        gib = {"standard": 3.75 if found[1] == "n1" else 4, "highmem": 6.5 if found[1] == "n1" else 8}[found[2]]
        return WorkbenchMachine(name, cpus, int(cpus * gib))
    return None


def takes(name: str, accelerator: str, count: int) -> bool:
    """Whether a machine without accelerators of its own can be given these."""
    return name.startswith("n1-") and count in _ATTACHABLE.get(accelerator, ())
