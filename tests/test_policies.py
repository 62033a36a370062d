"""Every rule at every gate: it finds what is broken, in each form of a platform, with each engine, and fails closed."""

from __future__ import annotations

import functools
import json
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

from planform.checks.policy.document import Judged
from planform.checks.policy.engine import UNREAD, Opa, Report, engine_named
from planform.checks.policy.judge import judging
from planform.checks.policy.wasm import Wasm
from planform.diagnostics import DiagnosticError
from planform.kubernetes.images import images
from planform.pipeline import Compilation, compile_files, judged_of
from planform.pipeline import judging as judging_compiled
from planform.rules.build import STATEFUL_LIBRARY, capabilities, index, module, stateful_library
from planform.rules.pack import digest, shipped_pack
from planform.rules.page import waiver_text
from planform.rules.rule import Rule
from tests.broken import Break, as_objects, as_plan, breaks
from tests.excerpts import Excerpt, excerpts
from tests.tools import tool

ROOT = Path(__file__).parent.parent
POLICIES = ROOT / "policies"
PACKED = ROOT / "constructs" / "planform" / "rules"
TODAY = date(2026, 11, 25)
RULES = shipped_pack().rules
SHIPPED = (
    "blueprints/reference",
    "blueprints/minimal.yaml",
    *(f"blueprints/planes/{path.name}" for path in sorted((ROOT / "blueprints" / "planes").glob("*.yaml"))),
)
PRODUCTION = sorted((ROOT / "tests" / "cases").glob("*.production.yaml"))


@functools.cache
def reference() -> Compilation:
    return compile_files(ROOT / "blueprints" / "reference")


@functools.cache
def whole() -> Judged:
    return judged_of(reference())


@functools.cache
def opa() -> Opa:
    return Opa(str(tool("opa")), shipped_pack().files())


@functools.cache
def wasm() -> Wasm:
    return Wasm()


def found(report: Report, rule: str) -> list[str]:
    """The names of what a rule found, and that no other rule found anything else than what is on the same thing."""
    return sorted(each.get("address") or each.get("object") or each["path"] for each in report.findings
                  if each["rule"] == rule)  # fmt: skip


# The platforms that planform ships


@pytest.mark.parametrize("blueprint", SHIPPED)
def test_the_shipped_blueprints_are_allowed(blueprint: str) -> None:
    judgement = judging_compiled(compile_files(ROOT / blueprint), today=TODAY, engine=wasm()).result()
    assert judgement.findings == ()
    assert judgement.waived == ()
    assert judgement.subjects > 50
    assert len(judgement.rules) == len(RULES)


@pytest.mark.parametrize("case", PRODUCTION, ids=lambda case: case.stem)
def test_components_keep_in_production_what_they_hold(case: Path) -> None:
    """Those that no shipped blueprint chooses too."""
    report = wasm().evaluate(judged_of(compile_files(case, environments=["dev"])).as_json())
    assert found(report, "resource/destroyable-data") == []


def test_the_reference_has_no_waiver() -> None:
    assert all(spec.waivers == () for spec in reference().specs)


# Each rule


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_has_tests_of_both_kinds(rule: Rule) -> None:
    assert (POLICIES / rule.file).with_name(f"{Path(rule.file).stem}_test.rego").exists()
    assert any(each.finds for each in BREAKS if each.rule == rule.id)
    kinds = {bool(each.finds) for each in EXCERPTS if each.rule == rule.id}
    assert kinds == {True, False}, f"tests/policies/{rule.id.replace('/', '.')}.yaml lacks `fails` or `passes`"


BREAKS = tuple(breaks())
EXCERPTS = tuple(excerpts())


def test_every_case_is_of_a_rule() -> None:
    assert {each.rule for each in BREAKS} | {each.rule for each in EXCERPTS} == {rule.id for rule in RULES}


