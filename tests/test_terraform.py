"""Records, references and schemas: what is written, what is refused, and how the refusal reads."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planform import engine
from planform.diagnostics import Diagnostic, DiagnosticError, Location
from planform.terraform import (
    Check,
    Condition,
    Import,
    Known,
    Lifecycle,
    Local,
    Moved,
    OutputValue,
    Records,
    Removed,
    Variable,
    escape,
    expr,
    provider,
    records_of,
    template,
)
from planform.terraform import google as google_module
from planform.terraform.arguments import is_secret
from planform.terraform.classes import Namespace
from planform.terraform.google import (
    BillingBudget,
    ComposerEnvironmentConfigA,
    ComputeAddress,
    ComputeFirewall,
    ComputeNetwork,
    ContainerCluster,
    ContainerNodePool,
    DataGoogleProject,
    DnsRecordSet,
    EphemeralGoogleSecretManagerSecretVersion,
    GoogleProvider,
    KmsCryptoKey,
    KmsKeyRing,
    PubsubTopic,
    SecretManagerSecret,
    SecretManagerSecretVersion,
    ServiceAccount,
    SqlDatabaseInstance,
    StorageBucket,
    StorageBucketIamMember,
    StorageBucketLifecycleRule,
    StorageBucketLifecycleRuleAction,
)
from planform.terraform.naming import argument_name, class_name, pascal, snake, struct_name
from planform.terraform.provider_files import add_provider
from planform.terraform.schema import available, files, load, pack, type_text, unpack
from planform.terraform.stubs import stub
from tests import terraform, tools

loose: Any = google_module
"""The same classes without their stubs, for calls that a type checker would refuse."""

GOOD: dict[str, Any] = {"name": "acme-dev-artifacts", "location": "EU"}


@pytest.fixture
def app() -> engine.App:
    return engine.App()


@pytest.fixture
def stack(app: engine.App) -> engine.TerraformStack:
    return engine.TerraformStack(app, "acme-dev-resource")


def faults(make: Callable[[], object]) -> tuple[Diagnostic, ...]:
    with pytest.raises(DiagnosticError) as caught:
        make()
    return caught.value.diagnostics


def code(make: Callable[[], object]) -> str:
    (fault,) = faults(make)
    return fault.code.removeprefix("terraform/")


def bodies(stack: Any, kind: str = "resource") -> Any:
    return records_of(stack).document()[kind]


# Schemas


def test_shipped_schemas_are_small_and_name_their_provider() -> None:
    expected = {
        "aws": "hashicorp/aws 5.100.0",
        "github": "integrations/github 6.12.1",
        "google": "hashicorp/google 7.45.0",
        "helm": "hashicorp/helm 3.1.2",
        "honeycombio": "honeycombio/honeycombio 0.51.0",
        "humanitec": "humanitec/humanitec 1.9.1",
        "kubernetes": "hashicorp/kubernetes 3.2.1",
        "sonarqube": "jdamata/sonarqube 0.16.21",
    }
    assert {schema.name: str(schema) for schema in available()} == expected
    assert files()["google"].stat().st_size < 160_000


CREW = {"name": "string", "age": "number"}
SMALL: dict[str, Any] = {
    "format_version": "1.0",
    "provider_schemas": {
        "registry.terraform.io/acme/rocket": {
            "provider": {
                "version": 0,
                "block": {"attributes": {"token": {"type": "string", "sensitive": True, "optional": True}}},
            },
            "resource_schemas": {
                "rocket_engine": {
                    "version": 1,
                    "block": {
                        "attributes": {
                            "id": {"type": "string", "computed": True},
                            "thrust": {"type": "number", "required": True},
                            "crew": {
                                "type": ["list", ["object", {"name": "string", "age": "number"}]],
                                "optional": True,
                            },
                            "pilot": {"type": ["object", {"name": "string"}], "optional": True},
                            "notes": {"type": "dynamic", "optional": True},
                            "old": {"type": "bool", "optional": True, "deprecated": True},
                            "api_token": {"type": "string", "optional": True, "sensitive": True},
                            "token_wo": {"type": "string", "optional": True, "sensitive": True, "write_only": True},
                            "from": {"type": "string", "optional": True},
                            "stages": {
                                "optional": True,
                                "nested_type": {
                                    "nesting_mode": "list",
                                    "attributes": {"fuel": {"type": "string", "required": True}},
                                },
                            },
                        },
                        "block_types": {
                            "nozzle": {
                                "nesting_mode": "list",
                                "min_items": 1,
                                "max_items": 2,
                                "block": {"attributes": {"size": {"type": "number", "required": True}}},
                            },
                            "config": {"nesting_mode": "single", "block": {"attributes": {}}},
                        },
                    },
                }
            },
            "data_source_schemas": {"rocket_pad": {"version": 0, "block": {"attributes": {}}}},
            "functions": {
                "burn": {
                    "parameters": [{"name": "seconds", "type": "number"}],
                    "return_type": ["list", "string"],
                    "variadic_parameter": {"name": "more", "type": "bool"},
                }
            },
        }
    },
}


def test_packing_keeps_what_checks_need_and_is_deterministic() -> None:
    data = pack(SMALL, version="1.2.3")
    assert data == pack(json.loads(json.dumps(SMALL)), version="1.2.3")
    schema = unpack(data)
    block = schema.get("resource", "rocket_engine").block
    assert (str(schema), schema.name) == ("acme/rocket 1.2.3", "rocket")
    assert block.attributes["thrust"].required
    assert block.attributes["crew"].type == ("list", ("object", {"age": "number", "name": "string"}))
    assert block.attributes["old"].deprecated
    assert block.attributes["token_wo"].write_only
    assert block.attributes["stages"].nested is not None
    assert (block.blocks["nozzle"].min_items, block.blocks["nozzle"].max_items) == (1, 2)
    assert schema.functions["burn"] == {"parameters": [["seconds", "n"]], "return": "[s", "variadic": "b"}
    assert type_text(block.attributes["crew"].type) == "list of object with age, name"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"not a gzip", "not a packed provider schema"),
        (gzip.compress(b"{"), "not a packed provider schema"),
        (gzip.compress(b'{"format":9}'), "format 9"),
    ],
    ids=["no gzip", "no JSON", "another format"],
)
def test_broken_pack_is_refused(data: bytes, says: str) -> None:
    (fault,) = faults(lambda: unpack(data))
    assert fault.code == "terraform/bad-schema"
    assert says in fault.summary


@pytest.fixture
def rocket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Namespace]:
    source = tmp_path / "schema.json"
    source.write_text(json.dumps(SMALL))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PLANFORM_PROVIDERS", raising=False)
    path = add_provider("acme/rocket@1.2.3", from_file=source)
    assert path == tmp_path / ".planform" / "providers" / "rocket.json.gz"
    (tmp_path / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep" / "er")
    yield provider("rocket")


def test_added_provider_is_found_from_below(rocket: Namespace, stack: Any) -> None:
    engine_record = rocket.Engine(
        stack, "main", thrust=1.5, nozzle={"size": "3"}, from_="x", crew={"name": "a"}, notes={"a": [1, "${x}"]}
    )
    assert engine_record.body["nozzle"] == [{"size": 3}]
    assert engine_record.body["from"] == "x"
    assert engine_record.body["crew"] == [{"age": None, "name": "a"}]
    assert engine_record.body["notes"] == {"a": [1, "$${x}"]}
    required = records_of(stack).document()["terraform"]["required_providers"]
    assert required == {"rocket": {"source": "acme/rocket", "version": "~> 1.2"}}
    assert dir(rocket) == ["DataRocketPad", "Engine", "RocketProvider"]


def test_every_shape_of_attribute_is_checked(rocket: Namespace, stack: Any) -> None:
    found = faults(
        lambda: rocket.Engine(
            stack,
            "main",
            thrust="much",
            nozzle=[{"size": 1}] * 3,
            crew=[{"name": "a", "rank": 1}],
            pilot={},
            stages=[{"fule": "h2"}],
            api_token="hunter2",
            token_wo="hunter2",
            config={"x": 1},
        )
    )
    assert sorted(each.summary for each in found) == [
        "`api_token` of rocket_engine is a secret, and its value would be readable in the document, in the state and"
        " in every review",
        "`config.x` of rocket_engine does not exist",
        "`crew[0].rank` of rocket_engine does not exist",
        "`nozzle` of rocket_engine is there 3 times; at most 2 allowed",
        "`pilot.name` of rocket_engine is missing",
        "`stages[0].fuel` of rocket_engine is missing",
        "`stages[0].fule` of rocket_engine does not exist",
        "`thrust` of rocket_engine takes a number, not text `much`",
    ]


def test_deprecated_argument_is_a_warning_with_its_origin(rocket: Namespace, stack: Any) -> None:
    origin = Location("platform.yaml", 29, 9)
    rocket.Engine(stack, "main", thrust=1, nozzle={"size": 1}, old=True, origin=origin)
    (warning,) = records_of(stack).warnings
    assert (warning.code, str(warning.severity)) == ("terraform/deprecated-argument", "warning")
    assert "built for platform.yaml:29:9" in warning.notes


@pytest.mark.parametrize(
    ("wanted", "content", "expected"),
    [
        ("rocket", None, "terraform/bad-provider"),
        ("acme/rocket@latest", None, "terraform/bad-provider"),
        ("acme/rocket@1.2.3", "", "terraform/bad-schema"),
        ("acme/rocket@1.2.3", "[]", "terraform/bad-schema"),
        ("acme/rocket@1.2.3", "{}", "terraform/bad-schema"),
        ("acme/rocket@1.2.3", '{"format_version":"1.0","provider_schemas":{"acme/other":{}}}', "terraform/bad-schema"),
        ("acme/rocket@1.2.3", '{"format_version":"2.0","provider_schemas":{"acme/rocket":{}}}', "terraform/bad-schema"),
        (
            "acme/rocket@1.2.3",
            '{"format_version":"1.0","provider_schemas":{"acme/rocket":{"resource_schemas":{"rocket_x":{}}}}}',
            "terraform/bad-schema",
        ),
        ("acme/rocket@1.2.3", "missing", "terraform/bad-schema"),
    ],
)
def test_a_provider_that_cannot_be_added_says_why(
    tmp_path: Path, wanted: str, content: str | None, expected: str
) -> None:
    file = tmp_path / "schema.json"
    if content is not None and content != "missing":
        file.write_text(content)
    (fault,) = faults(lambda: add_provider(wanted, from_file=file, out=tmp_path / "out"))
    assert fault.code == expected
    assert fault.help
    assert not (tmp_path / "out").exists()


def test_unknown_provider_suggests_one() -> None:
    (fault,) = faults(lambda: provider("gogle"))
    assert fault.code == "terraform/unknown-provider"
    assert fault.notes == ("nearest: `google`",)
    assert code(lambda: provider("../google")) == "unknown-provider"


def test_adding_without_terraform_names_the_way_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (fault,) = faults(lambda: add_provider("acme/rocket@1.2.3"))
    assert fault.code == "terraform/no-terraform"
    assert "--from-file" in fault.help


@pytest.mark.terraform
def test_schema_of_the_real_terraform_is_the_shipped_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    terraform.need("google")
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(terraform.configuration()))
    path = add_provider("hashicorp/google@7.45.0", out=tmp_path)
    mine, shipped = unpack(path.read_bytes()), load("google")
    assert mine.names("resource") == shipped.names("resource")
    for name in mine.names("resource"):
        assert mine.get("resource", name).block.settable() == shipped.get("resource", name).block.settable()


# Names


@pytest.mark.parametrize(
    ("terraform_type", "name"),
    [
        ("google_storage_bucket", "StorageBucket"),
        ("google_cloud_run_v2_service", "CloudRunV2Service"),
        ("google_bigquery_datapolicyv2_data_policy", "BigqueryDatapolicyv2DataPolicy"),
        ("google_cloudfunctions2_function", "Cloudfunctions2Function"),
        ("google_apigee_keystores_aliases_pkcs12", "ApigeeKeystoresAliasesPkcs12"),
        ("google_version", "VersionResource"),
    ],
)
def test_classes_have_the_names_of_the_bindings(terraform_type: str, name: str) -> None:
    assert class_name(terraform_type, "google") == name


def test_names_of_arguments_and_structs() -> None:
    assert [argument_name(name) for name in ("from", "get_x", "node", "equals", "self", "match", "ipv4_cidr")] == [
        "from_", "fetch_x", "node_attribute", "equal_to", "self_attribute", "match", "ipv4_cidr",
    ]  # fmt: skip
    assert struct_name("ComputeX", "allow_list") == "ComputeXAllowListStruct"
    assert (pascal("k8s_beta"), snake("lifecycleRule")) == ("K8SBeta", "lifecycle_rule")


def test_every_class_of_google_can_be_made() -> None:
    names = dir(google_module)
    assert len(names) > 1800
    for name in names:
        assert getattr(google_module, name).__name__ == name
    assert google_module.StorageBucket is google_module.StorageBucket


def test_structs_are_mappings_with_checked_names() -> None:
    rule = StorageBucketLifecycleRule(action=StorageBucketLifecycleRuleAction(type="Delete"), condition={})
    assert rule == {"action": {"type": "Delete"}, "condition": {}}
    assert StorageBucketLifecycleRuleAction(type="Delete", storage_class=None) == {"type": "Delete"}
    assert ComposerEnvironmentConfigA(node_count=3) == {"node_count": 3}
    (fault,) = faults(lambda: loose.StorageBucketLifecycleRuleAction(typ="Delete"))
    assert fault.code == "terraform/unknown-argument"
    assert "`lifecycle_rule.action.type`" in fault.notes[0]


def test_unknown_class_is_named_with_the_nearest() -> None:
    with pytest.raises(ImportError, match="StorageBuckt") as caught:
        exec("from planform.terraform.google import StorageBuckt")
    assert isinstance(caught.value, DiagnosticError)
    assert "nearest: `StorageBucket`" in str(caught.value)
    assert not hasattr(google_module, "storage_bucket")


def test_stub_is_python_and_lists_the_arguments() -> None:
    text = stub(load("helm"))
    compile(text, "helm.pyi", "exec")
    assert re.search(r"class Release\(_Resource\):\n    def __init__\(self, scope_: Any, id_: str, /, \*, chart:", text)
    assert "class ReleasePostrender" in text or "ReleasePostrender" in text


# Records


IGNORED = ["labels", 'labels["team"]', "lifecycle_rule[0].action"]


def test_document_of_a_stack(stack: Any) -> None:
    GoogleProvider(stack, "google", project="acme-dev", region="europe-west4")
    GoogleProvider(stack, "eu", alias="eu", project="acme-eu")
    ring = KmsKeyRing(stack, "ring", name="ring", location="eu", provider="google.eu")
    key = KmsCryptoKey(stack, "key", name="key", key_ring=ring.id, rotation_period="7776000s")
    bucket = StorageBucket(
        stack,
        "artifacts",
        **GOOD,
        encryption={"default_kms_key_name": key.id},
        lifecycle_rule=[{"action": {"type": "Delete"}, "condition": {"age": 30}}],
        labels={"team": "fraud", "empty": None},
        storage_class=None,
        lifecycle=Lifecycle(
            prevent_destroy=True, ignore_changes=["labels", 'labels["team"]', "lifecycle_rule[0].action"]
        ),
        depends_on=[ring, "google_project_service.storage"],
    )
    OutputValue(stack, "uri", value=template("gs://{}/models", bucket.name), description="a ${b}")
    assert records_of(stack).document() == {
        "terraform": {
            "required_version": ">= 1.11",
            "required_providers": {"google": {"source": "hashicorp/google", "version": "~> 7.45"}},
        },
        "provider": {
            "google": [
                {"project": "acme-dev", "region": "europe-west4"},
                {"alias": "eu", "project": "acme-eu"},
            ]
        },
        "resource": {
            "google_kms_crypto_key": {
                "key": {
                    "//": {"metadata": {"path": "acme-dev-resource/key", "uniqueId": "key"}},
                    "name": "key",
                    "key_ring": "${google_kms_key_ring.ring.id}",
                    "rotation_period": "7776000s",
                }
            },
            "google_kms_key_ring": {
                "ring": {
                    "//": {"metadata": {"path": "acme-dev-resource/ring", "uniqueId": "ring"}},
                    "name": "ring",
                    "location": "eu",
                    "provider": "google.eu",
                }
            },
            "google_storage_bucket": {
                "artifacts": {
                    "//": {"metadata": {"path": "acme-dev-resource/artifacts", "uniqueId": "artifacts"}},
                    "name": "acme-dev-artifacts",
                    "location": "EU",
                    "encryption": [{"default_kms_key_name": "${google_kms_crypto_key.key.id}"}],
                    "lifecycle_rule": [{"action": [{"type": "Delete"}], "condition": [{"age": 30}]}],
                    "labels": {"team": "fraud"},
                    "depends_on": ["google_kms_key_ring.ring", "google_project_service.storage"],
                    "lifecycle": {
                        "prevent_destroy": True,
                        "ignore_changes": IGNORED,
                    },
                }
            },
        },
        "output": {"uri": {"value": "gs://${google_storage_bucket.artifacts.name}/models", "description": "a ${b}"}},
    }


def test_a_stack_without_records_has_an_empty_document(stack: Any) -> None:
    assert records_of(stack).document() == {}
    assert Records(stack).document() == {}


def test_document_does_not_hang_on_the_order_of_making(app: engine.App) -> None:
    documents = []
    for order in (("a", "b"), ("b", "a")):
        stack = engine.TerraformStack(app, f"s{order[0]}")
        for name in order:
            PubsubTopic(stack, name, name=name)
        documents.append(json.dumps(records_of(stack).document()).replace(f"s{order[0]}/", ""))
    assert documents[0] == documents[1]


def test_facts_of_a_record(stack: Any) -> None:
    component = engine.Construct(stack, "object-store")
    component.origin = Location("platform.yaml", 12, 3)  # type: ignore[attr-defined]
    bucket = StorageBucket(component, "artifacts", **GOOD)
    assert (bucket.type, bucket.address) == ("google_storage_bucket", "google_storage_bucket.artifacts")
    assert bucket.construct_path == "acme-dev-resource/object-store/artifacts"
    assert bucket.origin == Location("platform.yaml", 12, 3)
    assert re.fullmatch(r"tests/test_terraform\.py:\d+", bucket.source)
    assert bucket.stack is stack
    assert list(records_of(component)) == [bucket]
    assert records_of(stack)["google_storage_bucket.artifacts"] is bucket


def test_scope_gives_its_records_what_comes_first(app: engine.App, stack: Any) -> None:
    other = engine.TerraformStack(app, "other")
    first, elsewhere = PubsubTopic(stack, "first", name="a"), PubsubTopic(other, "far", name="b")
    component = engine.Construct(stack, "c")
    component.depends_on = [first, elsewhere]  # type: ignore[attr-defined]
    inner = engine.Construct(component, "inner")
    assert PubsubTopic(inner, "second", name="c").body["depends_on"] == ["google_pubsub_topic.first"]
    assert "depends_on" not in DataGoogleProject(component, "p", project_id="x").body


def test_data_and_ephemeral_addresses(stack: Any) -> None:
    project = DataGoogleProject(stack, "p", project_id="x")
    opened = EphemeralGoogleSecretManagerSecretVersion(stack, "s", secret="s")
    assert (project.number.interpolation, opened.secret_data.interpolation) == (
        "${data.google_project.p.number}",
        "${ephemeral.google_secret_manager_secret_version.s.secret_data}",
    )
    assert sorted(records_of(stack).document()) == ["data", "ephemeral", "terraform"]


def test_two_records_with_one_address_name_both_sources(stack: Any) -> None:
    StorageBucket(engine.Construct(stack, "one"), "b", **GOOD, origin=Location("p.yaml", 1, 2))
    (fault,) = faults(
        lambda: StorageBucket(engine.Construct(stack, "two"), "b", **GOOD, origin=Location("p.yaml", 7, 2))
    )
    assert fault.code == "terraform/duplicate-address"
    assert fault.at is not None
    assert fault.at.path == "acme-dev-resource/two/b"
    assert "acme-dev-resource/one/b" in fault.notes[0]
    assert fault.notes[1:] == ("the first was built for p.yaml:1:2", "this one was built for p.yaml:7:2")


@pytest.mark.parametrize(("name", "meant"), [("a.b", "a_b"), ("1a", "_1a"), ("", "_"), ("a b", "a_b"), ("ä", "_")])
def test_an_id_must_be_a_terraform_name(stack: Any, name: str, meant: str) -> None:
    (fault,) = faults(lambda: StorageBucket(stack, name, **GOOD))
    assert fault.code == "terraform/bad-id"
    assert fault.notes == (f"nearest: `{meant}`",)


def test_all_faults_are_reported_at_the_line_of_the_author(stack: Any) -> None:
    origin = Location("platform.yaml", 29, 9)
    line = sys._getframe().f_lineno + 1
    found = faults(lambda: loose.StorageBucket(stack, "b", name=["x"], locaton="EU", url="x", origin=origin))
    assert [fault.code.removeprefix("terraform/") for fault in found] == [
        "wrong-type",
        "unknown-argument",
        "computed-argument",
        "missing-argument",
    ]
    for fault in found:
        assert fault.at == Location("tests/test_terraform.py", line, 0, path="acme-dev-resource/b")
        assert "built for platform.yaml:29:9" in fault.notes
    assert found[1].notes[0] == "nearest in hashicorp/google 7.45.0: `location`"
    assert list(records_of(stack)) == []


def test_a_component_of_planform_is_blamed_for_its_own_fault(stack: Any) -> None:
    text = "def build(make, scope, origin):\n    make(scope, 'b', name='x', locaton='EU', origin=origin)\n"
    module = types.ModuleType("planform.planes.resource.gcs")
    exec(compile(text, "gcs.py", "exec"), module.__dict__)
    found = faults(lambda: module.build(StorageBucket, stack, Location("platform.yaml", 1, 1)))
    assert {fault.help for fault in found} == {
        "the blueprint is fine, the component is not; please file this text as a bug"
    }


def test_an_id_argument_is_explained(stack: Any) -> None:
    (fault,) = faults(lambda: loose.StorageBucket(stack, "b", id="x", **GOOD))
    assert fault.code == "terraform/computed-argument"
    assert "import_id" in fault.help


def test_json_text_given_as_a_mapping_says_json_dumps(stack: Any) -> None:
    (fault,) = faults(lambda: loose.BigqueryTable(stack, "t", dataset_id="d", table_id="t", schema=[{"name": "x"}]))
    assert fault.code == "terraform/wrong-type"
    assert "json.dumps" in fault.help


def test_whole_record_as_an_argument_is_refused(stack: Any) -> None:
    ring = KmsKeyRing(stack, "ring", name="ring", location="eu")
    (fault,) = faults(lambda: loose.KmsCryptoKey(stack, "key", name="key", key_ring=ring))
    assert fault.summary.endswith("not the whole record `google_kms_key_ring.ring`")
    assert "`.id`" in fault.help


# Secrets


def test_secrets_are_variables_or_write_only(stack: Any) -> None:
    secret = SecretManagerSecret(stack, "s", secret_id="s", replication={"auto": {}})
    assert (
        code(lambda: SecretManagerSecretVersion(stack, "a", secret=secret.id, secret_data="hunter2"))
        == "literal-secret"
    )
    given = Variable(stack, "password", type="string", sensitive=True, ephemeral=True)
    version = SecretManagerSecretVersion(stack, "b", secret=secret.id, secret_data_wo=given, secret_data_wo_version=1)
    assert version.body["secret_data_wo"] == "${var.password}"
    assert SecretManagerSecretVersion(stack, "c", secret=secret.id, secret_data=given.value).body["secret_data"] == (
        "${var.password}"
    )
    assert code(lambda: GoogleProvider(stack, credentials='{"type": "service_account"}')) == "literal-secret"
    GoogleProvider(stack, credentials="key.json", access_token=given)


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("password", True),
        ("secret_data", True),
        ("oauth2_client_secret", True),
        ("private_key", True),
        ("credentials", True),
        ("certificate", False),
        ("ca_certificate", False),
        ("client_id", False),
        ("content", False),
        ("rsa_encrypted_key", False),
        ("secret_manager_stored_client_key", False),
    ],
)
def test_names_that_mean_secrets(name: str, secret: bool) -> None:
    assert is_secret(name) is secret


# Expressions


def test_references_reach_into_lists_maps_and_blocks(stack: Any) -> None:
    bucket = StorageBucket(stack, "b", **GOOD)
    assert bucket.website[0].main_page_suffix.interpolation == "${google_storage_bucket.b.website[0].main_page_suffix}"
    assert bucket.effective_labels["team-a"].text == 'google_storage_bucket.b.effective_labels["team-a"]'
    assert bucket["url"].text == "google_storage_bucket.b.url"
    budget = BillingBudget(
        stack,
        "x",
        billing_account="a",
        budget_filter={"projects": [template("projects/{}", bucket.project_number)]},
        threshold_rules=[{"threshold_percent": 0.5}, {"threshold_percent": expr("local.x")}],
        amount={"specified_amount": {"units": 5}},
    )
    assert budget.body["budget_filter"] == [{"projects": ["projects/${google_storage_bucket.b.project_number}"]}]
    assert budget.body["threshold_rules"][1] == {"threshold_percent": "${local.x}"}
    assert budget.body["amount"] == [{"specified_amount": [{"units": "5"}]}]


MISUSES: list[tuple[str, Callable[[Any], object]]] = [
    ("neither true nor false", lambda url: 1 if url else 2),
    ("neither true nor false", lambda url: url and 1),
    ("compared", lambda url: url == "x"),
    ("compared", lambda url: url != "x"),
    ("compared", lambda url: url == "x"),
    ("no length", len),
    ("looped over", list),
    ("looped over", lambda url: [*url]),
    ("searched", lambda url: "x" in url),
    ("f-string", lambda url: f"gs://{url}"),
    ("f-string", str),
    ("f-string", "{}".format),
]


@pytest.mark.parametrize(("says", "use"), MISUSES)
def test_a_reference_is_no_value(stack: Any, says: str, use: Callable[[Any], object]) -> None:
    bucket = StorageBucket(stack, "b", **GOOD)
    with pytest.raises(TypeError) as caught:
        use(bucket.url)
    assert isinstance(caught.value, DiagnosticError)
    (fault,) = caught.value.diagnostics
    assert fault.code == "terraform/reference-misuse"
    assert says in fault.summary
    assert fault.help
    assert fault.at is not None
    assert fault.at.file == "tests/test_terraform.py"


def test_attribute_of_a_reference_that_is_not_there(stack: Any) -> None:
    bucket = StorageBucket(stack, "b", **GOOD)
    (fault,) = faults(lambda: bucket.ulr)
    assert (fault.code, fault.notes) == ("terraform/unknown-attribute", ("nearest: `url`",))
    assert "website[0].main_page_suffix" in faults(lambda: bucket.website.main_page_suffix)[0].help
    assert code(lambda: bucket.website[0].main_page) == "unknown-attribute"
    assert code(lambda: bucket.url.x) == "unknown-attribute"
    assert code(lambda: bucket.url[0]) == "reference-misuse"
    assert not hasattr(bucket, "nonsense")


def test_type_of_a_reference_is_compared(stack: Any) -> None:
    bucket = StorageBucket(stack, "b", **GOOD)
    assert code(lambda: PubsubTopic(stack, "t", name=bucket.effective_labels)) == "wrong-type"
    assert code(lambda: PubsubTopic(stack, "t", name="x", labels=bucket.name)) == "wrong-type"
    assert PubsubTopic(stack, "t", name="x", labels=bucket.effective_labels).body["labels"] == (
        "${google_storage_bucket.b.effective_labels}"
    )


def test_templates_escape_their_literals(stack: Any) -> None:
    name = StorageBucket(stack, "b", **GOOD).name
    inner = "google_storage_bucket.b.name"
    assert template("gs://{}/m", name).interpolation == f"gs://${{{inner}}}/m"
    assert ("a ${b} " + name + "%{c}").interpolation == f"a $${{b}} ${{{inner}}}%%{{c}}"
    assert template("{0}-{0}{{}}", name).interpolation == f"${{{inner}}}-${{{inner}}}{{}}"
    assert ("cost $" + name).interpolation == f'cost ${{"$"}}${{{inner}}}'
    assert template("{}", 'say "hi"\n' + name).text == f'"say \\"hi\\"\\n${{{inner}}}"'
    assert code(lambda: template("{} {}", name)) == "reference-misuse"
    assert code(lambda: template("{name}", name)) == "reference-misuse"
    assert code(lambda: expr("${var.x}")) == "reference-misuse"
    assert code(lambda: expr(" ")) == "reference-misuse"


def test_reference_to_another_stack_is_refused(app: engine.App, stack: Any) -> None:
    other = engine.TerraformStack(app, "other")
    bucket = StorageBucket(other, "b", **GOOD)
    for make in (
        lambda: PubsubTopic(stack, "t", name=bucket.name),
        lambda: PubsubTopic(stack, "t", name=template("x-{}", bucket.name)),
        lambda: PubsubTopic(stack, "t", name="x", labels={"a": bucket.name}),
        lambda: PubsubTopic(stack, "t", name="x", depends_on=[bucket]),
        lambda: OutputValue(stack, "o", value=[bucket.url]),
    ):
        assert code(make) == "cross-stack-reference"
    mine = PubsubTopic(stack, "m", name="x")
    assert code(lambda: template("{}{}", bucket.name, mine.name)) == "cross-stack-reference"


def test_known_is_a_reference_at_home_and_text_elsewhere(app: engine.App, stack: Any) -> None:
    other = engine.TerraformStack(app, "other")
    bucket = StorageBucket(stack, "b", **GOOD)
    name = Known("acme-dev-artifacts", bucket.name)
    here = StorageBucketIamMember(stack, "m", bucket=name, role="r", member="m")
    there = StorageBucketIamMember(other, "m", bucket=name, role="r", member="m")
    assert here.body["bucket"] == "${google_storage_bucket.b.name}"
    assert there.body["bucket"] == "acme-dev-artifacts"
    assert (f"gs://{name}", name == "acme-dev-artifacts", len(name)) == ("gs://acme-dev-artifacts", True, 18)
    assert template("gs://{}", name).interpolation == "gs://${google_storage_bucket.b.name}"
    assert OutputValue(other, "o", value={"a": [name]}).body == {"value": {"a": ["acme-dev-artifacts"]}}


def test_a_fact_whose_name_the_schema_has_is_its_reference_as_an_argument(stack: Any) -> None:
    address = ComputeAddress(stack, "ip", name="ip")
    assert address.address == "google_compute_address.ip"
    record = DnsRecordSet(stack, "a", name="x.", managed_zone="z", type="A", rrdatas=[address.address])
    assert record.body["rrdatas"] == ["${google_compute_address.ip.address}"]
    assert record.type == "google_dns_record_set"
    assert record["type"].text == "google_dns_record_set.a.type"


def test_many_instances_need_an_index(stack: Any) -> None:
    topics = PubsubTopic(stack, "t", name=expr("each.key"), for_each=["b", "a"])
    assert topics.body["for_each"] == '${toset(["a", "b"])}'
    assert topics["a"].id.text == 'google_pubsub_topic.t["a"].id'
    assert code(lambda: topics.id) == "reference-misuse"
    counted = PubsubTopic(stack, "c", name=template("c-{}", expr("count.index")), count=2)
    assert counted[1].name.text == "google_pubsub_topic.c[1].name"
    assert code(lambda: PubsubTopic(stack, "d", name="x", count=-1)) == "wrong-type"
    assert code(lambda: PubsubTopic(stack, "d", name="x", count=1, for_each=["a"])) == "wrong-type"


# Meta-arguments and other blocks


def test_lifecycle_is_checked_against_the_schema(stack: Any) -> None:
    (fault,) = faults(lambda: StorageBucket(stack, "b", **GOOD, lifecycle={"ignore_changes": ["lables"]}))
    assert (fault.code, fault.notes) == (
        "terraform/unknown-attribute",
        ("nearest in hashicorp/google 7.45.0: `labels`",),
    )
    typo = Lifecycle(ignore_changes=["settings[0].disk_sise"])
    instance: dict[str, Any] = {"name": "db", "database_version": "POSTGRES_17", "settings": {"tier": "t"}}
    (fault,) = faults(lambda: SqlDatabaseInstance(stack, "d", **instance, lifecycle=typo))
    assert "`settings.disk_size`" in fault.notes[0]
    database = SqlDatabaseInstance(
        stack,
        "d",
        **instance,
        lifecycle=Lifecycle(
            ignore_changes="all",
            replace_triggered_by=[PubsubTopic(stack, "t", name="x")],
            precondition=[Condition(expr("var.x > 1"), "x is ${too} small")],
        ),
    )
    assert database.body["lifecycle"] == {
        "ignore_changes": "all",
        "replace_triggered_by": ["google_pubsub_topic.t"],
        "precondition": [{"condition": "${var.x > 1}", "error_message": "x is $${too} small"}],
    }
    assert code(lambda: PubsubTopic(stack, "l", name="x", lifecycle={"prevent_destory": True})) == "unknown-argument"
    assert code(lambda: loose.PubsubTopic(stack, "l", name="x", lifecycle=True)) == "wrong-type"
    assert code(lambda: loose.PubsubTopic(stack, "l", name="x", provisioners=[{}])) == "unknown-argument"


@pytest.mark.parametrize("value", [5, "not an address", "${google_x.y}", None])
def test_depends_on_takes_records_and_addresses(stack: Any, value: Any) -> None:
    assert code(lambda: PubsubTopic(stack, "t", name="x", depends_on=[value])) == "bad-address"


def test_provider_of_a_record(app: engine.App, stack: Any) -> None:
    eu = GoogleProvider(stack, alias="eu", project="x")
    assert PubsubTopic(stack, "t", name="x", provider=eu).body["provider"] == "google.eu"
    assert code(lambda: PubsubTopic(stack, "u", name="x", provider="aws.eu")) == "wrong-type"
    assert code(lambda: loose.PubsubTopic(stack, "u", name="x", provider=7)) == "wrong-type"
    other = engine.TerraformStack(app, "other")
    assert code(lambda: PubsubTopic(other, "t", name="x", provider=eu)) == "cross-stack-reference"
    assert code(lambda: GoogleProvider(stack, alias="eu")) == "duplicate-address"
    assert code(lambda: GoogleProvider(stack, alias="e.u")) == "bad-id"
    assert code(lambda: loose.GoogleProvider(stack, projet="x")) == "unknown-argument"


def test_moves_imports_and_the_rest(stack: Any) -> None:
    StorageBucket(stack, "new", **GOOD, renamed_from="old", import_id="acme-dev-artifacts")
    Removed(stack, "google_pubsub_topic.gone")
    size = Variable(
        stack, "size", type="number", default={"text": "${kept}"}, validation=[Condition(expr("var.size > 0"), "no")]
    )
    half = Local(stack, "half", expr("var.size / 2"))
    Check(stack, "small", conditions=[Condition(expr("local.half < 9"), "big")])
    PubsubTopic(stack, "t", name=half, labels={"size": size})
    document = records_of(stack).document()
    assert document["moved"] == [{"from": "google_storage_bucket.old", "to": "google_storage_bucket.new"}]
    assert document["import"] == [{"to": "google_storage_bucket.new", "id": "acme-dev-artifacts"}]
    assert document["removed"] == [{"from": "google_pubsub_topic.gone", "lifecycle": {"destroy": False}}]
    assert document["variable"]["size"]["default"] == {"text": "${kept}"}
    assert document["locals"] == {"half": "${var.size / 2}"}
    assert document["check"] == {"small": {"assert": [{"condition": "${local.half < 9}", "error_message": "big"}]}}
    assert document["resource"]["google_pubsub_topic"]["t"]["labels"] == {"size": "${var.size}"}
    assert code(lambda: Variable(stack, "v", default=half)) == "wrong-type"
    Moved(stack, "google_pubsub_topic.a", "google_pubsub_topic.t")
    Import(stack, "google_pubsub_topic.t", "projects/p/topics/t")
    assert len(records_of(stack).document()["moved"]) == 2
    assert len(records_of(stack).document()["import"]) == 2


def test_records_keep_out_of_each_others_stack(app: engine.App) -> None:
    one, two = engine.TerraformStack(app, "one"), engine.TerraformStack(app, "two")
    PubsubTopic(one, "t", name="x")
    PubsubTopic(two, "t", name="x")
    texts = engine.synthesize(app)
    assert json.loads(texts["stacks/one/cdk.tf.json"])["resource"]["google_pubsub_topic"]["t"]["name"] == "x"
    assert len(records_of(one)) == len(records_of(two)) == 1


# Text is data


def test_escape_of_markers() -> None:
    assert escape("a ${b} %{c} $ % {} $${d}") == "a $${b} %%{c} $ % {} $$${d}"


TEXT = st.text(alphabet=st.sampled_from('$%{}ab"\\ \n'), max_size=12) | st.text(max_size=12)


def is_inert(text: str) -> bool:
    """Whether Terraform's template scanner finds no `${` or `%{` that is not escaped in a text."""
    index = 0
    while index < len(text):
        if text[index : index + 3] in ("$${", "%%{"):
            index += 3
        elif text[index : index + 2] in ("${", "%{"):
            return False
        else:
            index += 1
    return True


