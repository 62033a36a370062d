"""Tables by key: reached without a secret, and the same contract from DynamoDB, Firestore and what is there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from planform.contracts.identity import Identity
from planform.contracts.key_value import KeyValue
from planform.engine import App, LocalBackend, TerraformStack, synthesize
from planform.kubernetes.record import objects_of
from planform.planes.component import Refused
from planform.planes.delivery.existing_gitops import ExistingGitOps, ExistingGitOpsSettings
from planform.planes.delivery.gitops_tool import GitSource
from planform.planes.resource.dynamodb import DynamoDb, DynamoDbSettings
from planform.planes.resource.existing_compute import ExistingCompute, ExistingComputeSettings
from planform.planes.resource.existing_key_value import ExistingKeyValue, ExistingKeyValueSettings
from planform.planes.resource.firestore import Firestore, FirestoreSettings
from planform.planes.security.cilium import Cilium
from planform.planes.security.existing_services import ExistingServices
from planform.planes.security.kubernetes_network_policy import KubernetesNetworkPolicy
from planform.spec.environment import Environment
from planform.spec.faults import parse
from planform.terraform.google import GoogleProvider
from planform.terraform.record import records_of
from tests import moto, terraform, tools

DEV = Environment(
    platform="acme-ai", name="dev", project="acme-ai-dev", project_number="111111111111", region="europe-west4"
)
PROD = DEV.model_copy(update={"name": "prod", "project": "acme-ai-prod", "production": True})
EMAIL = "scorer@acme-ai-dev.iam.gserviceaccount.com"
SCORER = Identity(EMAIL, f"serviceAccount:{EMAIL}", f"projects/acme-ai-dev/serviceAccounts/{EMAIL}")
ISSUER = "container.googleapis.com/v1/projects/acme-ai-dev/locations/europe-west4/clusters/shared-gke"
TABLE = "arn:aws:dynamodb:eu-central-1:111122223333:table/acme-ai-dev-"
SIMULATED = "123456789012"
POD: dict[str, Any] = {"namespace": "fraud", "service_account": "workload"}


def dynamodb(scope: Any = None, environment: Environment = DEV, policy: Any = None, **settings: Any) -> DynamoDb:
    scope = scope or TerraformStack(App(), "acme-ai-dev-resource")
    given = parse(DynamoDbSettings, {"account_id": "111122223333", "region": "eu-central-1", **settings})
    assert isinstance(given, DynamoDbSettings), given
    compute = ExistingCompute(scope, "compute", ExistingComputeSettings(cluster="shared-gke"), environment=environment)
    return DynamoDb(scope, "key_value", given, environment=environment, compute=compute, network_policy=policy)


def firestore(environment: Environment = DEV, scope: Any = None, **settings: Any) -> Firestore:
    scope = scope or TerraformStack(App(), "acme-ai-dev-resource")
    given = FirestoreSettings(**settings)
    services = ExistingServices(scope, "services", environment=environment)
    return Firestore(scope, "key_value", given, environment=environment, services=services)


def existing(tables: Mapping[str, str], **settings: Any) -> ExistingKeyValue:
    given = ExistingKeyValueSettings(tables=dict(tables), **settings)
    return ExistingKeyValue(TerraformStack(App(), "stack"), "key_value", given, environment=DEV)


def made(component: Any, kind: str) -> dict[str, Any]:
    return dict(records_of(component).document().get("resource", {}).get(kind, {}))


def statements(store: DynamoDb, client: str = "scorer") -> list[dict[str, Any]]:
    policy: dict[str, Any] = json.loads(made(store, "aws_iam_role_policy")[client]["policy"])
    return list(policy["Statement"])


def refusal(ask: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(Refused) as caught:
        ask(*args, **kwargs)
    return caught.value.fault.code


# Contract


@pytest.mark.parametrize("store", [dynamodb(), firestore()], ids=lambda store: store.name)
def test_what_is_asked_twice_is_made_once_and_in_one_form(store: Any) -> None:
    assert isinstance(store, KeyValue)
    one = store.table("sessions", key="user", sort_key="at", expires_by="ends")
    assert store.table("sessions", key="user", sort_key="at", expires_by="ends") == one
    assert refusal(store.table, "sessions", key="user") == "contract/other-form"
    assert refusal(store.table, "Sessions", key="user") == "contract/bad-name"
    assert refusal(store.table, "other", key="user name") == "contract/bad-name"
    assert refusal(store.table, "other", key="user", sort_key="user") == "contract/bad-value"
    assert refusal(store.client, "Scorer", scope=store, **POD) == "contract/bad-name"


# DynamoDB


def test_a_table_can_be_restored_and_is_kept_in_production_alone() -> None:
    for environment, kept in ((DEV, False), (PROD, True)):
        store = dynamodb(environment=environment)
        store.table("sessions", key="user", sort_key="at", expires_by="ends", team="fraud")
        table = made(store, "aws_dynamodb_table")["sessions"]
        assert table["name"] == f"{environment.prefix}-sessions"
        assert table["point_in_time_recovery"] == [{"enabled": True, "recovery_period_in_days": 35}]
        assert table["ttl"] == [{"attribute_name": "ends", "enabled": True}]
        assert [(table["hash_key"]), table["range_key"]] == ["user", "at"]
        assert table["tags"]["team"] == "fraud"
        assert table["deletion_protection_enabled"] is kept
        assert ("lifecycle" in table) is kept


def test_a_role_trusts_one_service_account_of_one_cluster() -> None:
    store = dynamodb()
    table = store.table("sessions", key="user")
    client = store.client("scorer", scope=store, reads=[table], **POD)
    role = made(store, "aws_iam_role")["scorer"]
    trust = json.loads(role["assume_role_policy"])["Statement"]
    assert [each["Condition"] for each in trust] == [
        {
            "StringEquals": {
                f"{ISSUER}:aud": "sts.amazonaws.com",
                f"{ISSUER}:sub": "system:serviceaccount:fraud:workload",
            }
        }
    ]
    assert trust[0]["Principal"] == {"Federated": f"arn:aws:iam::111122223333:oidc-provider/{ISSUER}"}
    assert client.variables["AWS_ROLE_ARN"] == f"arn:aws:iam::111122223333:role/{role['name']}"
    token = client.volumes[0]["projected"]["sources"][0]["serviceAccountToken"]
    assert token["audience"] == "sts.amazonaws.com"
    folder = client.mounts[0]["mountPath"]
    assert client.variables["AWS_WEB_IDENTITY_TOKEN_FILE"] == f"{folder}/{token['path']}"
    assert refusal(store.client, "scorer", scope=store, namespace="other", service_account="workload") == (
        "contract/other-form"
    )


def test_a_role_reads_what_it_reads_and_writes_what_it_writes() -> None:
    store = dynamodb(source_cidrs=["203.0.113.7/32"])
    one, two = store.table("one", key="id"), store.table("two", key="id")
    store.client("scorer", scope=store, **POD)
    assert made(store, "aws_iam_role_policy") == {}
    store.client("scorer", scope=store, reads=[one], **POD)
    store.client("scorer", scope=store, writes=[two], **POD)
    reads, writes = statements(store)
    assert reads["Resource"] == [f"{TABLE}one", f"{TABLE}one/index/*"]
    assert writes["Resource"] == [f"{TABLE}two", f"{TABLE}two/index/*"]
    assert not any(verb in action for action in reads["Action"] for verb in ("Put", "Delete", "Update", "Write"))
    assert "dynamodb:DeleteTable" not in writes["Action"]
    for statement in (reads, writes):
        assert statement["Condition"] == {"IpAddress": {"aws:SourceIp": ["203.0.113.7/32"]}}


def test_an_own_key_is_of_use_through_dynamodb_alone() -> None:
    store = dynamodb(customer_key=True)
    table = store.table("sessions", key="user")
    store.client("scorer", scope=store, reads=[table], **POD)
    assert made(store, "aws_dynamodb_table")["sessions"]["server_side_encryption"] == [
        {"enabled": True, "kms_key_arn": "${aws_kms_key.tables.arn}"}
    ]
    condition = statements(store)[-1]["Condition"]
    assert condition["StringEquals"] == {"kms:ViaService": "dynamodb.eu-central-1.amazonaws.com"}
    assert made(dynamodb(), "aws_kms_key") == {}


def closed(kind: Any, **settings: Any) -> TerraformStack:
    """A stack with a client of DynamoDB in a platform that has a network policy."""
    scope = TerraformStack(App(), "stack")
    source = ExistingGitOpsSettings(tool="argo-cd", git=GitSource(repository="https://github.com/acme/ai-platform"))
    gitops = ExistingGitOps(scope, "gitops", source, environment=DEV)
    policy = kind(scope, "network_policy", environment=DEV, gitops=gitops)
    dynamodb(scope, policy=policy, **settings).client("scorer", scope=scope, **POD)
    return scope


def test_the_way_out_of_a_namespace_is_to_two_hosts_or_to_ranges() -> None:
    (rule,) = (each for each in objects_of(closed(Cilium)) if each.kind == "FQDNNetworkPolicy")
    names = [match["name"] for match in rule.body["spec"]["egress"][0]["matches"]]
    assert rule.namespace == "fraud"
    assert names == ["dynamodb.eu-central-1.amazonaws.com", "sts.eu-central-1.amazonaws.com"]
    assert refusal(closed, KubernetesNetworkPolicy) == "contract/no-host-rules"
    ranges = closed(KubernetesNetworkPolicy, egress_cidrs=["52.94.0.0/16"])
    (policy,) = (each for each in objects_of(ranges) if each.namespace == "fraud")
    assert policy.body["spec"]["egress"][0]["to"] == [{"ipBlock": {"cidr": "52.94.0.0/16"}}]


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"account_id": "1234"}, "account_id"),
        ({"region": "us-gov-west-1"}, "region"),
        ({"region": "eu-west"}, "region"),
    ],
)
def test_accounts_and_regions_have_their_form(settings: dict[str, Any], field: str) -> None:
    found = parse(DynamoDbSettings, {"account_id": "111122223333", "region": "eu-central-1", **settings})
    assert isinstance(found, list)
    assert [fault.path for fault in found] == [(field,)]


# Against a simulated AWS


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from moto.running(tmp_path_factory.mktemp("moto") / "log")


@pytest.mark.terraform
def test_aws_makes_the_stack_keeps_it_and_lets_it_go(endpoint: str, tmp_path: Path) -> None:
    """Two tables and a client: applied, planned again without a change, seen by a client library, destroyed."""
    app = App()
    stack = TerraformStack(app, "store")
    LocalBackend(stack, path="terraform.tfstate")
    # The simulation forgets the limits of a table billed by request, so that each plan would set them again.
    store = dynamodb(stack, account_id=SIMULATED, max_read_units=None, max_write_units=None)
    sessions = store.table("sessions", key="user", sort_key="at", expires_by="ends")
    features = store.table("features", key="id", team="fraud")
    store.client("scorer", scope=store, reads=[features], writes=[sessions], **POD)
    document: dict[str, Any] = json.loads(synthesize(app)["stacks/store/cdk.tf.json"])
    services = dict.fromkeys(("dynamodb", "iam", "sts"), endpoint)
    # An operation that the simulation lacks is answered with 500, and would be tried 25 times.
    document["provider"]["aws"][0] |= {"endpoints": [services], "max_retries": 2}
    (tmp_path / "cdk.tf.json").write_text(json.dumps(document))
    (tmp_path / "terraform.tfvars.json").write_text('{"offline": false}')
    for arguments in (["init"], ["apply", "-auto-approve"], ["plan", "-detailed-exitcode"]):
        done = terraform.terraform(tmp_path, *arguments, "-input=false", "-no-color")
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    described = table_of(endpoint, sessions.name)
    assert described["TableName"] == "acme-ai-dev-sessions"
    assert {key["AttributeName"]: key["KeyType"] for key in described["KeySchema"]} == {"user": "HASH", "at": "RANGE"}
    done = terraform.terraform(tmp_path, "destroy", "-auto-approve", "-input=false", "-no-color")
    assert "5 destroyed" in done.stdout, done.stdout + done.stderr
    (tmp_path / "cdk.tf.json").write_text(json.dumps(document).replace(SIMULATED, "111122223333"))
    done = terraform.terraform(tmp_path, "plan", "-input=false", "-no-color")
    assert "AWS account ID not allowed: 123456789012" in done.stderr


def table_of(endpoint: str, name: str) -> dict[str, Any]:
    boto3 = tools.module("boto3")
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    client = boto3.client("dynamodb", region_name="eu-central-1", endpoint_url=endpoint, **keys)
    found: dict[str, Any] = client.describe_table(TableName=str(name))["Table"]
    return found


# Firestore


def test_firestore_makes_what_a_collection_cannot_do_by_itself() -> None:
    store = firestore()
    plain = store.table("features", key="id")
    assert made(store, "google_firestore_index") == {}
    store.table("sessions", key="user", sort_key="at", expires_by="ends")
    assert [each["field_path"] for each in made(store, "google_firestore_index")["sessions"]["fields"]] == [
        "user",
        "at",
    ]
    field = made(store, "google_firestore_field")["sessions"]
    assert (field["field"], field["ttl_config"], field["index_config"]) == ("ends", [{}], [{}])
    assert plain.id == "projects/acme-ai-dev/databases/acme-ai-dev-tables/documents/features"


def test_a_firestore_client_gets_this_database_and_no_more_than_it_asked() -> None:
    store = firestore()
    table = store.table("features", key="id")
    assert refusal(store.client, "scorer", scope=store, **POD) == "contract/no-google-identity"
    client = store.client("scorer", scope=store, identity=SCORER, reads=[table], **POD)
    (member,) = made(store, "google_project_iam_member").values()
    assert member["role"] == "roles/datastore.viewer"
    assert member["condition"][0]["expression"] == (
        'resource.name == "projects/acme-ai-dev/databases/acme-ai-dev-tables"'
    )
    assert client.variables == {"FIRESTORE_DATABASE": "acme-ai-dev-tables", "GOOGLE_CLOUD_PROJECT": "acme-ai-dev"}
    assert client.volumes == ()
    store.client("writer", scope=store, identity=SCORER, writes=[table], **POD)
    roles = {each["role"] for each in made(store, "google_project_iam_member").values()}
    assert roles == {"roles/datastore.viewer", "roles/datastore.user"}


@pytest.mark.terraform
def test_the_google_provider_accepts_tables_and_clients(tmp_path: Path) -> None:
    terraform.need("google")
    app = App()
    stack = TerraformStack(app, "store")
    GoogleProvider(stack, "google", project="acme-ai-dev", region="europe-west4")
    store = firestore(PROD, stack)
    table = store.table("sessions", key="user", sort_key="at", expires_by="ends")
    store.client("scorer", scope=store, identity=SCORER, writes=[table], **POD)
    document = synthesize(app)["stacks/store/cdk.tf.json"]
    verdict = terraform.judge({"store": str(document)}, tmp_path)["store"]
    assert (verdict.problems, verdict.created) == ((), 4)


# What is there


def test_existing_tables_are_reached_as_their_engine_wants() -> None:
    arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/shared"
    store = existing({"sessions": arn}, roles={"scorer": "arn:aws:iam::111122223333:role/scorer"})
    table = store.table("sessions", key="user")
    assert (table.name, table.id, table.engine) == ("shared", arn, "dynamodb")
    client = store.client("scorer", scope=store, **POD)
    assert client.variables["AWS_REGION"] == "eu-west-1"
    assert client.variables["AWS_ROLE_ARN"] == "arn:aws:iam::111122223333:role/scorer"
    assert refusal(store.client, "writer", scope=store, **POD) == "contract/not-named"
    assert refusal(store.table, "other", key="id") == "contract/not-named"
    documents = existing({"sessions": "projects/acme-data/databases/(default)/documents/sessions"})
    assert documents.table("sessions", key="user").engine == "firestore"
    assert refusal(documents.client, "scorer", scope=documents, **POD) == "contract/no-google-identity"
    client = documents.client("scorer", scope=documents, identity=SCORER, **POD)
    assert client.variables == {"FIRESTORE_DATABASE": "(default)", "GOOGLE_CLOUD_PROJECT": "acme-data"}
