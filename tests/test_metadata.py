"""Experiments and models: each of one team, files that nobody else may touch, secrets by reference."""

from __future__ import annotations

import configparser
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from planform.contracts.metadata import Metadata
from planform.files import File
from planform.kubernetes.record import objects_of
from planform.planes.component import Refused
from planform.planes.data.existing_metadata import ExistingMetadata, ExistingMetadataSettings
from planform.planes.data.existing_model_registry import ExistingModelRegistry, ExistingModelRegistrySettings
from planform.planes.data.mlflow import SIGN_IN, Mlflow, MlflowSettings
from planform.planes.data.mlflow_access import SCRIPT
from planform.planes.data.mlflow_registry import MlflowRegistry
from planform.planes.data.vertex_metadata import CREATE_STORE, VertexMetadata, VertexMetadataSettings
from planform.planes.data.vertex_model_registry import VertexModelRegistry, VertexModelRegistrySettings
from planform.planes.security.cloud_kms import CloudKms
from tests.alone import DEV, PEOPLE, PROD, TEAM, Alone

NEEDS = ("services", "database", "object_store", "identity", "secrets", "compute", "gitops", "network_policy")


def vertex(at: Alone, *, keys: bool = False, **settings: Any) -> VertexMetadata:
    held = CloudKms(at.theirs, "keys", environment=at.environment, services=at.services) if keys else None
    given = VertexMetadataSettings.model_validate(settings)
    return VertexMetadata(at.own, "metadata", given, **at.needs("services", "object_store"), keys=held)


def mlflow(at: Alone, **settings: Any) -> Mlflow:
    return Mlflow(at.own, "metadata", MlflowSettings.model_validate(settings), **at.needs(*NEEDS))


def files(at: Alone) -> dict[str, str]:
    return {each.name: each.text for each in objects_of(at.own).delivered if isinstance(each, File)}


def of(records: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name.partition(".")[2]: body for name, body in records.items() if name.startswith(f"{kind}.")}


# Vertex AI


def test_the_store_is_named_by_formula_and_made_by_nobody() -> None:
    at = Alone()
    ref = vertex(at).store()
    assert (ref.kind, ref.uri) == ("vertex", "projects/acme-ai-dev/locations/europe-west4/metadataStores/default")
    assert ref.artifacts == "gs://acme-ai-dev-experiments"
    assert not any("metadata_store" in name for name in at.records())


def test_an_experiment_is_open_to_its_team_alone() -> None:
    at = Alone()
    store = vertex(at)
    ref = store.experiment("churn", team="fraud", writers=[TEAM], readers=[PEOPLE, TEAM])
    assert ref.artifacts == "gs://acme-ai-dev-experiments/fraud/churn"
    members = of(at.records(), "google_storage_managed_folder_iam_member")
    assert {(each["member"], each["role"]) for each in members.values()} == {
        (TEAM, "roles/storage.objectUser"),
        (PEOPLE, "roles/storage.objectViewer"),
    }
    assert not of(at.records(at.theirs), "google_storage_bucket_iam_member")
    with pytest.raises(Refused) as refused:
        store.experiment("churn", team="shop")
    assert refused.value.fault.code == "contract/other-team"


def test_who_logs_has_no_predefined_role_of_the_project() -> None:
    at = Alone()
    vertex(at).experiment("churn", team="fraud", writers=[TEAM], readers=[PEOPLE])
    roles = of(at.records(), "google_project_iam_custom_role")
    assert sorted(roles) == ["experiment_reader", "experiment_writer"]
    members = of(at.records(), "google_project_iam_member")
    assert members
    assert all(each["role"].startswith("${") for each in members.values())
    assert roles["experiment_reader"]["permissions"]
    assert not any(
        each.endswith((".create", ".update", ".write", ".delete")) for each in roles["experiment_reader"]["permissions"]
    )
    assert not any(each.endswith(".delete") for each in roles["experiment_writer"]["permissions"])


