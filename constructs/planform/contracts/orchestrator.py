"""orchestrator: turns a workload's wishes into what the environment has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from planform.contracts.ci import Step
from planform.contracts.delivers_files import DeliversFiles

__all__ = ["Orchestrator"]


@runtime_checkable
class Orchestrator(DeliversFiles, Protocol):
    """Resolves each resource of a workload by its type and class, and deploys the workload."""

    def application(self, name: str, *, team: str, namespace: str) -> str:
        """The application `name` of a team, whose workloads run in a namespace; returns its id."""

    def provide(
        self, type: str, *, outputs: Mapping[str, str], class_: str = "default", application: str = "", id: str = ""
    ) -> None:
        """Meet wishes for a resource type with fixed values, for all applications or one.

        The orchestrator itself meets those types that the environment's components can serve.
        """

    def deploy(self, application: str, *, workload: str, image: str) -> Sequence[Step]:
        """The steps by which CI deploys the workload of the repository that it runs in; `application` is its id."""
