"""One line of the list of golden paths."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["ListedPath"]


class ListedPath(Struct, frozen=True):
    """A kind of workload document, and the class to import once it is wanted."""

    kind: str
    target: str
    distribution: str = "planform"
