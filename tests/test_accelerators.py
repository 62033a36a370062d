"""The catalogue of machine types and accelerators: its shape, its facts, and what it suggests."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from planform.planes.resource import accelerators as catalogue
from planform.planes.resource.capacity import KINDS


def test_every_machine_has_a_source_and_known_kinds_of_capacity() -> None:
    assert len(catalogue.machines()) > 300
    for machine in catalogue.machines().values():
        assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", catalogue.as_of(machine.source)), machine.name
        assert machine.boot_disks and set(machine.capacity) <= set(KINDS), machine.name
        assert machine.vcpus > 0 and machine.memory_gib > 0


def test_every_accelerator_has_a_source_memory_and_a_machine() -> None:
    for accelerator in catalogue.accelerators().values():
        assert catalogue.as_of(accelerator.source) and accelerator.memory_gib > 0
        assert any(
            machine.accelerator == accelerator or accelerator in machine.attachable
            for machine in catalogue.machines().values()
        ), accelerator.name


def test_every_zone_has_the_form_of_one() -> None:
    machines, accelerators = catalogue.machines().values(), catalogue.accelerators().values()
    for zone in {zone for each in machines for zone in each.zones} | {
        zone for each in accelerators for zone in each.zones
    }:
        assert re.fullmatch(r"[a-z]+-[a-z]+\d+-(ai\d)?[a-z]", zone), zone


def test_unverified_names_facts() -> None:
    facts = {"capacity", "zones", "vcpus", "memory_gib", "mig", "most_vcpus", "boot_disks", "topologies", "local_ssds"}
    machines, accelerators = catalogue.machines().values(), catalogue.accelerators().values()
    assert {fact for each in machines for fact in each.unverified} <= facts
    assert {fact for each in accelerators for fact in each.unverified} <= facts


@pytest.mark.parametrize(
    ("name", "accelerator", "count", "memory_gib", "local_ssds"),
    [
        ("g2-standard-8", "nvidia-l4", 1, 24, 0),
        ("a2-highgpu-8g", "nvidia-tesla-a100", 8, 320, 0),
        ("a2-ultragpu-4g", "nvidia-a100-80gb", 4, 320, 4),
        ("a3-highgpu-8g", "nvidia-h100-80gb", 8, 640, 16),
        ("a3-ultragpu-8g", "nvidia-h200-141gb", 8, 1128, 32),
        ("ct5lp-hightpu-4t", "tpu-v5-lite-podslice", 4, 64, 0),
    ],
)
def test_accelerator_machines(name: str, accelerator: str, count: int, memory_gib: int, local_ssds: int) -> None:
    machine = catalogue.machine(name)
    assert machine is not None and machine.accelerator is not None
    assert machine.accelerator.name == accelerator
    assert (machine.accelerators, machine.accelerator_memory_gib, machine.local_ssds) == (count, memory_gib, local_ssds)


def test_zones_are_those_of_the_machine_or_of_the_attached_gpu() -> None:
    assert catalogue.in_region("a3-highgpu-8g", "europe-west4") == ("europe-west4-b", "europe-west4-c")
    assert catalogue.in_region("a3-ultragpu-8g", "europe-west3") == ()
    assert catalogue.zones("n1-standard-8") == ()
    assert "europe-west4-a" in catalogue.zones("n1-standard-8", accelerator_name="nvidia-tesla-t4")
    assert catalogue.zones("no-such-machine") == ()


def test_regions_of_zones() -> None:
    assert catalogue.region_of("europe-west4-a") == "europe-west4"
    assert catalogue.region_of("us-south1-ai1b") == "us-south1"
    assert catalogue.region_of("europe-west4") == "europe-west4"


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("NVIDIA_L4", "nvidia-l4"),
        ("h100", "nvidia-h100-80gb"),
        ("nvidia-a100-40gb", "nvidia-tesla-a100"),
        ("nvidia-t4", "nvidia-tesla-t4"),
        ("tpu-v5e", "tpu-v5-lite-podslice"),
        ("nvidia-h200-140gb", "nvidia-h200-141gb"),
        ("potato", None),
    ],
)
def test_nearest_accelerator(word: str, meant: str | None) -> None:
    assert catalogue.nearest_accelerator(word) == meant


def test_spot_counts_against_a_quota_of_its_own() -> None:
    l4 = catalogue.accelerator("nvidia-l4")
    assert l4 is not None
    assert l4.quota_metric(preemptible=False) == "NVIDIA_L4_GPUS"
    assert l4.quota_metric(preemptible=True) == "PREEMPTIBLE_NVIDIA_L4_GPUS"
    v6e = catalogue.accelerator("tpu-v6e-slice")
    assert v6e is not None and v6e.quota_metric(preemptible=True) == ""


@pytest.mark.parametrize(
    ("machine_type", "topology", "hosts"),
    [
        ("ct5lp-hightpu-4t", "2x2", 1),
        ("ct5lp-hightpu-4t", "4x4", 4),
        ("ct6e-standard-4t", "16x16", 64),
        ("ct5p-hightpu-4t", "4x4x4", 16),
        ("ct6e-standard-8t", "2x4", 1),
    ],
)
def test_hosts_of_a_slice(machine_type: str, topology: str, hosts: int) -> None:
    machine = catalogue.machine(machine_type)
    assert machine is not None and topology in machine.topologies and machine.hosts(topology) == hosts


def test_large_slices_are_made_of_cubes() -> None:
    v5p = catalogue.machine("ct5p-hightpu-4t")
    assert v5p is not None
    assert "16x16x24" in v5p.topologies and "8x4x4" not in v5p.topologies and "16x24x24" not in v5p.topologies


def test_the_catalogue_is_read_when_first_asked() -> None:
    code = (
        "from planform.planes.resource import accelerators as a;"
        "assert a._data.cache_info().currsize == 0; a.machine('n4-standard-4');"
        "assert a._data.cache_info().currsize == 1"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
