"""planform explain: an error code, or where an address comes from."""

from __future__ import annotations

import re
import sys

import click

from planform.cli.terminal import common, document, fail, only_reads, talk
from planform.diagnostics import DiagnosticError, suggest

__all__ = ["command"]

_CODE = re.compile(r"^[a-z]+(/[a-z0-9-]+)+$")


@click.command(name="explain")
@click.argument("what", metavar="CODE|ADDRESS")
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
    """Explain an error CODE, or which component and which line of a BLUEPRINT made an ADDRESS.

    \b
    planform explain spec/unknown-key
    planform explain google_compute_network.networking blueprints/minimal.yaml
    """
    only_reads()
    if _CODE.match(what):
        return _code(what, as_json=as_json)
    if not blueprint:
        raise click.UsageError(f"`{what}` is no error code; to explain an address, name the BLUEPRINT as well")
    return _address(what, blueprint, environments, as_json=as_json)


def _code(code: str, *, as_json: bool) -> None:
    from planform.pages import all_codes, page

    if code not in all_codes():
        near = suggest(code, all_codes())
        raise click.UsageError(f"there is no code `{code}`.{f' Did you mean `{near}`?' if near else ''}")
    if as_json:
        return document("explain", code=code, page=page(code))
    click.echo(page(code), nl=False)
    return None


def _address(address: str, blueprint: tuple[str, ...], environments: tuple[str, ...], *, as_json: bool) -> None:
    from planform.pipeline import compile_files

    try:
        compiled = compile_files(*blueprint, environments=environments)
    except DiagnosticError as fault:
        return fail(fault, "explain", as_json=as_json)
    addresses = {record.address for records in compiled.records.values() for record in records}
    if address not in addresses:
        near = suggest(address, addresses)
        talk(f"no resource of this blueprint has the address `{address}`{f'; did you mean `{near}`?' if near else ''}")
        sys.exit(1)
    found = list(compiled.explain(address))
    if as_json:
        return document("explain", address=address, found=[each.as_dict() for each in found])
    for each in found:
        click.echo(each.text)
    return None
