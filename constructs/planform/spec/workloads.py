"""Workload documents to what each environment has of them: validated alone, then beside each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from planform.blueprint.document import Document, Mark, Path
from planform.blueprint.overrides import with_overrides
from planform.diagnostics import Diagnostic, Location, error, suggest
from planform.spec.fault import Fault
from planform.spec.faults import parse
from planform.spec.place import Place, diagnostics
from planform.spec.platform import EnvironmentSpec, WorkloadSpec
from planform.spec.workload import COMMON, Workload

__all__ = ["Kinds", "bound_workloads", "declared_by", "organisations_own", "with_additions"]


class Kinds(Protocol):
    """What resolving needs to know of the golden paths; it is handed in, as the spec knows no kind."""

    @property
    def names(self) -> Sequence[str]: ...

    def model(self, kind: str) -> type[Workload]:
        """The model of a kind's documents."""

    def schema(self, kind: str, ref_template: str) -> dict[str, Any]:
        """The JSON Schema of a kind's documents."""

    def with_own(self, documents: Sequence[Document]) -> tuple[Kinds, list[Diagnostic]]:
        """These and the kinds that the organisation's own documents make, and what is wrong with those."""

    def read(self, document: Document) -> tuple[Document, list[Fault]]:
        """A document of a kind as its base kind has it, and what its kind does not let it say."""


class _Bound(Struct, frozen=True):
    """One document in one environment."""

    environment: str
    document: Document
    spec: WorkloadSpec

    def diagnostic(self, fault: Fault) -> Diagnostic:
        return Place(self.document).diagnostic(fault)


def organisations_own(documents: Sequence[Document], kinds: Kinds | None) -> tuple[Kinds | None, list[Diagnostic]]:
    """The kinds, with those that documents of the blueprint make."""
    return (None, []) if kinds is None else kinds.with_own(documents)


def with_additions(platform: Document, name: str, documents: Sequence[Document], kinds: Kinds | None) -> Document:
    """An environment's platform with what workload documents add to settings of components, each under its name."""
    for document in documents if kinds is not None else ():
        kind, at = document.value.get("kind"), document.value.get("environments")
        if kinds is None or kind not in kinds.names or not isinstance(at, Mapping | list) or name not in at:
            continue
        adds = kinds.model(str(kind)).adds
        if adds is not None:
            written, _ = kinds.read(document)
            merged = with_overrides(written, name, COMMON) if isinstance(at, Mapping) else written
            platform = _with_addition(platform, merged, *adds)
    return platform


def _with_addition(platform: Document, document: Document, capability: str, setting: str, own: str) -> Document:
    planes, entry, key = platform.value.get("planes"), document.value.get(own), document.value.get("name")
    plane = next((each for each, slots in (planes or {}).items() if capability in slots), None)
    if planes is None or plane is None or not isinstance(entry, Mapping) or not isinstance(key, str):
        return platform
    slot = planes[plane][capability]
    if not isinstance(slot, Mapping):
        return platform
    held = slot.get(setting) or {}
    if key in held:
        return platform  # the platform's own, which the document's build tells
    filled = {**slot, setting: {**held, key: entry}}
    value = {**platform.value, "planes": {**planes, plane: {**planes[plane], capability: filled}}}
    base: Path = ("planes", plane, capability, setting)
    moved: dict[Path, Mark] = {
        (*base, key, *path[1:]): mark for path, mark in document.marks.items() if path[:1] == (own,)
    }
    first = {base: document.marks[(own,)]} if base not in platform.marks else {}
    return Document(platform.file, value, {**platform.marks, **first, **moved})