@settings(max_examples=300, deadline=None)
@given(text=TEXT, key=TEXT)
def test_no_text_ever_becomes_an_expression(text: str, key: str) -> None:
    stack = engine.TerraformStack(engine.App(), "s")
    PubsubTopic(
        stack, "t", name=text, labels={key: text}, message_storage_policy={"allowed_persistence_regions": [text]}
    )
    OutputValue(stack, "o", value={key: [text, {key: text}]})
    Local(stack, "l", [text])
    document = records_of(stack).document()
    for value in _texts([document["resource"], document["output"], document["locals"]]):
        assert is_inert(value)
        assert value.replace("$${", "${").replace("%%{", "%{") in (text, key) or value.isascii()


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, str):
        yield value


@pytest.mark.terraform
def test_escaped_text_is_read_back_by_terraform(tmp_path: Path) -> None:
    command = tools.tool("terraform")
    literals = [
        "${a}",
        "$${a}",
        "$$${a}",
        "%{if}",
        "%%{if}",
        "$",
        "$$",
        "a$",
        "100%",
        '\\n "q" \'',
        "${",
        "é\n${x}",
        "$%{x",
        "%${x",
    ]
    stack = engine.TerraformStack(engine.App(), "s")
    one = Local(stack, "one", "1").value
    Local(stack, "plain", literals)
    Local(stack, "keys", {literal: literal for literal in literals})
    Local(stack, "joined", [literal + one + literal for literal in literals])
    Local(stack, "nested", [expr(f"upper({(literal + one).text})") for literal in literals])
    (tmp_path / "main.tf.json").write_text(json.dumps(records_of(stack).document()))
    environment = {name: value for name, value in os.environ.items() if name != "TF_CLI_CONFIG_FILE"}
    asked = "jsonencode([local.plain, local.keys, local.joined, local.nested])"
    done = subprocess.run(
        [command, "console"], input=asked, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    plain, keys, joined, nested = json.loads(json.loads(done.stdout))
    assert plain == literals
    assert keys == {literal: literal for literal in literals}
    assert joined == [f"{literal}1{literal}" for literal in literals]
    assert nested == [f"{literal}1".upper() for literal in literals]


def test_importing_a_provider_starts_no_engine() -> None:
    program = "import sys; from planform.terraform.google import StorageBucket; print('planform.engine' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=_path())
    assert done.stdout.strip() == "False"


def _path() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}


