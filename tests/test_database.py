"""Databases: what the cloud would refuse, who may sign in, and what differs between the components."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from planform.contracts.identity import Identity
from planform.diagnostics import DiagnosticError
from planform.engine import App, TerraformStack
from planform.planes.component import Component, Refused
from planform.planes.resource.alloydb import AlloyDb, AlloyDbSettings
from planform.planes.resource.cloud_sql import CloudSql, CloudSqlSettings
from planform.planes.resource.existing_database import ExistingDatabase, ExistingDatabaseSettings
from planform.planes.resource.existing_networking import ExistingNetworking, ExistingNetworkingSettings
from planform.planes.security.cloud_kms import CloudKms
from planform.planes.security.existing_services import ExistingServices
from planform.planes.security.iam import Iam
from planform.spec.environment import Environment
from planform.spec.faults import parse
from planform.terraform.google import GoogleProvider
from planform.terraform.record import OutputValue, records_of
from tests import terraform

DEV = Environment(
    platform="acme-ai", name="dev", project="acme-ai-dev", project_number="111111111111", region="europe-west4"
)
PROD = DEV.model_copy(update={"name": "prod", "project": "acme-ai-prod", "production": True})
SERVER = {"connection_name": "acme-data:europe-west4:shared-pg", "version": 17, "databases": {"mlflow": "ml_mlflow"}}

NETWORK = {
    "network": "shared",
    "subnet": "ai-europe-west4",
    "pods_range": "pods",
    "services_range": "services",
    "private_services_range": "managed-services",
}


def account(name: str) -> Identity:
    email = DEV.service_account(name)
    return Identity(email, f"serviceAccount:{email}", f"projects/{DEV.project}/serviceAccounts/{email}")


def faults(component: type[Component], value: Mapping[str, Any], environment: Environment = DEV) -> list[str]:
    """`code path` of each fault in settings as a blueprint writes them."""
    settings = parse(component.Settings, value)
    found = settings if isinstance(settings, list) else component.check(settings, environment)
    return [" ".join((fault.code, ".".join(map(str, fault.path)))).strip() for fault in found]


def stack(name: str = "acme-ai-dev-resource") -> TerraformStack:
    return TerraformStack(App(), name)


def make(
    component: type[Component], value: Mapping[str, Any] | None = None, environment: Environment = DEV, **needs: Any
) -> Any:
    """The component alone in a stack, on a network of the organisation."""
    scope = needs.pop("scope", None) or stack()
    settings = parse(component.Settings, value or {})
    assert not isinstance(settings, list), settings
    network = ExistingNetworkingSettings.model_validate(NETWORK)
    return component(
        scope,
        "database",
        settings,
        environment=environment,
        networking=ExistingNetworking(scope, "networking", network, environment=environment),
        services=ExistingServices(scope, "services", environment=environment),
        **needs,
    )


def document(component: Component) -> dict[str, Any]:
    return records_of(component).document()


def instance(component: Component) -> dict[str, Any]:
    return dict(document(component)["resource"]["google_sql_database_instance"]["database"])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"tier": "db-custom-2-7680"}, []),
        ({"tier": "db-custom-1-3840"}, []),
        ({"tier": "db-custom-96-638976"}, []),
        ({"tier": "db-g1-small"}, []),
        ({"edition": "enterprise_plus"}, []),
        ({"edition": "enterprise_plus", "tier": "db-perf-optimized-N-128", "data_cache": True}, []),
        ({"tier": "db-custom-3-7680"}, ["spec/database-tier tier"]),
        ({"tier": "db-custom-98-98304"}, ["spec/database-tier tier"]),
        ({"tier": "db-custom-2-7700"}, ["spec/database-tier tier"]),
        ({"tier": "db-custom-2-3584"}, ["spec/database-tier tier"]),
        ({"tier": "db-custom-2-13568"}, ["spec/database-tier tier"]),
        ({"tier": "db-custom-16-14592"}, ["spec/database-tier tier"]),
        ({"tier": "huge"}, ["spec/database-tier tier"]),
        ({"tier": "db-perf-optimized-N-2"}, ["spec/database-edition tier"]),
        ({"tier": "db-perf-optimized-N-3", "edition": "enterprise_plus"}, ["spec/database-tier tier"]),
        ({"tier": "db-custom-2-7680", "edition": "enterprise_plus"}, ["spec/database-edition tier"]),
        ({"data_cache": True}, ["spec/database-edition data_cache"]),
        ({"version": 99}, ["spec/unknown-value version"]),
        ({"edition": "plus"}, ["spec/unknown-value edition"]),
        ({"ssl_mode": "none"}, ["spec/unknown-value ssl_mode"]),
        ({"backups": {"point_in_time_days": 8}}, ["spec/database-edition backups.point_in_time_days"]),
        ({"edition": "enterprise_plus", "backups": {"point_in_time_days": 35}}, ["spec/database-backups backups"]),
        (
            {"high_availability": True, "backups": {"point_in_time_days": 0}},
            ["spec/database-backups backups.point_in_time_days"],
        ),
        ({"backups": {"point_in_time_days": 0}}, []),
        ({"backups": {"retained": 0}}, ["spec/out-of-range backups.retained"]),
        ({"disk_gib": 9}, ["spec/out-of-range disk_gib"]),
        ({"disk_gib": 600}, ["spec/database-disk disk_gib"]),
        ({"disk_gib": 600, "disk_autoresize_limit_gib": 0}, []),
        ({"disk_gib": 60, "disk_autoresize_limit_gib": 50}, ["spec/database-disk disk_autoresize_limit_gib"]),
        ({"maintenance": {"day": "someday"}}, ["spec/unknown-value maintenance.day"]),
        ({"maintenance": {"track": "weekly"}}, ["spec/unknown-value maintenance.track"]),
        ({"freeze": {"start": "12-19", "end": "01-05"}}, []),
        ({"freeze": {"start": "01-01", "end": "04-01"}}, ["spec/database-freeze freeze"]),
        ({"freeze": {"start": "02-30", "end": "03-05"}}, ["spec/database-freeze freeze.start"]),
        ({"insights": {"query_length": 9999}}, ["spec/out-of-range insights.query_length"]),
        ({"flags": {"max_connections": 500, "jit": False, "pgaudit.log": "ddl"}}, []),
        ({"flags": {"no_such_flag": 1}}, ["spec/database-flag flags.no_such_flag"]),
        ({"flags": {"max_conections": 1}}, ["spec/database-flag flags.max_conections"]),
        ({"unlisted_flags": {"a_flag_of_tomorrow": 1}}, []),
        ({"flags": {"fsync": False}}, ["spec/database-flag flags.fsync"]),
        ({"unlisted_flags": {"listen_addresses": "*"}}, ["spec/database-flag unlisted_flags.listen_addresses"]),
        (
            {"flags": {"cloudsql.iam_authentication": False}},
            ["spec/database-flag flags.cloudsql.iam_authentication"],
        ),
        ({"zone": "europe-west1-b"}, ["spec/database-zone zone"]),
        ({"generation": 0}, ["spec/out-of-range generation"]),
        ({"public_ip": True}, ["spec/unknown-key public_ip"]),
    ],
)
def test_cloud_sql_refuses_what_the_cloud_would(value: dict[str, Any], expected: list[str]) -> None:
    assert faults(CloudSql, value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"cpus": 3}, ["spec/unknown-value cpus"]),
        ({"version": 13}, ["spec/unknown-value version"]),
        ({"backups": {"point_in_time_days": 36}}, ["spec/out-of-range backups.point_in_time_days"]),
        ({"flags": {"alloydb.iam_authentication": "off"}}, ["spec/database-flag flags.alloydb.iam_authentication"]),
        ({"flags": {"shared_preload_libraries": "x"}}, ["spec/database-flag flags.shared_preload_libraries"]),
        ({"zone": "europe-west4-a"}, []),
        ({"zone": "us-east1-b"}, ["spec/database-zone zone"]),
        ({"zone": "europe-west4-a", "high_availability": True}, ["spec/database-zone zone"]),
    ],
)
def test_alloydb_refuses_what_the_cloud_would(value: dict[str, Any], expected: list[str]) -> None:
    assert faults(AlloyDb, value) == expected


def test_help_for_memory_names_a_machine_that_exists() -> None:
    for tier in ("db-custom-2-7700", "db-custom-2-1", "db-custom-16-999999", "db-custom-1-100", "db-custom-64-4096"):
        (fault,) = CloudSql.check(CloudSqlSettings(tier=tier), DEV)
        assert faults(CloudSql, {"tier": fault.help.split("`")[1]}) == []


def test_cloud_sql_is_private_encrypted_and_signed_in_to_by_iam() -> None:
    settings = instance(make(CloudSql))["settings"][0]
    address = settings["ip_configuration"][0]
    assert (address["ipv4_enabled"], address["ssl_mode"]) == (False, "ENCRYPTED_ONLY")
    assert settings["connector_enforcement"] == "REQUIRED"
    assert {"name": "cloudsql.iam_authentication", "value": "on"} in settings["database_flags"]
    assert settings["data_api_access"] == "DISALLOW_DATA_API"


def test_flags_of_the_author_win_over_defaults() -> None:
    component = make(CloudSql, {"flags": {"log_hostname": False, "log_statement": "mod", "random_page_cost": 1.1}})
    flags = {flag["name"]: flag["value"] for flag in instance(component)["settings"][0]["database_flags"]}
    assert flags["log_hostname"] == "off"
    assert flags["log_statement"] == "mod"
    assert flags["random_page_cost"] == "1.1"


def test_production_has_a_standby_and_cannot_be_destroyed() -> None:
    dev, prod = instance(make(CloudSql)), instance(make(CloudSql, environment=PROD))
    assert dev["settings"][0]["availability_type"] == "ZONAL"
    assert prod["settings"][0]["availability_type"] == "REGIONAL"
    assert prod["lifecycle"]["prevent_destroy"] is True
    assert (dev["deletion_protection"], prod["deletion_protection"]) == (False, True)
    assert (dev["deletion_policy"], prod["deletion_policy"]) == ("DELETE", "PREVENT")


def test_a_disk_that_grows_is_not_shrunk_by_the_next_apply() -> None:
    assert instance(make(CloudSql))["lifecycle"] == {"ignore_changes": ["settings[0].disk_size"]}
    fixed = instance(make(CloudSql, {"disk_autoresize": False}))
    assert "lifecycle" not in fixed
    assert "disk_autoresize_limit" not in fixed["settings"][0]


def test_generation_gives_a_free_name() -> None:
    assert instance(make(CloudSql, {"generation": 2}))["name"] == "acme-ai-dev-database-02"


def test_cloud_sql_lets_identities_in_on_this_instance_only() -> None:
    component = make(CloudSql)
    first = component.database("mlflow", users=[account("mlflow")])
    again = component.database("mlflow", users=[account("mlflow"), account("kfp-api")])
    assert (
        first.connection_name
        == component.server().connection_name
        == "acme-ai-dev:europe-west4:acme-ai-dev-database-01"
    )
    assert again.users == ("mlflow@acme-ai-dev.iam", "kfp-api@acme-ai-dev.iam")
    made = document(component)["resource"]
    assert list(made["google_sql_database"]) == ["mlflow"]
    assert list(made["google_sql_user"]) == ["kfp_api", "mlflow"]
    assert made["google_sql_user"]["mlflow"]["name"] == "mlflow@acme-ai-dev.iam"
    members = made["google_project_iam_member"]
    assert {(body["role"], body["member"].split(":")[1].split("@")[0]) for body in members.values()} == {
        (role, who)
        for role in ("roles/cloudsql.client", "roles/cloudsql.instanceUser")
        for who in ("mlflow", "kfp-api")
    }
    assert all("instances/acme-ai-dev-database-01'" in body["condition"][0]["expression"] for body in members.values())


def test_rights_are_granted_in_sql_by_whoever_applies() -> None:
    component = make(CloudSql, {"grants_by": "terraform@acme-ai-dev.iam.gserviceaccount.com"})
    component.database("mlflow", users=[account("mlflow"), account("terraform")])
    component.database("mlflow", users=[account("mlflow")])
    made = document(component)["resource"]
    assert made["google_sql_user"]["terraform"]["database_roles"] == ["cloudsqlsuperuser"]
    (script,) = made["google_sql_provision_script"].values()
    assert script["script"] == (
        'GRANT ALL ON DATABASE "mlflow" TO "mlflow@acme-ai-dev.iam"; '
        'GRANT ALL ON SCHEMA public TO "mlflow@acme-ai-dev.iam";'
    )
    assert script["depends_on"] == ["google_sql_user.terraform", "google_sql_user.mlflow"]


@pytest.mark.parametrize("component", [CloudSql, AlloyDb])
@pytest.mark.parametrize("name", ["MLflow", "ml-flow", "", "postgres", "template1", "1st", "x" * 64])
def test_names_that_no_database_can_have_are_refused(component: type[Component], name: str) -> None:
    with pytest.raises(Refused) as refused:
        make(component).database(name)
    assert refused.value.fault.code == "contract/bad-name"


@pytest.mark.parametrize("component", [CloudSql, AlloyDb])
def test_a_user_name_beyond_postgresql_is_refused(component: type[Component]) -> None:
    long = Identity("a" * 30 + "@" + "p" * 30 + ".iam.gserviceaccount.com", "serviceAccount:x", "x")
    with pytest.raises(Refused, match="63"):
        make(component).database("mlflow", users=[long])


@pytest.mark.parametrize("component", [CloudSql, AlloyDb])
def test_values_are_references_at_home_and_literals_elsewhere(component: type[Component]) -> None:
    app = App()
    home, away = TerraformStack(app, "home"), TerraformStack(app, "away")
    database = make(component, scope=home).database("mlflow")
    OutputValue(home, "name", value=database.connection_name)
    OutputValue(away, "name", value=database.connection_name)
    assert "${google_" in records_of(home).document()["output"]["name"]["value"]
    assert records_of(away).document()["output"]["name"]["value"] == str(database.connection_name)


def test_alloydb_makes_users_and_no_databases() -> None:
    component = make(AlloyDb)
    made = component.database("mlflow", users=[account("mlflow"), account("mlflow")])
    assert made.database == "mlflow"
    assert made.users == ("mlflow@acme-ai-dev.iam",)
    resources = document(component)["resource"]
    assert sorted(resources) == [
        "google_alloydb_cluster",
        "google_alloydb_instance",
        "google_alloydb_user",
        "google_project_iam_member",
    ]
    user = resources["google_alloydb_user"]["mlflow"]
    assert (user["user_type"], user["user_id"]) == ("ALLOYDB_IAM_USER", "mlflow@acme-ai-dev.iam")
    assert len(resources["google_project_iam_member"]) == 3


def test_alloydb_keeps_backups_elsewhere_under_a_key_of_that_place() -> None:
    scope = stack()
    keys = CloudKms(scope, "keys", environment=DEV, services=ExistingServices(scope, "key_services", environment=DEV))
    component = make(AlloyDb, {"backups": {"location": "europe-west1"}}, scope=scope, keys=keys)
    made = document(component)["resource"]
    cluster = made["google_alloydb_cluster"]["database"]
    places = [cluster, cluster["continuous_backup_config"][0], cluster["automated_backup_policy"][0]]
    keys_used = [place["encryption_config"][0]["kms_key_name"] for place in places]
    assert keys_used[0] == keys_used[1] != keys_used[2]


def test_existing_database_knows_what_it_was_told() -> None:
    settings = ExistingDatabaseSettings.model_validate(SERVER)
    component = ExistingDatabase(stack(), "database", settings, environment=DEV)
    made = component.database("mlflow", users=[account("mlflow")])
    assert (made.database, made.users) == ("ml_mlflow", ("mlflow@acme-ai-dev.iam",))
    with pytest.raises(Refused) as refused:
        component.database("kfp")
    assert refused.value.fault.help == "add `kfp: NAME-OF-YOUR-DATABASE` to `databases`"
    assert faults(ExistingDatabase, {**SERVER, "connection_name": "10.0.0.3"}) == [
        "spec/connection-name connection_name"
    ]


def test_settings_that_only_code_can_give_are_judged_too() -> None:
    with pytest.raises(DiagnosticError, match="database-edition"):
        make(CloudSql, {"data_cache": True})


@pytest.mark.terraform
@pytest.mark.parametrize(
    ("component", "value"),
    [(CloudSql, {"grants_by": "terraform@acme-ai-dev.iam.gserviceaccount.com"}), (AlloyDb, {"read_nodes": 1})],
)
def test_the_real_provider_plans_it_all_in_one_state(
    component: type[Component], value: dict[str, Any], tmp_path: Path
) -> None:
    """Keys, accounts, network and database in one stack: every reference is there, and nothing goes in circles."""
    terraform.need("google")
    scope = stack("acme-ai-dev")
    GoogleProvider(scope, "google", project=DEV.project, region=DEV.region)
    services = ExistingServices(scope, "all_services", environment=DEV)
    keys = CloudKms(scope, "keys", environment=DEV, services=services)
    identity = Iam(scope, "identity", environment=DEV, services=services)
    database = make(component, value, scope=scope, keys=keys)
    database.database("mlflow", users=[identity.service_account("mlflow"), identity.service_account("kfp-api")])
    verdict = terraform.judge({"all": json.dumps(records_of(scope).document())}, tmp_path)["all"]
    assert verdict.problems == ()
    assert verdict.created == len(list(records_of(scope)))


def test_settings_describe_themselves() -> None:
    for model in (CloudSqlSettings, AlloyDbSettings, ExistingDatabaseSettings):
        assert all(field.description for field in model.model_fields.values())
