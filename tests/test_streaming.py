"""Kafka: topics in one form, clients with their own rights, and certificates where the clients are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from planform.contracts.identity import Identity
from planform.contracts.streaming import Streaming
from planform.engine import App, TerraformStack, synthesize
from planform.kubernetes.record import KubernetesObject, objects_of
from planform.planes.component import Refused
from planform.planes.delivery.existing_gitops import ExistingGitOps, ExistingGitOpsSettings
from planform.planes.delivery.gitops_tool import GitSource
from planform.planes.resource.existing_compute import ExistingCompute, ExistingComputeSettings
from planform.planes.resource.existing_streaming import ExistingStreaming, ExistingStreamingSettings
from planform.planes.resource.kafka import Kafka, KafkaSettings
from planform.planes.resource.managed_kafka import ManagedKafka, ManagedKafkaSettings
from planform.planes.resource.vpc import Vpc
from planform.planes.security.cilium import Cilium
from planform.planes.security.existing_services import ExistingServices
from planform.planes.security.secret_manager import SecretManager
from planform.spec.environment import Environment
from planform.spec.faults import parse
from planform.terraform.google import GoogleProvider
from planform.terraform.record import records_of
from tests import terraform
from tests.watching import Watching

DEV = Environment(
    platform="acme-ai", name="dev", project="acme-ai-dev", project_number="111111111111", region="europe-west4"
)
PROD = DEV.model_copy(update={"name": "prod", "project": "acme-ai-prod", "production": True})
EMAIL = "writer@acme-ai-dev.iam.gserviceaccount.com"
WRITER = Identity(EMAIL, f"serviceAccount:{EMAIL}", f"projects/acme-ai-dev/serviceAccounts/{EMAIL}")
KINDS = ("kafka", "managed-kafka")


class Place:
    """A platform with everything that a Kafka can use, and a client's own construct in another stack."""

    def __init__(self, environment: Environment = DEV, *, store: bool = True) -> None:
        self.app = App()
        self.environment = environment
        self.stack, self.other = TerraformStack(self.app, "main"), TerraformStack(self.app, "team")
        GoogleProvider(self.stack, "google", project=environment.project, region=environment.region)
        facts: dict[str, Any] = {"environment": environment}
        self.services = ExistingServices(self.stack, "services", **facts)
        source = ExistingGitOpsSettings(tool="argo-cd", git=GitSource(repository="https://github.com/acme/platform"))
        self.gitops = ExistingGitOps(self.stack, "gitops", source, **facts)
        self.policy = Cilium(self.stack, "network_policy", **facts, gitops=self.gitops)
        self.secrets = (
            SecretManager(self.stack, "secrets", **facts, services=self.services, gitops=self.gitops) if store else None
        )
        self.watching = Watching()

    def kafka(self, **settings: Any) -> Kafka:
        compute = ExistingCompute(
            self.stack, "compute", ExistingComputeSettings(cluster="gke"), environment=self.environment
        )
        return Kafka(
            self.stack,
            "streaming",
            KafkaSettings(**settings),
            environment=self.environment,
            compute=compute,
            gitops=self.gitops,
            network_policy=self.policy,
            secrets=self.secrets,
            monitoring=self.watching,
        )

    def managed(self, **settings: Any) -> ManagedKafka:
        networking = Vpc(self.stack, "networking", environment=self.environment, services=self.services)
        return ManagedKafka(
            self.stack,
            "streaming",
            ManagedKafkaSettings(**settings),
            environment=self.environment,
            services=self.services,
            networking=networking,
            network_policy=self.policy,
        )

    def of(self, kind: str) -> Any:
        return self.kafka() if kind == "kafka" else self.managed()

    def object(self, kind: str, name: str, *, team: bool = False) -> KubernetesObject:
        (found,) = (
            each for each in objects_of(self.other if team else self.stack) if (each.kind, each.name) == (kind, name)
        )
        return found


def existing(security: str = "mtls", **settings: Any) -> ExistingStreaming:
    given = parse(ExistingStreamingSettings, {"bootstrap": "kafka.acme.example:9093", "security": security, **settings})
    return ExistingStreaming(TerraformStack(App(), "stack"), "streaming", given, environment=DEV)  # type: ignore[arg-type]


