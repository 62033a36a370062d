"""Configurations that Terraform and the real providers accepted pass the check; each small change to one does not.

`fixtures/known-good/<provider>.json.gz` holds rows [document, kind, type, name, body] of Terraform JSON.
"""

from __future__ import annotations

import copy
import functools
import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from planform import engine
from planform.terraform import Condition, Expression, Lifecycle, Local, Variable, expr, records_of, template
from planform.terraform.arguments import Fault, Inspection
from planform.terraform.classes import class_of
from planform.terraform.google import GoogleProvider
from planform.terraform.schema import load
from tests import terraform

FIXTURES = Path(__file__).parent / "fixtures" / "known-good"
PROVIDERS = sorted(path.name.removesuffix(".json.gz") for path in FIXTURES.glob("*.json.gz"))
META = {"lifecycle", "depends_on", "provider", "count", "for_each"}

Row = tuple[str, str, str, str, dict[str, Any]]


@functools.cache
def rows(provider: str) -> list[Row]:
    return [tuple(row) for row in json.loads(gzip.decompress((FIXTURES / f"{provider}.json.gz").read_bytes()))]


def body_of(terraform_type: str, name: str | None = None) -> dict[str, Any]:
    """A copy of the first known-good body of a type, without meta-arguments."""
    found = next(row for row in rows("google") if row[2] == terraform_type and name in (None, row[3]))
    return {key: copy.deepcopy(value) for key, value in found[4].items() if key not in META}


def inspect(kind: str, terraform_type: str, body: dict[str, Any]) -> Inspection:
    schema = load(terraform_type.partition("_")[0]).get(kind, terraform_type)
    seen = Inspection(terraform_type, schema.block, raw=True)
    seen.body({key: value for key, value in body.items() if key not in META})
    return seen


@pytest.mark.parametrize("provider", PROVIDERS)
def test_known_good_configuration_passes(provider: str) -> None:
    faults = {
        f"{document}: {terraform_type}.{name}": seen.faults
        for document, kind, terraform_type, name, body in rows(provider)
        if (seen := inspect(kind, terraform_type, body)).faults
    }
    assert faults == {}


def test_known_good_configuration_covers_many_types() -> None:
    assert len({row[2] for provider in PROVIDERS for row in rows(provider)}) > 220
    assert sum(len(rows(provider)) for provider in PROVIDERS) > 850


# One small change to a good body: what was changed, the code, the path, the name that is suggested


def rename(*path: Any, to: str) -> Callable[[dict[str, Any]], None]:
    def change(body: dict[str, Any]) -> None:
        holder = _at(body, path[:-1])
        holder[to] = holder.pop(path[-1])

    return change


