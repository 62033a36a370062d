"""Dataset: data with a place, a schema, readers by its classification, an entry in the catalog, and checks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Struct
from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from planform.contracts.ci import Ci, Step, Trigger
from planform.contracts.data_quality import DataQuality, QualityCheck
from planform.contracts.database import Database
from planform.contracts.feature_store import FeatureStore, FeatureType
from planform.contracts.identity import Identities, Identity
from planform.contracts.keys import Keys
from planform.contracts.lineage_catalog import LineageCatalog
from planform.contracts.metadata import Metadata
from planform.contracts.object_store import BucketRef, ObjectStore
from planform.contracts.portal import Portal
from planform.contracts.services import Services
from planform.contracts.version_control import VersionControl
from planform.diagnostics import suggest
from planform.golden_paths.entity import show
from planform.golden_paths.path import Path
from planform.golden_paths.platform_workflow import team_ci, write_workflow
from planform.spec.cron import Schedule
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import Hours, KebabName
from planform.spec.workload import Reference, Workload
from planform.terraform.google import BigqueryDataset, BigqueryDatasetIamMember, BigqueryTable
from planform.terraform.record import Lifecycle

__all__ = ["Dataset", "DatasetRef", "DatasetSettings"]

Column = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$"), Field(examples=["amount"])]
ColumnType = Literal["string", "integer", "float", "boolean", "timestamp", "date"]
FORMATS = {"parquet": "PARQUET", "csv": "CSV", "jsonl": "NEWLINE_DELIMITED_JSON"}
TYPES = {
    "string": "STRING",
    "integer": "INT64",
    "float": "FLOAT64",
    "boolean": "BOOL",
    "timestamp": "TIMESTAMP",
    "date": "DATE",
}
BIGQUERY = "bigquery.googleapis.com"


class BucketLocation(Settings):
    """Files in a bucket of their own, which BigQuery reads as a table."""

    folder: str = Field(
        default="data",
        pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$",
        description="Folder of the bucket that the files are in. Default: data.",
    )
    format: Literal["parquet", "csv", "jsonl"] = Field(default="parquet", description="Their format. Default: parquet.")


class DatabaseLocation(Settings):
    """A table in a database of its own, on the environment's server."""

    table: Column = Field(description="Name of the table.", examples=["transactions"])


class FeatureGroup(Settings):
    """Features of one entity, kept in the feature store's own table."""

    entity: Column = Field(description="Column that names the entity.", examples=["customer_id"])
    features: dict[Column, FeatureType] = Field(min_length=1, description="Types of the features, by name.")


