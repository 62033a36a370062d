"""One environment's spec to its stacks: what `stacks/` and the command line call."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct, field

from planform.contracts.gitops import GitOps
from planform.contracts.infrastructure import Infrastructure, StackFacts
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
from planform.files import File
from planform.golden_paths.catalog import Paths, builtin_paths
from planform.golden_paths.template import publish_templates
from planform.golden_paths.workloads import build_workloads, keep_workloads
from planform.kubernetes.delivery import parts_of
from planform.kubernetes.record import Delivered, duplicate, objects_of
from planform.planes.catalog import Catalog, builtin
from planform.planes.component import Component, Place, Refused
from planform.planes.portal_entities import publish_platform
from planform.planes.resource.accelerators import accelerators
from planform.planes.wiring import Slot, Wiring, plane_of, reserved_planes, stack_name, team_stack_name, wire
from planform.spec.platform import (
    EnvironmentSpec,
    GcsBackendSettings,
    HcpBackendSettings,
    LocalBackendSettings,
    S3BackendSettings,
)
from planform.spec.regions import AS_OF, REGIONS
from planform.terraform.google import GoogleProvider
from planform.terraform.record import Provider, Resource, records_of

if TYPE_CHECKING:
    from planform.golden_paths.path import Path
    from planform.planes.teams import TeamSpace

__all__ = ["BuiltEnvironment", "build_environment", "cautions", "environment_of", "owner_of"]

FOUNDATION = ("services", "identity", "compute")
"""Capabilities whose stacks come before those of teams."""
TEAMS = "teams"
"""Stands for the plane in what is said of a team's stack."""


class BuiltEnvironment(Struct, frozen=True):
    """One environment: stacks by plane, components by capability, teams by name, to add one's own constructs to."""

    spec: EnvironmentSpec
    stacks: Mapping[str, TerraformStack]
    components: Mapping[str, Component]
    teams: Mapping[str, TeamSpace] = field(default_factory=dict)
    workloads: tuple[Path, ...] = ()


def owner_of(specs: Iterable[EnvironmentSpec], stack: str) -> EnvironmentSpec | None:
    """The environment that a stack of planform's own is made for: of one of its planes, or of a team."""
    for spec in specs:
        if plane_of(spec, stack) or any(team_stack_name(spec, team) == stack for team in spec.teams):
            return spec
    return None


def environment_of(specs: Sequence[EnvironmentSpec], stack: str) -> EnvironmentSpec | None:
    """The environment that any stack belongs to; one of one's own to that whose name it begins with, the longest."""
    near = [
        spec for spec in specs if stack == spec.environment.prefix or stack.startswith(f"{spec.environment.prefix}-")
    ]
    return owner_of(specs, stack) or max(near, key=lambda spec: len(spec.environment.prefix), default=None)


