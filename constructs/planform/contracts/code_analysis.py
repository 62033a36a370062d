"""code_analysis: what is wrong with code before it is merged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct

from planform.contracts.ci import Step
from planform.contracts.delivers_files import DeliversFiles
from planform.contracts.version_control import CodeRepository

__all__ = ["AnalysisRef", "CodeAnalysis"]


class AnalysisRef(Struct, frozen=True):
    """What a repository's findings are kept under, where people read them, and the check that a merge waits for.

    `check` is "" where the job of CI itself is all that a merge can wait for.
    """

    key: str
    url: str
    check: str


@runtime_checkable
class CodeAnalysis(DeliversFiles, Protocol):
    """Static analysis with a gate that a merge has to pass."""

    def project(self, repository: CodeRepository, *, language: str = "python", team: str = "") -> AnalysisRef:
        """Analyse a repository."""

    def steps(self, analysis: AnalysisRef) -> Sequence[Step]:
        """The steps of CI that analyse and wait for the gate's verdict."""
