"""existing: the organisation's own way to describe a workload."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import Field

from planform.contracts.workload_spec import Container, Workload, WorkloadResource, WorkloadSpecs
from planform.kubernetes.writer import to_yaml
from planform.planes.component import Component
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings

__all__ = ["ExistingWorkloadSpec", "ExistingWorkloadSpecSettings"]


class ExistingWorkloadSpecSettings(Settings):
    """What the organisation's files are called, and what its tools can serve."""

    file: str = Field(
        pattern=r"^[A-Za-z0-9_.][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*\.ya?ml$",
        description="Path of the file in a workload's repository.",
        examples=["deploy/workload.yaml"],
    )
    api_version: str = Field(
        default="",
        pattern=r"^([a-z0-9.-]+/)?[a-z0-9.-]*$",
        description="Value of the file's `apiVersion`. Default: the file has none.",
        examples=["workloads.acme.example/v1"],
    )
    resource_types: dict[str, tuple[str, ...]] = Field(
        description="Types that a workload may wish for, to the names of what each gives.",
        examples=[{"postgres": ["host", "name", "username"], "bucket": ["name"]}],
    )


class ExistingWorkloadSpec(Component):
    """A file of the organisation's own, which its own tools turn into objects.

    The form is the contract's, in YAML, and as plain as can be: `workload`, `containers` (a list of name, image,
    command, args, variables, cpus, memory_mib, health, volumes), `ports`, `resources` (name to type, class, id, params)
    and `annotations`. A tool of the organisation's reads it, or turns it into what it reads. Placeholders,
    `${resources.NAME.OUTPUT}`, are left for that tool.

    Provides: WorkloadSpecs; wishes for types that the settings do not name are refused.
    Requires: nothing.
    Emits: nothing of its own; the files as they are asked for.
    Errors: contract/not-named.
    """

    name = "existing"
    capability = "workload_spec"
    provides = WorkloadSpecs
    files_only = True
    Settings = ExistingWorkloadSpecSettings
    settings: ExistingWorkloadSpecSettings

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        for name, outputs in settings.resource_types.items():
            if not outputs:
                yield Fault(
                    "spec/unused-setting",
                    f"`{name}` gives nothing, so no workload has a reason to wish for it",
                    ("resource_types", name),
                    help="name what it gives, or delete it",
                )

    def render(self, workload: Workload) -> dict[str, str]:
        """The file, in the contract's own words."""
        for resource in workload.resources.values():
            if resource.type not in self.settings.resource_types:
                raise self.refuse(
                    "contract/not-named",
                    f"`{workload.name}` wishes for a `{resource.type}`, and `existing` names no such type",
                    path=("resource_types",),
                    help=f"add `{resource.type}: [name, ...]` to `resource_types` if your tools can serve it",
                )
        return {self.settings.file: to_yaml(self._document(workload))}

    def resource_types(self) -> dict[str, tuple[str, ...]]:
        """The types that the settings name."""
        return dict(self.settings.resource_types)

    def _document(self, workload: Workload) -> dict[str, Any]:
        head = {"apiVersion": self.settings.api_version} if self.settings.api_version else {}
        document = {
            **head,
            "workload": workload.name,
            "annotations": dict(workload.annotations),
            "containers": [_container(each) for each in workload.containers],
            "ports": dict(workload.ports),
            "resources": {name: _resource(each) for name, each in workload.resources.items()},
        }
        return {key: value for key, value in document.items() if value}


def _container(container: Container) -> dict[str, Any]:
    health = {"path": container.health_path or "/", "port": container.health_port} if container.health_port else {}
    body = {
        "name": container.name,
        "image": container.image,
        "command": list(container.command),
        "args": list(container.args),
        "variables": dict(container.variables),
        "volumes": dict(container.volumes),
        "cpus": container.cpus,
        "memory_mib": container.memory_mib,
        "health": health,
    }
    return {key: value for key, value in body.items() if value}


def _resource(resource: WorkloadResource) -> dict[str, Any]:
    body = {"type": resource.type, "class": resource.class_, "id": resource.id, "params": dict(resource.params)}
    return {key: value for key, value in body.items() if value}
