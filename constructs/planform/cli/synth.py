"""planform synth: write the Terraform of every environment."""

from __future__ import annotations

import shlex
import time

import click

from planform.cli.terminal import common, document, fail, progress, show, talk
from planform.diagnostics import DiagnosticError

__all__ = ["command"]


@click.command(name="synth")
@click.argument("blueprint", nargs=-1, required=True)
@click.option("--out", default="planform.out", show_default=True, metavar="DIR", help="Folder to write.")
@click.option("--env", "environments", multiple=True, metavar="NAME", help="Only this environment; repeatable.")
@click.option("--plane", "planes", multiple=True, metavar="NAME", help="Only this plane's stacks; repeatable.")
@click.option("--app", metavar="MODULE:FUNCTION", help="Compose with your own function, such as `stacks:build`.")
@common
def command(
    blueprint: tuple[str, ...],
    out: str,
    environments: tuple[str, ...],
    planes: tuple[str, ...],
    app: str | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Compile BLUEPRINT (files or folders) and write one Terraform folder for each stack.

    \b
    planform synth blueprints/reference
    planform synth blueprints/reference --env dev --plane resource --out planform.out
    """
    started = time.perf_counter()
    with progress(quiet=quiet or as_json) as say:
        say("starting the engine")
        try:
            from planform.pipeline import compile_files

            say("compiling")
            compiled = compile_files(*blueprint, environments=environments, planes=planes, app=app)
            say("writing")
            compiled.write(out)
        except DiagnosticError as fault:
            return fail(fault, "synth", as_json=as_json)
    seconds = time.perf_counter() - started
    if as_json:
        rows = [row.as_dict() for row in compiled.summary]
        return document("synth", compiled.findings, out=out, stacks=rows, seconds=round(seconds, 3))
    if compiled.findings:
        show(compiled.findings)
    for row in compiled.summary:
        click.echo(f"{out}/stacks/{row.stack}/cdk.tf.json")
    talk(_table(compiled.summary), quiet=quiet)
    first = compiled.summary[0].stack if compiled.summary else ""
    talk(
        f"wrote {len(compiled.summary)} stacks, {compiled.resources} resources in {seconds:.1f} s;"
        f" next: terraform -chdir={shlex.quote(f'{out}/stacks/{first}')} init",
        quiet=quiet,
    )
    return None


def _table(summary: object) -> str:
    heads = ("environment", "plane", "stack", "resources")
    rows = [heads, *((row.environment, row.plane, row.stack, str(row.resources)) for row in summary)]  # type: ignore[attr-defined]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
