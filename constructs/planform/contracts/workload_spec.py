"""workload_spec: how a workload is described, whatever runs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from msgspec import Struct, field

from planform.contracts.delivers_files import DeliversFiles

__all__ = ["Container", "Workload", "WorkloadResource", "WorkloadSpecs"]


class Container(Struct, frozen=True):
    """One container. Values of `variables` may be `${resources.<name>.<output>}`. CPU is in cores, memory in MiB.

    `volumes` is a path in the container to the name of a resource that is a volume.
    """

    name: str
    image: str = "."
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    cpus: float = 0.25
    memory_mib: int = 512
    health_path: str = ""
    health_port: int = 0
    volumes: Mapping[str, str] = field(default_factory=dict)


class WorkloadResource(Struct, frozen=True):
    """What a workload wishes for: a type such as `postgres`, a class of it, an id that workloads share, parameters."""

    type: str
    class_: str = "default"
    id: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)


class Workload(Struct, frozen=True):
    """A workload: its containers, the ports of its service by name, and what it wishes for by name."""

    name: str
    containers: tuple[Container, ...]
    ports: Mapping[str, int] = field(default_factory=dict)
    resources: Mapping[str, WorkloadResource] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


@runtime_checkable
class WorkloadSpecs(DeliversFiles, Protocol):
    """A file in the workload's own repository that says what it needs, not how it gets it."""

    def render(self, workload: Workload) -> Mapping[str, str]:
        """Path to text of the files that describe a workload. An unknown resource type or output is refused."""

    def resource_types(self) -> Mapping[str, tuple[str, ...]]:
        """Types that a workload may wish for, to the names of what each gives."""
