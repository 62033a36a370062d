"""MLflow's model registry: versions with aliases on the platform's MLflow server, their files and cards in a bucket."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import Field

from planform.contracts.metadata import Metadata
from planform.contracts.model_registry import ModelRef, ModelRegistry, ModelRegistryRef
from planform.contracts.object_store import ObjectStore
from planform.planes.component import Component
from planform.planes.data.mlflow_access import MlflowAccess
from planform.planes.data.model_files import Alias, ModelFiles, ModelName, ModelSettings, alias_faults
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings

__all__ = ["MlflowRegistry", "MlflowRegistrySettings"]


class MlflowRegistrySettings(Settings):
    """Settings of `mlflow` as a model registry."""

    uri: str | None = Field(
        default=None,
        pattern=r"^https?://[a-z0-9.-]+(:[0-9]{2,5})?(/[A-Za-z0-9._/-]*)?$",
        description="Address of an MLflow server. Default: that of the slot `metadata`.",
        examples=["https://mlflow.acme.example"],
    )
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
    models: dict[ModelName, ModelSettings] = Field(
        default_factory=dict, description="Models by name. Default: those that components ask for."
    )


class MlflowRegistry(Component):
    """The registry of an MLflow server: the one in `metadata`, or another by its address.

    A job registers versions and moves aliases, as the file `models/<name>.json` says; `model-card.schema.json` is the
    JSON Schema of a card. A version's files are written once; nobody who publishes or reads can replace or remove one.
    On a server of planform's own a model is made beforehand, and its team's account alone may change it. On another
    server a person makes the models and gives each team leave to change its own.

    Provides: ModelRegistry; `uri` is MLflow's address.
    Requires: ObjectStore; Metadata that is MLflow, or `uri`.
    Emits: google_storage_managed_folder and its IAM; the schema and a file for each model.
    Errors: contract/bad-name, contract/no-mlflow, contract/other-team, contract/public-access,
    spec/model-alias.
    Source: MLflow 3.15, its pages on the model registry and on permissions of registered models; read 2026-11.
    """

    name = "mlflow"
    capability = "model_registry"
    provides = ModelRegistry
    Settings = MlflowRegistrySettings
    settings: MlflowRegistrySettings
    object_store: ObjectStore
    metadata: Metadata | None

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        yield from alias_faults(settings.aliases, r"latest|v[0-9]+", "MLflow")

    def build(self) -> None:
        self._uri, self._url = self._server()
        bucket = self.object_store.bucket(self.settings.bucket)
        self._files = ModelFiles(self, bucket, self.settings.aliases)
        for name, wanted in self.settings.models.items():
            self.model(name, team=wanted.team, publishers=wanted.publishers, readers=wanted.readers)

    def registry(self) -> ModelRegistryRef:
        """The server."""
        return ModelRegistryRef("mlflow", self._uri, self.settings.aliases, self._files.uri, f"{self._url}/#/models")

    def model(self, name: str, *, team: str, publishers: Sequence[str] = (), readers: Sequence[str] = ()) -> ModelRef:
        """The model and its folders, open to its publishers and readers."""
        service = {"registry": "mlflow", "tracking_uri": self._uri, "name": name, "tags": {"team": team}}
        ref = self._files.model(name, team, f"{self._url}/#/models/{name}", service)
        self._files.admit(name, publishers=publishers, readers=readers)
        if self.settings.uri is None and isinstance(self.metadata, MlflowAccess):
            self.metadata.registered_model(name, team=team)
        return ref

    def _server(self) -> tuple[str, str]:
        if self.settings.uri is not None:
            return self.settings.uri, self.settings.uri
        store = self.metadata.store() if self.metadata is not None else None
        if store is None or store.kind != "mlflow":
            there = f"`metadata` is {store.kind}" if store else "there is no `metadata`"
            raise self.refuse(
                "contract/no-mlflow",
                f"MLflow's model registry needs an MLflow server, and {there}",
                help="write `metadata: mlflow`, or `uri` with the address of a server of yours",
            )
        return store.uri, store.url
