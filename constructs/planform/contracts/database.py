"""database: a managed PostgreSQL server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct

from planform.contracts.identity import Identity

__all__ = ["Database", "DatabaseRef", "DatabaseServerRef"]


class DatabaseServerRef(Struct, frozen=True):
    """A PostgreSQL server. `connection_name` is what its auth proxy dials: `P:R:INSTANCE` for Cloud SQL,
    the instance's resource name for AlloyDB.
    """

    connection_name: str
    engine: str
    version: str


class DatabaseRef(Struct, frozen=True):
    """One database on a server. `users` are PostgreSQL user names, one for each identity that was let in."""

    connection_name: str
    database: str
    users: tuple[str, ...]


@runtime_checkable
class Database(Protocol):
    """PostgreSQL on a private address, signed in to by IAM, without passwords."""

    def server(self) -> DatabaseServerRef:
        """The server."""

    def database(self, name: str, *, users: Sequence[Identity] = ()) -> DatabaseRef:
        """The database `name` (lower case, digits, underscores), made on first use; each of `users` may sign in."""
