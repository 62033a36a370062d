"""existing: a portal whose catalog others look after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from planform.contracts.portal import Portal
from planform.planes.component import Component
from planform.planes.control.backstage_catalog import entity_problems, entity_reference
from planform.spec.settings import Settings

__all__ = ["ExistingPortal", "ExistingPortalSettings"]


class ExistingPortalSettings(Settings):
    """Settings of `existing` for portal."""

    url: str | None = Field(
        default=None,
        pattern=r"^https://[a-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*/?$",
        description="Where people open the portal, for links. Default: unknown.",
        examples=["https://portal.acme.example"],
    )


class ExistingPortal(Component):
    """A portal with a catalog that somebody else writes, by discovery or by hand; planform adds nothing to it.

    References are those that the entities would have. For a portal that shall learn of the platform by planform's
    files, choose `portal-files`.

    Provides: Portal; what is published is checked and goes nowhere.
    Requires: nothing.
    Emits: nothing.
    Errors: contract/bad-entity.
    """

    name = "existing"
    capability = "portal"
    provides = Portal
    files_only = True
    Settings = ExistingPortalSettings
    settings: ExistingPortalSettings

    def url(self) -> str | None:
        """The portal's address, if it was told."""
        return self.settings.url

    def publish(self, entity: Mapping[str, Any], *, files: Mapping[str, str] | None = None) -> str:
        """The reference that the entity has where others registered it."""
        for problem in entity_problems(entity):
            raise self.refuse(
                "contract/bad-entity",
                f"an entity cannot be published: {problem}",
                help="write it as Backstage's page on the descriptor format has it",
            )
        return entity_reference(entity)
