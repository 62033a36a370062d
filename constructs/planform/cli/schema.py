"""planform schema: the JSON Schema that editors use."""

from __future__ import annotations

import json

import click

from planform.cli.terminal import only_reads, write

__all__ = ["command"]


@click.command(name="schema")
def command() -> None:
    """Print the JSON Schema of blueprints, with the settings of every component that is installed.

    \b
    Examples:
      planform schema > planform.schema.json

    \b
    Editors with the YAML language server take it from the first line of a blueprint:
      # yaml-language-server: $schema=planform.schema.json
    """
    only_reads()
    from planform.golden_paths.catalog import builtin_paths
    from planform.planes.catalog import builtin
    from planform.spec.schema import json_schema

    write(json.dumps(json_schema(builtin(), builtin_paths()), indent=2))
