"""notebooks: interactive computing with accelerators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct, field

from planform.contracts.identity import Identity
from planform.contracts.object_store import BucketRef

__all__ = ["NotebookProfile", "NotebookRef", "Notebooks"]


class NotebookProfile(Struct, frozen=True):
    """A size of notebook: vCPUs, memory in GiB, and `count` accelerators of a type, "" for none."""

    name: str
    cpus: int
    memory_gib: int
    accelerator: str = ""
    count: int = 0


class NotebookRef(Struct, frozen=True):
    """One workspace: its name, where a person opens it, the folders that buckets are mounted at, by bucket, and the
    labels of its pods; empty where it runs outside of the cluster.
    """

    name: str
    url: str
    mounts: Mapping[str, str] = field(default_factory=dict)
    pods: Mapping[str, str] = field(default_factory=dict)


@runtime_checkable
class Notebooks(Protocol):
    """Notebooks that keep their files, stop when idle, and act as their team's identity."""

    def profiles(self) -> Sequence[NotebookProfile]:
        """The sizes that may be asked for."""

    def workspace(
        self,
        name: str,
        *,
        team: str,
        users: Sequence[str],
        profile: str,
        scope: object,
        identity: Identity | None = None,
        disk_gib: int = 20,
        buckets: Sequence[BucketRef] = (),
        idle_minutes: int = 60,
        secret: str = "",
    ) -> NotebookRef:
        """A workspace of a team; `users` are IAM members, `profile` one of the sizes. Its records are in `scope`.

        `secret` is a Kubernetes Secret of the team's namespace whose keys become variables of the notebook. Outside of
        the cluster it says nothing: there the notebook reads the store as its identity.
        """
