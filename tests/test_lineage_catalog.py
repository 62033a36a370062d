"""A catalog of data: every dataset has an owner and a classification, and sensitive columns need leave."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from planform.blueprint.read import read_text
from planform.contracts.lineage_catalog import CatalogEntry, LineageCatalog
from planform.engine import App, TerraformStack, synthesize
from planform.environment import build_environment
from planform.files import File
from planform.kubernetes.record import objects_of
from planform.planes.catalog import builtin
from planform.planes.component import Refused
from planform.planes.observability.dataplex import Dataplex, DataplexSettings
from planform.planes.observability.existing_lineage_catalog import (
    ExistingLineageCatalog,
    ExistingLineageCatalogSettings,
)
from planform.planes.security.existing_services import ExistingServices
from planform.spec.environment import Environment
from planform.spec.resolve import resolve
from planform.terraform.google import GoogleProvider
from planform.terraform.record import records_of
from tests import terraform

DEV = Environment(
    platform="acme-ai", name="dev", project="acme-ai-dev", project_number="111111111111", region="europe-west4"
)
CASES = Path(__file__).parent / "cases"


def dataplex(**settings: Any) -> Dataplex:
    stack = TerraformStack(App(), "acme-ai-dev")
    GoogleProvider(stack, "google", project=DEV.project, region=DEV.region)
    services = ExistingServices(stack, "services", environment=DEV)
    return Dataplex(stack, "lineage_catalog", DataplexSettings(**settings), environment=DEV, services=services)


def existing(**entries: str) -> ExistingLineageCatalog:
    settings = ExistingLineageCatalogSettings(url="https://datahub.acme.example/dataset/{id}", entries=entries)
    return ExistingLineageCatalog(TerraformStack(App(), "x"), "lineage_catalog", settings, environment=DEV)


def made(component: Dataplex, kind: str) -> dict[str, Any]:
    return dict(records_of(component).document().get("resource", {}).get(kind, {}))


def ask(catalog: LineageCatalog, name: str = "activity", **more: Any) -> CatalogEntry:
    given: dict[str, Any] = {
        "uri": "bq://acme-ai-dev.features.customer_activity",
        "team": "fraud",
        "classification": "confidential",
        "columns": {"entity_id": "STRING", "spend": "FLOAT64"},
        "sources": ["gs://acme-ai-dev-raw/events", "postgres://db.acme.example/shop"],
    }
    return catalog.dataset(name, **{**given, **more})


def test_an_entry_says_whose_it_is_how_sensitive_and_where_from() -> None:
    component = dataplex()
    entry = ask(component)
    assert ask(component) == entry
    body = made(component, "google_dataplex_entry")["activity"]
    aspects = {each["aspect_key"]: json.loads(each["aspect"][0]["data"]) for each in body["aspects"]}
    assert aspects == {
        "111111111111.europe-west4.acme-ai-dev-owner": {"team": "fraud"},
        "111111111111.europe-west4.acme-ai-dev-classification": {"level": "CONFIDENTIAL"},
        "111111111111.europe-west4.acme-ai-dev-contents": {
            "columns": [{"name": "entity_id", "type": "STRING"}, {"name": "spend", "type": "FLOAT64"}]
        },
        "111111111111.europe-west4.acme-ai-dev-origin": {
            "sources": ["//storage.googleapis.com/acme-ai-dev-raw", "postgres://db.acme.example/shop"]
        },
    }
    assert body["project"] == "111111111111"
    assert body["entry_type"].startswith("projects/111111111111/")
    assert entry.id == "projects/111111111111/locations/europe-west4/entryGroups/acme-ai-dev-platform/entries/activity"


def test_the_enumeration_of_levels_is_the_classifications() -> None:
    component = dataplex(classifications=("open", "secret"))
    assert component.classifications() == ("open", "secret")
    template = json.loads(made(component, "google_dataplex_aspect_type")["classification"]["metadata_template"])
    assert [each["name"] for each in template["recordFields"][0]["enumValues"]] == ["OPEN", "SECRET"]


def test_each_field_of_a_template_has_an_index_of_its_own() -> None:
    types = made(dataplex(), "google_dataplex_aspect_type")
    assert types
    for body in types.values():
        indexes = [field["index"] for field in json.loads(body["metadata_template"])["recordFields"]]
        assert indexes == list(range(1, len(indexes) + 1)) != []


def test_sensitive_columns_have_a_policy_tag_that_nobody_reads_unless_named() -> None:
    assert sorted(made(dataplex(), "google_data_catalog_policy_tag")) == ["confidential", "restricted"]
    assert not made(dataplex(), "google_data_catalog_policy_tag_iam_member")
    assert not made(dataplex(protected=()), "google_data_catalog_taxonomy")
    component = dataplex(column_readers={"confidential": ("group:fraud-ml@acme.example",)})
    (reader,) = made(component, "google_data_catalog_policy_tag_iam_member").values()
    assert reader["role"] == "roles/datacatalog.categoryFineGrainedReader"


def test_a_lake_has_zones_and_what_is_named_in_them() -> None:
    assert not made(dataplex(zones=()), "google_dataplex_lake")
    component = dataplex(assets={"landing": {"zone": "raw", "bucket": "acme-ai-dev-landing"}})
    (asset,) = made(component, "google_dataplex_asset").values()
    assert asset["resource_spec"] == [
        {"name": "projects/acme-ai-dev/buckets/acme-ai-dev-landing", "type": "STORAGE_BUCKET"}
    ]
    assert sorted(made(component, "google_dataplex_zone")) == ["curated", "raw"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"classification": "secret"}, "contract/classification"),
        ({"uri": "s3://acme/x"}, "contract/data-address"),
        ({"uri": "postgres://eve:hunter2@db.acme.example/shop"}, "contract/data-address"),
    ],
)
def test_what_the_catalog_cannot_hold_is_refused(more: dict[str, str], code: str) -> None:
    for catalog in (dataplex(), existing(activity="urn:1"), openmetadata()[0]):
        with pytest.raises(Refused) as refused:
            ask(catalog, **more)
        assert refused.value.fault.code == code
        assert "hunter2" not in refused.value.fault.summary


def test_names_that_no_entry_can_have_are_refused() -> None:
    for name in ("Activity", "-x", "x" * 64):
        with pytest.raises(Refused) as refused:
            ask(dataplex(), name)
        assert refused.value.fault.code == "contract/bad-name"


def openmetadata() -> tuple[LineageCatalog, App, Any]:
    text = (CASES / "observability.openmetadata.yaml").read_text()
    (spec,) = resolve([*read_text(text, "platform.yaml")], builtin())
    app = App()
    found = build_environment(app, spec).components["lineage_catalog"]
    assert isinstance(found, LineageCatalog)
    return found, app, found


def test_openmetadata_reads_the_tables_that_it_was_told_of() -> None:
    catalog, _, component = openmetadata()
    entry = ask(catalog)
    ask(catalog, "raw", uri="gs://acme-ai-dev-raw/events", classification="internal")
    assert entry.id == "BigQuery.acme-ai-dev.features.customer_activity"
    files = {each.name: each.text for each in objects_of(component).delivered if isinstance(each, File)}
    source = yaml.safe_load(files["ingestion/bigquery.yaml"])["source"]["sourceConfig"]["config"]
    assert source["tableFilterPattern"] == {"includes": ["^customer_activity$"]}
    listed = yaml.safe_load(files["datasets.yaml"])["datasets"]
    assert [(each["name"], each["owner"], each["tag"]) for each in listed] == [
        ("activity", "fraud", "Sensitivity.confidential"),
        ("raw", "fraud", "Sensitivity.internal"),
    ]


def test_openmetadata_has_keys_of_its_own_and_no_password() -> None:
    _, app, component = openmetadata()
    (release,) = objects_of(component).releases
    config = release.values["openmetadata"]["config"]
    assert config["fernetkey"] == {"value": "", "secretRef": "openmetadata", "secretKey": "fernet-key"}
    assert config["jwtTokenConfiguration"]["rsaprivateKeyFilePath"].startswith("/etc/openmetadata/keys/")
    assert config["database"]["auth"]["username"] == "openmetadata@acme-ai-dev.iam"
    assert config["authorizer"]["enforcePrincipalDomain"] is True
    (proxy,) = release.values["preMigrateInitContainers"]
    assert proxy["image"].startswith("gcr.io/alloydb-connectors/alloydb-auth-proxy:")
    assert "jwt-private" in str(synthesize(app)["stacks/acme-ai-dev-security/cdk.tf.json"])


def test_an_existing_catalog_has_the_entries_that_were_named() -> None:
    assert ask(existing(activity="urn:1")) == CatalogEntry("urn:1", "https://datahub.acme.example/dataset/urn:1")
    with pytest.raises(Refused) as refused:
        ask(existing())
    assert refused.value.fault.code == "contract/not-named"


@pytest.mark.terraform
def test_the_real_provider_plans_entries(tmp_path: Path) -> None:
    terraform.need("google")
    component = dataplex(assets={"landing": {"zone": "raw", "bucket": "acme-ai-dev-landing"}})
    ask(component)
    verdict = terraform.judge({"all": json.dumps(records_of(component).document())}, tmp_path)["all"]
    assert verdict.problems == ()
    assert verdict.created == len(list(records_of(component)))
