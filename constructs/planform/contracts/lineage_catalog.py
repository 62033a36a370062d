"""lineage_catalog: what data there is, whose it is, and where it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct

from planform.contracts.delivers_files import DeliversFiles

__all__ = ["CatalogEntry", "LineageCatalog"]


class CatalogEntry(Struct, frozen=True):
    """An entry of the catalog: its id there, and where people read it."""

    id: str
    url: str


@runtime_checkable
class LineageCatalog(DeliversFiles, Protocol):
    """A catalog of data with owners, classifications and lineage."""

    def dataset(
        self,
        name: str,
        *,
        uri: str,
        team: str,
        classification: str,
        description: str = "",
        columns: Mapping[str, str] | None = None,
        sources: Sequence[str] = (),
    ) -> CatalogEntry:
        """Register data: `gs://...`, `bq://P.D.T` or a database's `postgres://...` without user or password.

        `columns` is name to type; `sources` are the addresses that it is made from.
        """

    def classifications(self) -> Sequence[str]:
        """Classifications that data may have, the least sensitive first."""
