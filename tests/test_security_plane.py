"""APIs, identities, keys and secrets: asked once or often, by reference and by name, and never wider than needed."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from planform.contracts.keys import Keys
from planform.diagnostics import DiagnosticError
from planform.engine import App, TerraformStack, synthesize
from planform.planes.component import Refused
from planform.planes.record_ids import principal_id, record_id
from planform.planes.security.cloud_kms import CloudKms, CloudKmsSettings
from planform.planes.security.existing_identity import ExistingIdentities, ExistingIdentitiesSettings
from planform.planes.security.existing_keys import ExistingKeys, ExistingKeysSettings
from planform.planes.security.existing_secrets import ExistingSecrets, ExistingSecretsSettings
from planform.planes.security.existing_services import ExistingServices, ExistingServicesSettings
from planform.planes.security.iam import APPLY_ROLES, GithubSettings, GitlabSettings, Iam, IamSettings
from planform.planes.security.project_services import KNOWN, ProjectServices, ProjectServicesSettings, api_fault
from planform.planes.security.secret_manager import SecretManager, SecretManagerSettings, SecretSettings
from planform.spec.environment import Environment, Organization
from planform.spec.faults import parse
from planform.terraform.expression import Known
from planform.terraform.google import ComputeAddress, ContainerCluster

DEV = Environment(
    platform="acme-ai",
    name="dev",
    project="acme-ai-dev",
    project_number="111111111111",
    region="europe-west4",
    organization=Organization(domain="acme.example"),
)
PROD = DEV.model_copy(update={"name": "prod", "project": "acme-ai-prod", "production": True})
IN_ORGANIZATION = DEV.model_copy(
    update={"organization": Organization(domain="acme.example", organization_id="123456789012")}
)
GITHUB = GithubSettings(owner_id="123456", repository="acme/platform")


class Place:
    """One app with two stacks, and the components of a test in the first."""

    def __init__(self, environment: Environment = DEV) -> None:
        self.app = App()
        self.environment = environment
        self.stack = TerraformStack(self.app, "main")
        self.other = TerraformStack(self.app, "other")
        self.services = ProjectServices(self.stack, "services", environment=environment)

    def iam(self, **settings: Any) -> Iam:
        return Iam(
            self.stack, "identity", IamSettings(**settings), environment=self.environment, services=self.services
        )

    def keys(self, **settings: Any) -> CloudKms:
        return CloudKms(
            self.stack, "keys", CloudKmsSettings(**settings), environment=self.environment, services=self.services
        )

    def secrets(self, keys: Keys | None = None, **settings: Any) -> SecretManager:
        given = SecretManagerSettings(**settings)
        return SecretManager(
            self.stack, "secrets", given, environment=self.environment, services=self.services, keys=keys
        )

    def records(self, stack: str = "main") -> dict[str, dict[str, Any]]:
        """Resource type to id to body."""
        found: dict[str, dict[str, Any]] = json.loads(synthesize(self.app)[f"stacks/{stack}/cdk.tf.json"])
        return found.get("resource", {})

    def written(self, value: str) -> tuple[str, str]:
        """A value as it is written in its own stack, and in another one."""
        for stack in (self.stack, self.other):
            ComputeAddress(stack, "seen", name="seen", subnetwork=value)
        here, there = (self.records(name)["google_compute_address"]["seen"]["subnetwork"] for name in ("main", "other"))
        return here, there


def codes(faults: object) -> list[tuple[str, str]]:
    assert isinstance(faults, list), faults
    return [(fault.code, ".".join(map(str, fault.path))) for fault in faults]


def refusal(ask: Any, *args: Any, **kwargs: Any) -> tuple[str, str]:
    with pytest.raises(Refused) as caught:
        ask(*args, **kwargs)
    return caught.value.fault.code, caught.value.fault.help


# APIs


def test_an_api_is_switched_on_once_and_waited_for() -> None:
    place = Place()
    one, two = place.services.enable("container.googleapis.com"), place.services.enable("container.googleapis.com")
    assert one == two
    place.keys().key("database")
    made = place.records()
    assert made["google_project_service"]["container"]["disable_on_destroy"] is False
    assert made["google_kms_key_ring"]["keys"]["depends_on"] == ["google_project_service.cloudkms"]


def test_apis_of_another_stack_are_not_waited_for() -> None:
    place = Place()
    keys = CloudKms(place.other, "keys", environment=DEV, services=place.services)
    keys.key("database")
    assert "depends_on" not in place.records("other")["google_kms_key_ring"]["keys"]
    assert "cloudkms" in place.records()["google_project_service"]


@pytest.mark.parametrize(
    ("api", "instead"),
    [
        ("compute", "compute.googleapis.com"),
        ("Compute.googleapis.com", "container.googleapis.com"),
        ("https://compute.googleapis.com", "container.googleapis.com"),
        ("contaner.googleapis.com", "container.googleapis.com"),
        ("sqladmni.googleapis.com", "sqladmin.googleapis.com"),
        ("bigquerys.googleapis.com", "bigquery.googleapis.com"),
        ("googleapis.com", "container.googleapis.com"),
    ],
)
def test_api_name_is_refused(api: str, instead: str) -> None:
    faults = parse(ProjectServicesSettings, {"extra": [api]})
    assert codes(faults) == [("spec/api-name", "extra.0")]
    assert isinstance(faults, list) and instead in faults[0].help
    assert refusal(Place().services.enable, api)[0] == "contract/api-name"


def test_unknown_apis_are_let_through() -> None:
    assert api_fault("brandnewthing.googleapis.com") is None
    assert [api for api in KNOWN if api_fault(f"{api}.googleapis.com")] == []


def test_an_api_that_is_known_to_be_off_is_refused() -> None:
    stack = TerraformStack(App(), "main")
    settings = ExistingServicesSettings(enabled=("compute.googleapis.com",))
    services = ExistingServices(stack, "services", settings, environment=DEV)
    assert services.enable("compute.googleapis.com") == ()
    code, help = refusal(services.enable, "compute.googleapis.com", "dns.googleapis.com")
    assert code == "contract/api-not-enabled"
    assert "add dns.googleapis.com to `enabled`" in help
    assert ExistingServices(stack, "all", environment=DEV).enable("dns.googleapis.com") == ()


# Identities


def test_asking_again_adds_roles() -> None:
    place = Place()
    iam = place.iam()
    first = iam.service_account("ml-runs", roles=["roles/logging.logWriter"], purpose="runs training jobs")
    again = iam.service_account("ml-runs", roles=["roles/logging.logWriter", "roles/storage.objectViewer"])
    made = place.records()
    assert first == again
    assert sorted(made["google_project_iam_member"]) == ["ml_runs_logging_log_writer", "ml_runs_storage_object_viewer"]
    assert made["google_service_account"]["ml_runs"]["display_name"] == "runs training jobs"
    assert first.database_user == "ml-runs@acme-ai-dev.iam"


def test_an_identity_is_a_reference_at_home_and_its_name_elsewhere() -> None:
    place = Place()
    identity = place.iam().service_account("ml-runs")
    assert place.written(identity.member) == (
        "${google_service_account.ml_runs.member}",
        "serviceAccount:ml-runs@acme-ai-dev.iam.gserviceaccount.com",
    )


@pytest.mark.parametrize("name", ["short", "a" * 31, "Upper-case", "under_score", "-dash-first", "dash-last-"])
def test_name_of_a_service_account_is_refused(name: str) -> None:
    assert refusal(Place().iam().service_account, name)[0] == "contract/bad-name"


@pytest.mark.parametrize("role", ["roles/owner", "roles/editor", "editor", "storage.admin", "roles/", "roles/a b"])
def test_role_is_refused(role: str) -> None:
    assert refusal(Place().iam().service_account, "ml-runs", roles=[role])[0] == "contract/role"
    faults = parse(IamSettings, {"github": {"owner_id": "1", "repository": "a/b", "apply_roles": [role]}})
    assert codes(faults) == [("spec/role", "github.apply_roles.0")]


def test_a_kubernetes_account_is_bound_where_it_is_asked_for() -> None:
    place = Place()
    iam = place.iam()
    identity = iam.service_account("ml-runs")
    cluster = ContainerCluster(place.other, "compute", name="main", location="europe-west4")
    pool = Known("acme-ai-dev.svc.id.goog", cluster.workload_identity_config[0].workload_pool)
    for _ in range(2):
        iam.bind_kubernetes(identity, namespace="ml", service_account="runs", workload_pool=pool, scope=place.other)
    grant = place.records("other")["google_service_account_iam_member"]["ml_runs_ml_runs"]
    assert grant["member"] == "serviceAccount:acme-ai-dev.svc.id.goog[ml/runs]"
    assert grant["depends_on"] == ["google_container_cluster.compute"]
    assert grant["service_account_id"] == f"projects/acme-ai-dev/serviceAccounts/{identity.email}"
    iam.bind_kubernetes(identity, namespace="ml", service_account="runs")
    here = place.records()["google_service_account_iam_member"]["ml_runs_ml_runs"]
    assert here["service_account_id"] == "${google_service_account.ml_runs.name}"


def test_ci_plans_from_anywhere_and_applies_from_the_protected_environment() -> None:
    place = Place()
    iam = place.iam(github=GITHUB)
    made = place.records()
    plan, apply = (made["google_iam_workload_identity_pool_provider"][f"github_{verb}"] for verb in ("plan", "apply"))
    for provider in (plan, apply):
        assert provider["attribute_condition"].startswith(
            "assertion.repository_owner_id == '123456' && assertion.repository == 'acme/platform'"
        )
        assert provider["oidc"] == [{"issuer_uri": "https://token.actions.githubusercontent.com"}]
    assert plan["attribute_condition"].count("&&") == 1
    assert apply["attribute_condition"].endswith("&& assertion.environment == 'dev'")
    federated = (iam.plan(), iam.apply())
    assert [each.provider.rpartition("/")[2] for each in federated if each] == ["github-plan", "github-apply"]
    assert federated[0] and federated[1] and federated[0].identity != federated[1].identity


def test_each_ci_identity_trusts_what_only_its_own_provider_gives() -> None:
    """Tokens of both providers are in one pool: what the plan provider maps must not open the apply identity."""
    place = Place()
    place.iam(github=GITHUB)
    made = place.records()
    for verb, other in (("plan", "apply"), ("apply", "plan")):
        member = made["google_service_account_iam_member"][f"github_{verb}"]["member"]
        attribute = re.search(r"attribute\.\w+", member)
        assert attribute
        assert attribute[0] in made["google_iam_workload_identity_pool_provider"][f"github_{verb}"]["attribute_mapping"]
        others = made["google_iam_workload_identity_pool_provider"][f"github_{other}"]["attribute_mapping"]
        assert attribute[0] not in others


def test_ci_that_plans_may_only_read() -> None:
    place = Place()
    place.iam(github=GITHUB)
    made = place.records()
    roles = {body["role"] for id, body in made["google_project_iam_member"].items() if id.startswith("github_plan")}
    assert roles == {"roles/viewer", "roles/iam.securityReviewer"}
    assert not {"roles/owner", "roles/editor"} & set(APPLY_ROLES)


def test_state_is_read_by_plan_and_written_by_apply() -> None:
    place = Place()
    place.iam(github=GITHUB.model_copy(update={"state_bucket": "acme-ai-dev-tfstate"}))
    grants = place.records()["google_storage_bucket_iam_member"]
    assert {id: body["role"] for id, body in grants.items()} == {
        "github_plan_state": "roles/storage.objectViewer",
        "github_apply_state": "roles/storage.objectUser",
    }


@pytest.mark.parametrize(
    "repository", ["acme", "acme/a/b", "acme/x' || true || '", "-acme/x", "acme/x y", "https://github.com/acme/x"]
)
def test_repository_cannot_break_out_of_the_condition(repository: str) -> None:
    faults = parse(IamSettings, {"github": {"owner_id": "1", "repository": repository}})
    assert codes(faults) == [("spec/bad-form", "github.repository")]


def test_owner_is_an_id_and_no_name() -> None:
    faults = parse(IamSettings, {"github": {"owner_id": "acme", "repository": "acme/platform"}})
    assert codes(faults) == [("spec/bad-form", "github.owner_id")]


def test_guard_rails_are_on_where_there_is_an_organisation() -> None:
    place = Place(IN_ORGANIZATION)
    place.iam()
    policies = place.records()["google_org_policy_policy"]
    keys = policies["iam_disable_service_account_key_creation"]
    assert keys["spec"] == [{"rules": [{"enforce": "TRUE"}]}]
    assert keys["depends_on"][0] == "google_project_service.orgpolicy"
    assert policies["compute_vm_external_ip_access"]["spec"] == [{"rules": [{"deny_all": "TRUE"}]}]
    without = Place()
    without.iam()
    assert "google_org_policy_policy" not in without.records()


def test_guard_rails_need_an_organisation() -> None:
    settings = IamSettings(org_policies=("storage.publicAccessPrevention",), resource_locations=("in:eu-locations",))
    assert codes(list(Iam.check(settings, DEV))) == [
        ("spec/no-organization", "org_policies"),
        ("spec/no-organization", "resource_locations"),
    ]
    assert not list(Iam.check(settings, IN_ORGANIZATION))
    assert codes(parse(IamSettings, {"org_policies": ["storage.publicAccess"]})) == [
        ("spec/unknown-value", "org_policies.0")
    ]


def test_reads_are_logged_unless_that_is_turned_off() -> None:
    place = Place()
    place.iam()
    logged = place.records()["google_project_iam_audit_config"]["identity"]["audit_log_config"]
    assert [each["log_type"] for each in logged] == ["ADMIN_READ", "DATA_READ", "DATA_WRITE"]
    without = Place()
    without.iam(audit={"log_types": ()})
    assert "google_project_iam_audit_config" not in without.records()


def test_an_existing_identity_is_named_or_refused() -> None:
    email = "mlflow@acme-shared.iam.gserviceaccount.com"
    settings = ExistingIdentitiesSettings(service_accounts={"mlflow-server": email})
    identities = ExistingIdentities(TerraformStack(App(), "main"), "identity", settings, environment=DEV)
    identity = identities.service_account("mlflow-server", roles=["roles/logging.logWriter"])
    assert identity.id == f"projects/acme-shared/serviceAccounts/{email}"
    identities.bind_kubernetes(identity, namespace="ml", service_account="mlflow")
    assert identities.plan() is None
    code, help = refusal(identities.service_account, "gke-nodes", roles=["roles/logging.logWriter"])
    assert code == "contract/unknown-service-account"
    assert "`gke-nodes:`" in help and "roles/logging.logWriter" in help


def test_ci_of_an_application_is_trusted_for_its_own_repository_and_environment() -> None:
    place = Place()
    iam = place.iam(github=GITHUB)
    built = iam.ci("fraud-build", repository="acme/fraud", roles=["roles/viewer"])
    deployed = iam.ci("fraud-deploy", repository="acme/fraud", environment="dev")
    again = iam.ci("fraud-build", repository="acme/fraud")
    assert built == again and built is not None and deployed is not None
    made = place.records()
    members = made["google_service_account_iam_member"]
    pool = "principalSet://iam.googleapis.com/projects/111111111111/locations/global/workloadIdentityPools/github"
    assert members["fraud_build_acme_fraud"]["member"] == f"{pool}/attribute.ci_repository/acme/fraud"
    assert members["fraud_deploy_acme_fraud_dev"]["member"] == f"{pool}/attribute.ci_dev_repository/acme/fraud"
    providers = made["google_iam_workload_identity_pool_provider"]
    owner = "assertion.repository_owner_id == '123456'"
    assert providers["github_ci"]["attribute_condition"] == owner
    assert providers["github_ci_dev"]["attribute_condition"] == f"{owner} && assertion.environment == 'dev'"
    assert place.written(deployed.provider)[1].endswith("/workloadIdentityPools/github/providers/github-ci-dev")


def test_nobody_elses_repository_and_no_odd_environment_is_trusted() -> None:
    iam = Place().iam(github=GITHUB)
    assert refusal(iam.ci, "fraud-build", repository="acme-x/fraud")[0] == "contract/other-owner"
    assert refusal(iam.ci, "fraud-build", repository="acme/fraud", environment="a' || '")[0] == "contract/bad-name"
    assert Place().iam().ci("fraud-build", repository="acme/fraud") is None


def test_planes_have_identities_of_their_own_only_when_asked() -> None:
    place = Place()
    one = place.iam(github=GITHUB)
    assert one.apply("data", roles=["roles/storage.admin"]) == one.apply()
    place = Place()
    many = place.iam(github=GITHUB.model_copy(update={"apply_per_plane": True}))
    data = many.apply("data", roles=["roles/storage.admin"])
    assert data == many.apply("data") != many.apply()
    made = place.records()
    grants = [(each["member"], each["role"]) for each in made["google_project_iam_member"].values()]
    assert [role for member, role in grants if "github_apply_data" in member] == ["roles/storage.admin"]
    assert not [role for member, role in grants if "github_apply.member" in member]
    assert refusal(many.apply, "integration-and-delivery")[0] == "contract/bad-name"


def test_gitlab_is_trusted_by_the_number_of_its_group_and_applies_from_protected_branches() -> None:
    place = Place()
    settings = GitlabSettings(namespace_id="4242", repository="acme/ai/platform")
    iam = place.iam(gitlab=settings)
    assert iam.ci("fraud-build", repository="acme/ai/fraud") is not None
    assert refusal(iam.ci, "fraud-build", repository="acme/fraud")[0] == "contract/other-owner"
    providers = place.records()["google_iam_workload_identity_pool_provider"]
    group = "assertion.namespace_id == '4242'"
    project = "assertion.project_path == 'acme/ai/platform'"
    assert providers["gitlab_plan"]["attribute_condition"] == f"{group} && {project}"
    assert providers["gitlab_apply"]["attribute_condition"] == (
        f"{group} && {project} && assertion.environment == 'dev' && assertion.ref_protected == 'true'"
    )
    assert providers["gitlab_ci"]["attribute_condition"] == group
    assert providers["gitlab_ci"]["oidc"] == [{"issuer_uri": "https://gitlab.com"}]


def test_what_exists_says_what_each_plane_is_applied_as() -> None:
    provider = "projects/111111111111/locations/global/workloadIdentityPools/github/providers/github"
    email = "ci-data@acme-ai-dev.iam.gserviceaccount.com"
    given = {"provider": provider, "service_account": email}
    settings = ExistingIdentitiesSettings.model_validate(
        {"apply_planes": {"data": given}, "ci": {"fraud-build": given}}
    )
    iam = ExistingIdentities(TerraformStack(App(), "main"), "identity", settings, environment=DEV)
    data = iam.apply("data")
    assert data is not None and data.identity.email == email and iam.apply() is None
    assert iam.ci("fraud-build", repository="acme/fraud") == data
    assert iam.ci("other-build", repository="acme/fraud") is None


# Keys


def test_a_key_is_made_once_and_gains_users() -> None:
    place = Place()
    keys = place.keys()
    agents = [DEV.service_agent(name) for name in ("gcp-sa-cloud-sql", "gcp-sa-alloydb")]
    first = keys.key("database", users=agents[:1])
    assert first == keys.key("database", users=agents)
    made = place.records()
    assert list(made["google_kms_crypto_key"]) == ["database"]
    assert sorted(made["google_kms_crypto_key_iam_member"]) == ["database_gcp_sa_alloydb", "database_gcp_sa_cloud_sql"]


def test_a_key_waits_for_the_grants_of_those_who_asked() -> None:
    place = Place()
    agents = [DEV.service_agent(name) for name in ("gcp-sa-cloud-sql", "gcp-sa-alloydb")]
    key = place.keys().key("database", users=agents)
    assert place.written(key.id) == (
        "${google_kms_crypto_key_iam_member.database_gcp_sa_alloydb.crypto_key_id}",
        "projects/acme-ai-dev/locations/europe-west4/keyRings/acme-ai-dev/cryptoKeys/database",
    )
    last = place.records()["google_kms_crypto_key_iam_member"]["database_gcp_sa_alloydb"]
    assert "google_kms_crypto_key_iam_member.database_gcp_sa_cloud_sql" in last["depends_on"]


def test_each_location_has_its_own_ring_and_key() -> None:
    place = Place()
    keys = place.keys()
    assert keys.key("artifacts").location == "europe-west4"
    assert keys.key("artifacts", location="EU").location == "europe"
    assert keys.key("artifacts-europe").location == "europe-west4"
    made = place.records()
    assert sorted(made["google_kms_crypto_key"]) == ["artifacts", "artifacts__europe", "artifacts_europe"]
    assert sorted(made["google_kms_key_ring"]) == ["keys", "keys__europe"]


@pytest.mark.parametrize(
    ("environment", "protection", "level"),
    [(DEV, None, "SOFTWARE"), (PROD, None, "HSM"), (DEV, "hsm", "HSM"), (PROD, "software", "SOFTWARE")],
)
def test_protection_of_keys(environment: Environment, protection: str | None, level: str) -> None:
    place = Place(environment)
    place.keys(protection=protection).key("database")
    made = place.records()
    key = made["google_kms_crypto_key"]["database"]
    assert key["version_template"][0]["protection_level"] == level
    assert key["lifecycle"] == made["google_kms_key_ring"]["keys"]["lifecycle"] == {"prevent_destroy": True}


@pytest.mark.parametrize("purpose", ["", "Database", "a.b", "a--b", "-a", "a" * 64])
def test_purpose_of_a_key_is_refused(purpose: str) -> None:
    assert refusal(Place().keys().key, purpose)[0] == "contract/bad-name"


def test_location_of_a_key_is_refused() -> None:
    assert refusal(Place().keys().key, "database", location="europe west")[0] == "contract/key-location"


@pytest.mark.parametrize("settings", [{"rotation_days": 0}, {"destroy_after_days": 121}, {"rotation_days": 366}])
def test_days_of_keys_are_bounded(settings: dict[str, int]) -> None:
    assert codes(parse(CloudKmsSettings, settings)) == [("spec/out-of-range", next(iter(settings)))]


def test_existing_keys_are_found_by_purpose_and_location() -> None:
    ring = "projects/acme-keys/locations/{}/keyRings/ai/cryptoKeys/{}"
    settings = ExistingKeysSettings(
        keys={"database": ring.format("europe-west4", "database")},
        default=(ring.format("europe-west4", "all"), ring.format("europe", "all")),
    )
    keys = ExistingKeys(TerraformStack(App(), "main"), "keys", settings, environment=DEV)
    assert keys.key("database").id.endswith("/database")
    assert keys.key("artifacts", location="EU").id == ring.format("europe", "all")
    code, help = refusal(keys.key, "database", location="us", users=[DEV.service_agent("gcp-sa-cloud-sql")])
    assert code == "contract/unknown-key"
    assert "`database:`" in help and "gcp-sa-cloud-sql" in help


# Secrets


def test_a_secret_is_made_empty_and_gains_readers() -> None:
    place = Place()
    secrets = place.secrets()
    first = secrets.secret("registry-token", readers=["group:sre@acme.example"], purpose="pulls images")
    assert first == secrets.secret("registry-token", readers=["group:sre@acme.example", "group:dev@acme.example"])
    made = place.records()
    assert not [kind for kind in made if "version" in kind]
    assert sorted(made["google_secret_manager_secret_iam_member"]) == [
        "registry_token_reader_group_dev",
        "registry_token_reader_group_sre",
    ]
    secret = made["google_secret_manager_secret"]["registry_token"]
    assert secret["secret_id"] == first.name == "acme-ai-dev-registry-token"
    assert secret["replication"] == [{"user_managed": [{"replicas": [{"location": "europe-west4"}]}]}]
    assert place.written(first.id) == (
        "${google_secret_manager_secret.registry_token.id}",
        "projects/acme-ai-dev/secrets/acme-ai-dev-registry-token",
    )


@pytest.mark.parametrize(("replication", "where"), [("regional", "europe-west4"), ("automatic", "global")])
def test_secrets_are_encrypted_with_a_key_of_their_location(replication: str, where: str) -> None:
    place = Place()
    place.secrets(place.keys(), replication=replication).secret("registry-token")
    made = place.records()
    assert [ring["location"] for ring in made["google_kms_key_ring"].values()] == [where]
    replicated = json.dumps(made["google_secret_manager_secret"]["registry_token"]["replication"])
    assert "gcp_sa_secretmanager.crypto_key_id" in replicated


def test_secrets_of_production_cannot_be_destroyed() -> None:
    place = Place(PROD)
    place.secrets(secrets={"honeycomb-api-key": SecretSettings()})
    secret = place.records()["google_secret_manager_secret"]["honeycomb_api_key"]
    assert secret["deletion_protection"] is True
    assert secret["lifecycle"] == {"prevent_destroy": True}


@pytest.mark.parametrize("name", ["", "a.b", "a/b", "a" * 250])
def test_name_of_a_secret_is_refused(name: str) -> None:
    assert refusal(Place().secrets().secret, name)[0] == "contract/bad-name"


def test_existing_secrets_are_named_or_refused() -> None:
    path = "projects/acme-x/secrets"
    settings = parse(
        ExistingSecretsSettings,
        {"secrets": {"a-key": f"{path}/a", "b-key": {"id": f"{path}/b", "version": "3"}}},
    )
    assert isinstance(settings, ExistingSecretsSettings)
    secrets = ExistingSecrets(TerraformStack(App(), "main"), "secrets", settings, environment=DEV)
    assert secrets.secret("a-key").version == "latest"
    assert (secrets.secret("b-key").name, secrets.secret("b-key").version) == ("b", "3")
    assert refusal(secrets.secret, "c-key")[0] == "contract/unknown-secret"


# Ids


@pytest.mark.parametrize(
    ("member", "id"),
    [
        ("serviceAccount:mlflow@acme-ai-dev.iam.gserviceaccount.com", "mlflow"),
        ("serviceAccount:mlflow@other-project.iam.gserviceaccount.com", "mlflow_other_project"),
        ("serviceAccount:service-111111111111@gcp-sa-pubsub.iam.gserviceaccount.com", "gcp_sa_pubsub"),
        ("serviceAccount:service-222@gcp-sa-pubsub.iam.gserviceaccount.com", "service_222_gcp_sa_pubsub"),
        ("serviceAccount:bq-111111111111@bigquery-encryption.iam.gserviceaccount.com", "bigquery_encryption"),
        ("serviceAccount:111111111111@cloudservices.gserviceaccount.com", "cloudservices"),
        ("serviceAccount:111111111111-compute@developer.gserviceaccount.com", "compute_developer"),
        ("serviceAccount:acme-ai-dev.svc.id.goog[ml/runs]", "ml_runs"),
        ("group:fraud-ml@acme.example", "group_fraud_ml"),
        ("group:fraud-ml@other.example", "group_fraud_ml_other_example"),
        ("user:jane@acme.example", "user_jane"),
        ("domain:acme.example", "domain_acme_example"),
        (DEV.kubernetes_principal("ml", "runs"), "ns_ml_sa_runs"),
        (
            "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/github/attribute.plan/a/b",
            "attribute_plan_a_b",
        ),
    ],
)  # fmt: skip
def test_members_have_short_ids(member: str, id: str) -> None:
    assert principal_id(member, DEV) == id


def test_ids_are_readable() -> None:
    assert record_id("ml-runs", "logging.logWriter") == "ml_runs_logging_log_writer"
    assert record_id("3d-models") == "_3d_models"


def test_names_that_differ_in_punctuation_do_not_become_one() -> None:
    keys = Place().keys()
    keys.key("object-store")
    with pytest.raises(DiagnosticError) as caught:
        keys.key("object_store")
    assert [each.code for each in caught.value.diagnostics] == ["terraform/duplicate-address"]
