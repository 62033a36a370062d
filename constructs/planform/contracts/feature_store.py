"""feature_store: features, computed once, the same in training and in serving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, runtime_checkable

from msgspec import Struct

__all__ = ["FeatureGroupRef", "FeatureStore", "FeatureStoreRef", "FeatureType", "FeatureViewRef"]

FeatureType = Literal["bool", "int", "float", "string", "timestamp", "float_array"]


class FeatureStoreRef(Struct, frozen=True):
    """The store. `offline` is where training reads from (`bq://...`), `online` what serving asks."""

    kind: Literal["vertex", "feast"]
    offline: str
    online: str


class FeatureGroupRef(Struct, frozen=True):
    """Features of one entity. `source` is their table, `bq://P.D.T`; `features` their types by name."""

    name: str
    id: str
    entity: str
    source: str
    features: Mapping[str, FeatureType]


class FeatureViewRef(Struct, frozen=True):
    """What a model asks for by entity id when it serves."""

    name: str
    id: str
    groups: tuple[str, ...]


@runtime_checkable
class FeatureStore(Protocol):
    """Groups of features over tables, and views of them that are served."""

    def store(self) -> FeatureStoreRef:
        """The store."""

    def group(
        self,
        name: str,
        *,
        entity: str,
        features: Mapping[str, FeatureType],
        team: str = "",
        source: str = "",
        readers: Sequence[str] = (),
        writers: Sequence[str] = (),
    ) -> FeatureGroupRef:
        """The features of an entity, by lower case names with underscores.

        `source` is an existing table, `bq://P.D.T`; without one the table is made. Members are IAM members.
        Asking again for a group adds members; without an entity and features it gives the one that is there.
        """

    def view(self, name: str, *, groups: Sequence[FeatureGroupRef], readers: Sequence[str] = ()) -> FeatureViewRef:
        """What is served of some groups of one entity."""

    def reach(self, namespace: str, *, scope: object) -> None:
        """Let the pods of a namespace ask the online store; what that takes is made in `scope`."""
