"""No model passes unseen: the gates' programs run as a pipeline runs them, with the real scanner."""

from __future__ import annotations

import json
import os
import pickle
import stat
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from planform.contracts.model_scanning import ScanGate
from planform.engine import App, TerraformStack
from planform.planes.security.existing_model_scanning import ExistingModelScanning, ExistingModelScanningSettings
from planform.planes.security.existing_secrets import ExistingSecrets, ExistingSecretsSettings
from planform.planes.security.modelscan import Modelscan, ModelscanSettings
from planform.planes.security.protect_ai import ProtectAi, ProtectAiSettings
from planform.spec.environment import Environment
from tests.tools import absent

DEV = Environment(
    platform="acme-ai", name="dev", project="acme-ai-dev", project_number="111111111111", region="europe-west4"
)
SCANNER = Path(__file__).parents[1] / ".tools" / "modelscan" / "bin" / "python"
real = pytest.mark.pip_tools
GROUP = "b6e0c35b-9f9b-4d3a-bd79-741dc99484c5"


class Attack:
    """What runs a command when it is unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, ("true",)


def safetensors(path: Path) -> None:
    header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(4))


def modelscan(**settings: Any) -> Modelscan:
    return Modelscan(TerraformStack(App(), "x"), "model_scanning", ModelscanSettings(**settings), environment=DEV)


def run(gate: ScanGate, python: Path | str, model: Path, **variables: str) -> tuple[int, dict[str, Any]]:
    """Exit code and verdict of a gate's command, with its two places filled in."""
    verdict = model.parent / "verdict.json"
    filled = [word.replace("{model}", str(model)).replace("{verdict}", str(verdict)) for word in gate.command]
    assert filled[0] == "python"
    environment = {**os.environ, **variables}
    done = subprocess.run(
        [str(python), *filled[1:]], cwd=model.parent, env=environment, capture_output=True, text=True, check=False
    )
    assert verdict.exists(), done.stderr
    return done.returncode, json.loads(verdict.read_text())


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    return folder


def scanned(model: Path, **settings: Any) -> tuple[int, dict[str, Any]]:
    if not SCANNER.exists():
        absent("no modelscan here; `python3 dev.py test` installs it")
    return run(modelscan(**settings).gate(), SCANNER, model)


def rules(verdict: dict[str, Any]) -> list[str]:
    return [f"{each['rule']} {each['file']}".strip() for each in verdict["findings"]]


@real
def test_a_benign_pickle_passes(model: Path) -> None:
    (model / "weights").mkdir()
    (model / "weights" / "model.pkl").write_bytes(pickle.dumps({"weights": [1, 2]}))
    (model / "README.md").write_text("---\nlicense: MIT\n---\nA model.\n")
    code, verdict = scanned(model, licences=("mit",))
    assert (code, verdict["verdict"], verdict["findings"]) == (0, "passed", [])
    assert (verdict["scanner"], verdict["version"]) == ("modelscan", "0.8.8")
    assert verdict["checked"] == ["weights/model.pkl"]


@real
def test_a_malicious_pickle_fails(model: Path) -> None:
    (model / "model.pkl").write_bytes(pickle.dumps(Attack()))
    code, verdict = scanned(model)
    assert (code, verdict["verdict"], rules(verdict)) == (1, "failed", ["unsafe model.pkl"])
    assert "system" in verdict["findings"][0]["text"]


@real
def test_safetensors_pass_where_they_may_and_an_empty_folder_never(model: Path) -> None:
    assert scanned(model) == (1, {**scanned(model)[1], "verdict": "failed", "checked": []})
    assert rules(scanned(model)[1]) == ["empty"]
    safetensors(model / "model.safetensors")
    code, verdict = scanned(model)
    assert (code, verdict["verdict"], verdict["checked"]) == (0, "passed", [])
    code, verdict = scanned(model, safe_formats=("onnx",))
    assert (code, rules(verdict)) == (1, ["unscanned model.safetensors"])


@real
def test_what_modelscan_passes_over_in_silence_fails(model: Path) -> None:
    (model / "good.pkl").write_bytes(pickle.dumps([1]))
    for name in ("model.onnx", "model.safetensors", "model.gguf", "model.engine", "notes.txt"):
        (model / name).write_bytes(pickle.dumps(Attack()))
    (model / "modeling.py").write_text("print(1)\n")
    (model / "out.pkl").symlink_to("/etc/hostname")
    (model.parent / "modelscan-settings.toml").write_text("scanners = {}\n")
    code, verdict = scanned(model)
    assert (code, verdict["verdict"]) == (1, "failed")
    assert rules(verdict)[-7:] == [
        "unscanned model.engine",
        "unscanned model.gguf",
        "unscanned model.onnx",
        "unscanned model.safetensors",
        "unscanned modeling.py",
        "unscanned notes.txt",
        "link out.pkl",
    ]


