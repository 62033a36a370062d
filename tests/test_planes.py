"""Every case compiles, and shows what its component made.

A case is `<plane>.<component>[.<variant>].yaml`, a whole platform; its snapshot holds the resources of that component
in the environment `dev`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from planform.pipeline import Compilation, compile_files
from planform.planes.catalog import builtin
from planform.planes.security.kubernetes_network_policy import KubernetesNetworkPolicy

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_case(case: Path, snapshot: SnapshotAssertion) -> None:
    group, name = case.stem.split(".")[:2]
    module = f"planform.planes.{group}.{name.replace('-', '_')}"
    listed = next(entry for entry in builtin() if entry.target.startswith(f"{module}:"))
    compiled = compile_files(case, environments=["dev"])
    filled = {name: slot for plane in compiled.specs[0].planes.values() for name, slot in plane.slots.items()}
    assert filled[listed.capability].component == listed.name
    made = {
        record.address: {key: value for key, value in record.body.items() if key != "//"}
        for records in compiled.records.values()
        for record in records
        if record.construct_path.split("/")[1] == listed.capability
    }
    component = builtin().load(listed.capability, listed.name)
    assert bool(made) != (listed.name == "existing" or component.files_only)
    folder = f"existing-{listed.capability}" if listed.name == "existing" else listed.name
    made |= manifests(compiled, folder)
    made |= files(compiled, folder)
    assert made or listed.name == "existing" or component is KubernetesNetworkPolicy
    if made:
        assert snapshot(extension_class=JSONSnapshotExtension) == made


def manifests(compiled: Compilation, folder: str) -> dict[str, Any]:
    """The Kubernetes objects of a component by path; of a GitOps tool also what it makes for the charts of others."""
    return {
        path: _without_rules(yaml.safe_load(str(text)))
        for path, text in compiled.output.files.items()
        if path.startswith("kubernetes/") and path.split("/")[3] == folder
    }


def _without_rules(value: Any) -> Any:
    """Of the text of a policy rule its first line; the rest is in `policies`, and judged there."""
    if isinstance(value, dict):
        return {key: _without_rules(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_rules(each) for each in value]
    return value.partition("\n")[0] if isinstance(value, str) and value.startswith("package ") else value


def files(compiled: Compilation, folder: str) -> dict[str, Any]:
    """The other files of a component by path, as lines, and those of the platform's repository."""
    return {
        path: str(text).splitlines()
        for path, text in compiled.output.files.items()
        if path.startswith("repository/") or (path.startswith("files/") and path.split("/")[3] == folder)
    }


def test_every_component_has_a_case() -> None:
    covered = {".".join(case.stem.split(".")[:2]) for case in CASES}
    modules = {entry.target.partition(":")[0].removeprefix("planform.planes.") for entry in builtin()}
    assert {module.replace("_", "-") for module in modules} == covered
