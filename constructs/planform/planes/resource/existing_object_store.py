"""Buckets that the organisation already has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from planform.contracts.object_store import BucketRef, ObjectStore
from planform.planes.component import Component
from planform.spec.settings import Settings

__all__ = ["ExistingObjectStore", "ExistingObjectStoreSettings"]

FullName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$", examples=["acme-ml-artifacts"])]


class ExistingObjectStoreSettings(Settings):
    """Which bucket stands for which name."""

    buckets: dict[Annotated[str, Field(min_length=1, max_length=63)], FullName] = Field(
        description="Names that components ask for, such as `artifacts`, to full names of buckets.",
        examples=[{"artifacts": "acme-ml-artifacts"}],
    )


class ExistingObjectStore(Component):
    """Buckets that are there already; planform makes nothing and changes nothing.

    Provides: ObjectStore, for the names in `buckets`.
    Requires: nothing.
    Emits: nothing. Whoever owns the buckets gives each reader roles/storage.objectViewer and each writer
    roles/storage.objectUser; the inventory of the environment names who asks for what.
    Errors: contract/not-named.
    """

    name = "existing"
    capability = "object_store"
    provides = ObjectStore
    Settings = ExistingObjectStoreSettings

    settings: ExistingObjectStoreSettings

    def bucket(self, name: str, *, readers: Sequence[str] = (), writers: Sequence[str] = ()) -> BucketRef:
        """The bucket that the settings name; readers and writers are for its owner to let in."""
        if name not in self.settings.buckets:
            raise self.refuse(
                "contract/not-named",
                f"a bucket `{name}` is asked for, and `existing` names none",
                path=("buckets",),
                help=f"add `{name}: NAME-OF-YOUR-BUCKET` to `buckets`",
            )
        full = self.settings.buckets[name]
        return BucketRef(full, f"gs://{full}")
