"""planform provider: the schemas that resources are checked against."""

from __future__ import annotations

from pathlib import Path

import click

from planform.cli.terminal import Run, common, only_reads

__all__ = ["command"]


@click.group(name="provider")
def command() -> None:
    """Add or list the provider schemas that resources are checked against.

    \b
    Examples:
      planform provider list
      planform provider add hashicorp/random@3.7.2
    """


@command.command(name="list", short_help="List the schemas that are here.")
@common
def list_providers(run: Run) -> None:
    """List the providers whose schemas are here: those that planform brings, and those that were added.

    \b
    Examples:
      planform provider list
      planform provider list --json
    """
    only_reads()
    from planform.terraform.schema import available

    rows = [
        {
            "provider": schema.name,
            "source": schema.source,
            "version": schema.version,
            "resources": len(schema.resources),
        }
        for schema in available()
    ]
    if run.as_json:
        return run.document(providers=rows)
    for row in rows:
        run.data(f"{row['provider']:<14}{row['source']:<28}{row['version']:<10}{row['resources']:>6} resource types")
    return None


@command.command(name="add", short_help="Add the schema of a provider to this project.")
@click.argument("source", metavar="SOURCE@VERSION")
@click.option("--from-file", metavar="FILE", help="Output of `terraform providers schema -json`, plain or gzipped.")
@click.option("--out", metavar="DIR", help="Folder to write to.  [default: .planform/providers]")
@common
def add(run: Run, source: str, from_file: str | None, out: str | None) -> None:
    """Pack the schema of a provider, so that its resources can be written in Python and are checked.

    Without --from-file, Terraform is run in a temporary folder; it needs no credentials.

    \b
    Examples:
      planform provider add hashicorp/random@3.7.2
      planform provider add datadog/datadog@3.60.0 --from-file schema.json
    """
    run.writes = True
    only_reads()
    from planform.terraform.provider_files import add_provider

    with run.step("reading the file" if from_file else "asking terraform for the schema"):
        path = add_provider(source, from_file=from_file, out=out)
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    if run.as_json:
        return run.document(path=str(shown))
    run.data(str(shown))
    name = path.name.split(".")[0]
    run.talk(f"next: from planform.terraform import provider; {name} = provider({name!r})")
    return None