def refusal(ask: Any, *args: Any, **kwargs: Any) -> tuple[str, str]:
    with pytest.raises(Refused) as caught:
        ask(*args, **kwargs)
    return caught.value.fault.code, caught.value.fault.summary


# Contract


@pytest.mark.parametrize("kind", KINDS)
def test_a_topic_is_made_once_and_in_one_form(kind: str) -> None:
    bus = Place().of(kind)
    assert isinstance(bus, Streaming)
    assert bus.topic("transactions.v1", partitions=6) == bus.topic("transactions.v1", partitions=6)
    assert refusal(bus.topic, "transactions.v1")[0] == "contract/other-form"
    assert refusal(bus.topic, "transactions v1")[0] == "contract/bad-name"
    assert refusal(bus.topic, "..")[0] == "contract/bad-name"
    assert refusal(bus.topic, "other", partitions=0)[0] == "contract/bad-value"


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_is_of_one_namespace(kind: str) -> None:
    place = Place()
    bus = place.of(kind)
    bus.client("writer", namespace="fraud", scope=place.other, identity=WRITER)
    bus.client("writer", namespace="fraud", scope=place.other, identity=WRITER)
    assert refusal(bus.client, "writer", namespace="search", scope=place.other, identity=WRITER)[0] == (
        "contract/other-form"
    )
    assert refusal(bus.client, "a_b", namespace="fraud", scope=place.other, identity=WRITER)[0] == "contract/bad-name"


@pytest.mark.parametrize(("environment", "copies", "enough"), [(DEV, "1", "1"), (PROD, "3", "2")])
def test_production_keeps_messages_three_times(environment: Environment, copies: str, enough: str) -> None:
    place = Place(environment)
    place.kafka().topic("last_seen", compacted=True, team="fraud")
    topic = place.object("KafkaTopic", "last-seen")
    assert topic.body["spec"]["topicName"] == "last_seen"
    assert topic.labels["team"] == "fraud"
    assert str(topic.body["spec"]["replicas"]) == copies
    assert topic.body["spec"]["config"] == {"cleanup.policy": "compact", "min.insync.replicas": enough}
    brokers = place.object("KafkaNodePool", "brokers").body["spec"]
    assert str(brokers["replicas"]) == copies


# Kafka in the cluster


def test_a_client_may_do_what_it_asked_and_nothing_else() -> None:
    place = Place()
    bus = place.kafka()
    one, two = bus.topic("one"), bus.topic("two")
    client = bus.client("writer", namespace="fraud", scope=place.other, reads=[one], quota_mib_second=5)
    bus.client("writer", namespace="fraud", scope=place.other, reads=[one], writes=[two])
    user = place.object("KafkaUser", "writer").body["spec"]
    acls = {
        (acl["resource"]["type"], acl["resource"]["name"]): acl["operations"] for acl in user["authorization"]["acls"]
    }
    assert acls == {
        ("topic", "one"): ["Describe", "Read"],
        ("topic", "two"): ["Describe", "Write"],
        ("group", "writer"): ["Read"],
    }
    assert len(user["authorization"]["acls"]) == 3
    assert user["authentication"] == {"type": "tls", "validityDays": 90, "renewalDays": 30}
    assert user["quotas"] == {"producerByteRate": 5242880, "consumerByteRate": 5242880}
    assert client.bootstrap == "events-kafka-bootstrap.kafka.svc:9093"
    assert client.settings["security.protocol"] == "ssl"


def test_the_certificate_comes_to_the_namespace_of_the_client() -> None:
    place = Place()
    bus = place.kafka()
    client = bus.client("writer", namespace="fraud", scope=place.other)
    paths = {client.settings[f"ssl.{each}.location"] for each in ("ca", "certificate", "key")}
    assert paths == set(client.files)
    assert {secret for secret, _ in client.files.values()} == {"kafka-writer"}
    copy = place.object("ExternalSecret", "kafka-writer", team=True)
    taken = {each["secretKey"]: tuple(each["remoteRef"].values()) for each in copy.body["spec"]["data"]}
    assert (copy.namespace, set(taken)) == ("fraud", {key for _, key in client.files.values()})
    assert taken["ca.crt"] == ("events-cluster-ca-cert", "ca.crt")  # the brokers', not that of clients beside the key
    assert taken["user.key"] == ("writer", "user.key")
    role = place.object("Role", "copy-fraud-kafka-writer")
    assert role.namespace == "kafka"
    assert role.body["rules"] == [
        {
            "apiGroups": [""],
            "resources": ["secrets"],
            "resourceNames": ["events-cluster-ca-cert", "writer"],
            "verbs": ["get"],
        }
    ]
    store = place.object("SecretStore", "from-kafka").body["spec"]["provider"]["kubernetes"]
    (subject,) = place.object("RoleBinding", "copy-fraud-kafka-writer").body["subjects"]
    assert subject["name"] == store["auth"]["serviceAccount"]["name"]
    assert store["remoteNamespace"] == "kafka"


