"""Customer-managed encryption keys in Cloud KMS."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from planform.contracts.keys import KeyRef, Keys
from planform.contracts.services import Services
from planform.planes.component import Component
from planform.planes.record_ids import principal_id, record_id
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import Days
from planform.terraform.expression import Known
from planform.terraform.google import KmsCryptoKey, KmsCryptoKeyIamMember, KmsKeyRing
from planform.terraform.record import Lifecycle

__all__ = ["CloudKms", "CloudKmsSettings", "key_location"]

PURPOSE = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
LOCATION = re.compile(r"[a-z]+[0-9]*(-[a-z]+[0-9]+)?")
NAME_LENGTH = 63
USER = "roles/cloudkms.cryptoKeyEncrypterDecrypter"


class CloudKmsSettings(Settings):
    """How keys are protected, and how long they live."""

    protection: Literal["software", "hsm"] | None = Field(
        default=None,
        description="Where key material lives: `software`, or `hsm` for FIPS 140-2 level 3 modules, at many times the"
        " price of a key version. It can never change for a key, so write it down before an environment becomes"
        " production. Default: `hsm` in production, `software` elsewhere.",
    )
    rotation_days: Annotated[Days, Field(le=365)] = Field(
        default=90,
        description="Days after which a key gets a new version, 1 to 365; each version is billed while it exists and"
        " data keeps the version that it was written with. Default: 90.",
    )
    destroy_after_days: Annotated[Days, Field(le=120)] = Field(
        default=30,
        description="Days between the order to destroy a key version and its end, in which it can be restored,"
        " 1 to 120; fixed when a key is made. Default: 30.",
    )


class CloudKms(Component):
    """Cloud KMS keys, one for each purpose, in one key ring for each location.

    Provides: Keys; a key's id, as a reference, waits for the grant to the user who asked for it.
    Requires: Services.
    Emits: google_kms_key_ring for each location, google_kms_crypto_key for each purpose and location, and
    google_kms_crypto_key_iam_member for each user; none of the keys and rings can be destroyed, as Cloud KMS keeps
    their names for ever and data is lost with its key.
    Errors: spec/name-too-long, contract/bad-name, contract/key-location.
    Source: Cloud KMS, key rotation and key destruction (24 hours to 120 days); names of rings and keys have 1 to 63
    letters, digits, underscores and hyphens.
    """

    name = "cloud-kms"
    capability = "keys"
    provides = Keys
    apis = ("cloudkms.googleapis.com",)
    Settings = CloudKmsSettings
    settings: CloudKmsSettings
    services: Services

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        if len(environment.prefix) > NAME_LENGTH:
            yield Fault(
                "spec/name-too-long",
                f"the key ring would be called `{environment.prefix}`, which has more than {NAME_LENGTH} characters",
                help="shorten the name of the platform or of the environment",
            )

    def build(self) -> None:
        self._rings: dict[str, KmsKeyRing] = {}
        self._keys: dict[tuple[str, str], KmsCryptoKey] = {}
        self._grants: dict[tuple[str, str, str], KmsCryptoKeyIamMember] = {}

    def key(self, purpose: str, *, users: Sequence[str] = (), location: str | None = None) -> KeyRef:
        """The key for a purpose in a location; `users` may encrypt and decrypt with it."""
        place = key_location(location or self.environment.region)
        if not PURPOSE.fullmatch(purpose) or len(purpose) > NAME_LENGTH:
            raise self.refuse(
                "contract/bad-name",
                f"`{purpose}` cannot be the name of a key",
                help=f"use up to {NAME_LENGTH} lower case letters, digits and single hyphens, such as object-store",
            )
        if not LOCATION.fullmatch(place):
            raise self.refuse(
                "contract/key-location",
                f"`{location}` is no location of keys",
                help="use a region such as europe-west4, or a multi-region such as us, europe or global",
            )
        key = self._key(purpose, place)
        reference = key.id
        made: list[KmsCryptoKeyIamMember] = []
        for user in users:
            made.append(self._grant(key, purpose, place, user, made))
            reference = made[-1].crypto_key_id
        ring = f"projects/{self.environment.project}/locations/{place}/keyRings/{self.environment.prefix}"
        return KeyRef(id=Known(f"{ring}/cryptoKeys/{purpose}", reference), location=place)

    def _key(self, purpose: str, place: str) -> KmsCryptoKey:
        if (purpose, place) not in self._keys:
            hsm = (self.settings.protection or ("hsm" if self.environment.production else "software")) == "hsm"
            self._keys[purpose, place] = KmsCryptoKey(
                self,
                self._id(purpose, place),
                name=purpose,
                key_ring=self._ring(place).id,
                purpose="ENCRYPT_DECRYPT",
                rotation_period=_seconds(self.settings.rotation_days),
                destroy_scheduled_duration=_seconds(self.settings.destroy_after_days),
                version_template=[
                    {
                        "algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION",
                        "protection_level": "HSM" if hsm else "SOFTWARE",
                    }
                ],
                labels=self.labels,
                lifecycle=Lifecycle(prevent_destroy=True),
            )
        return self._keys[purpose, place]

    def _ring(self, place: str) -> KmsKeyRing:
        if place not in self._rings:
            self._rings[place] = KmsKeyRing(
                self,
                self._id(self.id, place),
                project=self.environment.project,
                name=self.environment.prefix,
                location=place,
                lifecycle=Lifecycle(prevent_destroy=True),
            )
        return self._rings[place]

    def _grant(
        self, key: KmsCryptoKey, purpose: str, place: str, user: str, before: Sequence[KmsCryptoKeyIamMember]
    ) -> KmsCryptoKeyIamMember:
        """A user's grant, after those that were asked for with it, so that waiting for the last is waiting for all."""
        if (purpose, place, user) not in self._grants:
            self._grants[purpose, place, user] = KmsCryptoKeyIamMember(
                self,
                f"{self._id(purpose, place)}_{principal_id(user, self.environment)}",
                crypto_key_id=key.id,
                role=USER,
                member=user,
                depends_on=list(before),
            )
        return self._grants[purpose, place, user]

    def _id(self, name: str, place: str) -> str:
        """Ids outside the environment's region have a double underscore, which no purpose has."""
        return record_id(name) if place == self.environment.region else f"{record_id(name)}__{record_id(place)}"


def key_location(data_location: str) -> str:
    """Where the key of data in a location must be; the EU multi-region is called `europe` by Cloud KMS."""
    return {"eu": "europe"}.get(data_location.lower(), data_location.lower())


def _seconds(days: int) -> str:
    return f"{days * 86400}s"
