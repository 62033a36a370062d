"""existing: a catalog that the organisation has already, such as DataHub or Collibra."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from planform.contracts.lineage_catalog import CatalogEntry, LineageCatalog
from planform.planes.component import Component
from planform.planes.observability.classifications import (
    ClassificationSettings,
    classification_faults,
    refuse_classification,
)
from planform.planes.observability.data_address import data_address
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.units import KebabName

__all__ = ["ExistingLineageCatalog", "ExistingLineageCatalogSettings"]


class ExistingLineageCatalogSettings(ClassificationSettings):
    """What the catalog has, and where it is read."""

    url: str = Field(
        pattern=r"^https://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~{}=&?/:-]*)?$",
        description="Where people read an entry; `{id}` stands for its id.",
        examples=["https://datahub.acme.example/dataset/{id}"],
    )
    entries: dict[KebabName, Annotated[str, StringConstraints(pattern=r"^[^\s<>\"]{1,500}$")]] = Field(
        default_factory=dict,
        description="Name that components ask for to the entry's id in the catalog. Default: none, so asking for a"
        " dataset is an error that names it.",
    )


class ExistingLineageCatalog(Component):
    """A catalog that others keep; planform only makes sure that what is asked for is in it.

    Provides: LineageCatalog.
    Requires: nothing.
    Emits: nothing.
    Errors: spec/classification, contract/classification, contract/data-address, contract/not-named.
    """

    name = "existing"
    capability = "lineage_catalog"
    provides = LineageCatalog
    files_only = True
    Settings = ExistingLineageCatalogSettings
    settings: ExistingLineageCatalogSettings

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        yield from classification_faults(settings, "classifications", ())

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
        """The named entry."""
        refuse_classification(self, name, classification, self.settings.classifications)
        data_address(self, uri)
        id = self.settings.entries.get(name)
        if id is None:
            raise self.refuse(
                "contract/not-named",
                f"`existing` names no entry of the catalog for `{name}`, {uri}",
                path=("entries",),
                help=f"under `entries` add `{name}:` with the id of an entry: team {team}, {classification}",
            )
        return CatalogEntry(id, self.settings.url.replace("{id}", id))

    def classifications(self) -> Sequence[str]:
        """The organisation's."""
        return self.settings.classifications
