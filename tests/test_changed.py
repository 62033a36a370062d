"""A change of workload documents alone compiles what it affects, to the same bytes as everything has."""

from __future__ import annotations

import functools
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from planform.blueprint.document import Document
from planform.blueprint.read import read_text
from planform.changed import Changed, Whole, compile_changed
from planform.diagnostics import DiagnosticError
from planform.output.merge import NotMergeable, merged
from planform.pipeline import compile_documents
from tests.test_preview_revisions import commit, git, planform

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "blueprints" / "reference"
NEW = """
planform: 1
kind: ExperimentTracking
name: demand
team: forecasting
environments: [dev]
model: demand
"""
BUCKET = "acme-ai-dev-payments"


def documents(**changes: tuple[str, str]) -> list[Document]:
    """The reference with texts replaced in some files, by their names without ending."""
    found: list[Document] = []
    for file in sorted(REFERENCE.rglob("*.yaml")):
        text = file.read_text("utf-8")
        if file.stem.replace("-", "_") in changes:
            old, new = changes[file.stem.replace("-", "_")]
            assert old in text
            text = text.replace(old, new)
        found += read_text(text, f"blueprints/{file.relative_to(REFERENCE)}")
    return found


@functools.cache
def present() -> dict[str, str | bytes]:
    return dict(compile_documents(documents()).output.files)


def after(changed: Changed, here: dict[str, str | bytes] | None = None) -> dict[str, str | bytes]:
    files: dict[str, Any] = {**(here or present()), **changed.files}
    return {path: text for path, text in sorted(files.items()) if text is not None}


@pytest.mark.parametrize(
    ("head", "teams", "stack"),
    [
        (documents(training_pipeline=('"6"', '"7"')), {"fraud"}, "acme-ai-dev-delivery"),
        (documents(transformation=("replicas: 2", "replicas: 3")), {"fraud"}, None),
        (documents(notebook_workspace=("idle_minutes: 30", "idle_minutes: 45")), {"fraud"}, None),
        (documents(dataset=("payments_7d: int", "payments_9d: int")), {"fraud"}, "acme-ai-prod-data"),
        ([*documents(), *read_text(NEW, "blueprints/workloads/new.yaml")], {"forecasting"}, "acme-ai-dev-delivery"),
        ([each for each in documents() if each.value["kind"] != "Transformation"], {"fraud"}, "acme-ai-prod-delivery"),
    ],
    ids=["pipeline", "transformation", "notebook", "features", "new document", "removed document"],
)  # fmt: skip
def test_a_change_gives_the_bytes_of_a_full_run(head: list[Document], teams: set[str], stack: str | None) -> None:
    changed = compile_changed(documents(), head, present())
    assert set(changed.teams) == teams
    assert not stack or stack in [row.stack for row in changed.summary]
    assert after(changed) == dict(compile_documents(head).output.files)


NOTEBOOK = """
planform: 1
kind: NotebookWorkspace
name: extra
team: search
environments: [dev]
"""


def test_what_all_notebooks_share_is_told_from_all_notebooks() -> None:
    """The hub's list names those of every team, and those of kinds that an organisation made of them."""
    others = read_text(
        "\n---\n".join(NEW.replace("demand", f"demand-{i}") for i in range(12)), "blueprints/others.yaml"
    )
    base = [*documents(), *others]
    here = dict(compile_documents(base).output.files)
    new = [*base, *read_text(NOTEBOOK, "blueprints/workloads/new.yaml")]
    gone = [each for each in base if each.value["kind"] != "NotebookWorkspace"]
    for head, team in ((new, "search"), (gone, "fraud")):
        changed = compile_changed(base, head, here)
        assert set(changed.teams) == {team}
        assert not any(each.name.startswith("demand-") for each in changed.part.workloads)
        assert after(changed, here) == dict(compile_documents(head).output.files)


def test_where_most_share_it_everything_is_compiled() -> None:
    new = NOTEBOOK.replace("search", "fraud").replace("[dev]", "[dev, staging, prod]")
    head = [*documents(), *read_text(new, "blueprints/workloads/new.yaml")]
    with pytest.raises(Whole, match=r"jupyterhub\.yaml holds what is not of these teams alone"):
        compile_changed(documents(), head, present())


def test_nothing_changes_nothing() -> None:
    changed = compile_changed(documents(), documents(), present())
    assert (changed.teams, dict(changed.files)) == ((), {})


def test_whoever_refers_to_what_changed_is_compiled_too() -> None:
    renamed = ("name: payment-scoring\nteam: fraud", "name: scoring-of-search\nteam: search")
    base = documents(model_endpoint=renamed)
    head = documents(model_endpoint=renamed, training_pipeline=('"6"', '"7"'))
    here = dict(compile_documents(base).output.files)
    changed = compile_changed(base, head, here)
    assert set(changed.teams) == {"fraud", "search"}
    assert after(changed, here) == dict(compile_documents(head).output.files)


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (documents(platform=("budget_usd_month: 1500", "budget_usd_month: 1600")), "more than workload documents"),
        (documents(node_pool=("max_nodes: 2", "max_nodes: 3")), "adds to the platform's own settings"),
    ],
    ids=["the platform", "a node pool"],
)
def test_what_is_more_than_workloads_is_compiled_whole(head: list[Document], reason: str) -> None:
    with pytest.raises(Whole, match=reason):
        compile_changed(documents(), head, present())


def test_an_output_of_something_else_is_compiled_whole() -> None:
    head = documents(training_pipeline=('"6"', '"7"'))
    path = "stacks/acme-ai-dev-delivery/cdk.tf.json"
    edited = str(present()[path]).replace("max_depth", "depth")
    assert edited != present()[path]
    with pytest.raises(Whole, match="is not of these teams alone"):
        compile_changed(documents(), head, {**present(), path: edited})
    with pytest.raises(Whole, match="written by version"):
        compile_changed(documents(), head, {**present(), "manifest.json": '{"version": "0"}'})


