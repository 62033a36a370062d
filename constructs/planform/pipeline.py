"""All of planform in order: read, resolve, build, emit, check. Start reading here."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import asdict, replace

from planform.blueprint.document import Document
from planform.blueprint.read import read
from planform.checks.run import STACK_FILE, run_checks
from planform.diagnostics import Diagnostic, DiagnosticError, error, in_order, suggest
from planform.engine import App, TerraformStack, name_of, synthesized
from planform.engine_json import Synthesized
from planform.environment import build_environment, cautions, environment_of, owner_of
from planform.files import File
from planform.golden_paths.catalog import builtin_paths
from planform.kubernetes.record import SYNC, KubernetesObject
from planform.kubernetes.writer import to_yaml
from planform.output.files import files as own_files
from planform.output.files import makers
from planform.output.manifests import objects
from planform.output.output import Output, refuse_paths
from planform.output.workloads import ExplainedWorkload, explained_workloads
from planform.own_app import Compose, own_app
from planform.planes.catalog import Catalog, builtin
from planform.planes.wiring import plane_of, stacks_of, team_stack_name
from planform.spec.platform import EnvironmentSpec
from planform.spec.resolve import addresses_of, resolve
from planform.terraform.record import Record, Records, Resource, records_of

if TYPE_CHECKING:
    from planform.checks.policy.checkov import Checkov
    from planform.checks.policy.document import Judged
    from planform.checks.policy.engine import Engine, EngineName
    from planform.checks.policy.judge import Judging
    from planform.checks.policy.waivers import Written
    from planform.ledger.keep import Keeping
    from planform.spec.addresses import Addresses

__all__ = [
    "Compilation",
    "Explained",
    "StackSummary",
    "build",
    "compile_documents",
    "compile_files",
    "judged_of",
    "judging",
    "specs_of",
]


class StackSummary(Struct, frozen=True):
    """One line of the closing table."""

    environment: str
    plane: str
    stack: str
    resources: int

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json`."""
        return asdict(self)


class Explained(Struct, frozen=True):
    """Where one resource comes from: its stack, the component that made it, and the blueprint's line."""

    stack: str
    address: str
    component: str
    construct_path: str
    at: str
    source: str
    body: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The same for people."""
        lines = [
            f"{self.address} in {self.stack}",
            f"  component  {self.component}",
            f"  blueprint  {self.at}",
        ]
        lines += [f"  construct  {self.construct_path}", f"  made at    {self.source}"]
        return "\n".join([*lines, *(f"    {key} = {json.dumps(value)}" for key, value in self.body.items())])

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json`."""
        return asdict(self)


class Compilation(Struct, frozen=True, dict=True):
    """Everything that one run made, each stage's result beside the next."""

    app: App
    specs: tuple[EnvironmentSpec, ...]
    synthesized: Mapping[str, Synthesized]
    records: Mapping[str, Records]
    findings: tuple[Diagnostic, ...]
    only: tuple[str, ...] | None = None
    keeping: Keeping | None = None
    objects: Mapping[str, KubernetesObject] = field(default_factory=dict)
    files: Mapping[str, File] = field(default_factory=dict)
    makers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The environments that make each of these."""

    @cached_property
    def output(self) -> Output:
        """All files, as they are written."""
        return Output(
            {
                **{path: each.text for path, each in self.synthesized.items()},
                **{path: to_yaml(each.document) for path, each in self.objects.items()},
                **{path: each.text for path, each in self.files.items()},
            }
        )

    @cached_property
    def terraform(self) -> Mapping[str, Mapping[str, Any]]:
        """The stacks' documents, by name."""
        return {
            path.split("/")[-2]: each.data for path, each in self.synthesized.items() if path.endswith(f"/{STACK_FILE}")
        }

    @cached_property
    def workloads(self) -> tuple[ExplainedWorkload, ...]:
        """Every workload, and what makes each line of its kind's table true."""
        return explained_workloads(self.app, self.output.files)

    def write(self, folder: str | PathLike[str], *, allow: Callable[[], object] = lambda: None) -> None:
        """Make a folder hold the output; when a part was compiled, the rest of the folder stays as it is.

        `allow` is called before the folder changes: if it raises, the folder stays as it was.
        """
        self.output.write(folder, only=self.only, allow=allow)

    @cached_property
    def summary(self) -> tuple[StackSummary, ...]:
        """One entry for each stack, in the order to apply them."""
        rows = []
        for name in self.records:
            spec, plane = self._owner(name)
            rows.append(StackSummary(spec.name if spec else "", plane, name, _count(self.records[name])))
        return tuple(rows)

    @cached_property
    def desired(self) -> Mapping[str, str]:
        """The digest of what each environment is to be: its stacks and its manifests, compiled with others or alone."""
        held: dict[str, list[str]] = {spec.name: [f"kubernetes/{spec.name}"] for spec in self.specs}
        for stack in self.records:
            spec = environment_of(self.specs, stack)
            if spec is not None:
                held[spec.name].append(f"stacks/{stack}")
        return {name: self.output.part(paths).digest() for name, paths in held.items()}

    def part(self, environment: str) -> Mapping[str, str | bytes]:
        """The files of one environment, also those that others make as well; without the list of all stacks."""
        return {path: text for path, text in self.output.files.items() if environment in self._makers_of(path)}

    def _makers_of(self, path: str) -> Collection[str]:
        folder, name = path.split("/")[:2] if "/" in path else (path, "")
        if folder == "stacks":
            spec = environment_of(self.specs, name)
            return (spec.name,) if spec else ()
        return (name,) if folder == "kubernetes" else self.makers.get(path, ())

    @property
    def stacks(self) -> tuple[str, ...]:
        """Names of the stacks, in the order to apply them."""
        return tuple(self.records)

    @property
    def resources(self) -> int:
        """How many resources all stacks have."""
        return sum(row.resources for row in self.summary)

    @property
    def judgeable(self) -> bool:
        """Whether there is anything that rules could judge: not where every slot is `existing`."""
        return bool(self.records or self.objects or self.files)

    def explain(self, address: str) -> Iterator[Explained]:
        """Where a resource comes from, in every stack that has it."""
        for stack, records in self.records.items():
            spec, _ = self._owner(stack)
            for record in records:
                if record.address == address:
                    yield _explained(stack, record, spec)

    def environment_of(self, stack: str) -> str:
        """The environment of a stack: of one of one's own by the start of its name, or as there is only one."""
        spec = environment_of(self.specs, stack) or (self.specs[0] if len(self.specs) == 1 else None)
        return spec.name if spec else ""

    def _owner(self, stack: str) -> tuple[EnvironmentSpec | None, str]:
        spec = owner_of(self.specs, stack)
        if spec is None:
            return None, ""
        plane = plane_of(spec, stack)
        if plane is None:
            return spec, f"team {next(team for team in spec.teams if team_stack_name(spec, team) == stack)}"
        return spec, plane.name if spec.layout == "planes" else "all"


