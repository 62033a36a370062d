"""A real API server with its etcd, on free ports of this host for as long as a test takes.

Nothing runs beside it that acts on objects: no controllers, no nodes, no admission webhooks. It stores what it
accepts, and says of all else what is wrong.
"""

from __future__ import annotations

import json
import shutil
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.real_servers import free_ports
from tests.tools import TOOLS, absent

__all__ = ["Api", "RefusedByServerError", "control_plane"]

PROGRAMS = TOOLS / "kubernetes"
READY_SECONDS = 60
TOKEN = "admin-of-tests"


class RefusedByServerError(Exception):
    """What the server said to an object that it does not take."""


class Api:
    """What a GitOps tool does with an API server: objects applied on the server's side, strictly."""

    def __init__(self, port: int, trusted: Path) -> None:
        self._address = f"https://127.0.0.1:{port}"
        self._trusted = ssl.create_default_context(cafile=str(trusted))
        self._kinds: dict[str, dict[str, tuple[str, bool]]] = {}

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None, timeout: float = 30) -> Any:
        """One request: JSON out, JSON or text back."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/json, */*"}
        data = None
        if body is not None:
            headers["Content-Type"] = "application/apply-patch+yaml"
            data = json.dumps(body).encode()
        request = urllib.request.Request(self._address + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout, context=self._trusted) as answer:
                text = answer.read().decode()
        except urllib.error.HTTPError as refusal:
            said = refusal.read().decode()
            raise RefusedByServerError(json.loads(said)["message"] if said.startswith("{") else said) from None
        return json.loads(text) if text.startswith("{") else text

    def apply(self, body: Mapping[str, Any]) -> None:
        """Server-side apply, in which unknown fields are faults."""
        version, kind, metadata = body["apiVersion"], body["kind"], body["metadata"]
        top = f"/apis/{version}" if "/" in version else f"/api/{version}"
        plural, namespaced = self._plural(top, kind)
        place = f"{top}/namespaces/{metadata['namespace']}/{plural}" if namespaced else f"{top}/{plural}"
        self.call("PATCH", f"{place}/{metadata['name']}?fieldManager=planform&fieldValidation=Strict", body)
        if kind == "CustomResourceDefinition":
            self._wait_for(f"{place}/{metadata['name']}")

    def _plural(self, top: str, kind: str) -> tuple[str, bool]:
        if kind not in self._kinds.get(top, {}):
            found = self.call("GET", top)["resources"]
            self._kinds[top] = {
                each["kind"]: (each["name"], each["namespaced"]) for each in found if "/" not in each["name"]
            }
        if kind not in self._kinds[top]:
            raise RefusedByServerError(f"no kind {kind} in {top}")
        return self._kinds[top][kind]

    def _wait_for(self, definition: str) -> None:
        """Until the server serves what is defined."""
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end:
            conditions = self.call("GET", definition).get("status", {}).get("conditions") or ()
            said = {each["type"]: each for each in conditions}
            if said.get("NonStructuralSchema", {}).get("status") == "True":
                raise RefusedByServerError(said["NonStructuralSchema"]["message"])
            if said.get("Established", {}).get("status") == "True" and self._serves(definition):
                return
            time.sleep(0.05)
        raise AssertionError(f"{definition} is not served after {READY_SECONDS} s")

    def _serves(self, definition: str) -> bool:
        spec = self.call("GET", definition)["spec"]
        served = [each["name"] for each in spec["versions"] if each["served"]]
        try:
            known = [self.call("GET", f"/apis/{spec['group']}/{version}")["resources"] for version in served]
        except RefusedByServerError:
            return False
        return all(any(each["name"] == spec["names"]["plural"] for each in resources) for resources in known)


@contextmanager
def control_plane() -> Iterator[Api]:
    """An empty cluster's API server."""
    if not (PROGRAMS / "made-from").exists():
        # Not a tier that CI has to have: the build takes longer than all other tests together.
        absent("no kube-apiserver here: `python3 dev.py kubernetes` builds it, where Go is", required=False)
    openssl = shutil.which("openssl") or absent("openssl is not on PATH")
    store, peers, port = free_ports(3)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "tokens.csv").write_text(f"{TOKEN},admin,admin,system:masters\n")
        key = folder / "key.pem"
        subprocess.run([openssl, "genrsa", "-out", key, "2048"], check=True, capture_output=True)
        (folder / "key.pub").write_bytes(
            subprocess.run([openssl, "rsa", "-in", key, "-pubout"], check=True, capture_output=True).stdout
        )
        here, there = f"http://127.0.0.1:{store}", f"http://127.0.0.1:{peers}"
        etcd = _start(
            folder, "etcd", "--data-dir", f"{folder}/data", "--unsafe-no-fsync", "--log-level", "error",
            "--listen-client-urls", here, "--advertise-client-urls", here, "--listen-peer-urls", there,
            "--initial-advertise-peer-urls", there, "--initial-cluster", f"default={there}",
        )  # fmt: skip
        server = _start(
            folder, "kube-apiserver", f"--etcd-servers={here}", f"--secure-port={port}", "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1", f"--cert-dir={folder}/certificates", "--authorization-mode=RBAC",
            f"--token-auth-file={folder}/tokens.csv", "--anonymous-auth=false", "--profiling=false",
            f"--service-account-key-file={folder}/key.pub", f"--service-account-signing-key-file={key}",
            "--service-account-issuer=https://kubernetes.default.svc", "--endpoint-reconciler-type=none",
            "--disable-admission-plugins=ServiceAccount", "--service-cluster-ip-range=10.0.0.0/24",
        )  # fmt: skip
        try:
            yield _ready(port, folder, server)
        finally:
            for process in (server, etcd):
                process.terminate()
                process.wait(30)


def _start(folder: Path, program: str, *words: str) -> subprocess.Popen[bytes]:
    with (folder / f"{program}.log").open("wb") as log:
        return subprocess.Popen([PROGRAMS / program, *words], stdout=log, stderr=log)


def _ready(port: int, folder: Path, server: subprocess.Popen[bytes]) -> Api:
    certificate = folder / "certificates" / "apiserver.crt"
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            api = Api(port, certificate)
            if api.call("GET", "/readyz", timeout=5) == "ok":
                return api
        except (OSError, RefusedByServerError):
            pass
        time.sleep(0.1)
    raise AssertionError((folder / "kube-apiserver.log").read_text()[-2000:])
