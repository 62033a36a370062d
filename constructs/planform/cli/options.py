"""Options that several verbs have, in the same words."""

from __future__ import annotations

import click

__all__ = ["app", "environments"]

environments = click.option(
    "--env", "environments", multiple=True, metavar="NAME", help="Only this environment; may be repeated."
)
app = click.option(
    "--app", metavar="MODULE:FUNCTION", help="Compose the stacks with your own function, such as stacks:build."
)
