"""planform policy: rules of one's own, from their first file to their page."""

from __future__ import annotations

import click

__all__ = ["command"]


@click.group(name="policy")
def command() -> None:
    """Write, test and describe policy rules of one's own.

    \b
    Examples:
      planform policy new data/unowned-dataset
      planform policy test
      planform policy docs --out docs/policies
    """
