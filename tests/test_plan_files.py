"""Real plans: every verb that reads one has the same reader, and what is no plan is told and never judged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from planform.diagnostics import DiagnosticError
from planform.terraform.plan_files import Part, read_plans
from tests.test_cli import GOOD, run

CHANGE = {"address": "null_resource.a", "mode": "managed", "type": "null_resource", "name": "a",
          "change": {"actions": ["create"], "before": None, "after": {}, "after_unknown": {"id": True}}}  # fmt: skip
PLAN: dict[str, Any] = {
    "format_version": "1.2",
    "planned_values": {"root_module": {"resources": [{"address": "null_resource.a", "type": "null_resource"}]}},
    "resource_changes": [CHANGE],
}
VERBS: dict[str, tuple[str, ...]] = {
    "check": ("check", "platform.yaml", "--plan"),
    "preview": ("preview", "platform.yaml", "platform.yaml", "--structure", "--plan"),
    "drift": ("drift", "--plan-json"),
    "report cost": ("report", "cost", "--plan-json"),
}


def changed(**parts: Any) -> bytes:
    return json.dumps({**PLAN, **parts}).encode()


WRONG: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "it is not JSON"),
    "text": (b"Terraform will perform the following actions:\n", "it is not JSON"),
    "binary": (b"PK\x03\x04\xff\x00", "Terraform's own form"),
    "bytes": (bytes(range(128, 256)), "it is not JSON"),
    "cut": (changed()[:-40], "it is not JSON"),
    "deep": (b"[" * 100_000, "it is not JSON"),
    "list": (b"[]", "it is no mapping"),
    "nothing": (b"{}", "`format_version`"),
    "other version": (changed(format_version="9.0"), "`format_version`"),
    "state": (b'{"format_version": "1.0", "values": {}}', "it is a state"),
    "ended early": (changed(errored=True), "ended with an error"),
    "changes that are none": (changed(resource_changes=[1]), "`resource_changes[0]`"),
    "changes without a change": (changed(resource_changes=[{"address": "a.b", "type": "a"}]), "[0].change`"),
    "changes of null": (changed(resource_changes=None), "`resource_changes`"),
    "drift of text": (changed(resource_drift="x"), "`resource_drift`"),
    "actions of text": (changed(resource_changes=[{**CHANGE, "change": {"actions": "create"}}]), "change.actions`"),
    "values that are none": (changed(planned_values={"root_module": {"resources": {}}}), "root_module.resources`"),
}


def refused(*named: str, part: Part = "resource_changes", stacks: tuple[str, ...] | None = None) -> list[Any]:
    with pytest.raises(DiagnosticError) as caught:
        read_plans(named, part, stacks)
    return [*caught.value.diagnostics]


@pytest.mark.parametrize("content", WRONG.values(), ids=WRONG)
def test_what_is_no_plan_is_told(tmp_path: Path, content: tuple[bytes, str]) -> None:
    file = tmp_path / "acme.json"
    file.write_bytes(content[0])
    (fault,) = refused(str(file))
    assert (fault.code, fault.at.file) == ("terraform/bad-plan", str(file))
    assert content[1] in fault.summary
    assert "terraform show -json" in fault.help


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_every_verb_tells_it_alike(tmp_path: Path, verb: tuple[str, ...]) -> None:
    (tmp_path / "platform.yaml").write_text(GOOD)
    for name in ("changes that are none", "binary", "state"):
        (tmp_path / "acme-ai-dev-resource.json").write_bytes(WRONG[name][0])
        done = run(*verb, "acme-ai-dev-resource.json", cwd=tmp_path)
        assert (done.returncode, done.stdout) == (1, "")
        assert "error[terraform/bad-plan]: acme-ai-dev-resource.json cannot be read as a plan" in done.stderr
    done = run(*verb, "acme-ai-dev-resource=nowhere.json", cwd=tmp_path)
    assert "nowhere.json cannot be read as a plan: it cannot be read: No such file" in done.stderr


@pytest.mark.parametrize("verb", ["check", "preview"])
def test_a_plan_of_a_stack_that_is_not_there_is_refused(tmp_path: Path, verb: str) -> None:
    (tmp_path / "platform.yaml").write_text(GOOD)
    (tmp_path / "acme-ai-dev-resorce.json").write_bytes(changed())
    done = run(*VERBS[verb], "acme-ai-dev-resorce.json", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "error[policy/unknown-stack]: acme-ai-dev-resorce.json is a plan of no stack" in done.stderr
    assert "did you mean `acme-ai-dev-resource`?" in done.stderr and "acme-ai-prod-security" in done.stderr
    (tmp_path / "acme-ai-dev-resource").mkdir()
    (tmp_path / "acme-ai-dev-resorce.json").rename(tmp_path / "acme-ai-dev-resource" / "plan.json")
    done = run(*VERBS[verb], "acme-ai-dev-resource/plan.json", cwd=tmp_path)
    assert "policy/unknown-stack" not in done.stderr


def test_a_fault_of_json_has_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"format_version": "1.2",\n "resource_changes": [}\n')
    assert [each.at.line for each in refused(str(tmp_path / "a.json"))] == [2]


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.json").write_bytes(changed())
    (tmp_path / "d.json").write_text("{}")
    faults = refused(*(f"{tmp_path}/{name}.json" for name in "abd"), f"b={tmp_path}/c.json", stacks=("b", "d"))
    assert [each.code for each in faults] == ["policy/unknown-stack", "terraform/bad-plan", "terraform/bad-plan"]
    assert "are plans of one stack, `b`" in faults[1].summary


def test_a_stack_is_named_by_hand_by_the_file_or_by_its_folder(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for place in ("data/plan.json", "net.json", "x=y.json"):
        (tmp_path / place).write_bytes(changed())
    named = (f"{tmp_path}/data/plan.json", f"{tmp_path}/net.json", f"own={tmp_path}/x=y.json")
    assert [*read_plans(named, "planned_values", ("data", "net", "own"))] == ["data", "net", "own"]


def test_a_plan_that_changes_nothing_is_one(tmp_path: Path) -> None:
    """Terraform leaves out what is empty."""
    (tmp_path / "a.json").write_text('{"format_version": "1.2", "planned_values": {"root_module": {}}}')
    assert read_plans([f"{tmp_path}/a.json"], "resource_drift")["a"]["resource_drift"] == []
    (tmp_path / "a.json").write_text('{"format_version": "1.2", "resource_changes": []}')
    assert read_plans([f"{tmp_path}/a.json"], "resource_changes")
    assert refused(f"{tmp_path}/a.json", part="planned_values")[0].code == "terraform/bad-plan"
