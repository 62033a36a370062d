"""Revisions are read and never run: whatever a repository holds, a preview reports it and leaves everything alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from planform.diagnostics import DiagnosticError
from planform.preview.preview import preview
from planform.preview.revision import from_files, from_revision, merge_base

ROOT = Path(__file__).resolve().parent.parent
PLATFORM = (Path(__file__).parent / "previews" / "platform.yaml").read_text()
CHANGED = PLATFORM.replace("        datasets: {}\n", "")


def git(folder: Path, *arguments: str) -> str:
    identity = {f"GIT_{role}_{part}": "a@b.example" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
    environment = {**os.environ, **identity, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-c", "protocol.file.allow=always", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(folder: Path, message: str = "change") -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with the reference platform on main, and a branch where a bucket is gone."""
    folder = tmp_path / "repository"
    (folder / "blueprints").mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    (folder / "blueprints" / "platform.yaml").write_text(PLATFORM)
    commit(folder)
    git(folder, "switch", "-q", "-c", "change")
    (folder / "blueprints" / "platform.yaml").write_text(CHANGED)
    commit(folder)
    return folder


def planform(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    main = "from planform.cli import main; main()"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "constructs"), "NO_COLOR": "1"}
    command = [sys.executable, "-c", main, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def faults(folder: Path, revision: str = "HEAD", path: str = "blueprints") -> list[str]:
    with pytest.raises(DiagnosticError) as caught:
        from_revision(revision, path, repository=folder)
    return [each.code for each in caught.value.diagnostics]


def test_two_revisions_are_compared_without_a_checkout(repository: Path) -> None:
    before = git(repository, "status", "--porcelain", "--ignored")
    base, head = (from_revision(each, "blueprints", repository=repository) for each in ("main", "change"))
    found = preview(base, head, environments=("dev",))
    (change,) = found.changes
    assert change.address == "google_storage_bucket.datasets"
    assert change.because is not None
    assert str(change.because) == "blueprints/platform.yaml:66 in base"
    assert git(repository, "status", "--porcelain", "--ignored") == before


def test_a_report_in_several_forms_is_made_at_once(repository: Path) -> None:
    files = ["preview.md", "preview.html", "preview.json", "preview.sarif", "preview.txt"]
    arguments = [each for file in files for each in ("--out", f"reports/{file}")]
    done = planform(repository, "preview", "main", "HEAD", "--structure", *arguments)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    begins = {file: (repository / "reports" / file).read_text()[:20].strip() for file in files}
    assert begins["preview.md"].startswith("<!-- planform previe") and begins["preview.html"].startswith("<!doctype")
    assert begins["preview.json"].startswith('{\n  "version"') and begins["preview.sarif"].startswith("{")
    assert begins["preview.txt"].startswith("main (")
    done = planform(repository, "preview", "main", "HEAD", "--structure", "--format", "json", "--out", "x.md")
    assert json.loads((repository / "x.md").read_text())["verb"] == "preview", "what is asked for counts more"


def test_the_default_is_the_working_tree_against_where_it_left_main(repository: Path) -> None:
    assert merge_base("main", repository=repository) == git(repository, "rev-parse", "main")
    done = planform(repository, "preview", "--structure", "--env", "dev", "--json", "--exit-code")
    assert done.returncode == 3, done.stderr
    found = json.loads(done.stdout)
    assert [each["address"] for each in found["changes"]] == ["google_storage_bucket.datasets"]
    assert found["changes"][0]["because"]["file"] == "blueprints/platform.yaml"
    assert planform(repository, "preview", "--structure", "--fail-on", "data-loss").returncode == 1
    assert planform(repository, "preview", "HEAD", "--structure", "--exit-code").returncode == 0


@pytest.mark.parametrize("name", ["no-such-branch", "--output=x", "HEAD; touch x", "HEAD:blueprints", ""])
def test_what_is_no_revision_is_refused(repository: Path, name: str) -> None:
    assert faults(repository, name) == ["preview/no-revision"]
    assert not list(repository.glob("x*"))


def test_links_and_submodules_are_refused_and_not_followed(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("secret: 1\n")
    (repository / "blueprints" / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    commit(repository)
    assert faults(repository) == ["preview/not-a-file"]
    (repository / "blueprints" / "link.yaml").unlink()
    git(repository, "submodule", "add", "-q", str(repository), "blueprints/other")
    commit(repository)
    assert faults(repository) == ["preview/not-a-file"]


def test_a_folder_that_is_a_link_is_refused(repository: Path, tmp_path: Path) -> None:
    (repository / "linked").symlink_to(tmp_path)
    commit(repository)
    assert faults(repository, path="linked") == ["preview/not-a-file"]
    assert faults(repository, path="../..") == ["preview/outside-repository"]
    assert faults(repository, path="nowhere") == ["preview/no-blueprint"]


def test_a_huge_file_is_refused_before_it_is_read(repository: Path) -> None:
    (repository / "blueprints" / "huge.yaml").write_bytes(b"#" * (2 * 1024 * 1024))
    commit(repository)
    assert faults(repository) == ["blueprint/too-large"]


def test_strange_names_and_bytes_are_reported_and_not_obeyed(repository: Path) -> None:
    (repository / "blueprints" / "\x1b[31m\n`x`.yaml").write_bytes(b"\xff\xfe")
    (repository / "blueprints" / "notes.txt").write_bytes(b"\xff\xfe")
    commit(repository)
    done = planform(repository, "preview", "main", "change", "--structure")
    assert done.returncode == 1
    assert "blueprint/not-utf-8" in done.stderr and "\x1b" not in done.stderr
    assert done.stdout == ""


def test_broken_yaml_on_one_side_is_a_report_with_its_line(repository: Path) -> None:
    (repository / "blueprints" / "platform.yaml").write_text(PLATFORM.replace("planes:\n", "planes: [\n", 1))
    commit(repository)
    done = planform(repository, "preview", "main", "change", "--structure")
    assert done.returncode == 1
    assert "blueprints/platform.yaml:" in done.stderr and "in the revision `change`" in done.stderr
    done = planform(repository, "preview", "change", "main", "--structure", "--json")
    assert done.returncode == 1 and json.loads(done.stdout)["diagnostics"]


def test_a_head_that_does_not_compile_is_a_report(repository: Path) -> None:
    (repository / "blueprints" / "platform.yaml").write_text(PLATFORM.replace("use: gke\n", "use: gkee\n"))
    commit(repository)
    done = planform(repository, "preview", "main", "change", "--structure")
    assert done.returncode == 1
    assert "gkee" in done.stderr and "Traceback" not in done.stderr


def test_no_code_of_a_repository_is_run(repository: Path) -> None:
    (repository / "stacks").mkdir()
    evil = f"import pathlib; pathlib.Path({str(repository / 'ran')!r}).touch()\n"
    for name in ("stacks/__init__.py", "main.py", "sitecustomize_planform.py", "conftest.py"):
        (repository / name).write_text(evil)
    (repository / ".gitattributes").write_text("*.yaml filter=evil diff=evil\n")
    git(repository, "config", "filter.evil.smudge", f"touch {repository / 'ran'}")
    git(repository, "config", "diff.evil.textconv", f"touch {repository / 'ran'}")
    commit(repository)
    done = planform(repository, "preview", "main", "change", "--structure", "--env", "dev", "--json")
    assert done.returncode == 0, done.stderr
    assert not (repository / "ran").exists()
    assert any("stacks/ composes in Python and was not run" in note for note in json.loads(done.stdout)["notes"])


def test_replace_refs_and_unfetched_objects_do_not_matter(repository: Path) -> None:
    old, new = (git(repository, "rev-parse", f"{each}:blueprints/platform.yaml") for each in ("main", "change"))
    git(repository, "replace", old, new)
    found = preview(
        from_revision("main", "blueprints", repository=repository),
        from_revision("change", "blueprints", repository=repository),
        environments=("dev",),
    )
    assert len(found.changes) == 1


def test_folders_are_sides_too(tmp_path: Path) -> None:
    for name, text in (("old", PLATFORM), ("new", CHANGED)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "platform.yaml").write_text(text)
    found = preview(from_files(tmp_path / "old"), from_files(tmp_path / "new"), environments=("dev",))
    assert [change.address for change in found] == ["google_storage_bucket.datasets"]


def test_a_plan_that_is_none_is_refused(repository: Path, tmp_path: Path) -> None:
    plan = tmp_path / "acme-ai-dev-resource.json"
    for text in ("", "[]", '{"format_version": "9.0"}', "[" * 100_000):
        plan.write_text(text)
        done = planform(repository, "preview", "--structure", "--plan", str(plan))
        assert done.returncode == 1
        assert "terraform/bad-plan" in done.stderr


def test_a_drift_of_a_stack_that_the_blueprint_has_not_is_refused(repository: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text('{"format_version": "1.2", "resource_drift": []}')
    told = {}
    for stack in ("acme-ai-dev-resource", "acme-ai-dev-resourse"):
        done = planform(repository, "drift", "blueprints", "--plan-json", f"{stack}={plan}", "--format", "markdown")
        told[stack] = (done.returncode, done.stdout.splitlines()[:1])
    assert told == {
        "acme-ai-dev-resource": (0, ["<!-- planform drift -->"]),
        "acme-ai-dev-resourse": (1, []),
    }
    assert "did you mean `acme-ai-dev-resource`" in done.stderr


TWO = """\
planform: 1
kind: Platform
name: acme-ai
organization: {domain: acme.example}
region: europe-west4
teams: {fraud: {owners: ["group:fraud-ml@acme.example"]}}
planes:
  security: {services: project-services, identity: iam}
  resource: {networking: vpc, compute: gke, object_store: {use: gcs, buckets: {raw: {}}}}
  delivery: {registry: artifact-registry, gitops: config-sync}
  data: {feature_store: vertex-feature-store}
environments:
  dev: {project: acme-ai-dev, project_number: 111111111111}
  prod: {project: acme-ai-prod, project_number: 222222222222, production: true%s}
"""


def diff(folder: Path, more: str = "") -> dict[str, Any]:
    (folder / "two.yaml").write_text(TWO % more)
    done = planform(folder, "diff", "dev", "prod", "two.yaml", "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_what_a_name_a_label_or_production_makes_is_no_difference(tmp_path: Path) -> None:
    """`acme_ai_dev_features` and `acme_ai_prod_features`, `/dev/shm` and `docker.pkg.dev`, what production keeps."""
    found = diff(tmp_path)
    assert (found["values"], found["addresses"]) == ([], [])
    assert found["expected_addresses"] > 5
    found = diff(tmp_path, ", labels: {cost_center: ml}")
    assert [each["path"] for each in found["values"]] == ["labels.cost_center"]
    assert found["addresses"] == []


def test_what_differs_besides_is_listed_manifests_too(tmp_path: Path) -> None:
    quota = ", planes: {resource: {object_store: {buckets: {raw: {location: europe-west1}}}}}"
    found = diff(tmp_path, f"{quota}, teams: {{fraud: {{accelerators: {{nvidia-l4: 4}}}}}}")
    kinds = {(each["kind"], each["address"]) for each in found["addresses"]}
    assert ("terraform", "google_storage_bucket.raw") in kinds
    assert ("kubernetes", "v1 ResourceQuota fraud/quota") in kinds
    bucket = next(each for each in found["addresses"] if each["address"] == "google_storage_bucket.raw")
    assert bucket["attributes"] == [{"path": "location", "values": ["EUROPE-WEST4", "EUROPE-WEST1"]}]


def test_environments_are_compared_with_what_is_expected_apart(repository: Path) -> None:
    done = planform(repository, "diff", "dev", "prod", "blueprints", "--json", "--exit-code")
    assert done.returncode == 3, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    values = {each["path"]: each for each in found["values"]}
    assert values["planes.resource.database.tier"]["written"]
    assert {each["path"] for each in found["expected"]} >= {"environments.*.project", "environments.*.project_number"}
    assert any(each["address"] == "google_container_node_pool.h100" for each in found["addresses"])
    assert "acme-ai-dev" not in json.dumps(found["addresses"])
    assert planform(repository, "diff", "dev", "prd", "blueprints").returncode == 1