def test_names_are_compared_with_those_of_teams_that_are_not_compiled() -> None:
    head = documents(training_pipeline=('"6"', '"7"'))
    path = "stacks/acme-ai-dev-team-search/cdk.tf.json"
    taken = json.loads(present()[path])
    own = json.loads(present()["stacks/acme-ai-dev-resource/cdk.tf.json"])["resource"]["google_storage_bucket"]
    name, bucket = next(iter(own.items()))
    taken["resource"]["google_storage_bucket"] = {name: {**bucket, "name": bucket["name"]}}
    with pytest.raises(DiagnosticError) as caught:
        compile_changed(documents(), head, {**present(), path: json.dumps(taken)})
    assert {each.code for each in caught.value.diagnostics} == {"cloud/duplicate-name"}


def test_what_is_wrong_with_the_change_is_told_as_ever() -> None:
    with pytest.raises(DiagnosticError) as caught:
        compile_changed(documents(), documents(model_endpoint=("model: payment-scoring", "model: other")), present())
    assert {each.code for each in caught.value.diagnostics} == {"workload/unknown-reference"}


def test_merging_tells_apart_what_the_whole_has_more() -> None:
    old, new, here = ('{"a": {"b": [1]}}', '{"a": {"b": [1], "c": 2}}', '{"a": {"b": [1], "d": 3}, "e": 4}')
    assert json.loads(str(merged({"x.json": old}, {"x.json": new}, {"x.json": here})["x.json"])) == {
        "a": {"b": [1], "c": 2, "d": 3}, "e": 4,
    }  # fmt: skip
    first = merged({"x.json": "{}"}, {"x.json": '{"a": {"b": {"c": 1}}}'}, {"x.json": '{"a": {"b": {"d": 2}}}'})
    assert json.loads(str(first["x.json"])) == {"a": {"b": {"c": 1, "d": 2}}}
    here = '{"a": {"b": {"c": 1}}, "e": 0}'
    assert json.loads(str(merged({"x.json": here}, {"x.json": '{"e": 1}'}, {"x.json": here})["x.json"])) == {"e": 1}
    one, other = '{"a": {"b": {"c": {"d": 1}}}}', '{"a": {"b": {"c": {"e": 2}}}}'
    with pytest.raises(NotMergeable, match=r"x\.json: a: b: c"):  # two things of one name are no mixture of both
        merged({"x.json": "{}"}, {"x.json": one}, {"x.json": other})
    documents = ["---\na: 1\n", "---\nb: 1\n", "---\nc: 1\n", "---\nd: 1\n"]
    one, other, all_but_last = "".join(documents[1:2]), "".join(documents[1::2]), "".join(documents[:3])
    assert merged({"x.yaml": one}, {"x.yaml": other}, {"x.yaml": all_but_last}) == {"x.yaml": "".join(documents)}
    assert merged({"gone": "1"}, {}, {"gone": "1"}) == {"gone": None}
    assert merged({"x": "1"}, {"x": "2"}, {"x": "2"}) == {}
    with pytest.raises(NotMergeable, match=r"x\.json: a: b"):
        merged({"x.json": '{"a": {"b": [1]}}'}, {"x.json": '{"a": {"b": [1, 2]}}'}, {"x.json": '{"a": {"b": [0, 1]}}'})
    with pytest.raises(NotMergeable, match=r"x\.yaml"):
        merged({"x.yaml": "1"}, {"x.yaml": "2"}, {"x.yaml": "3"})


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with the reference, compiled, and a change of one document that is not."""
    folder = tmp_path / "repository"
    shutil.copytree(REFERENCE, folder / "blueprints")
    git(folder, "init", "-q", "-b", "main")
    commit(folder)
    done = planform(folder, "synth", "blueprints")
    assert done.returncode == 0, done.stderr
    place = folder / "blueprints" / "workloads" / "transformation.yaml"
    place.write_text(place.read_text().replace("5000", "6000"))
    return folder


def test_synth_writes_only_what_changed(repository: Path) -> None:
    out = repository / "planform.out"
    (out / "stacks" / "acme-ai-dev-data" / "terraform.tfstate").write_text("{}")
    before = {path: _identity(path) for path in out.rglob("*") if path.is_file()}
    done = planform(repository, "synth", "blueprints", "--changed", "main")
    assert (done.returncode, "by documents of teams: fraud" in done.stderr) == (0, True), done.stderr
    written = {path for path, was in before.items() if _identity(path) != was and path.name != ".planform-output"}
    assert written == {
        out / "stacks" / f"acme-ai-{environment}-observability" / "cdk.tf.json" for environment in ("dev", "prod")
    }
    assert planform(repository, "synth", "blueprints", "--out", "whole").returncode == 0
    compared = subprocess.run(
        ["diff", "-r", "-x", "terraform.tfstate", "planform.out", "whole"], cwd=repository, check=False
    )
    assert compared.returncode == 0
    again = planform(repository, "synth", "blueprints", "--changed", "main")
    assert "no stack changed" in again.stderr


def test_synth_says_why_everything_is_compiled(repository: Path) -> None:
    done = planform(repository, "synth", "blueprints", "--changed", "main", "--out", "new")
    assert "compiling everything: new holds no output yet" in done.stderr
    assert (repository / "new" / "manifest.json").is_file()
    wrong = planform(repository, "synth", "blueprints", "--changed", "main", "--env", "dev")
    assert (wrong.returncode, "leave --env out" in wrong.stderr) == (2, True)
