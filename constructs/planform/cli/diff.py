"""planform diff: two environments of one blueprint beside each other."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from planform.cli.terminal import Run, common, only_reads
from planform.diagnostics import DiagnosticError, error, suggest

if TYPE_CHECKING:
    from planform.preview.promotion import Promotion, ValueDifference

__all__ = ["command"]


@click.command(name="diff")
@click.argument("first", metavar="ENV")
@click.argument("second", metavar="ENV")
@click.argument("blueprint", nargs=-1, required=True)
@click.option("--exit-code", is_flag=True, help="Exit 3 when the two differ in more than names and projects.")
@common
def command(run: Run, first: str, second: str, blueprint: tuple[str, ...], exit_code: bool) -> None:
    """Compare two environments of BLUEPRINT: their resolved values, and what comes of them.

    What follows from an environment's name and project, and from whether it is for production, is expected: it is
    counted, and such values are listed with --verbose. So are addresses that have nothing but other labels.

    \b
    Examples:
      planform diff dev prod blueprints/reference
      planform diff staging prod blueprints/reference --exit-code
    """
    only_reads()
    with run.step("loading the compiler"):
        from planform.blueprint.read import read
        from planform.pipeline import compile_documents
        from planform.preview.promotion import promotion
    with run.step("compiling"):
        documents = read(*blueprint)
        compiled = compile_documents(documents)
    _refuse_unknown((first, second), [spec.name for spec in compiled.specs])
    found = promotion(documents, compiled, first, second)
    if run.as_json:
        run.document(**_as_dict(found))
    else:
        run.data("\n".join(_lines(found, verbose=run.verbose)))
        run.talk(
            f"{len(found.values)} values and {len(found.verdicts)} addresses differ;"
            f" {len(found.expected)} values and {found.followed} addresses as expected"
        )
    if exit_code and found:
        sys.exit(3)


def _refuse_unknown(wanted: tuple[str, ...], names: list[str]) -> None:
    faults = []
    for name in wanted:
        if name not in names:
            near = suggest(name, names)
            notes = (f"did you mean `{near}`?",) if near else ()
            help = f"environments here: {', '.join(names)}"
            faults.append(
                error("spec/unknown-environment", f"there is no environment `{name}`", notes=notes, help=help)
            )
    if faults:
        raise DiagnosticError(faults)


def _lines(found: Promotion, *, verbose: bool) -> list[str]:
    written = [each for each in found.values if each.written]
    rest = [each for each in found.values if not each.written]
    lines = []
    for title, values in (
        (f"written for {found.first} or {found.second}", written),
        ("elsewhere", rest),
        *((("expected", found.expected),) if verbose else ()),
    ):
        if values:
            lines += [f"{title}:", *(line for each in values for line in _value_lines(each, found)), ""]
    if found.verdicts:
        lines.append(f"what comes of it, {found.first} -> {found.second}, but for names, labels and production:")
        for verdict in found.verdicts:
            lines.append(f"  {_words(verdict.action)}  {verdict.address}  in {verdict.stack}")
            lines += [f"      {each.path}: {_text(each.before)} -> {_text(each.after)}" for each in verdict.attributes]
    return lines or ["nothing differs but names and projects"]


def _words(action: str) -> str:
    return {"create": "only second", "destroy": "only first ", "update-or-replace": "differs    "}.get(
        action, "differs    "
    )


def _value_lines(each: ValueDifference, found: Promotion) -> list[str]:
    lines = [f"  {each.path}"]
    for name, side in ((found.first, each.first), (found.second, each.second)):
        if side is None:
            lines.append(f"    {name}: not there")
        else:
            lines.append(f"    {name}: {_text(side.value)}  # {side.at or f'default of {side.default_of}'}")
    return lines


def _text(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else f"{text[:99]}…"


def _as_dict(found: Promotion) -> dict[str, Any]:
    return {
        "environments": [found.first, found.second],
        "values": [each.as_dict() for each in found.values],
        "expected": [each.as_dict() for each in found.expected],
        "addresses": [
            {
                "kind": each.kind,
                "stack": each.stack,
                "address": each.address,
                "only_in": {"create": found.second, "destroy": found.first}.get(each.action),
                "attributes": [{"path": one.path, "values": [one.before, one.after]} for one in each.attributes],
            }
            for each in found.verdicts
        ],
        "expected_addresses": found.followed,
    }
