"""Vertex AI Model Registry: versions of models with aliases, their files and cards in a bucket."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import Field

from planform.contracts.keys import Keys
from planform.contracts.model_registry import ModelRef, ModelRegistry, ModelRegistryRef
from planform.contracts.object_store import ObjectStore
from planform.contracts.services import Services
from planform.planes.component import Component
from planform.planes.data.model_files import Alias, ModelFiles, ModelName, ModelSettings, alias_faults
from planform.planes.data.project_roles import ProjectRole
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.terraform.google import PubsubTopic, PubsubTopicIamMember, StorageNotification

__all__ = ["VertexModelRegistry", "VertexModelRegistrySettings"]

READ = (
    "aiplatform.modelEvaluationSlices.get",
    "aiplatform.modelEvaluationSlices.list",
    "aiplatform.modelEvaluations.get",
    "aiplatform.modelEvaluations.list",
    "aiplatform.models.get",
    "aiplatform.models.list",
)
PUBLISH = (*READ, "aiplatform.modelEvaluations.import", "aiplatform.models.update", "aiplatform.models.upload")


class VertexModelRegistrySettings(Settings):
    """Settings of `vertex-model-registry`."""

    aliases: tuple[Alias, ...] = Field(
        default=("staging", "production"),
        min_length=1,
        description="Names that versions are promoted by, the first first. Default: staging, production.",
    )
    bucket: str = Field(
        default="models",
        pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$",
        description="Bucket, by the name that the object store is asked, of files and cards. Default: models.",
    )
    announce: bool = Field(
        default=False,
        description="Tell of every new card on a Pub/Sub topic, for what follows a version. Default: false.",
    )
    models: dict[ModelName, ModelSettings] = Field(
        default_factory=dict, description="Models by name. Default: those that components ask for."
    )


class VertexModelRegistry(Component):
    """Vertex AI Model Registry, and a bucket for what it points to.

    The provider has no resource for a model: a job registers versions and moves aliases, as the file
    `models/<name>.json` says: the model's id, where its files, card and scan go, the key, the aliases.
    `model-card.schema.json` is the JSON Schema of a card. Files are written once; nobody who publishes or reads can
    replace or remove one.
    Folders are a model's own. In the registry itself Vertex AI knows no access finer than the project: whoever
    publishes one model has a role of the project by which versions of another may be changed too, never files.

    Provides: ModelRegistry; `uri` is `projects/P/locations/R`, a model's name its id there.
    Requires: ObjectStore, Services; Keys, optional: the key that versions are to be uploaded with.
    Emits: google_storage_managed_folder and its IAM, google_project_iam_custom_role and google_project_iam_member;
    with `announce` google_pubsub_topic, its IAM and google_storage_notification; the schema and a file for each model.
    Errors: contract/bad-name, contract/other-team, contract/public-access,
    spec/model-alias.
    Source: Vertex AI API v1, models.upload (modelId of 63 letters, digits and hyphens at most) and
    models.mergeVersionAliases (`[a-z][a-zA-Z0-9-]{0,126}[a-z0-9]`, `default` is taken); Cloud Storage's page on Pub/Sub
    notifications; provider 7.45.0; read 2026-11.
    """

    name = "vertex-model-registry"
    capability = "model_registry"
    provides = ModelRegistry
    apis = ("aiplatform.googleapis.com",)
    Settings = VertexModelRegistrySettings
    settings: VertexModelRegistrySettings
    services: Services
    object_store: ObjectStore
    keys: Keys | None

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        yield from alias_faults(settings.aliases, r"default", "Vertex AI")

    def build(self) -> None:
        self._bucket = self.object_store.bucket(self.settings.bucket)
        self._files = ModelFiles(self, self._bucket, self.settings.aliases)
        self._key = None
        if self.keys is not None:
            self._key = self.keys.key("models", users=[self.environment.service_agent("gcp-sa-aiplatform")])
        self._publishers = ProjectRole(
            self, "model_publisher", title="Registers models in Vertex AI", permissions=PUBLISH
        )
        self._readers = ProjectRole(self, "model_reader", title="Finds models in Vertex AI", permissions=READ)
        if self.settings.announce:
            self._announce()
        for name, wanted in self.settings.models.items():
            self.model(name, team=wanted.team, publishers=wanted.publishers, readers=wanted.readers)

    def registry(self) -> ModelRegistryRef:
        """The project's registry in the region."""
        return ModelRegistryRef(
            kind="vertex",
            uri=self._parent,
            aliases=self.settings.aliases,
            artifacts=self._files.uri,
            url=f"https://console.cloud.google.com/vertex-ai/models?project={self.environment.project}",
        )

    def model(self, name: str, *, team: str, publishers: Sequence[str] = (), readers: Sequence[str] = ()) -> ModelRef:
        """The model's folders, open to its publishers and readers."""
        environment = self.environment
        url = (
            f"https://console.cloud.google.com/vertex-ai/locations/{environment.region}/models/{name}"
            f"?project={environment.project}"
        )
        ref = self._files.model(name, team, url, self._service(name, team))
        self._files.admit(name, publishers=publishers, readers=readers)
        for member in publishers:
            self._publishers.grant(member)
        for member in readers:
            if member not in publishers:
                self._readers.grant(member)
        return ref

    @property
    def _parent(self) -> str:
        return f"projects/{self.environment.project}/locations/{self.environment.region}"

    def _service(self, name: str, team: str) -> dict[str, Any]:
        service: dict[str, Any] = {
            "registry": "vertex",
            "parent": self._parent,
            "model_id": name,
            "labels": {**self.labels, "team": team},
        }
        if self._key is not None:
            service["encryption_key"] = str(self._key.id)
        return service

    def _announce(self) -> None:
        self.depends_on = [*self.depends_on, *self.services.enable("pubsub.googleapis.com")]
        environment = self.environment
        key = None
        if self.keys is not None:
            key = self.keys.key("events", users=[environment.service_agent("gcp-sa-pubsub")]).id
        topic = PubsubTopic(
            self,
            "model_cards",
            project=environment.project,
            name=f"{environment.prefix}-model-cards",
            kms_key_name=key,
            message_storage_policy=[{"allowed_persistence_regions": [environment.region]}],
            labels=self.labels,
        )
        agent = PubsubTopicIamMember(
            self,
            "model_cards_storage",
            project=environment.project,
            topic=topic.name,
            role="roles/pubsub.publisher",
            member=environment.service_agent("gs-project-accounts"),
        )
        StorageNotification(
            self,
            "model_cards",
            bucket=self._bucket.name,
            topic=f"projects/{environment.project}/topics/{environment.prefix}-model-cards",
            payload_format="JSON_API_V1",
            event_types=["OBJECT_FINALIZE"],
            object_name_prefix="cards/",
            depends_on=[agent],
        )
