"""Every object is what Kubernetes' own schemas, and those of the installed custom resources, accept.

Native kinds are judged by the package kubernetes-validate, custom resources by the definitions of tests/definitions.py,
which names the three kinds that nothing judges.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate as judge
import pytest
import yaml

from planform.kubernetes.charts import charts
from planform.pipeline import compile_files
from tests.definitions import GROUPS, definition_of_constraint, definitions

ROOT = Path(__file__).resolve().parent.parent
KUBERNETES = "1.35"
NATIVE = {
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apps",
    "autoscaling",
    "batch",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
}


@functools.cache
def objects() -> tuple[tuple[str, dict[str, Any]], ...]:
    """Path and object of everything that the cases and the reference blueprint deliver."""
    sources = [*sorted((ROOT / "tests" / "cases").glob("*.yaml")), ROOT / "blueprints" / "reference"]
    return tuple(
        (f"{source.stem}: {path}", yaml.safe_load(str(text)))
        for source in sources
        if source.is_dir() or "gitops" in source.read_text()
        for path, text in compile_files(source).output.files.items()
        if path.startswith("kubernetes/")
    )


def of_group(*groups: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, each in objects():
        if each["apiVersion"].rpartition("/")[0] in groups:
            yield path, each


def test_every_group_is_judged() -> None:
    groups = {each["apiVersion"].rpartition("/")[0] for _, each in objects()}
    assert groups - {*NATIVE, *GROUPS, "constraints.gatekeeper.sh"} == set()


def test_native_kinds_are_valid() -> None:
    found = list(of_group(*NATIVE))
    assert len(found) > 50
    for path, each in found:
        try:
            judge.validate(each, KUBERNETES, strict=True)
        except judge.ValidationError as fault:
            pytest.fail(f"{path}: {fault}")


def test_the_judge_refuses_what_is_wrong() -> None:
    policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "a"}}
    judge.validate({**policy, "spec": {"podSelector": {}}}, KUBERNETES, strict=True)
    with pytest.raises(judge.ValidationError):
        judge.validate({**policy, "spec": {"podSelektor": {}}}, KUBERNETES, strict=True)


def schemas(made: Iterable[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """The schemas of definitions by API version and kind."""
    found = {}
    for spec in (each["spec"] for each in made):
        for version in spec["versions"]:
            schema = closed(version["schema"]["openAPIV3Schema"])
            schema["properties"] |= {"apiVersion": {}, "kind": {}, "metadata": {"type": "object"}}
            found[f"{spec['group']}/{version['name']}", spec["names"]["kind"]] = schema
    return found


def closed(schema: Any, *, inside: bool = True) -> Any:
    """A schema that refuses unknown fields, as the API server does when asked to be strict."""
    if isinstance(schema, list):
        return [closed(each, inside=inside) for each in schema]
    if not isinstance(schema, dict):
        return schema
    unions = ("anyOf", "oneOf", "allOf", "not")
    made = {
        key: closed(value, inside=inside and key not in unions)
        for key, value in schema.items()
        if not (key == "pattern" and isinstance(value, str) and "(?" in value)  # Go's flags are not Python's
    }
    if inside and isinstance(made.get("properties"), dict) and not made.get("x-kubernetes-preserve-unknown-fields"):
        made.setdefault("additionalProperties", False)
    return made


def faults(known: Mapping[tuple[str, str], dict[str, Any]], each: dict[str, Any]) -> list[str]:
    found = jsonschema.Draft7Validator(known[each["apiVersion"], each["kind"]]).iter_errors(each)
    return [f"{'.'.join(map(str, fault.absolute_path))}: {fault.message}" for fault in found]


@pytest.mark.parametrize("group", GROUPS)
def test_custom_resources_are_valid(group: str) -> None:
    known = schemas(definitions(group))
    found = list(of_group(group))
    assert found
    assert {where: told for where, each in found if (told := faults(known, each))} == {}


def test_constraints_are_valid() -> None:
    templates = {each["spec"]["crd"]["spec"]["names"]["kind"]: each for _, each in of_group("templates.gatekeeper.sh")}
    known = schemas(map(definition_of_constraint, templates.values()))
    found = list(of_group("constraints.gatekeeper.sh"))
    assert found
    assert {where: told for where, each in found if (told := faults(known, each))} == {}


@pytest.mark.parametrize("group", ["cilium.io", "configsync.gke.io", "kafka.strimzi.io", "networking.gke.io"])
def test_a_wrong_custom_resource_is_refused(group: str) -> None:
    known = schemas(definitions(group))
    (_, good), *_ = of_group(group)
    assert faults(known, good) == []
    assert faults(known, {**good, "spec": {**good["spec"], "egres": []}}) != []


def test_definitions_of_strimzi_are_of_the_version_that_is_installed() -> None:
    pom = (ROOT / "tests" / "fixtures" / "strimzi" / "pom.xml").read_text()
    assert set(re.findall("<version>(.+[.].+)</version>", pom)) == {charts()["strimzi-kafka-operator"].version}
