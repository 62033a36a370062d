"""existing: development environments that the organisation runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import Field

from planform.contracts.ide import Ide, IdeRef
from planform.contracts.identity import Identity
from planform.planes.component import Component
from planform.planes.control.devcontainer import devcontainer_files
from planform.planes.control.devcontainer_settings import DevcontainerSettings

__all__ = ["ExistingIde", "ExistingIdeSettings"]


class ExistingIdeSettings(DevcontainerSettings):
    """Settings of `existing` for ide; without `devcontainer_image`, repositories get no dev container."""

    url: str = Field(
        pattern=r"^https://[a-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*/?$",
        description="Where people start a machine.",
        examples=["https://coder.acme.example"],
    )


class ExistingIde(Component):
    """Machines or editors that others provide; planform names their address and changes nothing of them.

    Whoever runs them lets the owners of each team in, and gives a team's machines the right to act as its identity.

    Provides: Ide; dev container files where `devcontainer_image` names the image.
    Requires: nothing.
    Emits: nothing.
    Errors: spec/image-tag.
    """

    name = "existing"
    capability = "ide"
    provides = Ide
    files_only = True
    Settings = ExistingIdeSettings
    settings: ExistingIdeSettings

    def repository_files(self) -> Mapping[str, str]:
        """A dev container, if its image was named."""
        settings = self.settings
        if settings.devcontainer_image is None:
            return {}
        return devcontainer_files(
            self.environment.platform, settings.devcontainer_image, settings.extensions, settings.variables, None
        )

    def team(self, name: str, *, owners: Sequence[str], identity: Identity | None = None) -> IdeRef | None:
        """The organisation's own, the same for every team."""
        return IdeRef(name, self.settings.url)