@pytest.mark.parametrize("excerpt", [each for each in EXCERPTS if each.finds], ids=lambda excerpt: excerpt.id)
def test_what_fails_is_found(excerpt: Excerpt, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = excerpt.compiled(monkeypatch)
    check_every_form(judged_of(compiled), excerpt.rule, excerpt.finds)
    if not excerpt.build:
        judgement = judging_compiled(compiled, today=TODAY, engine=wasm()).result()
        assert all(each.at is not None for each in judgement.findings), "a finding names the blueprint's line"


@pytest.mark.parametrize("excerpt", [each for each in EXCERPTS if not each.finds], ids=lambda excerpt: excerpt.id)
def test_what_passes_is_all_right(excerpt: Excerpt, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for the rule alone: it can be copied."""
    judgement = judging_compiled(excerpt.compiled(monkeypatch), today=TODAY, engine=wasm()).result()
    assert judgement.findings == ()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_waiver_of_a_page_is_one(rule: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    excerpt = next(each for each in EXCERPTS if each.rule == rule.id and each.finds)
    compiled = excerpt.compiled(monkeypatch, waiver_text(rule, excerpt.finds[0]))
    judgement = judging_compiled(compiled, today=TODAY, engine=wasm()).result()
    if rule.waivable:
        assert {each.code for each in judgement.waived} == {rule.code}
        assert "policy/unknown-target" not in {each.code for each in judgement.findings}
    else:
        assert judgement.waived == ()
        assert {rule.code, "policy/not-waivable"} <= {each.code for each in judgement.findings}


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: case.id)
def test_a_broken_platform_is_found_in_every_form(case: Break) -> None:
    check_every_form(case.alone(whole()), case.rule, case.finds)


def check_every_form(judged: Judged, rule: str, finds: Sequence[str]) -> None:
    """A rule finds the same in what is written, in either form of its blocks, and in a plan of it."""
    report = wasm().evaluate(judged.as_json())
    assert found(report, rule) == [*finds]
    assert wasm().evaluate(as_objects(judged).as_json()) == report
    planned = wasm().evaluate(as_plan(judged).as_json())
    if seen_in_plans(rule):
        assert planned == replace(report, findings=seen(report))
    else:
        assert found(planned, rule) == []


def seen_in_plans(rule: str) -> bool:
    """Whether a plan, or what is judged beside it, shows what a rule of planform reads: its metadata says."""
    known = shipped_pack().by_id[rule]
    return known.in_plans or known.subject != "terraform"


def seen(report: Report) -> tuple[Mapping[str, str], ...]:
    """What a plan shows of what was found in the documents that it was made from."""
    return tuple(each for each in report.findings if seen_in_plans(each["rule"]))


@pytest.mark.go
def test_both_engines_say_the_same_of_every_broken_platform() -> None:
    broken = functools.reduce(lambda judged, case: case.applied(judged), _together(), whole())
    for form, rules in (
        (broken, {rule.id for rule in RULES}),
        (as_plan(broken), {rule.id for rule in RULES if seen_in_plans(rule.id)}),
    ):
        report = wasm().evaluate(form.as_json())
        assert opa().evaluate(form.as_json()) == report
        assert {each["rule"] for each in report.findings} == rules


def _together() -> list[Break]:
    """The first of each rule's breaks that finds something, all in one platform."""
    first: dict[str, Break] = {}
    for case in BREAKS:
        if case.finds:
            first.setdefault(case.rule, case)
    return [*first.values()]


@pytest.mark.go
@pytest.mark.parametrize(
    "case",
    [each for each in BREAKS if each.objects and shipped_pack().by_id[each.rule].match],
    ids=lambda case: case.id,
)
def test_a_broken_object_is_found_at_admission(case: Break) -> None:
    """The rule's Rego asked as Gatekeeper asks it gives the words of gate 1."""
    rule = shipped_pack().by_id[case.rule]
    package = rule.id.replace("/", ".").replace("-", "_")
    texts = []
    for each in case.objects:
        texts += _evaluated(f"data.rules.{package}.violation", case.review(each, whole()))
    compiled = [each for each in wasm().evaluate(case.alone(whole()).as_json()).findings if each["rule"] == case.rule]
    assert sorted(each["msg"] for each in texts) == sorted(each["msg"] for each in compiled)


def _evaluated(query: str, document: object) -> list[dict[str, str]]:
    command = [str(tool("opa")), "eval", "--stdin-input", "--format", "json", "-d", str(POLICIES), query]
    done = subprocess.run(command, input=json.dumps(document), capture_output=True, text=True, check=True)
    value: list[dict[str, str]] = json.loads(done.stdout)["result"][0]["expressions"][0]["value"]
    return value


def test_the_images_of_planform_are_of_known_publishers() -> None:
    """A publisher that images.yaml brings in has its line in delivery/unknown-publisher."""
    containers = [{"name": name, "image": image.reference} for name, image in images().items()]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "it"}, "spec": {"containers": containers}}
    entry = {"path": "kubernetes/prod/own/pod.yaml", "environment": "prod", "object": pod}
    report = wasm().evaluate(replace(whole(), stacks={}, objects=(entry,), files=()).as_json())
    assert found(report, "delivery/unknown-publisher") == []
    assert len(containers) > 20


# The pack


def test_what_is_shipped_is_in_step_with_the_rules() -> None:
    """`python3 dev.py pack` after every change of a rule."""
    shipped = json.loads((PACKED / "rules.json").read_text())
    assert shipped["sha256"] == digest(POLICIES)
    assert index(POLICIES) == (PACKED / "rules.json").read_text()


