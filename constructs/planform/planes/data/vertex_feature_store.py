"""Vertex AI Feature Store: features in BigQuery, registered in groups, served from Bigtable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import Field

from planform.contracts.feature_store import FeatureGroupRef, FeatureStoreRef, FeatureType, FeatureViewRef
from planform.planes.data.feature_requests import FeatureRequests
from planform.planes.data.feature_tables import (
    MOST_IN_NAME,
    Cron,
    FeatureGroupSettings,
    FeatureTables,
    FeatureViewSettings,
    GroupName,
    ViewName,
)
from planform.planes.data.project_roles import ProjectRole
from planform.planes.record_ids import record_id
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import Zone
from planform.terraform.expression import Known, template
from planform.terraform.google import (
    VertexAiFeatureGroup,
    VertexAiFeatureGroupFeature,
    VertexAiFeatureOnlineStore,
    VertexAiFeatureOnlineStoreFeatureview,
)
from planform.terraform.record import Lifecycle, Resource

__all__ = ["VertexFeatureStore", "VertexFeatureStoreSettings"]

READ = (
    "aiplatform.featureGroups.get",
    "aiplatform.featureGroups.list",
    "aiplatform.featureOnlineStores.get",
    "aiplatform.featureOnlineStores.list",
    "aiplatform.featureViews.fetchFeatureValues",
    "aiplatform.featureViews.get",
    "aiplatform.featureViews.list",
    "aiplatform.features.get",
    "aiplatform.features.list",
    "bigquery.jobs.create",
    "bigquery.readsessions.create",
    "bigquery.readsessions.getData",
    "bigquery.readsessions.update",
)
MOST_GROWTH = 10


class VertexFeatureStoreSettings(Settings):
    """Settings of `vertex-feature-store`."""

    min_nodes: int = Field(
        default=1,
        ge=1,
        le=100,
        description="Bigtable nodes that are always there, billed by the hour. Default: 1.",
    )
    max_nodes: int = Field(
        default=3,
        ge=1,
        le=1000,
        description="Bigtable nodes that it may grow to, at most ten times `min_nodes`. Default: 3.",
    )
    cpu_target_percent: int = Field(
        default=50, ge=10, le=80, description="CPU load of a node that it keeps to, 10 to 80 per cent. Default: 50."
    )
    zone: Zone | None = Field(
        default=None, description="Zone of the nodes; fixed once made. Default: one that Google chooses."
    )
    direct_access: bool = Field(
        default=False,
        description="Whether clients may read Bigtable itself, past Vertex AI's API, at lower latency. Default: false.",
    )
    sync: Cron = Field(
        default="0 * * * *",
        description="When views take new values from the tables, as cron, in UTC or with `TZ=` before it."
        " Default: every hour.",
    )
    groups: dict[GroupName, FeatureGroupSettings] = Field(
        default_factory=dict, description="Groups of features by name. Default: those that components ask for."
    )
    views: dict[ViewName, FeatureViewSettings] = Field(
        default_factory=dict, description="Views by name. Default: those that components ask for."
    )


class VertexFeatureStore(FeatureRequests):
    """Vertex AI Feature Store with Bigtable serving, the groups over tables in BigQuery.

    The online store is `<platform>_<environment>_online`, the dataset `<platform>_<environment>_features`, a group is
    registered under the same prefix. A view is copied from its groups' tables as `sync` says; it holds the latest
    values. Who may read or write a group has that on its table alone; who reads has also a role of the project by
    which they may ask every view, as Vertex AI knows no finer grant. The legacy Feature Store (entity types, which
    ends 2027-02-17) and the deprecated Optimized serving are never made.
    With keys everything is encrypted with a customer-managed key, which Bigtable serving alone allows.
    What a person does once: the first use of Vertex AI makes its service agent, which the grants name:
    `gcloud beta services identity create --service=aiplatform.googleapis.com --project=PROJECT` before the apply.

    Provides: FeatureStore; `id` of a group and a view are their resource names.
    Requires: Services; Keys, optional.
    Emits: google_vertex_ai_feature_online_store, google_vertex_ai_feature_group,
    google_vertex_ai_feature_group_feature, google_vertex_ai_feature_online_store_featureview, google_bigquery_dataset,
    google_bigquery_table, IAM of both, and google_project_iam_custom_role for readers.
    Errors: contract/bad-name, contract/not-named, contract/other-features, spec/feature-name, spec/feature-nodes,
    spec/feature-view, spec/feature-zone, spec/name-too-long.
    Source: Vertex AI API v1, featureOnlineStores, featureGroups, featureViews: names of letters a to z, digits and
    underscores, 60 or 128 at most, maxNodeCount at most ten times minNodeCount; provider 7.45.0; read 2026-11.
    """

    name = "vertex-feature-store"
    apis = ("aiplatform.googleapis.com", "bigquery.googleapis.com")
    Settings = VertexFeatureStoreSettings
    settings: VertexFeatureStoreSettings

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        yield from super().check(settings, environment)
        yield from _node_faults(settings)
        if settings.zone and settings.zone.rpartition("-")[0] != environment.region:
            yield Fault(
                "spec/feature-zone",
                f"zone `{settings.zone}` is not in region `{environment.region}`",
                ("zone",),
                help=f"write a zone of {environment.region}, or leave it to Google",
            )
        if len(_store_name(environment)) > MOST_IN_NAME["store"]:
            yield Fault(
                "spec/name-too-long",
                f"`{_store_name(environment)}` is longer than the {MOST_IN_NAME['store']} characters of a feature"
                " store's name",
                help="shorten the platform's or the environment's name",
            )
        for name in settings.groups:
            if len(_group_name(name, environment)) > MOST_IN_NAME["group"]:
                yield Fault(
                    "spec/name-too-long",
                    f"`{_group_name(name, environment)}` is longer than {MOST_IN_NAME['group']} characters",
                    ("groups", name),
                    help="shorten the group's name",
                    of_key=True,
                )

    def build(self) -> None:
        self.tables = FeatureTables(self, keys=self.keys, location=self.environment.region)
        agent = self.tables.admit_to_all(self.environment.service_agent("gcp-sa-aiplatform"))
        self._agent: Resource = agent
        self._store = self._make_store()
        self._registered: dict[str, VertexAiFeatureGroup] = {}
        self._features: dict[str, list[VertexAiFeatureGroupFeature]] = {}
        self._readers = ProjectRole(self, "feature_reader", title="Reads features of Vertex AI", permissions=READ)
        self._make_written()

    def store(self) -> FeatureStoreRef:
        """The dataset and the online store."""
        return FeatureStoreRef("vertex", self.tables.uri, self._id)

    def reach(self, namespace: str, *, scope: object) -> None:
        """Nothing: Vertex AI is one of Google's APIs, which every namespace reaches."""

    @property
    def _parent(self) -> str:
        return f"projects/{self.environment.project}/locations/{self.environment.region}"

    @property
    def _id(self) -> str:
        text = f"{self._parent}/featureOnlineStores/{_store_name(self.environment)}"
        return Known(text, template(f"{self._parent}/featureOnlineStores/{{}}", self._store.name))

    def _make_store(self) -> VertexAiFeatureOnlineStore:
        settings, environment = self.settings, self.environment
        scaling = {
            "min_node_count": settings.min_nodes,
            "max_node_count": settings.max_nodes,
            "cpu_utilization_target": settings.cpu_target_percent,
        }
        bigtable = {
            "auto_scaling": [scaling],
            "zone": settings.zone,
            "enable_direct_bigtable_access": settings.direct_access,
        }
        key = self.tables.key_id
        return VertexAiFeatureOnlineStore(
            self,
            record_id(self.id),
            project=environment.project,
            region=environment.region,
            name=_store_name(environment),
            bigtable=[bigtable],
            encryption_spec=[{"kms_key_name": key}] if key else None,
            force_destroy=False,
            deletion_policy="PREVENT" if environment.production else "DELETE",
            labels=self.labels,
            lifecycle=Lifecycle(prevent_destroy=True) if environment.production else None,
        )

    def _make_group(
        self, name: str, entity: str, features: Mapping[str, FeatureType], team: str, source: str
    ) -> FeatureGroupRef:
        full = _group_name(name, self.environment)
        self._refuse_name(full, "group")
        uri = source or self.tables.table(name, entity, features, team)
        labels = {**self.labels, "team": team} if team else self.labels
        common: dict[str, Any] = {
            "project": self.environment.project,
            "region": self.environment.region,
            "labels": labels,
        }
        group = self._registered[name] = VertexAiFeatureGroup(
            self,
            record_id(name),
            name=full,
            description=f"Features of {entity}",
            big_query=[{"big_query_source": [{"input_uri": uri}], "entity_id_columns": [entity]}],
            lifecycle=Lifecycle(prevent_destroy=True) if self.environment.production else None,
            **common,
        )
        self._features[name] = [
            VertexAiFeatureGroupFeature(
                self,
                f"{record_id(name)}__{record_id(feature)}",
                name=feature,
                feature_group=group.name,
                version_column_name=feature,
                **common,
            )
            for feature in features
        ]
        id = Known(f"{self._parent}/featureGroups/{full}", template(f"{self._parent}/featureGroups/{{}}", group.name))
        return FeatureGroupRef(name, id, entity, uri, dict(features))

    def _make_view(self, name: str, groups: Sequence[FeatureGroupRef]) -> FeatureViewRef:
        sources = [
            {
                "feature_group_id": self._registered[group.name].name,
                "feature_ids": [feature.name for feature in self._features[group.name]],
            }
            for group in groups
        ]
        view = VertexAiFeatureOnlineStoreFeatureview(
            self,
            record_id(name),
            project=self.environment.project,
            region=self.environment.region,
            name=name,
            feature_online_store=self._store.name,
            feature_registry_source=[{"project_number": self.environment.project_number, "feature_groups": sources}],
            sync_config=[{"cron": self.settings.sync}],
            labels=self.labels,
            depends_on=[self._agent],
        )
        id = Known(f"{self._id}/featureViews/{name}", template("{}/featureViews/{}", self._store.id, view.name))
        return FeatureViewRef(name, id, tuple(group.name for group in groups))

    def _admit_reader(self, member: str) -> None:
        self._readers.grant(member)


def _store_name(environment: Environment) -> str:
    return f"{environment.prefix.replace('-', '_')}_online"


def _group_name(name: str, environment: Environment) -> str:
    return f"{environment.prefix.replace('-', '_')}_{name}"


def _node_faults(settings: VertexFeatureStoreSettings) -> Iterable[Fault]:
    least, most = settings.min_nodes, settings.max_nodes
    path = ("max_nodes",) if "max_nodes" in settings.model_fields_set else ("min_nodes",)
    if most < least:
        yield Fault(
            "spec/feature-nodes",
            f"an online store cannot grow from {least} nodes to {most}",
            path,
            help=f"write `max_nodes: {least}` or more",
        )
    elif most > least * MOST_GROWTH:
        yield Fault(
            "spec/feature-nodes",
            f"an online store with `min_nodes: {least}` may grow to {least * MOST_GROWTH} nodes, not to {most}",
            path,
            help=f"write `max_nodes: {least * MOST_GROWTH}` or less, or `min_nodes: {-(-most // MOST_GROWTH)}` or more",
        )
