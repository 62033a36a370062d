"""The base of every model that a blueprint's author writes into."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["Settings"]


class Settings(BaseModel):
    """Closed and frozen: an unknown key is an error, and nothing changes after it was judged."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
