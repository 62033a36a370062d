"""Encryption keys that the organisation already has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, StringConstraints

from planform.contracts.keys import KeyRef, Keys
from planform.planes.component import Component
from planform.planes.security.cloud_kms import key_location
from planform.spec.settings import Settings
from planform.spec.units import KebabName

__all__ = ["ExistingKeys", "ExistingKeysSettings"]

KeyId = Annotated[
    str,
    StringConstraints(
        pattern=r"^projects/[a-z][a-z0-9-]{4,28}[a-z0-9]/locations/[a-z0-9-]+"
        r"/keyRings/[A-Za-z0-9_-]{1,63}/cryptoKeys/[A-Za-z0-9_-]{1,63}$"
    ),
    Field(examples=["projects/acme-keys/locations/europe-west4/keyRings/ai/cryptoKeys/database"]),
]


class ExistingKeysSettings(Settings):
    """Which keys there are."""

    keys: dict[KebabName, KeyId | tuple[KeyId, ...]] = Field(
        default_factory=dict,
        description="Purpose, such as `database`, to the key's id; a list where a purpose needs a key in each of"
        " several locations. Default: none, so asking for a key is an error that names the purpose.",
    )
    default: KeyId | tuple[KeyId, ...] = Field(
        default=(), description="Key, or one in each location, for every purpose that `keys` does not name."
    )


class ExistingKeys(Component):
    """Keys made and kept by the organisation, mostly in a project of its own.

    Provides: Keys.
    Requires: nothing.
    Emits: nothing. Whoever owns the keys grants roles/cloudkms.cryptoKeyEncrypterDecrypter on each to the service
    agents that encrypt with it: service-NUMBER@compute-system, @container-engine-robot, @gs-project-accounts,
    @gcp-sa-cloud-sql, @gcp-sa-artifactregistry, @gcp-sa-secretmanager (all .iam.gserviceaccount.com), as used.
    Errors: contract/unknown-key.
    Source: Cloud KMS, customer-managed encryption keys: a key must be in the location of the data.
    """

    name = "existing"
    capability = "keys"
    provides = Keys
    Settings = ExistingKeysSettings
    settings: ExistingKeysSettings

    def key(self, purpose: str, *, users: Sequence[str] = (), location: str | None = None) -> KeyRef:
        """The named key of that purpose in that location."""
        place = key_location(location or self.environment.region)
        given = self.settings.keys.get(purpose, self.settings.default)
        for id in (given,) if isinstance(given, str) else given:
            if _location(id) == place:
                return KeyRef(id=id, location=place)
        raise self.refuse(
            "contract/unknown-key",
            f"`keys` names no key for `{purpose}` in {place}",
            help=f"under `keys` of the slot `keys` add `{purpose}:` with the id of a key in {place}"
            + (f", where {', '.join(users)} may encrypt and decrypt" if users else ""),
        )


def _location(id: str) -> str:
    return id.split("/")[3]
