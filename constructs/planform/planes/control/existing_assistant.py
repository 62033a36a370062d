"""A coding assistant that the organisation has and manages itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from planform.contracts.assistant import Assistant
from planform.planes.component import Component
from planform.spec.settings import Settings

__all__ = ["ExistingAssistant", "ExistingAssistantSettings"]

Path = Annotated[str, StringConstraints(pattern=r"^(/[A-Za-z0-9._-]+)+$")]
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")]
Extension = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+\.[A-Za-z0-9-]+$")]
Feature = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]+(/[a-z0-9._-]+)+:[A-Za-z0-9._-]+$")]


class ExistingAssistantSettings(Settings):
    """What a machine must hold for it."""

    files: dict[Path, str] = Field(
        default_factory=dict, description="Absolute path to text of each file of settings. Default: none."
    )
    variables: dict[Variable, str] = Field(
        default_factory=dict, description="Environment variables that it is started with; no secrets. Default: none."
    )
    extensions: tuple[Extension, ...] = Field(
        default=(),
        description="Its extensions of Visual Studio Code. Default: none.",
        examples=[["github.copilot"]],
    )
    features: dict[Feature, dict[str, str | bool]] = Field(
        default_factory=dict, description="Features of a dev container that install it, with options. Default: none."
    )


class ExistingAssistant(Component):
    """An assistant with licences and settings of its own; planform makes nothing and admits nobody.

    Provides: Assistant, as the settings tell it.
    Requires: nothing.
    Emits: nothing. Whoever owns the assistant gives people their licences.
    """

    name = "existing"
    capability = "assistant"
    provides = Assistant
    files_only = True
    Settings = ExistingAssistantSettings
    settings: ExistingAssistantSettings

    def files(self) -> Mapping[str, str]:
        """The files that the settings name."""
        return dict(self.settings.files)

    def variables(self) -> Mapping[str, str]:
        """The variables that the settings name."""
        return dict(self.settings.variables)

    def extensions(self) -> tuple[str, ...]:
        """The extensions that the settings name."""
        return self.settings.extensions

    def features(self) -> Mapping[str, Mapping[str, Any]]:
        """The features that the settings name."""
        return {name: dict(options) for name, options in self.settings.features.items()}

    def admit(self, *members: str) -> None:
        """Left to whoever owns it."""
