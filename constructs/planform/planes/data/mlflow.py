"""MLflow Tracking in the cluster: runs in PostgreSQL, artefacts in the object store, an account for each team."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic import Field

from planform.contracts.database import Database
from planform.contracts.identity import Identities
from planform.contracts.metadata import ExperimentRef, Metadata, MetadataClient, MetadataRef
from planform.contracts.monitoring import Monitoring, Panel
from planform.contracts.object_store import ObjectStore
from planform.contracts.secrets import SecretRef, Secrets
from planform.contracts.services import Services
from planform.kubernetes.record import KubernetesObject
from planform.planes.cluster_component import ClusterComponent
from planform.planes.cluster_traffic import let_reach
from planform.planes.data.experiments import ExperimentName, Experiments, ExperimentSettings
from planform.planes.data.mlflow_access import SCRIPT
from planform.planes.data.team_folders import TeamFolders
from planform.planes.database_proxy import (
    METRICS_PORT,
    PRIVATE_RANGES,
    database_port,
    database_proxy,
    database_uri,
)
from planform.planes.iap_front import API as IAP
from planform.planes.iap_front import IapFront, make_front
from planform.spec.settings import Settings

__all__ = ["Mlflow", "MlflowSettings"]

NAMESPACE = "mlflow"
SERVICE = f"{NAMESPACE}.{NAMESPACE}.svc"
SECRET, CLIENT = "mlflow", "mlflow-client"
PORT = 5000
PODS = {"app.kubernetes.io/name": "mlflow", "app.kubernetes.io/component": "server"}
UNPRIVILEGED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "runAsGroup": 1000,
}
POD_SECURITY = {"runAsNonRoot": True, "fsGroup": 1000, "seccompProfile": {"type": "RuntimeDefault"}}
MIGRATE = """\
import os
from mlflow.store.db import utils
utils._initialize_tables(utils.create_sqlalchemy_engine_with_retry(os.environ["MLFLOW_BACKEND_STORE_URI"]))
"""
SIGN_IN = """\
import configparser, os
settings = configparser.ConfigParser(interpolation=None)
settings["mlflow"] = {
    "default_permission": "NO_PERMISSIONS",
    "database_uri": os.environ["AUTH_DATABASE_URI"].replace("%", "%%"),
    "admin_username": "admin",
    "admin_password": os.environ["ADMIN_PASSWORD"].strip().replace("%", "%%"),
    "authorization_function": "mlflow.server.auth:authenticate_request_basic_auth",
}
with open("/sign-in/basic_auth.ini", "w") as file:
    settings.write(file)