def test_two_clients_of_a_namespace_share_the_store_that_copies() -> None:
    place = Place()
    bus = place.kafka()
    for name in ("reader", "writer"):
        bus.client(name, namespace="fraud", scope=place.other)
    bus.client("other", namespace="search", scope=place.other)
    stores = [each.namespace for each in objects_of(place.stack) if each.kind == "SecretStore"]
    assert stores == ["fraud", "search"]


def test_a_client_beside_the_cluster_needs_no_copy() -> None:
    place = Place(store=False)
    bus = place.kafka()
    client = bus.client("bridge", namespace="kafka", scope=place.other)
    assert set(client.files.values()) == {
        ("events-cluster-ca-cert", "ca.crt"),
        ("bridge", "user.crt"),
        ("bridge", "user.key"),
    }
    assert refusal(bus.client, "writer", namespace="fraud", scope=place.other)[0] == "contract/no-delivery"


def test_the_listener_is_open_to_namespaces_with_clients_alone() -> None:
    place = Place()
    bus = place.kafka()

    def peers() -> list[str]:
        (listener,) = place.object("Kafka", "events").body["spec"]["kafka"]["listeners"]
        found = [each["namespaceSelector"]["matchLabels"] for each in listener["networkPolicyPeers"]]
        return [each["kubernetes.io/metadata.name"] for each in found]

    assert peers() == ["kafka"]
    bus.client("writer", namespace="fraud", scope=place.other)
    assert peers() == ["fraud", "kafka"]
    way = place.object("NetworkPolicy", "egress-kafka-writer", team=True)
    assert way.namespace == "fraud"
    assert way.body["spec"]["egress"][0]["ports"] == [{"port": 9093, "protocol": "TCP"}]


def test_brokers_are_scraped_and_what_breaks_is_told() -> None:
    place = Place(PROD)
    place.kafka(lag_alert_messages=7)
    assert {name: where[0] for name, where in place.watching.scraped.items()} == {
        "kafka": "kafka",
        "kafka-exporter": "kafka",
    }
    assert place.watching.alerts["kafka-consumer-lag"][0].endswith("> 7")
    assert place.watching.alerts["kafka-offline-partitions"][1] == "page"
    assert "kafka-under-replicated" in place.watching.alerts


@pytest.mark.parametrize(
    ("settings", "environment", "path"),
    [
        ({"cruise_control": True}, DEV, "cruise_control"),
        ({"brokers": 2}, PROD, "brokers"),
        ({"brokers": 2, "cruise_control": True}, DEV, None),
        ({}, PROD, None),
    ],
)
def test_brokers_are_enough(settings: dict[str, Any], environment: Environment, path: str | None) -> None:
    found = [(each.code, each.path) for each in Kafka.check(KafkaSettings(**settings), environment)]
    assert found == ([("spec/kafka-brokers", (path,))] if path else [])


# Managed Kafka


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({}, None),
        ({"vcpus": 2}, "spec/kafka-capacity"),
        ({"vcpus": 3, "memory_gib": 2}, "spec/kafka-capacity"),
        ({"vcpus": 3, "memory_gib": 25}, "spec/kafka-capacity"),
        ({"vcpus": 3, "memory_gib": 24}, None),
        ({"subnets": ["projects/p12345/regions/us-east1/subnetworks/data"]}, "spec/subnet-in-other-region"),
        ({"subnets": ["projects/p12345/regions/europe-west4/subnetworks/data"]}, None),
        ({"subnets": ["data"]}, "spec/bad-form"),
    ],
)
def test_what_the_api_refuses_is_refused(settings: dict[str, Any], code: str | None) -> None:
    given = parse(ManagedKafkaSettings, settings)
    faults = given if isinstance(given, list) else list(ManagedKafka.check(given, DEV))
    assert [fault.code for fault in faults] == ([code] if code else [])