def test_with_keys_the_store_must_be_made_with_the_key_first() -> None:
    plain, encrypted = Alone(), Alone()
    vertex(plain).experiment("churn", team="fraud", writers=[TEAM])
    vertex(encrypted, keys=True).experiment("churn", team="fraud", writers=[TEAM])
    writer = "google_project_iam_custom_role.experiment_writer"
    assert CREATE_STORE in plain.records()[writer]["permissions"]
    assert CREATE_STORE not in encrypted.records()[writer]["permissions"]
    assert "create-metadata-store.sh" not in files(plain)
    script = files(encrypted)["create-metadata-store.sh"]
    assert (
        '"kmsKeyName": "projects/acme-ai-dev/locations/europe-west4/keyRings/acme-ai-dev/cryptoKeys/metadata"' in script
    )
    assert subprocess.run(["sh", "-n"], input=script, text=True, check=False).returncode == 0


def test_curves_can_be_left_out() -> None:
    with_board, without = Alone(), Alone()
    vertex(with_board).experiment("churn", team="fraud")
    vertex(without, tensorboard=False).experiment("churn", team="fraud")
    experiment = with_board.records()["google_vertex_ai_tensorboard_experiment.churn"]
    assert experiment["tensorboard"] == "${basename(google_vertex_ai_tensorboard.metadata.id)}"
    assert not any("tensorboard" in name for name in without.records())


@pytest.mark.parametrize(("name", "team"), [("Churn", "fraud"), ("churn/x", "fraud"), ("", "fraud"), ("churn", "../x")])
def test_names_that_no_experiment_can_have_are_refused(name: str, team: str) -> None:
    for store in (vertex(Alone()), mlflow(Alone())):
        with pytest.raises(Refused) as refused:
            store.experiment(name, team=team)
        assert refused.value.fault.code == "contract/bad-name"


@pytest.mark.parametrize("everybody", ["allUsers", "allAuthenticatedUsers"])
def test_artefacts_cannot_be_opened_to_everybody(everybody: str) -> None:
    with pytest.raises(Refused) as refused:
        vertex(Alone()).experiment("churn", team="fraud", readers=[everybody])
    assert refused.value.fault.code == "contract/public-access"


# MLflow


def container(at: Alone, name: str) -> dict[str, Any]:
    pod = at.objects()["mlflow/Deployment/mlflow"]["spec"]["template"]["spec"]
    return next(each for each in [*pod["initContainers"], *pod["containers"]] if each["name"] == name)


def variables(found: dict[str, Any]) -> dict[str, Any]:
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in found["env"]}


def test_the_server_signs_in_to_its_database_without_a_password() -> None:
    at = Alone()
    mlflow(at)
    uri = variables(container(at, "mlflow"))["MLFLOW_BACKEND_STORE_URI"]
    assert uri == "postgresql+psycopg2://mlflow%40acme-ai-dev.iam@127.0.0.1:5432/ml_runs"
    proxy = container(at, "database-proxy")
    assert {"--auto-iam-authn", "--private-ip", "acme-data:europe-west4:shared"} <= set(proxy["args"])
    assert proxy["restartPolicy"] == "Always"
    out = at.objects()["mlflow/NetworkPolicy/egress-mlflow"]["spec"]["egress"][0]["ports"]
    assert out == [{"port": 3307, "protocol": "TCP"}]


def test_passwords_are_references_everywhere() -> None:
    at = Alone()
    mlflow(at).experiment("churn", team="fraud")
    for each, key in (("mlflow", "MLFLOW_FLASK_SERVER_SECRET_KEY"), ("sign-in", "ADMIN_PASSWORD")):
        assert set(variables(container(at, each))[key]) == {"secretKeyRef"}
    kept = at.objects()["mlflow/ExternalSecret/team-fraud"]["spec"]["data"]
    assert [each["remoteRef"]["key"] for each in kept] == ["acme-ai-dev-mlflow-fraud-password"]
    assert not any("secret_version" in name for name in {**at.records(), **at.records(at.theirs)})


