"""The example of a consumer: the wheel alone in an environment of its own, single components in a plain cdktf app."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests import terraform
from tests.wheels import ROOT, build_wheel, environment_with, run

STACK = "stacks/recommender-dev/cdk.tf.json"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment where planform was installed from its wheel."""
    wheel = build_wheel(ROOT, tmp_path_factory.mktemp("wheel"))
    return environment_with(wheel, tmp_path_factory.mktemp("environment"))


@pytest.fixture(scope="module")
def text(python: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The document of the example's stack."""
    app = tmp_path_factory.mktemp("app") / "consumer"
    shutil.copytree(ROOT / "examples" / "consumer", app)
    run(python, "-W", "error", "main.py", cwd=app)
    return (app / "cdktf.out" / STACK).read_text()


@pytest.fixture(scope="module")
def document(text: str) -> Any:
    return json.loads(text)


def test_planform_comes_from_the_wheel(python: Path, tmp_path: Path) -> None:
    place = run(python, "-c", "import planform; print(planform.__file__)", cwd=tmp_path).stdout
    assert Path(place.strip()).is_relative_to(python.parent.parent)


def test_wheel_starts_and_judges_a_new_platform(python: Path, tmp_path: Path) -> None:
    planform = python.parent / "planform"
    run(planform, "init", "shop", "--name", "shop", cwd=tmp_path)
    said = run(planform, "validate", "blueprints/platform.yaml", cwd=tmp_path / "shop")
    assert "valid" in said.stderr


@pytest.mark.engine
def test_components_and_plain_constructs_share_a_stack(document: Any) -> None:
    assert {kind: sorted(named) for kind, named in document["resource"].items()} == {
        "google_container_node_pool": ["l4"],
        "google_pubsub_topic": ["new_models"],
        "google_storage_bucket": ["features", "models"],
        "google_storage_bucket_iam_member": ["models_reviewer"],
        "google_storage_notification": ["models_changed"],
    }
    assert sorted(document["variable"]) == ["reviewer"]
    assert document["terraform"]["required_providers"]["google"]["source"] == "hashicorp/google"


@pytest.mark.engine
def test_node_pool_joins_the_existing_cluster(document: Any) -> None:
    pool = document["resource"]["google_container_node_pool"]["l4"]
    assert pool["cluster"] == "projects/acme-clusters-dev/locations/europe-west4/clusters/shared-gke"
    assert pool["node_config"][0]["guest_accelerator"][0]["type"] == "nvidia-l4"
    assert pool["node_config"][0]["spot"] is True


@pytest.mark.engine
def test_a_reference_of_planform_reaches_plain_constructs(document: Any) -> None:
    notification = document["resource"]["google_storage_notification"]["models_changed"]
    assert notification["bucket"] == "${google_storage_bucket.models.name}"
    groups = document["output"]["node_groups"]["value"]
    assert groups == "${google_container_node_pool.l4.managed_instance_group_urls}"


@pytest.mark.engine
def test_a_token_of_cdktf_reaches_a_record(document: Any) -> None:
    reviewer = document["resource"]["google_storage_bucket_iam_member"]["models_reviewer"]
    assert reviewer["member"] == "${var.reviewer}"
    assert reviewer["bucket"] == "${google_storage_bucket.models.name}"


@pytest.mark.engine
@pytest.mark.terraform
def test_terraform_plans_all_of_it(text: str, document: Any, tmp_path: Path) -> None:
    terraform.need("google")
    verdict = terraform.judge({"recommender-dev": text}, tmp_path)["recommender-dev"]
    assert verdict.problems == ()
    assert verdict.created == sum(len(named) for named in document["resource"].values())
