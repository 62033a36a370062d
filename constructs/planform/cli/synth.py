"""planform synth: write the Terraform of every environment."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from planform.cli import options
from planform.cli.terminal import Run, common

if TYPE_CHECKING:
    from planform.pipeline import Compilation, StackSummary

__all__ = ["command"]


@click.command(name="synth")
@click.argument("blueprint", nargs=-1, required=True)
@click.option("--out", default="planform.out", show_default=True, metavar="DIR", help="Folder to write.")
@options.environments
@click.option("--plane", "planes", multiple=True, metavar="NAME", help="Only this plane's stacks; may be repeated.")
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

    \b
    Examples:
      planform synth blueprints/reference
      planform synth blueprints/reference --env dev --plane resource
      planform synth blueprints/reference --app stacks:build --out build

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
        from planform.diagnostics import DiagnosticError, in_order
        from planform.pipeline import compile_files, judge
    folders = options.policy_folders(run, policies, blueprint)
    with run.step("compiling"):
        compiled = compile_files(*blueprint, environments=environments, planes=planes, app=app)
    if locked:
        _refuse_out_of_step(compiled, blueprint)
    findings = compiled.findings
    if compiled.judgeable:
        with run.step("judging"):
            judgement = judge(
                compiled,
                today=day or date.today(),
                engine=policy_engine,
                folders=folders,
            )
        findings = in_order([*findings, *judgement.findings])
        if judgement.denied and not allow_denied:
            run.fail(DiagnosticError(findings))
    with run.step("writing"):
        compiled.write(out)
    seconds = time.perf_counter() - started
    if run.as_json:
        rows = [row.as_dict() for row in compiled.summary]
        return run.document(findings, out=out, stacks=rows, seconds=round(seconds, 3))
    run.show(findings)
    stacks = Path(out, "stacks")
    for row in compiled.summary:
        run.data(str(stacks / row.stack / "cdk.tf.json"))
    if not compiled.summary:
        run.talk("wrote no stack: every slot is `existing`, so there is nothing to apply")
        return None
    run.talk(_table(compiled.summary))
    first = shlex.quote(str(stacks / compiled.summary[0].stack))
    run.talk(
        f"wrote {_plural(len(compiled.summary), 'stack')}, {_plural(compiled.resources, 'resource')}"
        f" in {seconds:.1f} s; next: terraform -chdir={first} init"
    )
    return None


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
