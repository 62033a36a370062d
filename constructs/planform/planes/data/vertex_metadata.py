"""Vertex AI Metadata and Experiments, with TensorBoard."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic import Field

from planform.contracts.keys import KeyRef, Keys
from planform.contracts.metadata import ExperimentRef, Metadata, MetadataClient, MetadataRef
from planform.contracts.object_store import ObjectStore
from planform.contracts.services import Services
from planform.files import File
from planform.planes.component import Component
from planform.planes.data.experiments import ExperimentName, Experiments, ExperimentSettings
from planform.planes.data.project_roles import ProjectRole
from planform.planes.data.team_folders import TeamFolders
from planform.planes.record_ids import record_id
from planform.spec.settings import Settings
from planform.terraform.expression import expr
from planform.terraform.google import VertexAiTensorboard, VertexAiTensorboardExperiment
from planform.terraform.record import Lifecycle

__all__ = ["VertexMetadata", "VertexMetadataSettings"]

READ = (
    "aiplatform.artifacts.get",
    "aiplatform.artifacts.list",
    "aiplatform.contexts.get",
    "aiplatform.contexts.list",
    "aiplatform.contexts.queryContextLineageSubgraph",
    "aiplatform.executions.get",
    "aiplatform.executions.list",
    "aiplatform.executions.queryExecutionInputsAndOutputs",
    "aiplatform.metadataStores.get",
    "aiplatform.metadataStores.list",
    "aiplatform.tensorboardExperiments.get",
    "aiplatform.tensorboardExperiments.list",
    "aiplatform.tensorboardRuns.get",
    "aiplatform.tensorboardRuns.list",
    "aiplatform.tensorboardTimeSeries.batchRead",
    "aiplatform.tensorboardTimeSeries.get",
    "aiplatform.tensorboardTimeSeries.list",
    "aiplatform.tensorboardTimeSeries.read",
    "aiplatform.tensorboards.get",
    "aiplatform.tensorboards.list",
    "aiplatform.tensorboards.recordAccess",
)
WRITE = (
    "aiplatform.artifacts.create",
    "aiplatform.artifacts.update",
    "aiplatform.contexts.addContextArtifactsAndExecutions",
    "aiplatform.contexts.addContextChildren",
    "aiplatform.contexts.create",
    "aiplatform.contexts.update",
    "aiplatform.executions.addExecutionEvents",
    "aiplatform.executions.create",
    "aiplatform.executions.update",
    "aiplatform.tensorboardExperiments.create",
    "aiplatform.tensorboardExperiments.update",
    "aiplatform.tensorboardExperiments.write",
    "aiplatform.tensorboardRuns.batchCreate",
    "aiplatform.tensorboardRuns.create",
    "aiplatform.tensorboardRuns.update",
    "aiplatform.tensorboardRuns.write",
    "aiplatform.tensorboardTimeSeries.batchCreate",
    "aiplatform.tensorboardTimeSeries.create",
    "aiplatform.tensorboardTimeSeries.update",
)
CREATE_STORE = "aiplatform.metadataStores.create"
OF_EXPERIMENTS = {"vertex_tensorboard_experiment_source": "vertex_experiment"}
"""The label by which the SDK knows the curves of an experiment of its own."""


class VertexMetadataSettings(Settings):
    """Settings of `vertex-metadata`."""

    tensorboard: bool = Field(
        default=True,
        description="Keep curves in an instance of Vertex AI TensorBoard, billed by what it stores. Default: true.",
    )
    bucket: str = Field(
        default="experiments",
        pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$",
        description="Bucket, by the name that the object store is asked, that artefacts go to. Default: experiments.",
    )
    experiments: dict[ExperimentName, ExperimentSettings] = Field(
        default_factory=dict, description="Experiments by name. Default: those that components ask for."
    )


class VertexMetadata(Component):
    """Vertex AI's metadata store and experiments, artefacts in folders that only their team may write.

    The store is `default`, the one that every SDK and pipeline of the project uses. No resource of the provider makes
    it: without keys the first run does. With keys it must be made once with the customer-managed key, which can never
    change, so writers may not make it; a person runs `create-metadata-store.sh`, which is among the files, after the
    first apply.
    An experiment is a context of the store, which the SDK makes at its first run; planform makes its folder of
    artefacts and its curves in TensorBoard. The folder is closed to all but its writers and readers. Runs, parameters
    and metrics are not: Vertex AI knows no access finer than the project for them, so writers have a role of the
    project with just what logging takes, which lets them see and log runs of other experiments too.

    Provides: Metadata; `uri` is `projects/P/locations/R/metadataStores/default`.
    Requires: ObjectStore, Services; Keys, optional.
    Emits: google_vertex_ai_tensorboard, google_vertex_ai_tensorboard_experiment, google_storage_managed_folder and its
    IAM, google_project_iam_custom_role and google_project_iam_member; a script with keys.
    Errors: contract/bad-name, contract/other-team, contract/public-access.
    Source: Vertex AI API v1, metadataStores, contexts, tensorboards; Vertex AI's pages on access control and on
    experiments; provider 7.45.0, in which google_vertex_ai_metadata_store is beta only; read 2026-11.
    """

    name = "vertex-metadata"
    capability = "metadata"
    provides = Metadata
    apis = ("aiplatform.googleapis.com",)
    Settings = VertexMetadataSettings
    settings: VertexMetadataSettings
    services: Services
    object_store: ObjectStore
    keys: Keys | None

    def build(self) -> None:
        self._experiments = Experiments(self)
        self._folders = TeamFolders(self, self.object_store.bucket(self.settings.bucket))
        self._key = self._make_key()
        permissions = {*READ, *WRITE} if self._key else {*READ, *WRITE, CREATE_STORE}
        self._writers = ProjectRole(
            self, "experiment_writer", title="Logs experiments to Vertex AI", permissions=sorted(permissions)
        )
        self._readers = ProjectRole(self, "experiment_reader", title="Reads experiments of Vertex AI", permissions=READ)
        self._tensorboard = self._make_tensorboard() if self.settings.tensorboard else None
        if self._key:
            File(self, "create-metadata-store.sh", self._script(self._key))
        for name, wanted in self.settings.experiments.items():
            self.experiment(name, team=wanted.team, writers=wanted.writers, readers=wanted.readers)

    def store(self) -> MetadataRef:
        """The project's store `default`."""
        project = self.environment.project
        return MetadataRef(
            kind="vertex",
            uri=f"{self._parent}/metadataStores/default",
            artifacts=self._folders.bucket.uri,
            url=f"https://console.cloud.google.com/vertex-ai/experiments?project={project}",
        )

    def experiment(
        self, name: str, *, team: str, writers: Sequence[str] = (), readers: Sequence[str] = ()
    ) -> ExperimentRef:
        """The experiment's folder and curves, open to its writers and readers."""
        held = self._experiments.held(name, team)
        if held is None:
            held = self._experiments.keep(name, team, self._make_experiment(name, team))
        self._folders.admit(team, name, role="roles/storage.objectUser", kind="writer", members=writers)
        plain = [each for each in readers if each not in writers]
        self._folders.admit(team, name, role="roles/storage.objectViewer", kind="reader", members=plain)
        for member in writers:
            self._writers.grant(member)
        for member in plain:
            self._readers.grant(member)
        return held

    def reach(self, namespace: str, *, team: str, scope: object) -> MetadataClient:
        """Where the SDK finds the store; Vertex AI is one of Google's APIs, and pods sign in by their own identity."""
        facts = self.environment
        return MetadataClient({"CLOUD_ML_PROJECT_ID": facts.project, "CLOUD_ML_REGION": facts.region})

    @property
    def _parent(self) -> str:
        return f"projects/{self.environment.project}/locations/{self.environment.region}"

    def _make_key(self) -> KeyRef | None:
        if self.keys is None:
            return None
        return self.keys.key("metadata", users=[self.environment.service_agent("gcp-sa-aiplatform")])

    def _make_tensorboard(self) -> VertexAiTensorboard:
        environment = self.environment
        return VertexAiTensorboard(
            self,
            record_id(self.id),
            project=environment.project,
            region=environment.region,
            display_name=f"{environment.prefix}-experiments",
            description="Curves of experiments",
            encryption_spec=[{"kms_key_name": self._key.id}] if self._key else None,
            deletion_policy="PREVENT" if environment.production else "DELETE",
            labels=self.labels,
            lifecycle=Lifecycle(prevent_destroy=True) if environment.production else None,
        )

    def _make_experiment(self, name: str, team: str) -> ExperimentRef:
        environment = self.environment
        folder = self._folders.folder(team, name)
        if self._tensorboard is not None:
            board = self._tensorboard
            labels: dict[str, Any] = {**self.labels, **OF_EXPERIMENTS, "team": team}
            VertexAiTensorboardExperiment(
                self,
                record_id(name),
                project=environment.project,
                location=environment.region,
                tensorboard=expr(f"basename({board.address}.id)"),
                tensorboard_experiment_id=name,
                display_name=name,
                description=f"Curves of {name} of team {team}",
                labels=labels,
            )
        url = (
            f"https://console.cloud.google.com/vertex-ai/experiments/locations/{environment.region}"
            f"/experiments/{name}/runs?project={environment.project}"
        )
        return ExperimentRef(name, folder, url)

    def _script(self, key: KeyRef) -> str:
        region = self.environment.region
        body = json.dumps({"encryptionSpec": {"kmsKeyName": str(key.id)}})
        return f"""\
#!/bin/sh
# Makes the project's metadata store with the customer-managed key, which can never change afterwards.
# Whoever runs it needs roles/aiplatform.admin in {self.environment.project}.
set -eu
curl --fail-with-body --silent --show-error --request POST \\
  --header "Authorization: Bearer $(gcloud auth print-access-token)" \\
  --header "Content-Type: application/json" \\
  --data '{body}' \\
  "https://{region}-aiplatform.googleapis.com/v1/{self._parent}/metadataStores?metadataStoreId=default"
"""
