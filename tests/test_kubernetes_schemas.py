"""Every object is what Kubernetes' own schemas, and those of the installed custom resources, accept.

Native kinds are judged by the package kubernetes-validate. Schemas of custom resources come from
the Go modules that define them, where the module cache has them: `go mod download MODULE@VERSION` puts them there.
Those of Config Sync and Strimzi are in none; they are named here and go unjudged.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate as judge
import pytest
import yaml

from planform.pipeline import compile_files
from tests.tools import go_module

ROOT = Path(__file__).resolve().parent.parent
KUBERNETES = "1.35"
GOOGLE = "github.com/GoogleCloudPlatform"
MODULES = {
    "argoproj.io": ("github.com/argoproj/argo-cd/v2@v2.14.21", "manifests/crds"),
    "cilium.io": ("github.com/cilium/cilium@v1.20.2", "pkg/k8s/apis/cilium.io/client/crds/v2"),
    "config.gatekeeper.sh": ("github.com/open-policy-agent/gatekeeper/v3@v3.23.1", "charts/gatekeeper/crds"),
    "external-secrets.io": ("github.com/external-secrets/external-secrets@v1.3.2", "config/crds/bases"),
    "gateway.networking.k8s.io": ("sigs.k8s.io/gateway-api@v1.4.0", "config/crd/standard"),
    "keda.sh": ("github.com/kedacore/keda/v2@v2.20.2", "config/crd/bases"),
    "kueue.x-k8s.io": ("sigs.k8s.io/kueue@v0.19.2", "config/components/crd/bases"),
    "monitoring.coreos.com": (
        "github.com/prometheus-operator/prometheus-operator@v0.85.0",
        "example/prometheus-operator-crd",
    ),
    "monitoring.googleapis.com": (f"{GOOGLE}/prometheus-engine@v0.17.2", "charts/operator/crds"),
    "networking.gke.io": (f"{GOOGLE}/gke-networking-api@v0.2.11", "config/crds"),
    "templates.gatekeeper.sh": ("github.com/open-policy-agent/gatekeeper/v3@v3.23.1", "charts/gatekeeper/crds"),
}
"""API group to the Go module and its folder that define it: the newest that the module proxy has of each."""
UNJUDGED = {"configsync.gke.io", "constraints.gatekeeper.sh", "kafka.strimzi.io"}
"""Groups that no Go module has: those of constraints are made by their templates, and the generator of Strimzi's
definitions wants a newer Java than Debian's."""
UNJUDGED_KINDS = {"GCPBackendPolicy", "HealthCheckPolicy"}
"""Kinds of a judged group that its module does not have."""
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


def test_every_group_is_judged_or_named() -> None:
    groups = {each["apiVersion"].rpartition("/")[0] for _, each in objects()}
    assert groups <= NATIVE | MODULES.keys() | UNJUDGED


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


class _Yaml(yaml.SafeLoader):
    """YAML in which `=` is text, as those who wrote the definitions took it."""


_Yaml.add_constructor("tag:yaml.org,2002:value", _Yaml.construct_yaml_str)


def schemas(place: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """Schemas by API version and kind."""
    found = {}
    for file in sorted(place.glob("*.yaml")):
        for each in yaml.load_all(file.read_text(), Loader=_Yaml):
            if each and each.get("kind") == "CustomResourceDefinition":
                spec = each["spec"]
                for version in spec["versions"]:
                    key = (f"{spec['group']}/{version['name']}", spec["names"]["kind"])
                    found[key] = closed(version["schema"]["openAPIV3Schema"])
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


@pytest.mark.parametrize("group", MODULES)
def test_custom_resources_are_valid(group: str) -> None:
    module, path = MODULES[group]
    known = schemas(go_module(module) / path)
    found = list(of_group(group))
    assert found
    for where, each in found:
        if each["kind"] in UNJUDGED_KINDS:
            continue
        schema = known[each["apiVersion"], each["kind"]]
        schema["properties"]["metadata"] = {"type": "object"}
        for fault in jsonschema.Draft7Validator(schema).iter_errors(each):
            pytest.fail(f"{where}: {'.'.join(map(str, fault.absolute_path))}: {fault.message}")


def test_a_wrong_custom_resource_is_refused() -> None:
    module, path = MODULES["cilium.io"]
    known = schemas(go_module(module) / path)
    (_, good), *_ = of_group("cilium.io")
    schema = known[good["apiVersion"], good["kind"]]
    schema["properties"]["metadata"] = {"type": "object"}
    bad = {**good, "spec": {**good["spec"], "egres": []}}
    assert list(jsonschema.Draft7Validator(schema).iter_errors(bad))
