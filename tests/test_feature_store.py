"""Features: tables that training joins, groups and views that serving asks, the same whichever store serves them."""

from __future__ import annotations

import ast
import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from planform.contracts.feature_store import FeatureStore
from planform.kubernetes.record import objects_of
from planform.planes.component import Refused
from planform.planes.data.existing_feature_store import ExistingFeatureStore, ExistingFeatureStoreSettings
from planform.planes.data.feast import Feast, FeastSettings
from planform.planes.data.vertex_feature_store import VertexFeatureStore, VertexFeatureStoreSettings
from planform.planes.security.cloud_kms import CloudKms
from planform.spec.faults import parse
from planform.terraform.record import OutputValue, records_of
from tests.alone import DEV, PEOPLE, PROD, TEAM, Alone

FEATURES: dict[str, Any] = {"orders_7d": "int", "spend_30d": "float", "is_new": "bool", "embedding": "float_array"}
FEAST_NEEDS = ("services", "identity", "object_store", "compute", "gitops", "network_policy")


def vertex(at: Alone, *, keys: bool = False, **settings: Any) -> VertexFeatureStore:
    held = CloudKms(at.theirs, "keys", environment=at.environment, services=at.services) if keys else None
    given = VertexFeatureStoreSettings.model_validate(settings)
    return VertexFeatureStore(at.own, "feature_store", given, **at.needs("services"), keys=held)


def feast(at: Alone, **settings: Any) -> Feast:
    return Feast(at.own, "feature_store", FeastSettings.model_validate(settings), **at.needs(*FEAST_NEEDS))


def schema(at: Alone, table: str) -> dict[str, tuple[str, str]]:
    columns = json.loads(at.records()[f"google_bigquery_table.{table}"]["schema"])
    return {each["name"]: (each["type"], each["mode"]) for each in columns}


@pytest.mark.parametrize("make", [vertex, feast])
def test_a_group_is_a_table_of_entity_time_and_features(make: Any) -> None:
    at = Alone()
    ref = make(at).group("activity", entity="customer_id", features=FEATURES, team="fraud")
    assert schema(at, "activity") == {
        "customer_id": ("STRING", "REQUIRED"),
        "feature_timestamp": ("TIMESTAMP", "REQUIRED"),
        "orders_7d": ("INTEGER", "NULLABLE"),
        "spend_30d": ("FLOAT", "NULLABLE"),
        "is_new": ("BOOLEAN", "NULLABLE"),
        "embedding": ("FLOAT", "REPEATED"),
    }
    assert ref.source == "bq://acme-ai-dev.acme_ai_dev_features.activity"
    assert at.records()["google_bigquery_table.activity"]["labels"]["team"] == "fraud"


@pytest.mark.parametrize("make", [vertex, feast])
def test_stores_may_be_swapped(make: Any) -> None:
    at = Alone()
    store = make(at)
    assert isinstance(store, FeatureStore)
    group = store.group("activity", entity="customer_id", features=FEATURES)
    view = store.view("churn", groups=[group])
    assert (group.name, group.entity, dict(group.features)) == ("activity", "customer_id", FEATURES)
    assert (view.name, view.groups) == ("churn", ("activity",))
    assert store.store().offline == "bq://acme-ai-dev.acme_ai_dev_features"


@pytest.mark.parametrize("make", [vertex, feast])
def test_members_reach_the_table_of_their_group_alone(make: Any) -> None:
    at = Alone()
    store = make(at)
    store.group("activity", entity="customer_id", features=FEATURES, writers=[TEAM])
    store.group("activity", entity="", features={}, readers=[PEOPLE])
    store.group("stock", entity="shop_id", features={"items": "int"})
    grants = [
        (body["table_id"], body["role"], body["member"])
        for name, body in at.records().items()
        if name.startswith("google_bigquery_table_iam_member.")
    ]
    table = "${google_bigquery_table.activity.table_id}"
    assert sorted(grants) == [
        (table, "roles/bigquery.dataEditor", TEAM),
        (table, "roles/bigquery.dataViewer", PEOPLE),
    ]