class QualitySettings(Settings):
    """What must hold of the data."""

    schedule: Schedule = Field(default="0 6 * * *", description="When it is checked, cron, UTC. Default: 0 6 * * *.")
    fresh_hours: Hours | None = Field(default=None, description="Age of the newest data at most. Default: unchecked.")
    rows: int | None = Field(default=None, ge=1, description="Rows at least. Default: unchecked.")
    not_null: tuple[Column, ...] = Field(default=(), description="Columns without nulls. Default: none.")
    unique: tuple[Column, ...] = Field(default=(), description="Columns without a value twice. Default: none.")
    one_of: dict[Column, tuple[str, ...]] = Field(
        default_factory=dict, description="Columns to the values that they may have. Default: none."
    )

    def checks(self) -> tuple[QualityCheck, ...]:
        """In the words of the contract."""
        found = [QualityCheck("fresh", limit=self.fresh_hours)] if self.fresh_hours else []
        found += [QualityCheck("rows", limit=self.rows)] if self.rows else []
        found += [QualityCheck("not_null", column) for column in self.not_null]
        found += [QualityCheck("unique", column) for column in self.unique]
        found += [QualityCheck("one_of", column, values=values) for column, values in sorted(self.one_of.items())]
        return tuple(found)

    @property
    def columns(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Where a column is named, and its name."""
        for field in ("not_null", "unique"):
            yield from (((field, index), column) for index, column in enumerate(getattr(self, field)))
        yield from ((("one_of", column), column) for column in self.one_of)


class DatasetSettings(Workload):
    """Data that teams share."""

    kind: Literal["Dataset"] = Field(description="What this document describes.")
    description: str = Field(
        min_length=1, max_length=500, description="What the data is.", examples=["Card payments, one row each"]
    )
    classification: str = Field(
        pattern=r"^[a-z][a-z0-9_-]{0,30}$",
        description="How sensitive it is, in the words of the platform's catalog; it decides who may read it.",
        examples=["confidential"],
    )
    bucket: BucketLocation | None = Field(default=None, description="Files in a bucket: one of three places.")
    database: DatabaseLocation | None = Field(default=None, description="A table in a database: one of three places.")
    feature_group: FeatureGroup | None = Field(
        default=None, description="Features in the feature store: one of three places."
    )
    columns: dict[Column, ColumnType] = Field(
        default_factory=dict,
        description="Its schema: types by column, in the order of its files. Features bring their own. Default: none.",
    )
    readers: tuple[KebabName, ...] = Field(
        default=(),
        description="Other teams that read it. What has the lowest classification every team reads, and what has the"
        " highest only its own. Default: none.",
    )
    sources: tuple[KebabName, ...] = Field(
        default=(), description="Datasets that it is made from, by the names of their documents. Default: none."
    )
    quality: QualitySettings = Field(
        default_factory=lambda: QualitySettings(rows=1), description="What must hold of it. Default: it is not empty."
    )

    declares = ("dataset",)

    @model_validator(mode="after")
    def _one_place(self) -> DatasetSettings:
        chosen = [name for name in ("bucket", "database", "feature_group") if getattr(self, name) is not None]
        if len(chosen) != 1:
            raise PydanticCustomError(
                "workload/dataset-place",
                "a dataset is in one place, and here are {chosen}",
                {
                    "chosen": " and ".join(f"`{name}`" for name in chosen) or "none",
                    "help": "write one of `bucket: {}`, `database: {table: NAME}` and `feature_group: {...}`",
                },
            )
        if not self.columns and self.feature_group is None:
            raise PydanticCustomError(
                "workload/no-columns",
                "a dataset in `{place}` says nothing of its columns",
                {"place": chosen[0], "help": "add `columns:`, such as `columns: {payment_id: string, amount: float}`"},
            )
        return self

    def gives(self) -> Iterator[tuple[str, str]]:
        yield from super().gives()
        if self.feature_group is not None:
            yield "feature group", self.name

    def refers(self) -> Iterator[Reference]:
        for index, name in enumerate(self.sources):
            yield Reference("dataset", name, ("sources", index))


class DatasetRef(Struct, frozen=True):
    """Where a dataset is: its address, its bucket or database if it is in one, and the table that it is read as."""

    uri: str
    classification: str
    bucket: BucketRef | None = None
    folder: str = ""
    database: str = ""
    table: str = ""


class Dataset(Path):
    """Data in a bucket, a database or the feature store, registered, guarded by its classification, and checked.

    Files in a bucket are a table of BigQuery too, made of the schema, so that they can be checked and queried. What has
    the catalog's lowest classification every team of the platform may read, what has the highest only its own team;
    between, the teams that `readers` names.
    """

    kind = "Dataset"
    persona = "data engineer"
    title = "Dataset"
    table: ClassVar[Mapping[str, str]] = {
        "delivery": "a pipeline of CI registers it",
        "data": "schema, location and metadata registered",
        "resource": "data in a bucket or a database",
        "security": "IAM attached by classification",
        "observability": "discoverable in the lineage view; data-quality monitors",
    }
    choices: ClassVar[Mapping[str, str]] = {"sources": "dataset"}
    Settings = DatasetSettings
    settings: DatasetSettings
    identity: Identities
    lineage_catalog: LineageCatalog
    object_store: ObjectStore | None
    database: Database | None
    feature_store: FeatureStore | None
    data_quality: DataQuality | None
    metadata: Metadata | None
    services: Services | None
    keys: Keys | None
    ci: Ci | None
    version_control: VersionControl | None
    portal: Portal | None

    @classmethod
    def options(cls, components: Mapping[str, Any]) -> Mapping[str, Sequence[str]]:
        return {"classification": [*components["lineage_catalog"].classifications()]}

    def check(self) -> Iterator[Fault]:
        yield from self._classification_faults()
        for index, name in enumerate(self.settings.readers):
            if name not in self.teams:
                near = suggest(name, self.teams)
                yield Fault(
                    "workload/unknown-team",
                    f"environment `{self.environment.name}` has no team `{name}`",
                    ("readers", index),
                    label=f"did you mean `{near}`?" if near else "",
                    help=f"teams: {', '.join(self.teams)}",
                )
        place = {"bucket": "object_store", "database": "database", "feature_group": "feature_store"}
        for setting, capability in place.items():
            if getattr(self.settings, setting) is not None and getattr(self, capability) is None:
                yield Fault(
                    "workload/missing-capability",
                    f"`{setting}` needs `{capability}`, and environment `{self.environment.name}` has none",
                    (setting,),
                    help=f"fill the slot `{capability}`, or choose another place for the data",
                )
        yield from self._column_faults()

    def _classification_faults(self) -> Iterator[Fault]:
        known = [*self.lineage_catalog.classifications()]
        if self.settings.classification not in known:
            near = suggest(self.settings.classification, known)
            yield Fault(
                "workload/unknown-classification",
                f"the platform's catalog has no classification `{self.settings.classification}`",
                ("classification",),
                label=f"did you mean `{near}`?" if near else "",
                help=f"classifications, the least sensitive first: {', '.join(known)}",
            )
        elif self.settings.readers and self.settings.classification == known[-1]:
            yield Fault(
                "workload/closed-classification",
                f"what is `{known[-1]}` nobody but its team reads",
                ("readers",),
                help="delete `readers`, or declare a dataset of a lower classification that is made from it",
            )

    def _column_faults(self) -> Iterator[Fault]:
        known = self._columns()
        for path, column in self.settings.quality.columns:
            if column not in known:
                near = suggest(column, known)
                yield Fault(
                    "workload/unknown-column",
                    f"dataset `{self.name}` has no column `{column}` to check",
                    ("quality", *path),
                    label=f"did you mean `{near}`?" if near else "",
                    help=f"columns: {', '.join(known)}" if known else "add it to `columns`",
                )

    def build(self) -> None:
        with self.row("resource"):
            made = self._place()
        self.give("dataset", made)
        self._admit(made)
        with self.row("observability"):
            self._discover(made)
            self._monitor(made)
        self._register(made)
        if self.portal is not None:
            show(self, self.portal, "observability", type="dataset")

    def _columns(self) -> dict[str, str]:
        group = self.settings.feature_group
        if group is not None:
            return {group.entity: "string", **{name: str(kind) for name, kind in sorted(group.features.items())}}
        return {name: str(kind) for name, kind in self.settings.columns.items()}

    # Where it is

    def _place(self) -> DatasetRef:
        settings = self.settings
        if settings.bucket is not None and self.object_store is not None:
            return self._in_bucket(settings.bucket, self.object_store)
        if settings.database is not None and self.database is not None:
            held = self.database.database(self._snake)
            instance = str(held.connection_name).replace("/", ":").rpartition(":")[2]
            uri = f"postgres://{instance}/{held.database}/{settings.database.table}"
            return DatasetRef(uri, settings.classification, database=str(held.database))
        group, store = settings.feature_group, self.feature_store
        assert group is not None and store is not None
        made = store.group(self._snake, entity=group.entity, features=group.features, team=self.team)
        self.give("feature group", made)
        return DatasetRef(str(made.source), settings.classification, table=str(made.source))

    def _in_bucket(self, location: BucketLocation, store: ObjectStore) -> DatasetRef:
        bucket = store.bucket(f"data-{self.name}")
        uri = f"{bucket.uri}/{location.folder}"
        table = self._as_table(location, uri) if self.settings.columns else ""
        return DatasetRef(uri, self.settings.classification, bucket, location.folder, table=table)

    def _as_table(self, location: BucketLocation, uri: str) -> str:
        """The files as a table of BigQuery, whose readers read the files as themselves."""
        if self.services is not None:
            self.services.enable(BIGQUERY)
        facts = self.environment
        keep = Lifecycle(prevent_destroy=True) if facts.production else None
        key = self.keys.key("datasets", users=[facts.bigquery_agent]) if self.keys is not None else None
        dataset = BigqueryDataset(
            self,
            self._snake,
            project=facts.project,
            dataset_id=f"data_{self._snake}",
            friendly_name=self.name,
            description=self.settings.description,
            location=facts.region,
            default_encryption_configuration=[{"kms_key_name": key.id}] if key else None,
            delete_contents_on_destroy=False,
            deletion_policy="PREVENT" if facts.production else "DELETE",
            labels=self.labels,
            lifecycle=keep,
        )
        schema = [{"name": name, "type": TYPES[kind]} for name, kind in self.settings.columns.items()]
        BigqueryTable(
            self,
            self._snake,
            project=facts.project,
            dataset_id=dataset.dataset_id,
            table_id="files",
            description=self.settings.description,
            schema=json.dumps(schema),
            external_data_configuration=[
                {
                    "autodetect": False,
                    "source_format": FORMATS[location.format],
                    "source_uris": [f"{uri}/*"],
                }
            ],
            deletion_protection=facts.production,
            labels=self.labels,
            lifecycle=keep,
        )
        self._bigquery = dataset
        return f"bq://{facts.project}.data_{self._snake}.files"

    @property
    def _snake(self) -> str:
        return self.name.replace("-", "_")

    # Who reads it

    def _admit(self, made: DatasetRef) -> None:
        with self.row("security"):
            readers = self._readers()
            members = [each.member for each in readers]
            if made.bucket is not None and self.object_store is not None:
                self.object_store.bucket(f"data-{self.name}", readers=members, writers=self.members)
                if made.table:
                    self._admit_to_table()
            elif made.database and self.database is not None:
                self.database.database(self._snake, users=self._readers(own=True))
            elif self.feature_store is not None:
                self.feature_store.group(self._snake, entity="", features={}, readers=members, writers=self.members)
        if not self.members:
            self.without("security", "the team has no identity here, as its environment has no cluster")

    def _admit_to_table(self) -> None:
        for team, each in zip(self._reading_teams(own=True), self._readers(own=True), strict=True):
            BigqueryDatasetIamMember(
                self,
                f"{self._snake}_{team.replace('-', '_')}",
                project=self.environment.project,
                dataset_id=self._bigquery.dataset_id,
                role="roles/bigquery.dataViewer",
                member=each.member,
            )

    def _reading_teams(self, *, own: bool = False) -> tuple[str, ...]:
        least = self.lineage_catalog.classifications()[0]
        others = self.teams if self.settings.classification == least else self.settings.readers
        return tuple(dict.fromkeys((*((self.team,) if own else ()), *(each for each in others if each != self.team))))

    def _readers(self, *, own: bool = False) -> list[Identity]:
        return [
            self.identity.service_account(f"team-{team}", purpose=f"Workloads of team {team}")
            for team in self._reading_teams(own=own)
        ]

    # How it is found and judged

    def _discover(self, made: DatasetRef) -> None:
        with self.row("data"):
            self.lineage_catalog.dataset(
                f"{self.name}",
                uri=made.table or made.uri,
                team=self.team,
                classification=self.settings.classification,
                description=self.settings.description,
                columns=self._columns(),
                sources=[self._address(name) for name in self.settings.sources],
            )

    def _address(self, name: str) -> str:
        source: DatasetRef = self.given("dataset", name)
        return source.table or source.uri

    def _monitor(self, made: DatasetRef) -> None:
        checks = self.settings.quality.checks()
        if self.data_quality is None:
            self.lacks("observability", "data_quality")
        elif made.table and checks:
            self.data_quality.monitor(
                self.name, table=made.table, team=self.team, checks=checks, schedule=self.settings.quality.schedule
            )
            if made.bucket is not None:
                self.before("data_quality")
        elif made.table:
            self.without("observability", "`quality` names nothing to check")
        else:
            self.without("observability", "monitors read tables of BigQuery, and these data are in none")

    def _register(self, made: DatasetRef) -> None:
        if self.ci is None or self.version_control is None or self.metadata is None:
            for capability in ("ci", "version_control", "metadata"):
                if getattr(self, capability) is None:
                    self.lacks("delivery", capability)
            return
        store = self.metadata.store()
        with self.row("delivery"):
            acting = team_ci(self, self.identity, self.version_control)
            members = [acting.identity.member] if acting is not None else []
            self.metadata.experiment(f"datasets-{self.team}", team=self.team, writers=members)
            steps = [registration(store.kind, str(store.uri), self.name, self._description(made))]
            here = self.spec.origin("name")
            # By its name alone: the same file, whatever folder planform was given and wherever it was started.
            watched = (f"**/{PurePath(here.file).name}",) if here is not None else ()
            write_workflow(
                self, self.ci, acting, "Register dataset", steps, trigger=Trigger(push=True, manual=True, paths=watched)
            )
        self._rows["data"].made += [each for each in self._rows["delivery"].made if each not in self._rows["data"].made]

    def _description(self, made: DatasetRef) -> dict[str, Any]:
        return {
            "description": self.settings.description,
            "uri": made.uri,
            "metadata": {
                "classification": self.settings.classification,
                "columns": self._columns(),
                "sources": [self._address(name) for name in self.settings.sources],
                "table": made.table,
                "team": self.team,
            },
        }


_VERTEX = """\
curl --fail-with-body --silent --show-error --request PATCH \\
  --header "Authorization: Bearer $(gcloud auth print-access-token)" --header "Content-Type: application/json" \\
  --data "$ARTIFACT" "https://$REGION-aiplatform.googleapis.com/v1/$STORE/artifacts/$NAME?allowMissing=true"
"""
_MLFLOW = """\
python -m pip install --quiet mlflow-skinny==3.15.1
python - <<'PROGRAM'
import json, os
import mlflow

artifact = json.loads(os.environ["ARTIFACT"])
mlflow.set_tracking_uri(os.environ["STORE"])
mlflow.set_experiment(os.environ["EXPERIMENT"])
with mlflow.start_run(run_name=os.environ["NAME"], tags={"uri": artifact["uri"]}):
    mlflow.log_dict(artifact, "dataset.json")
PROGRAM
"""


def registration(kind: str, store: str, name: str, description: Mapping[str, Any]) -> Step:
    """The step that writes a dataset into the metadata store: as an artifact of Vertex AI, or as a run of MLflow.

    All that a document says reaches the command as a variable, so nothing of it can become code.
    Source: Vertex AI API v1, metadataStores.artifacts.patch with allowMissing; read 2026-11.
    """
    if kind == "mlflow":
        team = description["metadata"]["team"]
        variables = {"ARTIFACT": json.dumps(dict(description)), "EXPERIMENT": f"datasets-{team}", "NAME": name}
        return Step("Register the dataset", run=_MLFLOW, variables={**variables, "STORE": store})
    artifact = {
        "displayName": name,
        "description": description["description"],
        "uri": description["uri"],
        "schemaTitle": "system.Dataset",
        "schemaVersion": "0.0.1",
        "state": "LIVE",
        "metadata": description["metadata"],
    }
    region = store.split("/")[3]
    variables = {"ARTIFACT": json.dumps(artifact), "NAME": f"dataset-{name}", "REGION": region, "STORE": store}
    return Step("Register the dataset", run=_VERTEX, variables=variables)
