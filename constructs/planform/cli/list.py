"""planform list: components, capabilities, resources."""

from __future__ import annotations

import sys

import click

from planform.cli.terminal import common, document, fail, only_reads
from planform.diagnostics import DiagnosticError

__all__ = ["command"]


@click.command(name="list")
@click.argument("what", type=click.Choice(["components", "capabilities", "resources"]), metavar="KIND")
@click.argument("blueprint", nargs=-1)
@click.option("--env", "environments", multiple=True, metavar="NAME", help="Only this environment; repeatable.")
@common
def command(
    what: str,
    blueprint: tuple[str, ...],
    environments: tuple[str, ...],
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """List components, capabilities, or the resources of a BLUEPRINT.

    \b
    planform list components
    planform list resources blueprints/minimal.yaml
    """
    only_reads()
    if what == "resources" and not blueprint:
        raise click.UsageError("`list resources` needs a BLUEPRINT, for example blueprints/minimal.yaml")
    if what != "resources" and blueprint:
        raise click.UsageError(f"`list {what}` takes no BLUEPRINT")
    try:
        rows = _resources(blueprint, environments) if what == "resources" else _catalog(what)
    except DiagnosticError as fault:
        return fail(fault, "list", as_json=as_json)
    if as_json:
        return document("list", **{what: rows})
    keys = list(rows[0]) if rows else []
    widths = [max(len(str(row[key])) for row in rows) for key in keys]
    for row in rows:
        click.echo("  ".join(str(row[key]).ljust(width) for key, width in zip(keys, widths, strict=True)).rstrip())
    sys.stdout.flush()
    return None


def _catalog(what: str) -> list[dict[str, str]]:
    from planform.planes.catalog import builtin

    catalog = builtin()
    if what == "capabilities":
        return [{"capability": name, "components": ", ".join(catalog.names(name))} for name in catalog.capabilities]
    return [
        {
            "component": entry.name,
            "capability": entry.capability,
            "from": entry.distribution,
            "about": (catalog.load(entry.capability, entry.name).__doc__ or "").strip().split("\n")[0],
        }
        for entry in catalog
    ]


def _resources(blueprint: tuple[str, ...], environments: tuple[str, ...]) -> list[dict[str, str]]:
    from planform.pipeline import compile_files

    return [
        {"stack": stack, "address": record.address, "at": str(record.origin or "")}
        for stack, records in compile_files(*blueprint, environments=environments).records.items()
        for record in sorted(records, key=lambda record: record.address)
    ]
