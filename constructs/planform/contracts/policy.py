"""policy: what the cluster admits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from planform.contracts.delivers_files import DeliversFiles

__all__ = ["Policies"]


@runtime_checkable
class Policies(DeliversFiles, Protocol):
    """An admission controller for Gatekeeper's constraint templates and constraints.

    Whoever has policies makes ConstraintTemplate (templates.gatekeeper.sh/v1) and constraint objects in its own scope.
    """

    def exempt(self, namespace: str) -> None:
        """Let a namespace of the platform through unchecked: an operator's, whose pods nobody here writes."""

    def exempted(self) -> Sequence[str]:
        """The namespaces that are let through, sorted."""
