"""Options that several verbs have, in the same words."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

__all__ = ["app", "day", "environments", "policies", "policy_engine"]


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
policies = click.option(
    "--policies",
    multiple=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="A folder with rules of one's own; may be repeated. Default: `policies` beside the blueprint, and here.",
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
