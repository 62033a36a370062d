"""planform schema: the JSON Schema that editors use."""

from __future__ import annotations

import json

import click

from planform.cli.terminal import Run, common, only_reads

__all__ = ["command"]


@click.command(name="schema")
@click.argument("blueprint", nargs=-1)
@common
def command(run: Run, blueprint: tuple[str, ...]) -> None:
    """Print the JSON Schema of blueprints, with the settings of every component that is installed and of every kind of
    workload; with BLUEPRINT, of the kinds that its own documents make too.

    \b
    Examples:
      planform schema > planform.schema.json
      planform schema blueprints > planform.schema.json

    \b
    Editors with the YAML language server take it from the first line of a blueprint:
      # yaml-language-server: $schema=planform.schema.json
    """
    only_reads()
    from planform.golden_paths.catalog import builtin_paths
    from planform.planes.catalog import builtin
    from planform.spec.schema import json_schema

    paths = builtin_paths()
    if blueprint:
        from planform.blueprint.read import read

        paths, _ = paths.with_own(read(*blueprint))
    run.data(json.dumps(json_schema(builtin(), paths), indent=2))
