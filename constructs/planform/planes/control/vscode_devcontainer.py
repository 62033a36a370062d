"""Visual Studio Code on people's own machines, in a dev container with the platform's tools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from planform.contracts.assistant import Assistant
from planform.contracts.ide import Ide, IdeRef
from planform.contracts.identity import Identity
from planform.files import File
from planform.planes.component import Component
from planform.planes.control.devcontainer import devcontainer_files
from planform.planes.control.devcontainer_settings import DevcontainerSettings
from planform.planes.control.workstation_recipe import platform_variables

__all__ = ["VscodeDevcontainer"]


class VscodeDevcontainer(Component):
    """A dev container definition, the same in every repository: pinned image, extensions, the assistant and its rules.

    People open a repository in Visual Studio Code, or in whatever else knows dev containers, and need an engine for
    containers on their machine and nothing else. They sign in to Google Cloud with their own account; the sign-in is
    kept in a volume of the container. The assistant, where there is one, is admitted to its models for the owners of
    each team, and its rules are baked into the container's image.
    What a person does: nothing for generated repositories; into others they copy the folder `repository`.

    Provides: Ide; `team()` gives no machine.
    Requires: Assistant, optional.
    Emits: files, `repository/.devcontainer/...` and `repository/.vscode/extensions.json`; no Terraform.
    Source: the dev container specification and its JSON Schema, read 2026-11; image tags of devcontainers/images.
    """

    name = "vscode-devcontainer"
    capability = "ide"
    provides = Ide
    files_only = True
    Settings = DevcontainerSettings
    settings: DevcontainerSettings
    assistant: Assistant | None

    def build(self) -> None:
        for path, text in self.repository_files().items():
            File(self, f"repository/{path}", text)

    def repository_files(self) -> Mapping[str, str]:
        """The dev container, and the extensions to recommend to who works without it."""
        return self._devcontainer

    @cached_property
    def _devcontainer(self) -> Mapping[str, str]:
        settings = self.settings
        return devcontainer_files(
            self.environment.platform,
            settings.devcontainer_image or self.image("devcontainer-python"),
            settings.extensions,
            {**platform_variables(self.environment), **settings.variables},
            self.assistant,
        )

    def team(self, name: str, *, owners: Sequence[str], identity: Identity | None = None) -> IdeRef | None:
        """No machine: people have their own; they may call the assistant's models."""
        if self.assistant is not None:
            self.assistant.admit(*owners)
        return None
