"""checkov's second opinion: what the real one finds, what planform does not share of it, and how a broken one fails."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import planform
from planform.checks.policy.checkov import Baseline, Checkov, Opinion, baseline, checkov_here
from planform.checks.policy.document import Judged
from planform.checks.policy.judge import judging
from planform.checks.policy.waivers import Written
from planform.checks.policy.wasm import Wasm
from planform.diagnostics import DiagnosticError
from planform.pipeline import compile_files, judged_of
from planform.rules.pack import shipped_pack
from planform.spec.faults import parse
from planform.spec.platform import Waiver
from tests import terraform
from tests.broken import Break, as_plan

ROOT = Path(__file__).parent.parent
TOOL = ROOT / ".tools" / "checkov" / "bin"
MINIMAL = ROOT / "blueprints" / "minimal.yaml"
TODAY = date(2026, 11, 25)
STACK = "acme-ai-dev-resource"
CLUSTER = "google_container_cluster.compute"
NONE = Baseline(checks=(), resources=())
real = pytest.mark.pip_tools


def tool() -> Checkov:
    found = os.environ.get("PLANFORM_CHECKOV") or str(TOOL / "checkov")
    if not shutil.which(found):
        required = os.environ.get("PLANFORM_REQUIRE_TIERS") == "1"
        (pytest.fail if required else pytest.skip)("no checkov here; `python3 dev.py test` installs it")
    return Checkov(found)


@functools.cache
def minimal() -> Judged:
    return judged_of(compile_files(MINIMAL))


def one_bucket(**values: Any) -> Judged:
    """One resource, so that a fake can speak of it."""
    body = {"name": "a", "location": "EUROPE-WEST4", **values}
    return Judged({"stacks": {STACK: "dev"}}, {STACK: {"resource": {"google_storage_bucket": {"a": body}}}})


# With the real one


@functools.cache
def of_the_reference() -> Opinion:
    return tool().opinion(judged_of(compile_files(ROOT / "blueprints" / "reference")), baseline())


@real
def test_the_reference_has_no_finding_and_needs_every_entry_of_the_baseline() -> None:
    opinion = of_the_reference()
    assert opinion.findings == ()
    unused = {*baseline().checks, *baseline().resources} - {*opinion.accepted}
    assert not unused, "nothing needs these any more: delete them"
    assert len(opinion.rules) > 60


BROKEN = Break(
    "checkov",
    1,
    {
        "break": {f"{STACK}/{CLUSTER}": {"enable_legacy_abac": True}},
        "add": {
            f"{STACK}/google_storage_bucket_iam_member.press": {
                "bucket": "press",
                "role": "roles/storage.objectViewer",
                "member": "allUsers",
            },
            # checkov's checks of the flags crash on text in place of a block
            f"{STACK}/google_sql_database_instance.odd": {
                "database_version": "POSTGRES_18",
                "settings": [{"database_flags": "log_lock_waits"}],
            },
        },
    },
    (),
)


@real
def test_what_is_broken_is_found_at_the_blueprints_line() -> None:
    waiver = parse(Waiver, {
        "rule": "checkov/ckv-gcp-28", "target": "google_storage_bucket_iam_member.press", "expires": "2027-06-30",
        "reason": "the press kit, which is public on purpose", "owner": "group:a@acme.example",
    })  # fmt: skip
    assert isinstance(waiver, Waiver)
    judgement = judging(
        BROKEN.applied(minimal()), today=TODAY, engine=Wasm(), checkov=tool(), waivers=[Written(waiver, {})]
    ).result()
    found = {(each.code, each.summary.partition(" ")[0]): each for each in judgement.findings}
    legacy = found["policy/checkov/ckv-gcp-7", CLUSTER]
    assert str(legacy.at).startswith(str(MINIMAL)) and legacy.at is not None
    assert MINIMAL.read_text().splitlines()[legacy.at.line - 1].strip() == "use: gke"
    assert legacy.summary == f"{CLUSTER} in {STACK} fails CKV_GCP_7, which looks at `enable_legacy_abac`"
    assert "waiver of `checkov/ckv-gcp-7`" in legacy.help
    assert ("policy/resource/public-bucket", "google_storage_bucket_iam_member.press") in found
    assert [each.code for each in judgement.waived] == ["policy/checkov/ckv-gcp-28"]
    odd = [each.summary for code, address in found if address.endswith(".odd") for each in [found[code, address]]]
    assert any("could not be judged by CKV_GCP_" in each for each in odd)
    assert judgement.denied and "checkov 3." in judgement.engine


@real
def test_a_plan_is_judged_as_what_it_was_planned_from() -> None:
    only = replace(minimal(), stacks={STACK: minimal().stacks[STACK]})
    broken = Break("checkov", 1, {"break": BROKEN.change["break"]}, ()).applied(only)
    opinion = tool().opinion(as_plan(broken), baseline())
    assert ("checkov/ckv-gcp-7", CLUSTER) in [(each["rule"], each["address"]) for each in opinion.findings]


@real
@pytest.mark.terraform
def test_real_plans_of_the_reference_are_allowed(tmp_path: Path) -> None:
    """By the rules and by checkov, as CI asks: what only the provider knows is in neither's way."""
    terraform.need("google")
    compiled = compile_files(ROOT / "blueprints" / "reference", environments=["prod"])
    names = ("acme-ai-prod-resource", "acme-ai-prod-security")
    for name in names:
        (tmp_path / "work" / name).mkdir(parents=True)
        plan = terraform.plan(str(compiled.output.files[f"stacks/{name}/cdk.tf.json"]), tmp_path / "work" / name)
        (tmp_path / f"{name}.json").write_text(json.dumps(plan))
    command = [sys.executable, "-c", "from planform.cli import main; main()", "check", "--checkov", "--json"]
    command += ["--env", "prod", "--date", str(TODAY), *(f"--plan={name}.json" for name in names)]
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(planform.__file__).parents[1]),
        "PLANFORM_CHECKOV": tool().place,
    }
    done = subprocess.run([*command, str(ROOT / "blueprints" / "reference")], cwd=tmp_path, env=environment,
                          capture_output=True, text=True, check=False)  # fmt: skip
    said = json.loads(done.stdout)
    assert (done.returncode, said["diagnostics"]) == (0, [])
    assert said["subjects"] > 200 and "checkov 3." in said["engine"]


