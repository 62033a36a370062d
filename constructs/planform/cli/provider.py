"""planform provider: the schemas that resources are checked against."""

from __future__ import annotations

import click

from planform.cli.terminal import common, document, fail, only_reads, talk
from planform.diagnostics import DiagnosticError

__all__ = ["command"]


@click.group(name="provider")
def command() -> None:
    """Add or list provider schemas.

    \b
    planform provider list
    planform provider add hashicorp/random@3.7.2
    """


@command.command(name="list")
@common
def list_providers(as_json: bool, quiet: bool, verbose: bool) -> None:
    """List the providers whose schemas are here: planform's own and those that were added."""
    only_reads()
    from planform.terraform.schema import available

    try:
        rows = [
            {
                "provider": schema.name,
                "source": schema.source,
                "version": schema.version,
                "resources": len(schema.resources),
            }
            for schema in available()
        ]
    except DiagnosticError as fault:
        return fail(fault, "provider list", as_json=as_json)
    if as_json:
        return document("provider list", providers=rows)
    for row in rows:
        click.echo(f"{row['provider']:<14}{row['source']:<28}{row['version']:<10}{row['resources']:>6} resource types")
    return None


@command.command(name="add")
@click.argument("source", metavar="SOURCE@VERSION")
@click.option("--from-file", metavar="FILE", help="Output of `terraform providers schema -json`, or its gzip.")
@click.option("--out", metavar="DIR", help="Folder to write to.  [default: .planform/providers]")
@common
def add(source: str, from_file: str | None, out: str | None, as_json: bool, quiet: bool, verbose: bool) -> None:
    """Pack the schema of a provider, so that its resources can be written in Python and are checked.

    \b
    planform provider add hashicorp/random@3.7.2
    planform provider add datadog/datadog@3.60.0 --from-file schema.json
    """
    only_reads()
    from planform.terraform.provider_files import add_provider

    try:
        path = add_provider(source, from_file=from_file, out=out)
    except DiagnosticError as fault:
        return fail(fault, "provider add", as_json=as_json)
    if as_json:
        return document("provider add", path=str(path))
    click.echo(path)
    name = path.name.split(".")[0]
    talk(f"next: from planform.terraform import provider; {name} = provider({name!r})", quiet=quiet)
    return None
