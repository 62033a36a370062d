"""keys: customer-managed encryption keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct

__all__ = ["KeyRef", "Keys"]


class KeyRef(Struct, frozen=True):
    """One encryption key. `id` is `projects/P/locations/L/keyRings/R/cryptoKeys/K`."""

    id: str
    location: str


@runtime_checkable
class Keys(Protocol):
    """Encryption keys, one for each purpose, that the data of the environment is encrypted with."""

    def key(self, purpose: str, *, users: Sequence[str] = (), location: str | None = None) -> KeyRef:
        """The key for a purpose such as `database`; made on first use, the same one afterwards.

        `users` are the IAM members that may encrypt and decrypt with it, usually a Google service agent
        (`environment.service_agent("gcp-sa-cloud-sql")`). `location` defaults to the environment's region and
        must be the location of the data: `us` for a bucket in the US multi-region.
        """
