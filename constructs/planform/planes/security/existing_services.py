"""APIs that somebody else switches on."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from planform.contracts.services import Services
from planform.planes.component import Component
from planform.planes.security.project_services import Api
from planform.spec.settings import Settings
from planform.terraform.record import Resource

__all__ = ["ExistingServices", "ExistingServicesSettings"]


class ExistingServicesSettings(Settings):
    """Which APIs the organisation has switched on."""

    enabled: tuple[Api, ...] | None = Field(
        default=None,
        description="The APIs that are on, by their full domain: whatever a component needs beyond them is an error."
        " Default: not told, so every API is taken to be on.",
        examples=[["container.googleapis.com", "sqladmin.googleapis.com"]],
    )


class ExistingServices(Component):
    """A project whose Google APIs the organisation switches on, in a project factory for example.

    Provides: Services; there is nothing to wait for.
    Requires: nothing.
    Emits: nothing.
    Errors: contract/api-not-enabled.
    Source: the APIs that each component needs are on its own page.
    """

    name = "existing"
    capability = "services"
    provides = Services
    Settings = ExistingServicesSettings
    settings: ExistingServicesSettings

    def enable(self, *apis: str) -> Sequence[Resource]:
        """Nothing to do; refuses an API that is known to be off."""
        enabled = self.settings.enabled
        missing = [api for api in apis if enabled is not None and api not in enabled]
        if missing:
            raise self.refuse(
                "contract/api-not-enabled",
                f"this needs {', '.join(missing)}, which `services` does not list",
                help=f"have it switched on, then add {', '.join(missing)} to `enabled` of the slot `services`",
            )
        return ()
