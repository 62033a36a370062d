"""planform drift: what has changed in the cloud beside Terraform, by plane and blueprint line."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from planform.cli.terminal import common, fail, only_reads, talk
from planform.diagnostics import DiagnosticError

__all__ = ["command"]


@click.command(name="drift")
@click.argument("blueprint", nargs=-1)
@click.option("--plan-json", "plans", multiple=True, required=True, metavar="[STACK=]FILE",
              help="A refresh-only plan, of `terraform show -json`; repeatable.")  # fmt: skip
@click.option(
    "--format", "format_", type=click.Choice(["text", "markdown", "json", "html", "sarif"]), default="text",
    show_default=True, help="Form of the report on stdout.",
)  # fmt: skip
@click.option("--out", metavar="FILE", type=click.Path(dir_okay=False), help="Write the report there, not to stdout.")
@click.option("--exit-code", is_flag=True, help="Exit 3 when something has drifted.")
@common
def command(
    blueprint: tuple[str, ...],
    plans: tuple[str, ...],
    format_: str,
    out: str | None,
    exit_code: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Turn refresh-only plans into one report; with BLUEPRINT, by component and line.

    A file is named after its stack, or the stack is written before it.

    \b
    terraform plan -refresh-only -out=plan.bin && terraform show -json plan.bin > acme-prod-resource.json
    planform drift blueprints/reference --plan-json acme-prod-resource.json --format markdown
    """
    only_reads()
    from planform.cli.preview import read_plan_file
    from planform.preview.preview import drift
    from planform.preview.render import headline, render
    from planform.preview.revision import from_files

    format_ = "json" if as_json else format_
    try:
        found = dict(read_plan_file(each) for each in plans)
        changes = drift(found, from_files(*blueprint) if blueprint else None)
    except DiagnosticError as fault:
        return fail(fault, "drift", as_json=format_ == "json", sarif=format_ == "sarif")
    report = render(changes, format_, "drift")
    if out:
        Path(out).write_text(report, encoding="utf-8")
        talk(f"{headline(changes)}; wrote {out}", quiet=quiet)
    else:
        click.echo(report, nl=False)
    if exit_code and changes:
        sys.exit(3)
    return None
