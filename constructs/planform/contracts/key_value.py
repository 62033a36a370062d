"""key_value: items by key, with low latency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol, runtime_checkable

from msgspec import Struct, field

from planform.contracts.identity import Identity

__all__ = ["KeyValue", "KeyValueClient", "TableRef"]


class TableRef(Struct, frozen=True):
    """A table. `name` is what a client library is given, `id` its full name in its cloud."""

    name: str
    id: str
    engine: Literal["dynamodb", "firestore"]


class KeyValueClient(Struct, frozen=True):
    """How a pod reaches its tables without a key: variables, and volumes with where they are mounted."""

    variables: Mapping[str, str]
    volumes: tuple[Mapping[str, Any], ...] = ()
    mounts: tuple[Mapping[str, Any], ...] = field(default=())


@runtime_checkable
class KeyValue(Protocol):
    """Tables of items by key."""

    def table(self, name: str, *, key: str, sort_key: str = "", expires_by: str = "", team: str = "") -> TableRef:
        """The table `name` with text keys, made on first use; `expires_by` is the field with an item's end."""

    def client(
        self,
        name: str,
        *,
        namespace: str,
        service_account: str,
        scope: object,
        identity: Identity | None = None,
        reads: Sequence[TableRef] = (),
        writes: Sequence[TableRef] = (),
    ) -> KeyValueClient:
        """Let the pods that run as a service account read and write tables."""
