"""planform validate: read, resolve, build and check in memory."""

from __future__ import annotations

import click

from planform.cli import options
from planform.cli.terminal import Run, common, the_engine_of

__all__ = ["command"]


@click.command(name="validate")
@click.argument("blueprint", nargs=-1, required=True)
@options.environments
@options.app
@click.option("--print", "printed", is_flag=True, help="Print every value of the result, and where it comes from.")
@click.option("--sarif", is_flag=True, help="Findings as SARIF 2.1.0 on stdout, for code scanning.")
@common
def command(
    run: Run,
    blueprint: tuple[str, ...],
    environments: tuple[str, ...],
    app: str | None,
    printed: bool,
    sarif: bool,
) -> None:
    """Judge BLUEPRINT (files or folders) and say everything that is wrong with it.

    Nothing is written; no network, cloud account or Node is needed.

    \b
    Examples:
      planform validate blueprints/reference
      planform validate blueprints/reference --env dev --print
      planform validate blueprints/reference --sarif > findings.sarif
    """
    if sarif and (run.as_json or printed):
        raise click.UsageError("--sarif is a document of its own: leave out --json and --print")
    run.as_sarif = sarif
    the_engine_of(app)
    with run.step("loading the compiler"):
        from planform.pipeline import compile_files
        from planform.spec.provenance import resolved_lines
    with run.step("compiling"):
        compiled = compile_files(*blueprint, environments=environments, app=app)
    if sarif:
        return run.sarif(compiled.findings)
    names = [spec.name for spec in compiled.specs]
    if run.as_json:
        values = {spec.name: [line.as_dict() for line in resolved_lines(spec)] for spec in compiled.specs}
        return run.document(compiled.findings, environments=names, **({"values": values} if printed else {}))
    run.show(compiled.findings)
    for spec in compiled.specs if printed else ():
        run.data("\n".join(line.text for line in resolved_lines(spec)))
    run.talk(f"{', '.join(names)}: valid; {counted(compiled.resources, len(compiled.stacks))}")
    return None


def counted(resources: int, stacks: int) -> str:
    """`1 resource in 1 stack`."""
    return f"{resources} resource{'' if resources == 1 else 's'} in {stacks} stack{'' if stacks == 1 else 's'}"
