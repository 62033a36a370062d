"""A model registry that the organisation already has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from planform.contracts.model_registry import ModelRef, ModelRegistry, ModelRegistryRef
from planform.planes.component import Component
from planform.planes.data.model_files import Alias, ModelName
from planform.spec.settings import Settings

__all__ = ["ExistingModel", "ExistingModelRegistry", "ExistingModelRegistrySettings"]

FOLDER = r"^gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](/[A-Za-z0-9._-]+)*$"
WEB = r"^https://[a-z0-9.-]+(:[0-9]{2,5})?(/[A-Za-z0-9._~?=&/#+-]*)?$"


class ExistingModel(Settings):
    """One model."""

    name: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$",
        description="Its name or id in the registry. Default: the name here.",
    )
    artifacts: str = Field(pattern=FOLDER, description="Folder of its versions.", examples=["gs://acme-models/churn"])
    cards: str = Field(pattern=FOLDER, description="Folder of its cards.", examples=["gs://acme-models/cards/churn"])


class ExistingModelRegistrySettings(Settings):
    """The registry, and the models in it."""

    kind: Literal["vertex", "mlflow"] = Field(description="`vertex` or `mlflow`.")
    uri: str = Field(
        pattern=r"^(projects/[a-z][a-z0-9-]+/locations/[a-z]+-[a-z]+[0-9]+|https?://[a-z0-9.-]+(:[0-9]{2,5})?(/[A-Za-z0-9._/-]*)?)$",
        description="`projects/P/locations/R`, or MLflow's address.",
        examples=["https://mlflow.acme.example"],
    )
    url: str = Field(pattern=WEB, description="Where people open it.", examples=["https://mlflow.acme.example"])
    artifacts: str = Field(pattern=FOLDER, description="Folder of all models' files.", examples=["gs://acme-models"])
    aliases: tuple[Alias, ...] = Field(
        default=("staging", "production"),
        min_length=1,
        description="Names that versions are promoted by, the first first. Default: staging, production.",
    )
    models: dict[ModelName, ExistingModel] = Field(
        default_factory=dict, description="Models by the name that components ask for. Default: none."
    )


class ExistingModelRegistry(Component):
    """A model registry that is there already; planform makes nothing and changes nothing.

    Provides: ModelRegistry, for the names in `models`.
    Requires: nothing.
    Emits: nothing. Whoever owns the registry lets publishers and readers in, to it and to the folders.
    Errors: contract/not-named.
    """

    name = "existing"
    capability = "model_registry"
    provides = ModelRegistry
    Settings = ExistingModelRegistrySettings
    settings: ExistingModelRegistrySettings

    def registry(self) -> ModelRegistryRef:
        """The registry that the settings name."""
        given = self.settings
        return ModelRegistryRef(given.kind, given.uri, given.aliases, given.artifacts, given.url)

    def model(self, name: str, *, team: str, publishers: Sequence[str] = (), readers: Sequence[str] = ()) -> ModelRef:
        """The model that the settings name; members are for its owner to let in."""
        found = self.settings.models.get(name)
        if found is None:
            raise self.refuse(
                "contract/not-named",
                f"a model `{name}` of team `{team}` is asked for, and `existing` names none",
                path=("models",),
                help=f"add `{name}: {{artifacts: gs://..., cards: gs://...}}` to `models`",
            )
        return ModelRef(found.name or name, found.artifacts, found.cards, self.settings.url)
