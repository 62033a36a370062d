"""Rules of one's own: found, judged themselves, evaluated beside planform's, and never left out in silence."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

import planform
from planform.checks.policy.engine import EngineName
from planform.checks.policy.judge import Judgement
from planform.checks.policy.own import found_beside, own_packs
from planform.checks.policy.own_tests import run_tests
from planform.checks.policy.severities import tightened
from planform.diagnostics import DiagnosticError
from planform.output.output import Output
from planform.pipeline import Compilation, compile_files, judging
from planform.rules import skeleton
from planform.rules.pack import shipped_pack
from planform.rules.skeleton import rule_text
from tests.tools import tool

MINIMAL = Path(__file__).parent.parent / "blueprints" / "minimal.yaml"
TODAY = date(2026, 11, 25)
SUBJECTS = ("terraform", "kubernetes", "file")


def write(folder: Path, id: str = "data/own", text: str = "", subject: str = "terraform") -> Path:
    path = folder / (id.replace("-", "_") + ".rego")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text or rule_text(id, subject))
    return path


@functools.cache
def minimal() -> Compilation:
    return compile_files(MINIMAL)


def check(folder: Path, engine: EngineName = "auto") -> Judgement:
    return judging(minimal(), today=TODAY, engine=engine, folders=[folder]).result()


def faults(folder: Path) -> list[tuple[str, int]]:
    with pytest.raises(DiagnosticError) as caught:
        own_packs([folder])
    return [(each.code, each.at.line if each.at else 0) for each in caught.value.diagnostics]


@pytest.mark.go
def test_a_rule_of_ones_own_denies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANFORM_OPA", str(tool("opa")))
    write(
        tmp_path, text=rule_text("data/own", "terraform").replace("google_storage_bucket", "google_container_cluster")
    )
    findings = check(tmp_path).findings
    assert {each.code for each in findings} == {"policy/data/own"}
    assert all(each.at is not None and each.at.file.endswith("minimal.yaml") for each in findings)


@pytest.mark.parametrize("engine", ["auto", "wasm"])
def test_without_opa_it_is_not_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: EngineName) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    write(tmp_path / "policies")
    with pytest.raises(DiagnosticError) as caught:
        check(tmp_path / "policies", engine)
    assert [each.code for each in caught.value.diagnostics] == ["policy/no-engine"]
    assert caught.value.diagnostics[0].summary.startswith("rules of your own need opa")


def test_an_opa_that_is_named_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one in its place would be another judge."""
    write(tmp_path / "policies")
    monkeypatch.setenv("PLANFORM_OPA", str(tmp_path / "none"))
    for asked in (
        lambda: check(tmp_path / "policies"),
        lambda: judging(minimal(), today=TODAY).result(),
        lambda: run_tests([tmp_path]),
    ):
        with pytest.raises(DiagnosticError, match=r"PLANFORM_OPA names `.*none`, which is no executable"):
            asked()
    assert judging(minimal(), today=TODAY, engine="wasm").result().engine == "wasm"


def test_the_folder_beside_the_blueprint_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert found_beside([tmp_path / "blueprints"]) == ()
    write(tmp_path / "policies")
    assert found_beside([tmp_path / "blueprints"]) == (tmp_path / "policies",)
    assert found_beside([tmp_path / "blueprints" / "platform.yaml"]) == (tmp_path / "policies",)
    monkeypatch.chdir(MINIMAL.parent.parent)
    assert found_beside([Path("blueprints/minimal.yaml")]) == ()


@pytest.mark.parametrize(
    ("change", "code", "line"),
    [
        (("# METADATA\n", ""), "policy/no-metadata", 1),
        (("#   severity: high", "#   severity: grave"), "policy/bad-metadata", 7),
        (("#   severity: high\n", ""), "policy/bad-metadata", 5),
        (("#   id: data/own", "#   id: data/others"), "policy/bad-metadata", 1),
        (("package rules.data.own", "package rules.data.others"), "policy/bad-metadata", 12),
        (("#   frameworks: []", "#   frameworks: ["), "policy/bad-metadata", 11),
        (("#   frameworks: []", "#   facts: [weather]"), "policy/bad-metadata", 10),
        (("#   frameworks: []", "#   facts: [teams]"), "policy/bad-metadata", 1),
        (("#   frameworks: []", "#   match: workloads"), "policy/bad-metadata", 1),
        (("terraform\n", "file\n#   in_plans: false\n"), "policy/bad-metadata", 9),
    ],
)
def test_metadata_is_judged(tmp_path: Path, change: tuple[str, str], code: str, line: int) -> None:
    text = rule_text("data/own", "terraform")
    assert change[0] in text
    write(tmp_path, text=text.replace(*change))
    assert (code, line) in faults(tmp_path)