@pytest.mark.engine
@pytest.mark.parametrize("name", ["cdktf", "cdktn"])
def test_records_work_in_the_engines_own_stacks(name: str) -> None:
    tools.module(name)
    program = f"""
import json
import {name} as real
from planform import engine
from planform.terraform import OutputValue
from planform.terraform.google import PubsubTopic
app = engine.App()
stack = real.TerraformStack(app, "s")
variable = real.TerraformVariable(stack, "x", type="string")
resource = real.TerraformResource(stack, "r", terraform_resource_type="google_pubsub_topic")
topic = PubsubTopic(stack, "t", name=variable.string_value, labels={{"a": "${{b}}"}}, depends_on=[resource])
real.TerraformOutput(stack, "o", value=topic.id.interpolation)
print(engine.synthesize(app)["stacks/s/cdk.tf.json"])
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True, text=True, check=False, env={**_path(), "PLANFORM_ENGINE": name},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    body = document["resource"]["google_pubsub_topic"]["t"]
    assert body["name"] == "${var.x}"
    assert body["labels"] == {"a": "$${b}"}
    assert body["depends_on"] == ["google_pubsub_topic.r"]
    assert document["output"]["o"]["value"] == "${google_pubsub_topic.t.id}"


def test_nested_blocks_hold_references(stack: Any) -> None:
    cluster = ContainerCluster(
        stack, "compute", name="c", location="eu", network=ComputeNetwork(stack, "n", name="n").id
    )
    account = ServiceAccount(stack, "nodes", account_id="nodes")
    node_config = {"service_account": account.email, "guest_accelerator": {"type": "nvidia-l4", "count": 1}}
    pool = ContainerNodePool(stack, "l4", cluster=cluster.id, node_config=node_config)
    assert pool.body["node_config"] == [
        {
            "service_account": "${google_service_account.nodes.email}",
            "guest_accelerator": [{"type": "nvidia-l4", "count": 1}],
        }
    ]
    firewall = ComputeFirewall(stack, "f", name="f", network="n", allow=[{"protocol": "tcp", "ports": [443, "80"]}])
    assert firewall.body["allow"] == [{"protocol": "tcp", "ports": ["443", "80"]}]