@pytest.mark.parametrize("make", [vertex, feast])
def test_tables_of_production_outlive_mistakes(make: Any) -> None:
    dev, prod = Alone(DEV), Alone(PROD)
    for at in (dev, prod):
        make(at).group("activity", entity="customer_id", features=FEATURES)
    assert "lifecycle" not in dev.records()["google_bigquery_table.activity"]
    kept = prod.records()["google_bigquery_table.activity"]
    assert (kept["deletion_protection"], kept["lifecycle"]) == (True, {"prevent_destroy": True})


@pytest.mark.parametrize("make", [vertex, feast])
@pytest.mark.parametrize(
    ("name", "entity", "features", "code"),
    [
        ("customer-activity", "customer_id", FEATURES, "contract/bad-name"),
        ("7days", "customer_id", FEATURES, "contract/bad-name"),
        ("x" * 129, "customer_id", FEATURES, "contract/bad-name"),
        ("activity", "customer-id", FEATURES, "contract/bad-name"),
        ("activity", "customer_id", {"Orders": "int"}, "contract/bad-name"),
        ("activity", "customer_id", {"customer_id": "string"}, "contract/bad-name"),
        ("activity", "customer_id", {"feature_timestamp": "timestamp"}, "contract/bad-name"),
        ("activity", "customer_id", {}, "contract/not-named"),
    ],
)
def test_what_no_store_can_have_is_refused(
    make: Any, name: str, entity: str, features: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        make(Alone()).group(name, entity=entity, features=features)
    assert refused.value.fault.code == code


@pytest.mark.parametrize("make", [vertex, feast])
def test_two_meanings_of_a_name_are_refused(make: Any) -> None:
    store = make(Alone())
    activity = store.group("activity", entity="customer_id", features=FEATURES)
    stock = store.group("stock", entity="shop_id", features={"items": "int"})
    store.view("churn", groups=[activity])
    asks: tuple[Callable[[], object], ...] = (
        lambda: store.group("activity", entity="customer_id", features={"orders_7d": "float"}),
        lambda: store.group("activity", entity="shop_id", features=FEATURES),
        lambda: store.view("both", groups=[activity, stock]),
        lambda: store.view("churn", groups=[stock]),
        lambda: store.view("none", groups=[]),
    )
    for ask in asks:
        with pytest.raises(Refused) as refused:
            ask()
        assert refused.value.fault.code == "contract/other-features"
    assert store.view("churn", groups=[activity]).groups == ("activity",)


@pytest.mark.parametrize("make", [vertex, feast])
def test_a_table_that_is_there_is_not_made(make: Any) -> None:
    at = Alone()
    source = "bq://acme-data.marts.profile"
    ref = make(at).group("profile", entity="customer_id", features={"age": "int"}, source=source, readers=[PEOPLE])
    assert ref.source == source
    assert not any(name.startswith("google_bigquery_table") for name in at.records())


# Vertex AI


def test_serving_is_by_bigtable_and_never_by_what_ends() -> None:
    at = Alone()
    vertex(at, min_nodes=2, max_nodes=20)
    store = at.records()["google_vertex_ai_feature_online_store.feature_store"]
    assert store["bigtable"][0]["auto_scaling"] == [
        {"min_node_count": 2, "max_node_count": 20, "cpu_utilization_target": 50}
    ]
    assert "optimized" not in store
    assert not any(name.startswith("google_vertex_ai_featurestore") for name in at.records())


def test_everything_is_under_one_key_or_none() -> None:
    plain, encrypted = Alone(), Alone()
    vertex(plain).group("activity", entity="customer_id", features=FEATURES)
    vertex(encrypted, keys=True).group("activity", entity="customer_id", features=FEATURES)
    key = "projects/acme-ai-dev/locations/europe-west4/keyRings/acme-ai-dev/cryptoKeys/features"
    found = json.dumps(encrypted.records())
    assert found.count(key) == 3
    assert "kms_key_name" not in json.dumps(plain.records())
    users = {
        body["member"]
        for name, body in encrypted.records(encrypted.theirs).items()
        if name.startswith("google_kms_crypto_key_iam_member.")
    }
    assert users == {
        "serviceAccount:bq-111111111111@bigquery-encryption.iam.gserviceaccount.com",
        "serviceAccount:service-111111111111@gcp-sa-aiplatform.iam.gserviceaccount.com",
    }


def test_a_view_waits_for_its_features_and_for_the_right_to_read() -> None:
    at = Alone()
    store = vertex(at)
    group = store.group("activity", entity="customer_id", features={"orders_7d": "int"})
    ref = store.view("churn", groups=[group])
    view = at.records()["google_vertex_ai_feature_online_store_featureview.churn"]
    assert view["feature_registry_source"] == [
        {
            "project_number": "111111111111",
            "feature_groups": [
                {
                    "feature_group_id": "${google_vertex_ai_feature_group.activity.name}",
                    "feature_ids": ["${google_vertex_ai_feature_group_feature.activity__orders_7d.name}"],
                }
            ],
        }
    ]
    assert view["depends_on"] == ["google_bigquery_dataset_iam_member.features_reader_gcp_sa_aiplatform"]
    home = "projects/acme-ai-dev/locations/europe-west4/featureOnlineStores/acme_ai_dev_online"
    assert (store.store().online, ref.id) == (home, f"{home}/featureViews/churn")


def test_ids_are_references_at_home_and_literals_elsewhere() -> None:
    at = Alone()
    group = vertex(at).group("activity", entity="customer_id", features=FEATURES)
    OutputValue(at.own, "group", value=group.id)
    OutputValue(at.asker, "group", value=group.id)
    path = "projects/acme-ai-dev/locations/europe-west4/featureGroups/"
    home, away = (records_of(each).document()["output"]["group"]["value"] for each in (at.own, at.asker))
    assert home == path + "${google_vertex_ai_feature_group.activity.name}"
    assert away == path + "acme_ai_dev_activity"


def test_readers_may_ask_views_and_change_nothing() -> None:
    at = Alone()
    vertex(at).group("activity", entity="customer_id", features=FEATURES, readers=[TEAM])
    role = at.records()["google_project_iam_custom_role.feature_reader"]
    assert "aiplatform.featureViews.fetchFeatureValues" in role["permissions"]
    wrong = (".delete", ".update", ".create")
    kept = ("bigquery.jobs.create", "bigquery.readsessions.create", "bigquery.readsessions.update")
    assert [each for each in role["permissions"] if each.endswith(wrong) and each not in kept] == []


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"min_nodes": 1, "max_nodes": 10}, []),
        ({"min_nodes": 1, "max_nodes": 11}, ["spec/feature-nodes max_nodes"]),
        ({"min_nodes": 4}, ["spec/feature-nodes min_nodes"]),
        ({"cpu_target_percent": 81}, ["spec/out-of-range cpu_target_percent"]),
        ({"zone": "us-east1-b"}, ["spec/feature-zone zone"]),
        ({"sync": "TZ=Europe/Amsterdam 30 2 * * *"}, []),
        ({"sync": "every hour"}, ["spec/bad-form sync"]),
        ({"groups": {"a-b": {"entity": "e", "features": {"f": "int"}}}}, ["spec/bad-key groups.a-b"]),
        ({"groups": {"a": {"entity": "e", "features": {}}}}, ["spec/out-of-range groups.a.features"]),
        ({"groups": {"a": {"entity": "e", "features": {"e": "int"}}}}, ["spec/feature-name groups.a.features.e"]),
        ({"views": {"v": {"groups": ["a"]}}}, ["spec/feature-view views.v.groups.0"]),
    ],
)
def test_what_vertex_ai_would_refuse_is_refused(settings: dict[str, Any], expected: list[str]) -> None:
    given = parse(VertexFeatureStoreSettings, settings)
    found = given if isinstance(given, list) else VertexFeatureStore.check(given, DEV)
    assert [f"{fault.code} {'.'.join(map(str, fault.path))}" for fault in found] == expected


