"""Feast: features in BigQuery, served from Bigtable by a feature server in the cluster."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml
from pydantic import Field

from planform.contracts.feature_store import FeatureGroupRef, FeatureStoreRef, FeatureType, FeatureViewRef
from planform.contracts.identity import Identities, Identity
from planform.contracts.monitoring import Monitoring, Panel
from planform.contracts.object_store import ObjectStore
from planform.files import File
from planform.kubernetes.record import KubernetesObject
from planform.planes.cluster_component import ClusterComponent
from planform.planes.cluster_traffic import let_reach
from planform.planes.data.feature_requests import FeatureRequests
from planform.planes.data.feature_tables import (
    TIMESTAMP,
    FeatureGroupSettings,
    FeatureTables,
    FeatureViewSettings,
    GroupName,
    ViewName,
)
from planform.planes.record_ids import principal_id, record_id
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import Days, Zone
from planform.terraform.google import BigtableInstance, BigtableInstanceIamMember
from planform.terraform.record import Lifecycle

__all__ = ["Feast", "FeastSettings"]

CHART = "feast-feature-server"
NAMESPACE = "feast"
PODS = {"app.kubernetes.io/name": CHART}
SERVE, METRICS = 6566, 8000
TYPES: Mapping[FeatureType, str] = {
    "bool": "Bool",
    "int": "Int64",
    "float": "Float64",
    "string": "String",
    "timestamp": "UnixTimestamp",
    "float_array": "Array(Float64)",
}
UNPRIVILEGED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "runAsUser": 1001,
}
RUN = """\
set -eu
cp /repository/* /scratch/
cd /scratch
feast apply
feast materialize-incremental "$(date -u +%Y-%m-%dT%H:%M:%S)"
"""


class FeastSettings(Settings):
    """Settings of `feast`."""

    min_nodes: int = Field(
        default=1,
        ge=1,
        le=100,
        description="Bigtable nodes that are always there, billed by the hour. Default: 1.",
    )
    max_nodes: int = Field(default=3, ge=1, le=1000, description="Bigtable nodes that it may grow to. Default: 3.")
    cpu_target_percent: int = Field(
        default=50, ge=10, le=80, description="CPU load of a node that it keeps to, 10 to 80 per cent. Default: 50."
    )
    zone: Zone | None = Field(
        default=None, description="Zone of the nodes; another makes them anew. Default: zone b of the region."
    )
    sync: str = Field(
        default="0 * * * *",
        pattern=r"^[0-9*,/-]+( [0-9*,/-]+){4}$",
        description="When new values go from the tables to Bigtable, as cron, in UTC. Default: every hour.",
    )
    keep_days: Days = Field(default=90, description="Age in days after which a value is not served. Default: 90.")
    groups: dict[GroupName, FeatureGroupSettings] = Field(
        default_factory=dict, description="Groups of features by name. Default: those that components ask for."
    )
    views: dict[ViewName, FeatureViewSettings] = Field(
        default_factory=dict, description="Views by name. Default: those that components ask for."
    )


class Feast(FeatureRequests, ClusterComponent):
    """Feast in the cluster: tables in BigQuery, values to serve in Bigtable, the registry in the object store.

    What is asked for becomes Feast's own repository, `feature_store.yaml` and `features.py`: an entity, a source and a
    feature view for each group, a feature service for each view. A job takes it in and brings new values to Bigtable
    as `sync` says; the feature server answers by HTTP. Server and job have an identity each: the server reads Bigtable
    and the registry, the job reads the tables and writes both.
    The feature server knows no people; whichever pods may reach it may read every feature, so only namespaces that
    ask are let in. A reader of a group can read its table and needs roles/bigquery.jobUser in the project.

    Provides: FeatureStore; `online` is the address of the feature server in the cluster.
    Requires: Compute, GitOps, Identities, ObjectStore, Services; Keys, NetworkPolicies, Policies and Monitoring, where
    they are there.
    Emits: google_bigtable_instance, google_bigquery_dataset, google_bigquery_table and IAM; the Helm release
    feast-feature-server; a ConfigMap, a CronJob, ServiceAccount objects; the repository as files.
    Errors: contract/bad-name, contract/not-named, contract/other-features, spec/feature-name, spec/feature-nodes,
    spec/feature-view, spec/feature-zone, spec/name-too-long.
    Source: Feast 0.66.0: its chart's values, its pages on feature_store.yaml, the Bigtable and BigQuery stores and the
    GCS registry; Bigtable API v2, instance ids of 6 to 33 characters; read 2026-11.
    """

    name = "feast"
    apis = ("bigquery.googleapis.com", "bigtable.googleapis.com", "bigtableadmin.googleapis.com")
    Settings = FeastSettings
    settings: FeastSettings
    identity: Identities
    object_store: ObjectStore
    monitoring: Monitoring | None

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        yield from super().check(settings, environment)
        if settings.max_nodes < settings.min_nodes:
            yield Fault(
                "spec/feature-nodes",
                f"an online store cannot grow from {settings.min_nodes} nodes to {settings.max_nodes}",
                ("max_nodes",) if "max_nodes" in settings.model_fields_set else ("min_nodes",),
                help=f"write `max_nodes: {settings.min_nodes}` or more",
            )
        if settings.zone and settings.zone.rpartition("-")[0] != environment.region:
            yield Fault(
                "spec/feature-zone",
                f"zone `{settings.zone}` is not in region `{environment.region}`",
                ("zone",),
                help=f"write a zone of {environment.region}",
            )
        if len(_instance_name(environment)) > 33:
            yield Fault(
                "spec/name-too-long",
                f"`{_instance_name(environment)}` is longer than the 33 characters of a Bigtable instance's name",
                help="shorten the platform's or the environment's name",
            )

    def build(self) -> None:
        self.tables = FeatureTables(self, keys=self.keys, location=self.environment.region)
        self._reached: set[str] = set()
        self._code: dict[str, str] = {}
        self._server = self.identity.service_account("feast-server", purpose="Serves features")
        self._jobs = self.identity.service_account(
            "feast-jobs", roles=("roles/bigquery.jobUser", "roles/bigquery.readSessionUser"), purpose="Updates features"
        )
        self._instance = self._make_instance()
        self._admit()
        bucket = self.object_store.bucket("features", readers=[self._server.member], writers=[self._jobs.member])
        self._registry = f"{bucket.uri}/feast/registry.pb"
        self._in_cluster()
        self._make_written()
        self._watch()

    def store(self) -> FeatureStoreRef:
        """The dataset and the feature server."""
        return FeatureStoreRef("feast", self.tables.uri, f"http://{CHART}.{NAMESPACE}.svc:80")

    def reach(self, namespace: str, *, scope: object) -> None:
        """Let the pods of a namespace ask the feature server."""
        if namespace not in self._reached:
            self._reached.add(namespace)
            let_reach(
                self,
                self.network_policy,
                source=namespace,
                target=NAMESPACE,
                pods=PODS,
                ports=[SERVE],
                scope=scope,
            )

    def _make_instance(self) -> BigtableInstance:
        settings, environment = self.settings, self.environment
        key = None
        if self.keys is not None:
            key = self.keys.key("feature-serving", users=[environment.service_agent("gcp-sa-bigtable")]).id
        scaling = {
            "min_nodes": settings.min_nodes,
            "max_nodes": settings.max_nodes,
            "cpu_target": settings.cpu_target_percent,
        }
        cluster = {
            "cluster_id": "features-1",
            "zone": settings.zone or f"{environment.region}-b",
            "storage_type": "SSD",
            "autoscaling_config": [scaling],
            "kms_key_name": key,
        }
        return BigtableInstance(
            self,
            record_id(self.id),
            project=environment.project,
            name=_instance_name(environment),
            display_name=f"{environment.prefix} features"[:30],
            cluster=[cluster],
            deletion_protection=environment.production,
            labels=self.labels,
            lifecycle=Lifecycle(prevent_destroy=True) if environment.production else None,
        )

    def _admit(self) -> None:
        for who, role in ((self._server, "roles/bigtable.reader"), (self._jobs, "roles/bigtable.admin")):
            BigtableInstanceIamMember(
                self,
                record_id(self.id, principal_id(who.member, self.environment)),
                project=self.environment.project,
                instance=self._instance.name,
                role=role,
                member=who.member,
            )
        self.tables.admit_to_all(self._jobs.member)

    def _in_cluster(self) -> None:
        self.application_namespace(NAMESPACE)
        self._account("server", self._server)
        self._account("jobs", self._jobs)
        self._files = {path: File(self, path, text) for path, text in self._repository().items()}
        self._config = KubernetesObject(
            self, "v1", "ConfigMap", "repository", namespace=NAMESPACE, labels=self.labels, data=self._repository()
        )
        self.chart(CHART, NAMESPACE, self._values())
        if self.replicas > 1:
            self.object(
                "policy/v1",
                "PodDisruptionBudget",
                CHART,
                NAMESPACE,
                spec={"minAvailable": 1, "selector": {"matchLabels": PODS}},
            )
        self._update_job()

    def _account(self, name: str, identity: Identity) -> None:
        self.service_account(NAMESPACE, name, identity)

    def _values(self) -> dict[str, Any]:
        text = self._repository()["feature_store.yaml"]
        return {
            "fullnameOverride": CHART,
            "replicaCount": self.replicas,
            "image": {"tag": self.image_parts(CHART)[1]},
            "commandArgs": ["feast", "serve", "--metrics", "-h", "0.0.0.0"],
            "feature_store_yaml_base64": base64.b64encode(text.encode()).decode(),
            "serviceAccount": {"name": "server"},
            "podSecurityContext": {"fsGroup": 1001, "seccompProfile": {"type": "RuntimeDefault"}},
            "securityContext": UNPRIVILEGED,
            "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"memory": "2Gi"}},
            "extraEnvs": [{"name": "HOME", "value": "/tmp"}],
            "volumes": [{"name": "tmp", "emptyDir": {}}],
            "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
        }

    def _update_job(self) -> None:
        container = {
            "name": "materialize",
            "image": self.image(CHART),
            "command": ["sh", "-c", RUN],
            "env": [{"name": "HOME", "value": "/scratch"}],
            "securityContext": UNPRIVILEGED,
            "resources": {"requests": {"cpu": "500m", "memory": "2Gi"}, "limits": {"memory": "4Gi"}},
            "volumeMounts": [
                {"name": "repository", "mountPath": "/repository", "readOnly": True},
                {"name": "work", "mountPath": "/scratch"},
                {"name": "tmp", "mountPath": "/tmp"},
            ],
        }
        pod = {
            "serviceAccountName": "jobs",
            "restartPolicy": "Never",
            "securityContext": {"runAsNonRoot": True, "fsGroup": 1001, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [container],
            "volumes": [
                {"name": "repository", "configMap": {"name": "repository"}},
                {"name": "work", "emptyDir": {}},
                {"name": "tmp", "emptyDir": {}},
            ],
        }
        job = {"backoffLimit": 2, "template": {"metadata": {"labels": self.labels}, "spec": pod}}
        self.object(
            "batch/v1",
            "CronJob",
            "materialize",
            NAMESPACE,
            spec={
                "schedule": self.settings.sync,
                "timeZone": "Etc/UTC",
                "concurrencyPolicy": "Forbid",
                "jobTemplate": {"spec": job},
            },
        )

    def _repository(self) -> dict[str, str]:
        """Feast's own two files."""
        environment = self.environment
        configuration = {
            "project": environment.prefix.replace("-", "_"),
            "provider": "gcp",
            "registry": {"path": self._registry, "cache_ttl_seconds": 60},
            "online_store": {
                "type": "bigtable",
                "project_id": environment.project,
                "instance": _instance_name(environment),
            },
            "offline_store": {
                "type": "bigquery",
                "project_id": environment.project,
                "dataset": self.tables.dataset_id,
                "location": environment.region,
            },
            "entity_key_serialization_version": 3,
        }
        return {
            "feature_store.yaml": yaml.safe_dump(configuration, sort_keys=False),
            "features.py": HEADER + "".join(self._code[each] for each in sorted(self._code)),
        }

    def _write(self) -> None:
        texts = self._repository()
        for path, text in texts.items():
            self._files[path].write(text)
        self._config.body["data"] = texts

    def _make_group(
        self, name: str, entity: str, features: Mapping[str, FeatureType], team: str, source: str
    ) -> FeatureGroupRef:
        uri = source or self.tables.table(name, entity, features, team)
        self._code.setdefault(
            f"entity {entity}",
            f"\nentity_{entity} = Entity(name={entity!r}, join_keys=[{entity!r}], value_type=ValueType.STRING)\n",
        )
        self._code[f"group {name}"] = _group_code(
            name, entity, features, team, str(uri).removeprefix("bq://"), self.settings.keep_days
        )
        self._write()
        return FeatureGroupRef(name, name, entity, uri, dict(features))

    def _make_view(self, name: str, groups: Sequence[FeatureGroupRef]) -> FeatureViewRef:
        taken = ", ".join(f"group_{group.name}" for group in groups)
        self._code[f"view {name}"] = f"\nview_{name} = FeatureService(name={name!r}, features=[{taken}])\n"
        self._write()
        return FeatureViewRef(name, name, tuple(group.name for group in groups))

    def _watch(self) -> None:
        if self.monitoring is None:
            return
        self.monitoring.scrape("feast", namespace=NAMESPACE, scope=self, pods=PODS, port=METRICS)
        self.monitoring.dashboard(
            "feast",
            title="Feast feature server",
            panels=[
                Panel("Requests a second", "sum by (status) (rate(feast_feature_server_request_total[5m]))"),
                Panel(
                    "Latency, 99th percentile",
                    "histogram_quantile(0.99, sum by (le)"
                    " (rate(feast_feature_server_request_latency_seconds_bucket[5m])))",
                    "s",
                ),
                Panel("Age of features", "max by (feature_view) (feast_feature_freshness_seconds)", "s"),
            ],
        )
        self.monitoring.alert(
            "feast-stale",
            title="Features are older than two hours",
            query="max by (feature_view) (feast_feature_freshness_seconds) > 7200",
            minutes=15,
            runbook="Read the last job of the CronJob materialize in the namespace feast; a failed query of BigQuery"
            " or a lost right to it is the usual cause.",
        )


HEADER = '''\
"""Features of the platform, written by planform: change the blueprint, not this file."""

from datetime import timedelta

from feast import BigQuerySource, Entity, FeatureService, FeatureView, Field, ValueType
from feast.types import Array, Bool, Float64, Int64, String, UnixTimestamp
'''


def _group_code(
    name: str, entity: str, features: Mapping[str, FeatureType], team: str, table: str, keep_days: int
) -> str:
    fields = "".join(f"        Field(name={each!r}, dtype={TYPES[kind]}),\n" for each, kind in features.items())
    return f"""
group_{name} = FeatureView(
    name={name!r},
    entities=[entity_{entity}],
    ttl=timedelta(days={keep_days}),
    schema=[
{fields}    ],
    source=BigQuerySource(name={name!r}, table={table!r}, timestamp_field={TIMESTAMP!r}),
    tags={{"team": {team!r}}},
)
"""


def _instance_name(environment: Environment) -> str:
    return f"{environment.prefix}-features"
