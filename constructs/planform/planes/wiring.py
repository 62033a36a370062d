"""Which component gives what to which: slots in the order to build them, and stacks in the order to apply them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from msgspec import Struct

from planform.contracts.delivers_files import delivers_files
from planform.diagnostics import Diagnostic, DiagnosticError, error
from planform.planes.catalog import Catalog
from planform.planes.component import Component, Need
from planform.spec.platform import EnvironmentSpec, PlaneSpec, SlotSpec

__all__ = ["Slot", "Wiring", "plane_of", "reserved_planes", "stack_name", "stacks_of", "team_stack_name", "wire"]


class Slot(Struct, frozen=True):
    """A filled slot, its component's class, and the needs that this environment meets."""

    plane: PlaneSpec
    filled: SlotSpec
    component: type[Component]
    needs: tuple[Need, ...]
    stack: str

    @property
    def path(self) -> tuple[str, str, str]:
        """Where the slot stands in the platform document."""
        return ("planes", self.plane.name, self.filled.capability)


class Wiring(Struct, frozen=True):
    """Slots, providers before their users; and every stack with the stacks that must be applied before it."""

    slots: tuple[Slot, ...]
    stacks: Mapping[str, tuple[str, ...]]


def stack_name(spec: EnvironmentSpec, plane: str) -> str:
    """`acme-ai-dev-resource`, or `acme-ai-dev` with one stack for the whole environment."""
    prefix = spec.environment.prefix
    return prefix if spec.layout == "single" else f"{prefix}-{plane.replace('_', '-')}"


def own_stack_name(spec: EnvironmentSpec, plane: str, capability: str) -> str:
    """`acme-ai-dev-security-code-analysis`: the stack of a component that has one of its own."""
    return f"{stack_name(spec, plane)}-{capability.replace('_', '-')}"


def stacks_of(spec: EnvironmentSpec, plane: str) -> tuple[str, ...]:
    """The stacks that a plane may have: its own, and one for each component that has a stack for itself."""
    slots = spec.planes[plane].slots if plane in spec.planes else ()
    return (stack_name(spec, plane), *(own_stack_name(spec, plane, capability) for capability in slots))


def plane_of(spec: EnvironmentSpec, stack: str) -> PlaneSpec | None:
    """The plane that a stack belongs to; with one stack for the whole environment, the first."""
    return next((plane for name, plane in spec.planes.items() if stack in stacks_of(spec, name)), None)


def team_stack_name(spec: EnvironmentSpec, team: str) -> str:
    """`acme-ai-dev-team-fraud`, or the stack of the whole environment."""
    return spec.environment.prefix if spec.layout == "single" else f"{spec.environment.prefix}-team-{team}"


def reserved_planes(spec: EnvironmentSpec) -> Iterator[Diagnostic]:
    """A fault for each plane whose folders would be those of a team, or of what tells the GitOps tool of all others."""
    for plane in spec.planes:
        if plane == "sync" or plane.startswith("team_"):
            yield error(
                "spec/reserved-plane",
                f"a plane cannot be called `{plane}`",
                spec.origin("planes", plane),
                help="choose another name; `sync` and what begins with `team_` are names of folders of planform's own",
            )


def wire(spec: EnvironmentSpec, catalog: Catalog) -> Wiring:
    """Match what components need to what others provide.

    Raises DiagnosticError with every unmet need, or with the whole of a cycle.
    """
    slots = {
        capability: Slot(
            plane,
            filled,
            component := catalog.load(capability, filled.component),
            tuple(component.needs()),
            (own_stack_name(spec, plane.name, capability) if component.own_stack else stack_name(spec, plane.name)),
        )
        for plane in spec.planes.values()
        for capability, filled in plane.slots.items()
    }
    faults = [*_unmet(spec, slots, catalog), *_one_name(spec, slots)]
    if faults:
        raise DiagnosticError(faults)
    slots = {
        capability: Slot(
            slot.plane,
            slot.filled,
            slot.component,
            tuple(need for need in slot.needs if need.capability in slots),
            slot.stack,
        )
        for capability, slot in slots.items()
    }
    order = _component_order(spec, slots)
    return Wiring(tuple(slots[capability] for capability in order), _stack_order(spec, slots))


