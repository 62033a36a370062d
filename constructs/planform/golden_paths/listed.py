"""One line of the list of golden paths."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ListedPath"]


@dataclass(frozen=True, slots=True)
class ListedPath:
    """A kind of workload document, and the class to import once it is wanted."""

    kind: str
    target: str
    distribution: str = "planform"
