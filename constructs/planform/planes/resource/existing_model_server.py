"""existing: endpoints of models that the organisation already runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from planform.contracts.identity import Identity
from planform.contracts.model_server import EndpointRef, ModelServer
from planform.planes.component import Component
from planform.spec.settings import Settings
from planform.spec.units import KebabName

__all__ = ["ExistingEndpoint", "ExistingModelServer", "ExistingModelServerSettings"]

LabelKey = Annotated[str, StringConstraints(pattern=r"^([a-z0-9.-]+/)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$")]
LabelValue = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$")]
Metric = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z_:][a-zA-Z0-9_:]*(\{[^{}]*\})?$")]


class ExistingEndpoint(Settings):
    """An endpoint that is there."""

    url: str = Field(
        pattern=r"^https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[1-9][0-9]{1,4})?(/[A-Za-z0-9._~/-]*)?$",
        description="Where it answers.",
        examples=["http://scorer.serving.svc:8000"],
    )
    namespace: KebabName = Field(description="Namespace of its pods.", examples=["serving"])
    protocol: Literal["kserve-v2", "openai", "http"] = Field(
        default="kserve-v2", description="What it speaks. Default: kserve-v2."
    )
    port: Annotated[int, Field(ge=1, le=65535)] = Field(default=8000, description="Port of its pods. Default: 8000.")
    pods: dict[LabelKey, LabelValue] = Field(
        min_length=1, description="Labels of its pods.", examples=[{"app": "scorer"}]
    )
    requests_metric: Metric = Field(
        default="nv_inference_request_success", description="Counter of answers. Default: Triton's."
    )
    errors_metric: Metric = Field(
        default="nv_inference_request_failure", description="Counter of failures. Default: Triton's."
    )
    latency_metric: Metric = Field(
        default="nv_inference_request_duration_us",
        description="Counter of the time that all requests took, its unit at the end of its name. Default: Triton's.",
    )


class ExistingModelServerSettings(Settings):
    """Settings of `existing` for model_server."""

    formats: tuple[KebabName, ...] = Field(
        default=("onnx",), min_length=1, description="Formats of models that the organisation serves. Default: onnx."
    )
    endpoints: dict[KebabName, ExistingEndpoint] = Field(
        description="Endpoints by the names that are asked for.",
        examples=[{"scorer": {"url": "http://scorer.serving.svc:8000", "namespace": "serving", "pods": {"app": "x"}}}],
    )


class ExistingModelServer(Component):
    """Endpoints of the organisation; planform serves no model, and whoever runs them puts the files where they belong.

    Provides: ModelServer, for the endpoints that are named. Folders, sizes, canaries and cards that are asked for are
    not passed on; the owner sees them in the documents of workloads.
    Requires: nothing.
    Emits: nothing.
    Errors: contract/not-named.
    """

    name = "existing"
    capability = "model_server"
    provides = ModelServer
    files_only = True
    Settings = ExistingModelServerSettings
    settings: ExistingModelServerSettings

    def formats(self) -> Sequence[str]:
        """The formats that were named."""
        return self.settings.formats

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
        """The endpoint that the settings name."""
        held = self.settings.endpoints.get(name)
        if held is None:
            raise self.refuse(
                "contract/not-named",
                f"an endpoint `{name}` for {model} is asked for, and `existing` names none",
                path=("endpoints",),
                help=f"add `{name}: {{url: ..., namespace: ..., pods: ...}}` to `endpoints`",
            )
        return EndpointRef(
            name=name,
            namespace=held.namespace,
            url=held.url,
            protocol=held.protocol,
            pods=tuple(sorted(held.pods.items())),
            port=held.port,
            requests_metric=held.requests_metric,
            errors_metric=held.errors_metric,
            latency_metric=held.latency_metric,
        )
