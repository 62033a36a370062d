"""Planes are a blueprint's choice: other groupings of the same components, each plane with its owner and its stack."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from planform.pipeline import Compilation, compile_files

ROOT = Path(__file__).resolve().parent.parent
MODELS = {
    "control-data-model": {"control": "platform-team", "data": "data-team", "model": "ml-team"},
    "data-model-serving": {"data": "data-team", "model": "ml-team", "serving": "serving-team"},
    "feature-training-inference": {
        "foundation": "platform-team",
        "feature": "data-team",
        "training": "ml-team",
        "inference": "serving-team",
    },
}


def compiled(model: str) -> Compilation:
    return compile_files(ROOT / "blueprints" / "planes" / f"{model}.yaml")


@pytest.mark.parametrize("model", MODELS)
def test_planes_are_owned_and_stand_apart(model: str) -> None:
    made = compiled(model)
    for spec in made.specs:
        assert {plane.name: plane.owner for plane in spec.planes.values()} == MODELS[model]
        for plane, owner in MODELS[model].items():
            path = f"stacks/{spec.environment.prefix}-{plane}/cdk.tf.json"
            document = json.loads(str(made.output.files[path]))
            labels = document["provider"]["google"][0]["default_labels"]
            assert (labels["plane"], labels["team"]) == (plane, owner)


def test_every_model_is_here() -> None:
    assert {path.stem for path in (ROOT / "blueprints" / "planes").glob("*.yaml")} == MODELS.keys()


def test_pipelines_scale_apart() -> None:
    made = compiled("feature-training-inference")
    pools = {
        record.body["name"]: record.body
        for record in made.records["acme-fti-prod-foundation"]
        if record.address.startswith("google_container_node_pool.") and "name" in record.body
    }
    assert {name for name in pools if "system" not in str(name)} >= {"features", "inference", "training"}


def test_each_plane_is_applied_by_an_identity_of_its_own() -> None:
    made = compiled("control-data-model")
    accounts = {
        str(record.body["account_id"])
        for record in made.records["acme-three-prod-control"]
        if record.address.startswith("google_service_account.")
    }
    assert {"github-apply-control", "github-apply-data", "github-apply-model"} <= accounts