@pytest.mark.parametrize("password", ["plain-password", "100%-safe%%", "a=b;c#d"])
def test_the_server_reads_the_password_that_was_kept(password: str, tmp_path: Path) -> None:
    """MLflow reads the file with interpolation on."""
    program = SIGN_IN.replace("/sign-in/", f"{tmp_path}/")
    uri = "postgresql+psycopg2://mlflow%40p.iam@127.0.0.1:5432/x"
    given = {**os.environ, "ADMIN_PASSWORD": f"{password}\n", "AUTH_DATABASE_URI": uri}
    subprocess.run([sys.executable, "-c", program], env=given, check=True)
    read = configparser.ConfigParser()
    read.read(tmp_path / "basic_auth.ini")
    assert (read["mlflow"]["admin_password"], read["mlflow"]["database_uri"]) == (password, uri)
    assert read["mlflow"]["default_permission"] == "NO_PERMISSIONS"


def test_the_job_knows_each_team_once() -> None:
    at = Alone()
    server = mlflow(at)
    server.experiment("churn", team="fraud")
    server.experiment("uplift", team="fraud")
    server.registered_model("churn", team="shop")
    config = at.objects()["mlflow/ConfigMap/access"]["data"]
    wanted = json.loads(config["access.json"])
    assert wanted["teams"] == ["fraud", "shop"]
    assert wanted["experiments"][0] == {
        "name": "churn", "team": "fraud", "artifacts": "gs://acme-ai-dev-experiments/fraud/churn"
    }  # fmt: skip
    assert wanted["models"] == [{"name": "churn", "team": "shop"}]
    assert config["access.py"] == SCRIPT
    compile(SCRIPT, "access.py", "exec")
    job = at.objects()["mlflow/CronJob/access"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    mounted = [each["secret"]["name"] for each in job["volumes"][2]["projected"]["sources"]]
    assert mounted == ["team-fraud", "team-shop"]


def test_a_namespace_reaches_the_server_with_its_team_only() -> None:
    at = Alone()
    server = mlflow(at)
    client = server.reach("fraud", team="fraud", scope=at.asker)
    assert client == server.reach("fraud", team="fraud", scope=at.asker)
    assert client.variables["MLFLOW_TRACKING_USERNAME"] == "fraud"
    objects = at.objects()
    (key,) = objects["fraud/ExternalSecret/mlflow-client"]["spec"]["data"]
    assert (key["secretKey"], key["remoteRef"]["key"]) == (
        "MLFLOW_TRACKING_PASSWORD", "acme-ai-dev-mlflow-fraud-password"
    )  # fmt: skip
    (rule,) = objects["mlflow/NetworkPolicy/ingress-from-fraud"]["spec"]["ingress"]
    assert rule["from"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "fraud"}}}]
    assert rule["ports"] == [{"port": 5000, "protocol": "TCP"}]
    assert "fraud/NetworkPolicy/egress-mlflow" in objects
    assert len(at.records(at.asker)) == 1
    assert not any(name.startswith("shop/") for name in objects)


def test_one_server_may_go_in_production() -> None:
    dev, prod = Alone(DEV), Alone(PROD)
    mlflow(dev)
    mlflow(prod)
    assert dev.objects()["mlflow/Deployment/mlflow"]["spec"]["replicas"] == 1
    assert prod.objects()["mlflow/Deployment/mlflow"]["spec"]["replicas"] == 2
    assert "mlflow/PodDisruptionBudget/mlflow" in prod.objects()
    assert "mlflow/PodDisruptionBudget/mlflow" not in dev.objects()


def test_people_come_through_identity_aware_proxy_or_not_at_all() -> None:
    closed, opened = Alone(), Alone()
    mlflow(closed)
    front = {"host": "mlflow.acme.example", "gateway": "external", "gateway_namespace": "gateway", "viewers": [PEOPLE]}
    server = mlflow(opened, front=front)
    assert not any("/HTTPRoute/" in name for name in closed.objects())
    assert opened.objects()["mlflow/GCPBackendPolicy/mlflow"]["spec"]["default"]["iap"] == {"enabled": True}
    viewer = opened.records()["google_project_iam_member.mlflow_viewer_group_fraud_ml_acme_example"]
    assert viewer["condition"][0]["expression"] == 'request.host == "mlflow.acme.example"'
    assert server.store().url == "https://mlflow.acme.example"
    assert "mlflow.acme.example" in variables(container(opened, "mlflow"))["MLFLOW_SERVER_ALLOWED_HOSTS"]


# Registries


