"""Layouts, backends and the order of stacks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import planform
from planform.blueprint.read import read_text
from planform.diagnostics import DiagnosticError, Severity
from planform.pipeline import Compilation, compile_documents

SMALL = """\
planform: 1
kind: Platform
name: acme-ai
organization: {domain: acme.example}
region: europe-west4
labels: {cost_center: ai}
planes:
  security: {owner: security-team, services: project-services, keys: cloud-kms}
  resource: {object_store: gcs, networking: vpc}
environments:
  dev: {project: acme-ai-dev, project_number: 111111111111}
"""
BACKENDS = {
    "gcs": ("{gcs: {}}", {"gcs": {"bucket": "acme-ai-dev-tfstate", "prefix": "planform/acme-ai-dev-security"}}),
    "local": ("{local: {}}", {"local": {"path": "terraform.tfstate"}}),
    "s3": (
        "{s3: {bucket: acme-state, region: eu-central-1}}",
        {
            "s3": {
                "bucket": "acme-state",
                "encrypt": True,
                "key": "planform/acme-ai-dev-security/terraform.tfstate",
                "region": "eu-central-1",
                "use_lockfile": True,
            }
        },
    ),
}


def compiled(text: str) -> Compilation:
    return compile_documents(read_text(text, "platform.yaml"))


def document(result: Compilation, stack: str) -> dict[str, Any]:
    return json.loads(result.output.files[f"stacks/{stack}/cdk.tf.json"])  # type: ignore[no-any-return]


def test_a_plane_is_a_stack_and_providers_come_first() -> None:
    result = compiled(SMALL)
    assert result.stacks == ("acme-ai-dev-security", "acme-ai-dev-resource")
    manifest = json.loads(result.output.files["manifest.json"])
    assert manifest["stacks"]["acme-ai-dev-resource"]["dependencies"] == ["acme-ai-dev-security"]


def test_one_stack_for_the_whole_environment() -> None:
    result = compiled(SMALL.replace("planes:\n", "layout: single\nplanes:\n", 1))
    assert result.stacks == ("acme-ai-dev",)
    single = document(result, "acme-ai-dev")["resource"]
    assert "google_project_service" in single
    assert "google_compute_network" in single
    assert single["google_compute_network"]["networking"]["depends_on"]


def test_a_value_is_a_reference_at_home_and_a_literal_abroad() -> None:
    apart = compiled(SMALL.replace("object_store: gcs", "object_store: {use: gcs, buckets: {models: {}}}"))
    text = json.dumps(document(apart, "acme-ai-dev-resource"))
    key = "projects/acme-ai-dev/locations/europe-west4/keyRings/acme-ai-dev/cryptoKeys/"
    assert key in text
    together = compiled(
        SMALL.replace("object_store: gcs", "object_store: {use: gcs, buckets: {models: {}}}").replace(
            "planes:\n", "layout: single\nplanes:\n", 1
        )
    )
    text = json.dumps(document(together, "acme-ai-dev")["resource"]["google_storage_bucket"])
    assert key not in text
    assert "${google_kms_crypto_key" in text


def test_providers_carry_the_labels_of_plane_and_environment() -> None:
    (provider,) = document(compiled(SMALL), "acme-ai-dev-security")["provider"]["google"]
    assert provider == {
        "project": "acme-ai-dev",
        "region": "europe-west4",
        "default_labels": {
            "cost_center": "ai",
            "environment": "dev",
            "managed_by": "planform",
            "plane": "security",
            "team": "security-team",
        },
    }


@pytest.mark.parametrize("kind", BACKENDS)
def test_state_is_kept_where_the_blueprint_says(kind: str) -> None:
    written, expected = BACKENDS[kind]
    result = compiled(SMALL.replace("planes:\n", f"backend: {written}\nplanes:\n", 1))
    assert document(result, "acme-ai-dev-security")["terraform"]["backend"] == expected


def test_state_and_runs_in_hcp_terraform() -> None:
    result = compiled(SMALL.replace("planes:\n", "backend: {hcp: {organization: acme}}\nplanes:\n", 1))
    cloud = document(result, "acme-ai-dev-security")["terraform"]["cloud"]
    assert cloud["organization"] == "acme"
    assert cloud["workspaces"] == {"name": "acme-ai-dev-security"}


@pytest.mark.engine
@pytest.mark.parametrize("engine", ["cdktf", "cdktn"])
@pytest.mark.parametrize("backend", ["{s3: {bucket: acme-state, region: eu-central-1}}", "{hcp: {organization: acme}}"])
def test_engines_write_the_same_backends(engine: str, backend: str, tmp_path: Path) -> None:
    blueprint = tmp_path / "platform.yaml"
    blueprint.write_text(SMALL.replace("planes:\n", f"backend: {backend}\nplanes:\n", 1))
    texts = {}
    for name in (engine, "native"):
        command = [
            sys.executable,
            "-c",
            "from planform.cli import main; main()",
            "synth",
            str(blueprint),
            "--out",
            name,
        ]
        variables = {**os.environ, "PLANFORM_ENGINE": name, "PYTHONPATH": str(Path(planform.__file__).parent.parent)}
        subprocess.run(command, check=True, cwd=tmp_path, env=variables, capture_output=True)
        written = json.loads((tmp_path / name / "stacks/acme-ai-dev-security/cdk.tf.json").read_text())
        del written["//"]["metadata"]["version"]
        texts[name] = written
    assert texts[engine] == texts["native"]


def test_planes_that_need_each_other_are_named_with_both_ends() -> None:
    text = SMALL.replace("services: project-services, keys: cloud-kms", "services: project-services, networking: vpc")
    text = text.replace("object_store: gcs, networking: vpc", "identity: iam").replace(
        "  resource:", "  access: {compute: gke}\n  resource:"
    )
    text = text.replace("access: {compute: gke}", "access: {compute: gke, keys: cloud-kms}")
    text = text.replace("networking: vpc}", "networking: vpc, object_store: gcs}")
    with pytest.raises(DiagnosticError) as caught:
        compiled(text)
    (fault,) = caught.value.diagnostics
    assert fault.code == "contract/plane-cycle"
    assert len(fault.notes) >= 2


def test_a_plane_of_existing_things_has_no_stack() -> None:
    text = SMALL.replace(
        "services: project-services, keys: cloud-kms", "services: {use: existing}, keys: {use: existing}"
    ).replace("object_store: gcs, networking: vpc", "networking: vpc")
    assert compiled(text).stacks == ("acme-ai-dev-resource",)


def test_unconfirmed_facts_are_warnings_at_the_line() -> None:
    text = SMALL.replace("keys: cloud-kms", "identity: iam").replace(
        "  resource: {object_store: gcs, networking: vpc}\n",
        "  resource:\n    networking: vpc\n    compute:\n      use: gke\n      node_pools:\n"
        "        new: {machine_type: g9-standard-8, allow_unlisted: true, max_nodes: 1}\n",
    )
    findings = compiled(text).findings
    assert findings
    assert {finding.severity for finding in findings} == {Severity.WARNING}
    assert {finding.at.line for finding in findings if finding.at} == {14}


def test_a_misspelt_region_and_quota_are_warned_of() -> None:
    text = SMALL.replace("region: europe-west4", "region: europe-vest4").replace(
        "planes:\n", "teams: {fraud: {owners: ['group:f@acme.example'], accelerators: {nvidia-l44: 8}}}\nplanes:\n", 1
    )
    found = compiled(text).findings
    assert [(each.code, each.label) for each in found] == [
        ("spec/unlisted-region", "did you mean `europe-west4`?"),
        ("spec/unlisted-accelerator", "did you mean `nvidia-l4`?"),
    ]