def put(*path: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(body: dict[str, Any]) -> None:
        _at(body, path[:-1])[path[-1]] = value

    return change


def drop(*path: Any) -> Callable[[dict[str, Any]], None]:
    def change(body: dict[str, Any]) -> None:
        del _at(body, path[:-1])[path[-1]]

    return change


def twice(*path: Any) -> Callable[[dict[str, Any]], None]:
    def change(body: dict[str, Any]) -> None:
        holder = _at(body, path[:-1])
        holder[path[-1]] = [*holder[path[-1]], *copy.deepcopy(holder[path[-1]])]

    return change


def _at(body: Any, path: tuple[Any, ...]) -> Any:
    return functools.reduce(lambda holder, key: holder[key], path, body)


UNKNOWN, MISSING, COMPUTED = "unknown-argument", "missing-argument", "computed-argument"
WRONG, FEW, MANY, SECRET = "wrong-type", "too-few-blocks", "too-many-blocks", "literal-secret"
IN_NODE, IN_IP, GPUS = "node_config[0].", "settings.ip_configuration.", "node_config.guest_accelerator.count"
MACHINE, MOST = "node_config.machine_type", "autoscaling.max_node_count"
BUCKET, POOL, CLUSTER = "google_storage_bucket", "google_container_node_pool", "google_container_cluster"
SQL, TOPIC, SUBSCRIPTION = "google_sql_database_instance", "google_pubsub_topic", "google_pubsub_subscription"
RUN, KEY, NETWORK = "google_cloud_run_v2_service", "google_kms_crypto_key", "google_compute_network"

MUTATIONS: list[tuple[str, Callable[[dict[str, Any]], None], str, str, str]] = [
    # misspelt
    (BUCKET, rename("location", to="locaton"), UNKNOWN, "locaton", "location"),
    (BUCKET, rename("name", to="nmae"), UNKNOWN, "nmae", "name"),
    (BUCKET, put("lables", value={}), UNKNOWN, "lables", "labels"),
    (BUCKET, put("force_destory", value=True), UNKNOWN, "force_destory", "force_destroy"),
    (BUCKET, put("uniform_access", value=True), UNKNOWN, "uniform_access", "uniform_bucket_level_access"),
    (BUCKET, put("versionning", value=[{}]), UNKNOWN, "versionning", "versioning"),
    (BUCKET, put("lifecycle_rules", value=[]), UNKNOWN, "lifecycle_rules", "lifecycle_rule"),
    (POOL, put("node_configs", value=[]), UNKNOWN, "node_configs", "node_config"),
    (POOL, put("autoscalling", value=[]), UNKNOWN, "autoscalling", "autoscaling"),
    (CLUSTER, put("datapath_providr", value="x"), UNKNOWN, "datapath_providr", "datapath_provider"),
    (SQL, put("database_verison", value="x"), UNKNOWN, "database_verison", "database_version"),
    (SQL, put("settings", 0, "teir", value="x"), UNKNOWN, "settings[0].teir", "settings.tier"),
    (SUBSCRIPTION, put("ack_deadline", value=10), UNKNOWN, "ack_deadline", "ack_deadline_seconds"),
    (RUN, put("ingres", value="x"), UNKNOWN, "ingres", "ingress"),
    (KEY, put("rotation_perod", value="1s"), UNKNOWN, "rotation_perod", "rotation_period"),
    # camelCase
    (BUCKET, put("storageClass", value="STANDARD"), UNKNOWN, "storageClass", "storage_class"),
    (BUCKET, put("lifecycleRule", value=[]), UNKNOWN, "lifecycleRule", "lifecycle_rule"),
    (POOL, put("node_config", 0, "machineType", value="x"), UNKNOWN, IN_NODE + "machineType", MACHINE),
    # misplaced
    (POOL, put("machine_type", value="e2-medium"), UNKNOWN, "machine_type", "node_config.machine_type"),
    (POOL, put("node_config", 0, "gpu_count", value=1), UNKNOWN, IN_NODE + "gpu_count", GPUS),
    (POOL, put("node_config", 0, "max_node_count", value=1), UNKNOWN, IN_NODE + "max_node_count", MOST),
    (POOL, put("auto_upgrade", value=True), UNKNOWN, "auto_upgrade", "management.auto_upgrade"),
    (POOL, put("max_surge", value=1), UNKNOWN, "max_surge", "upgrade_settings.max_surge"),
    (SQL, put("tier", value="db-f1-micro"), UNKNOWN, "tier", "settings.tier"),
    (SQL, put("ipv4_enabled", value=False), UNKNOWN, "ipv4_enabled", IN_IP + "ipv4_enabled"),
    (SQL, put("settings", 0, "ssl_mode", value="x"), UNKNOWN, "settings[0].ssl_mode", IN_IP + "ssl_mode"),
    (RUN, put("containers", value=[]), UNKNOWN, "containers", "template.containers"),
    (RUN, put("max_instance_count", value=1), UNKNOWN, "max_instance_count", "scaling.max_instance_count"),
    (BUCKET, put("main_page_suffix", value="x"), UNKNOWN, "main_page_suffix", "website.main_page_suffix"),
    (BUCKET, put("versioning_enabled", value=True), UNKNOWN, "versioning_enabled", "versioning.enabled"),
    (BUCKET, put("kms_key_name", value="x"), UNKNOWN, "kms_key_name", "encryption.default_kms_key_name"),
    # other words
    (BUCKET, put("tags", value={}), UNKNOWN, "tags", "labels"),
    (BUCKET, put("region", value="EU"), UNKNOWN, "region", "location"),
    (TOPIC, put("tags_", value={}), UNKNOWN, "tags_", "tags"),
    # extra, with nothing near
    (BUCKET, put("zzzz_qqqq", value=1), UNKNOWN, "zzzz_qqqq", ""),
    (NETWORK, put("dynamic", value={}), UNKNOWN, "dynamic", ""),
    # set by the provider
    (BUCKET, put("url", value="gs://x"), COMPUTED, "url", ""),
    (BUCKET, put("self_link", value="x"), COMPUTED, "self_link", ""),
    (CLUSTER, put("endpoint", value="x"), COMPUTED, "endpoint", ""),
    (SQL, put("connection_name", value="x"), COMPUTED, "connection_name", ""),
    (RUN, put("uri", value="x"), COMPUTED, "uri", ""),
    # missing
    (BUCKET, drop("location"), MISSING, "location", ""),
    (BUCKET, drop("name"), MISSING, "name", ""),
    (BUCKET, put("name", value=None), MISSING, "name", ""),
    (POOL, drop("cluster"), MISSING, "cluster", ""),
    (SQL, drop("database_version"), MISSING, "database_version", ""),
    (SUBSCRIPTION, drop("topic"), MISSING, "topic", ""),
    (KEY, drop("key_ring"), MISSING, "key_ring", ""),
    (SQL, drop("settings", 0, "tier"), MISSING, "settings[0].tier", ""),
    (BUCKET, put("versioning", value=[{}]), MISSING, "versioning[0].enabled", ""),
    (BUCKET, put("lifecycle_rule", value={"action": {}, "condition": {}}), MISSING, "lifecycle_rule.action.type", ""),
    # retyped
    (BUCKET, put("force_destroy", value="yes"), WRONG, "force_destroy", ""),
    (BUCKET, put("force_destroy", value=1), WRONG, "force_destroy", ""),
    (BUCKET, put("force_destroy", value="True"), WRONG, "force_destroy", ""),
    (BUCKET, put("name", value=["x"]), WRONG, "name", ""),
    (BUCKET, put("name", value={"x": 1}), WRONG, "name", ""),
    (BUCKET, put("labels", value=["x"]), WRONG, "labels", ""),
    (BUCKET, put("labels", value="x"), WRONG, "labels", ""),
    (BUCKET, put("labels", value={"team": ["a"]}), WRONG, "labels.team", ""),
    (BUCKET, put("cors", value=[{"max_age_seconds": "soon"}]), WRONG, "cors[0].max_age_seconds", ""),
    (BUCKET, put("cors", value=[{"max_age_seconds": "0x10"}]), WRONG, "cors[0].max_age_seconds", ""),
    (BUCKET, put("cors", value=[{"max_age_seconds": True}]), WRONG, "cors[0].max_age_seconds", ""),
    (BUCKET, put("cors", value=[{"method": "GET"}]), WRONG, "cors[0].method", ""),
    (BUCKET, put("cors", value=[{"method": ["GET", None]}]), WRONG, "cors[0].method[1]", ""),
    (BUCKET, put("versioning", value=True), WRONG, "versioning", ""),
    (BUCKET, put("versioning", value=[True]), WRONG, "versioning[0]", ""),
    (POOL, put("node_config", 0, "oauth_scopes", value="x"), WRONG, "node_config[0].oauth_scopes", ""),
    ("google_bigquery_table", put("schema", value=[{"name": "x"}]), WRONG, "schema", ""),
    ("google_monitoring_dashboard", put("dashboard_json", value={"displayName": "x"}), WRONG, "dashboard_json", ""),
    # blocks
    (BUCKET, put("lifecycle_rule", value=[{"condition": [{}]}]), FEW, "lifecycle_rule[0].action", ""),
    (SQL, put("settings", value=[{"tier": "x"}, {"tier": "y"}]), MANY, "settings", ""),
    (BUCKET, put("versioning", value=[{"enabled": True}, {"enabled": True}]), MANY, "versioning", ""),
    (POOL, twice("node_config"), MANY, "node_config", ""),
    ("google_compute_instance_template", put("network_interface", value="default"), WRONG, "network_interface", ""),
    # secrets
    ("google_secret_manager_secret_version", put("secret_data", value="hunter2"), SECRET, "secret_data", ""),
    ("google_sql_user", put("password", value="hunter2"), SECRET, "password", ""),
    (SQL, put("root_password", value="hunter2"), SECRET, "root_password", ""),
]  # fmt: skip

TEMPLATE_BODY: dict[str, Any] = {"machine_type": "e2-medium", "disk": [{}], "network_interface": [{}]}


@pytest.mark.parametrize(
    ("terraform_type", "change", "code", "path", "nearest"),
    MUTATIONS,
    ids=[f"{terraform_type}-{path}-{code}" for terraform_type, _, code, path, _ in MUTATIONS],
)
def test_one_change_is_found_and_named(
    terraform_type: str, change: Callable[[dict[str, Any]], None], code: str, path: str, nearest: str
) -> None:
    body = TEMPLATE_BODY if terraform_type == "google_compute_instance_template" else body_of(terraform_type)
    body = copy.deepcopy(body)
    change(body)
    found = [each for each in inspect("resource", terraform_type, body).faults if each.path == path]
    assert [(each.code, each.nearest) for each in found] == [(f"terraform/{code}", nearest)]


@pytest.mark.parametrize("path", ["node_config", "management"])
def test_a_reference_cannot_stand_for_a_block(path: str) -> None:
    body = body_of(POOL) | {path: expr("var.block")}
    faults = inspect("resource", POOL, body).faults
    assert [(fault.code, fault.path) for fault in faults] == [("terraform/wrong-type", path)]
    assert "cannot come from an expression" in faults[0].help


def test_all_faults_of_a_body_are_found_at_once() -> None:
    body = body_of(BUCKET)
    for change in (rename("location", to="locaton"), put("force_destroy", value="yes"), put("url", value="x")):
        change(body)
    codes = sorted(fault.code for fault in inspect("resource", BUCKET, body).faults)
    assert codes == [
        "terraform/computed-argument",
        "terraform/missing-argument",
        "terraform/unknown-argument",
        "terraform/wrong-type",
    ]


@pytest.mark.parametrize(
    ("terraform_type", "path", "value", "written"),
    [
        (BUCKET, "force_destroy", "true", True),
        (BUCKET, "force_destroy", "0", False),
        (BUCKET, "name", 5, "5"),
        (BUCKET, "name", True, "true"),
        (BUCKET, "labels", {"a": 1, "b": None, "c": False}, {"a": "1", "c": "false"}),
        (
            BUCKET,
            "cors",
            {"max_age_seconds": "3600", "method": ("GET",)},
            [{"max_age_seconds": 3600, "method": ["GET"]}],
        ),
        (BUCKET, "cors", [{"max_age_seconds": 1.5}], [{"max_age_seconds": 1.5}]),
        (BUCKET, "cors", [{"max_age_seconds": "1e3"}], [{"max_age_seconds": "1e3"}]),
        (BUCKET, "versioning", {"enabled": "true"}, [{"enabled": True}]),
    ],
)
def test_what_terraform_converts_is_accepted(terraform_type: str, path: str, value: Any, written: Any) -> None:
    schema = load("google").get("resource", terraform_type)
    seen = Inspection(terraform_type, schema.block)
    body = seen.body({"name": "acme", "location": "EU", path: value})
    assert seen.faults == []
    assert body[path] == written


def test_a_fault_is_plain_data() -> None:
    fault = inspect("resource", BUCKET, body_of(BUCKET) | {"tags": {}}).faults[0]
    assert isinstance(fault, Fault)
    assert fault.summary == "`tags` of google_storage_bucket does not exist"


# The way through records, and the real provider


_HOLE = re.compile(r"(?<!\$)\$\{")


def parsed(value: Any) -> Any:
    """Terraform JSON as an author would write it: expressions from `${...}`, literals without escapes."""
    if isinstance(value, dict):
        return {key: parsed(each) for key, each in value.items()}
    if isinstance(value, list):
        return [parsed(each) for each in value]
    return _text(value) if isinstance(value, str) else value


def _text(text: str) -> str | Expression:
    parts: list[str | Expression] = []
    end = 0
    hole = _HOLE.search(text)
    while hole:
        close = _close(text, hole.end())
        parts += [_plain(text[end : hole.start()]), expr(text[hole.end() : close])]
        end = close + 1
        hole = _HOLE.search(text, end)
    parts.append(_plain(text[end:]))
    parts = [part for part in parts if isinstance(part, Expression) or part]
    if len(parts) == 1:
        return parts[0]
    return template("{}" * len(parts), *parts) if parts else ""


def _plain(text: str) -> str:
    return text.replace("$${", "${").replace("%%{", "%{")


def _close(text: str, start: int) -> int:
    depth = 1
    for index in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if not depth:
            return index
    raise ValueError(text)


def normal(value: Any) -> Any:
    """Blocks as lists, scalars as text, nothing unset: what two spellings of one configuration share."""
    if isinstance(value, dict):
        return {
            key: normal(each if isinstance(each, list) else [each])
            for key, each in value.items()
            if each not in (None, [])
        }
    if isinstance(value, list):
        return [normal(each) for each in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


def rebuild(document: str) -> tuple[engine.App, Any]:
    """A known-good document made again of records."""
    app = engine.App()
    stack = engine.TerraformStack(app, document)
    GoogleProvider(stack, project="acme-ml-dev", region="us-central1")
    for name, kind, terraform_type, label, body in rows("google"):
        if name == document:
            meta = {key: value for key, value in body.items() if key in META}
            arguments = {key: parsed(value) for key, value in body.items() if key not in META}
            _record(stack, kind, terraform_type, label, arguments, meta)
    return app, stack


def _record(stack: Any, kind: str, terraform_type: str, label: str, arguments: Any, meta: dict[str, Any]) -> None:
    made = class_of(load("google").get(kind, terraform_type))
    meta = dict(meta)
    if "lifecycle" in meta:
        held = meta["lifecycle"][0] if isinstance(meta["lifecycle"], list) else dict(meta["lifecycle"])
        for key in ("precondition", "postcondition"):
            if key in held:
                held[key] = [
                    Condition(parsed(each["condition"]), parsed(each["error_message"]))
                    for each in (held[key] if isinstance(held[key], list) else [held[key]])
                ]
        meta["lifecycle"] = Lifecycle(**held)
    if "for_each" in meta:
        meta["for_each"] = parsed(meta["for_each"])
    made(stack, label, **arguments, **meta)


DOCUMENTS = sorted({row[0] for row in rows("google")})


@pytest.mark.parametrize("document", DOCUMENTS)
def test_records_write_what_was_read(document: str) -> None:
    _, stack = rebuild(document)
    written = records_of(stack).document()
    for name, kind, terraform_type, label, body in rows("google"):
        if name == document:
            mine = dict(written[kind][terraform_type][label])
            mine.pop("//")
            assert normal(mine) == normal(body)


VALIDATED = ["kms", "pubsub", "iam", "gke", "gcs", "network", "workbench"]


@pytest.fixture(scope="session")
def validate(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, Any]]:
    """`terraform validate` of a document in a folder initialised once; skips where the provider cannot be had."""
    terraform.need("google")
    folder = tmp_path_factory.mktemp("terraform")
    required = {"required_providers": {"google": {"source": "hashicorp/google", "version": "7.45.0"}}}
    (folder / "main.tf.json").write_text(json.dumps({"terraform": required}))
    started = terraform.terraform(folder, "init", "-input=false", "-backend=false")
    assert started.returncode == 0, started.stderr

    def valid(document: str) -> dict[str, Any]:
        (folder / "main.tf.json").write_text(document)
        return dict(json.loads(terraform.terraform(folder, "validate", "-json").stdout))

    return valid


@pytest.mark.terraform
@pytest.mark.parametrize("document", VALIDATED)
def test_terraform_accepts_the_document_of_records(document: str, validate: Callable[[str], dict[str, Any]]) -> None:
    _, stack = rebuild(document)
    written = records_of(stack).document()
    for name in sorted(set(re.findall(r"\bvar\.(\w+)", json.dumps(written)))):
        Variable(stack, name)
    for name in sorted(set(re.findall(r"\blocal\.(\w+)", json.dumps(written)))):
        Local(stack, name, "x")
    result = validate(json.dumps(records_of(stack).document()))
    assert [each for each in result["diagnostics"] if each["severity"] == "error"] == []