def test_what_only_strimzi_has_is_refused() -> None:
    place = Place()
    bus = place.managed()
    code, summary = refusal(bus.client, "writer", namespace="fraud", scope=place.other)
    assert (code, "no Google service account" in summary) == ("contract/no-google-identity", True)
    assert refusal(bus.client, "writer", namespace="fraud", scope=place.other, identity=WRITER, quota_mib_second=5)[
        0
    ] == ("contract/no-client-quota")


def test_one_list_holds_everybody_who_may_use_a_topic() -> None:
    place = Place()
    bus = place.managed()
    topic = bus.topic("transactions.v1")
    reader = Identity("reader@x.iam.gserviceaccount.com", "serviceAccount:reader@x.iam.gserviceaccount.com", "")
    bus.client("writer", namespace="fraud", scope=place.other, identity=WRITER, writes=[topic])
    client = bus.client("reader", namespace="fraud", scope=place.other, identity=reader, reads=[topic], group="scores")
    bus.client("reader", namespace="fraud", scope=place.other, identity=reader, reads=[topic], group="scores")
    acls = records_of(bus).document()["resource"]["google_managed_kafka_acl"]
    entries = {
        each["acl_id"]: [(e["principal"], e["operation"]) for e in each["acl_entries"]] for each in acls.values()
    }
    assert entries == {
        "topic/transactions.v1": [
            (f"User:{EMAIL}", "DESCRIBE"),
            (f"User:{EMAIL}", "WRITE"),
            ("User:reader@x.iam.gserviceaccount.com", "DESCRIBE"),
            ("User:reader@x.iam.gserviceaccount.com", "READ"),
        ],
        "consumerGroup/scores": [
            ("User:reader@x.iam.gserviceaccount.com", "DESCRIBE"),
            ("User:reader@x.iam.gserviceaccount.com", "READ"),
        ],
    }
    assert client.bootstrap == "bootstrap.acme-ai-dev-kafka.europe-west4.managedkafka.acme-ai-dev.cloud.goog:9092"
    assert client.settings == {
        "security.protocol": "sasl_ssl",
        "sasl.mechanism": "OAUTHBEARER",
        "group.id": "scores",
    }
    assert client.files == {}


@pytest.mark.terraform
def test_the_google_provider_accepts_topics_and_clients(tmp_path: Path) -> None:
    terraform.need("google")
    place = Place(PROD)
    bus = place.managed()
    topic = bus.topic("transactions.v1")
    bus.client("writer", namespace="fraud", scope=place.other, identity=WRITER, reads=[topic], writes=[topic])
    document = str(synthesize(place.app)["stacks/main/cdk.tf.json"])
    verdict = terraform.judge({"main": document}, tmp_path)["main"]
    assert verdict.problems == ()
    assert verdict.created == sum(map(len, records_of(bus).document()["resource"].values()))


# What is there


def test_an_existing_kafka_is_reached_as_it_is() -> None:
    bus = existing(topics={"transactions": {"name": "prod.tx", "partitions": 12}}, certificates={"writer": "tx-writer"})
    assert bus.topic("transactions", partitions=3).name == "prod.tx"
    assert bus.topic("transactions").partitions == 12
    assert refusal(bus.topic, "other")[0] == "contract/not-named"
    client = bus.client("writer", namespace="fraud", scope=bus, group="scores")
    assert client.settings["group.id"] == "scores"
    assert set(client.files.values()) == {("tx-writer", key) for key in ("ca.crt", "user.crt", "user.key")}
    assert refusal(bus.client, "reader", namespace="fraud", scope=bus)[0] == "contract/not-named"
    by_token = existing("oauthbearer")
    assert refusal(by_token.client, "reader", namespace="fraud", scope=by_token)[0] == "contract/no-google-identity"
    assert by_token.client("reader", namespace="fraud", scope=by_token, identity=WRITER).files == {}