def bound_workloads(
    documents: Sequence[Document], kinds: Kinds, platform: Document, specs: Sequence[EnvironmentSpec]
) -> tuple[dict[str, tuple[WorkloadSpec, ...]], list[Diagnostic]]:
    """Each environment's workloads, by its name, in the order of team, kind and name; and every fault."""
    teams = _teams(platform, specs)
    bound: list[_Bound] = []
    found: list[Diagnostic] = []
    unread: set[str] = set()
    for document in documents:
        faults: list[Diagnostic] = []
        readable = document.value.get("kind") in kinds.names and document.value.get("planform") == 1
        if readable:
            made, faults = _read(document, kinds, teams)
            bound += made
            found += faults
        if faults or ("team" in document.value and not readable):  # one of no kind, or of a later version
            unread |= {each for each in document.value.values() if isinstance(each, str)}
    found += _taken_names(bound)
    found += _unknown_references(bound, unread)
    found += _over_quota(bound, {spec.name: spec for spec in specs})
    result: dict[str, list[WorkloadSpec]] = defaultdict(list)
    for each in sorted(bound, key=lambda each: (each.spec.settings.team, each.spec.kind, each.spec.settings.name)):
        result[each.environment].append(each.spec)
    return {name: tuple(each) for name, each in result.items()}, _once(found)


def declared_by(workloads: Sequence[WorkloadSpec]) -> dict[str, tuple[str, ...]]:
    """The names that workloads declare, in order, by the sort of what is named."""
    found: dict[str, set[str]] = defaultdict(set)
    for each in workloads:
        for sort, name in each.settings.gives():
            found[sort].add(name)
    return {sort: tuple(sorted(names)) for sort, names in sorted(found.items())}


def _teams(platform: Document, specs: Sequence[EnvironmentSpec]) -> dict[str, Sequence[str]]:
    """The names of the teams of each environment; as written where it could not be resolved."""
    environments, written = platform.value.get("environments"), platform.value.get("teams")
    known = environments if isinstance(environments, Mapping) else ()
    resolved = {spec.name: tuple(spec.teams) for spec in specs}
    return {name: resolved.get(name, tuple(written) if isinstance(written, Mapping) else ()) for name in known}


def _read(
    document: Document, kinds: Kinds, teams: Mapping[str, Sequence[str]]
) -> tuple[list[_Bound], list[Diagnostic]]:
    """A document in each environment that it names, of those whose `teams` are known, and what is wrong with it."""
    kind = document.value["kind"]
    model = kinds.model(kind)
    written, refused = kinds.read(document)
    found = [Place(document).diagnostic(fault) for fault in refused]
    names = written.value.get("environments")
    if not names or not isinstance(names, Mapping | list) or not all(isinstance(each, str) for each in names):
        return [], [*found, *_faulty(written, parse(model, written.value))]
    found += _environment_faults(written, names, tuple(teams))
    bound: list[_Bound] = []
    for name in dict.fromkeys(each for each in names if each in teams):
        found += _team_faults(written, name, teams[name])
        merged = with_overrides(written, name, COMMON) if isinstance(names, Mapping) else written
        parsed = parse(model, merged.value)
        if isinstance(parsed, list):
            found += _faulty(merged, parsed)
        else:
            bound.append(_Bound(name, merged, WorkloadSpec(kind, parsed, merged.at)))
    return bound, found


def _faulty(document: Document, parsed: Workload | list[Fault]) -> Iterator[Diagnostic]:
    """The faults of a document; one of settings that do not go together stands at its name."""
    if isinstance(parsed, list):
        yield from diagnostics(
            Place(document), [each if each.path else replace(each, path=("name",)) for each in parsed]
        )


def _environment_faults(
    document: Document, names: Mapping[str, Any] | list[str], known: Sequence[str]
) -> Iterator[Diagnostic]:
    for index, name in enumerate(names):
        by_key = isinstance(names, Mapping)
        at = document.key_at("environments", name) if by_key else document.at("environments", index)
        if name not in known:
            near = suggest(name, known)
            yield error(
                "workload/unknown-environment",
                f"the platform has no environment `{name}`",
                at,
                label=f"did you mean `{near}`?" if near else "",
                help=f"environments: {', '.join(known)}",
            )
        for key in names[name] or () if isinstance(names, Mapping) and isinstance(names[name], Mapping) else ():
            if key in COMMON:
                yield error(
                    "workload/same-everywhere",
                    f"`{key}` is the same in every environment",
                    document.key_at("environments", name, key),
                    help="delete the line; write a document of its own for what is another workload",
                )