def build_environment(app: App, spec: EnvironmentSpec, catalog: Catalog | None = None) -> BuiltEnvironment:
    """Fill the app with the stacks of one environment, one for each plane, providers before their users.

    A plane whose every slot is `existing` has nothing to apply and gets no stack.
    Raises DiagnosticError with every component that could not be built.
    """
    faults: list[Diagnostic] = [*reserved_planes(spec)]
    if faults:
        raise DiagnosticError(faults)
    wiring = wire(spec, catalog or builtin())
    paths: Paths = spec.kinds or builtin_paths()
    made = {
        slot.stack
        for slot in wiring.slots
        if slot.filled.component != "existing" and slot.component.applied(slot.filled.settings, spec.environment)
    }
    _refuse_taken_names(app, spec, made | {team_stack_name(spec, team) for team in spec.teams})
    stacks = {name: TerraformStack(app, name) for name in wiring.stacks if name in made}
    for name, stack in stacks.items():
        _backend(stack, spec, name)
    for name, before in wiring.stacks.items():
        for other in before:
            if name in stacks and other in stacks:
                stacks[name].add_dependency(stacks[other])
    components: dict[str, Component] = {}
    for slot in wiring.slots:
        if any(need.capability not in components for need in slot.needs):
            continue  # its provider's own fault is reported, this is only what follows from it
        scope = stacks.get(slot.stack) or _outside(app, slot.stack)
        try:
            components[slot.filled.capability] = _component(scope, spec, slot, components)
        except Refused as refused:
            faults.append(_refusal(spec, slot.path, refused))
        except DiagnosticError as fault_error:
            faults += fault_error.diagnostics
    if faults:
        raise DiagnosticError(faults)
    teams = _teams(app, spec, components, wiring, stacks)
    _publish(spec, wiring, components, paths)
    workloads = build_workloads(spec, paths, components, teams, stacks) if spec.workloads else ()
    later = _after_teams(spec, wiring, workloads, stacks)
    _finish(spec, wiring, components, stacks, later)
    _deliver(spec, wiring, components, teams, workloads)
    planes = {plane: stacks[stack_name(spec, plane)] for plane in spec.planes if stack_name(spec, plane) in stacks}
    for name, stack in stacks.items():
        _provider(stack, spec, _owner(spec, name))
    keep_workloads(app, workloads)
    return BuiltEnvironment(spec, planes, components, teams, workloads)


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
    owners = {team_stack_name(spec, team): f"team `{team}`" for team in spec.teams}
    owners |= {name: f"plane `{plane.name}`" for name in names if (plane := plane_of(spec, name))}
    taken = [name for name in sorted(names) if app.node.try_find_child(name) is not None]
    if taken:
        raise DiagnosticError(
            error(
                "spec/stack-name-taken",
                f"environment `{spec.name}` and another one would both have a stack `{name}`",
                spec.origin("environments", spec.name),
                help=f"give this environment or its {owners[name]} another name",
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


def _refusal(spec: EnvironmentSpec, path: tuple[str, ...], refused: Refused) -> Diagnostic:
    fault = refused.fault
    return error(fault.code, fault.summary, spec.origin(*path, *fault.path), label=fault.label, help=fault.help)


def _teams(
    app: App,
    spec: EnvironmentSpec,
    components: Mapping[str, Component],
    wiring: Wiring,
    stacks: dict[str, TerraformStack],
) -> dict[str, TeamSpace]:
    """A place for every team, in a stack of its own, which comes after those of identities and the cluster."""
    if not spec.teams:
        return {}
    from planform.planes.teams import TeamSpace, TeamTools  # here, for platforms without teams to start sooner

    tools = TeamTools.of(components)
    before = {slot.stack: None for slot in wiring.slots if slot.filled.capability in FOUNDATION}
    working = {each.settings.team for each in spec.workloads}
    made: dict[str, TeamSpace] = {}
    faults: list[Diagnostic] = []
    for name, team in spec.teams.items():
        stack = team_stack_name(spec, name)
        makes = name in working or TeamSpace.makes_resources(team, spec.environment, tools)
        if makes and stack not in stacks:
            stacks[stack] = TerraformStack(app, stack)
            _backend(stacks[stack], spec, stack)
            for other in (stacks[name] for name in before if name in stacks):
                stacks[stack].add_dependency(other)
        scope = stacks.get(stack) or _outside(app, stack)
        try:
            admitted = {owner for other in made.values() for owner in other.team.owners}
            made[name] = TeamSpace(
                scope, name, team, environment=spec.environment, tools=tools, at=spec.origin, admitted=admitted
            )
        except Refused as refused:
            faults.append(_refusal(spec, ("teams", name), refused))
        except DiagnosticError as fault_error:
            faults += fault_error.diagnostics
    if faults:
        raise DiagnosticError(faults)
    return made


def _after_teams(
    spec: EnvironmentSpec, wiring: Wiring, workloads: Sequence[Path], stacks: Mapping[str, TerraformStack]
) -> dict[str, set[str]]:
    """Stacks that name what workloads made in their team's, with the teams' stacks that they come after.

    A stack that a team's own must come after cannot come after it; it is applied once more when the team's is there.
    """
    slots = {slot.filled.capability: slot for slot in wiring.slots}
    foundation = {slots[name].stack for name in FOUNDATION if name in slots}
    found: dict[str, set[str]] = {}
    for each in workloads:
        team = team_stack_name(spec, each.team)
        for capability in sorted(each.followed_by):
            later = slots[capability].stack
            if later != team and not any(_comes_after(wiring, first, later) for first in foundation):
                stacks[later].add_dependency(stacks[team])
                found.setdefault(later, set()).add(team)
    return found


def _comes_after(wiring: Wiring, stack: str, other: str) -> bool:
    return stack == other or any(_comes_after(wiring, before, other) for before in wiring.stacks.get(stack, ()))


def _publish(spec: EnvironmentSpec, wiring: Wiring, components: Mapping[str, Component], paths: Paths) -> None:
    """Tell the portal of all components, now that all are there, and of what people may ask for."""
    try:
        publish_platform(spec, wiring.slots, components)
        publish_templates(spec, paths, components)
    except Refused as refused:
        slot = next(slot for slot in wiring.slots if slot.filled.capability == "portal")
        raise DiagnosticError([_refusal(spec, slot.path, refused)]) from refused


def _deliver(
    spec: EnvironmentSpec,
    wiring: Wiring,
    components: Mapping[str, Component],
    teams: Mapping[str, TeamSpace],
    workloads: Sequence[Path],
) -> None:
    """Tell the GitOps tool of all manifests, in the order that follows from who needs whom."""
    scopes: list[Construct] = [*components.values(), *teams.values()]
    gitops = components.get("gitops")
    if gitops is not None and isinstance(gitops, GitOps):
        ids = {capability: component.manifests.id for capability, component in components.items()}
        needs = {ids[slot.filled.capability]: [ids[need.capability] for need in slot.needs] for slot in wiring.slots}
        own = ids["gitops"]
        needs |= {team.manifests.id: sorted(set(ids.values()) - {own}) for team in teams.values()}
        needs |= {each.manifests.id: [each.space.manifests.id] for each in workloads}
        cluster = [each for each in _delivered(spec, scopes) if not isinstance(each, File)]
        gitops.deliver(parts_of([each for each in cluster if each.manifests.id != own], needs))
    seen: dict[tuple[str, ...], Delivered] = {}
    found = [(each, seen.setdefault(each.key, each)) for each in _delivered(spec, scopes)]
    twice = [duplicate(new, old) for new, old in found if new is not old]
    if twice:
        raise DiagnosticError(twice)


def _finish(
    spec: EnvironmentSpec,
    wiring: Wiring,
    components: Mapping[str, Component],
    stacks: Mapping[str, TerraformStack],
    later: Mapping[str, set[str]],
) -> None:
    """Tell what applies the stacks of all of them, then let each component make what it left for the end."""
    told = (slot for slot in wiring.slots if isinstance(components[slot.filled.capability], Infrastructure))
    _each(spec, told, lambda slot: _apply(spec, wiring, components[slot.filled.capability], stacks, later))
    _each(spec, wiring.slots, lambda slot: components[slot.filled.capability].finish())


def _each(spec: EnvironmentSpec, slots: Iterable[Slot], do: Callable[[Slot], None]) -> None:
    """Do something for each slot, and raise what all of them refuse."""
    faults: list[Diagnostic] = []
    for slot in slots:
        try:
            do(slot)
        except Refused as refused:
            faults.append(_refusal(spec, slot.path, refused))
        except DiagnosticError as fault_error:
            faults += fault_error.diagnostics
    if faults:
        raise DiagnosticError(faults)


def _apply(
    spec: EnvironmentSpec,
    wiring: Wiring,
    tool: Component,
    stacks: Mapping[str, TerraformStack],
    later: Mapping[str, set[str]],
) -> None:
    if isinstance(tool, Infrastructure):
        tool.deliver(_stack_facts(spec, wiring, stacks, later))


def _stack_facts(
    spec: EnvironmentSpec, wiring: Wiring, stacks: Mapping[str, TerraformStack], later: Mapping[str, set[str]]
) -> list[StackFacts]:
    """Every stack, each after those before it and else by name, and what it is made of."""
    foundation = {slot.stack: None for slot in wiring.slots if slot.filled.capability in FOUNDATION}
    facts = []
    for name, stack in stacks.items():
        before = (*wiring.stacks.get(name, tuple(foundation)), *sorted(later.get(name, ())))
        after = tuple(other for other in before if other in stacks and other != name)
        providers = {
            each.address.partition(".")[0] for each in records_of(stack).declared if isinstance(each, Provider)
        }
        facts.append(StackFacts(name, *_whose(spec, name), after, partial(_types, stack), tuple(sorted(providers))))
    return _in_order(facts)


def _in_order(facts: Iterable[StackFacts]) -> list[StackFacts]:
    """Each after those that it names, by name where that leaves a choice: the same for the same stacks."""
    waiting, done = sorted(facts, key=lambda each: each.name), list[StackFacts]()
    while waiting:
        held = {each.name for each in done}
        done += [each for each in waiting if held.issuperset(each.after)]
        waiting = [each for each in waiting if not held.issuperset(each.after)]
    return done


def _types(stack: TerraformStack) -> tuple[str, ...]:
    one_of_each = {type(each): each for each in records_of(stack) if isinstance(each, Resource)}
    return tuple(sorted(each.address.partition(".")[0] for each in one_of_each.values()))


def _delivered(spec: EnvironmentSpec, scopes: Iterable[Construct]) -> list[Delivered]:
    """What all stacks of an environment deliver, each stack asked once."""
    held = {id(objects): objects for objects in map(objects_of, scopes)}
    return [each for objects in held.values() for each in objects.delivered if each.manifests.environment == spec.name]


def _owner(spec: EnvironmentSpec, stack: str) -> dict[str, str]:
    """The labels that say whose a stack is; none where it is everybody's."""
    plane, owner = _whose(spec, stack)
    found = {"plane": "" if plane == TEAMS else plane, "team": owner}
    return {key: value for key, value in found.items() if value}


def _whose(spec: EnvironmentSpec, stack: str) -> tuple[str, str]:
    """The plane of a stack and its owner, both "" where it is everybody's; a team's stack is in no plane."""
    if spec.layout == "single":
        return "", ""
    plane = plane_of(spec, stack)
    if plane is not None:
        return plane.name.replace("_", "-"), plane.owner
    return TEAMS, next(team for team in spec.teams if team_stack_name(spec, team) == stack)


def _provider(stack: TerraformStack, spec: EnvironmentSpec, owner: Mapping[str, str]) -> None:
    facts = spec.environment
    labels = {**facts.labels, "environment": facts.name, "managed_by": "planform", **owner}
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
