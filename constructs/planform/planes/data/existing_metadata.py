"""A metadata store that the organisation already has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from planform.contracts.metadata import ExperimentRef, Metadata, MetadataClient, MetadataRef
from planform.planes.component import Component
from planform.planes.data.experiments import ExperimentName
from planform.spec.settings import Settings

__all__ = ["ExistingExperiment", "ExistingMetadata", "ExistingMetadataSettings"]

FOLDER = r"^gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](/[A-Za-z0-9._-]+)*$"
WEB = r"^https://[a-z0-9.-]+(:[0-9]{2,5})?(/[A-Za-z0-9._~?=&/#+-]*)?$"


class ExistingExperiment(Settings):
    """One experiment."""

    name: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9 /._-]{0,127}$",
        description="Its name in the store. Default: the name here.",
    )
    artifacts: str = Field(pattern=FOLDER, description="Folder of its artefacts.", examples=["gs://acme-runs/churn"])


class ExistingMetadataSettings(Settings):
    """The store, and the experiments in it."""

    kind: Literal["vertex", "mlflow"] = Field(description="`vertex` or `mlflow`.")
    uri: str = Field(
        pattern=r"^(projects/[a-z][a-z0-9-]+/locations/[a-z]+-[a-z]+[0-9]+/metadataStores/[a-z0-9-]+"
        r"|https?://[a-z0-9.-]+(:[0-9]{2,5})?(/[A-Za-z0-9._/-]*)?)$",
        description="The store's resource name, or MLflow's address.",
        examples=["https://mlflow.acme.example"],
    )
    url: str = Field(pattern=WEB, description="Where people open it.", examples=["https://mlflow.acme.example"])
    artifacts: str = Field(pattern=FOLDER, description="Folder of all artefacts.", examples=["gs://acme-runs"])
    secret: str = Field(
        default="",
        pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?$",
        description="Kubernetes Secret, there in every namespace that logs runs, whose keys are variables for the SDK,"
        " such as MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD. Default: none.",
        examples=["mlflow-client"],
    )
    experiments: dict[ExperimentName, ExistingExperiment] = Field(
        default_factory=dict, description="Experiments by the name that components ask for. Default: none."
    )


class ExistingMetadata(Component):
    """A metadata store that is there already; planform makes nothing and changes nothing.

    Provides: Metadata, for the names in `experiments`.
    Requires: nothing.
    Emits: nothing. Whoever owns the store makes each experiment, lets writers and readers in, to it and to its folder,
    and lets pods reach it.
    Errors: contract/not-named.
    """

    name = "existing"
    capability = "metadata"
    provides = Metadata
    Settings = ExistingMetadataSettings
    settings: ExistingMetadataSettings

    def store(self) -> MetadataRef:
        """The store that the settings name."""
        given = self.settings
        return MetadataRef(given.kind, given.uri, given.artifacts, given.url)

    def experiment(
        self, name: str, *, team: str, writers: Sequence[str] = (), readers: Sequence[str] = ()
    ) -> ExperimentRef:
        """The experiment that the settings name; members are for its owner to let in."""
        found = self.settings.experiments.get(name)
        if found is None:
            raise self.refuse(
                "contract/not-named",
                f"an experiment `{name}` of team `{team}` is asked for, and `existing` names none",
                path=("experiments",),
                help=f"add `{name}: {{artifacts: gs://...}}` to `experiments`",
            )
        return ExperimentRef(found.name or name, found.artifacts, self.settings.url)

    def reach(self, namespace: str, *, team: str, scope: object) -> MetadataClient:
        """The address and the Secret of the settings; whoever owns the store says how it is reached."""
        variables = {"MLFLOW_TRACKING_URI": self.settings.uri} if self.settings.kind == "mlflow" else {}
        return MetadataClient(variables, self.settings.secret)