def _team_faults(document: Document, environment: str, teams: Sequence[str]) -> Iterator[Diagnostic]:
    team = document.value.get("team")
    if isinstance(team, str) and team not in teams:
        near = suggest(team, teams)
        yield error(
            "workload/unknown-team",
            f"environment `{environment}` has no team `{team}`",
            document.at("team"),
            label=f"did you mean `{near}`?" if near else "",
            help=f"teams: {', '.join(teams)}" if teams else "add it to `teams` of the platform",
        )


def _taken_names(bound: Sequence[_Bound]) -> Iterator[Diagnostic]:
    """A name is one team's, and one document's of each kind: cloud names and repositories are made from it."""
    owners: dict[str, _Bound] = {}
    held: dict[tuple[str, str, str], _Bound] = {}
    for each in bound:
        settings = each.spec.settings
        first = owners.setdefault(settings.name, each)
        same = held.setdefault((each.environment, each.spec.kind, settings.name), each)
        if first.spec.settings.team != settings.team:
            summary = f"`{settings.name}` is a name of team `{first.spec.settings.team}`"
        elif same.document.file != each.document.file or same.document.at() != each.document.at():
            first, summary = same, f"there is another {each.spec.kind} `{settings.name}`"
        else:
            continue
        yield error(
            "workload/name-taken",
            summary,
            each.document.at("name"),
            notes=(f"the first is at {first.document.at('name')}",),
            help="choose another name: repositories, folders and cloud names are made from it",
        )


def _unknown_references(bound: Sequence[_Bound], unread: Collection[str]) -> Iterator[Diagnostic]:
    """References to what no document declares; `unread` may be declared by one that has faults of its own."""
    given = {(each.environment, *thing) for each in bound for thing in each.spec.settings.gives()}
    for each in bound:
        for needed in each.spec.settings.refers():
            if (each.environment, needed.sort, needed.name) in given or needed.name in unread:
                continue
            names = sorted(name for where, sort, name in given if (where, sort) == (each.environment, needed.sort))
            near = suggest(needed.name, names)
            yield each.diagnostic(
                Fault(
                    "workload/unknown-reference",
                    f"no document declares the {needed.sort} `{needed.name}` in environment `{each.environment}`",
                    needed.path,
                    label=f"did you mean `{near}`?" if near else "",
                    help=f"declared there: {', '.join(names)}"
                    if names
                    else f"add a document that declares a {needed.sort}",
                )
            )


def _over_quota(bound: Sequence[_Bound], specs: Mapping[str, EnvironmentSpec]) -> Iterator[Diagnostic]:
    """The sum of what a team's documents hold at their peak, shown where it first goes over."""
    held: dict[tuple[str, str, str], list[tuple[str, int]]] = defaultdict(list)
    told: set[tuple[str, str, str]] = set()
    for each in bound:
        spec, settings = specs.get(each.environment), each.spec.settings
        if spec is None or settings.team not in spec.teams:
            continue
        for accelerator, count in settings.holds().items():
            key = (each.environment, settings.team, accelerator)
            held[key].append((settings.name, count))
            quota = spec.teams[settings.team].accelerators.get(accelerator, 0)
            total = sum(count for _, count in held[key])
            if total > quota and key not in told:
                told.add(key)
                shown = " + ".join(f"{name} {count}" for name, count in held[key])
                yield each.diagnostic(
                    Fault(
                        "workload/quota",
                        f"team `{settings.team}` may hold {quota} {accelerator} in `{each.environment}`,"
                        f" and its workloads hold {total}: {shown}",
                        ("name",),
                        help=f"ask for fewer, or raise `teams.{settings.team}.accelerators.{accelerator}`"
                        f" to {total} or more",
                    )
                )


def _once(found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Each fault once, though several environments have it."""
    seen: dict[tuple[str, str, Location | None], Diagnostic] = {}
    for each in found:
        seen.setdefault((each.code, "" if each.code in _PER_LINE else each.summary, each.at), each)
    return list(seen.values())


_PER_LINE = ("workload/unknown-reference", "workload/unknown-team")
"""Faults whose summary names an environment, and of which one for each line is enough."""
