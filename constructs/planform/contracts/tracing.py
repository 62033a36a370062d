"""tracing: what happened to one request."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from msgspec import Struct

from planform.contracts.delivers_files import DeliversFiles

__all__ = ["OtlpEndpoint", "Tracing"]


class OtlpEndpoint(Struct, frozen=True):
    """The platform's OpenTelemetry collector: `host`, its ports for gRPC and HTTP, and its namespace."""

    host: str
    grpc_port: int
    http_port: int
    namespace: str

    @property
    def grpc(self) -> str:
        """`http://otel.observability.svc:4317`."""
        return f"http://{self.host}:{self.grpc_port}"

    @property
    def http(self) -> str:
        """`http://otel.observability.svc:4318`."""
        return f"http://{self.host}:{self.http_port}"


@runtime_checkable
class Tracing(DeliversFiles, Protocol):
    """A collector in the cluster that takes traces, and logs and metrics in the same form, and sends them on."""

    def collector(self) -> OtlpEndpoint:
        """Where to send them."""

    def reach(self, namespace: str, *, scope: object) -> None:
        """Let the pods of a namespace send to the collector."""

    def service(
        self, name: str, *, title: str = "", team: str = "", latency_ms: int | None = None, percent: float = 99.0
    ) -> None:
        """Expect traces of a service, and hold it to an objective: `percent` of requests without error and, if given,
        within a latency.
        """
