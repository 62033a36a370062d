"""planform check: the policy rules, over what is compiled or over real plans."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from planform.cli import options
from planform.cli.terminal import Run, common, the_engine_of, write_file
from planform.diagnostics import in_order

if TYPE_CHECKING:
    from planform.checks.policy.judge import Judgement

__all__ = ["command"]


@click.command(name="check")
@click.argument("blueprint", nargs=-1, required=True)
@options.environments
@options.app
@click.option(
    "--plan",
    "plans",
    multiple=True,
    metavar="FILE",
    help="Judge this plan (`terraform show -json`) instead: <stack>.json, <stack>/plan.json, or STACK=FILE.",
)
@options.policies
@options.policy_engine
@click.option("--checkov", is_flag=True, help="Ask checkov too, as a second opinion on all Terraform; takes a while.")
@options.day
@click.option("--sarif", is_flag=True, help="Findings as SARIF 2.1.0 on stdout, for code scanning.")
@click.option("--junit", metavar="FILE", help="Write one test case for each rule to FILE, as JUnit does.")
@common
def command(
    run: Run,
    blueprint: tuple[str, ...],
    environments: tuple[str, ...],
    app: str | None,
    plans: tuple[str, ...],
    policies: tuple[str, ...],
    policy_engine: Literal["auto", "opa", "wasm"],
    checkov: bool,
    day: date | None,
    sarif: bool,
    junit: str | None,
) -> None:
    """Compile BLUEPRINT (files or folders) in memory and judge all of it by the policy rules.

    Exit code 1: something is denied, or could not be judged. Waivers in the blueprint allow single findings for a time.

    \b
    Examples:
      planform check blueprints/reference
      planform check blueprints/reference --sarif > findings.sarif
      planform check blueprints/reference --plan acme-ai-dev-resource.json
      planform check blueprints/reference --checkov --policies oci://registry.acme.example/policies:v3
    """
    if sarif and run.as_json:
        raise click.UsageError("--sarif is a document of its own: leave out --json")
    run.as_sarif = sarif
    the_engine_of(app)
    with run.step("loading the compiler"):
        from planform.checks.policy.checkov import checkov_here
        from planform.pipeline import compile_files, judging
        from planform.terraform.plan_files import read_plans
    folders = options.policy_folders(run, policies, blueprint)
    second = checkov_here() if checkov else None
    with run.step("compiling"):
        compiled = compile_files(*blueprint, environments=environments, app=app)
    with run.step("judging"):
        judgement = judging(
            compiled,
            today=day or date.today(),
            plans=read_plans(plans, "resource_changes", compiled.stacks) if plans else None,
            engine=policy_engine,
            folders=folders,
            checkov=second,
        ).result()
    if junit:
        from planform.checks.policy.junit import to_junit

        write_file(Path(junit), to_junit(judgement))
    findings = in_order([*compiled.findings, *judgement.findings])
    if sarif:
        run.sarif(findings)
    elif run.as_json:
        run.document(
            findings,
            denied=judgement.denied,
            rules=[rule.id for rule in judgement.rules],
            subjects=judgement.subjects,
            waived=[{"code": each.code, "summary": each.summary} for each in judgement.waived],
            engine=judgement.engine,
            policies=[str(each) for each in folders],
        )
    run.show(findings)
    run.talk(_closing(judgement))
    sys.exit(1 if judgement.denied else 0)


def _closing(judgement: Judgement) -> str:
    """`denied: 2 findings, 1 waived; 60 rules over 613 resources, objects and files in 0.2 s, by opa`."""
    denied = sum(1 for each in judgement.findings if each.severity.stops)
    parts = [f"denied: {denied} finding{'' if denied == 1 else 's'}" if denied else "allowed"]
    if judgement.waived:
        parts.append(f"{len(judgement.waived)} waived")
    return (
        f"{', '.join(parts)}; {len(judgement.rules)} rules over {judgement.subjects} resources, objects and files"
        f" in {judgement.seconds:.1f} s, by {judgement.engine}"
    )
