"""Dataplex Universal Catalog: what data there is, whose it is, how sensitive, and where it came from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from planform.contracts.lineage_catalog import CatalogEntry, LineageCatalog
from planform.contracts.services import Services
from planform.planes.component import Component
from planform.planes.observability.classifications import (
    Classification,
    ClassificationSettings,
    classification_faults,
    refuse_classification,
)
from planform.planes.observability.data_address import data_address
from planform.planes.observability.metadata_templates import template
from planform.planes.record_ids import principal_id, record_id
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import KebabName, Principal
from planform.terraform.google import (
    DataCatalogPolicyTag,
    DataCatalogPolicyTagIamMember,
    DataCatalogTaxonomy,
    DataplexAspectType,
    DataplexAsset,
    DataplexEntry,
    DataplexEntryGroup,
    DataplexEntryType,
    DataplexLake,
    DataplexZone,
    ProjectIamMember,
)
from planform.terraform.record import Lifecycle

__all__ = ["AssetSettings", "Dataplex", "DataplexSettings"]

ZoneName = Literal["raw", "curated"]
NAME = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
DISCOVERY = "0 4 * * *"
CONSOLE = "https://console.cloud.google.com/dataplex/dp-entries"


class AssetSettings(Settings):
    """A bucket or a dataset whose files and tables are discovered in a zone of the lake."""

    zone: ZoneName = Field(description="`raw` takes any file, `curated` only structured ones with a schema.")
    bucket: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$")] | None = Field(
        default=None, description="Name of a bucket of the environment's project. Default: none, a dataset instead."
    )
    dataset: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{1,1024}$")] | None = Field(
        default=None, description="Name of a dataset of the environment's project. Default: none, a bucket instead."
    )

    @model_validator(mode="after")
    def _one(self) -> AssetSettings:
        if (self.bucket is None) == (self.dataset is None):
            raise ValueError("give either `bucket` or `dataset`")
        return self


class DataplexSettings(ClassificationSettings):
    """Settings of `dataplex`."""

    zones: tuple[ZoneName, ...] = Field(
        default=("raw", "curated"), description="Zones of the lake; none makes no lake. Default: raw and curated."
    )
    assets: dict[KebabName, AssetSettings] = Field(
        default_factory=dict,
        description="What is discovered in the zones, every night; it becomes tables in BigQuery. Default: nothing, as"
        " buckets and datasets have entries of Google's own in the catalog.",
        examples=[{"datasets": {"zone": "raw", "bucket": "acme-ai-dev-datasets"}}],
    )
    protected: tuple[Classification, ...] | None = Field(
        default=None,
        description="Classifications that get a policy tag: a column with it is read only by those in"
        " `column_readers`. Default: all but the two least sensitive.",
    )
    column_readers: dict[Classification, tuple[Principal, ...]] = Field(
        default_factory=dict,
        description="Classification to those who may read columns with its policy tag. Default: nobody.",
        examples=[{"confidential": ["group:fraud-ml@acme.example"]}],
    )
    viewers: tuple[Principal, ...] = Field(
        default=(),
        description="Who may search the catalog. Default: those that may everywhere in the project.",
        examples=[["group:ml@acme.example"]],
    )


class Dataplex(Component):
    """Dataplex: one lake, one group of entries, types of what an entry says, and policy tags for columns.

    Every dataset that is asked for is an entry with the aspects owner, classification, contents and origin. Models have
    a type of their own, with a model card, for whoever registers models. With the Data Lineage API on, BigQuery,
    Dataflow, Composer and Vertex AI write lineage by themselves; Terraform has nothing for lineage, so `sources` are
    kept in the aspect origin. A policy tag protects a column once a table's schema names it.
    By hand: nothing.

    Provides: LineageCatalog.
    Requires: Services.
    Emits: google_dataplex_lake, _zone, _asset, _aspect_type, _entry_type, _entry_group and an _entry for each dataset;
    google_data_catalog_taxonomy and its policy tags; google_project_iam_member for viewers.
    Errors: spec/classification, spec/dataplex-zone, contract/classification, contract/data-address, contract/bad-name.
    Source: provider pages of google_dataplex_* 7.45.0, whose entries want the project's number in the names of types
    and aspects; Dataplex' pages on metadata templates and on automated lineage; read 2026-11.
    """

    name = "dataplex"
    capability = "lineage_catalog"
    provides = LineageCatalog
    apis = ("datacatalog.googleapis.com", "datalineage.googleapis.com", "dataplex.googleapis.com")
    Settings = DataplexSettings
    settings: DataplexSettings
    services: Services

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        yield from classification_faults(settings, "protected", settings.protected or ())
        for each in settings.column_readers:
            if each not in _protected(settings):
                yield Fault(
                    "spec/classification",
                    f"`{each}` has no policy tag that anybody could read columns with",
                    ("column_readers", each),
                    help=f"name one of {', '.join(_protected(settings)) or 'none'}, or add it to `protected`",
                )
        for name, asset in settings.assets.items():
            if asset.zone not in settings.zones:
                yield Fault(
                    "spec/dataplex-zone",
                    f"the lake has no zone `{asset.zone}`",
                    ("assets", name, "zone"),
                    help=f"add `{asset.zone}` to `zones`",
                )

    def build(self) -> None:
        self._entries: dict[str, CatalogEntry] = {}
        self._lake()
        self._types()
        self._policy_tags()
        for viewer in dict.fromkeys(self.settings.viewers):
            ProjectIamMember(
                self,
                record_id("viewer", principal_id(viewer, self.environment)),
                project=self.environment.project,
                role="roles/dataplex.catalogViewer",
                member=viewer,
            )

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
        """The dataset's entry; asking again gives the same."""
        if not NAME.fullmatch(name):
            raise self.refuse(
                "contract/bad-name",
                f"`{name}` cannot be the name of an entry",
                help="use lower case letters, digits and hyphens, 63 at most, starting with a letter",
            )
        refuse_classification(self, name, classification, self.settings.classifications)
        if name not in self._entries:
            aspects: dict[str, dict[str, Any]] = {
                "owner": {"team": team},
                "classification": {"level": classification.upper()},
                "contents": {"columns": [{"name": key, "type": kind} for key, kind in (columns or {}).items()]},
                "origin": {"sources": [data_address(self, source).resource for source in sources]},
            }
            self._entries[name] = self._entry(name, uri, team, description, aspects)
        return self._entries[name]

    def classifications(self) -> Sequence[str]:
        """The organisation's."""
        return self.settings.classifications

    def _named(self, name: str) -> str:
        return f"{self.environment.prefix}-{name}"

    @property
    def _common(self) -> dict[str, Any]:
        return {
            "project": self.environment.project,
            "location": self.environment.region,
            "labels": self.labels,
        }

    def _lake(self) -> None:
        if not self.settings.zones:
            return
        title = f"{self.environment.prefix} data"
        lake = DataplexLake(self, "data", name=self._named("data"), display_name=title, **self._common)
        discovery = {"enabled": True, "schedule": DISCOVERY, "exclude_patterns": ["**/_tmp/**"]}
        zones = {
            zone: DataplexZone(
                self,
                zone,
                name=zone,
                lake=lake.name,
                type=zone.upper(),
                discovery_spec=[discovery],
                resource_spec=[{"location_type": "SINGLE_REGION"}],
                **self._common,
            )
            for zone in dict.fromkeys(self.settings.zones)
        }
        for name, asset in self.settings.assets.items():
            kind, place = ("STORAGE_BUCKET", "buckets") if asset.bucket else ("BIGQUERY_DATASET", "datasets")
            DataplexAsset(
                self,
                record_id(name),
                name=name,
                lake=lake.name,
                dataplex_zone=zones[asset.zone].name,
                discovery_spec=[discovery],
                resource_spec=[
                    {
                        "name": f"projects/{self.environment.project}/{place}/{asset.bucket or asset.dataset}",
                        "type": kind,
                    }
                ],
                origin=self.at("assets", name),
                **self._common,
            )

    def _types(self) -> None:
        """What an entry can say, and the two kinds of entries."""
        levels = [level.upper() for level in self.settings.classifications]
        kept = Lifecycle(prevent_destroy=True) if self.environment.production else None
        self._aspects = {
            name: DataplexAspectType(
                self,
                record_id(name),
                aspect_type_id=self._named(name),
                display_name=title,
                description=text,
                metadata_template=template(name, levels),
                lifecycle=kept,
                **self._common,
            )
            for name, title, text in (
                ("owner", "Owner", "The team whose data or model it is."),
                ("classification", "Classification", "How sensitive it is."),
                ("contents", "Contents", "Its columns."),
                ("origin", "Origin", "What it is made from."),
                ("model-card", "Model card", "What a model is for, what it was made from, and who let it through."),
            )
        }
        self._kinds = {
            name: DataplexEntryType(
                self,
                record_id(name),
                entry_type_id=self._named(name),
                display_name=name.capitalize(),
                description=text,
                platform="planform",
                system_attribute=self.environment.platform,
                type_aliases=[alias],
                required_aspects=[{"type": self._aspects[each].name} for each in required],
                **self._common,
            )
            for name, alias, text, required in (
                ("dataset", "DATASET", "Data of the platform.", ("owner", "classification")),
                ("model", "MODEL", "A model of the platform.", ("owner", "model-card")),
            )
        }
        title = f"{self.environment.prefix} platform"
        group = self._named("platform")
        self._group = DataplexEntryGroup(
            self, "platform", entry_group_id=group, display_name=title, lifecycle=kept, **self._common
        )

    def _entry(
        self, name: str, uri: str, team: str, description: str, aspects: Mapping[str, Mapping[str, Any]]
    ) -> CatalogEntry:
        facts = self.environment
        number, region, address = facts.project_number, facts.region, data_address(self, uri)
        DataplexEntry(
            self,
            record_id(name),
            project=number,
            location=region,
            entry_group_id=self._group.entry_group_id,
            entry_id=name,
            entry_type=f"projects/{number}/locations/{region}/entryTypes/{self._named('dataset')}",
            fully_qualified_name=f"custom:{facts.platform}.{facts.name}.{name}",
            entry_source=[
                {
                    "resource": address.resource,
                    "system": address.system,
                    "platform": "google-cloud",
                    "display_name": name,
                    "description": description or None,
                    "labels": {**self.labels, "team": team},
                }
            ],
            aspects=[
                {
                    "aspect_key": f"{number}.{region}.{self._named(aspect)}",
                    "aspect": [{"data": json.dumps(data, sort_keys=True)}],
                }
                for aspect, data in aspects.items()
            ],
            depends_on=[*self._kinds.values(), *self._aspects.values()],
        )
        group = self._named("platform")
        place = f"locations/{region}/entryGroups/{group}/entries/{name}"
        url = f"{CONSOLE}/projects/{facts.project}/{place}?project={facts.project}"
        return CatalogEntry(id=f"projects/{number}/{place}", url=url)

    def _policy_tags(self) -> None:
        protected = _protected(self.settings)
        if not protected:
            return
        taxonomy = DataCatalogTaxonomy(
            self,
            "classification",
            project=self.environment.project,
            region=self.environment.region,
            display_name=self._named("classification"),
            description="Columns with one of these tags are read only with leave.",
            activated_policy_types=["FINE_GRAINED_ACCESS_CONTROL"],
        )
        for level in protected:
            tag = DataCatalogPolicyTag(
                self, level, taxonomy=taxonomy.id, display_name=level, description=f"Data classified {level}."
            )
            for reader in dict.fromkeys(self.settings.column_readers.get(level, ())):
                DataCatalogPolicyTagIamMember(
                    self,
                    record_id(level, principal_id(reader, self.environment)),
                    policy_tag=tag.name,
                    role="roles/datacatalog.categoryFineGrainedReader",
                    member=reader,
                    origin=self.at("column_readers", level),
                )


def _protected(settings: Any) -> tuple[str, ...]:
    """The protected ones among the classifications, in their order."""
    if settings.protected is None:
        return tuple(settings.classifications[2:])
    return tuple(each for each in settings.classifications if each in settings.protected)
