"""object_store: buckets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct

__all__ = ["BucketRef", "ObjectStore"]


class BucketRef(Struct, frozen=True):
    """A bucket. `uri` is `gs://<name>`."""

    name: str
    uri: str


@runtime_checkable
class ObjectStore(Protocol):
    """Private, versioned, encrypted buckets."""

    def bucket(self, name: str, *, readers: Sequence[str] = (), writers: Sequence[str] = ()) -> BucketRef:
        """The bucket for `name`, such as `artifacts`; made on first use, the same one afterwards.

        `readers` and `writers` are IAM members; writers may also read and replace objects.
        """
