"""What runs stays at its version until somebody moves it, whatever planform ships."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from msgspec.structs import replace

from planform.blueprint.read import read, read_text
from planform.diagnostics import DiagnosticError
from planform.kubernetes import pins
from planform.kubernetes.charts import charts
from planform.kubernetes.images import lock as image_lock
from planform.pipeline import compile_documents, compile_files

PLATFORM = """\
planform: 1
kind: Platform
name: acme-ai
organization: {domain: acme.example}
region: europe-west4
environments:
  dev: {project: acme-ai-dev, project_number: "111111111111"}
planes:
  security: {services: project-services, identity: iam, policy: opa-gatekeeper}
  resource: {networking: vpc, compute: gke}
  delivery: {gitops: {use: argo-cd, git: {repository: "https://github.com/acme/ai-platform"}}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "platform.yaml").write_text(PLATFORM)
    return tmp_path


def lock(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "planform.cli", "lock", str(folder), *arguments]
    code = "import sys; from planform.cli import main; main(sys.argv[1:])"
    return subprocess.run(
        [sys.executable, "-c", code, *command[3:]], capture_output=True, text=True, check=False, timeout=60
    )


def gatekeeper(folder: Path) -> str:
    files = compile_files(folder).output.files
    sources = [
        yaml.safe_load(str(text))["spec"]["source"]
        for path, text in files.items()
        if path.startswith("kubernetes/dev/sync/argo-cd/application-")
    ]
    (version,) = [str(source["targetRevision"]) for source in sources if source.get("chart") == "gatekeeper"]
    return version


def test_a_pinned_chart_stays_where_it_is(folder: Path) -> None:
    assert gatekeeper(folder) == charts()["gatekeeper"].version
    (folder / "versions.yaml").write_text("planform: 1\nkind: Versions\ncharts: {gatekeeper: 3.22.1}\n")
    assert gatekeeper(folder) == "3.22.1"


def test_lock_writes_what_planform_ships_and_changes_no_output(folder: Path) -> None:
    before = compile_files(folder).output.files
    done = lock(folder)
    assert done.returncode == 0, done.stderr
    written = yaml.safe_load((folder / "versions.yaml").read_text())
    assert written["charts"] == {name: chart.version for name, chart in charts().items()}
    assert compile_files(folder).output.files == before


def test_lock_keeps_moves_and_drops(folder: Path) -> None:
    held = "planform: 1\nkind: Versions\ncharts: {gatekeeper: 3.22.1, kueue: 0.18.0, gone: 1.0.0}\n"
    (folder / "versions.yaml").write_text(held)
    done = lock(folder, "--move", "kueue")
    assert done.returncode == 0, done.stderr
    written = yaml.safe_load((folder / "versions.yaml").read_text())["charts"]
    assert written["gatekeeper"] == "3.22.1"
    assert written["kueue"] == charts()["kueue"].version
    assert "gone" not in written
    assert f"chart  kueue                        0.18.0 -> {charts()['kueue'].version}" in done.stdout
    assert "dropped" in done.stdout
    assert lock(folder, "--move-all").returncode == 0
    moved = yaml.safe_load((folder / "versions.yaml").read_text())["charts"]
    assert moved["gatekeeper"] == charts()["gatekeeper"].version


def test_lock_tells_what_is_another_image_later(folder: Path) -> None:
    done = lock(folder)
    assert "`code-oss` is not pinned: `public-image-current` is another image later" in done.stderr
    assert json.loads(lock(folder, "--json").stdout)["moving"] == ["code-oss"]
    pinned = (folder / "versions.yaml").read_text().replace("image-current", f"image-current@sha256:{'0' * 64}")
    (folder / "versions.yaml").write_text(pinned)
    done = lock(folder)
    assert (done.returncode, "is not pinned" in done.stderr) == (0, False)


@pytest.mark.parametrize(("tag", "moves", "good"), [("stable", "", False), ("stable", ", moves: true", True),
                                                    ("1.2", "", True), ("1.2", ", moves: true", False)])  # fmt: skip
def test_a_tag_without_a_version_says_that_it_moves(tag: str, moves: str, good: bool) -> None:
    text = f"a: {{repository: ghcr.io/acme/a, tag: '{tag}', source: s, read: d{moves}}}"
    if good:
        assert image_lock(text)["a"].moves == bool(moves)
    else:
        with pytest.raises(ValueError, match="one of the two"):
            image_lock(text)


def test_lock_refuses_a_name_that_is_not_there(folder: Path) -> None:
    done = lock(folder, "--move", "gatekeper")
    assert done.returncode == 1
    assert "did you mean `gatekeeper`?" in done.stderr
    assert not (folder / "versions.yaml").exists()


def test_a_newer_planform_changes_no_output_until_the_lock_moves(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert lock(folder).returncode == 0
    before = compile_files(folder).output.files
    newer = {name: replace(chart, version="99.0.0") for name, chart in charts().items()}
    monkeypatch.setattr("planform.kubernetes.record.charts", lambda: newer)
    assert compile_files(folder).output.files == before
    (folder / "versions.yaml").unlink()
    assert compile_files(folder).output.files != before


@pytest.mark.parametrize(
    ("versions", "code"),
    [
        ("charts: {gatekeper: 3.23.0}", "spec/unknown-version"),
        ("charts: {gatekeeper: latest}", "spec/bad-form"),
        ("images: {triton: latest}", "spec/bad-form"),
        ("chart: {gatekeeper: 3.23.0}", "spec/unknown-key"),
        ("charts: {}\n---\nplanform: 1\nkind: Versions", "spec/two-versions"),
    ],
)
def test_versions_that_cannot_be_had_are_refused(versions: str, code: str) -> None:
    text = f"{PLATFORM}---\nplanform: 1\nkind: Versions\n{versions}\n"
    with pytest.raises(DiagnosticError) as refused:
        compile_documents(read_text(text))
    assert code in {each.code for each in refused.value.diagnostics}


def test_pins_of_a_folder_are_read_as_they_are_written(folder: Path) -> None:
    (folder / "versions.yaml").write_text(pins.text(pins.pin({})))
    assert [each.value["kind"] for each in read(folder)] == ["Platform", "Versions"]