def specs_of(*paths: str | PathLike[str], environments: Sequence[str] = ()) -> tuple[EnvironmentSpec, ...]:
    """Blueprint files or folders to environments, all or those named. Raises DiagnosticError."""
    return resolve(read(*paths), builtin(), environments, builtin_paths())


def build(specs: Sequence[EnvironmentSpec], catalog: Catalog | None = None) -> App:
    """Environments to an app with all their stacks. Raises DiagnosticError with what no environment could build."""
    app = App()
    catalog = catalog or builtin()
    faults: list[Diagnostic] = []
    for spec in specs:
        try:
            build_environment(app, spec, catalog)
        except DiagnosticError as fault:
            faults += fault.diagnostics
    if faults:
        raise DiagnosticError(faults)
    return app


def compile_files(
    *paths: str | PathLike[str],
    environments: Sequence[str] = (),
    planes: Sequence[str] = (),
    app: str | None = None,
) -> Compilation:
    """Blueprint files or folders to output in memory.

    `environments` and `planes` name the parts to keep, none means all; a part has the same bytes as in the whole.
    `app` is `module:function` of one's own that composes the stacks, from a folder on the path or here.
    Raises DiagnosticError with everything that is wrong.
    """
    return compile_documents(
        read(*paths), environments=environments, planes=planes, compose=own_app(app) if app else None
    )


def compile_documents(
    documents: Sequence[Document],
    *,
    environments: Sequence[str] = (),
    planes: Sequence[str] = (),
    compose: Compose | None = None,
    ledger: Addresses | None = None,
    may_lose: bool = False,
    specs: tuple[EnvironmentSpec, ...] | None = None,
) -> Compilation:
    """The same from documents that were read already.

    `ledger` stands for the `Addresses` document among them. `may_lose` leaves out what the ledger has to say, for
    questions of what if; its moves are written all the same. `specs` are what the documents were resolved to already,
    or a part of it.
    """
    catalog = builtin()
    if specs is None:
        specs = resolve(documents, catalog, environments, builtin_paths())
    _refuse_unknown_planes(specs, planes)
    app = compose(specs) if compose else build(specs, catalog)
    wanted = {name for spec in specs for plane in planes for name in stacks_of(spec, plane)}
    everything = dict(_records(app))
    ledger = ledger or addresses_of(documents)
    keeping = None
    if ledger:
        from planform.ledger.keep import keep  # here, for platforms without one to start sooner

        keeping = keep(ledger, everything, specs, documents, partial=bool(environments))
    records = {name: found for name, found in everything.items() if not planes or name in wanted}
    only: tuple[str, ...] | None = (*(f"stacks/{name}" for name in records), *_other_folders(specs, planes))
    if not environments and not planes:
        only = None
    compiled = Compilation(
        app, specs, synthesized(app), records, (), only, keeping, objects(app), own_files(app), makers(app)
    )
    refuse_paths((*compiled.synthesized, *compiled.objects, *compiled.files))
    kept = keeping.findings if keeping and not may_lose else ()
    checked = run_checks(compiled.terraform, everything)
    findings = in_order([*checked, *(each for spec in specs for each in cautions(spec, catalog)), *kept])
    if any(finding.severity.stops for finding in findings):
        raise DiagnosticError(findings)
    return replace(compiled, findings=findings)


