"""planform synth: write the Terraform of every environment."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
from msgspec.structs import replace

from planform.cli import options
from planform.cli.terminal import Run, common

if TYPE_CHECKING:
    from planform.changed import Changed
    from planform.diagnostics import Diagnostic
    from planform.pipeline import Compilation, StackSummary

__all__ = ["command"]


@click.command(name="synth")
@click.argument("blueprint", nargs=-1, required=True)
@click.option("--out", default="planform.out", show_default=True, metavar="DIR", help="Folder to write.")
@options.environments
@click.option("--plane", "planes", multiple=True, metavar="NAME", help="Only this plane's stacks; may be repeated.")
@click.option("--changed", "base", metavar="BASE", help="Only what changed in workload documents since BASE.")
@click.option("--locked", is_flag=True, help="Refuse when the ledger of addresses is not that of the blueprint.")
@options.app
@options.policies
@options.policy_engine
@options.day
@click.option("--allow-denied", is_flag=True, help="Write even what the policy rules deny; they are told all the same.")
@common
def command(
    run: Run,
    blueprint: tuple[str, ...],
    out: str,
    environments: tuple[str, ...],
    planes: tuple[str, ...],
    base: str | None,
    locked: bool,
    app: str | None,
    policies: tuple[str, ...],
    policy_engine: Literal["auto", "opa", "wasm"],
    day: date | None,
    allow_denied: bool,
) -> None:
    """Compile BLUEPRINT (files or folders) and write a folder of Terraform for each stack.

    The output folder is replaced in one step and only when nothing is wrong and no policy rule denies it. With --env
    or --plane only those stacks are replaced and the others stay. What planform did not write, such as Terraform's
    state, stays too.

    With --changed only the workloads of teams whose documents changed since BASE, a git revision or a folder, are
    compiled, and only the files that this changes are written, each with the bytes that a full run gives it. The output
    folder must hold what BASE compiles to. Where the change is more than that, it says so and everything is compiled.

    \b
    Examples:
      planform synth blueprints/reference
      planform synth blueprints/reference --env dev --plane resource
      planform synth blueprints/reference --app stacks:build --out build
      planform synth blueprints --changed origin/main

    PLANFORM_ENGINE chooses what writes: cdktf, cdktn or native, with equal bytes but for the line with the writer's
    version. Default: native, which needs no Node; with --app cdktf, as one's own constructs may need all of it.
    """
    started = time.perf_counter()
    if app is None:
        os.environ.setdefault("PLANFORM_ENGINE", "native")
    run.writes = True
    if not out:
        raise click.BadParameter("name a folder", param_hint="--out")
    with run.step("loading the compiler"):
        from concurrent.futures import ThreadPoolExecutor

        from planform.diagnostics import DiagnosticError, in_order
        from planform.output.present import Present
        from planform.pipeline import compile_files, judging
    folders = options.policy_folders(run, policies, blueprint)
    changed = None
    if base is not None:
        given = {"--env": environments, "--plane": planes, "--app": app, "--locked": locked}
        for flag in (flag for flag, value in given.items() if value):
            raise click.UsageError(f"--changed finds out itself what to compile: leave {flag} out")
        with run.step("compiling what changed"):
            changed = _changed(run, base, blueprint, out)
    if changed is not None:
        compiled = changed.part
    else:
        with run.step("compiling"):
            compiled = compile_files(*blueprint, environments=environments, planes=planes, app=app)
    if locked:
        _refuse_out_of_step(compiled, blueprint)
    with run.step("judging and writing"), ThreadPoolExecutor(1) as beside:
        verdict = None
        if compiled.judgeable:
            rules = judging(compiled, today=day or date.today(), engine=policy_engine, folders=folders)
            verdict = beside.submit(rules.result)

        def judged() -> tuple[Diagnostic, ...]:
            """All findings. Raises DiagnosticError with them where one denies."""
            if verdict is None:
                return compiled.findings
            found = in_order([*compiled.findings, *verdict.result().findings])
            if verdict.result().denied and not allow_denied:
                raise DiagnosticError(found)
            return found

        if changed is not None:
            judged()
            Present(Path(out)).change(changed.files)
        else:
            compiled.write(out, allow=judged)
        findings = judged()
    seconds = time.perf_counter() - started
    summary = compiled.summary if changed is None else changed.summary
    if run.as_json:
        rows = [row.as_dict() for row in summary]
        return run.document(findings, out=out, stacks=rows, seconds=round(seconds, 3))
    run.show(findings)
    stacks = Path(out, "stacks")
    for row in summary:
        run.data(str(stacks / row.stack / "cdk.tf.json"))
    if changed is not None:
        run.talk(f"{_plural(len(changed.files), 'file')} changed, by documents of teams: {_named(changed.teams)}")
    if not summary:
        if changed is not None:
            return run.talk(f"no stack changed in {seconds:.1f} s, so there is nothing to apply")
        run.talk("wrote no stack: every slot is `existing`, so there is nothing to apply")
        return None
    run.talk(_table(summary))
    first = shlex.quote(str(stacks / summary[0].stack))
    run.talk(
        f"wrote {_plural(len(summary), 'stack')}, {_plural(sum(row.resources for row in summary), 'resource')}"
        f" in {seconds:.1f} s; next: terraform -chdir={first} init"
    )
    return None


def _changed(run: Run, base: str, blueprint: Sequence[str], out: str) -> Changed | None:
    """What changed since a revision or a folder; None, and why is told, where everything has to be compiled."""
    from planform.blueprint.read import read
    from planform.changed import Whole, compile_changed
    from planform.output.folder import written_files
    from planform.output.present import Present
    from planform.preview.revision import from_files, from_revision

    head = read(*blueprint)
    if not Path(base).exists():
        before = from_revision(base, *blueprint).documents
    elif len(blueprint) == 1:
        here = Path(blueprint[0])
        before = tuple(each.moved(str(here / Path(each.file).relative_to(base))) for each in from_files(base).documents)
    else:
        raise click.UsageError("--changed with a folder compares it with one BLUEPRINT: name one")
    names = {Path(each.file).resolve(): each.file for each in head}
    documents = [each.moved(names.get(Path(each.file).resolve(), each.file)) for each in before]
    try:
        if written_files(Path(out)) is None:
            raise Whole(f"{out} holds no output yet")
        return compile_changed(documents, head, Present(Path(out)))
    except Whole as reason:
        run.talk(f"compiling everything: {reason}")
        return None


def _named(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def _refuse_out_of_step(compiled: Compilation, blueprint: Sequence[str]) -> None:
    """Errors: ledger/out-of-step, also where there is no ledger."""
    from planform.diagnostics import DiagnosticError, Severity, error

    found = [replace(each, severity=Severity.ERROR) for each in compiled.findings if each.code == "ledger/out-of-step"]
    if compiled.keeping is None:
        help = f"planform move {shlex.join(blueprint)}, and commit addresses.yaml"
        found.append(error("ledger/out-of-step", "this blueprint has no ledger of addresses", help=help))
    if found:
        raise DiagnosticError(found)


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _table(summary: Sequence[StackSummary]) -> str:
    heads = ("environment", "plane", "stack", "resources")
    rows = [heads, *((row.environment, row.plane, row.stack, str(row.resources)) for row in summary)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
