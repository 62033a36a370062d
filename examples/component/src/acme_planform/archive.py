"""archive: buckets by Acme's rules for records that must be kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from planform.contracts.object_store import BucketRef, ObjectStore
from planform.contracts.services import Services
from planform.planes.component import Component
from planform.planes.record_ids import principal_id, record_id
from planform.spec.settings import Settings
from planform.terraform.expression import Known, template
from planform.terraform.google import StorageBucket, StorageBucketIamMember

__all__ = ["Archive", "ArchiveSettings"]

SECONDS_OF_A_DAY = 86_400


BucketName = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$", examples=["ledgers"])]


class ArchiveSettings(Settings):
    """Settings of `archive`."""

    buckets: tuple[BucketName, ...] = Field(
        default=(), description="Buckets by short name. Default: those that components ask for.", examples=[["ledgers"]]
    )
    keep_days: int = Field(default=2555, ge=1, le=36500, description="Days that nobody may delete. Default: 7 years.")


class Archive(Component):
    """Buckets whose objects nobody can delete or replace for years, named `<project>-archive-<name>`.

    Provides: ObjectStore. Writers may add objects and read them.
    Requires: nothing.
    Emits: google_storage_bucket, google_storage_bucket_iam_member.
    Source: Acme's retention schedule, seven years.
    """

    name = "archive"
    capability = "object_store"
    provides = ObjectStore
    apis = ("storage.googleapis.com",)
    Settings = ArchiveSettings

    settings: ArchiveSettings
    services: Services | None

    def build(self) -> None:
        self._buckets: dict[str, StorageBucket] = {}
        self._members: set[str] = set()
        for name in self.settings.buckets:
            self.bucket(name)

    def bucket(self, name: str, *, readers: Sequence[str] = (), writers: Sequence[str] = ()) -> BucketRef:
        """The bucket for `name`, made on first use."""
        full = f"{self.environment.project}-archive-{name}"
        bucket = self._buckets.get(name)
        if bucket is None:
            bucket = self._buckets[name] = self._make(name, full)
        for role, members in (("Viewer", readers), ("User", writers)):
            for member in members:
                self._grant(name, f"roles/storage.object{role}", member)
        return BucketRef(Known(full, bucket.name), Known(f"gs://{full}", template("gs://{}", bucket.name)))

    def _make(self, name: str, full: str) -> StorageBucket:
        return StorageBucket(
            self,
            record_id(name),
            name=full,
            location=self.environment.region.upper(),
            storage_class="ARCHIVE",
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            retention_policy=[{"retention_period": str(self.settings.keep_days * SECONDS_OF_A_DAY)}],
            labels=self.labels,
        )

    def _grant(self, name: str, role: str, member: str) -> None:
        granted = record_id(name, role.removeprefix("roles/storage."), principal_id(member, self.environment))
        if granted not in self._members:
            self._members.add(granted)
            StorageBucketIamMember(self, granted, bucket=self._buckets[name].name, role=role, member=member)