def test_a_name_too_long_with_its_prefix_is_refused() -> None:
    given = VertexFeatureStoreSettings.model_validate(
        {"groups": {"x" * 120: {"entity": "e", "features": {"f": "int"}}}}
    )
    assert [fault.code for fault in VertexFeatureStore.check(given, DEV)] == ["spec/name-too-long"]


# Feast


def test_feasts_own_repository_is_written() -> None:
    at = Alone()
    store = feast(at, keep_days=30)
    group = store.group("activity", entity="customer_id", features=FEATURES, team="fraud")
    other = store.group("profile", entity="customer_id", features={"age": "int"}, source="bq://acme-data.marts.profile")
    store.view("churn", groups=[group, other])
    data = at.objects()["feast/ConfigMap/repository"]["data"]
    settings = yaml.safe_load(data["feature_store.yaml"])
    assert settings["online_store"] == {
        "type": "bigtable",
        "project_id": "acme-ai-dev",
        "instance": "acme-ai-dev-features",
    }
    assert settings["registry"]["path"] == "gs://acme-ai-dev-features/feast/registry.pb"
    assigned = [
        node.targets[0].id
        for node in ast.parse(data["features.py"]).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    ]
    assert assigned == ["entity_customer_id", "group_activity", "group_profile", "view_churn"]
    assert "Field(name='embedding', dtype=Array(Float64))" in data["features.py"]
    assert "table='acme-data.marts.profile'" in data["features.py"]
    release = next(each for each in objects_of(at.own).releases if each.name == "feast-feature-server")
    assert base64.b64decode(release.values["feature_store_yaml_base64"]).decode() == data["feature_store.yaml"]