def registry(at: Alone, **settings: Any) -> VertexModelRegistry:
    given = VertexModelRegistrySettings.model_validate(settings)
    return VertexModelRegistry(at.own, "model_registry", given, **at.needs("services", "object_store"))


def test_a_version_is_written_once() -> None:
    at = Alone()
    ref = registry(at).model("churn", team="fraud", publishers=[TEAM], readers=[PEOPLE])
    assert (ref.artifacts, ref.cards) == ("gs://acme-ai-dev-models/models/churn", "gs://acme-ai-dev-models/cards/churn")
    roles = {each["role"] for each in of(at.records(), "google_storage_managed_folder_iam_member").values()}
    assert roles == {"roles/storage.objectCreator", "roles/storage.objectViewer"}
    readers = of(at.records(), "google_storage_managed_folder_iam_member")
    assert {each["role"] for each in readers.values() if each["member"] == PEOPLE} == {"roles/storage.objectViewer"}


def test_registering_follows_a_written_contract() -> None:
    at = Alone()
    made = registry(at, aliases=["candidate", "live"])
    made.model("churn", team="fraud")
    contract = json.loads(files(at)["models/churn.json"])
    assert (contract["parent"], contract["model_id"]) == ("projects/acme-ai-dev/locations/europe-west4", "churn")
    assert contract["aliases"] == ["candidate", "live"] == list(made.registry().aliases)
    assert contract["card"] == "gs://acme-ai-dev-models/cards/churn/{version}.json"
    schema = json.loads(files(at)[contract["card_schema"]])
    assert schema["properties"]["alias"]["enum"] == ["candidate", "live"]
    assert set(schema["required"]) <= set(schema["properties"])


def test_a_model_is_of_one_team() -> None:
    made = registry(Alone())
    assert made.model("churn", team="fraud") == made.model("churn", team="fraud")
    with pytest.raises(Refused) as refused:
        made.model("churn", team="shop")
    assert refused.value.fault.code == "contract/other-team"


def test_cards_are_announced_when_that_is_wanted() -> None:
    quiet, loud = Alone(), Alone()
    registry(quiet)
    registry(loud, announce=True)
    assert not any("pubsub" in name for name in quiet.records())
    note = loud.records()["google_storage_notification.model_cards"]
    assert (note["topic"], note["object_name_prefix"]) == (
        "projects/acme-ai-dev/topics/acme-ai-dev-model-cards", "cards/"
    )  # fmt: skip


def test_mlflows_registry_is_the_server_of_the_metadata() -> None:
    at = Alone()
    server = mlflow(at)
    made = MlflowRegistry(at.own, "model_registry", **at.needs("object_store"), metadata=server)
    made.model("churn", team="fraud", publishers=[TEAM])
    assert made.registry().uri == server.store().uri == "http://mlflow.mlflow.svc"
    wanted = json.loads(at.objects()["mlflow/ConfigMap/access"]["data"]["access.json"])
    assert (wanted["models"], wanted["teams"]) == ([{"name": "churn", "team": "fraud"}], ["fraud"])


# What is there already


def test_existing_stores_are_what_was_named() -> None:
    at = Alone()
    given = {"kind": "mlflow", "uri": "https://m.example", "url": "https://m.example", "artifacts": "gs://acme-runs"}
    named = {**given, "secret": "mlflow-client", "experiments": {"churn": {"artifacts": "gs://acme-runs/churn"}}}
    store = ExistingMetadata(at.own, "m", ExistingMetadataSettings.model_validate(named), environment=DEV)
    assert isinstance(store, Metadata)
    assert store.experiment("churn", team="fraud").artifacts == "gs://acme-runs/churn"
    assert store.reach("fraud", team="fraud", scope=at.asker).secret == "mlflow-client"
    models = ExistingModelRegistry(
        at.own, "r", ExistingModelRegistrySettings.model_validate(given), environment=DEV
    )  # fmt: skip
    for ask in (lambda: store.experiment("x", team="fraud"), lambda: models.model("x", team="fraud")):
        with pytest.raises(Refused) as refused:
            ask()
        assert refused.value.fault.code == "contract/not-named"
    assert not at.records()
