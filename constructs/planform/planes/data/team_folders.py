"""Folders of a bucket that are a team's: managed folders, which have an access of their own.

Source: Cloud Storage's page on managed folders: names end in a slash, access beyond the bucket's is per folder; roles
storage.objectUser (read and write), objectCreator (write once), objectViewer; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Sequence

from planform.contracts.object_store import BucketRef
from planform.planes.component import Component
from planform.planes.record_ids import principal_id, record_id
from planform.terraform.expression import Known, template
from planform.terraform.google import StorageManagedFolder, StorageManagedFolderIamMember
from planform.terraform.record import Lifecycle

__all__ = ["TeamFolders"]

EVERYBODY = ("allUsers", "allAuthenticatedUsers")


class TeamFolders:
    """Managed folders of one bucket, each made on first use."""

    def __init__(self, owner: Component, bucket: BucketRef) -> None:
        self._owner = owner
        self.bucket = bucket
        self._folders: dict[str, StorageManagedFolder] = {}
        self._granted: set[tuple[str, str, str]] = set()

    def folder(self, *path: str) -> str:
        """`gs://bucket/experiments/fraud/churn`."""
        name = "/".join(path)
        if name not in self._folders:
            production = self._owner.environment.production
            self._folders[name] = StorageManagedFolder(
                self._owner,
                _id(*path),
                bucket=self.bucket.name,
                name=f"{name}/",
                force_destroy=False,
                deletion_policy="PREVENT" if production else "DELETE",
                lifecycle=Lifecycle(prevent_destroy=True) if production else None,
            )
        folder = self._folders[name]
        return Known(f"{self.bucket.uri}/{name}", template("gs://{}/" + name, folder.bucket))

    def admit(self, *path: str, role: str, kind: str, members: Sequence[str]) -> None:
        """Give members a role on a folder alone; `kind` is the word for it in addresses."""
        name = "/".join(path)
        for member in members:
            if member in EVERYBODY:
                raise self._owner.refuse(
                    "contract/public-access",
                    f"`{member}` cannot have access to `{name}`, which stays private",
                    help="name groups, users and service accounts",
                )
            if (name, kind, member) in self._granted:
                continue
            self._granted.add((name, kind, member))
            StorageManagedFolderIamMember(
                self._owner,
                f"{_id(*path)}__{record_id(kind, principal_id(member, self._owner.environment))}",
                bucket=self.bucket.name,
                managed_folder=self._folders[name].name,
                role=role,
                member=member,
            )


def _id(*path: str) -> str:
    """Folders have a double underscore between their names, which no name has."""
    return "__".join(record_id(part) for part in path)