@pytest.mark.parametrize(("file", "package"), [("main.rego", "main"), ("lib/own.rego", "lib.tf"), ("lib/x.rego", "x")])
def test_what_planform_brings_stays_its_own(tmp_path: Path, file: str, package: str) -> None:
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"package {package}\n\nfindings := set()\n")
    assert faults(tmp_path) == [("policy/bad-metadata", 1)]


def test_two_rules_with_one_id(tmp_path: Path) -> None:
    write(tmp_path / "one")
    write(tmp_path / "two")
    with pytest.raises(DiagnosticError) as caught:
        own_packs([tmp_path / "one", tmp_path / "two"])
    assert [each.code for each in caught.value.diagnostics] == ["policy/duplicate-rule"]
    write(tmp_path / "three", "resource/public-bucket")
    assert faults(tmp_path / "three") == [("policy/duplicate-rule", 1)]


@pytest.mark.parametrize("file", [None, "notes.md", "data/own_test.rego", "lib/own.rego"])
def test_a_folder_without_rules_is_no_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str | None) -> None:
    """Whoever names a folder wants its rules judged; one that lies beside a blueprint may be about something else."""
    folder = tmp_path / "policies"
    folder.mkdir()
    if file is not None:
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_text("package lib.own\n")
    assert faults(folder) == [("policy/no-rules", 0)]
    monkeypatch.chdir(tmp_path)
    assert found_beside([tmp_path / "platform.yaml"]) == ()
    for arguments in (("check", str(MINIMAL), "--policies"), ("policy", "docs", "--policies")):
        done = run(*arguments, "policies", cwd=tmp_path)
        assert (done.returncode, done.stdout) == (1, "")
        assert "policy/no-rules" in done.stderr


@pytest.mark.go
def test_rego_that_opa_refuses_is_told_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANFORM_OPA", str(tool("opa")))
    path = write(tmp_path, text=rule_text("data/own", "terraform").replace(" if {", " {"))
    with pytest.raises(DiagnosticError) as caught:
        check(tmp_path)
    fault = caught.value.diagnostics[0]
    assert fault.code == "policy/rego"
    assert fault.at is not None and (fault.at.file, fault.at.line) == (str(path), 16)


@pytest.mark.go
@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_new_rule_is_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, subject: str) -> None:
    """What `planform policy new` writes is loaded, passes its own tests and is formatted."""
    opa = str(tool("opa"))
    monkeypatch.setenv("PLANFORM_OPA", opa)
    path = write(tmp_path, "data/my-own", subject=subject)
    path.with_name("my_own_test.rego").write_text(skeleton.test_text("data/my-own", subject))
    assert [rule.id for rule in own_packs([tmp_path])[0].rules] == ["data/my-own"]
    assert [each.passed for each in run_tests([tmp_path])] == [True, True]
    assert subprocess.run([opa, "fmt", "--fail", str(tmp_path)], capture_output=True, check=False).returncode == 0


@pytest.mark.go
def test_rules_without_tests_do_not_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANFORM_OPA", str(tool("opa")))
    write(tmp_path)
    with pytest.raises(DiagnosticError) as caught:
        run_tests([tmp_path])
    assert [each.code for each in caught.value.diagnostics] == ["policy/no-tests"]


# Severities


def severities(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "severities.yaml").write_text(text)
    return folder


