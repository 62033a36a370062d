"""Options that several verbs have, in the same words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from planform.cli.terminal import Run

__all__ = ["app", "day", "environments", "form", "outs", "policies", "policy_engine", "policy_folders"]


def _day(ctx: click.Context, parameter: click.Parameter, value: str | None) -> date | None:
    try:
        return date.fromisoformat(value) if value is not None else None
    except ValueError:
        raise click.BadParameter(f"`{value}` is no day; write one as 2027-01-31") from None


environments = click.option(
    "--env", "environments", multiple=True, metavar="NAME", help="Only this environment; may be repeated."
)
app = click.option(
    "--app", metavar="MODULE:FUNCTION", help="Compose the stacks with your own function, such as stacks:build."
)
form = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json", "html", "sarif"]),
    help="Form of the report.  [default: text; in a file as its name ends: .md .json .html .sarif]",
)
outs = click.option(
    "--out",
    "outs",
    multiple=True,
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Write the report there, not to stdout; may be repeated.",
)
policies = click.option(
    "--policies",
    multiple=True,
    metavar="DIR|IMAGE",
    help="Rules of one's own: a folder, or an image oci://REGISTRY/REPOSITORY:TAG; may be repeated. Default: `policies`"
    " beside the blueprint, and here.",
)
policy_engine = click.option(
    "--policy-engine",
    type=click.Choice(["auto", "opa", "wasm"]),
    default="auto",
    show_default=True,
    help="What evaluates the rules: `opa` where it is, else planform's own as WebAssembly.",
)
day = click.option(
    "--date",
    "day",
    callback=_day,
    metavar="DATE",
    help="Judge waivers as of this day, such as 2027-01-31. Default: today.",
)


def policy_folders(run: Run, policies: Sequence[str], blueprint: Sequence[str]) -> tuple[Path, ...]:
    """The folders that `--policies` means. Images are pulled, and what a tag stood for is told."""
    from planform.checks.policy.images import SCHEME, pull
    from planform.checks.policy.own import found_beside

    folders = []
    for each in policies:
        if each.startswith(SCHEME):
            with run.step(f"pulling {each}"):
                pulled = pull(each)
            run.talk(f"rules of {pulled.reference}")
            folders.append(pulled.folder)
        else:
            folders.append(Path(each))
    return tuple(folders) or found_beside(map(Path, blueprint))