def test_the_server_of_features_cannot_change_them() -> None:
    at = Alone()
    feast(at)
    roles = {
        body["member"].partition("@")[0]: body["role"]
        for name, body in at.records().items()
        if name.startswith("google_bigtable_instance_iam_member.")
    }
    assert roles == {
        "serviceAccount:feast-server": "roles/bigtable.reader",
        "serviceAccount:feast-jobs": "roles/bigtable.admin",
    }
    objects = at.objects()
    assert objects["feast/ServiceAccount/server"]["metadata"]["annotations"] == {
        "iam.gke.io/gcp-service-account": "feast-server@acme-ai-dev.iam.gserviceaccount.com"
    }


def test_only_namespaces_that_ask_reach_the_server() -> None:
    at = Alone()
    store = feast(at)
    store.reach("fraud", scope=at.asker)
    store.reach("fraud", scope=at.asker)
    opened = [name for name in at.objects() if name.startswith("feast/NetworkPolicy/ingress-")]
    assert opened == ["feast/NetworkPolicy/ingress-from-fraud"]
    (egress,) = at.objects()["fraud/NetworkPolicy/egress-feast"]["spec"]["egress"]
    assert egress["ports"] == [{"port": 6566, "protocol": "TCP"}]


# What is there already


def test_an_existing_store_has_what_was_named() -> None:
    at = Alone()
    given = {
        "kind": "vertex",
        "offline": "bq://acme-data.features",
        "online": "projects/acme-data/locations/europe-west4/featureOnlineStores/online",
        "groups": {
            "activity": {"entity": "customer_id", "source": "bq://acme-data.features.a", "features": {"orders": "int"}}
        },
        "views": {"churn": {"groups": ["activity"]}},
    }
    settings = ExistingFeatureStoreSettings.model_validate(given)
    store = ExistingFeatureStore(at.own, "feature_store", settings, environment=DEV)
    group = store.group("activity", entity="customer_id", features={"orders": "int"}, readers=[TEAM])
    assert store.view("churn", groups=[group]).groups == ("activity",)
    for ask, code in (
        (lambda: store.group("stock", entity="shop_id", features={"items": "int"}), "contract/not-named"),
        (lambda: store.group("activity", entity="customer_id", features={"age": "int"}), "contract/other-features"),
        (lambda: store.view("other", groups=[group]), "contract/not-named"),
    ):
        with pytest.raises(Refused) as refused:
            ask()
        assert refused.value.fault.code == code
    assert not at.records()
