"""model_observability: whether a model still does what it did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, runtime_checkable

from msgspec import Struct

from planform.contracts.delivers_files import DeliversFiles

__all__ = ["ModelKind", "ModelMonitor", "ModelMonitorRef", "ModelObservability"]

ModelKind = Literal["classification", "regression", "ranking", "language"]
ModelMonitor = Literal["drift", "performance", "data_quality", "hallucination"]


class ModelMonitorRef(Struct, frozen=True):
    """Where a model's inputs and outputs go: an OTLP address, the project's name there, where people look.

    `secret` is the Kubernetes Secret of the model's namespace that holds the key, with `headers` from header to key in
    it; empty where none is needed.
    """

    endpoint: str
    project: str
    url: str
    secret: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@runtime_checkable
class ModelObservability(DeliversFiles, Protocol):
    """Drift, performance and quality of models that serve."""

    def model(
        self,
        name: str,
        *,
        kind: ModelKind,
        team: str,
        namespace: str,
        scope: object,
        monitors: Sequence[ModelMonitor] = ("drift", "performance"),
    ) -> ModelMonitorRef:
        """Watch a model that serves in a namespace, whose pods may then send what they saw and said."""
