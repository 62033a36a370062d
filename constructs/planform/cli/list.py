"""planform list: components, capabilities, codes, policy rules, resources."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import click

from planform.cli import options
from planform.cli.terminal import Run, common, the_engine_of

__all__ = ["command"]

KINDS = ("components", "capabilities", "codes", "rules", "resources")
Rows = list[dict[str, str]]


@click.command(name="list")
@click.argument("what", type=click.Choice(KINDS), metavar="KIND")
@click.argument("blueprint", nargs=-1)
@options.environments
@options.app
@common
def command(run: Run, what: str, blueprint: tuple[str, ...], environments: tuple[str, ...], app: str | None) -> None:
    """List one KIND of thing: components, capabilities, codes, policy rules, or the resources of BLUEPRINT.

    \b
    Examples:
      planform list components
      planform list codes
      planform list resources blueprints/minimal.yaml
      planform list resources blueprints/reference --env prod --json
    """
    the_engine_of(app)
    if what == "resources" and not blueprint:
        raise click.UsageError("`list resources` needs a BLUEPRINT, such as blueprints/minimal.yaml")
    if what != "resources" and (blueprint or environments or app):
        raise click.UsageError(f"`list {what}` takes no BLUEPRINT, --env or --app")
    rows = _resources(run, blueprint, environments, app) if what == "resources" else _LISTS[what]()
    if run.as_json:
        return run.document((), **{what: rows})
    keys = list(rows[0]) if rows else []
    widths = [max(len(row[key]) for row in rows) for key in keys]
    for row in rows:
        run.data("  ".join(row[key].ljust(width) for key, width in zip(keys, widths, strict=True)).rstrip())
    return None


def _capabilities() -> Rows:
    from planform.planes.catalog import builtin

    catalog = builtin()
    return [{"capability": name, "components": ", ".join(catalog.names(name))} for name in catalog.capabilities]


def _components() -> Rows:
    from planform.planes.catalog import builtin

    catalog = builtin()
    return [
        {
            "capability": entry.capability,
            "component": entry.name,
            "from": entry.distribution,
            "about": (catalog.load(entry.capability, entry.name).__doc__ or "").strip().split("\n")[0],
        }
        for entry in sorted(catalog, key=lambda entry: entry.capability)
    ]


def _codes() -> Rows:
    from planform.pages import all_codes, page

    return [{"code": code, "about": page(code).split("\n")[0].removeprefix(f"{code}: ")} for code in all_codes()]


def _rules() -> Rows:
    from planform.rules.pack import shipped_pack

    return [
        {"rule": rule.id, "severity": rule.severity, "subject": rule.subject, "about": rule.title}
        for rule in shipped_pack().rules
    ]


_LISTS: Mapping[str, Callable[[], Rows]] = {
    "capabilities": _capabilities,
    "components": _components,
    "codes": _codes,
    "rules": _rules,
}


def _resources(run: Run, blueprint: tuple[str, ...], environments: tuple[str, ...], app: str | None) -> Rows:
    with run.step("loading the compiler"):
        from planform.pipeline import compile_files
    with run.step("compiling"):
        compiled = compile_files(*blueprint, environments=environments, app=app)
    return [
        {"stack": stack, "address": record.address, "at": str(record.origin or "")}
        for stack, records in compiled.records.items()
        for record in sorted(records, key=lambda record: record.address)
    ]
