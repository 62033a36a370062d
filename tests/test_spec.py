"""From documents to environments: closed, strict, and every value with its place."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from planform.blueprint.read import read_text
from planform.diagnostics import Diagnostic, DiagnosticError
from planform.planes.catalog import builtin
from planform.spec.platform import EnvironmentSpec
from planform.spec.provenance import resolved_lines
from planform.spec.resolve import resolve
from planform.spec.schema import json_schema

SMALL = """\
planform: 1
kind: Platform
name: acme-ai
organization: {domain: acme.example}
region: europe-west4
planes:
  security:
    services: project-services
    keys: {use: cloud-kms, rotation_days: 30}
environments:
  dev: {project: acme-ai-dev, project_number: 111111111111}
  prod:
    project: acme-ai-prod
    project_number: 222222222222
    production: true
    planes: {security: {keys: {rotation_days: 60}}}
"""


def specs(text: str, *environments: str) -> tuple[EnvironmentSpec, ...]:
    return resolve(read_text(text, "platform.yaml"), builtin(), environments)


def faults(text: str, *environments: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(DiagnosticError) as caught:
        specs(text, *environments)
    return caught.value.diagnostics


def test_environments_differ_by_their_overrides_only() -> None:
    dev, prod = specs(SMALL)
    assert [spec.planes["security"].slots["keys"].settings.rotation_days for spec in (dev, prod)] == [30, 60]  # type: ignore[attr-defined]
    assert (dev.environment.production, prod.environment.production) == (False, True)


def test_a_number_is_taken_as_project_number() -> None:
    assert specs(SMALL)[0].environment.project_number == "111111111111"


def test_only_the_environments_asked_for() -> None:
    assert [spec.name for spec in specs(SMALL, "prod")] == ["prod"]


def test_unknown_environment_is_named_with_the_nearest() -> None:
    (fault,) = faults(SMALL, "prd")
    assert fault.code == "spec/unknown-environment"
    assert "`prod`" in fault.label


def test_text_is_no_number_and_a_number_no_truth() -> None:
    found = faults(
        SMALL.replace("rotation_days: 30", 'rotation_days: "30"').replace("production: true", "production: 1")
    )
    assert {fault.code for fault in found} == {"spec/wrong-type"}
    assert {fault.at.line for fault in found if fault.at} == {9, 15}


def test_all_faults_at_once_each_once_in_file_order() -> None:
    text = SMALL.replace("name: acme-ai\n", "name: Acme AI\n").replace("rotation_days: 30", "rotation: 30")
    found = faults(text.replace("111111111111", "1"))
    lines = [fault.at.line for fault in found if fault.at]
    assert lines == sorted(lines)
    assert [fault.code for fault in found] == ["spec/bad-form", "spec/unknown-key", "spec/bad-form"]


def test_a_misspelt_key_is_not_also_a_missing_one() -> None:
    (fault,) = faults(SMALL.replace("region: europe-west4", "regoin: europe-west4"))
    assert fault.code == "spec/unknown-key"
    assert fault.label == "did you mean `region`?"


def test_a_fault_in_an_override_stands_in_the_override() -> None:
    (fault,) = faults(SMALL.replace("rotation_days: 60", "rotation_days: 6000"))
    assert fault.at is not None
    assert (fault.code, fault.at.line) == ("spec/out-of-range", 16)


def test_secrets_are_refused_and_not_shown() -> None:
    token = "ghp_" + "a1B2" * 10
    found = faults(SMALL.replace("domain: acme.example", f"domain: {token}"))
    assert "spec/secret-literal" in {fault.code for fault in found}
    with pytest.raises(DiagnosticError) as caught:
        specs(SMALL.replace("domain: acme.example", f"domain: {token}"))
    assert token not in str(caught.value)


def test_each_value_tells_where_it_comes_from() -> None:
    dev, prod = specs(SMALL)
    lines = {line.path: line for spec in (dev, prod) for line in resolved_lines(spec) if spec is prod}
    rotation = lines["planes.security.keys.rotation_days"]
    assert (rotation.value, rotation.at.line if rotation.at else 0) == (60, 16)
    assert lines["planes.security.services.use"].at is not None
    assert lines["planes.security.keys.destroy_after_days"].at is None


def test_the_schema_completes_overrides_and_requires_nothing_there() -> None:
    validator = Draft202012Validator(json_schema(builtin()))
    (document,) = read_text(SMALL)
    pools = {"use": "gke", "node_pools": {"l4": {"machine_type": "g2-standard-8", "max_nodes": 1}}}
    document.value["planes"]["security"]["compute"] = pools
    override = document.value["environments"]["prod"]["planes"]["security"]
    for good in ({"node_pools": {"l4": {"capacity": "spot"}}}, {"node_pools": {"l4": None}}, None, "gke-autopilot"):
        override["compute"] = good
        assert validator.is_valid(document.value), good
    bad: object
    for bad in ({"node_pool": {}}, {"node_pools": {"l4": {"max_node": 1}}}, "gek"):
        override["compute"] = bad
        assert not validator.is_valid(document.value), bad
