"""An environment's workloads, built one after another: each after those whose things it refers to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from planform.diagnostics import Diagnostic, DiagnosticError, error
from planform.engine import Construct, TerraformStack
from planform.golden_paths.rows import Ledger
from planform.kubernetes.record import objects_of
from planform.planes.component import Refused
from planform.planes.wiring import team_stack_name
from planform.spec.fault import Fault
from planform.spec.platform import EnvironmentSpec, WorkloadSpec
from planform.terraform.record import records_of

if TYPE_CHECKING:
    from planform.golden_paths.catalog import Paths
    from planform.golden_paths.path import Path
    from planform.planes.teams import TeamSpace

__all__ = ["build_workloads", "keep_workloads", "workloads_of"]

_KEPT = "_planform_workloads"


def build_workloads(
    spec: EnvironmentSpec,
    paths: Paths,
    components: Mapping[str, Construct],
    teams: Mapping[str, TeamSpace],
    stacks: Mapping[str, TerraformStack],
) -> tuple[Path, ...]:
    """Every workload of an environment, in the order in which they were built.

    Raises DiagnosticError with everything that is wrong with any of them.
    """
    names = {team: team_stack_name(spec, team) for team in teams}
    shared = [stack for name, stack in stacks.items() if name not in names.values()]

    @cache
    def ledger(team: str) -> Ledger:
        """Of what a workload may add to: what is all teams', and its own team's, but no other team's."""
        held = {id(objects): objects for objects in map(objects_of, (*components.values(), teams[team]))}
        return Ledger(map(records_of, (*shared, stacks[names[team]])), held.values())

    given: dict[tuple[str, str], object] = {}
    made = [
        paths.load(each.kind)(
            teams[each.settings.team],
            each,
            environment=spec.environment,
            teams=tuple(spec.teams),
            siblings=spec.siblings,
            components=components,
            ledger=ledger(each.settings.team),
            given=given,
        )
        for each in _ordered(spec.workloads)
    ]
    _refuse(_diagnostic(each.spec, fault) for each in made for fault in each.faults())
    faults: list[Diagnostic] = []
    for each in made:
        if faults and any((need.sort, need.name) not in given for need in each.settings.refers()):
            continue  # what it refers to was refused, and that is said
        try:
            each.build()
        except Refused as refused:
            faults.append(_diagnostic(each.spec, refused.fault))
        except DiagnosticError as fault_error:
            faults += fault_error.diagnostics
    _refuse(faults)
    return tuple(made)


def keep_workloads(app: Any, workloads: Sequence[Path]) -> None:
    """Remember an environment's workloads with the app that they are in."""
    setattr(app, _KEPT, (*workloads_of(app), *workloads))


def workloads_of(app: Any) -> tuple[Path, ...]:
    """The workloads of every environment of an app."""
    return getattr(app, _KEPT, ())


def _ordered(workloads: Sequence[WorkloadSpec]) -> list[WorkloadSpec]:
    givers = {thing: each.id for each in workloads for thing in each.settings.gives()}
    by_id = {each.id: each for each in workloads}
    graph = {
        each.id: [givers[need.sort, need.name] for need in each.settings.refers() if (need.sort, need.name) in givers]
        for each in workloads
    }
    try:
        return [by_id[id] for id in TopologicalSorter(graph).static_order()]
    except CycleError as fault:
        cycle = [by_id[id] for id in fault.args[1][::-1]]
        shown = " -> ".join(each.settings.name for each in cycle)
        help = "take one of these references out"
        at = cycle[0].origin("name")
        raise DiagnosticError(
            [error("workload/reference-cycle", f"workloads refer to each other in a circle: {shown}", at, help=help)]
        ) from fault


def _diagnostic(spec: WorkloadSpec, fault: Fault) -> Diagnostic:
    """At the line that the fault names; what a component refused, whose paths are its own settings', at the name."""
    path = fault.path if fault.code.startswith("workload/") else ("name",)
    return error(fault.code, fault.summary, spec.origin(*path), label=fault.label, help=fault.help)


def _refuse(faults: Iterable[Diagnostic]) -> None:
    found = [*faults]
    if found:
        raise DiagnosticError(found)
