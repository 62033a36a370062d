"""Machines of workstations, and which GPUs go with them; the provider and the plan check neither.

Source: Compute Engine's page on GPU machine types and Cloud Workstations' API reference (gceInstance.accelerators,
boostConfigs, persistentDirectories), read 2026-11. An N1 takes certain numbers of certain GPUs; a machine of the G and
A series comes with its own, and a workstation must name them.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from planform.spec.fault import Fault
from planform.spec.settings import Settings

__all__ = ["GpuSettings", "gpu_faults"]

_ON_N1 = {
    "nvidia-tesla-p100": (1, 2, 4),
    "nvidia-tesla-p4": (1, 2, 4),
    "nvidia-tesla-t4": (1, 2, 4),
    "nvidia-tesla-v100": (1, 2, 4, 8),
}
"""GPU to how many of them an N1 machine may have."""
_COMES_WITH = {
    "a2-highgpu-1g": ("nvidia-tesla-a100", 1),
    "a2-highgpu-2g": ("nvidia-tesla-a100", 2),
    "a2-highgpu-4g": ("nvidia-tesla-a100", 4),
    "a2-highgpu-8g": ("nvidia-tesla-a100", 8),
    "a2-ultragpu-1g": ("nvidia-a100-80gb", 1),
    "a2-ultragpu-2g": ("nvidia-a100-80gb", 2),
    "a2-ultragpu-4g": ("nvidia-a100-80gb", 4),
    "a2-ultragpu-8g": ("nvidia-a100-80gb", 8),
    "g2-standard-4": ("nvidia-l4", 1),
    "g2-standard-8": ("nvidia-l4", 1),
    "g2-standard-12": ("nvidia-l4", 1),
    "g2-standard-16": ("nvidia-l4", 1),
    "g2-standard-24": ("nvidia-l4", 2),
    "g2-standard-32": ("nvidia-l4", 1),
    "g2-standard-48": ("nvidia-l4", 4),
    "g2-standard-96": ("nvidia-l4", 8),
}
"""Machine type to its GPU and how many of it."""


class GpuSettings(Settings):
    """A machine with GPUs that a person may start a workstation on instead of the usual one."""

    machine_type: str = Field(
        default="g2-standard-8",
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)+$",
        description="Machine type: N1, G2 or A2. Default: g2-standard-8.",
    )
    accelerator: str = Field(
        default="nvidia-l4", pattern=r"^nvidia-[a-z0-9-]+$", description="GPU on it. Default: nvidia-l4."
    )
    count: int = Field(default=1, ge=1, le=8, description="GPUs on it. Default: 1.")


def gpu_faults(gpu: GpuSettings) -> Iterator[Fault]:
    """A machine without that GPU, or without so many."""
    if gpu.machine_type.startswith("n1-"):
        yield from _n1_faults(gpu)
        return
    comes_with = _COMES_WITH.get(gpu.machine_type)
    if comes_with is None:
        yield Fault(
            "resource/unknown-machine-type",
            f"no workstation with GPUs runs on `{gpu.machine_type}`",
            ("gpu", "machine_type"),
            help=f"write an N1, or one of {', '.join(_COMES_WITH)}",
        )
        return
    accelerator, count = comes_with
    if gpu.accelerator != accelerator:
        yield Fault(
            "resource/accelerator-mismatch",
            f"{gpu.machine_type} comes with {accelerator}, not with {gpu.accelerator}",
            ("gpu", "accelerator"),
            help=f"write {accelerator}, or a machine type with {gpu.accelerator}",
        )
    elif gpu.count != count:
        yield Fault(
            "resource/accelerator-count",
            f"{gpu.machine_type} comes with {count} of {accelerator}, not with {gpu.count}",
            ("gpu", "count"),
            help=f"write {count}, or a machine type with {gpu.count}",
        )


def _n1_faults(gpu: GpuSettings) -> Iterator[Fault]:
    counts = _ON_N1.get(gpu.accelerator)
    if counts is None:
        yield Fault(
            "resource/accelerator-mismatch",
            f"no N1 machine takes {gpu.accelerator}",
            ("gpu", "accelerator"),
            help=f"write one of {', '.join(_ON_N1)}, or the machine type that comes with {gpu.accelerator}",
        )
    elif gpu.count not in counts:
        yield Fault(
            "resource/accelerator-count",
            f"an N1 machine takes {', '.join(map(str, counts))} of {gpu.accelerator}, not {gpu.count}",
            ("gpu", "count"),
            help=f"write one of {', '.join(map(str, counts))}",
        )
