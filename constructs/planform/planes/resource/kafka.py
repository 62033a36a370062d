"""Apache Kafka in the cluster, run by the Strimzi operator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from planform.contracts.identity import Identity
from planform.contracts.keys import Keys
from planform.contracts.monitoring import Monitoring, Panel
from planform.contracts.secrets import CopiesSecrets
from planform.contracts.streaming import StreamClient, Streaming, StreamRef, TopicRef
from planform.kubernetes.record import KubernetesObject
from planform.planes.cluster_component import ClusterComponent
from planform.planes.resource.kafka_topics import AskedTopic, check_client, check_topic, topic_settings
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import Gib

__all__ = ["Kafka", "KafkaSettings"]

API = "kafka.strimzi.io/v1"
NAMESPACE = "kafka"
CLUSTER = "events"
PORT = 9093
METRICS_PORT = "tcp-prometheus"
CLUSTER_CA = f"{CLUSTER}-cluster-ca-cert"
"""The Secret in which Strimzi keeps the authority that signs the brokers' certificates."""
BROKERS = {"strimzi.io/cluster": CLUSTER, "strimzi.io/name": f"{CLUSTER}-kafka"}
EXPORTER = {"strimzi.io/cluster": CLUSTER, "strimzi.io/name": f"{CLUSTER}-kafka-exporter"}
STORAGE_CLASS = "kafka"
ZONE = "topology.kubernetes.io/zone"
MOUNT = "/etc/kafka-client"
CERTIFICATE_DAYS, RENEWAL_DAYS = 90, 30
"""How long a client's certificate is good, and how long before its end there is a new one."""
METADATA_VERSIONS = {"4.2.0": "4.2-IV1", "4.2.1": "4.2-IV1", "4.3.0": "4.3-IV0", "4.3.1": "4.3-IV0"}
MEBIBYTE = 1024 * 1024


class KafkaSettings(Settings):
    """Settings of `kafka`."""

    version: Literal["4.2.0", "4.2.1", "4.3.0", "4.3.1"] = Field(
        default="4.3.1", description="Version of Kafka, one that Strimzi 1.2.0 runs. Default: 4.3.1."
    )
    brokers: Annotated[int, Field(ge=1, le=99)] | None = Field(
        default=None, description="Brokers. Default: 3 in production, spread over zones, else 1."
    )
    controllers: Literal[1, 3, 5] | None = Field(
        default=None, description="Controllers, which elect each other. Default: 3 in production, else 1."
    )
    cpus: Annotated[int, Field(ge=1, le=64)] | None = Field(
        default=None, description="vCPUs that each broker asks for. Default: 2 in production, else 1."
    )
    memory_gib: Annotated[Gib, Field(ge=2, le=512)] | None = Field(
        default=None,
        description="Memory of each broker; half is Java's, half caches the log. Default: 8 GiB in production, else 2.",
    )
    disk_gib: Gib = Field(default=100, description="Disk of each broker; it can grow, never shrink. Default: 100 GiB.")
    disk_type: Literal["pd-balanced", "pd-ssd", "hyperdisk-balanced"] = Field(
        default="pd-ssd",
        description="Type of the disks; which ones nodes take depends on their machine type: N4 and C4 take"
        " Hyperdisk only. Default: pd-ssd.",
    )
    cruise_control: bool | None = Field(
        default=None,
        description="Balance partitions over the brokers when some are added or removed. Default: on with several"
        " brokers.",
    )
    client_mib_second: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=50,
        description="MiB a second that each broker lets a client read, and write, that asks for no quota of its own."
        " Default: 50.",
    )
    lag_alert_messages: Annotated[int, Field(ge=1)] = Field(
        default=100_000, description="Messages that a consumer group may be behind before an alert. Default: 100000."
    )


