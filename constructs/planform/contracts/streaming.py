"""streaming: an event bus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, runtime_checkable

from msgspec import Struct, field

from planform.contracts.identity import Identity

__all__ = ["StreamClient", "StreamRef", "Streaming", "TopicRef"]


class StreamRef(Struct, frozen=True):
    """Kafka. `bootstrap` is "host:port"; `security` says how clients sign in: by certificate, or by Google's tokens."""

    bootstrap: str
    security: Literal["mtls", "oauthbearer"]


class TopicRef(Struct, frozen=True):
    """One topic."""

    name: str
    partitions: int


class StreamClient(Struct, frozen=True):
    """How a workload connects: settings for librdkafka without secrets, and files that its pod mounts.

    `files` is path in the container to (Kubernetes Secret, key) in the client's namespace.
    """

    bootstrap: str
    settings: Mapping[str, str]
    files: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@runtime_checkable
class Streaming(Protocol):
    """Kafka with topics on request, clients signed in, and access by topic."""

    def cluster(self) -> StreamRef:
        """The cluster."""

    def topic(
        self, name: str, *, partitions: int = 3, retention_hours: int = 168, compacted: bool = False, team: str = ""
    ) -> TopicRef:
        """The topic `name`, made on first use. Retention is in hours; `compacted` keeps the last value of each key."""

    def client(
        self,
        name: str,
        *,
        namespace: str,
        scope: object,
        reads: Sequence[TopicRef] = (),
        writes: Sequence[TopicRef] = (),
        group: str = "",
        service_account: str = "",
        identity: Identity | None = None,
        quota_mib_second: int | None = None,
    ) -> StreamClient:
        """Let pods of a namespace read and write topics; `group` is their consumer group, `name` by default.

        Where clients sign in by Google's tokens, the pods run as `service_account` and act as `identity`.
        `quota_mib_second` is what each broker lets the client read, and write, in MiB a second; asked of a component
        that cannot hold a client to it, it is refused.
        """