def _unmet(spec: EnvironmentSpec, slots: Mapping[str, Slot], catalog: Catalog) -> Iterator[Diagnostic]:
    for slot in slots.values():
        for need in slot.needs:
            provider = slots.get(need.capability)
            if provider is None and not need.optional:
                yield _missing(spec, slot, need, catalog)
            elif provider is not None and not _provides(provider.component, need.contract):
                yield error(
                    "contract/wrong-contract",
                    f"`{slot.filled.component}` asks `{need.capability}` for a {need.contract.__name__},"
                    f" which `{provider.filled.component}` is not",
                    spec.origin(*provider.path),
                    help=f"choose another component for `{need.capability}`:"
                    f" {', '.join(catalog.names(need.capability))}",
                )


def _one_name(spec: EnvironmentSpec, slots: Mapping[str, Slot]) -> Iterator[Diagnostic]:
    """A fault for each plane whose stack would be the one that a component has for itself."""
    planes = {stack_name(spec, plane): plane for plane in spec.planes}
    for capability, slot in slots.items():
        plane = planes.get(slot.stack)
        if slot.component.own_stack and plane is not None:
            yield error(
                "spec/reserved-plane",
                f"a plane cannot be called `{plane}`: `{slot.stack}` is the stack of `{slot.filled.component}`",
                spec.origin("planes", plane),
                label=f"the stack of `{capability}` in plane `{slot.plane.name}`",
                help="choose another name for the plane",
            )


def _provides(component: type[Component], contract: type) -> bool:
    return all(hasattr(component, member) for member in _members(contract))


def _members(contract: type) -> tuple[str, ...]:
    return tuple(name for name in vars(contract) if not name.startswith("_"))


def _missing(spec: EnvironmentSpec, slot: Slot, need: Need, catalog: Catalog) -> Diagnostic:
    names = catalog.names(need.capability)
    choice = f"`{need.capability}: {names[0]}`" if names else f"`{need.capability}:`"
    others = "".join(f", or `{name}`" for name in names[1:])
    capability = slot.filled.capability
    return error(
        "contract/unmet-requirement",
        f"`{slot.filled.component}` needs `{need.capability}` and environment `{spec.name}` has none",
        spec.origin(*slot.path),
        label=f"`{capability}` requires `{need.capability}`",
        help=f"add {choice} to the plane that should own it{others}",
    )


def _component_order(spec: EnvironmentSpec, slots: Mapping[str, Slot]) -> tuple[str, ...]:
    graph = {capability: [need.capability for need in slot.needs] for capability, slot in slots.items()}
    try:
        return tuple(TopologicalSorter(graph).static_order())
    except CycleError as fault:
        cycle = fault.args[1][::-1]
        raise DiagnosticError(
            [
                error(
                    "contract/component-cycle",
                    f"components need each other in a circle: {' -> '.join(cycle)}",
                    spec.origin(*slots[cycle[0]].path),
                    notes=tuple(
                        f"`{each}` ({slots[each].filled.component}) is at {spec.origin(*slots[each].path)}"
                        for each in cycle[:-1]
                    ),
                    help="fill one of these slots with `existing`, or with a component that needs less",
                )
            ]
        ) from fault


def _stack_order(spec: EnvironmentSpec, slots: Mapping[str, Slot]) -> dict[str, tuple[str, ...]]:
    because: dict[tuple[str, str], tuple[str, str]] = {}
    names = [*(stack_name(spec, plane) for plane in spec.planes), *(slot.stack for slot in slots.values())]
    graph: dict[str, list[str]] = {name: [] for name in names}
    for capability, slot in slots.items():
        for need in slot.needs:
            provider = slots[need.capability].stack
            if slot.component.files_only or delivers_files(need.contract):
                continue
            if need.capability in slot.component.names_only:
                continue
            if need.capability in slot.component.names_only:
                continue
            if provider != slot.stack and provider not in graph[slot.stack]:
                graph[slot.stack].append(provider)
                because[slot.stack, provider] = (capability, need.capability)
    try:
        order = tuple(TopologicalSorter(graph).static_order())
    except CycleError as fault:
        cycle = fault.args[1][::-1]
        edges = [because[edge] for edge in pairwise(cycle)]
        raise DiagnosticError(
            [
                error(
                    "contract/plane-cycle",
                    f"stacks would have to be applied before each other: {' -> '.join(cycle)}",
                    spec.origin(*slots[edges[0][0]].path),
                    notes=tuple(
                        f"`{user}` in plane `{slots[user].plane.name}` needs `{provider}` in plane"
                        f" `{slots[provider].plane.name}` ({spec.origin(*slots[provider].path)})"
                        for user, provider in edges
                    ),
                    help="move one of these capabilities to the plane of the other, or write `layout: single`",
                )
            ]
        ) from fault
    return {name: tuple(sorted(graph[name])) for name in order}
