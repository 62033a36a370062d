"""Secrets in the cluster: references in manifests, and each namespace reads no more than what was delivered to it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from msgspec.structs import replace
from pydantic import ValidationError

from planform.contracts.compute import ClusterRef
from planform.contracts.secrets import Secrets
from planform.engine import App, TerraformStack
from planform.kubernetes import objects_of, to_yaml
from planform.planes.component import Component, Refused
from planform.planes.delivery.existing_gitops import ExistingGitOps, ExistingGitOpsSettings
from planform.planes.delivery.existing_orchestrator import ExistingOrchestratorSettings
from planform.planes.security.existing_secrets import ExistingSecrets, ExistingSecretsSettings
from planform.planes.security.existing_services import ExistingServices
from planform.planes.security.secret_manager import SecretManager, SecretManagerSettings
from planform.planes.security.vault import Vault, VaultSettings
from planform.planes.step_secrets import held_at, in_step
from planform.spec.environment import Environment
from planform.terraform.record import records_of

DEV = Environment(
    platform="acme-ai", name="dev", project="acme-ai-dev", project_number="111111111111", region="europe-west4"
)
PATH = "projects/acme-ai-dev/locations/europe-west4/clusters/acme-ai-dev-gke"
CLUSTER = ClusterRef(PATH, "acme-ai-dev-gke", "europe-west4", f"https://container.googleapis.com/v1/{PATH}", "p.svc")
SYNCED = replace(CLUSTER, secret_sync=True)
NAMES = ("token", "key")
ID = "projects/acme-shared/secrets/key"


def stores(kind: str, *, gitops: bool = True) -> tuple[Secrets, TerraformStack, TerraformStack]:
    """A store in one stack, and another stack that asks."""
    app = App()
    own, asker = TerraformStack(app, "security"), TerraformStack(app, "asker")
    needs: dict[str, Any] = {"environment": DEV}
    if gitops:
        git = {"repository": "https://github.com/acme/ai-platform"}
        settings = ExistingGitOpsSettings.model_validate({"tool": "argo-cd", "git": git})
        needs["gitops"] = ExistingGitOps(own, "gitops", settings, environment=DEV)
    made: Component
    if kind == "vault":
        made = Vault(own, "secrets", VaultSettings(address="https://vault.acme.example"), **needs)
    elif kind == "existing":
        named = {name: f"projects/acme-shared/secrets/{name}" for name in NAMES}
        made = ExistingSecrets(own, "secrets", ExistingSecretsSettings(secrets=named), **needs)
    else:
        services = ExistingServices(own, "services", environment=DEV)
        settings_ = SecretManagerSettings(delivery="gke" if kind == "gke" else "external-secrets")
        made = SecretManager(own, "secrets", settings_, services=services, **needs)
    assert isinstance(made, Secrets)
    return made, own, asker


def deliver(store: Secrets, asker: TerraformStack, cluster: ClusterRef, namespace: str = "hub") -> str:
    held = {name: store.secret(name) for name in NAMES}
    return store.deliver("hub", held, namespace=namespace, cluster=cluster, scope=asker)


@pytest.mark.parametrize("kind", ["secret-manager", "gke", "vault", "existing"])
def test_what_reaches_the_cluster_names_secrets_and_holds_none(kind: str) -> None:
    store, own, asker = stores(kind)
    assert deliver(store, asker, SYNCED if kind == "gke" else CLUSTER) == "hub"
    made = [*objects_of(own), *objects_of(asker)]
    assert not [each for each in made if each.kind == "Secret"]
    wanted = "SecretSync" if kind == "gke" else "ExternalSecret"
    (found,) = [each for each in objects_of(asker) if each.kind == wanted]
    assert found.namespace == "hub"
    text = to_yaml(found.document)
    assert all(name in text for name in NAMES)


@pytest.mark.parametrize(("kind", "project"), [("secret-manager", "acme-ai-dev"), ("gke", "acme-ai-dev"),
                                               ("existing", "acme-shared")])  # fmt: skip
def test_the_right_to_read_is_the_namespaces_own_and_in_the_stack_that_asks(kind: str, project: str) -> None:
    store, own, asker = stores(kind)
    deliver(store, asker, SYNCED)
    granted = records_of(asker).document()["resource"]["google_secret_manager_secret_iam_member"]
    assert len(granted) == len(NAMES)
    for body in granted.values():
        assert body["member"].endswith("/subject/ns/hub/sa/secret-reader")
        assert body["secret_id"].startswith(f"projects/{project}/secrets/")
    assert "google_secret_manager_secret_iam_member" not in records_of(own).document().get("resource", {})


def test_a_namespace_has_one_store_and_others_their_own() -> None:
    store, own, asker = stores("secret-manager")
    token = {"token": store.secret("token")}
    for namespace, name in (("hub", "a"), ("hub", "b"), ("ray", "a")):
        store.deliver(name, token, namespace=namespace, cluster=CLUSTER, scope=asker)
    assert [each.namespace for each in objects_of(own) if each.kind == "SecretStore"] == ["hub", "ray"]
    assert len(objects_of(own).releases) == 1
    assert len(records_of(asker).document()["resource"]["google_secret_manager_secret_iam_member"]) == 2


def test_vault_lets_a_role_read_what_its_namespace_was_given() -> None:
    store, own, asker = stores("vault")
    store.deliver("a", {"token": store.secret("token")}, namespace="hub", cluster=CLUSTER, scope=asker)
    store.deliver("b", {"key": store.secret("key")}, namespace="ray", cluster=CLUSTER, scope=asker)
    files = {each.name: each.text for each in objects_of(own).delivered if hasattr(each, "text")}
    assert "kv/data/acme-ai-dev/token" in files["policy-hub.hcl"]
    assert "kv/data/acme-ai-dev/key" not in files["policy-hub.hcl"]
    assert "bound_service_account_namespaces=ray" in files["setup.sh"]
    stores_ = [each.document for each in objects_of(own) if each.kind == "SecretStore"]
    assert yaml.safe_load(to_yaml(stores_[0]))["spec"]["provider"]["vault"]["auth"]["kubernetes"]["role"] == (
        "acme-ai-dev-hub"
    )


@pytest.mark.parametrize("kind", ["secret-manager", "vault", "existing"])
def test_without_a_gitops_tool_nothing_is_delivered(kind: str) -> None:
    store, _, asker = stores(kind, gitops=False)
    with pytest.raises(Refused) as refused:
        deliver(store, asker, CLUSTER)
    assert refused.value.fault.code == "contract/no-delivery"


def test_gke_copies_only_where_the_cluster_does() -> None:
    store, _, asker = stores("gke")
    with pytest.raises(Refused) as refused:
        deliver(store, asker, CLUSTER)
    assert "secret_sync: true" in refused.value.fault.help


def test_what_ci_reads_is_said_with_project_and_version() -> None:
    settings = ExistingSecretsSettings.model_validate(
        {"secrets": {"token": {"id": "projects/acme-shared/secrets/t", "version": "7"}, "key": ID}}
    )
    store = ExistingSecrets(TerraformStack(App(), "own"), "secrets", settings, environment=DEV)
    assert in_step(store, store.secret("token")) == "projects/acme-shared/secrets/t/versions/7"
    assert in_step(store, store.secret("key")) == ID


def test_what_ci_cannot_read_is_refused_with_what_to_do() -> None:
    store, own, _ = stores("vault")
    owner = ExistingSecrets(own, "other", ExistingSecretsSettings(), environment=DEV)
    with pytest.raises(Refused) as caught:
        in_step(owner, store.secret("token"))
    assert caught.value.fault.code == "contract/workflow"
    assert "acme-ai-dev/token" in caught.value.fault.summary
    assert "secret-manager" in caught.value.fault.help


@pytest.mark.parametrize("named", ["scanner-token", ID, f"{ID}/versions/7"])
def test_a_command_of_the_organisation_may_read_a_secret_of_any_project(named: str) -> None:
    assert held_at(named, "acme-ai-dev") is not None
    assert ExistingOrchestratorSettings(applications={}, command="./go", secret=named).secret == named


@pytest.mark.parametrize("named", ["acme-ai-dev/token", "", "token/versions/7", "projects/acme-shared/secrets/"])
def test_a_command_of_the_organisation_reads_nothing_of_another_store(named: str) -> None:
    assert held_at(named, "acme-ai-dev") is None
    with pytest.raises(ValidationError):
        ExistingOrchestratorSettings(applications={}, command="./go", secret=named)


def test_vault_takes_names_of_200_characters_and_no_more() -> None:
    store, _, _ = stores("vault")
    assert store.secret("a" * 200).name == "a" * 200
    with pytest.raises(Refused, match="cannot be the name"):
        store.secret("a" * 201)
