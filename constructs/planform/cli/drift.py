"""planform drift: what has changed in the cloud beside Terraform, by plane and blueprint line."""

from __future__ import annotations

import sys

import click

from planform.cli import options
from planform.cli.terminal import Run, common, only_reads

__all__ = ["command"]


@click.command(name="drift")
@click.argument("blueprint", nargs=-1)
@click.option("--plan-json", "plans", multiple=True, required=True, metavar="[STACK=]FILE",
              help="A refresh-only plan, of `terraform show -json`; repeatable.")  # fmt: skip
@options.form
@options.outs
@click.option("--exit-code", is_flag=True, help="Exit 3 when something has drifted.")
@common
def command(
    run: Run,
    blueprint: tuple[str, ...],
    plans: tuple[str, ...],
    form: str | None,
    outs: tuple[str, ...],
    exit_code: bool,
) -> None:
    """Turn refresh-only plans into one report; with BLUEPRINT, by component and line.

    A file is named after its stack, or the stack is written before it. `terraform plan -refresh-only -out=plan.bin`
    makes a plan, and `terraform show -json plan.bin` its JSON.

    \b
    Examples:
      planform drift --plan-json acme-ai-prod-resource.json
      planform drift blueprints/reference --plan-json acme-ai-prod-data=plan.json --format markdown
    """
    from planform.cli.preview import chosen_form, report

    form = chosen_form(run, form)
    only_reads()
    with run.step("loading the compiler"):
        from planform.pipeline import compile_files
        from planform.preview.preview import drift
        from planform.terraform.plan_files import read_plans
    with run.step("compiling"):
        compiled = compile_files(*blueprint) if blueprint else None
    found = read_plans(plans, "resource_drift", compiled.stacks if compiled else None)
    changes = drift(found, compiled)
    report(run, changes, form, outs)
    if exit_code and changes:
        sys.exit(3)
