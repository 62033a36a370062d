"""This organisation's stacks: planform's, and constructs of one's own beside them."""

from __future__ import annotations

from collections.abc import Sequence

from planform.engine import App
from planform.environment import build_environment
from planform.spec.platform import EnvironmentSpec

__all__ = ["build"]


def build(specs: Sequence[EnvironmentSpec]) -> App:
    """Every environment's stacks in one app."""
    app = App()
    for spec in specs:
        build_environment(app, spec)
    return app
