"""planform explain: an error code, or where a resource comes from."""

from __future__ import annotations

import click

from planform.cli import options
from planform.cli.terminal import Run, common, the_engine_of
from planform.diagnostics import DiagnosticError, error, suggest

__all__ = ["command"]


@click.command(name="explain")
@click.argument("what", metavar="CODE|ADDRESS")
@click.argument("blueprint", nargs=-1)
@options.environments
@options.app
@common
def command(run: Run, what: str, blueprint: tuple[str, ...], environments: tuple[str, ...], app: str | None) -> None:
    """Explain an error CODE, or which component and which line of BLUEPRINT made the resource at ADDRESS.

    \b
    Examples:
      planform explain spec/unknown-key
      planform explain google_compute_network.networking blueprints/minimal.yaml
      planform explain google_compute_network.networking blueprints/reference --env prod
    """
    the_engine_of(app)
    if "/" in what:
        if blueprint or environments or app:
            raise click.UsageError(f"`{what}` is a code, which takes no BLUEPRINT, --env or --app")
        return _code(run, what)
    if not blueprint:
        raise click.UsageError(
            f"`{what}` is no code, as spec/unknown-key is; if it is an address, name its BLUEPRINT as well"
        )
    return _address(run, what, blueprint, environments, app)


def _code(run: Run, code: str) -> None:
    from planform.pages import all_codes, page

    if code not in all_codes():
        near = suggest(code, all_codes())
        meant = f"did you mean `{near}`?" if near else "`planform list codes` has all"
        raise click.UsageError(f"there is no code `{code}`; {meant}")
    if run.as_json:
        return run.document(code=code, page=page(code))
    return run.data(page(code).rstrip("\n"))


def _address(
    run: Run, address: str, blueprint: tuple[str, ...], environments: tuple[str, ...], app: str | None
) -> None:
    with run.step("loading the compiler"):
        from planform.pipeline import compile_files
    with run.step("compiling"):
        compiled = compile_files(*blueprint, environments=environments, app=app)
    found = list(compiled.explain(address))
    if not found:
        near = suggest(address, {record.address for records in compiled.records.values() for record in records})
        help = f"did you mean `{near}`?" if near else f"`planform list resources {' '.join(blueprint)}` has all"
        raise DiagnosticError([error("explain/unknown-address", f"no resource has the address `{address}`", help=help)])
    if run.as_json:
        return run.document(compiled.findings, address=address, found=[each.as_dict() for each in found])
    return run.data("\n\n".join(each.text for each in found))
