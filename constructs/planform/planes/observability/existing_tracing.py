"""existing: an OpenTelemetry collector that the organisation runs."""

from __future__ import annotations

from pydantic import Field

from planform.contracts.network_policy import NetworkPolicies
from planform.contracts.tracing import OtlpEndpoint, Tracing
from planform.planes.component import Component
from planform.spec.settings import Settings

__all__ = ["ExistingTracing", "ExistingTracingSettings"]


class ExistingTracingSettings(Settings):
    """Settings of `existing` for tracing."""

    host: str = Field(
        pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$",
        description="Host name of the collector, as pods of the cluster call it.",
        examples=["collector.telemetry.svc.cluster.local"],
    )
    namespace: str = Field(
        pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
        description="Namespace of the cluster that the collector runs in.",
        examples=["telemetry"],
    )
    grpc_port: int = Field(default=4317, ge=1, le=65_535, description="Port for OTLP by gRPC. Default: 4317.")
    http_port: int = Field(default=4318, ge=1, le=65_535, description="Port for OTLP by HTTP. Default: 4318.")


class ExistingTracing(Component):
    """A collector that others run in the cluster, with whatever it sends to; planform only says where it is.

    Whoever runs it lets the namespaces of the platform in, and holds services to objectives in their own tool:
    `service` makes nothing.

    Provides: Tracing; `reach` opens the sender's end.
    Requires: nothing; NetworkPolicies, if they are there.
    Emits: nothing but the NetworkPolicy objects of who asks.
    """

    name = "existing"
    capability = "tracing"
    provides = Tracing
    files_only = True
    Settings = ExistingTracingSettings
    settings: ExistingTracingSettings
    network_policy: NetworkPolicies | None

    def build(self) -> None:
        self._reached: set[str] = set()

    def collector(self) -> OtlpEndpoint:
        """The collector that was named."""
        settings = self.settings
        return OtlpEndpoint(settings.host, settings.grpc_port, settings.http_port, settings.namespace)

    def reach(self, namespace: str, *, scope: object) -> None:
        """Leave for the pods of a namespace to send."""
        if self.network_policy is None or namespace in self._reached:
            return
        self._reached.add(namespace)
        self.network_policy.allow_egress(
            namespace,
            "traces",
            scope=self.within(scope),
            pods={},
            namespaces=[self.settings.namespace],
            ports=(self.settings.grpc_port, self.settings.http_port),
        )

    def service(
        self, name: str, *, title: str = "", team: str = "", latency_ms: int | None = None, percent: float = 99.0
    ) -> None:
        """Nothing: objectives are the organisation's."""
