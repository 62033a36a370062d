"""The other gates say what gate 1 says: conftest about plans and manifests, Gatekeeper about what is admitted."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from planform.checks.policy.document import Judged
from planform.rules.pack import shipped_pack
from planform.rules.template import admitted, kind, template
from tests.broken import Break, as_plan
from tests.test_golden_paths import job_of, on_nodes, pods_of_ray
from tests.test_policies import BREAKS, POLICIES, reference, wasm, whole
from tests.tools import tool

RULES = {rule.id: rule for rule in shipped_pack().rules}
IN_PLANS = [each for each in BREAKS if RULES[each.rule].in_plans and each.finds]
ADMITTED = [each for each in BREAKS if RULES[each.rule].match and each.finds]


def said(judged: Judged, rule: str) -> list[str]:
    """What gate 1 says of a rule."""
    return sorted(each["msg"] for each in wasm().evaluate(judged.as_json()).findings if each["rule"] == rule)


def stack_of(case: Break) -> str:
    places: dict[str, Any] = {**case.change.get("break", {}), **case.change.get("add", {})}
    return next(iter(places)).partition("/")[0]


def conftest(document: Any, facts: Any, tmp_path: Path) -> list[str]:
    """What conftest denies; that it evaluated anything is asserted, as it passes a namespace that is not there."""
    (tmp_path / "input.json").write_text(json.dumps(document))
    (tmp_path / "facts.json").write_text(json.dumps({"facts": facts}))
    command = [str(tool("conftest")), "test", "input.json", "--policy", str(POLICIES), "--namespace", "main"]
    done = subprocess.run(
        [*command, "--data", "facts.json", "-o", "json"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    (result,) = json.loads(done.stdout)
    failures = [each["msg"] for each in result.get("failures") or ()]
    assert result.get("successes", 0) + len(failures) > 0, done.stderr
    assert done.returncode == (1 if failures else 0)
    return failures


@pytest.mark.go
def test_conftest_denies_what_gate_1_denies_in_a_plan(tmp_path: Path) -> None:
    for number, case in enumerate(IN_PLANS):
        stack, broken = stack_of(case), as_plan(case.alone(whole()))
        place = tmp_path / str(number)
        place.mkdir()
        facts = {**broken.facts, "stack": stack}
        prefix = f"{case.rule}: "
        found = conftest(broken.stacks[stack], facts, place)
        assert sorted(each.removeprefix(prefix) for each in found if each.startswith(prefix)) == said(broken, case.rule)


@pytest.mark.go
def test_conftest_allows_every_stack_of_the_reference(tmp_path: Path) -> None:
    plans = as_plan(whole())
    for stack in list(plans.stacks)[-3:]:
        assert conftest(plans.stacks[stack], {**plans.facts, "stack": stack}, tmp_path) == []


@pytest.mark.go
def test_conftest_denies_what_it_knows_nothing_about(tmp_path: Path) -> None:
    plan = next(iter(as_plan(whole()).stacks.values()))
    assert conftest(plan, {"stack": "own", "environments": {}, "stacks": {}}, tmp_path) == ["no facts about own"]
    assert conftest({"neither": "nor"}, {}, tmp_path) == ["neither a plan nor a manifest"]


@pytest.mark.go
def test_conftest_judges_a_manifest(tmp_path: Path) -> None:
    (case, *_) = [each for each in ADMITTED if each.rule == "security/privileged-pod"]
    found = conftest(case.objects[0], {**whole().facts, "environment": "prod"}, tmp_path)
    assert found == [f"{case.rule}: {each}" for each in said(case.alone(whole()), case.rule)]


# Gatekeeper


def delivered(environment: str) -> Iterator[str]:
    """The templates and constraints as they lie in the GitOps repository."""
    folder = f"kubernetes/{environment}/security/opa-gatekeeper/"
    for path, text in reference().output.files.items():
        if path.startswith(folder) and "gatekeeper.sh/v1" in str(text) and "kind: Config\n" not in str(text):
            yield str(text)


def gator(environment: str, objects: list[Any], tmp_path: Path) -> list[dict[str, Any]]:
    """What Gatekeeper's own judge says of objects."""
    (tmp_path / "rules.yaml").write_text("---\n".join(delivered(environment)))
    (tmp_path / "objects.yaml").write_text(yaml.safe_dump_all(objects))
    command = [str(tool("gator")), "test", "-f", "rules.yaml", "-f", "objects.yaml", "-o", "json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    results: list[dict[str, Any]] = json.loads(done.stdout or "[]") or []
    denied = any(each["enforcementAction"] == "deny" for each in results)
    assert done.returncode == (1 if denied else 0), done.stdout
    return results


@pytest.mark.go
@pytest.mark.parametrize("case", ADMITTED, ids=lambda case: case.id)
def test_gatekeeper_denies_what_gate_1_denies(case: Break, tmp_path: Path) -> None:
    results = gator("prod", case.objects, tmp_path)
    of_rule = [each for each in results if each["constraint"]["kind"] == kind(RULES[case.rule])]
    assert sorted(each["msg"] for each in of_rule) == said(case.alone(whole()), case.rule)


@pytest.mark.go
def test_gatekeeper_denies_in_production_and_counts_elsewhere(tmp_path: Path) -> None:
    objects = [each for case in ADMITTED for each in case.objects if case.rule == "security/privileged-pod"]
    actions = {name: {each["enforcementAction"] for each in gator(name, objects, tmp_path)} for name in ("dev", "prod")}
    assert actions == {"dev": {"dryrun"}, "prod": {"deny"}}


@pytest.mark.go
def test_gatekeeper_lets_exempt_namespaces_and_good_objects_through(tmp_path: Path) -> None:
    (bad, *_) = [case.objects[0] for case in ADMITTED if case.rule == "security/privileged-pod"]
    exempt = {**bad, "metadata": {**bad["metadata"], "namespace": "kube-system"}}
    good = json.loads(json.dumps(bad).replace('"privileged": true', '"privileged": false'))
    assert gator("prod", [exempt, good], tmp_path) == []


@pytest.mark.go
@pytest.mark.parametrize("case", ADMITTED, ids=lambda case: case.id)
def test_a_template_holds_all_that_its_rule_needs(case: Break, tmp_path: Path) -> None:
    """Its own texts and no others, asked as Gatekeeper asks them, give the words of gate 1."""
    rule = RULES[case.rule]
    source = template(shipped_pack(), rule)["targets"][0]["code"][0]["source"]
    for number, text in enumerate([source["rego"], *source["libs"]]):
        (tmp_path / f"{number}.rego").write_text(text)
    query = f"data.rules.{rule.id.replace('/', '.').replace('-', '_')}.violation"
    found: list[str] = []
    for each in case.objects:
        command = [str(tool("opa")), "eval", "--stdin-input", "--format", "json", "-d", str(tmp_path), query]
        document = json.dumps(case.review(each, whole()))
        done = subprocess.run(command, input=document, capture_output=True, text=True, check=True)
        found += [each["msg"] for each in json.loads(done.stdout)["result"][0]["expressions"][0]["value"]]
    assert sorted(found) == said(case.alone(whole()), case.rule)


def test_every_rule_about_objects_is_delivered() -> None:
    kinds = [yaml.safe_load(text)["kind"] for text in delivered("prod")]
    wanted = [kind(rule) for rule in admitted(shipped_pack())]
    assert sorted(kinds) == sorted([*wanted, *("ConstraintTemplate" for _ in wanted)])


@pytest.mark.go
def test_gatekeeper_lets_in_what_training_on_several_nodes_makes(tmp_path: Path) -> None:
    trains, ray = (job_of(on_nodes(2, engine=engine), engine) for engine in ("trainer", "ray"))
    pods = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            **each,
            "metadata": {**each["metadata"], "name": name, "namespace": "fraud"},
        }
        for name, each in pods_of_ray(ray).items()
    ]
    assert gator("prod", [trains, ray, *pods], tmp_path) == []
    pods[0]["spec"]["containers"][0]["securityContext"]["privileged"] = True
    assert gator("prod", pods, tmp_path) != [], "it does look at them"
