"""A preview says which policy findings a change brings, which it mends and which a waiver allows."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from planform.blueprint.read import read_text
from planform.cli import group
from planform.diagnostics import DiagnosticError, Severity
from planform.preview.changes import ChangeSet
from planform.preview.policy import PolicyDelta, Rules
from planform.preview.preview import preview
from planform.preview.render import FORMATS, render
from planform.preview.revision import Side
from tests.tools import tool

PLATFORM = (Path(__file__).parent / "previews" / "platform.yaml").read_text()
WITHOUT = PLATFORM.replace("        datasets: {}\n", "")
TODAY = date(2026, 11, 25)
ADDRESS = "google_storage_bucket.datasets"
WAIVER = f"""
waivers:
- rule: data/own
  target: {ADDRESS}
  reason: the name stays until the move in spring
  owner: group:data@acme.example
  expires: 2027-02-01
"""
RULE = """\
# METADATA
# title: A bucket with a name that says too little
# description: >-
#   Nobody can tell from the name what is in it, so nobody dares to clean it up.
# custom:
#   id: data/own
#   severity: high
#   subject: terraform
#   remedy: name the bucket after what it holds
#   waivable: true
package rules.data.own

import data.lib.tf

violation contains tf.finding(bucket, "is called datasets") if {
	some bucket in tf.resources("google_storage_bucket")
	endswith(bucket.address, ".datasets")
}
"""
pytestmark = pytest.mark.go


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rules:
    monkeypatch.setenv("PLANFORM_OPA", str(tool("opa")))
    (tmp_path / "policies" / "data").mkdir(parents=True)
    (tmp_path / "policies" / "data" / "own.rego").write_text(RULE)
    return Rules((tmp_path / "policies",))


def changed(base: str, head: str, rules: Rules) -> ChangeSet:
    sides = [Side(name, read_text(text, "platform.yaml"), {}) for name, text in (("base", base), ("head", head))]
    return preview(*sides, environments=("dev",), rules=rules, today=TODAY)


def delta(base: str, head: str, rules: Rules) -> PolicyDelta:
    found = changed(base, head, rules).policies
    assert found is not None
    return found


def test_a_finding_is_new_fixed_or_waived(rules: Rules) -> None:
    came = delta(WITHOUT, PLATFORM, rules)
    (finding,) = came.new
    assert (finding.code, finding.severity) == ("policy/data/own", Severity.DENIED)
    assert finding.at is not None and PLATFORM.splitlines()[finding.at.line - 1].strip() == "datasets: {}"
    assert (came.denied, came.fixed, came.waived) == (True, (), ())
    gone = delta(PLATFORM, WITHOUT, rules)
    assert ([each.code for each in gone.fixed], gone.new, gone.denied) == (["policy/data/own"], (), False)
    allowed = delta(WITHOUT, PLATFORM + WAIVER, rules)
    assert ([each.code for each in allowed.waived], allowed.new, allowed.denied) == (["policy/data/own"], (), False)
    dropped = delta(PLATFORM + WAIVER, PLATFORM, rules)
    assert ([each.code for each in dropped.new], dropped.denied) == (["policy/data/own"], True)


def test_what_both_sides_have_is_neither_even_on_another_line(rules: Rules) -> None:
    same = delta(PLATFORM, f"# moved\n{PLATFORM}", rules)
    assert same == PolicyDelta()


def test_sides_that_are_equal_to_the_rules_are_not_judged(rules: Rules, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = delta(PLATFORM + WAIVER, f"# moved\n{PLATFORM}{WAIVER}", rules)
    assert ([each.code for each in kept.waived], kept.new, kept.fixed) == (["policy/data/own"], (), ())
    monkeypatch.setenv("PLANFORM_OPA", "no-such-program")
    rules = Rules(rules.folders, "opa")
    assert delta(PLATFORM, f"# moved\n{PLATFORM}", rules) == PolicyDelta()
    for other in (WITHOUT, PLATFORM + WAIVER, PLATFORM.replace("cost_center: ai-platform", "cost_center: ai")):
        with pytest.raises(DiagnosticError, match="no-such-program"):
            delta(PLATFORM, other, rules)


@pytest.mark.parametrize("format_", FORMATS)
def test_every_form_tells_it(format_: str, rules: Rules) -> None:
    text = render(changed(WITHOUT, PLATFORM, rules), format_)
    assert "policy/data/own" in text
    if format_ == "json":
        (finding,) = json.loads(text)["policies"]["new"]
        assert (finding["code"], finding["severity"], finding["at"]["file"]) == (
            "policy/data/own",
            "denied",
            "platform.yaml",
        )


def test_a_new_denial_can_stop_a_pipeline(rules: Rules, tmp_path: Path) -> None:
    for name, text in (("base", WITHOUT), ("head", PLATFORM)):
        (tmp_path / f"{name}.yaml").write_text(text)
    base, head = (str(tmp_path / f"{name}.yaml") for name in ("base", "head"))
    options = ("--env", "dev", "--structure", "--policies", str(rules.folders[0]), "--fail-on-denial")
    refused = CliRunner().invoke(group, ["preview", base, head, *options])
    assert refused.exit_code == 1
    assert "refused: head breaks policy rules that base does not: policy/data/own" in refused.stderr
    assert CliRunner().invoke(group, ["preview", head, base, *options]).exit_code == 0
    assert CliRunner().invoke(group, ["preview", head, head, *options]).exit_code == 0
