"""One environment's spec to its stacks: what `stacks/` and the command line call."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from planform.diagnostics import Diagnostic, DiagnosticError, error, suggest, warning
from planform.engine import (
    App,
    CloudBackend,
    Construct,
    GcsBackend,
    LocalBackend,
    NamedCloudWorkspace,
    S3Backend,
    TerraformStack,
)
from planform.planes.catalog import Catalog, builtin
from planform.planes.component import Component, Place, Refused
from planform.planes.resource.accelerators import accelerators
from planform.planes.wiring import Slot, stack_name, wire
from planform.spec.platform import (
    EnvironmentSpec,
    GcsBackendSettings,
    HcpBackendSettings,
    LocalBackendSettings,
    S3BackendSettings,
)
from planform.spec.regions import AS_OF, REGIONS
from planform.terraform.google import GoogleProvider

__all__ = ["BuiltEnvironment", "build_environment", "cautions"]


@dataclass(frozen=True, slots=True)
class BuiltEnvironment:
    """The stacks of one environment by plane, and the components by capability, for adding constructs of one's own."""

    spec: EnvironmentSpec
    stacks: Mapping[str, TerraformStack]
    components: Mapping[str, Component]


def build_environment(app: App, spec: EnvironmentSpec, catalog: Catalog | None = None) -> BuiltEnvironment:
    """Fill the app with the stacks of one environment, one for each plane, providers before their users.

    A plane whose every slot is `existing` has nothing to apply and gets no stack.
    Raises DiagnosticError with every component that could not be built.
    """
    wiring = wire(spec, catalog or builtin())
    made = {slot.stack for slot in wiring.slots if slot.filled.component != "existing"}
    _refuse_taken_names(app, spec, made)
    stacks = {name: TerraformStack(app, name) for name in wiring.stacks if name in made}
    for name, stack in stacks.items():
        _backend(stack, spec, name)
    for name, before in wiring.stacks.items():
        for other in before:
            if name in stacks and other in stacks:
                stacks[name].add_dependency(stacks[other])
    components: dict[str, Component] = {}
    faults: list[Diagnostic] = []
    for slot in wiring.slots:
        if any(need.capability not in components for need in slot.needs):
            continue  # its provider's own fault is reported, this is only what follows from it
        scope = stacks.get(slot.stack) or _outside(app, slot.stack)
        try:
            components[slot.filled.capability] = _component(scope, spec, slot, components)
        except Refused as refused:
            fault = refused.fault
            faults.append(
                error(
                    fault.code,
                    fault.summary,
                    spec.origin(*slot.path, *fault.path),
                    label=fault.label,
                    help=fault.help,
                )
            )
        except DiagnosticError as fault_error:
            faults += fault_error.diagnostics
    if faults:
        raise DiagnosticError(faults)
    planes = {plane: stacks[stack_name(spec, plane)] for plane in spec.planes if stack_name(spec, plane) in stacks}
    for name, stack in stacks.items():
        owners = [plane for plane in planes if stack_name(spec, plane) == name]
        _provider(stack, spec, owners[0] if spec.layout == "planes" else None)
    return BuiltEnvironment(spec, planes, components)


def cautions(spec: EnvironmentSpec, catalog: Catalog | None = None) -> Iterator[Diagnostic]:
    """What may be wrong with an environment's settings, as far as unconfirmed facts tell: warnings."""
    catalog = catalog or builtin()
    region = spec.environment.region
    if region not in REGIONS:
        yield warning(
            "spec/unlisted-region",
            f"the list of regions of {AS_OF} has no `{region}`",
            spec.origin("region"),
            label=_meant(region, REGIONS),
            help="mend the name; if the region is newer than the list, there is nothing to do",
        )
    for name, team in spec.teams.items():
        for accelerator in team.accelerators.keys() - accelerators().keys():
            yield warning(
                "spec/unlisted-accelerator",
                f"the accelerator catalogue has no `{accelerator}`, which team `{name}` has a quota of",
                spec.origin("teams", name, "accelerators", accelerator),
                label=_meant(accelerator, accelerators()),
                help="mend the name; if the accelerator is newer than the catalogue, there is nothing to do",
            )
    for plane in spec.planes.values():
        for slot in plane.slots.values():
            component = catalog.load(slot.capability, slot.component)
            for fault in component.cautions(slot.settings, spec.environment):
                at = spec.origin("planes", plane.name, slot.capability, *fault.path)
                yield warning(fault.code, fault.summary, at, label=fault.label, help=fault.help)


def _refuse_taken_names(app: App, spec: EnvironmentSpec, names: Collection[str]) -> None:
    """Plane `c` of environment `a-b` and plane `b_c` of `a` would be one stack: one folder and one state."""
    planes = {stack_name(spec, plane): plane for plane in spec.planes}
    taken = [name for name in sorted(names) if app.node.try_find_child(name) is not None]
    if taken:
        raise DiagnosticError(
            error(
                "spec/stack-name-taken",
                f"environment `{spec.name}` and another one would both have a stack `{name}`",
                spec.origin("environments", spec.name),
                help=f"give this environment or its plane `{planes[name]}` another name",
            )
            for name in taken
        )


def _meant(word: str, options: Iterable[str]) -> str:
    near = suggest(word, options)
    return f"did you mean `{near}`?" if near else ""


def _component(scope: Construct, spec: EnvironmentSpec, slot: Slot, built: Mapping[str, Component]) -> Component:
    def at(*path: str | int):  # type: ignore[no-untyped-def]
        return spec.origin(*slot.path, *path)

    return slot.component(
        scope,
        slot.filled.capability,
        slot.filled.settings,
        environment=spec.environment,
        place=Place(slot.plane.name, slot.plane.owner, at),
        **{need.capability: built[need.capability] for need in slot.needs},
    )


def _outside(app: App, stack: str) -> Construct:
    """A place in the tree, but in no stack, for adapters of what exists."""
    name = f"{stack}-existing"
    found = app.node.try_find_child(name)
    return found if found is not None else Construct(app, name)


def _provider(stack: TerraformStack, spec: EnvironmentSpec, plane: str | None) -> None:
    facts = spec.environment
    labels = {**facts.labels, "environment": facts.name, "managed_by": "planform"}
    if plane:
        labels |= {"plane": plane.replace("_", "-"), "team": spec.planes[plane].owner}
    GoogleProvider(
        stack,
        "google",
        project=facts.project,
        region=facts.region,
        default_labels=dict(sorted(labels.items())),
    )


def _backend(stack: TerraformStack, spec: EnvironmentSpec, name: str) -> None:
    kind = spec.backend.kind
    if isinstance(kind, GcsBackendSettings):
        bucket = kind.bucket or f"{spec.environment.project}-tfstate"
        GcsBackend(stack, bucket=bucket, prefix=f"{kind.prefix}/{name}")
    elif isinstance(kind, S3BackendSettings):
        backend = S3Backend(
            stack,
            bucket=kind.bucket,
            region=kind.region,
            key=f"{kind.prefix}/{name}/terraform.tfstate",
            encrypt=True,
        )
        backend.add_override("use_lockfile", True)  # newer than the engine's class
    elif isinstance(kind, HcpBackendSettings):
        CloudBackend(
            stack,
            organization=kind.organization,
            hostname=kind.hostname,
            workspaces=NamedCloudWorkspace(name),
        )
    elif isinstance(kind, LocalBackendSettings):
        LocalBackend(stack, path="terraform.tfstate")