@real
def test_no_check_of_high_severity_is_set_aside_as_a_whole() -> None:
    """Public access, encryption at rest and privileged access, by checkov's own categories and names."""
    program = (
        "import json, sys, checkov.terraform.runner\n"
        "from checkov.terraform.checks.resource.registry import resource_registry as plain\n"
        "from checkov.common.checks_infra.registry import get_graph_checks_registry\n"
        "graph = get_graph_checks_registry('terraform'); graph.load_checks()\n"
        "found = [c for cs in plain.checks.values() for c in cs] + graph.checks\n"
        "print(json.dumps({c.id: [c.name, *(str(getattr(k, 'name', k)) for k in\n"
        "  (getattr(c, 'categories', None) or [c.category]))] for c in found}))\n"
    )
    tool()
    done = subprocess.run([TOOL / "python", "-c", program], capture_output=True, text=True, check=True)
    checks = json.loads(done.stdout)
    for each in baseline().checks:
        name, *categories = checks[each.check]
        assert not {"IAM", "ENCRYPTION", "SECRETS"} & {*categories}, each.check
        assert not any(word in name.lower() for word in ("public", "anonymous", "encrypted with")), each.check
    assert {"IAM", "ENCRYPTION"} <= {category for each in baseline().resources for category in checks[each.check][1:]}


# The baseline


def test_a_rule_that_stands_for_a_check_denies() -> None:
    rules = [each.rule for each in (*baseline().checks, *baseline().resources) if each.rule]
    assert rules
    assert all(shipped_pack().by_id[rule].denies for rule in rules)


def test_an_entry_for_some_resources_is_for_no_others() -> None:
    accepts = baseline().accepting
    external: dict[str, Any] = {"external_data_configuration": [{}]}
    assert accepts("CKV_GCP_80", "google_bigquery_table.payments", external)
    assert not accepts("CKV_GCP_80", "google_bigquery_table.payments", {})
    apply = "google_project_iam_member.github_apply_teams_iam_service_account"
    assert accepts("CKV_GCP_49", f"{apply}_admin", {}) and accepts("CKV_GCP_49", f"{apply}_user", {})
    assert accepts("CKV_GCP_41", f"{apply}_user", {}) and not accepts("CKV_GCP_41", f"{apply}_admin", {})
    for check in ("CKV_GCP_41", "CKV_GCP_49"):
        assert not accepts(check, "google_project_iam_member.github_apply_teams_owner", {})
        assert not accepts(check, "google_project_iam_member.fraud_iam_service_account_user", {})


