"""Every stack of the blueprints is what Terraform and the real google provider accept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from planform.pipeline import compile_files
from tests import terraform

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.terraform


def stacks(blueprint: str) -> dict[str, str]:
    """Stack name to document."""
    files = compile_files(ROOT / blueprint).output.files
    return {path.split("/")[1]: str(text) for path, text in files.items() if path.endswith("cdk.tf.json")}


def resources(document: Mapping[str, Any]) -> int:
    return sum(len(named) for named in document.get("resource", {}).values())


@pytest.mark.parametrize("blueprint", ["blueprints/minimal.yaml", "blueprints/reference"])
def test_every_stack_validates_and_plans(blueprint: str, tmp_path: Path) -> None:
    terraform.need("google")
    documents = stacks(blueprint)
    verdicts = terraform.judge(documents, tmp_path)
    assert {name: verdict.problems for name, verdict in verdicts.items()} == {name: () for name in documents}
    for name, verdict in verdicts.items():
        assert verdict.created == resources(json.loads(documents[name])) > 0


def test_all_stacks_of_an_environment_pass_as_one_root(tmp_path: Path) -> None:
    terraform.need("google")
    merged: dict[str, Any] = {}
    for name, text in stacks("blueprints/reference").items():
        if name.startswith("acme-ai-prod-"):
            document = json.loads(text)
            for section in ("resource", "moved"):
                for kind, named in document.get(section, {}).items():
                    held = merged.setdefault(section, {}).setdefault(kind, {})
                    assert not held.keys() & named.keys()
                    held |= named
            merged |= {key: document[key] for key in ("terraform", "provider")}
    verdict = terraform.judge({"prod": json.dumps(merged)}, tmp_path)["prod"]
    assert verdict.problems == ()
    assert verdict.created == resources(merged) > 50
