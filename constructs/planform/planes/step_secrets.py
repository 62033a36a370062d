"""The secrets that steps of CI name: how they are written, and where Secret Manager holds them."""

from __future__ import annotations

import re
from typing import Annotated

from msgspec import Struct
from pydantic import Field, StringConstraints

from planform.contracts.secrets import SecretRef
from planform.planes.component import Component

__all__ = ["ELSEWHERE", "LATEST", "Held", "StepSecret", "held_at", "in_step"]

LATEST = "latest"
ELSEWHERE = (
    "name it `projects/PROJECT/secrets/NAME`; if the store is not Secret Manager, fill `secrets` with secret-manager or"
    " existing where CI needs a secret"
)
"""What to do about a secret that is kept elsewhere."""
_NAME = "[A-Za-z0-9_-]{1,255}"
_FORM = rf"({_NAME})|projects/([a-z0-9.:-]+)/secrets/({_NAME})(?:/versions/(latest|[1-9][0-9]*))?"
StepSecret = Annotated[
    str,
    StringConstraints(pattern=f"^({_FORM})$"),
    Field(examples=["scanner-token", "projects/acme-secrets/secrets/scanner-token"]),
]


class Held(Struct, frozen=True):
    """Where Secret Manager holds a secret, and which of its versions is meant."""

    project: str
    name: str
    version: str = LATEST

    @property
    def secret(self) -> str:
        """`projects/P/secrets/N`."""
        return f"projects/{self.project}/secrets/{self.name}"

    @property
    def versioned(self) -> str:
        """`projects/P/secrets/N/versions/V`."""
        return f"{self.secret}/versions/{self.version}"


def held_at(secret: str, project: str) -> Held | None:
    """What a step's secret means, a bare name being one of `project`; None for what is kept elsewhere."""
    found = re.fullmatch(_FORM, secret)
    if found is None:
        return None
    bare, elsewhere, name, version = found.groups()
    return Held(project, bare) if bare else Held(elsewhere, name, version or LATEST)


def in_step(owner: Component, ref: SecretRef) -> str:
    """How a step of the owner's names a secret of the store. Errors: contract/workflow.

    It is refused here already, as a golden path puts it into a variable, where CI cannot tell.
    """
    named = str(ref.id) if ref.version == LATEST else f"{ref.id}/versions/{ref.version}"
    if held_at(named, owner.environment.project) is None:
        raise owner.refuse(
            "contract/workflow",
            f"CI would have to read `{named}`, which is no secret of Secret Manager",
            help=ELSEWHERE,
        )
    return named
