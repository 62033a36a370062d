"""assistant: a coding assistant under the organisation's rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from planform.contracts.delivers_files import DeliversFiles

__all__ = ["Assistant"]


@runtime_checkable
class Assistant(DeliversFiles, Protocol):
    """A coding assistant: what an IDE or a notebook must hold for it, and who may call its models."""

    def files(self) -> Mapping[str, str]:
        """Absolute path on a developer's machine to the text of the file: the rules that a user cannot change."""

    def variables(self) -> Mapping[str, str]:
        """Environment variables that the assistant is started with; no secrets."""

    def extensions(self) -> tuple[str, ...]:
        """Its extensions of Visual Studio Code."""

    def features(self) -> Mapping[str, Mapping[str, Any]]:
        """Features of a dev container that install it, with their options."""

    def admit(self, *members: str) -> None:
        """Let IAM members call its models."""
