"""Tables of features in BigQuery: the offline half of every feature store that planform makes.

A table has a column for the entity, `feature_timestamp`, and a column for each feature; a row is what was known of an
entity at a time. So training can join what was true then, and serving take what is true now.

Source: Vertex AI's page on preparing data sources for feature groups (entity id column, feature_timestamp TIMESTAMP);
BigQuery API v2, tables and datasets, names of legacy types, which it answers with; read 2026-11.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

from pydantic import Field, StringConstraints

from planform.contracts.feature_store import FeatureType
from planform.contracts.keys import KeyRef, Keys
from planform.planes.component import Component
from planform.planes.record_ids import principal_id, record_id
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import KebabName, Principal
from planform.terraform.expression import Known, template
from planform.terraform.google import (
    BigqueryDataset,
    BigqueryDatasetIamMember,
    BigqueryTable,
    BigqueryTableIamMember,
)
from planform.terraform.record import Lifecycle

__all__ = [
    "MOST_IN_NAME",
    "SNAKE",
    "TABLE_URI",
    "TIMESTAMP",
    "Cron",
    "FeatureGroupSettings",
    "FeatureName",
    "FeatureTables",
    "FeatureViewSettings",
    "GroupName",
    "ViewName",
    "feature_faults",
    "view_faults",
]

SNAKE = re.compile(r"[a-z][a-z0-9_]*")
MOST_IN_NAME = {"group": 128, "feature": 128, "view": 60, "store": 60}
"""Characters of a name, by what it names, in Vertex AI; the first is no digit."""
TIMESTAMP = "feature_timestamp"
COLUMNS: Mapping[FeatureType, tuple[str, str]] = {
    "bool": ("BOOLEAN", "NULLABLE"),
    "int": ("INTEGER", "NULLABLE"),
    "float": ("FLOAT", "NULLABLE"),
    "string": ("STRING", "NULLABLE"),
    "timestamp": ("TIMESTAMP", "NULLABLE"),
    "float_array": ("FLOAT", "REPEATED"),
}
READER, WRITER = "roles/bigquery.dataViewer", "roles/bigquery.dataEditor"
TABLE_URI = r"bq://[a-z][a-z0-9-]{4,28}[a-z0-9]\.[A-Za-z0-9_]{1,1024}\.[A-Za-z0-9_-]{1,1024}"

GroupName = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=128), Field(examples=["customer_activity"])
]
ViewName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60), Field(examples=["churn"])]
FeatureName = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=128), Field(examples=["orders_7d"])
]
Cron = Annotated[
    str,
    StringConstraints(pattern=r"^(TZ=[A-Za-z_]+(/[A-Za-z_]+)* )?[0-9*,/-]+( [0-9*,/-]+){4}$"),
    Field(examples=["0 * * * *", "TZ=Europe/Amsterdam 30 2 * * *"]),
]


class FeatureGroupSettings(Settings):
    """A group of features: one table, one entity."""

    entity: FeatureName = Field(description="Column that tells entities apart; text.", examples=["customer_id"])
    features: dict[FeatureName, FeatureType] = Field(
        min_length=1,
        max_length=1000,
        description="Features by name, to `bool`, `int`, `float`, `string`, `timestamp` or `float_array`. A feature"
        " may be added at any time; taking one away makes the table anew.",
        examples=[{"orders_7d": "int", "spend_30d": "float"}],
    )
    team: KebabName | None = Field(default=None, description="Team that it is of, for labels. Default: none.")
    source: Annotated[str, StringConstraints(pattern=f"^{TABLE_URI}$")] | None = Field(
        default=None,
        description="A table that is there already, `bq://PROJECT.DATASET.TABLE`, with the entity's column and"
        " `feature_timestamp`; its owner lets Vertex AI's service agent and the readers in. Default: it is made.",
        examples=["bq://acme-data.marts.customer_activity"],
    )
    readers: tuple[Principal, ...] = Field(
        default=(), description="Who may read it, in training and in serving. Default: nobody but those who ask."
    )
    writers: tuple[Principal, ...] = Field(
        default=(), description="Who may write values. Default: nobody but those who ask."
    )


class FeatureViewSettings(Settings):
    """What a model asks for by entity: features of some groups, kept ready."""

    groups: tuple[GroupName, ...] = Field(min_length=1, description="Groups of one entity, by name.")
    readers: tuple[Principal, ...] = Field(
        default=(), description="Who may read it in serving. Default: nobody but those who ask."
    )


def feature_faults(name: str, group: FeatureGroupSettings) -> Iterator[Fault]:
    """Columns that a group cannot have."""
    for column in group.features:
        if column in (TIMESTAMP, group.entity):
            yield Fault(
                "spec/feature-name",
                f"`{column}` of group `{name}` is the column of the "
                + ("time" if column == TIMESTAMP else "entity")
                + ", which is no feature",
                ("groups", name, "features", column),
                help="delete the line, or call the feature something else",
                of_key=True,
            )
    if group.entity == TIMESTAMP:
        yield Fault(
            "spec/feature-name",
            f"`{TIMESTAMP}` is the column of the time, and group `{name}` has it as its entity",
            ("groups", name, "entity"),
            help="name the column that tells entities apart",
        )


def view_faults(
    views: Mapping[str, FeatureViewSettings], groups: Mapping[str, FeatureGroupSettings]
) -> Iterator[Fault]:
    """Views of groups that are not there, or of several entities."""
    for name, view in views.items():
        missing = [each for each in view.groups if each not in groups]
        for each in missing:
            yield Fault(
                "spec/feature-view",
                f"view `{name}` takes group `{each}`, which is not in `groups`",
                ("views", name, "groups", view.groups.index(each)),
                help=f"write one of {', '.join(groups)}" if groups else "write the group under `groups`",
            )
        entities = {groups[each].entity for each in view.groups if each in groups}
        if len(entities) > 1:
            yield Fault(
                "spec/feature-view",
                f"view `{name}` takes groups of {len(entities)} entities: {', '.join(sorted(entities))}",
                ("views", name, "groups"),
                help="make a view for each entity",
            )


class FeatureTables:
    """One dataset, and a table for each group without a source of its own.

    A table is partitioned by day and clustered by entity. Whoever may read or write a group may do so with its table
    alone. In production neither dataset nor table can be destroyed.
    """

    def __init__(self, owner: Component, *, keys: Keys | None, location: str) -> None:
        self._owner = owner
        self._environment: Environment = owner.environment
        self._location = location
        self._key = _key(self._environment, keys, location)
        self._tables: dict[str, BigqueryTable] = {}
        self._granted: set[tuple[str, str, str]] = set()
        self.dataset = self._make_dataset()

    @property
    def key_id(self) -> str | None:
        """The key that everything of the store is encrypted with; None where Google's own does."""
        return self._key.id if self._key else None

    @property
    def uri(self) -> str:
        """`bq://P.D`."""
        project = self._environment.project
        return Known(f"bq://{project}.{self.dataset_id}", template("bq://{}.{}", project, self.dataset.dataset_id))

    @property
    def dataset_id(self) -> str:
        """`acme_ai_dev_features`."""
        return f"{self._environment.prefix.replace('-', '_')}_features"

    def table(self, name: str, entity: str, features: Mapping[str, FeatureType], team: str) -> str:
        """Make the table of a group; its address."""
        environment, labels = self._environment, self._owner.labels
        self._tables[name] = BigqueryTable(
            self._owner,
            record_id(name),
            project=environment.project,
            dataset_id=self.dataset.dataset_id,
            table_id=name,
            description=f"Features of {entity}",
            schema=_schema(entity, features),
            time_partitioning=[{"type": "DAY", "field": TIMESTAMP}],
            clustering=[entity],
            encryption_configuration=[{"kms_key_name": self._key.id}] if self._key else None,
            deletion_protection=environment.production,
            labels={**labels, "team": team} if team else labels,
            lifecycle=Lifecycle(prevent_destroy=True) if environment.production else None,
        )
        project, table = environment.project, self._tables[name]
        return Known(
            f"bq://{project}.{self.dataset_id}.{name}",
            template("bq://{}.{}.{}", project, table.dataset_id, table.table_id),
        )

    def admit(self, name: str, *, readers: Sequence[str] = (), writers: Sequence[str] = ()) -> None:
        """Let members read or write the table of a group; nothing where the table is somebody else's."""
        for kind, role, members in (("writer", WRITER, writers), ("reader", READER, readers)):
            for member in members:
                if name in self._tables and (name, kind, member) not in self._granted:
                    self._granted.add((name, kind, member))
                    BigqueryTableIamMember(
                        self._owner,
                        record_id(name, kind, principal_id(member, self._environment)),
                        project=self._environment.project,
                        dataset_id=self._tables[name].dataset_id,
                        table_id=self._tables[name].table_id,
                        role=role,
                        member=member,
                    )

    def admit_to_all(self, member: str, role: str = READER) -> BigqueryDatasetIamMember:
        """Let a member into every table, those of later groups too."""
        kind = "writer" if role == WRITER else "reader"
        return BigqueryDatasetIamMember(
            self._owner,
            record_id("features", kind, principal_id(member, self._environment)),
            project=self._environment.project,
            dataset_id=self.dataset.dataset_id,
            role=role,
            member=member,
        )

    def _make_dataset(self) -> BigqueryDataset:
        environment = self._environment
        return BigqueryDataset(
            self._owner,
            "features",
            project=environment.project,
            dataset_id=self.dataset_id,
            friendly_name="Features",
            description=f"Feature tables of {environment.prefix}",
            location=self._location,
            default_encryption_configuration=[{"kms_key_name": self._key.id}] if self._key else None,
            delete_contents_on_destroy=False,
            deletion_policy="PREVENT" if environment.production else "DELETE",
            labels=self._owner.labels,
            lifecycle=Lifecycle(prevent_destroy=True) if environment.production else None,
        )


def _key(environment: Environment, keys: Keys | None, location: str) -> KeyRef | None:
    if keys is None:
        return None
    agents = [
        environment.bigquery_agent,
        environment.service_agent("gcp-sa-aiplatform"),
    ]
    return keys.key("features", users=agents, location=location)


def _schema(entity: str, features: Mapping[str, FeatureType]) -> str:
    columns = [
        {"name": entity, "type": "STRING", "mode": "REQUIRED", "description": "Entity"},
        {"name": TIMESTAMP, "type": "TIMESTAMP", "mode": "REQUIRED", "description": "When the values were true"},
    ]
    for name, kind in features.items():
        type_name, mode = COLUMNS[kind]
        columns.append({"name": name, "type": type_name, "mode": mode})
    return json.dumps(columns)
