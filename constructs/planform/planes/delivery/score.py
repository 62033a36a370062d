"""Score: what a workload needs, in one file of its own repository."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import Field

from planform.contracts.workload_spec import Container, Workload, WorkloadResource, WorkloadSpecs
from planform.diagnostics import suggest
from planform.files import File
from planform.kubernetes.writer import to_yaml
from planform.planes.component import Component, Refused
from planform.planes.delivery.resource_types import RESOURCE_TYPES, output_fault, type_fault
from planform.spec.fault import Fault
from planform.spec.settings import Settings

__all__ = ["Score", "ScoreSettings", "workload_faults"]

API_VERSION = "score.dev/v1b1"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,61}[a-z0-9]")
_ID = re.compile(r"(?=.{2,63}$)[a-z0-9]+(-+[a-z0-9]+)*(\.[a-z0-9]+(-+[a-z0-9]+)*)*")
_ANNOTATION = re.compile(
    r"([a-z0-9][a-z0-9-]{0,61}[a-z0-9](\.[a-z0-9][a-z0-9-]{0,61}[a-z0-9])*/)?[A-Za-z0-9][A-Za-z0-9._-]{0,61}[A-Za-z0-9]"
)
_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
_ESCAPED = re.compile(r"\$\$\{")


class ScoreSettings(Settings):
    """Settings of `score`."""

    file: str = Field(
        default="score.yaml",
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*\.ya?ml$",
        description="Path of the file in a workload's repository. Default: score.yaml.",
    )


class Score(Component):
    """Score files: containers, ports and wishes, the same for every environment and every orchestrator.

    A wish names a type, and what it gives is named as `${resources.<name>.<output>}`; both are checked against the
    vocabulary that the platform's orchestrators share. Score has no field for accelerators, replicas or scaling: a wish
    for a `gpu-pool` brings a workload to accelerators.
    The file resource-types.yaml lists the vocabulary, for whoever writes a Score file by hand.

    Provides: WorkloadSpecs.
    Requires: nothing.
    Emits: resource-types.yaml; Score files as they are asked for; no Terraform.
    Errors: contract/bad-name, contract/unknown-output, contract/unknown-placeholder, contract/unknown-resource-type.
    Source: the JSON schema score-v1b1 of score-go 1.20.0 and Score's specification 0.4.1, read 2026-11.
    """

    name = "score"
    capability = "workload_spec"
    provides = WorkloadSpecs
    files_only = True
    Settings = ScoreSettings
    settings: ScoreSettings

    def build(self) -> None:
        File(self, "resource-types.yaml", _HEAD + to_yaml(_vocabulary()))

    def render(self, workload: Workload) -> dict[str, str]:
        """The Score file."""
        fault = next(workload_faults(workload), None)
        if fault is not None:
            raise Refused(fault)
        return {self.settings.file: to_yaml(_document(workload))}

    def resource_types(self) -> dict[str, tuple[str, ...]]:
        """The shared vocabulary."""
        return {name: each.outputs for name, each in RESOURCE_TYPES.items()}


_HEAD = (
    "# What a workload may wish for under `resources`, and what a wish gives: ${resources.NAME.OUTPUT}.\n"
    "# Written by planform.\n"
)


def _vocabulary() -> dict[str, Any]:
    return {
        name: {
            "description": each.description,
            "outputs": list(each.outputs),
            **({"params": list(each.params)} if each.params else {}),
        }
        for name, each in RESOURCE_TYPES.items()
    }


def _document(workload: Workload) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": workload.name}
    if workload.annotations:
        metadata["annotations"] = dict(sorted(workload.annotations.items()))
    document: dict[str, Any] = {
        "apiVersion": API_VERSION,
        "metadata": metadata,
        "containers": {each.name: _container(each) for each in workload.containers},
    }
    if workload.ports:
        ports = {name: {"port": port, "targetPort": port} for name, port in workload.ports.items()}
        document["service"] = {"ports": ports}
    if workload.resources:
        document["resources"] = {name: _resource(each) for name, each in workload.resources.items()}
    return document


def _container(container: Container) -> dict[str, Any]:
    memory = f"{container.memory_mib}Mi"
    body: dict[str, Any] = {"image": container.image}
    for key, words in (("command", container.command), ("args", container.args)):
        if words:
            body[key] = list(words)
    if container.variables:
        body["variables"] = dict(container.variables)
    if container.volumes:
        body["volumes"] = {path: {"source": f"${{resources.{name}}}"} for path, name in container.volumes.items()}
    # A limit of CPU slows a pod that could have had idle cores, so memory alone is limited.
    body["resources"] = {
        "requests": {"cpu": f"{round(container.cpus * 1000)}m", "memory": memory},
        "limits": {"memory": memory},
    }
    if container.health_port:
        probe = {"httpGet": {"path": container.health_path or "/", "port": container.health_port}}
        body |= {"livenessProbe": probe, "readinessProbe": probe}
    return body


def _resource(resource: WorkloadResource) -> dict[str, Any]:
    body: dict[str, Any] = {"type": resource.type}
    if resource.class_ != "default":
        body["class"] = resource.class_
    if resource.id:
        body["id"] = resource.id
    if resource.params:
        body["params"] = dict(resource.params)
    return body


def workload_faults(workload: Workload) -> Iterator[Fault]:
    """Everything that the schema, or whoever resolves the wishes, would refuse."""
    yield from _name_faults(workload)
    for name, resource in workload.resources.items():
        fault = type_fault(resource.type, ("resources", name, "type"))
        if fault is not None:
            yield fault
        elif resource.type == "gpu-pool" and resource.class_ == "default":
            yield Fault(
                "contract/bad-name",
                f"the gpu-pool `{name}` of `{workload.name}` says no class, which is the pool's name",
                help="name the pool as the wish's class",
            )
        yield from _placeholder_faults(workload, [str(each) for each in resource.params.values()])
    for container in workload.containers:
        yield from _placeholder_faults(workload, [*container.args, *container.variables.values()])
        yield from _volume_faults(workload, container)


def _name_faults(workload: Workload) -> Iterator[Fault]:
    names = [workload.name, *(each.name for each in workload.containers), *workload.ports, *workload.resources]
    for name in names:
        if not _NAME.fullmatch(name):
            yield _bad_name(name, "2 to 63 lower case letters, digits and hyphens")
    for resource in workload.resources.values():
        if not _NAME.fullmatch(resource.class_):
            yield _bad_name(resource.class_, "2 to 63 lower case letters, digits and hyphens")
        if resource.id and not _ID.fullmatch(resource.id):
            yield _bad_name(resource.id, "lower case letters, digits, hyphens, and dots between them, 63 at most")
    for name in workload.annotations:
        if not _ANNOTATION.fullmatch(name):
            yield _bad_name(name, "the form of a Kubernetes annotation, `example.com/name`")
    if not workload.containers:
        yield Fault("contract/bad-name", f"`{workload.name}` has no container", help="give it one at least")


def _bad_name(name: str, form: str) -> Fault:
    return Fault("contract/bad-name", f"`{name}` is no name in a Score file", help=f"use {form}")


def _placeholder_faults(workload: Workload, texts: list[str]) -> Iterator[Fault]:
    for text in texts:
        for placeholder in _PLACEHOLDER.findall(_ESCAPED.sub("", text)):
            fault = _placeholder_fault(workload, placeholder)
            if fault is not None:
                yield fault


def _placeholder_fault(workload: Workload, placeholder: str) -> Fault | None:
    kind, _, rest = placeholder.partition(".")
    if kind == "metadata" and rest in ("name", *(f"annotations.{each}" for each in workload.annotations)):
        return None
    name, _, output = rest.partition(".")
    if kind != "resources" or name not in workload.resources:
        near = suggest(name if kind == "resources" else placeholder, workload.resources)
        meant = f"did you mean `${{resources.{near}.{output or '...'}}}`? " if near else ""
        return Fault(
            "contract/unknown-placeholder",
            f"`${{{placeholder}}}` is nothing that `{workload.name}` has",
            help=f"{meant}its resources are {', '.join(workload.resources) or 'none'}",
        )
    resource = workload.resources[name]
    return None if resource.type not in RESOURCE_TYPES else output_fault(resource.type, output)


def _volume_faults(workload: Workload, container: Container) -> Iterator[Fault]:
    for path, name in container.volumes.items():
        resource = workload.resources.get(name)
        if resource is None or resource.type != "volume":
            yield Fault(
                "contract/unknown-placeholder",
                f"`{container.name}` mounts `{name}` at {path}, which is no volume of `{workload.name}`",
                help="wish for a resource of the type `volume` under that name",
            )
