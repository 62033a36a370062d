"""Every object is what Kubernetes' own schemas, and those of the installed custom resources, accept.

Native kinds are judged by the package kubernetes-validate. Schemas of custom resources come from
the Go modules that define them, where the module cache has them: `go mod download MODULE@VERSION` puts them there.
Those of Kueue, Config Sync, External Secrets, the Gateway API and GKE's own policies are in none asked for; they
are named here and go unjudged.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate as judge
import pytest
import yaml

from planform.pipeline import compile_files

ROOT = Path(__file__).resolve().parent.parent
KUBERNETES = "1.35"
MODULES = {
    "argoproj.io": ("github.com/argoproj/argo-cd/v2@v2.14.21", "manifests/crds"),
    "cilium.io": ("github.com/cilium/cilium@v1.20.2", "pkg/k8s/apis/cilium.io/client/crds/v2"),
    "config.gatekeeper.sh": ("github.com/open-policy-agent/gatekeeper/v3@v3.23.1", "charts/gatekeeper/crds"),
}
UNJUDGED = {
    "configsync.gke.io",
    "external-secrets.io",
    "gateway.networking.k8s.io",
    "kueue.x-k8s.io",
    "networking.gke.io",
}
NATIVE = {
    "",
    "apiextensions.k8s.io",
    "apps",
    "batch",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
}
REQUIRED = os.environ.get("PLANFORM_REQUIRE_TIERS") == "1"


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


def folder(module: str) -> Path:
    """A Go module's folder in the module cache; it is downloaded only where every tier is required, as in CI."""
    if shutil.which("go") is None:
        (pytest.fail if REQUIRED else pytest.skip)("go is not on PATH")
    command = ["go", "mod", "download", "-json", module]
    environment = {**os.environ, "GOFLAGS": "-mod=mod", **({} if REQUIRED else {"GOPROXY": "off"})}
    done = subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, check=False)
    place = json.loads(done.stdout or "{}").get("Dir")
    if not place:
        (pytest.fail if REQUIRED else pytest.skip)(f"the Go module {module} is not in the module cache")
    return Path(place)


def schemas(place: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """Schemas by API version and kind."""
    found = {}
    for file in sorted(place.glob("*.yaml")):
        for each in yaml.safe_load_all(file.read_text()):
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
    known = schemas(folder(module) / path)
    found = list(of_group(group))
    assert found
    for where, each in found:
        schema = known[each["apiVersion"], each["kind"]]
        schema["properties"]["metadata"] = {"type": "object"}
        for fault in jsonschema.Draft7Validator(schema).iter_errors(each):
            pytest.fail(f"{where}: {'.'.join(map(str, fault.absolute_path))}: {fault.message}")


def test_a_wrong_custom_resource_is_refused() -> None:
    module, path = MODULES["cilium.io"]
    known = schemas(folder(module) / path)
    (_, good), *_ = of_group("cilium.io")
    schema = known[good["apiVersion"], good["kind"]]
    schema["properties"]["metadata"] = {"type": "object"}
    bad = {**good, "spec": {**good["spec"], "egres": []}}
    assert list(jsonschema.Draft7Validator(schema).iter_errors(bad))
