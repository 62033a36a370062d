"""Packs of rules from a registry: a real one on loopback, filled by `conftest push`, and what is wrong with a pack."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

import planform
from planform.checks.policy.images import pull, push
from planform.diagnostics import DiagnosticError
from planform.rules.skeleton import rule_text
from tests.tools import module, tool

MINIMAL = Path(__file__).parent.parent / "blueprints" / "minimal.yaml"
RULE = rule_text("data/own", "terraform").replace("google_storage_bucket", "google_container_cluster")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    module("oras")
    address = f"127.0.0.1:{free_port()}"
    with subprocess.Popen(
        [tool("crane"), "registry", "serve", "--address", address], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as served:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", int(address.rpartition(":")[2]))) == 0:
                    break
            time.sleep(0.1)
        yield address
        served.terminate()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return tmp_path / "cache"


def pack(folder: Path, rule: str = RULE) -> Path:
    """A folder with a rule, its test and a severity."""
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "own.rego").write_text(rule)
    (folder / "data" / "own_test.rego").write_text("package rules.data.own_test\n")
    (folder / "severities.yaml").write_text("observability/unlabelled: high\n")
    return folder


def files(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def conftest(*arguments: str, cwd: Path) -> str:
    done = subprocess.run([tool("conftest"), *arguments], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def check(reference: str, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from planform.cli import main; main()", "check", str(MINIMAL)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(planform.__file__).parents[1]), *sys.path]),
                   "PLANFORM_OPA": str(tool("opa"))}  # fmt: skip
    return subprocess.run([*command, "--policies", reference, *arguments], cwd=cwd, env=environment,
                          capture_output=True, text=True, check=False)  # fmt: skip


@pytest.mark.go
def test_a_pack_is_pushed_and_judges_elsewhere(registry: str, tmp_path: Path) -> None:
    folder = pack(tmp_path / "own")
    pinned = push(f"oci://{registry}/acme/policies:v1", folder)
    assert push(f"oci://{registry}/acme/policies:v1", folder) == pinned
    done = check(f"oci://{registry}/acme/policies:v1", tmp_path)
    assert done.returncode == 1, done.stderr
    assert "policy/data/own" in done.stderr
    assert f"rules of {pinned}" in done.stderr
    pulled = pull(pinned)
    assert files(pulled.folder) == {name: text for name, text in files(folder).items() if "_test" not in name}
    assert pull(pinned.replace(registry, "127.0.0.1:1")).folder == pulled.folder  # kept, so no network is needed
    done = check(f"oci://{registry}/acme/policies:v1", tmp_path, "--json")
    assert json.loads(done.stdout)["policies"] == [str(pulled.folder)]


@pytest.mark.go
def test_a_pack_is_what_conftest_pushes_and_pulls(registry: str, tmp_path: Path) -> None:
    alone = RULE[: RULE.index("import ")] + 'violation contains {"msg": "never"} if input.never\n'
    pack(tmp_path / "policies", alone)
    (tmp_path / "policies" / "data" / "own_test.rego").unlink()
    target = f"{registry}/acme/by-conftest:v1"
    said = conftest("push", target, "--policy", "policies", "--data", "policies/severities.yaml", cwd=tmp_path)
    pulled = pull(f"oci://{target}")
    assert pulled.reference.rpartition("@")[2] in said
    assert files(pulled.folder) == files(tmp_path / "policies")
    push(f"oci://{registry}/acme/by-planform:v1", tmp_path / "policies")
    conftest("pull", f"oci://{registry}/acme/by-planform:v1", "--policy", "again", cwd=tmp_path)
    assert files(tmp_path / "again") == files(tmp_path / "policies")


def fault_of(reference: str) -> tuple[str, str]:
    with pytest.raises(DiagnosticError) as caught:
        pull(reference)
    (fault,) = caught.value.diagnostics
    return fault.code, fault.summary


@pytest.mark.go
def test_a_tag_that_is_not_there(registry: str) -> None:
    code, summary = fault_of(f"oci://{registry}/acme/policies:none")
    assert code == "policy/no-image"
    assert "404" in summary


def test_without_a_network_it_is_told_at_once() -> None:
    module("oras")
    started = time.monotonic()
    code, summary = fault_of(f"oci://127.0.0.1:{free_port()}/acme/policies:v1")
    assert code == "policy/no-image"
    assert "cannot be reached" in summary
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    "reference", ["oci://acme/policies", "oci://registry.acme.example/policies", "oci://", "oci://a/B:v1"]
)
def test_a_reference_has_a_tag_or_a_digest(reference: str) -> None:
    assert fault_of(reference)[0] == "policy/bad-image"


def put(registry: str, layer: dict[str, object], blob: bytes) -> str:
    """A made-up image, put there without conftest."""
    base = f"http://{registry}/v2/acme/made-up"
    for each in (b"{}", blob):
        with urlopen(Request(f"{base}/blobs/uploads/", method="POST")) as answer:
            place = answer.headers["Location"]
        urlopen(Request(f"http://{registry}{place}?digest={digest(each)}", data=each, method="PUT")).close()
    config = {"mediaType": "application/vnd.unknown.config.v1+json", "digest": digest(b"{}"), "size": 2}
    manifest = json.dumps({"schemaVersion": 2, "config": config, "layers": [layer]}).encode()
    kind = {"Content-Type": "application/vnd.oci.image.manifest.v1+json"}
    urlopen(Request(f"{base}/manifests/v1", data=manifest, headers=kind, method="PUT")).close()
    return f"oci://{registry}/acme/made-up:v1"


@pytest.mark.go
@pytest.mark.parametrize(
    ("title", "media", "says"),
    [
        ("../data/own.rego", "application/vnd.cncf.openpolicyagent.policy.layer.v1+rego", "outside of its folder"),
        ("/data/own.rego", "application/vnd.cncf.openpolicyagent.policy.layer.v1+rego", "outside of its folder"),
        ("data/own.rego", "application/vnd.oci.image.layer.v1.tar+gzip", "it has 0 files"),
        ("", "application/vnd.cncf.openpolicyagent.policy.layer.v1+rego", "not one of a pack"),
    ],
)
def test_what_is_no_pack_is_refused(registry: str, cache: Path, title: str, media: str, says: str) -> None:
    blob = RULE.encode()
    layer: dict[str, object] = {"mediaType": media, "digest": digest(blob), "size": len(blob)}
    if title:
        layer["annotations"] = {"org.opencontainers.image.title": title}
    reference = put(registry, layer, blob)
    code, summary = fault_of(reference)
    assert code == "policy/bad-image"
    assert says in summary
    assert not cache.exists()


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