def test_rules_know_the_types_that_keep_data() -> None:
    assert (POLICIES / STATEFUL_LIBRARY).read_text() == stateful_library()


def test_only_rules_about_what_planform_writes_judge_no_plans() -> None:
    """What a rule reads of `tf.written` alone no plan has, and nothing else excuses a rule from judging plans."""
    kept = {rule.id for rule in RULES if rule.subject == "terraform" and not rule.in_plans}
    assert kept == {rule.id for rule in RULES if "tf.written(" in shipped_pack().text(rule)}


@pytest.mark.go
def test_what_is_shipped_is_what_opa_builds() -> None:
    import gzip

    opa = str(tool("opa"))
    assert gzip.decompress((PACKED / "rules.wasm.gz").read_bytes()) == module(opa, POLICIES)
    assert capabilities(opa) == (PACKED / "capabilities.json").read_text()


@pytest.mark.go
def test_rules_of_one_plane_have_room_in_memory(tmp_path: Path) -> None:
    """opa counts too few pages for what it puts into the module of these."""
    rules = shutil.copytree(ROOT / "policies", tmp_path / "policies")
    for plane in {rule.plane for rule in RULES} - {"security"}:
        shutil.rmtree(rules / plane)
    report = Wasm(module(str(tool("opa")), rules)).evaluate(whole().as_json())
    assert report.subjects == whole().subjects
    assert report.evaluated == {rule.id for rule in RULES if rule.plane == "security"}


def test_the_rules_need_nothing_that_the_module_lacks() -> None:
    """Where a built-in function is the host's, its text may differ from opa's."""
    assert wasm().lacks() == ()


def test_no_rule_trusts_a_flag_that_a_plan_has_as_null() -> None:
    """`not body.flag` holds for null, so it takes what is off for what is missing and back."""
    wrong = [
        f"{path.name}: {line.strip()}"
        for path in POLICIES.rglob("*.rego")
        for line in path.read_text().splitlines()
        if re.search(r"not \w+\.body\b", line)
    ]
    assert wrong == []


