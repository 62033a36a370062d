"""Buckets: private whatever is written, and nothing in them that the cloud would refuse."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from planform.engine import App, LocalBackend, TerraformStack, synthesize
from planform.planes.component import Refused
from planform.planes.resource.existing_object_store import ExistingObjectStore, ExistingObjectStoreSettings
from planform.planes.resource.gcs import BucketSettings, Gcs, GcsSettings
from planform.planes.security.cloud_kms import CloudKms
from planform.planes.security.existing_services import ExistingServices
from planform.spec.environment import Environment
from planform.spec.faults import parse
from planform.terraform.google import GoogleProvider
from planform.terraform.record import OutputValue, records_of
from tests import terraform
from tests.fake_gcs import fake_gcs

DEV = Environment(
    platform="acme-ai", name="dev", project="acme-ai-dev", project_number="111111111111", region="europe-west4"
)
PROD = DEV.model_copy(update={"name": "prod", "project": "acme-ai-prod", "production": True})
READER, WRITER = "group:ds@acme.example", "serviceAccount:mlflow@acme-ai-dev.iam.gserviceaccount.com"


def faults(bucket: Mapping[str, Any], name: str = "data", environment: Environment = DEV) -> list[str]:
    """`code path` of each fault in one bucket as a blueprint writes it."""
    settings = parse(GcsSettings, {"buckets": {name: bucket}})
    found = settings if isinstance(settings, list) else Gcs.check(settings, environment)
    return [" ".join((fault.code, ".".join(map(str, fault.path[2:])))).strip() for fault in found]


def store(
    buckets: Mapping[str, Any] | None = None,
    *,
    environment: Environment = DEV,
    scope: TerraformStack | None = None,
    keys: CloudKms | None = None,
) -> Gcs:
    scope = scope or TerraformStack(App(), "acme-ai-dev-resource")
    settings = parse(GcsSettings, {"buckets": buckets or {}})
    assert isinstance(settings, GcsSettings), settings
    services = ExistingServices(scope, "services", environment=environment)
    return Gcs(scope, "object_store", settings, environment=environment, services=services, keys=keys)


def made(component: Gcs, kind: str = "google_storage_bucket") -> dict[str, Any]:
    return dict(records_of(component).document().get("resource", {}).get(kind, {}))


@pytest.mark.parametrize(
    ("bucket", "expected"),
    [
        ({}, []),
        ({"soft_delete_days": 0}, []),
        ({"soft_delete_days": 1}, ["spec/bucket-soft-delete soft_delete_days"]),
        ({"soft_delete_days": 91}, ["spec/out-of-range soft_delete_days"]),
        ({"location": "eu"}, []),
        ({"location": "EUR4", "turbo_replication": True}, []),
        ({"location": "mars"}, ["spec/bucket-location location"]),
        ({"turbo_replication": True}, ["spec/bucket-location turbo_replication"]),
        ({"location": "us", "turbo_replication": True}, ["spec/bucket-location turbo_replication"]),
        ({"data_locations": ["europe-west4", "europe-west1"]}, ["spec/bucket-location data_locations"]),
        ({"location": "eu", "data_locations": ["europe-west4"]}, ["spec/bucket-location data_locations"]),
        ({"location": "eu", "data_locations": ["europe-west4", "us-east1"]}, ["spec/bucket-location data_locations"]),
        ({"location": "eu", "data_locations": ["europe-west4", "europe-west1"], "turbo_replication": True}, []),
        ({"storage_class": "cold"}, ["spec/unknown-value storage_class"]),
        ({"autoclass": "archive", "storage_class": "nearline"}, ["spec/bucket-class storage_class"]),
        ({"autoclass": "nearline", "colder_after_days": {"coldline": 9}}, ["spec/bucket-class colder_after_days"]),
        ({"colder_after_days": {"nearline": 90, "archive": 30}}, ["spec/bucket-class colder_after_days.archive"]),
        (
            {"storage_class": "coldline", "colder_after_days": {"nearline": 90}},
            ["spec/bucket-class colder_after_days.nearline"],
        ),
        (
            {"colder_after_days": {"archive": 90}, "delete_after_days": 60},
            ["spec/bucket-lifecycle colder_after_days.archive"],
        ),
        ({"retention_days": 30, "delete_after_days": 7}, ["spec/bucket-lifecycle delete_after_days"]),
        (
            {"retention_days": 30, "delete_prefixes_after_days": {"tmp/": 7}},
            ["spec/bucket-lifecycle delete_prefixes_after_days.tmp/"],
        ),
        ({"hierarchical_namespace": True}, []),
        ({"hierarchical_namespace": True, "versioning": True}, ["spec/bucket-mix versioning"]),
        ({"hierarchical_namespace": True, "retention_days": 5}, ["spec/bucket-mix retention_days"]),
        ({"access_logs": "logs"}, ["spec/bucket-logs access_logs"]),
        ({"access_logs": "data"}, ["spec/bucket-logs access_logs"]),
        ({"public_access": True}, ["spec/unknown-key public_access"]),
        ({"readers": ["allUsers"]}, ["spec/bad-form readers.0"]),
        ({"writers": ["allAuthenticatedUsers"]}, ["spec/bad-form writers.0"]),
    ],
)
def test_what_the_cloud_would_refuse_is_refused(bucket: dict[str, Any], expected: list[str]) -> None:
    assert faults(bucket) == expected


@pytest.mark.parametrize("name", ["google-exports", "my-g00gle"])
def test_names_that_google_keeps_to_itself(name: str) -> None:
    assert faults({}, name) == ["spec/bucket-name"]


def test_a_name_too_long_with_its_project_is_refused() -> None:
    assert faults({}, "x" * 40, DEV.model_copy(update={"project": "p" * 24})) == ["spec/bucket-name"]
    assert faults({}, "x" * 38, DEV.model_copy(update={"project": "p" * 24})) == []


@pytest.mark.parametrize("bucket", [{}, {"location": "eu"}, {"hierarchical_namespace": True}, {"autoclass": "archive"}])
def test_every_bucket_is_private(bucket: dict[str, Any]) -> None:
    body = made(store({"data": bucket}))["data"]
    assert body["public_access_prevention"] == "enforced"
    assert body["uniform_bucket_level_access"] is True
    assert body["force_destroy"] is False


def test_nobody_can_be_given_public_access_by_asking() -> None:
    for everybody in ("allUsers", "allAuthenticatedUsers"):
        with pytest.raises(Refused) as refused:
            store().bucket("data", readers=[everybody])
        assert refused.value.fault.code == "contract/public-access"


def test_asks_make_a_bucket_once_and_add_members() -> None:
    component = store()
    first = component.bucket("ml-artifacts", readers=[READER])
    again = component.bucket("ml-artifacts", readers=[READER, WRITER], writers=[WRITER])
    assert first == again
    assert (first.name, first.uri) == ("acme-ai-dev-ml-artifacts", "gs://acme-ai-dev-ml-artifacts")
    assert list(made(component)) == ["ml_artifacts"]
    assert {name: body["role"] for name, body in made(component, "google_storage_bucket_iam_member").items()} == {
        "ml_artifacts_reader_group_ds_acme_example": "roles/storage.objectViewer",
        "ml_artifacts_writer_mlflow": "roles/storage.objectUser",
    }


def test_an_ask_takes_the_settings_that_were_written() -> None:
    component = store({"artifacts": {"soft_delete_days": 90}})
    component.bucket("artifacts")
    assert made(component)["artifacts"]["soft_delete_policy"] == [{"retention_duration_seconds": 7_776_000}]


@pytest.mark.parametrize("name", ["Upper", "with_underscore", "", "-x", "x" * 64, "google"])
def test_names_that_no_bucket_can_have_are_refused(name: str) -> None:
    with pytest.raises(Refused) as refused:
        store().bucket(name)
    assert refused.value.fault.code == "contract/bad-name"


def test_old_versions_and_unfinished_uploads_are_cleaned_up() -> None:
    rules = made(store({"data": {"delete_after_days": 90}}))["data"]["lifecycle_rule"]
    assert [(rule["action"][0]["type"], rule["condition"][0]) for rule in rules] == [
        ("Delete", {"num_newer_versions": 3, "days_since_noncurrent_time": 30, "with_state": "ARCHIVED"}),
        ("Delete", {"age": 90, "with_state": "LIVE"}),
        ("AbortIncompleteMultipartUpload", {"age": 7}),
    ]


def test_keys_are_where_the_data_is() -> None:
    scope = TerraformStack(App(), "acme-ai-dev")
    keys = CloudKms(scope, "keys", environment=DEV, services=ExistingServices(scope, "s", environment=DEV))
    component = store({"here": {}, "there": {"location": "eu"}}, scope=scope, keys=keys)
    assert sorted(body["location"] for body in made(component, "google_kms_key_ring").values()) == [
        "europe",
        "europe-west4",
    ]
    (encryption,) = made(component)["there"]["encryption"]
    assert encryption["google_managed_encryption_enforcement_config"] == [{"restriction_mode": "FullyRestricted"}]


def test_production_buckets_outlive_mistakes() -> None:
    dev, prod = made(store({"data": {}}))["data"], made(store({"data": {}}, environment=PROD))["data"]
    assert "lifecycle" not in dev
    assert (prod["lifecycle"], prod["deletion_policy"]) == ({"prevent_destroy": True}, "PREVENT")


def test_values_are_references_at_home_and_literals_elsewhere() -> None:
    app = App()
    home, away = TerraformStack(app, "home"), TerraformStack(app, "away")
    bucket = store(scope=home).bucket("data")
    OutputValue(home, "uri", value=bucket.uri)
    OutputValue(away, "uri", value=bucket.uri)
    assert records_of(home).document()["output"]["uri"]["value"] == "gs://${google_storage_bucket.data.name}"
    assert records_of(away).document()["output"]["uri"]["value"] == "gs://acme-ai-dev-data"


def test_existing_buckets_are_those_that_were_named() -> None:
    settings = ExistingObjectStoreSettings(buckets={"artifacts": "acme-ml-artifacts"})
    component = ExistingObjectStore(TerraformStack(App(), "x"), "object_store", settings, environment=DEV)
    assert component.bucket("artifacts", readers=[READER]).uri == "gs://acme-ml-artifacts"
    with pytest.raises(Refused) as refused:
        component.bucket("models")
    assert (refused.value.fault.code, refused.value.fault.path) == ("contract/not-named", ("buckets",))
    assert not records_of(component).document()


@pytest.mark.terraform
def test_the_real_provider_plans_buckets_and_keys_in_one_state(tmp_path: Path) -> None:
    terraform.need("google")
    scope = TerraformStack(App(), "acme-ai-dev")
    GoogleProvider(scope, "google", project=DEV.project, region=DEV.region)
    keys = CloudKms(scope, "keys", environment=DEV, services=ExistingServices(scope, "s", environment=DEV))
    component = store(
        {
            "models": {"location": "eu", "data_locations": ["europe-west4", "europe-west1"], "turbo_replication": True},
            "folders": {"hierarchical_namespace": True, "access_logs": "logs"},
            "logs": {"retention_days": 30, "delete_after_days": 400},
        },
        scope=scope,
        keys=keys,
    )
    component.bucket("artifacts", readers=[READER], writers=[WRITER])
    verdict = terraform.judge({"all": json.dumps(records_of(scope).document())}, tmp_path)["all"]
    assert verdict.problems == ()
    assert verdict.created == len(list(records_of(scope)))


@pytest.mark.terraform
def test_the_real_provider_makes_the_stack_keeps_it_and_lets_it_go(tmp_path: Path) -> None:
    """Against a fake of ours: applied, planned again without a change, a change by hand seen, mended, destroyed."""
    terraform.need("google")
    app = App()
    scope = TerraformStack(app, "store")
    LocalBackend(scope, path="terraform.tfstate")
    GoogleProvider(scope, "google", project=DEV.project, region=DEV.region)
    component = store(
        {
            "data": {"versioning": True, "colder_after_days": {"nearline": 30}, "delete_after_days": 400},
            "events": {"location": "eu", "retention_days": 30, "soft_delete_days": 0, "access_logs": "logs"},
            "logs": {"autoclass": "nearline", "delete_prefixes_after_days": {"tmp/": 7}},
        },
        scope=scope,
    )
    component.bucket("data", readers=[READER], writers=[WRITER])
    document: dict[str, Any] = json.loads(synthesize(app)["stacks/store/cdk.tf.json"])
    with fake_gcs() as gcs:
        # An access token is looked up at Google; a proxy that is not there refuses that at once, and is not asked for
        # what is on this host.
        document["provider"]["google"][0] |= {"storage_custom_endpoint": gcs.endpoint, "user_project_override": False}
        (tmp_path / "cdk.tf.json").write_text(json.dumps(document))

        def run(*arguments: str) -> subprocess.CompletedProcess[str]:
            more = {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""}
            return terraform.terraform(tmp_path, *arguments, "-input=false", "-no-color", **more)

        for arguments in (["init"], ["apply", "-auto-approve"], ["plan", "-detailed-exitcode"]):
            done = run(*arguments)
            assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        assert gcs.buckets.keys() == {f"acme-ai-dev-{name}" for name in ("data", "events", "logs")}
        assert {bucket["iamConfiguration"]["publicAccessPrevention"] for bucket in gcs.buckets.values()} == {"enforced"}
        bindings = {each["role"]: each["members"] for each in gcs.policies["acme-ai-dev-data"]["bindings"]}
        assert bindings == {"roles/storage.objectViewer": [READER], "roles/storage.objectUser": [WRITER]}

        gcs.change("acme-ai-dev-data", {"iamConfiguration": {"publicAccessPrevention": "inherited"}})
        done = run("plan", "-detailed-exitcode")
        assert done.returncode == 2, done.stdout + done.stderr
        assert '~ public_access_prevention    = "inherited" -> "enforced"' in done.stdout
        for arguments in (["apply", "-auto-approve"], ["plan", "-detailed-exitcode"], ["destroy", "-auto-approve"]):
            done = run(*arguments)
            assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        assert gcs.buckets == {}


def test_settings_describe_themselves() -> None:
    for model in (GcsSettings, BucketSettings, ExistingObjectStoreSettings):
        assert all(field.description for field in model.model_fields.values())
