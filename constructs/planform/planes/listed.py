"""One line of a plane's list of components."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["Listed"]


class Listed(Struct, frozen=True):
    """A component by name: the capability it fills, and the class to import once it is wanted."""

    capability: str
    name: str
    target: str
    distribution: str = "planform"