class Kafka(ClusterComponent):
    """Kafka in KRaft mode: controllers and brokers in pools of their own, topics and users as objects beside them.

    The operator, the cluster, topics and users live in the namespace `kafka`. Brokers listen with TLS and let in who
    shows a certificate of the cluster's own authority; who may do what with which topic is in the user's object, and
    nobody may do what is not written. In production 3 brokers in as many zones, each message on 3 and acknowledged by
    2, so that a zone may go; else one of each.

    Certificates: Strimzi's user operator makes one for each client in a Secret of `kafka`, good for 90 days, and a new
    one 30 days before its end. The
    platform's store copies it, with the brokers' authority, into the Secret `kafka-<client>` of the client's namespace
    within five minutes of the first sync, and again after each renewal, as a service account that may read those two
    Secrets alone. A pod waits for the Secret of its volume, so a client starts by itself once it is there; a library
    that reads the files at start only (librdkafka is one) must be restarted within 30 days of a renewal.

    Network: the namespace is an operator's, which talks to the API server. What may come in, Strimzi's own network
    policies say: the listener is open to the namespaces of clients, the other ports to the cluster itself. In a
    client's namespace a policy opens the way out.

    By hand: nothing on day 1. Brokers are added by raising `brokers`; disks grow with `disk_gib`.

    Provides: Streaming; sign-in by certificate (mtls). `identity` and `service_account` of a client say nothing here.
    Requires: Compute, GitOps; Secrets that copies, for clients outside the namespace; Keys, optional: disks are then
    encrypted with the key `kafka`; NetworkPolicies, Policies and Monitoring, optional.
    Emits: the Helm release strimzi-kafka-operator; Kafka, KafkaNodePool, KafkaTopic, KafkaUser and StorageClass
    objects; for each client an ExternalSecret and a NetworkPolicy in its namespace.
    Errors: contract/bad-name, contract/bad-value, contract/other-form, contract/no-delivery, spec/kafka-brokers.
    Source: Strimzi 1.2.0: CRDs kafka.strimzi.io/v1, chart values, kafka-versions.yaml, its Prometheus rules and its
    dashboards for the Strimzi Metrics Reporter; GKE's page on the Persistent Disk CSI driver. Read 2026-11.
    """

    name = "kafka"
    capability = "streaming"
    provides = Streaming
    files_only = True
    Settings = KafkaSettings
    settings: KafkaSettings
    keys: Keys | None
    monitoring: Monitoring | None

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        brokers = _brokers(settings, environment)
        if settings.cruise_control and brokers < 2:
            yield Fault(
                "spec/kafka-brokers",
                f"there is nothing to balance on {brokers} broker",
                ("cruise_control",),
                help="delete `cruise_control`, or write 2 `brokers` or more",
            )
        if environment.production and brokers < 3:
            yield Fault(
                "spec/kafka-brokers",
                f"{brokers} brokers cannot keep each message on 3 of them, as production does",
                ("brokers",),
                help="write 3 `brokers` or more",
            )

    def build(self) -> None:
        self._topics: dict[str, AskedTopic] = {}
        self._users: dict[str, KubernetesObject] = {}
        self._clients: dict[str, str] = {}
        self._namespaces = {NAMESPACE}
        self._brokers = _brokers(self.settings, self.environment)
        self._replication = min(3, self._brokers)
        self._install()
        self._storage_class()
        self._pool("controllers", "controller")
        self._pool("brokers", "broker")
        self._cluster = KubernetesObject(
            self, API, "Kafka", CLUSTER, namespace=NAMESPACE, labels=self.labels, spec=self._cluster_spec()
        )
        if self.monitoring is not None:
            self._observe(self.monitoring)

    def cluster(self) -> StreamRef:
        """The listener with TLS, by the name of its Service."""
        return StreamRef(f"{CLUSTER}-kafka-bootstrap.{NAMESPACE}.svc:{PORT}", "mtls")

    def topic(
        self, name: str, *, partitions: int = 3, retention_hours: int = 168, compacted: bool = False, team: str = ""
    ) -> TopicRef:
        """A KafkaTopic beside the cluster; a topic whose object goes away keeps its data until somebody deletes it."""
        asked = AskedTopic(name, partitions, retention_hours, compacted)
        check_topic(self, asked, self._topics)
        if name not in self._topics:
            self._topics[name] = asked
            KubernetesObject(
                self,
                API,
                "KafkaTopic",
                _object_name(name),
                namespace=NAMESPACE,
                labels=self._of_cluster(team),
                spec={
                    "topicName": name,
                    "partitions": partitions,
                    "replicas": self._replication,
                    "config": topic_settings(asked, self._min_insync),
                },
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
        """A KafkaUser with its rights, its certificate in the client's namespace, and the way there."""
        check_client(self, name, namespace, self._clients)
        self._grant(name, reads, writes, group or name, quota_mib_second)
        if name not in self._clients:
            self._clients[name] = namespace
            self._open(namespace)
            self._bring(name, namespace, scope)
        return self._connection(name, namespace, group or name)

    def _grant(
        self, name: str, reads: Sequence[TopicRef], writes: Sequence[TopicRef], group: str, quota: int | None
    ) -> None:
        acls = [_acl("topic", topic.name, "Describe", "Read") for topic in reads]
        acls += [_acl("topic", topic.name, "Describe", "Write") for topic in writes]
        acls += [_acl("group", group, "Read")] if reads else []
        user = self._users.get(name)
        if user is None:
            user = self._users[name] = KubernetesObject(
                self,
                API,
                "KafkaUser",
                name,
                namespace=NAMESPACE,
                labels=self._of_cluster(),
                spec={
                    "authentication": {"type": "tls", "validityDays": CERTIFICATE_DAYS, "renewalDays": RENEWAL_DAYS},
                    "authorization": {"type": "simple", "acls": []},
                    "quotas": _quotas(self.settings.client_mib_second),
                },
            )
        spec = user.body["spec"]
        spec["authorization"]["acls"] += [acl for acl in acls if acl not in spec["authorization"]["acls"]]
        if quota is not None:
            spec["quotas"] = _quotas(quota)

    def _open(self, namespace: str) -> None:
        """Let a namespace reach the listener; it is written in the cluster's own object."""
        self._namespaces.add(namespace)
        self._cluster.body["spec"]["kafka"]["listeners"] = self._listeners()

    def _bring(self, name: str, namespace: str, scope: object) -> None:
        if namespace == NAMESPACE:
            return
        if not isinstance(self.secrets, CopiesSecrets):
            raise self.refuse(
                "contract/no-delivery",
                f"the certificate of client `{name}` is wanted in namespace `{namespace}`, and nothing brings it there",
                help="fill the slot `secrets` with a component that copies Secrets, such as `secret-manager`",
            )
        self.secrets.copy(f"kafka-{name}", _files(name), source=NAMESPACE, namespace=namespace, scope=scope)
        if self.network_policy is not None:
            self.network_policy.allow_egress(
                namespace,
                f"kafka-{name}",
                scope=self.within(scope),
                pods={},
                namespaces=[NAMESPACE],
                target_pods=BROKERS,
                ports=(PORT,),
            )

    def _connection(self, name: str, namespace: str, group: str) -> StreamClient:
        own = namespace == NAMESPACE
        files = {f"{MOUNT}/{key}": held if own else (f"kafka-{name}", key) for key, held in _files(name).items()}
        return StreamClient(
            bootstrap=self.cluster().bootstrap,
            settings={
                "security.protocol": "ssl",
                "ssl.ca.location": f"{MOUNT}/ca.crt",
                "ssl.certificate.location": f"{MOUNT}/user.crt",
                "ssl.key.location": f"{MOUNT}/user.key",
                "group.id": group,
            },
            files=files,
        )

    @property
    def _min_insync(self) -> int:
        return max(1, self._replication - 1)

    def _of_cluster(self, team: str = "") -> dict[str, str]:
        """Labels of what belongs to the cluster; a topic is its team's."""
        return {**self.labels, **({"team": team} if team else {}), "strimzi.io/cluster": CLUSTER}

    def _install(self) -> None:
        self.operator_namespace(NAMESPACE)
        self.chart(
            "strimzi-kafka-operator",
            NAMESPACE,
            {
                "replicas": self.replicas,
                "podDisruptionBudget": {"enabled": self.replicas > 1, "minAvailable": 1},
                # Pods that Strimzi makes then run as Kubernetes' profile `restricted` wants them.
                "extraEnvs": [{"name": "STRIMZI_POD_SECURITY_PROVIDER_CLASS", "value": "restricted"}],
                "resources": {"requests": {"cpu": "200m", "memory": "512Mi"}, "limits": {"memory": "512Mi"}},
            },
        )

    def _storage_class(self) -> None:
        parameters: dict[str, str] = {"type": self.settings.disk_type}
        if self.keys is not None:
            agent = self.environment.service_agent("compute-system")
            parameters["disk-encryption-kms-key"] = self.keys.key("kafka", users=[agent]).id
        self.object(
            "storage.k8s.io/v1",
            "StorageClass",
            STORAGE_CLASS,
            provisioner="pd.csi.storage.gke.io",
            parameters=parameters,
            allowVolumeExpansion=True,
            reclaimPolicy="Retain" if self.environment.production else "Delete",
            volumeBindingMode="WaitForFirstConsumer",
        )

    def _pool(self, name: str, role: Literal["controller", "broker"]) -> None:
        production, settings = self.environment.production, self.settings
        if role == "broker":
            replicas, disk = self._brokers, settings.disk_gib
            cpu, memory = settings.cpus or (2 if production else 1), settings.memory_gib or (8 if production else 2)
            requests = {"cpu": str(cpu), "memory": f"{memory}Gi"}
            heap = f"{memory * 512}m"
        else:
            replicas, disk = settings.controllers or (3 if production else 1), 20
            requests, heap = {"cpu": "500m", "memory": "1536Mi"}, "768m"
        KubernetesObject(
            self,
            API,
            "KafkaNodePool",
            name,
            namespace=NAMESPACE,
            labels=self._of_cluster(),
            spec={
                "replicas": replicas,
                "roles": [role],
                "resources": {"requests": requests, "limits": {"memory": requests["memory"]}},
                "jvmOptions": {"-Xms": heap, "-Xmx": heap},
                "storage": {"type": "jbod", "volumes": [_volume(disk)]},
                "template": {"pod": {"topologySpreadConstraints": [_spread(name, production)]}},
            },
        )

    def _cluster_spec(self) -> dict[str, Any]:
        operator = {"resources": {"requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"memory": "512Mi"}}}
        balanced = self._brokers > 1 if self.settings.cruise_control is None else self.settings.cruise_control
        exporter = {"resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}}}
        return {
            "kafka": self._broker_spec(),
            "entityOperator": {"topicOperator": operator, "userOperator": operator},
            "clusterCa": {"validityDays": 1825, "renewalDays": 90},
            "clientsCa": {"validityDays": 1825, "renewalDays": 90},
            "cruiseControl": _cruise_control() if balanced else None,
            "kafkaExporter": {"groupRegex": ".*", "topicRegex": ".*", **exporter},
        }

    def _broker_spec(self) -> dict[str, Any]:
        copies, enough = self._replication, self._min_insync
        return {
            "version": self.settings.version,
            "metadataVersion": METADATA_VERSIONS[self.settings.version],
            "rack": {"topologyKey": ZONE},
            "listeners": self._listeners(),
            "authorization": {"type": "simple"},
            "config": {
                "auto.create.topics.enable": False,
                "default.replication.factor": copies,
                "min.insync.replicas": enough,
                "offsets.topic.replication.factor": copies,
                "replica.selector.class": "org.apache.kafka.common.replica.RackAwareReplicaSelector",
                "transaction.state.log.min.isr": enough,
                "transaction.state.log.replication.factor": copies,
            },
            "metricsConfig": {"type": "strimziMetricsReporter"},
            "template": {"podDisruptionBudget": {"maxUnavailable": 1}},
        }

    def _listeners(self) -> list[dict[str, Any]]:
        """One listener. Without peers Strimzi opens it to everybody, so the own namespace is always among them."""
        peers = [
            {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": each}}}
            for each in sorted(self._namespaces)
        ]
        return [
            {
                "name": "tls",
                "port": PORT,
                "type": "internal",
                "tls": True,
                "authentication": {"type": "tls"},
                "networkPolicyPeers": peers,
            }
        ]

    def _observe(self, monitoring: Monitoring) -> None:
        for name, pods in (("kafka", BROKERS), ("kafka-exporter", EXPORTER)):
            monitoring.scrape(name, namespace=NAMESPACE, scope=self, pods=pods, port=METRICS_PORT)
        team = self.place.team
        monitoring.dashboard("kafka", title="Kafka", panels=_PANELS, team=team)
        for name, (title, query, minutes, urgent) in _ALERTS.items():
            severity: Literal["page", "ticket"] = "page" if urgent and self.environment.production else "ticket"
            monitoring.alert(name, title=title, query=query, minutes=minutes, severity=severity, team=team)
        behind = f"sum by (consumergroup, topic) (kafka_consumergroup_lag) > {self.settings.lag_alert_messages}"
        monitoring.alert(
            "kafka-consumer-lag", title="A consumer group of Kafka is behind", query=behind, minutes=15, team=team
        )


_PANELS = (
    Panel("Messages in", "sum(rate(kafka_server_brokertopicmetrics_messagesinpersec_total[5m]))", "1"),
    Panel("Bytes in", "sum(rate(kafka_server_brokertopicmetrics_bytesinpersec_total[5m]))", "By"),
    Panel("Bytes out", "sum(rate(kafka_server_brokertopicmetrics_bytesoutpersec_total[5m]))", "By"),
    Panel("Under-replicated partitions", "sum(kafka_server_replicamanager_underreplicatedpartitions)"),
    Panel("Offline partitions", "max(kafka_controller_kafkacontroller_offlinepartitionscount)"),
    Panel("Lag by consumer group", "sum by (consumergroup, topic) (kafka_consumergroup_lag)"),
)
_ALERTS: Mapping[str, tuple[str, str, int, bool]] = {
    "kafka-under-replicated": (
        "Partitions of Kafka have too few copies",
        "sum(kafka_server_replicamanager_underreplicatedpartitions) > 0",
        10,
        False,
    ),
    "kafka-offline-partitions": (
        "Partitions of Kafka cannot be read or written",
        "max(kafka_controller_kafkacontroller_offlinepartitionscount) > 0",
        2,
        True,
    ),
    "kafka-no-controller": (
        "Kafka has not exactly one active controller",
        "sum(kafka_controller_kafkacontroller_activecontrollercount) != 1",
        5,
        True,
    ),
}
"""Name to title, query, minutes and whether somebody is woken up."""


def _brokers(settings: KafkaSettings, environment: Environment) -> int:
    return settings.brokers or (3 if environment.production else 1)


def _acl(kind: str, name: str, *operations: str) -> dict[str, Any]:
    resource = {"type": kind, "name": name, "patternType": "literal"}
    return {"resource": resource, "operations": list(operations), "host": "*"}


def _quotas(mib_second: int) -> dict[str, int]:
    return dict.fromkeys(("producerByteRate", "consumerByteRate"), mib_second * MEBIBYTE)


def _files(name: str) -> dict[str, tuple[str, str]]:
    """What a client mounts: the Secret and key in which Strimzi keeps it."""
    return {"ca.crt": (CLUSTER_CA, "ca.crt"), "user.crt": (name, "user.crt"), "user.key": (name, "user.key")}


def _object_name(topic: str) -> str:
    """A topic may have capitals and underscores, the object of it not."""
    return topic.lower().replace("_", "-").strip(".-") or "topic"


def _volume(gib: int) -> dict[str, Any]:
    return {
        "id": 0,
        "type": "persistent-claim",
        "class": STORAGE_CLASS,
        "size": f"{gib}Gi",
        "kraftMetadata": "shared",
        "deleteClaim": False,
    }


def _spread(pool: str, strictly: bool) -> dict[str, Any]:
    return {
        "maxSkew": 1,
        "topologyKey": ZONE,
        "whenUnsatisfiable": "DoNotSchedule" if strictly else "ScheduleAnyway",
        "labelSelector": {"matchLabels": {"strimzi.io/cluster": CLUSTER, "strimzi.io/pool-name": pool}},
    }


def _cruise_control() -> dict[str, Any]:
    return {
        "resources": {"requests": {"cpu": "200m", "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
        "autoRebalance": [{"mode": "add-brokers"}, {"mode": "remove-brokers"}],
    }
