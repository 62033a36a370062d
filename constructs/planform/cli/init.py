"""planform init: the files of a new platform."""

from __future__ import annotations

import re
from pathlib import Path

import click

from planform.cli.terminal import common, document, fail, only_reads, talk
from planform.diagnostics import DiagnosticError, error

__all__ = ["command"]

NAME = re.compile(r"^[a-z]([a-z0-9-]*[a-z0-9])?$")


@click.command(name="init")
@click.argument("folder", default=".")
@click.option("--name", default="my-platform", show_default=True, help="Name of the platform, at most 20 characters.")
@common
def command(folder: str, name: str, as_json: bool, quiet: bool, verbose: bool) -> None:
    """Write a blueprint, and a cdktf app that composes it, into FOLDER; nothing that is there is replaced.

    \b
    planform init my-platform --name acme-ai
    """
    only_reads()
    from planform.shipped import starter

    if not NAME.match(name) or len(name) > 20:
        raise click.BadParameter("lower-case letters, digits and hyphens, at most 20 characters", param_hint="--name")
    files = starter(name)
    target = Path(folder)
    taken = [path for path in files if (target / path).exists()]
    try:
        if taken:
            help = "choose an empty folder, or move these files away"
            raise DiagnosticError(
                [error("init/exists", f"`{target / path}` is there already", help=help) for path in taken]
            )
        written = _write(target, files)
    except DiagnosticError as fault:
        return fail(fault, "init", as_json=as_json)
    if as_json:
        return document("init", files=[str(path) for path in written])
    for path in written:
        click.echo(path)
    talk(f"next: write your project ids into {written[0]}, then planform validate {written[0]}", quiet=quiet)
    return None


def _write(target: Path, files: dict[str, str]) -> list[Path]:
    written: list[Path] = []
    try:
        for path, text in files.items():
            place = target / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
            written.append(place)
    except OSError as trouble:
        for place in written:
            place.unlink(missing_ok=True)
        summary = f"`{target}` cannot be written: {trouble.strerror}"
        raise DiagnosticError(
            [error("output/not-writable", summary, help="choose a folder that you may write")]
        ) from trouble
    return written
