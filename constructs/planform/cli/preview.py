"""planform preview: what a change does, from two revisions alone."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from planform.cli import options
from planform.cli.report import price_table
from planform.cli.terminal import Run, common, the_engine_of, write_file

if TYPE_CHECKING:
    from planform.diagnostics import DiagnosticError
    from planform.preview.changes import ChangeSet
    from planform.preview.plan import Planner
    from planform.preview.policy import PolicyDelta
    from planform.preview.revision import Side

__all__ = ["chosen_form", "command", "report"]

BRANCHES = ("origin/main", "main", "origin/master", "master")
"""Where a change is compared from when nobody says."""
FORMS = {".html": "html", ".json": "json", ".md": "markdown", ".sarif": "sarif"}
"""The form of a report by how the name of its file ends; text for all others."""


@click.command(name="preview")
@click.argument("base", required=False)
@click.argument("head", required=False)
@click.option(
    "--blueprint", "-b", multiple=True, metavar="PATH", help="Blueprint in a revision.  [default: blueprints]"
)
@options.environments
@options.app
@options.form
@options.outs
@click.option("--plan", "plans", multiple=True, metavar="[STACK=]FILE", help="A real plan, of `terraform show -json`.")
@click.option("--prices", metavar="FILE", type=click.Path(dir_okay=False), help="Prices of your own for the costs.")
@click.option("--structure", is_flag=True, help="Compare the documents alone; ask no provider.")
@click.option("--policies", multiple=True, metavar="DIR|IMAGE",
              help="Rules of one's own for both sides, beside planform's. A revision's own are never run.")  # fmt: skip
@options.policy_engine
@options.day
@click.option("--fail-on-denial", is_flag=True, help="Exit 1 when HEAD breaks a policy rule that BASE does not break.")
@click.option("--fail-on", type=click.Choice(["data-loss", "replace", "rolling"]), help="Exit 1 from this risk on.")
@click.option("--exit-code", is_flag=True, help="Exit 3 when something changes.")
@common
def command(
    run: Run,
    base: str | None,
    head: str | None,
    blueprint: tuple[str, ...],
    environments: tuple[str, ...],
    app: str | None,
    form: str | None,
    outs: tuple[str, ...],
    plans: tuple[str, ...],
    prices: str | None,
    structure: bool,
    policies: tuple[str, ...],
    policy_engine: Literal["auto", "opa", "wasm"],
    day: date | None,
    fail_on_denial: bool,
    fail_on: str | None,
    exit_code: bool,
) -> None:
    """Say what changes from BASE to HEAD, why, and how dangerous it is; needs no cloud and no credentials.

    BASE and HEAD are git revisions, folders or files. Without them, the working tree is compared with the commit where
    it left the main branch.

    \b
    Examples:
      planform preview -b blueprints/reference
      planform preview v1.2.0 HEAD -b blueprints/reference --out preview.md --out preview.html
      planform preview old/ new/ --fail-on data-loss --exit-code
    """
    form = chosen_form(run, form)
    the_engine_of(app)
    with run.step("loading the compiler"):
        from planform.diagnostics import DiagnosticError
        from planform.own_app import own_app
        from planform.preview.policy import Rules
        from planform.preview.preview import preview
        from planform.terraform.plan_files import read_plans
    notes: list[str] = []
    compose = own_app(app) if app else None
    if compose is None and Path("stacks").is_dir() and any(Path("stacks").glob("*.py")):
        notes.append("stacks/ composes in Python and was not run: what it adds is not in here; see --app")
    table = price_table(prices)
    folders = options.policy_folders(run, policies, ()) if policies else ()
    read = partial(read_plans, plans, "resource_changes")
    try:
        before, after = _sides(base, head, blueprint or ("blueprints",))
        with run.step("compiling and planning"), _planner(structure) as found:
            if found is None and not structure:
                notes.append("neither terraform nor tofu is on PATH")
            changes = preview(
                before, after, environments=environments, planner=found, plans=read, notes=notes, compose=compose,
                prices=table, rules=Rules(folders, policy_engine), today=day,
            )  # fmt: skip
    except DiagnosticError as fault:
        _report_fault(run, fault, form, outs)
        raise
    report(run, changes, form, outs)
    if fail_on_denial and changes.policies is not None and changes.policies.denied:
        run.talk(f"refused: head breaks policy rules that base does not: {_broken(changes.policies)}")
        sys.exit(1)
    _end(run, changes, fail_on, exit_code=exit_code)


def chosen_form(run: Run, form: str | None) -> str | None:
    """The form that was asked for, if any; faults are then told in the same one, as far as it is for programs."""
    if run.as_json and form not in (None, "text", "json"):
        raise click.UsageError(f"--json and --format {form} are two forms: leave one out")
    run.as_json = run.as_json or form == "json"
    run.as_sarif = form == "sarif"
    return "json" if run.as_json else form


def report(run: Run, changes: ChangeSet, form: str | None, outs: Sequence[str]) -> None:
    """The report on stdout, or in files and its headline on stderr."""
    from planform.preview.render import headline, render

    if not outs:
        return run.data(render(changes, form or "text", run.verb).rstrip("\n"))
    for out in outs:
        write_file(Path(out), render(changes, _form_of(out, form), run.verb))
    return run.talk(f"{headline(changes, run.verb)}; wrote {', '.join(outs)}")


def _report_fault(run: Run, fault: DiagnosticError, form: str | None, outs: Sequence[str]) -> None:
    """Where the report would be a comment, the comment says why there is none: an old one would say what is no more."""
    from planform.preview.render import no_preview

    text = no_preview(fault)
    for out in (each for each in outs if _form_of(each, form) == "markdown"):
        write_file(Path(out), text)
    if not outs and form == "markdown":
        run.data(text.rstrip("\n"))


def _form_of(out: str, form: str | None) -> str:
    return form or FORMS.get(Path(out).suffix, "text")


def _broken(policies: PolicyDelta) -> str:
    return ", ".join(sorted({each.code for each in policies.new if each.severity.stops}))


def _end(run: Run, changes: ChangeSet, fail_on: str | None, *, exit_code: bool) -> None:
    from planform.preview.changes import Action, Risk
    from planform.terraform.stateful import STATEFUL

    if fail_on:
        worst = Risk(fail_on).rank
        counted = [each for each in changes if not each.acknowledged]
        failed = [each for each in counted if each.risk.rank <= worst]
        unsure = [each for each in counted if each.action is Action.UNDECIDED and each.verdict.type in STATEFUL
                  and each not in failed]  # fmt: skip
        if failed or unsure:
            doubt = f"; {len(unsure)} could not be judged without the provider and may be" if unsure else ""
            run.talk(f"refused: {len(failed)} of {len(changes.changes)} changes are {fail_on} or worse{doubt}")
            sys.exit(1)
    if exit_code and changes:
        sys.exit(3)


def _sides(base: str | None, head: str | None, blueprint: tuple[str, ...]) -> tuple[Side, Side]:
    from planform.preview.revision import from_files, from_revision, merge_base

    def side(name: str) -> Side:
        return from_files(name) if Path(name).exists() else from_revision(name, *blueprint)

    before = side(base) if base else from_revision(merge_base(*BRANCHES), *blueprint)
    after = side(head) if head else from_files(*blueprint)
    return before, after


@contextlib.contextmanager
def _planner(structure: bool) -> Iterator[Planner | None]:
    from planform.preview.plan import planner

    if structure:
        yield None
        return
    with planner() as found:
        yield found
