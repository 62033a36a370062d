"""Every case compiles, and shows what its component made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from planform.pipeline import compile_files

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))


def made_by(files: dict[str, Any], capability: str) -> dict[str, Any]:
    """Address to body of each resource below the component's construct, in every stack."""
    return {
        f"{kind}.{name}": {key: value for key, value in body.items() if key != "//"}
        for path, text in files.items()
        if path.endswith("cdk.tf.json")
        for kind, resources in json.loads(text).get("resource", {}).items()
        for name, body in resources.items()
        if body["//"]["metadata"]["path"].split("/")[1] == capability
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_case(case: Path, snapshot: SnapshotAssertion) -> None:
    compiled = compile_files(case, environments=["dev"])
    plane, component = case.stem.split(".")[:2]
    module = f"planform.planes.{plane}.{component.replace('-', '_')}"
    components = compiled.environments[0].components
    capability = next(name for name, built in components.items() if type(built).__module__ == module)
    records = made_by(dict(compiled.output.files), capability)
    assert bool(records) != component.startswith("existing")
    assert snapshot(extension_class=JSONSnapshotExtension) == records