# With one that fails: each is the whole answer of a program in checkov's place


def fake(folder: Path, script: str) -> Checkov:
    path = folder / "checkov"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return Checkov(str(path), seconds=5)


def answer(**changes: Any) -> str:
    """A report of one bucket that passed."""
    summary = {"passed": 1, "failed": 0, "parsing_errors": 0, "resource_count": 1, "checkov_version": "3.3.30"}
    entry = {
        "check_id": "CKV_GCP_29", "check_name": "Uniform access", "file_path": f"/plans/{STACK}/plan.json",
        "resource": "google_storage_bucket.a", "check_result": {"evaluated_keys": []},
    }  # fmt: skip
    results = {"passed_checks": [entry], "failed_checks": []}
    for key, value in changes.items():
        if key == "elsewhere":
            results["failed_checks"] = [{**entry, "resource": value}]
        else:
            summary[key] = value
    return f"echo '{json.dumps({'summary': summary, 'results': results})}'"


def test_a_whole_answer_counts(tmp_path: Path) -> None:
    opinion = fake(tmp_path, answer()).opinion(one_bucket(), NONE)
    assert (opinion.findings, [*opinion.rules]) == ((), ["checkov/ckv-gcp-29"])


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("exit 0", "no JSON"),
        ("echo Traceback >&2; exit 2", "ended with 2: Traceback"),
        ("echo '[]'", "not one report"),
        # what it says, with exit code 0, when it could not read a file
        ('echo \'{"passed": 0, "failed": 0, "parsing_errors": 1, "checkov_version": "3.3.30"}\'', "no report of plans"),
        (answer(parsing_errors=1), "could not read 1 of the plans"),
        (answer(resource_count=0), "saw 0 of 1 resources"),
        (answer(passed=0), "no check for any"),
        (answer(elsewhere="google_storage_bucket.b"), "which nobody gave it"),
        ("sleep 60 & sleep 60", "longer than"),
    ],
)
def test_half_an_answer_is_no_pass(tmp_path: Path, script: str, says: str) -> None:
    checkov = replace(fake(tmp_path, script), seconds=1.0 if "sleep" in script else 30.0)
    with pytest.raises(DiagnosticError) as caught:
        checkov.opinion(one_bucket(), NONE)
    (fault,) = caught.value.diagnostics
    assert fault.code == "policy/checkov-failed"
    assert says in fault.summary


def test_nothing_to_judge_is_no_pass(tmp_path: Path) -> None:
    with pytest.raises(DiagnosticError, match="no resource to judge"):
        fake(tmp_path, answer()).opinion(Judged({}, {STACK: {}}), NONE)


def test_it_gets_the_resources_and_nothing_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_CREDENTIALS", "s3cret")
    keep = f"env > {tmp_path}/env; cat plans/*/plan.json > {tmp_path}/plan.json"
    change = {"actions": ["update"], "after": {"name": "a", "key": "s3cret"}, "after_sensitive": {"key": True}}
    place = {"address": "google_storage_bucket.a[0]", "mode": "managed", "type": "google_storage_bucket", "name": "a"}
    gone = {**place, "address": "google_storage_bucket.gone", "change": {"actions": ["delete"], "after": None}}
    plan = {"resource_changes": [{**place, "change": change}, gone]}
    fake(tmp_path, f"{keep}\n{answer()}".replace("bucket.a", "bucket.a[0]")).opinion(Judged({}, {STACK: plan}), NONE)
    text = (tmp_path / "plan.json").read_text()
    assert "s3cret" not in text + (tmp_path / "env").read_text()
    (resource,) = json.loads(text)["planned_values"]["root_module"]["resources"]
    assert (resource["address"], resource["values"]["name"]) == ("google_storage_bucket.a[0]", "a")


