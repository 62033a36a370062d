"""planform validate: read, resolve, build and check in memory."""

from __future__ import annotations

import click

from planform.cli.terminal import common, document, fail, only_reads, show, talk
from planform.diagnostics import DiagnosticError

__all__ = ["command"]


@click.command(name="validate")
@click.argument("blueprint", nargs=-1, required=True)
@click.option("--env", "environments", multiple=True, metavar="NAME", help="Only this environment; repeatable.")
@click.option("--print", "printed", is_flag=True, help="Print what each value is and where it comes from.")
@click.option("--sarif", is_flag=True, help="Findings as SARIF 2.1.0 on stdout, for code scanning.")
@common
def command(
    blueprint: tuple[str, ...],
    environments: tuple[str, ...],
    printed: bool,
    sarif: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Read BLUEPRINT (files or folders) and say everything that is wrong with it; writes nothing.

    \b
    planform validate blueprints/reference
    planform validate blueprints/reference --env dev --print
    """
    only_reads()
    from planform.pipeline import compile_files
    from planform.spec.provenance import resolved_lines

    try:
        compiled = compile_files(*blueprint, environments=environments)
    except DiagnosticError as fault:
        return fail(fault, "validate", as_json=as_json, sarif=sarif)
    names = [spec.name for spec in compiled.specs]
    if sarif:
        import json

        from planform.diagnostics import to_sarif

        click.echo(json.dumps(to_sarif(compiled.findings), indent=2))
    elif as_json:
        values = {spec.name: [line.as_dict() for line in resolved_lines(spec)] for spec in compiled.specs}
        document("validate", compiled.findings, environments=names, **({"values": values} if printed else {}))
    else:
        if compiled.findings:
            show(compiled.findings)
        if printed:
            for spec in compiled.specs:
                click.echo("\n".join(line.text for line in resolved_lines(spec)))
        talk(
            f"{', '.join(names)}: valid, {compiled.resources} resources in {len(compiled.stacks)} stacks",
            quiet=quiet,
        )
    return None
