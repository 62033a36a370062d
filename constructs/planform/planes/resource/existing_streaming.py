"""existing: a Kafka that the organisation already runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from planform.contracts.identity import Identity
from planform.contracts.network_policy import NetworkPolicies
from planform.contracts.streaming import StreamClient, Streaming, StreamRef, TopicRef
from planform.planes.component import Component
from planform.spec.settings import Settings
from planform.spec.units import Cidr, KebabName

__all__ = ["ExistingStreaming", "ExistingStreamingSettings", "ExistingTopic"]

MOUNT = "/etc/kafka-client"
TopicName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9._-]{1,249}$")]


class ExistingTopic(Settings):
    """A topic that is there."""

    name: TopicName = Field(description="Its name in Kafka.", examples=["prod.transactions.v1"])
    partitions: Annotated[int, Field(ge=1)] = Field(description="How many partitions it has.", examples=[12])


class ExistingStreamingSettings(Settings):
    """Settings of `existing` for streaming."""

    bootstrap: str = Field(
        pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?:[1-9][0-9]{1,4}$",
        description="Where clients begin, HOST:PORT.",
        examples=["kafka.acme.example:9093"],
    )
    security: Literal["mtls", "oauthbearer"] = Field(
        description="How clients sign in: by certificate, or by Google's tokens.", examples=["mtls"]
    )
    topics: dict[TopicName, ExistingTopic] = Field(
        default_factory=dict,
        description="Names that components ask for to topics of the cluster. Default: none.",
        examples=[{"transactions": {"name": "prod.transactions.v1", "partitions": 12}}],
    )
    certificates: dict[KebabName, KebabName] = Field(
        default_factory=dict,
        description="Names of clients to Kubernetes Secrets of their namespaces with ca.crt, user.crt and user.key, for"
        " sign-in by certificate. Default: none.",
        examples=[{"feature-writer": "kafka-feature-writer"}],
    )
    cidrs: tuple[Cidr, ...] = Field(
        default=(),
        description="Addresses of the brokers, which the namespaces of clients may then reach. Default: the host of"
        " `bootstrap` and names below its domain, which needs a network policy that knows hosts.",
    )


class ExistingStreaming(Component):
    """Kafka of the organisation; planform makes no topic and grants nothing.

    Whoever runs it makes the topics, lets each client read or write them and use its group, and for sign-in by
    certificate puts the files into a Secret of the client's namespace.

    Provides: Streaming, for the topics and clients that are named.
    Requires: NetworkPolicies, optional: the namespace of a client may then reach the brokers.
    Emits: nothing in Terraform; network policies.
    Errors: contract/not-named, contract/no-google-identity, contract/no-client-quota.
    """

    name = "existing"
    capability = "streaming"
    provides = Streaming
    files_only = True
    Settings = ExistingStreamingSettings
    settings: ExistingStreamingSettings
    network_policy: NetworkPolicies | None

    def build(self) -> None:
        self._clients: set[tuple[str, str]] = set()

    def cluster(self) -> StreamRef:
        """The cluster that the settings name."""
        return StreamRef(self.settings.bootstrap, self.settings.security)

    def topic(
        self, name: str, *, partitions: int = 3, retention_hours: int = 168, compacted: bool = False, team: str = ""
    ) -> TopicRef:
        """The topic that the settings name; its form is as it is."""
        held = self.settings.topics.get(name)
        if held is None:
            kind = "compacted" if compacted else f"kept {retention_hours} hours"
            raise self.refuse(
                "contract/not-named",
                f"a topic `{name}` ({partitions} partitions, {kind}) is asked for, and `existing` names none",
                path=("topics",),
                help=f"add `{name}: {{name: NAME-OF-YOUR-TOPIC, partitions: {partitions}}}` to `topics`",
            )
        return TopicRef(held.name, held.partitions)

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
        """How the client signs in; its rights are for the cluster's owner to give."""
        if quota_mib_second is not None:
            raise self.refuse(
                "contract/no-client-quota",
                f"client `{name}` is to be held to {quota_mib_second} MiB a second, and `existing` sets nothing",
                help="ask without a quota, and let the cluster's owner set it",
            )
        settings, files = self._sign_in(name, identity)
        self._open(name, namespace, scope)
        return StreamClient(self.settings.bootstrap, {**settings, "group.id": group or name}, files)

    def _sign_in(self, name: str, identity: Identity | None) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
        if self.settings.security == "oauthbearer":
            if identity is None:
                raise self.refuse(
                    "contract/no-google-identity",
                    f"client `{name}` has no Google service account to sign in to the existing Kafka with",
                    help="give its pods an `identity`",
                )
            return {"security.protocol": "sasl_ssl", "sasl.mechanism": "OAUTHBEARER"}, {}
        secret = self.settings.certificates.get(name)
        if secret is None:
            raise self.refuse(
                "contract/not-named",
                f"a certificate of client `{name}` is asked for, and `existing` names none",
                path=("certificates",),
                help=f"add `{name}: NAME-OF-ITS-SECRET` to `certificates`",
            )
        files = {f"{MOUNT}/{key}": (secret, key) for key in ("ca.crt", "user.crt", "user.key")}
        return {
            "security.protocol": "ssl",
            "ssl.ca.location": f"{MOUNT}/ca.crt",
            "ssl.certificate.location": f"{MOUNT}/user.crt",
            "ssl.key.location": f"{MOUNT}/user.key",
        }, files

    def _open(self, name: str, namespace: str, scope: object) -> None:
        if self.network_policy is None or (name, namespace) in self._clients:
            return
        self._clients.add((name, namespace))
        host, _, port = self.settings.bootstrap.rpartition(":")
        domain = host.partition(".")[2]
        hosts = [] if self.settings.cidrs else [host, *([f"*.{domain}"] if "." in domain else [])]
        self.network_policy.allow_egress(
            namespace,
            f"kafka-{name}",
            scope=scope,
            pods={},
            hosts=hosts,
            cidrs=self.settings.cidrs,
            ports=(int(port),),
        )