def test_a_planned_value_is_given_as_it_was_written(tmp_path: Path) -> None:
    """With references for what is unknown, `false` for null, and without what the provider makes up."""
    after = {"name": "a", "versioning": [{"enabled": None}], "logging": [], "kms": None, "project": "p"}
    unknown = {"id": True, "encryption": True, "versioning": [{}]}
    place = {"address": "google_storage_bucket.a", "mode": "managed", "type": "google_storage_bucket", "name": "a"}
    plan = {"resource_changes": [
        {**place, "change": {"actions": ["create"], "after": after, "after_unknown": unknown}},
    ]}  # fmt: skip
    key = "${google_kms_crypto_key.data.id}"
    body = {"name": "other", "versioning": [{"enabled": False}], "encryption": key}
    written = {STACK: {"resource": {"google_storage_bucket": {"a": body}}}}
    keep = f"cat plans/*/plan.json > {tmp_path}/plan.json"
    fake(tmp_path, f"{keep}\n{answer()}").opinion(Judged({}, {STACK: plan}, written=written), NONE)
    given = json.loads((tmp_path / "plan.json").read_text())
    (resource,) = given["planned_values"]["root_module"]["resources"]
    assert resource["values"] == {"name": "a", "versioning": [{"enabled": False}], "project": "p", "encryption": key}
    (configured,) = given["configuration"]["root_module"]["resources"]
    assert configured["expressions"] == {"encryption": {"references": ["google_kms_crypto_key.data"]}}


def test_an_account_is_named_as_a_plan_names_it(tmp_path: Path) -> None:
    """A reference would keep from checkov whom a role is for."""
    resources = {
        "google_service_account": {"apply": {"account_id": "apply", "project": "p"}},
        "google_project_iam_member": {
            "a": {"member": "${google_service_account.apply.member}", "role": "roles/dns.admin"},
            "b": {"member": "${google_service_account.elsewhere.member}", "role": "roles/dns.admin"},
        },
    }
    keep = f"cat plans/*/plan.json > {tmp_path}/plan.json"
    summary = answer(resource_count=3)
    fake(tmp_path, f"{keep}\n{summary}").opinion(Judged({}, {STACK: {"resource": resources}}), NONE)
    given = json.loads((tmp_path / "plan.json").read_text())["planned_values"]["root_module"]["resources"]
    assert [each["values"].get("member") for each in given] == [
        None, "serviceAccount:apply@p.iam.gserviceaccount.com", "${google_service_account.elsewhere.member}",
    ]  # fmt: skip


def test_where_it_is_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PLANFORM_CHECKOV", str(tmp_path / "none"))
    with pytest.raises(DiagnosticError) as caught:
        checkov_here()
    assert [each.code for each in caught.value.diagnostics] == ["policy/no-checkov"]


def test_a_waiver_of_a_check_waits_for_a_run_that_asks_it(tmp_path: Path) -> None:
    """Without --checkov nothing is said of it; with it, a check that nothing was asked by is unknown."""
    text = MINIMAL.read_text() + (
        "waivers:\n  - {rule: checkov/ckv-gcp-999, target: google_container_cluster.compute,\n"
        "     reason: none that anybody remembers, owner: 'user:a@acme.example', expires: 2027-01-01}\n"
    )
    (tmp_path / "platform.yaml").write_text(text)
    compiled = compile_files(tmp_path / "platform.yaml")
    entry = {"check_id": "CKV_GCP_29", "check_name": "Uniform access", "file_path": "", "resource": ""}
    summary = {"passed": 1, "failed": 0, "parsing_errors": 0, "resource_count": compiled.resources,
               "checkov_version": "3.3.30"}  # fmt: skip
    report = {"summary": summary, "results": {"passed_checks": [entry], "failed_checks": []}}
    for checkov, codes in ((None, []), (fake(tmp_path, f"echo '{json.dumps(report)}'"), ["policy/unknown-rule"])):
        judgement = planform.pipeline.judging(compiled, today=TODAY, engine=Wasm(), checkov=checkov).result()
        assert [each.code for each in judgement.findings] == codes


def test_the_command_line_fails_closed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from planform.cli import main; main()", "check", "--checkov", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(Path(planform.__file__).parents[1]), "PLANFORM_CHECKOV": "false"}
    done = subprocess.run([*command, str(MINIMAL)], cwd=tmp_path, env=environment,
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 1
    assert [each["code"] for each in json.loads(done.stdout)["diagnostics"]] == ["policy/checkov-failed"]
