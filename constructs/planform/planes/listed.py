"""One line of a plane's list of components."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Listed"]


@dataclass(frozen=True, slots=True)
class Listed:
    """A component by name: the capability it fills, and the class to import once it is wanted."""

    capability: str
    name: str
    target: str
    distribution: str = "planform"
