"""What an organisation has once, whatever its number of environments: repositories, applications, teams in a tool."""

from __future__ import annotations

from pydantic import Field

from planform.spec.environment import Environment
from planform.spec.settings import Settings

__all__ = ["OnceSettings", "makes_shared"]


class OnceSettings(Settings):
    """Settings of components whose tool the environments share."""

    makes_shared: bool | None = Field(
        default=None,
        description="Whether this environment's stack makes what the organisation has once; exactly one environment"
        " should, and be applied first. Default: the production environment does.",
    )


def makes_shared(settings: OnceSettings, environment: Environment) -> bool:
    """Whether a component makes what the environments share."""
    return environment.production if settings.makes_shared is None else settings.makes_shared
