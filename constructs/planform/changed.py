"""What a change of workload documents changes in an output that is there: compiled is only what the change affects.

All documents are read and judged beside each other, as ever: names, quotas and references. Then the workloads of the
teams whose documents changed, with what they refer to and what refers to them, are compiled twice, as they were and as
they are, and the difference is merged into the output. Some files hold a list of what all teams have, such as the
notebooks that one hub offers: where the difference does not tell these, all workloads of the kinds that changed are
compiled so, unless these are most of all. Afterwards the stacks, changed and not, are compared with each other, as a
full run does. Where that does not tell all, `Whole` says why everything has to be compiled.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from planform.blueprint.document import Document
from planform.checks.run import STACK_FILE, documents_in, names_taken_twice
from planform.diagnostics import DiagnosticError, in_order
from planform.golden_paths.catalog import builtin_paths
from planform.output.merge import NotMergeable, merged
from planform.output.output import MANIFEST
from planform.pipeline import Compilation, StackSummary, compile_documents
from planform.planes.catalog import builtin
from planform.spec.platform import EnvironmentSpec, WorkloadSpec, nowhere
from planform.spec.resolve import addresses_of, resolve

__all__ = ["Changed", "Whole", "compile_changed"]


class Whole(Exception):
    """Everything has to be compiled, for this reason."""


class Changed(Struct, frozen=True):
    """What was compiled of the teams that a change affects, and the files of the output that it changes."""

    part: Compilation
    teams: tuple[str, ...]
    files: Mapping[str, str | None]

    @property
    def summary(self) -> tuple[StackSummary, ...]:
        """One entry for each stack that changes, in the order to apply them."""
        documents = documents_in({path: text for path, text in self.files.items() if text is not None})
        return tuple(
            replace(row, resources=sum(map(len, documents[row.stack].get("resource", {}).values())))
            for row in self.part.summary
            if row.stack in documents
        )


def compile_changed(base: Sequence[Document], head: Sequence[Document], present: Mapping[str, str | bytes]) -> Changed:
    """The changes to `present`, which is the output of `base`, that make it the output of `head`.

    Raises DiagnosticError with what is wrong with `head`, and Whole.
    """
    after = resolve(head, builtin(), (), builtin_paths())
    try:
        before = resolve(base, builtin(), (), builtin_paths())
    except DiagnosticError as fault:
        raise Whole(f"the base does not compile: {fault.diagnostics[0].summary}") from None
    _refuse_more_than_workloads(base, head, before, after)
    affected = {new.name: _affected(old, new) for old, new in zip(before, after, strict=True)}
    teams = {name: {each.settings.team for each in found} for name, found in affected.items()}
    kinds = {name: {each.settings.kind for each in found} for name, found in affected.items()}
    try:
        compiled, files = _merged(base, head, _parts(before, teams), _parts(after, teams), present)
    except NotMergeable as fault:
        shared = Whole(f"{fault.place} holds what is not of these teams alone")
        wider = _parts(before, teams, kinds), _parts(after, teams, kinds)
        if 2 * _workloads(wider[1]) > _workloads(after):  # compiled twice, it would take longer than everything once
            raise shared from None
        try:
            compiled, files = _merged(base, head, *wider, present)
        except NotMergeable:
            raise shared from None
    _compare(files, present, compiled)
    part = replace(compiled, only=tuple(files))
    return Changed(part, tuple(sorted({each for found in teams.values() for each in found})), files)


def _merged(
    base: Sequence[Document],
    head: Sequence[Document],
    before: tuple[EnvironmentSpec, ...],
    after: tuple[EnvironmentSpec, ...],
    present: Mapping[str, str | bytes],
) -> tuple[Compilation, dict[str, str | None]]:
    """A part of `head`, compiled, and what it changes in the output."""
    compiled = compile_documents(head, specs=after)
    try:
        compiled_before = compile_documents(base, specs=before)
    except DiagnosticError as fault:
        raise Whole(f"the base does not compile: {fault.diagnostics[0].summary}") from None
    _refuse_other_writer(compiled, present)
    return compiled, merged(_texts(compiled_before), _texts(compiled), present)


def _refuse_more_than_workloads(
    base: Sequence[Document],
    head: Sequence[Document],
    before: Sequence[EnvironmentSpec],
    after: Sequence[EnvironmentSpec],
) -> None:
    if addresses_of(head) or addresses_of(base):
        raise Whole("the platform has a ledger of addresses, which every stack is held to")
    if [_platform(each) for each in before] != [_platform(each) for each in after]:
        raise Whole("more than workload documents changed, or one of them adds to the platform's own settings")
    kinds = {*(name for each in (*before, *after) if each.kinds is not None for name in each.kinds.names)}
    others = [[each.value for each in side if each.value.get("kind") not in kinds] for side in (base, head)]
    if others[0] != others[1]:
        raise Whole("more than workload documents changed")


def _platform(spec: EnvironmentSpec) -> EnvironmentSpec:
    return replace(spec, workloads=(), declared={}, kinds=None, origin=nowhere)


def _affected(before: EnvironmentSpec, after: EnvironmentSpec) -> list[WorkloadSpec]:
    """The workloads that are new, gone or others, or that refer, over others too, to one that is."""
    old, new = ({each.id: each for each in spec.workloads} for spec in (before, after))
    changed = {id for id in {*old, *new} if _settings(old.get(id)) != _settings(new.get(id))}
    everything = (*old.values(), *new.values())
    given = {thing for each in everything if each.id in changed for thing in each.settings.gives()}
    waiting = True
    while waiting:
        follows = [each for each in everything if each.id not in changed and _needs(each) & given]
        changed |= {each.id for each in follows}
        given |= {thing for each in follows for thing in each.settings.gives()}
        waiting = bool(follows)
    return [each for each in everything if each.id in changed]


def _settings(spec: WorkloadSpec | None) -> object:
    if spec is None:
        return None
    at = spec.origin("name")
    return spec.kind, spec.settings, at and at.file  # what runs on changes of a document names its file


def _needs(spec: WorkloadSpec) -> set[tuple[str, str]]:
    return {(each.sort, each.name) for each in spec.settings.refers()}


def _parts(
    specs: Sequence[EnvironmentSpec],
    teams: Mapping[str, Collection[str]],
    kinds: Mapping[str, Collection[str]] | None = None,
) -> tuple[EnvironmentSpec, ...]:
    """Environments with the workloads of some teams, and of some kinds, and what these refer to, in their order."""
    kinds = kinds or {}
    return tuple(
        replace(spec, workloads=tuple(_part(spec.workloads, teams[spec.name], kinds.get(spec.name, ()))))
        for spec in specs
    )


def _workloads(specs: Sequence[EnvironmentSpec]) -> int:
    return sum(len(each.workloads) for each in specs)


def _part(workloads: Sequence[WorkloadSpec], teams: Collection[str], kinds: Collection[str]) -> Iterable[WorkloadSpec]:
    givers = {thing: each for each in workloads for thing in each.settings.gives()}
    wanted: set[str] = set()
    waiting = [each for each in workloads if each.settings.team in teams or each.settings.kind in kinds]
    while waiting:
        each = waiting.pop()
        if each.id not in wanted:
            wanted.add(each.id)
            waiting += [givers[thing] for thing in _needs(each) if thing in givers]
    return (each for each in workloads if each.id in wanted)


def _texts(compiled: Compilation) -> dict[str, str]:
    return {path: text for path, text in compiled.output.files.items() if isinstance(text, str)}


def _refuse_other_writer(compiled: Compilation, present: Mapping[str, str | bytes]) -> None:
    """One folder has one engine and one version of it: each writes its version into every document."""
    here, made = (json.loads(files.get(MANIFEST, "{}")).get("version") for files in (present, compiled.output.files))
    if here != made:
        raise Whole(f"the output was written by version {here}, and this is {made}")


def _compare(files: Mapping[str, str | None], present: Mapping[str, str | bytes], compiled: Compilation) -> None:
    """Refuse cloud names that are taken by anything of the platform, of other teams too."""
    stacks = {path for path in (*present, *files) if path.endswith(f"/{STACK_FILE}")}
    texts = {path: files[path] if path in files else present[path] for path in sorted(stacks)}
    clashes = names_taken_twice(
        documents_in({path: str(text) for path, text in texts.items() if text is not None}), compiled.records
    )
    found = in_order(clashes)
    if found:
        raise DiagnosticError(found)