@real
def test_a_broken_file_is_an_error_and_no_pass(model: Path) -> None:
    (model / "model.pkl").write_bytes(b"\x80\x04garbage")
    code, verdict = scanned(model)
    assert (code, verdict["verdict"], rules(verdict)) == (1, "error", ["error model.pkl"])


@real
def test_the_card_is_read(model: Path) -> None:
    safetensors(model / "model.safetensors")
    card = model / "README.md"
    assert rules(scanned(model, licences=("mit",))[1]) == ["licence"]
    card.write_text("---\nlicense: cc-by-nc-4.0\n---\nAsk eve@acme.example or +49 30 1234567.\n")
    found = rules(scanned(model, licences=("mit",))[1])
    assert found == ["licence README.md", "personal-data README.md", "personal-data README.md"]
    assert scanned(model, licences=("cc-by-nc-4.0",), personal_data=False)[0] == 0


def test_no_scanner_is_an_error_and_no_pass(model: Path) -> None:
    safetensors(model / "model.safetensors")
    code, verdict = run(modelscan().gate(), sys.executable, model)
    assert (code, verdict["verdict"]) == (1, "error")


def guardian() -> ProtectAi:
    stack = TerraformStack(App(), "x")
    held = {name: f"projects/acme-secrets/secrets/{name}" for name in ("guardian-client-id", "guardian-client-secret")}
    secrets = ExistingSecrets(stack, "secrets", ExistingSecretsSettings(secrets=held), environment=DEV)
    settings = ProtectAiSettings(endpoint="https://acme.guardian.example/guardian", security_group=GROUP)
    return ProtectAi(stack, "model_scanning", settings, environment=DEV, secrets=secrets)


@pytest.mark.parametrize(
    ("ends", "outcome", "verdict"),
    [
        (0, "PASS", "passed"),
        (0, "ERROR", "error"),
        (0, "PENDING", "error"),
        (0, "", "error"),
        (1, "FAIL", "failed"),
        (2, "ERROR", "error"),
        (9, "PASS", "error"),
    ],
)
def test_only_a_pass_of_guardian_passes(model: Path, ends: int, outcome: str, verdict: str) -> None:
    """The vendor's client is a program here that ends as its documentation says."""
    client = model.parent / "bin" / "guardian-client"
    client.parent.mkdir()
    said = json.dumps({"aggregate_eval_outcome": outcome, "uuid": "1"}) if outcome else "nothing"
    client.write_text(f"#!/bin/sh\necho \"$@\" > {model}/called\necho 'Warning: old'\necho '{said}'\nexit {ends}\n")
    client.chmod(client.stat().st_mode | stat.S_IXUSR)
    path = f"{client.parent}:{os.environ['PATH']}"
    code, found = run(guardian().gate(), sys.executable, model, PATH=path)
    assert (code == 0, found["verdict"]) == (verdict == "passed", verdict)
    called = (model / "called").read_text()
    assert f"--security-group-uuid {GROUP}" in called
    assert "--block-on-errors" in called


def test_gates_hold_no_value_of_a_secret_and_no_brackets_of_a_template() -> None:
    gate = guardian().gate()
    assert gate.secrets == {
        "GUARDIAN_API_CLIENT_ID": "projects/acme-secrets/secrets/guardian-client-id",
        "GUARDIAN_API_CLIENT_SECRET": "projects/acme-secrets/secrets/guardian-client-secret",
    }
    assert gate.hosts == ("acme.guardian.example",)
    for each in (gate, modelscan().gate()):
        words = [word for word in each.command if word not in ("{model}", "{verdict}")]
        assert len(each.command) - len(words) == 2
        assert not any(bracket in word for word in words for bracket in "{}")
        assert all("==" in package for package in each.packages)


def test_an_existing_scanner_keeps_the_contract() -> None:
    settings = ExistingModelScanningSettings(
        image="ghcr.io/acme/scan:1.0.0",
        command=("scan", "{model}", "{verdict}"),
        secrets={"TOKEN": "scanner-token"},
        safe_formats=("onnx",),
    )
    component = ExistingModelScanning(TerraformStack(App(), "x"), "model_scanning", settings, environment=DEV)
    assert component.gate().secrets == {"TOKEN": "scanner-token"}
    assert component.safe_formats() == ("onnx",)
