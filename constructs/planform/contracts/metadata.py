"""metadata: what was run, with which parameters, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, runtime_checkable

from msgspec import Struct, field

__all__ = ["ExperimentRef", "Metadata", "MetadataClient", "MetadataRef"]


class MetadataRef(Struct, frozen=True):
    """The store. `uri` is a Vertex AI metadata store's name or MLflow's tracking address; `artifacts` a `gs://` folder.

    `url` is for people.
    """

    kind: Literal["vertex", "mlflow"]
    uri: str
    artifacts: str
    url: str


class ExperimentRef(Struct, frozen=True):
    """One experiment: the name that an SDK is given, the `gs://` folder of its artefacts, where people look."""

    name: str
    artifacts: str
    url: str


class MetadataClient(Struct, frozen=True):
    """What pods need to log runs: environment variables for the SDK, and the Kubernetes Secret of their namespace whose
    keys are variables too; "" where they sign in by their own identity.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    secret: str = ""


@runtime_checkable
class Metadata(Protocol):
    """Experiments, runs, parameters, metrics and lineage."""

    def store(self) -> MetadataRef:
        """The store."""

    def experiment(self, name: str, *, team: str, writers: Sequence[str] = (), readers: Sequence[str] = ()
                   ) -> ExperimentRef:  # fmt: skip
        """The experiment `name` of a team; `writers` and `readers` are IAM members."""

    def reach(self, namespace: str, *, team: str, scope: object) -> MetadataClient:
        """Let the pods of a namespace use the store as a team; what that takes is made in `scope`."""
