"""Repositories: own ones, caches and combinations, and who may pull from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from planform.contracts.compute import AcceleratorPool, ClusterRef
from planform.contracts.identity import Identity
from planform.engine import App, TerraformStack
from planform.planes.component import Refused
from planform.planes.delivery.artifact_registry import (
    ArtifactRegistry,
    ArtifactRegistrySettings,
    RepositorySettings,
)
from planform.planes.delivery.existing_registry import ExistingRegistry, ExistingRegistrySettings
from planform.planes.security.existing_services import ExistingServices
from planform.spec.environment import Environment
from planform.spec.faults import parse
from planform.terraform.record import OutputValue, records_of

DEV = Environment(
    platform="acme-ai", name="dev", project="acme-ai-dev", project_number="111111111111", region="europe-west4"
)
PROD = DEV.model_copy(update={"name": "prod", "project": "acme-ai-prod", "production": True})
READER, WRITER = "group:ds@acme.example", "serviceAccount:builder@acme-ai-dev.iam.gserviceaccount.com"


class Cluster:
    """A cluster of somebody else's making, whose nodes are known."""

    def cluster(self) -> ClusterRef:
        return ClusterRef("projects/p/locations/l/clusters/c", "c", "l", "https://issuer", "p.svc.id.goog")

    def node_identity(self) -> Identity | None:
        email = DEV.service_account("gke-nodes")
        return Identity(email, f"serviceAccount:{email}", f"projects/{DEV.project}/serviceAccounts/{email}")

    def node_tag(self) -> str:
        return "nodes"

    def accelerator_pools(self) -> Sequence[AcceleratorPool]:
        return ()

    def membership(self) -> None:
        return None


def faults(repositories: Mapping[str, Any], environment: Environment = DEV) -> list[str]:
    """`code path` of each fault, below `repositories`."""
    settings = parse(ArtifactRegistrySettings, {"repositories": repositories})
    found = settings if isinstance(settings, list) else ArtifactRegistry.check(settings, environment)
    return [" ".join((fault.code, ".".join(map(str, fault.path[1:])))) for fault in found]


def registry(
    repositories: Mapping[str, Any] | None = None,
    *,
    environment: Environment = DEV,
    scope: TerraformStack | None = None,
    compute: Cluster | None = None,
) -> ArtifactRegistry:
    scope = scope or TerraformStack(App(), "acme-ai-dev-delivery")
    settings = parse(ArtifactRegistrySettings, {"repositories": repositories or {}})
    assert isinstance(settings, ArtifactRegistrySettings), settings
    services = ExistingServices(scope, "services", environment=environment)
    return ArtifactRegistry(scope, "registry", settings, environment=environment, services=services, compute=compute)


def made(component: ArtifactRegistry, kind: str = "google_artifact_registry_repository") -> dict[str, Any]:
    return dict(records_of(component).document().get("resource", {}).get(kind, {}))


PYTHON = {"python": {"format": "python"}, "pypi": {"format": "python", "upstream": "pypi"}}


@pytest.mark.parametrize(
    ("repositories", "expected"),
    [
        ({"images": {}}, []),
        ({"images": {"format": "oci"}}, ["spec/unknown-value images.format"]),
        ({"hub": {"upstream": "docker-hub"}}, []),
        ({"quay": {"upstream": "https://quay.io"}}, []),
        ({"hub": {"upstream": "dockerhub"}}, ["spec/bad-form hub.upstream"]),
        ({"hub": {"upstream": "http://quay.io"}}, ["spec/bad-form hub.upstream"]),
        ({"hub": {"upstream": "https://user:secret@quay.io"}}, ["spec/bad-form hub.upstream"]),
        ({"hub": {"upstream": "pypi"}}, ["spec/repository-upstream hub.upstream"]),
        ({"hub": {"upstream": "https://x.example", "format": "kfp"}}, ["spec/repository-mix hub.upstream"]),
        ({"hub": {"upstream": "docker-hub", "writers": [READER]}}, ["spec/repository-mix hub.writers"]),
        ({"py": {"format": "python", "immutable_tags": True}}, ["spec/repository-mix py.immutable_tags"]),
        ({"hub": {"upstream": "docker-hub", "immutable_tags": True}}, ["spec/repository-mix hub.immutable_tags"]),
        ({"images": {"delete_after_days": 30}}, ["spec/repository-mix images.delete_after_days"]),
        ({"images": {"delete_after_days": 30, "immutable_tags": False}}, []),
        ({"images": {"keep_recent": 0}}, ["spec/out-of-range images.keep_recent"]),
        ({**PYTHON, "all": {"format": "python", "combines": ["python", "pypi"]}}, []),
        (
            {**PYTHON, "all": {"format": "python", "combines": ["pypi", "python"]}},
            ["spec/repository-order all.combines.1"],
        ),
        ({**PYTHON, "all": {"combines": ["python"]}}, ["spec/repository-upstream all.combines.0"]),
        ({"all": {"combines": ["nothing"]}}, ["spec/repository-upstream all.combines.0"]),
        ({"images": {}, "all": {"combines": ["images", "images"]}}, ["spec/repository-upstream all.combines"]),
        (
            {"images": {}, "a": {"combines": ["images"]}, "b": {"combines": ["a"]}},
            ["spec/repository-upstream b.combines.0"],
        ),
        (
            {"images": {}, "a": {"combines": ["images"], "upstream": "docker-hub"}},
            ["spec/repository-mix a.combines"],
        ),
        ({"My_Repo": {}}, ["spec/bad-key My_Repo"]),
        ({"images": {"scanning": "always"}}, ["spec/wrong-type images.scanning"]),
    ],
)
def test_what_the_cloud_would_refuse_is_refused(repositories: dict[str, Any], expected: list[str]) -> None:
    assert faults(repositories) == expected