"""
"""MLflow reads the file with interpolation on, so a per cent sign is doubled in it."""


class MlflowSettings(Settings):
    """Settings of `mlflow`."""

    bucket: str = Field(
        default="experiments",
        pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$",
        description="Bucket, by the name that the object store is asked, that artefacts go to. Default: experiments.",
    )
    memory_gib: int = Field(
        default=2,
        ge=1,
        le=64,
        description="Memory that one server may use, in GiB; four workers' worth is 2. Default: 2.",
        json_schema_extra={"unit": "GiB"},
    )
    front: IapFront | None = Field(
        default=None,
        description="Where people open it, behind Identity-Aware Proxy. Default: nowhere; pods reach it, and people by"
        " port forwarding.",
    )
    experiments: dict[ExperimentName, ExperimentSettings] = Field(
        default_factory=dict, description="Experiments by name. Default: those that components ask for."
    )


class Mlflow(ClusterComponent):
    """MLflow 3.15 in the namespace `mlflow`: tables in the platform's database, which it signs in to by IAM.

    Everyone signs in: a team's pods with the team's account, people with one that the administrator made for them.
    Nothing is readable by default. A job takes over every quarter of an hour what the platform says: an account for
    each team, its experiments, its models, and that only the team may change them. Artefacts go straight from pods to
    the object store, each experiment's to a folder that its writers alone may write.
    What a person does: put the values of the secrets into the store: `mlflow-admin-password` and
    `mlflow-flask-secret-key` (random texts; a new password of the administrator is also set in MLflow), and
    `mlflow-<team>-password` for each team, 12 characters or more.
    With `front` people come through Identity-Aware Proxy first, by a Gateway that the cluster has.

    Provides: Metadata; `uri` is the address in the cluster.
    Requires: Compute, Database, GitOps, Identities, ObjectStore, Secrets, Services; NetworkPolicies, Policies and
    Monitoring, where they are there.
    Emits: google_storage_managed_folder and its IAM; Deployment, Service, ConfigMap, CronJob, ServiceAccount,
    ExternalSecret and NetworkPolicy objects; with `front` an HTTPRoute with its policies and google_project_iam_member.
    Errors: contract/bad-name, contract/no-delivery, contract/other-team, contract/public-access.
    Source: MLflow 3.15.1, its pages on the server, basic authentication and network security, its image `-full` with
    the drivers; read 2026-11. The community chart 1.11.5 was not taken: it makes a new signing key at every render.
    """

    name = "mlflow"
    capability = "metadata"
    provides = Metadata
    Settings = MlflowSettings
    settings: MlflowSettings
    services: Services
    database: Database
    object_store: ObjectStore
    identity: Identities
    secrets: Secrets
    monitoring: Monitoring | None

    def build(self) -> None:
        self._experiments = Experiments(self)
        self._access: dict[str, list[Any]] = {"teams": [], "experiments": [], "models": []}
        self._reached: dict[str, MetadataClient] = {}
        self._passwords: dict[str, SecretRef] = {}
        self._identity = self.identity.service_account("mlflow", purpose="MLflow Tracking")
        bucket = self.object_store.bucket(self.settings.bucket, readers=[self._identity.member])
        self._folders = TeamFolders(self, bucket)
        self._runs = self.database.database("mlflow", users=[self._identity])
        self._accounts = self.database.database("mlflow_auth", users=[self._identity])
        self._serve()
        self._keep_access()
        if self.settings.front:
            self._open(self.settings.front)
        self._watch()
        for name, wanted in self.settings.experiments.items():
            self.experiment(name, team=wanted.team, writers=wanted.writers, readers=wanted.readers)

    def store(self) -> MetadataRef:
        """The server."""
        return MetadataRef("mlflow", f"http://{SERVICE}", self._folders.bucket.uri, self._url)

    def experiment(
        self, name: str, *, team: str, writers: Sequence[str] = (), readers: Sequence[str] = ()
    ) -> ExperimentRef:
        """The experiment, which the team's account may change; the folder is open to writers and readers."""
        held = self._experiments.held(name, team)
        if held is None:
            folder = self._folders.folder(team, name)
            held = self._experiments.keep(name, team, ExperimentRef(name, folder, f"{self._url}/#/experiments"))
            self._team(team)
            self._access["experiments"].append({"name": name, "team": team, "artifacts": str(folder)})
            self._write_access()
        plain = [each for each in readers if each not in writers]
        self._folders.admit(team, name, role="roles/storage.objectUser", kind="writer", members=writers)
        self._folders.admit(team, name, role="roles/storage.objectViewer", kind="reader", members=plain)
        return held

    def registered_model(self, name: str, *, team: str) -> None:
        """Keep a registered model, which the team's account alone may change."""
        wanted = {"name": name, "team": team}
        if wanted not in self._access["models"]:
            self._team(team)
            self._access["models"].append(wanted)
            self._write_access()

    def reach(self, namespace: str, *, team: str, scope: object) -> MetadataClient:
        """Let the pods of a namespace reach the server, with the team's account."""
        held = self._reached.get(namespace)
        if held is None:
            self._team(team)
            let_reach(
                self, self.network_policy, source=namespace, target=NAMESPACE, pods=PODS, ports=[PORT], scope=scope
            )
            self.secrets.deliver(
                CLIENT,
                {"MLFLOW_TRACKING_PASSWORD": self._passwords[team]},
                namespace=namespace,
                cluster=self.compute.cluster(),
                scope=scope,
            )
            variables = {"MLFLOW_TRACKING_URI": f"http://{SERVICE}", "MLFLOW_TRACKING_USERNAME": team}
            held = self._reached[namespace] = MetadataClient(variables, CLIENT)
        return held

    @property
    def _url(self) -> str:
        return f"https://{self.settings.front.host}" if self.settings.front else f"http://{SERVICE}"

    def _serve(self) -> None:
        server, port = str(self._runs.connection_name), database_port(str(self._runs.connection_name))
        self.application_namespace(NAMESPACE, cidrs=PRIVATE_RANGES, ports=(port,))
        self.service_account(NAMESPACE, "mlflow", self._identity)
        keys = {"admin-password": "Password of MLflow's administrator", "flask-secret-key": "Signs MLflow's forms"}
        self.secret(SECRET, keys, NAMESPACE)
        pod = {
            "serviceAccountName": "mlflow",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": POD_SECURITY,
            "initContainers": [
                database_proxy(self, server),
                self._container("migrate", ["python", "-c", MIGRATE], variables=self._variables()),
                self._container("sign-in", ["python", "-c", SIGN_IN], variables=self._sign_in_variables()),
            ],
            "containers": [self._server()],
            "volumes": [
                {"name": "tmp", "emptyDir": {}},
                {"name": "sign-in", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
            ],
            "topologySpreadConstraints": [
                {
                    "maxSkew": 1,
                    "topologyKey": "topology.kubernetes.io/zone",
                    "whenUnsatisfiable": "ScheduleAnyway",
                    "labelSelector": {"matchLabels": PODS},
                }
            ],
        }
        self.object(
            "apps/v1",
            "Deployment",
            "mlflow",
            NAMESPACE,
            spec={
                "replicas": self.replicas,
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
                "selector": {"matchLabels": PODS},
                "template": {"metadata": {"labels": {**self.labels, **PODS}}, "spec": pod},
            },
        )
        self.object(
            "v1",
            "Service",
            "mlflow",
            NAMESPACE,
            spec={"selector": PODS, "ports": [{"name": "http", "port": 80, "targetPort": PORT}]},
        )
        if self.replicas > 1:
            budget = {"minAvailable": 1, "selector": {"matchLabels": PODS}}
            self.object("policy/v1", "PodDisruptionBudget", "mlflow", NAMESPACE, spec=budget)

    def _server(self) -> dict[str, Any]:
        command = [
            "mlflow",
            "server",
            "--app-name=basic-auth",
            "--host=0.0.0.0",
            f"--port={PORT}",
            "--workers=4",
            "--no-serve-artifacts",
            f"--default-artifact-root={self._folders.bucket.uri}",
        ]
        probe = {"httpGet": {"path": "/health", "port": PORT}}
        return {
            **self._container("mlflow", command, variables=[*self._variables(), *self._server_variables()]),
            "ports": [{"name": "http", "containerPort": PORT}],
            "startupProbe": {**probe, "failureThreshold": 60, "periodSeconds": 5},
            "readinessProbe": {**probe, "periodSeconds": 10},
            "livenessProbe": {**probe, "periodSeconds": 30, "failureThreshold": 5},
            "resources": {
                "requests": {"cpu": "500m", "memory": f"{self.settings.memory_gib}Gi"},
                "limits": {"memory": f"{self.settings.memory_gib}Gi"},
            },
        }

    def _container(self, name: str, command: list[str], *, variables: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "name": name,
            "image": self.image("mlflow"),
            "command": command,
            "env": [{"name": "HOME", "value": "/tmp"}, *variables],
            "securityContext": UNPRIVILEGED,
            "resources": {"requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"memory": "1Gi"}},
            "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}, {"name": "sign-in", "mountPath": "/sign-in"}],
        }

    def _variables(self) -> list[dict[str, Any]]:
        uri = database_uri(self._runs, self._identity.database_user, driver="psycopg2")
        return [
            {"name": "MLFLOW_BACKEND_STORE_URI", "value": uri},
            {"name": "MLFLOW_DISABLE_TELEMETRY", "value": "true"},
        ]

    def _sign_in_variables(self) -> list[dict[str, Any]]:
        uri = database_uri(self._accounts, self._identity.database_user, driver="psycopg2")
        return [{"name": "AUTH_DATABASE_URI", "value": uri}, _from_secret("ADMIN_PASSWORD", "admin-password")]

    def _server_variables(self) -> list[dict[str, Any]]:
        front = self.settings.front
        hosts = [SERVICE, f"{SERVICE}:*", f"{SERVICE}.cluster.local", "localhost:*", *([front.host] if front else [])]
        found = [
            {"name": "MLFLOW_AUTH_CONFIG_PATH", "value": "/sign-in/basic_auth.ini"},
            {"name": "MLFLOW_SERVER_ALLOWED_HOSTS", "value": ",".join(hosts)},
            _from_secret("MLFLOW_FLASK_SERVER_SECRET_KEY", "flask-secret-key"),
        ]
        if front:
            found.append({"name": "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS", "value": f"https://{front.host}"})
        return found

    def _keep_access(self) -> None:
        common: dict[str, Any] = {"namespace": NAMESPACE, "labels": self.labels}
        self._list = KubernetesObject(self, "v1", "ConfigMap", "access", **common, data={})
        self._secrets_of_teams: list[dict[str, Any]] = []
        pods = {**self.labels, "app.kubernetes.io/name": "mlflow", "app.kubernetes.io/component": "access"}
        variables = [
            {"name": "MLFLOW_TRACKING_URI", "value": f"http://{SERVICE}"},
            {"name": "MLFLOW_TRACKING_USERNAME", "value": "admin"},
            _from_secret("MLFLOW_TRACKING_PASSWORD", "admin-password"),
        ]
        container = self._container("access", ["python", "/access/access.py"], variables=variables)
        container["volumeMounts"] = [
            {"name": "tmp", "mountPath": "/tmp"},
            {"name": "access", "mountPath": "/access", "readOnly": True},
            {"name": "teams", "mountPath": "/teams", "readOnly": True},
        ]
        pod = {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": POD_SECURITY,
            "containers": [container],
            "volumes": [
                {"name": "tmp", "emptyDir": {}},
                {"name": "access", "configMap": {"name": "access"}},
                {"name": "teams", "projected": {"sources": []}},
            ],
        }
        job = {"backoffLimit": 2, "template": {"metadata": {"labels": pods}, "spec": pod}}
        self._job = KubernetesObject(
            self,
            "batch/v1",
            "CronJob",
            "access",
            **common,
            spec={"schedule": "*/15 * * * *", "concurrencyPolicy": "Forbid", "jobTemplate": {"spec": job}},
        )
        self._write_access()

    def _team(self, team: str) -> None:
        """An account for a team; its password is the store's."""
        if team in self._passwords:
            return
        password = self.secrets.secret(f"mlflow-{team}-password", purpose=f"Account of team {team} in MLflow")
        self._passwords[team] = password
        self.secrets.deliver(
            f"team-{team}", {"password": password}, namespace=NAMESPACE, cluster=self.compute.cluster(), scope=self
        )
        self._access["teams"].append(team)
        items = [{"key": "password", "path": team}]
        source = {"secret": {"name": f"team-{team}", "items": items, "optional": True}}
        pod: dict[str, Any] = self._job.body["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        sources = pod["volumes"][2]["projected"]["sources"]
        sources.append(source)
        sources.sort(key=lambda each: each["secret"]["name"])
        self._write_access()

    def _write_access(self) -> None:
        access = {name: sorted(held, key=json.dumps) for name, held in self._access.items()}
        self._list.body["data"] = {
            "access.json": json.dumps(access, indent=2) + "\n",
            "access.py": SCRIPT,
        }

    def _open(self, front: IapFront) -> None:
        self.services.enable(IAP)
        make_front(
            self,
            front,
            namespace=NAMESPACE,
            service="mlflow",
            port=80,
            pods=PODS,
            container_port=PORT,
            health="/health",
        )

    def _watch(self) -> None:
        if self.monitoring is None:
            return
        of = f'namespace="{NAMESPACE}"'
        server = f'{of}, pod=~"mlflow-.*", container="mlflow"'
        self.monitoring.scrape(
            "mlflow-database-proxy", namespace=NAMESPACE, scope=self, pods=PODS, port=METRICS_PORT, seconds=60
        )
        self.monitoring.dashboard(
            "mlflow",
            title="MLflow",
            panels=[
                Panel("Servers ready", f'max(kube_deployment_status_replicas_available{{{of}, deployment="mlflow"}})'),
                Panel("CPU", f"sum by (pod) (rate(container_cpu_usage_seconds_total{{{server}}}[5m]))"),
                Panel("Memory", f"max by (pod) (container_memory_working_set_bytes{{{server}}})", "By"),
            ],
        )
        self.monitoring.alert(
            "mlflow-down",
            title="No MLflow server is ready",
            query=f'max(kube_deployment_status_replicas_available{{{of}, deployment="mlflow"}}) < 1',
            minutes=5,
            severity="page" if self.environment.production else "ticket",
            runbook="Runs cannot be logged. Read the events of the pods in the namespace mlflow: an empty secret, a"
            " database that cannot be reached, and a failed migration (container migrate) are the usual causes.",
        )


def _from_secret(variable: str, key: str) -> dict[str, Any]:
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": SECRET, "key": key}}}