@pytest.mark.go
@pytest.mark.parametrize(
    "command",
    [("check", "--strict"), ("fmt", "--fail"), ("test", "--coverage", "--threshold", "90")],
    ids=lambda command: command[0],
)
def test_opa_has_nothing_to_say(command: Sequence[str]) -> None:
    opa = str(tool("opa"))
    done = subprocess.run([opa, *command, str(POLICIES)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_left_out_no_rule_reads() -> None:
    """Half of a large platform is files of repositories: rules of one's own see them, the shipped ones need not."""
    assert reads(UNREAD) == []
    assert "public_bucket.rego" in reads({"google_storage_bucket": "location"})
    assert "stateful.rego" in reads({"github_repository": "none"})  # libraries are looked through too
    kept, left = (json.loads(whole().as_json(each))["stacks"] for each in ({}, UNREAD))
    contents = [
        body.pop("content")
        for stacks in (kept, left)
        for stack in stacks.values()
        for body in stack["resource"].get("github_repository_file", {}).values()
    ]
    half = len(contents) // 2
    assert half > 20
    assert all(contents[:half])
    assert not any(contents[half:])
    assert kept == left


def reads(unread: Mapping[str, str]) -> list[str]:
    """The files of rules, and of their libraries, that name a type or its argument, as text or after a dot."""
    words = {f'"{word}"' for pair in unread.items() for word in pair} | {f"body.{each}" for each in unread.values()}
    texts = {file.name: file.read_text() for file in shipped_pack().files()}
    return [name for name, text in texts.items() if any(word in text for word in words)]


@pytest.mark.go
def test_rules_of_ones_own_are_given_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANFORM_OPA", str(tool("opa")))
    assert engine_named("auto", [shipped_pack()]).unread == UNREAD
    assert engine_named("auto", [shipped_pack(), shipped_pack()]).unread == {}


# Failing closed


def codes(caught: pytest.ExceptionInfo[DiagnosticError]) -> list[str]:
    return [each.code for each in caught.value.diagnostics]


def test_rules_see_what_is_written() -> None:
    """A file that was made from data is judged by that data, which is what its text says."""
    output, stacks = reference().output.files, [*whole().stacks]
    made = {entry["path"]: entry["content"] for entry in whole().files}
    read = {path: as_data(path, str(output[path])) for path in made}
    assert made == read
    assert sum(file.data is not None for file in reference().files.values()) > 20
    written = {name: json.loads(output[f"stacks/{name}/cdk.tf.json"]) for name in stacks}
    assert written == reference().terraform


def as_data(path: str, text: str) -> Any:
    """What a file says, as conftest would have it: keys as text, several documents as a list."""
    if path.endswith(".json"):
        return json.loads(text)
    if not path.endswith((".yaml", ".yml")):
        return None
    try:
        documents = [*yaml.safe_load_all(text)]
    except yaml.YAMLError:
        return None
    named = [json.loads(json.dumps(each, default=str)) for each in documents]
    return named if len(named) != 1 else named[0]


def test_nothing_to_judge_is_no_pass() -> None:
    with pytest.raises(DiagnosticError) as caught:
        judging(replace(whole(), stacks={}, objects=(), files=()), today=TODAY, engine=wasm()).result()
    assert codes(caught) == ["policy/nothing-to-judge"]


def test_a_stack_of_an_unknown_environment_is_no_pass() -> None:
    facts = whole().facts
    for odd in ({**facts, "environments": {}}, {**facts, "stacks": {}}):
        with pytest.raises(DiagnosticError) as caught:
            judging(replace(whole(), facts=odd, objects=()), today=TODAY, engine=wasm()).result()
        assert codes(caught) == ["policy/unknown-environment"] * len(whole().stacks)


class Silent:
    """An engine that evaluated nothing."""

    name = "silent"
    unread: Mapping[str, str] = {}

    def evaluate(self, document: bytes, seconds: float) -> Report:
        return Report((), frozenset(), (), 0)


def test_a_rule_that_was_not_evaluated_is_no_pass() -> None:
    with pytest.raises(DiagnosticError) as caught:
        judging(whole(), today=TODAY, engine=Silent()).result()
    assert codes(caught) == ["policy/engine-failed"] * len(RULES)


class Short:
    """An engine that reads the start of what it is given."""

    name = "short"
    unread: Mapping[str, str] = {}

    def evaluate(self, document: bytes, seconds: float) -> Report:
        return wasm().evaluate(document[:-10], seconds)


class Fewer(Short):
    """An engine that is given less than there is."""

    def evaluate(self, document: bytes, seconds: float) -> Report:
        return wasm().evaluate(json.dumps({**json.loads(document), "objects": []}).encode(), seconds)


@pytest.mark.parametrize("engine", [Short(), Fewer()])
def test_a_document_that_was_read_in_part_is_no_pass(engine: Short) -> None:
    with pytest.raises(DiagnosticError) as caught:
        judging(whole(), today=TODAY, engine=engine).result()
    assert codes(caught) == ["policy/engine-failed"]


def test_a_module_that_is_none_is_no_pass() -> None:
    with pytest.raises(DiagnosticError) as caught:
        Wasm(b"not wasm")
    assert codes(caught) == ["policy/engine-failed"]


def test_an_opa_that_is_none_is_no_pass(tmp_path: Path) -> None:
    for text in ("#!/bin/sh\nexit 0\n", "#!/bin/sh\necho '{}'\n", "#!/bin/sh\necho no >&2\nexit 2\n"):
        tool = tmp_path / "opa"
        tool.write_text(text)
        tool.chmod(0o755)
        with pytest.raises(DiagnosticError) as caught:
            Opa(str(tool), ()).evaluate(b"{}", 10)
        assert codes(caught) == ["policy/engine-failed"]
    with pytest.raises(DiagnosticError) as caught:
        Opa(str(tmp_path / "absent"), ()).evaluate(b"{}", 10)
    assert codes(caught) == ["policy/engine-failed"]


ENDLESS = """package main

report contains x if {
	some a in numbers.range(1, 1000000)
	some b in numbers.range(1, 1000000)
	x := a * b
	x < 0
}
"""


@pytest.mark.go
def test_an_endless_rule_is_stopped(tmp_path: Path) -> None:
    (tmp_path / "main.rego").write_text(ENDLESS)
    opa = str(tool("opa"))
    with pytest.raises(DiagnosticError) as caught:
        Opa(opa, (tmp_path / "main.rego",)).evaluate(b"{}", 2)
    assert codes(caught) == ["policy/timeout"]
    with pytest.raises(DiagnosticError) as caught:
        Wasm(module(opa, tmp_path)).evaluate(b"{}", 2)
    assert codes(caught) == ["policy/timeout"]


@pytest.mark.go
@pytest.mark.parametrize(
    "call", ['http.send({"method": "GET", "url": "https://acme.example"})', "opa.runtime()", "time.now_ns()"]
)
def test_a_rule_reaches_nothing_outside(call: str, tmp_path: Path) -> None:
    (tmp_path / "main.rego").write_text(f"package main\n\nreport := {call}\n")
    with pytest.raises(DiagnosticError) as caught:
        Opa(str(tool("opa")), (tmp_path / "main.rego",)).evaluate(b"{}", 10)
    (fault,) = caught.value.diagnostics
    assert fault.code == "policy/rego"
    assert fault.at is not None and fault.at.line == 3
