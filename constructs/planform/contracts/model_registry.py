"""model_registry: models with versions, aliases and cards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, runtime_checkable

from msgspec import Struct

__all__ = ["ModelRef", "ModelRegistry", "ModelRegistryRef"]


class ModelRegistryRef(Struct, frozen=True):
    """The registry. `uri` is what an SDK is given: `projects/P/locations/R`, or MLflow's address; `aliases` are the
    names that versions are promoted by, in their order; `artifacts` is the `gs://` folder of the models' files.
    """

    kind: Literal["vertex", "mlflow"]
    uri: str
    aliases: tuple[str, ...]
    artifacts: str
    url: str


class ModelRef(Struct, frozen=True):
    """One model: the name that an SDK is given, the folder of its versions (`gs://...`), the folder of its cards."""

    name: str
    artifacts: str
    cards: str
    url: str


@runtime_checkable
class ModelRegistry(Protocol):
    """Versions of models, promoted by alias, each with a card and the verdict of its scan beside it."""

    def registry(self) -> ModelRegistryRef:
        """The registry."""

    def model(self, name: str, *, team: str, publishers: Sequence[str] = (), readers: Sequence[str] = ()) -> ModelRef:
        """The model `name` of a team. `publishers` register and promote versions, `readers` fetch them: IAM members."""