def test_a_severity_can_be_raised_and_needs_no_opa(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What planform ships denies from medium upwards, so a made-up rule of severity low shows that more is denied."""
    monkeypatch.delenv("PLANFORM_OPA", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    folder = severities(tmp_path / "policies", "observability/unlabelled: critical\n")
    assert found_beside([tmp_path / "platform.yaml"]) == (folder,)
    raised = {rule.id: rule.severity for rule in check(folder).rules}
    assert raised["observability/unlabelled"] == "critical"
    assert raised["resource/unbounded-pod"] == "medium"
    low = replace(shipped_pack().by_id["observability/unlabelled"], severity="low")
    assert not low.denies
    assert tightened({low.id: low}, [folder])[low.id].denies


def test_of_two_folders_the_graver_severity_holds(tmp_path: Path) -> None:
    folders = [
        severities(tmp_path / "one", "observability/unlabelled: critical\n"),
        severities(tmp_path / "two", "observability/unlabelled: high\n"),
    ]
    for each in (folders, folders[::-1]):
        assert tightened(shipped_pack().by_id, each)["observability/unlabelled"].severity == "critical"


def test_severities_are_judged(tmp_path: Path) -> None:
    """All at once, each at its line; no rule becomes milder."""
    folder = severities(
        tmp_path,
        "observability/unlabelled: high\n"
        "resource/public-bucket: low\n"
        "resource/public-bukket: high\n"
        "security/privileged-pod: [grave]\n",
    )
    with pytest.raises(DiagnosticError) as caught:
        check(folder)
    assert [(each.code, each.at.line if each.at else 0) for each in caught.value.diagnostics] == [
        ("policy/lowered-severity", 2),
        ("policy/unknown-rule", 3),
        ("policy/bad-severity", 4),
    ]
    assert "did you mean `resource/public-bucket`?" in str(caught.value)


@pytest.mark.parametrize("text", ["- resource/public-bucket\n", "a: [\n", "a: high\na: low\n"])
def test_what_is_no_list_of_severities_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        check(severities(tmp_path, text))
    assert all(each.code.startswith("blueprint/") and each.at is not None for each in caught.value.diagnostics)


# The command line


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from planform.cli import main; main()", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(Path(planform.__file__).parents[1]), "PATH": "/bin"}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_check_is_for_people_and_programs(tmp_path: Path) -> None:
    done = run("check", str(MINIMAL), "--json", "--junit", "found.xml", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    assert (said["denied"], said["diagnostics"], said["engine"]) == (False, [], "wasm")
    assert f'tests="{len(said["rules"])}"' in (tmp_path / "found.xml").read_text()
    sarif = json.loads(run("check", str(MINIMAL), "--sarif", cwd=tmp_path).stdout)
    assert sarif["version"] == "2.1.0"


def test_what_is_denied_is_not_written(tmp_path: Path) -> None:
    """A waiver that is wrong stops a run as a denial does."""
    text = MINIMAL.read_text() + (
        "waivers:\n  - {rule: resource/public-bucket, target: google_storage_bucket.artifacts,\n"
        "     reason: none that anybody remembers, owner: 'user:a@acme.example', expires: 2020-01-01}\n"
    )
    (tmp_path / "platform.yaml").write_text(text)
    done = run("synth", "platform.yaml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "policy/waiver-expired" in done.stderr and "nothing was written" in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["platform.yaml"]
    assert run("synth", str(MINIMAL), "--out", "good", cwd=tmp_path).returncode == 0
    before = Output.read(tmp_path / "good")
    done = run("synth", "platform.yaml", "--out", "good", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert Output.read(tmp_path / "good") == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["good", "platform.yaml"]
    done = run("synth", "platform.yaml", "--allow-denied", cwd=tmp_path)
    assert done.returncode == 0
    assert "policy/waiver-expired" in done.stderr
    assert (tmp_path / "planform.out").exists()


def test_a_real_plan_is_judged_as_its_stack(tmp_path: Path) -> None:
    bucket = {"name": "b", "location": "US-CENTRAL1", "public_access_prevention": "inherited", "labels": {}}
    change = {"actions": ["create"], "after": bucket, "after_unknown": {}}
    place = {"address": "google_storage_bucket.b", "mode": "managed", "type": "google_storage_bucket", "name": "b"}
    plan = {"format_version": "1.2", "resource_changes": [{**place, "change": change}]}
    (tmp_path / "acme-ai-dev-resource.json").write_text(json.dumps(plan))
    done = run("check", str(MINIMAL), "--plan", "acme-ai-dev-resource.json", "--json", cwd=tmp_path)
    assert done.returncode == 1
    said = json.loads(done.stdout)
    assert said["subjects"] == 1
    assert {each["code"] for each in said["diagnostics"]} >= {
        "policy/resource/outside-region",
        "policy/resource/public-bucket",
    }


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("acme-ai-dev-resource.json", "{}", "terraform/bad-plan"),
        ("acme-ai-dev-resource.json", "{", "terraform/bad-plan"),
        ("acme-ai-dev-resource.json", '{"format_version": "1.2"}', "terraform/bad-plan"),
        ("acme-ai-dev-resource.json", '{"format_version": "1.2", "resource_changes": []}', "policy/nothing-to-judge"),
        ("plan.json", '{"format_version": "1.2", "resource_changes": []}', "policy/unknown-stack"),
    ],
)
def test_what_is_no_plan_is_no_pass(tmp_path: Path, name: str, text: str, code: str) -> None:
    (tmp_path / name).write_text(text)
    done = run("check", str(MINIMAL), "--plan", name, "--json", cwd=tmp_path)
    assert done.returncode == 1
    assert [each["code"] for each in json.loads(done.stdout)["diagnostics"]] == [code]