def test_a_name_too_long_with_platform_and_environment_is_refused() -> None:
    assert faults({"x" * 40: {}}, DEV.model_copy(update={"name": "e" * 20})) == [f"spec/name-too-long {'x' * 40}"]


def test_tags_of_own_images_stay_and_versions_are_cleaned_up() -> None:
    body = made(registry({"images": {"keep_recent": 5, "delete_untagged_after_days": 2}}))["images"]
    assert body["docker_config"] == [{"immutable_tags": True}]
    assert body["cleanup_policies"] == [
        {"id": "keep-recent", "action": "KEEP", "most_recent_versions": [{"keep_count": 5}]},
        {
            "id": "delete-untagged",
            "action": "DELETE",
            "condition": [{"tag_state": "UNTAGGED", "older_than": "172800s"}],
        },
    ]
    assert body["vulnerability_scanning_config"] == [{"enablement_config": "INHERITED"}]


def test_a_combination_looks_into_its_members_in_order() -> None:
    repositories = {"all": {"format": "python", "combines": ["python", "pypi"]}, **PYTHON}
    body = made(registry(repositories))["all"]
    policies = body["virtual_repository_config"][0]["upstream_policies"]
    assert [(each["id"], each["priority"]) for each in policies] == [("python", 20), ("pypi", 10)]
    assert "${google_artifact_registry_repository.python.repository_id}" in policies[0]["repository"]


def test_only_what_holds_data_of_its_own_is_kept_from_deletion() -> None:
    component = registry({"images": {}, "hub": {"upstream": "docker-hub"}}, environment=PROD)
    assert {name: body["deletion_policy"] for name, body in made(component).items()} == {
        "images": "PREVENT",
        "hub": "DELETE",
    }


def test_nodes_may_pull_images_and_nothing_else() -> None:
    component = registry({"images": {}, "python": {"format": "python"}}, compute=Cluster())
    component.repository("training")
    members = made(component, "google_artifact_registry_repository_iam_member")
    assert sorted(members) == ["images_reader_gke_nodes", "training_reader_gke_nodes"]


def test_asks_make_a_repository_once_and_add_members() -> None:
    component = registry()
    first = component.repository("pipelines", format="kfp", readers=[READER])
    again = component.repository("pipelines", format="kfp", readers=[READER, WRITER], writers=[WRITER])
    assert first == again
    assert first.uri == "europe-west4-kfp.pkg.dev/acme-ai-dev/acme-ai-dev-pipelines"
    assert first.id == "projects/acme-ai-dev/locations/europe-west4/repositories/acme-ai-dev-pipelines"
    assert list(made(component)) == ["pipelines"]
    members = made(component, "google_artifact_registry_repository_iam_member")
    assert sorted(members) == ["pipelines_reader_group_ds_acme_example", "pipelines_writer_builder"]


def test_asks_that_cannot_be_met_are_refused() -> None:
    component = registry({"images": {}, "hub": {"upstream": "docker-hub"}})
    for code, ask in {
        "contract/other-format": {"name": "images", "format": "python"},
        "contract/read-only": {"name": "hub", "writers": [WRITER]},
        "contract/bad-name": {"name": "My_Repo"},
        "contract/public-access": {"name": "images", "readers": ["allUsers"]},
    }.items():
        with pytest.raises(Refused) as refused:
            component.repository(**ask)  # type: ignore[arg-type]
        assert refused.value.fault.code == code


def test_values_are_references_at_home_and_literals_elsewhere() -> None:
    app = App()
    home, away = TerraformStack(app, "home"), TerraformStack(app, "away")
    repository = registry(scope=home).repository("images")
    OutputValue(home, "uri", value=repository.uri)
    OutputValue(away, "uri", value=repository.uri)
    written = records_of(home).document()["output"]["uri"]["value"]
    assert (
        written == "europe-west4-docker.pkg.dev/acme-ai-dev/${google_artifact_registry_repository.images.repository_id}"
    )
    assert records_of(away).document()["output"]["uri"]["value"] == str(repository.uri)


def test_existing_repositories_are_those_that_were_named() -> None:
    images = {"name": "ml-images", "project": "acme-delivery", "location": "europe"}
    settings = ExistingRegistrySettings.model_validate({"repositories": {"images": images}})
    component = ExistingRegistry(TerraformStack(App(), "x"), "registry", settings, environment=DEV)
    assert component.repository("images").uri == "europe-docker.pkg.dev/acme-delivery/ml-images"
    for code, ask in {
        "contract/not-named": {"name": "python", "format": "python"},
        "contract/other-format": {"name": "images", "format": "python"},
    }.items():
        with pytest.raises(Refused) as refused:
            component.repository(**ask)  # type: ignore[arg-type]
        assert refused.value.fault.code == code


def test_settings_describe_themselves() -> None:
    for model in (ArtifactRegistrySettings, RepositorySettings, ExistingRegistrySettings):
        assert all(field.description for field in model.model_fields.values())
