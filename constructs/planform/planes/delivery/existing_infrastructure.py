"""existing: whatever plans and applies Terraform in the organisation already."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pydantic import Field

from planform.contracts.infrastructure import Infrastructure, StackFacts
from planform.files import File
from planform.planes.component import Component
from planform.planes.delivery.apply_roles import roles_for
from planform.spec.settings import Settings

__all__ = ["ExistingInfrastructure", "ExistingInfrastructureSettings"]


class ExistingInfrastructureSettings(Settings):
    """Where the state is."""

    state_bucket: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$",
        description="Bucket of the state. Default: none, the state is in another place.",
    )


class ExistingInfrastructure(Component):
    """The organisation's own pipelines, such as Atlantis or Spacelift, told of the stacks by one file.

    `stacks.json` lists each stack with its folder in the output, its owner, the stacks to apply before it, and the
    predefined roles that applying it takes.

    Provides: Infrastructure.
    Requires: nothing.
    Emits: stacks.json; no Terraform.
    """

    name = "existing"
    capability = "infrastructure"
    provides = Infrastructure
    files_only = True
    Settings = ExistingInfrastructureSettings
    settings: ExistingInfrastructureSettings

    def state_bucket(self) -> str | None:
        """The named bucket."""
        return self.settings.state_bucket

    def deliver(self, stacks: Sequence[StackFacts]) -> None:
        """The list of stacks."""
        listed = [
            {
                "name": stack.name,
                "folder": f"stacks/{stack.name}",
                "plane": stack.plane,
                "owner": stack.owner,
                "after": list(stack.after),
                "roles": list(roles_for(stack.resource_types(), {})),
            }
            for stack in stacks
        ]
        File(self, "stacks.json", json.dumps({"stacks": listed}, indent=2) + "\n")
