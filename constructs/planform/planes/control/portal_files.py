"""The catalog and the templates as files, for a portal that is there already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from planform.contracts.portal import Portal
from planform.planes.component import Component
from planform.planes.control.backstage_catalog import SHARED, BackstageCatalog
from planform.planes.once import OnceSettings, makes_shared

__all__ = ["PortalFiles", "PortalFilesSettings"]


class PortalFilesSettings(OnceSettings):
    """Settings of `portal-files`."""

    url: str | None = Field(
        default=None,
        pattern=r"^https://[a-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*/?$",
        description="Where people open the portal, for links. Default: unknown.",
        examples=["https://portal.acme.example"],
    )


class PortalFiles(Component):
    """Entities and templates in the platform's repository, for a Backstage that somebody else runs.

    Whoever runs the portal registers `portal/<environment>/catalog-info.yaml` of the repository once, for each
    environment, as a location that may bring Component, System, Resource, Domain, Group, User, Location and Template;
    from then on the portal reads what changes there. As one portal shows all environments, what is the same in each
    (domains, groups, users, templates) is written by one of them, and other names begin with the environment's.

    Provides: Portal.
    Requires: nothing.
    Emits: files of the repository, `portal/<environment>/...`; no Terraform.
    Errors: contract/bad-entity, contract/other-entity.
    Source: Backstage's pages on static location configuration and on the descriptor format, read 2026-11.
    """

    name = "portal-files"
    capability = "portal"
    provides = Portal
    files_only = True
    Settings = PortalFilesSettings
    settings: PortalFilesSettings

    def build(self) -> None:
        left_out = () if makes_shared(self.settings, self.environment) else SHARED
        self._catalog = BackstageCatalog(self, left_out=left_out)

    def url(self) -> str | None:
        """The portal's address, if it was told."""
        return self.settings.url

    def publish(self, entity: Mapping[str, Any], *, files: Mapping[str, str] | None = None) -> str:
        """Write the entity into the repository."""
        return self._catalog.publish(entity, files)