def judging(
    compiled: Compilation,
    *,
    today: date,
    plans: Mapping[str, Mapping[str, Any]] | None = None,
    engine: EngineName | Engine = "auto",
    folders: Sequence[Path] = (),
    checkov: Checkov | None = None,
) -> Judging:
    """Gate 1: the policy rules over what was compiled, or over real plans of some of its stacks.

    `result()` says what they find: at once, or waited for beside something else. It raises DiagnosticError when the
    rules, or checkov where it is given, could not be evaluated.
    """
    from planform.checks.policy.judge import judging as judging_document

    return judging_document(
        judged_of(compiled, plans),
        today=today,
        waivers=_waivers(compiled.specs),
        whole=compiled.only is None and plans is None,
        engine=engine,
        folders=folders,
        checkov=checkov,
    )


def judged_of(compiled: Compilation, plans: Mapping[str, Mapping[str, Any]] | None = None) -> Judged:
    """The document that rules judge."""
    from planform.checks.policy.document import judged, with_plans

    stacks = {
        name: (compiled.environment_of(name), compiled.terraform[name], records)
        for name, records in compiled.records.items()
    }
    found = judged(compiled.specs, stacks, compiled.objects, compiled.files)
    return found if plans is None else with_plans(found, plans)


def _waivers(specs: Sequence[EnvironmentSpec]) -> tuple[Written, ...]:
    """The waivers are the platform's, so every environment has the same."""
    from planform.checks.policy.waivers import Written

    if not specs:
        return ()
    spec = specs[0]
    return tuple(
        Written(
            waiver,
            {
                "": spec.origin("waivers", index),
                **{name: spec.origin("waivers", index, name) for name in ("expires", "rule", "target")},
            },
        )
        for index, waiver in enumerate(spec.waivers)
    )


def _records(app: App) -> Iterator[tuple[str, Records]]:
    """The records of each stack, in the order to apply them: as they were made, but for those that came to wait."""
    stacks = [child for child in app.node.children if isinstance(child, TerraformStack)]
    waiting = {name_of(stack): stack for stack in stacks}
    before = {name: {name_of(each) for each in stack.dependencies} for name, stack in waiting.items()}
    while waiting:
        ready = next(name for name in waiting if not before[name] & waiting.keys())
        yield ready, records_of(waiting.pop(ready))


def _other_folders(specs: Sequence[EnvironmentSpec], planes: Sequence[str]) -> Iterator[str]:
    """Folders of manifests and files that belong to the part; what tells the GitOps tool of all goes with its plane.

    The platform's own repository belongs to all environments together, so it is written with all of them.
    """
    for spec in specs:
        folder = f"kubernetes/{spec.name}"
        if not planes:
            yield from (folder, f"files/{spec.name}")
        for plane in planes:
            yield from (f"{each}/{spec.name}/{plane.replace('_', '-')}" for each in ("kubernetes", "files"))
            if "gitops" in spec.planes[plane].slots:
                yield f"{folder}/{SYNC}"


def _count(records: Records) -> int:
    return sum(1 for record in records if isinstance(record, Resource))


def _explained(stack: str, record: Record, spec: EnvironmentSpec | None) -> Explained:
    capability = record.construct_path.split("/")[1] if record.construct_path.count("/") else ""
    component = next(
        (
            f"{plane.slots[capability].component} (planes.{plane.name}.{capability})"
            for plane in (spec.planes.values() if spec else ())
            if capability in plane.slots
        ),
        "none: the environment itself",
    )
    at = str(record.origin) if record.origin else "no line: made by default"
    body = {key: value for key, value in record.body.items() if key != "//"}
    return Explained(stack, record.address, component, record.construct_path, at, record.source, body)


def _refuse_unknown_planes(specs: Sequence[EnvironmentSpec], planes: Sequence[str]) -> None:
    known = {plane for spec in specs for plane in spec.planes}
    faults = []
    for name in planes:
        if name not in known:
            near = suggest(name, known)
            help = f"planes here: {', '.join(sorted(known))}"
            faults.append(error("spec/unknown-plane", f"there is no plane `{name}`", help=help,
                                notes=(f"did you mean `{near}`?",) if near else ()))  # fmt: skip
    if faults:
        raise DiagnosticError(faults)
