"""model_server: models that answer requests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct

from planform.contracts.delivers_files import DeliversFiles
from planform.contracts.identity import Identity

__all__ = ["EndpointRef", "ModelServer"]


class EndpointRef(Struct, frozen=True):
    """Where a served model answers inside the cluster, and the labels of its pods.

    The metrics are counters, as Prometheus has them, with selectors where a name alone says too much: requests that
    were answered, requests that failed, and the time that all took together, whose unit its name ends with (`_us`,
    `_seconds_sum`).
    """

    name: str
    namespace: str
    url: str
    protocol: str
    pods: tuple[tuple[str, str], ...]
    port: int
    requests_metric: str
    errors_metric: str
    latency_metric: str


@runtime_checkable
class ModelServer(DeliversFiles, Protocol):
    """Servers of models on accelerators, scaled by load."""

    def formats(self) -> Sequence[str]:
        """Formats of models that it can serve, such as `onnx`, `pytorch` or `safetensors`."""

    def endpoint(
        self,
        name: str,
        *,
        namespace: str,
        scope: object,
        model: str,
        team: str = "",
        format: str = "onnx",
        accelerator: str = "",
        count: int = 1,
        min_replicas: int = 1,
        max_replicas: int = 3,
        service_account: str = "",
        identity: Identity | None = None,
        canary: str = "",
        canary_percent: int = 0,
        cards: str = "",
    ) -> EndpointRef:
        """Serve the model whose files are in `model` (`gs://BUCKET/FOLDER`).

        `canary` is another folder, which `canary_percent` of the requests go to. With `cards`, the folder of the
        model's cards, a server starts only where that has `VERSION.json` and `VERSION.scan.json` with a verdict that
        passed; a version is the last part of its folder. The objects are made in `scope`. Pods
        run as `service_account`, which acts as `identity` and must be able to read the folders.
        """
