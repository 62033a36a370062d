"""planform init: the files of a new platform."""

from __future__ import annotations

import contextlib
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

import click

from planform.cli.terminal import Run, common, only_reads, write_file
from planform.diagnostics import DiagnosticError, error

__all__ = ["command"]

NAME = re.compile(r"^[a-z][a-z0-9-]{0,18}[a-z0-9]$")


@click.command(name="init")
@click.argument("folder", default=".")
@click.option("--name", default="my-platform", show_default=True, help="Name of the platform: 2 to 20 characters.")
@common
def command(run: Run, folder: str, name: str) -> None:
    """Start a platform in FOLDER: a blueprint, and a cdktf app that composes it. No file is replaced.

    \b
    Examples:
      planform init
      planform init platform --name acme-ai
    """
    run.writes = True
    only_reads()
    from planform.shipped import starter

    if not NAME.match(name):
        raise click.BadParameter(
            f"`{name}` is not 2 to 20 lower-case letters, digits and hyphens, first a letter", param_hint="--name"
        )
    written = _write(Path(folder), starter(name))
    if run.as_json:
        return run.document(files=[str(path) for path in written])
    for path in written:
        run.data(str(path))
    blueprint = shlex.quote(str(written[0]))
    run.talk(f"next: write your project and its number into {blueprint}, then planform validate {blueprint}")
    return None


def _write(target: Path, files: Mapping[str, str]) -> list[Path]:
    taken = [target / path for path in files if (target / path).exists()]
    if taken:
        summary = f"`{taken[0]}` is there already{f', and {len(taken) - 1} more' if len(taken) > 1 else ''}"
        notes = [str(path) for path in taken[1:]]
        help = "choose another folder, or move these files away"
        raise DiagnosticError([error("init/exists", summary, notes=notes, help=help)])
    written = [target / path for path in files]
    try:
        for place, text in zip(written, files.values(), strict=True):
            write_file(place, text)
    except DiagnosticError:
        for place in written:
            with contextlib.suppress(OSError):
                place.unlink()
        raise
    return written
