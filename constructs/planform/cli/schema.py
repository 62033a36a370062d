"""planform schema: the JSON Schema that editors use."""

from __future__ import annotations

import json

import click

from planform.cli.terminal import only_reads

__all__ = ["command"]


@click.command(name="schema")
def command() -> None:
    """Print the JSON Schema of blueprints.

    \b
    planform schema > planform.schema.json
    # first line of a blueprint, for editors with the YAML language server:
    # yaml-language-server: $schema=planform.schema.json
    """
    only_reads()
    from planform.planes.catalog import builtin
    from planform.spec.schema import json_schema

    click.echo(json.dumps(json_schema(builtin()), indent=2))
