"""Components of other distributions, found by entry point: the example, and broken ones."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from planform.diagnostics import DiagnosticError
from planform.planes.catalog import builtin
from tests.wheels import ROOT, build_wheel, install, run

BLUEPRINT = """\
planform: 1
kind: Platform
name: acme-ai
organization: {domain: acme.example}
region: europe-west4
planes:
  security: {services: project-services}
  resource:
    object_store: {use: archive, buckets: [ledgers], keep_days: 10}
environments:
  dev: {project: acme-ai-dev, project_number: 111111111111}
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """PYTHONPATH with the example component installed."""
    wheel = build_wheel(ROOT / "examples" / "component", tmp_path_factory.mktemp("wheel"))
    target = install(wheel, tmp_path_factory.mktemp("installed") / "site")
    return os.pathsep.join([str(target), str(ROOT / "constructs")])


def planform(path: str, *arguments: str, cwd: Path) -> str:
    command = (sys.executable, "-c", "from planform.cli import main; main()")
    return run(*command, *arguments, cwd=cwd, PYTHONPATH=path, PLANFORM_ENGINE="native").stdout


def test_example_is_listed(path: str, tmp_path: Path) -> None:
    rows = json.loads(planform(path, "list", "components", "--json", cwd=tmp_path))["components"]
    (row,) = [row for row in rows if row["component"] == "archive"]
    assert (row["capability"], row["from"]) == ("object_store", "acme-planform")


def test_example_fills_a_slot(path: str, tmp_path: Path) -> None:
    (tmp_path / "platform.yaml").write_text(BLUEPRINT)
    planform(path, "synth", "platform.yaml", cwd=tmp_path)
    document = json.loads((tmp_path / "planform.out/stacks/acme-ai-dev-resource/cdk.tf.json").read_text())
    bucket = document["resource"]["google_storage_bucket"]["ledgers"]
    assert bucket["name"] == "acme-ai-dev-archive-ledgers"
    assert bucket["retention_policy"] == [{"retention_period": str(10 * 86_400)}]


def test_settings_of_the_example_are_judged_as_ours(path: str, tmp_path: Path) -> None:
    (tmp_path / "platform.yaml").write_text(BLUEPRINT.replace("keep_days", "keep_dayz"))
    with pytest.raises(AssertionError, match="did you mean `keep_days`"):
        planform(path, "validate", "platform.yaml", cwd=tmp_path)


EDGE = BLUEPRINT.replace("{use: archive, buckets: [ledgers], keep_days: 10}", "gcs").replace(
    "environments:", "  edge: {owner: edge-team, edge_delivery: {use: model-cdn, cache_hours: 48}}\nenvironments:"
)


def test_a_plane_that_planform_does_not_know_has_a_stack_of_its_own(path: str, tmp_path: Path) -> None:
    (tmp_path / "platform.yaml").write_text(EDGE)
    said = planform(path, "synth", "platform.yaml", "--json", cwd=tmp_path)
    stacks = [row["stack"] for row in json.loads(said)["stacks"]]
    assert stacks.index("acme-ai-dev-resource") < stacks.index("acme-ai-dev-edge")
    document = json.loads((tmp_path / "planform.out/stacks/acme-ai-dev-edge/cdk.tf.json").read_text())
    backend = document["resource"]["google_compute_backend_bucket"]["edge_models"]
    assert backend["bucket_name"] == "acme-ai-dev-edge-models"
    assert backend["cdn_policy"][0]["default_ttl"] == 48 * 3600
    assert document["provider"]["google"][0]["default_labels"]["team"] == "edge-team"


BROKEN = {
    "no_import": ("object_store.one", "no_import:Store", "import nowhere_to_be_found", "ModuleNotFoundError"),
    "raises": ("object_store.one", "raises:Store", "raise RuntimeError('out of order')", "out of order"),
    "no_class": ("object_store.one", "no_class:Store", "", "has no attribute 'Store'"),
    "no_component": ("object_store.one", "no_component:Store", "class Store: ...", "is not a Component"),
    "no_name": (
        "object_store.one",
        "no_name:Store",
        "from planform.planes.component import Component\nclass Store(Component): ...",
        "has no `name`",
    ),
    "other_name": (
        "object_store.one",
        "other_name:Store",
        "from planform.planes.resource.gcs import Gcs\nclass Store(Gcs): ...",
        "calls itself object_store.gcs",
    ),
    "taken": ("object_store.gcs", "taken:Store", "", "is taken by planform"),
    "no_dot": ("bucketry", "no_dot:Store", "", "must be named `<capability>.<component>`"),
}


@pytest.mark.parametrize("module", BROKEN)
def test_broken_component_names_its_distribution(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    point, target, source, reason = BROKEN[module]
    (tmp_path / f"{module}.py").write_text(source + "\n")
    facts = tmp_path / "broken_example-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-example\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(f"[planform.components]\n{point} = {target}\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(DiagnosticError) as caught:
        builtin().load("object_store", "one")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "catalog/broken-component"
    assert reason in diagnostic.summary
    assert "broken-example" in diagnostic.summary
    assert "broken-example" in diagnostic.help
