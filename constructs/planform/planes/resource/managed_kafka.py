"""Google Cloud Managed Service for Apache Kafka."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from planform.contracts.identity import Identity
from planform.contracts.keys import Keys
from planform.contracts.network_policy import NetworkPolicies
from planform.contracts.networking import Networking
from planform.contracts.services import Services
from planform.contracts.streaming import StreamClient, Streaming, StreamRef, TopicRef
from planform.planes.component import Component
from planform.planes.record_ids import principal_id, record_id
from planform.planes.resource.kafka_topics import AskedTopic, check_client, check_topic, topic_settings
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import Gib
from planform.terraform.expression import Known, template
from planform.terraform.google import ManagedKafkaAcl, ManagedKafkaCluster, ManagedKafkaTopic, ProjectIamMember
from planform.terraform.record import Lifecycle

__all__ = ["ManagedKafka", "ManagedKafkaSettings"]

PORT = 9092
LEAST_VCPUS = 3
LEAST_GIB_A_VCPU, MOST_GIB_A_VCPU = 1, 8
MOST_SUBNETS = 10
COPIES, IN_SYNC = 3, 2
"""The service runs in three zones, and its topics have three copies."""
CLIENT = "roles/managedkafka.client"

SubnetId = Annotated[
    str,
    StringConstraints(
        pattern=r"^projects/[a-z][a-z0-9-]{4,28}[a-z0-9]/regions/[a-z]+-[a-z]+[0-9]+/subnetworks/[a-z][a-z0-9-]{0,62}$"
    ),
    Field(examples=["projects/acme-ai-dev/regions/europe-west4/subnetworks/acme-ai-dev-data"]),
]


class ManagedKafkaSettings(Settings):
    """Settings of `managed-kafka`."""

    vcpus: int = Field(default=3, description="vCPUs of the cluster, over all brokers; 3 at least. Default: 3.")
    memory_gib: Gib = Field(default=12, description="Memory of the cluster; 1 to 8 GiB for each vCPU. Default: 12 GiB.")
    subnets: tuple[SubnetId, ...] = Field(
        default=(),
        max_length=MOST_SUBNETS - 1,
        description="Further subnetworks that clients reach the brokers from, in the environment's region."
        " Default: only the one that clusters live in.",
    )
    rebalance: bool = Field(default=True, description="Spread partitions anew when brokers are added. Default: on.")


class ManagedKafka(Component):
    """Kafka that Google runs: brokers in three zones, addresses in the environment's own subnetwork.

    Clients sign in as a Google service account, by SASL OAUTHBEARER over TLS with Google's tokens, without passwords;
    the service's other sign-in, by certificate, wants a pool of Certificate Authority Service and is not set up. A
    client library needs a token callback: Google's login handler for Java, a few lines around google-auth for
    librdkafka. Who may do what with a topic or a group is in the service's own ACLs: once a topic has one, whoever is
    not in it is locked out. Google's IAM role `roles/managedkafka.client` opens the door and no topic.
    What Strimzi has and the service has not is refused: pods without a Google service account, and quotas of clients.

    Provides: Streaming; sign-in by Google's tokens (oauthbearer).
    Requires: Services, Networking; Keys, optional: data is then encrypted with the key `kafka`; NetworkPolicies,
    optional: the namespace of a client may then reach the brokers.
    Emits: google_managed_kafka_cluster, google_managed_kafka_topic and google_managed_kafka_acl for each topic and
    group, google_project_iam_member for each client; in production the cluster and its topics cannot be destroyed.
    Errors: spec/kafka-capacity, spec/subnet-in-other-region, spec/name-too-long, contract/bad-name,
    contract/bad-value, contract/other-form, contract/no-google-identity, contract/no-client-quota.
    Source: provider page of google_managed_kafka_cluster 7.45.0: 3 vCPUs at least, 1 to 8 GiB a vCPU, 1 to 10
    subnetworks of the cluster's region; Google's pages on authentication and on ACLs. Read 2026-11.
    """

    name = "managed-kafka"
    capability = "streaming"
    provides = Streaming
    apis = ("managedkafka.googleapis.com",)
    Settings = ManagedKafkaSettings
    settings: ManagedKafkaSettings
    services: Services
    networking: Networking
    keys: Keys | None
    network_policy: NetworkPolicies | None

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        yield from _capacity_faults(settings)
        for index, subnet in enumerate(settings.subnets):
            region = subnet.split("/")[3]
            if region != environment.region:
                yield Fault(
                    "spec/subnet-in-other-region",
                    f"the subnetwork is in `{region}`, and the brokers are in `{environment.region}`",
                    ("subnets", index),
                    help=f"write a subnetwork of {environment.region}",
                )
        if len(_cluster_id(environment)) > 63:
            yield Fault(
                "spec/name-too-long",
                f"cluster name `{_cluster_id(environment)}` has more than 63 characters",
                help="shorten the platform's or the environment's name",
            )

    def build(self) -> None:
        self._topics: dict[str, AskedTopic] = {}
        self._clients: dict[str, str] = {}
        self._members: set[str] = set()
        self._acls: dict[str, ManagedKafkaAcl] = {}
        self._cluster = self._make_cluster()

    def cluster(self) -> StreamRef:
        """The bootstrap address, which the resource does not export and which follows from its name."""
        facts, name = self.environment, _cluster_id(self.environment)
        pattern = "bootstrap.{}.{}.managedkafka.{}.cloud.goog:{}"
        bootstrap = Known(
            pattern.format(name, facts.region, facts.project, PORT),
            template(pattern, self._cluster.cluster_id, facts.region, facts.project, PORT),
        )
        return StreamRef(bootstrap, "oauthbearer")

    def topic(
        self, name: str, *, partitions: int = 3, retention_hours: int = 168, compacted: bool = False, team: str = ""
    ) -> TopicRef:
        """The topic, with three copies of which two acknowledge."""
        asked = AskedTopic(name, partitions, retention_hours, compacted)
        check_topic(self, asked, self._topics)
        if name not in self._topics:
            self._topics[name] = asked
            protected = self.environment.production
            ManagedKafkaTopic(
                self,
                record_id(name),
                project=self.environment.project,
                location=self.environment.region,
                cluster=self._cluster.cluster_id,
                topic_id=name,
                partition_count=partitions,
                replication_factor=COPIES,
                configs=topic_settings(asked, IN_SYNC),
                deletion_policy="PREVENT" if protected else "DELETE",
                lifecycle=Lifecycle(prevent_destroy=True) if protected else None,
            )
        return asked.ref

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
        """The rights of the client's service account, and the way to the brokers."""
        check_client(self, name, namespace, self._clients)
        if quota_mib_second is not None:
            raise self.refuse(
                "contract/no-client-quota",
                f"client `{name}` is to be held to {quota_mib_second} MiB a second, and `managed-kafka` holds nobody",
                help="ask without a quota, or choose `kafka`, which has them",
            )
        if identity is None:
            raise self.refuse(
                "contract/no-google-identity",
                f"client `{name}` has no Google service account, and `managed-kafka` has no other sign-in",
                help="give its pods an `identity`, or choose `kafka`, whose clients sign in by certificate",
            )
        self._admit(identity)
        for topic in reads:
            self._allow(f"topic/{topic.name}", identity, "DESCRIBE", "READ")
        for topic in writes:
            self._allow(f"topic/{topic.name}", identity, "DESCRIBE", "WRITE")
        if reads:
            self._allow(f"consumerGroup/{group or name}", identity, "DESCRIBE", "READ")
        if name not in self._clients:
            self._clients[name] = namespace
            self._open(name, namespace, scope)
        settings = {"security.protocol": "sasl_ssl", "sasl.mechanism": "OAUTHBEARER", "group.id": group or name}
        return StreamClient(self.cluster().bootstrap, settings)

    def _make_cluster(self) -> ManagedKafkaCluster:
        settings, facts = self.settings, self.environment
        subnets = [self.networking.subnet().id, *settings.subnets]
        key = None
        if self.keys is not None:
            key = self.keys.key("kafka", users=[facts.service_agent("gcp-sa-managedkafka")]).id
        return ManagedKafkaCluster(
            self,
            record_id(self.id),
            cluster_id=_cluster_id(facts),
            project=facts.project,
            location=facts.region,
            capacity_config=[{"vcpu_count": str(settings.vcpus), "memory_bytes": str(settings.memory_gib * 2**30)}],
            gcp_config=[
                {
                    "access_config": [{"network_configs": [{"subnet": subnet} for subnet in dict.fromkeys(subnets)]}],
                    "kms_key": key,
                }
            ],
            rebalance_config=[{"mode": "AUTO_REBALANCE_ON_SCALE_UP" if settings.rebalance else "NO_REBALANCE"}],
            labels=self.labels,
            deletion_policy="PREVENT" if facts.production else "DELETE",
            lifecycle=Lifecycle(prevent_destroy=True) if facts.production else None,
        )

    def _admit(self, identity: Identity) -> None:
        if identity.member in self._members:
            return
        self._members.add(identity.member)
        ProjectIamMember(
            self,
            record_id(principal_id(identity.member, self.environment), "client"),
            project=self.environment.project,
            role=CLIENT,
            member=identity.member,
        )

    def _allow(self, pattern: str, identity: Identity, *operations: str) -> None:
        """Entries in the one ACL of a topic or group, which holds all of its clients."""
        entries = [
            {"principal": f"User:{identity.email}", "permission_type": "ALLOW", "operation": each, "host": "*"}
            for each in operations
        ]
        acl = self._acls.get(pattern)
        if acl is None:
            self._acls[pattern] = ManagedKafkaAcl(
                self,
                record_id(pattern),
                project=self.environment.project,
                location=self.environment.region,
                cluster=self._cluster.cluster_id,
                acl_id=pattern,
                acl_entries=entries,
            )
            return
        held = acl.body["acl_entries"]
        held += [entry for entry in entries if entry not in held]

    def _open(self, name: str, namespace: str, scope: object) -> None:
        if self.network_policy is None:
            return
        cidr, facts = self.networking.subnet().cidr, self.environment
        own = f"*.{_cluster_id(facts)}.{facts.region}.managedkafka.{facts.project}.cloud.goog"
        where: dict[str, Any] = {"cidrs": [cidr]} if cidr else {"hosts": [str(self.cluster().bootstrap)[:-5], own]}
        self.network_policy.allow_egress(namespace, f"kafka-{name}", scope=scope, pods={}, ports=(PORT,), **where)


def _cluster_id(environment: Environment) -> str:
    return f"{environment.prefix}-kafka"


def _capacity_faults(settings: ManagedKafkaSettings) -> Iterator[Fault]:
    if settings.vcpus < LEAST_VCPUS:
        yield Fault(
            "spec/kafka-capacity",
            f"{settings.vcpus} vCPUs are fewer than the {LEAST_VCPUS} that a cluster has at least",
            ("vcpus",),
            help=f"write {LEAST_VCPUS} or more",
        )
        return
    least, most = settings.vcpus * LEAST_GIB_A_VCPU, settings.vcpus * MOST_GIB_A_VCPU
    if not least <= settings.memory_gib <= most:
        yield Fault(
            "spec/kafka-capacity",
            f"{settings.memory_gib} GiB do not go with {settings.vcpus} vCPUs, which have {least} to {most}",
            ("memory_gib",) if "memory_gib" in settings.model_fields_set else ("vcpus",),
            help=f"write {least} to {most} for `memory_gib`, or another number of `vcpus`",
        )
