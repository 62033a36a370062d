"""planform path: golden paths, and what their documents make."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from planform.cli import options
from planform.cli.terminal import Run, common, only_reads, write_file
from planform.diagnostics import DiagnosticError, error, shown, suggest

if TYPE_CHECKING:
    from planform.golden_paths.catalog import Paths
    from planform.spec.workload import Workload

__all__ = ["command"]

FLAGS = {"name": "--name NAME", "team": "--team TEAM", "environments": "--in ENVIRONMENT"}
"""What every kind needs has a flag of its own; all else is given with `--set`."""


@click.group(name="path")
def command() -> None:
    """List golden paths, start a workload document, say plane by plane what a document makes, or bring an application
    repository what its template changed.

    \b
    Examples:
      planform path list
      planform path new NotebookWorkspace --name churn --team fraud --in dev
      planform path explain ModelEndpoint
      planform path explain payment-scoring blueprints/reference --env dev
      planform path update
    """


@command.command(name="list", short_help="List the kinds of workload documents.")
@click.argument("blueprint", nargs=-1)
@common
def list_paths(run: Run, blueprint: tuple[str, ...]) -> None:
    """List the kinds of workload documents; with BLUEPRINT those that its own documents make too.

    \b
    Examples:
      planform path list
      planform path list blueprints/reference --json
    """
    only_reads()
    paths = _paths(blueprint)
    rows = [
        {
            "kind": kind,
            "for": paths.load(kind).persona,
            "about": paths.own[kind].title if kind in paths.own else (paths.load(kind).__doc__ or "").split("\n")[0],
        }
        for kind in paths.names
    ]
    if run.as_json:
        return run.document(paths=rows)
    width = max(len(row["kind"]) for row in rows)
    persona = max(len(row["for"]) for row in rows)
    for row in rows:
        run.data(f"{row['kind']:<{width}}  {row['for']:<{persona}}  {row['about']}")
    return None


@command.command(name="new", short_help="Write a workload document.")
@click.argument("kind")
@click.argument("blueprint", nargs=-1)
@click.option("--name", help="Name of the workload.")
@click.option("--team", help="The team that it belongs to.")
@click.option("--in", "environments", multiple=True, metavar="ENVIRONMENT", help="Where it is; may be repeated.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="A setting, with dots for those inside others; a value may be JSON. May be repeated.",
)
@click.option("--out", metavar="FILE", help="File to write; it must not be there.  [default: stdout]")
@common
def new(
    run: Run,
    kind: str,
    blueprint: tuple[str, ...],
    name: str | None,
    team: str | None,
    environments: tuple[str, ...],
    settings: tuple[str, ...],
    out: str | None,
) -> None:
    """Write a workload document of a KIND. What is not given is asked for, on a terminal; with BLUEPRINT, the document
    is judged against the platform as well.

    \b
    Examples:
      planform path new NotebookWorkspace --name churn --team fraud --in dev --set accelerator.type=nvidia-l4
      planform path new ModelEndpoint blueprints/reference --out blueprints/reference/workloads/scoring.yaml
    """
    run.writes = True
    only_reads()
    paths = _paths(blueprint)
    _known(kind, paths)
    from planform.golden_paths.document import document

    text = document(kind, _answers(kind, paths, name, team, environments, settings))
    _judge(text, out or f"{kind}.yaml", blueprint, paths)
    if out is not None:
        _write(out, text)
    if run.as_json:
        return run.document(kind=kind, document=text, path=out)
    run.data(out if out is not None else text.rstrip("\n"))
    run.talk(f"next: planform path explain {kind}" if not blueprint else "next: planform validate, and a pull request")
    return None


@command.command(name="explain", short_help="Say what a kind or a document makes, plane by plane.")
@click.argument("what", metavar="KIND|NAME|FILE")
@click.argument("blueprint", nargs=-1)
@options.environments
@common
def explain(run: Run, what: str, blueprint: tuple[str, ...], environments: tuple[str, ...]) -> None:
    """Say plane by plane what must happen for a KIND; or, for the workload called NAME or written in FILE, which
    addresses and files of BLUEPRINT make it true.

    \b
    Examples:
      planform path explain Dataset
      planform path explain payments blueprints/reference --env dev
      planform path explain blueprints/reference/workloads/dataset.yaml blueprints/reference
    """
    only_reads()
    paths = _paths(blueprint)
    if what in paths.names:
        return _kind(run, what, paths)
    if not blueprint:
        raise click.UsageError(
            f"`{what}` is no kind ({', '.join(paths.names)}); if it is a workload, name its BLUEPRINT"
        )
    with run.step("loading the compiler"):
        from planform.pipeline import compile_files
    with run.step("compiling"):
        compiled = compile_files(*blueprint, environments=environments)
    found = [each for each in compiled.workloads if each.name == what or _in_file(each.at, what)]
    if not found:
        names = {each.name for each in compiled.workloads}
        near = suggest(what, names)
        help = f"did you mean `{near}`?" if near else f"workloads: {', '.join(sorted(names)) or 'none'}"
        raise DiagnosticError([error("workload/unknown", f"no workload is called `{what}`", help=help)])
    if run.as_json:
        return run.document(compiled.findings, workloads=[each.as_dict() for each in found])
    return run.data("\n\n".join(each.text for each in found))


@command.command(name="update", short_help="Bring an application repository what its template changed.")
@click.argument("folder", default=".")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="ANSWER=VALUE",
    help="An answer of .planform/template.yaml that is another one now; a value may be JSON. May be repeated.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@common
def update(run: Run, folder: str, settings: tuple[str, ...], dry_run: bool) -> None:
    """Render the application repository in FOLDER anew, and merge that with what its team changed since. Lines that
    both changed are marked as git marks them; the exit code is 1 where there are any.

    \b
    Examples:
      planform path update
      planform path update services/scoring --set topic=payments --dry-run
    """
    run.writes = not dry_run
    only_reads()
    from planform.golden_paths.application import update as merged
    from planform.golden_paths.working_copy import WorkingCopy

    copy = WorkingCopy(Path(folder))
    found = merged(copy, _pairs(settings))
    changes = copy.changes(found)
    if not dry_run:
        copy.write(found)
    if run.as_json:
        run.document(changes=[{"path": path, "change": change} for path, change in changes.items()])
    else:
        for path, change in changes.items():
            run.data(f"{change:<8}  {path}")
        marked = len(found.conflicts)
        run.talk(
            f"{marked} to be decided: look for `<<<<<<<`, or whether a file that one side removed stays; then commit"
            if marked
            else "next: run the tests, and commit"
            if changes
            else "nothing to change"
        )
    if found.conflicts:
        sys.exit(1)


def _pairs(settings: tuple[str, ...], model: type[Workload] | None = None) -> dict[str, Any]:
    from planform.golden_paths.document import schema_of, value_of

    found = {}
    for each in settings:
        key, equals, value = each.partition("=")
        if not equals or not key:
            raise click.UsageError(f"`--set {each}` is not KEY=VALUE")
        found[key] = value_of(value, schema_of(model, key) if model is not None else None)
    return found


def _paths(blueprint: tuple[str, ...]) -> Paths:
    from planform.golden_paths.catalog import builtin_paths

    if not blueprint:
        return builtin_paths()
    from planform.blueprint.read import read

    paths, _ = builtin_paths().with_own(read(*blueprint))
    return paths


def _known(kind: str, paths: Paths) -> None:
    if kind not in paths.names:
        near = suggest(kind, paths.names)
        meant = f"did you mean `{near}`?" if near else f"kinds: {', '.join(paths.names)}"
        raise click.UsageError(f"there is no kind `{kind}`; {meant}")


def _kind(run: Run, kind: str, paths: Paths) -> None:
    path = paths.load(kind)
    rows = [{"plane": plane, "must": must} for plane, must in path.table.items()]
    if run.as_json:
        return run.document(kind=kind, persona=path.persona, rows=rows)
    width = max(len(row["plane"]) for row in rows)
    lines = [f"{kind}, for: {path.persona}", *(f"  {row['plane']:<{width}}  {row['must']}" for row in rows)]
    return run.data("\n".join(lines))


def _answers(
    kind: str,
    paths: Paths,
    name: str | None,
    team: str | None,
    environments: tuple[str, ...],
    settings: tuple[str, ...],
) -> list[tuple[str, Any]]:
    """What was given, then what is required and was not, which is asked for."""
    from planform.golden_paths.document import required, schema_of, value_of

    model = paths.model(kind)
    given: dict[str, Any] = {}
    if name:
        given["name"] = name
    if team:
        given["team"] = team
    if environments:
        given["environments"] = list(environments)
    given |= _pairs(settings, model)
    for key, value in given.items():
        inside = next((other for other in given if other.startswith(f"{key}.")), None)
        if inside is not None and not isinstance(value, dict):
            raise click.UsageError(f"`{key}` is given as {shown(value)}, so there is no `{inside}` in it")
    own = paths.own.get(kind)
    preset = own.presets if own is not None else {}
    missing = [
        (key, about)
        for key, about in required(model)
        if key.partition(".")[0] not in preset
        and not any(f"{key}.".startswith(f"{said}.") or said.startswith(f"{key}.") for said in given)
    ]
    if missing and not sys.stdin.isatty():
        flags = "\n".join(f"  {FLAGS.get(key, f'--set {key}=VALUE')}  {about}".rstrip() for key, about in missing)
        raise click.UsageError(f"nobody can be asked, as this is no terminal; {kind} also needs\n{flags}")
    for key, about in missing:
        text = click.prompt(f"{key}: {about}", err=True)
        given[key] = text.replace(",", " ").split() if key == "environments" else value_of(text, schema_of(model, key))
    return [*given.items()]


def _judge(text: str, file: str, blueprint: tuple[str, ...], paths: Paths) -> None:
    """Raise DiagnosticError with what is wrong with the document, alone or among the others of a blueprint."""
    from planform.blueprint.read import read, read_text

    documents = read_text(text, file)
    if blueprint:
        from planform.pipeline import compile_documents

        compile_documents([*read(*blueprint), *documents])
        return
    from planform.spec.faults import parse
    from planform.spec.place import Place, diagnostics

    (document,) = documents
    written, faults = paths.read(document)
    found = [Place(document).diagnostic(fault) for fault in faults]
    found += diagnostics(Place(written), parse(paths.model(document.value["kind"]), written.value))
    if found:
        raise DiagnosticError(found, sources={file: text})


def _write(out: str, text: str) -> None:
    place = Path(out)
    if place.exists():
        raise DiagnosticError([error("workload/file-exists", f"{out} is there already", help="name another file")])
    write_file(place, text)


def _in_file(at: str, file: str) -> bool:
    return at.rpartition(":")[0].rpartition(":")[0] == file
