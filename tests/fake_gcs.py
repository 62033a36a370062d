"""A fake of Cloud Storage for Terraform: our own, not Google's and no emulator of it.

It keeps every field that a bucket is made with, fills in those that the service fills in, merges what is patched, and
keeps the policy of who may do what. It judges nothing; what is tested against it is the real provider, and whether
what planform writes comes back from it unchanged. Objects are not served.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["FakeGcs", "fake_gcs"]

MOMENT = "2026-01-01T00:00:00.000Z"
MERGED = ("labels", "iamConfiguration")
"""What a patch merges one level deeper; all else it replaces."""
SOFT_DELETE_SECONDS = "604800"


class FakeGcs(ThreadingHTTPServer):
    """The buckets, by name, as the service's API shows them, and the policy of each."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.buckets: dict[str, dict[str, Any]] = {}
        self.policies: dict[str, dict[str, Any]] = {}
        self.calls = itertools.count(1)

    @property
    def endpoint(self) -> str:
        """What the provider takes for its `storage_custom_endpoint`."""
        return f"http://127.0.0.1:{self.server_port}/storage/v1/"

    def make(self, asked: dict[str, Any]) -> dict[str, Any]:
        """A bucket with what the service adds to what was asked."""
        name = asked["name"]
        bucket = {
            "kind": "storage#bucket",
            "id": name,
            "selfLink": f"{self.endpoint}b/{name}",
            "projectNumber": "1",
            "timeCreated": MOMENT,
            "updated": MOMENT,
            "metageneration": "1",
            "storageClass": "STANDARD",
            "locationType": "region",
            "rpo": "DEFAULT",
            "softDeletePolicy": {"retentionDurationSeconds": SOFT_DELETE_SECONDS, "effectiveTime": MOMENT},
            **asked,
            "iamConfiguration": {"publicAccessPrevention": "inherited", **asked.get("iamConfiguration", {})},
        }
        self.buckets[name], self.policies[name] = bucket, {"kind": "storage#policy", "version": 1, "bindings": []}
        return self.change(name, {})

    def change(self, name: str, patch: dict[str, Any]) -> dict[str, Any]:
        """A merge in which null deletes."""
        bucket = self.buckets[name]
        for key, value in patch.items():
            if key in MERGED and isinstance(value, dict):
                merged = bucket.get(key, {}) | value
                bucket[key] = {name: each for name, each in merged.items() if each is not None}
            elif value is None:
                bucket.pop(key, None)
            else:
                bucket[key] = value
        if "retentionPolicy" in bucket:
            bucket["retentionPolicy"].setdefault("effectiveTime", MOMENT)
        bucket["metageneration"] = bucket["etag"] = str(next(self.calls))
        return bucket


class _Handler(BaseHTTPRequestHandler):
    server: FakeGcs

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _answer(self, status: int, body: Any = None) -> None:
        text = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _refuse(self, status: int, message: str) -> None:
        self._answer(status, {"error": {"code": status, "message": message, "errors": [{"reason": message}]}})

    def _handle(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "null")
        _, _, _, kind, *rest = self.path.partition("?")[0].split("/")
        gcs, (name, *below) = self.server, rest or [""]
        match self.command, bool(name), below:
            case _ if kind != "b":
                self._refuse(501, f"the fake knows no {self.path}")
            case "POST", False, []:
                self._answer(200, gcs.make(body)) if body["name"] not in gcs.buckets else self._refuse(409, "conflict")
            case _ if name not in gcs.buckets:
                self._refuse(404, "notFound")
            case "GET", True, []:
                self._answer(200, gcs.buckets[name])
            case "PATCH", True, []:
                self._answer(200, gcs.change(name, body))
            case "DELETE", True, []:
                del gcs.buckets[name], gcs.policies[name]
                self._answer(204)
            case "GET", True, ["o"]:
                self._answer(200, {"kind": "storage#objects"})
            case "GET", True, ["iam"]:
                self._answer(200, gcs.policies[name])
            case "PUT", True, ["iam"]:
                gcs.policies[name] = {**body, "etag": str(next(gcs.calls))}
                self._answer(200, gcs.policies[name])
            case _:
                self._refuse(501, f"the fake knows no {self.command} {self.path}")

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _handle  # noqa: N815, names of the standard library


@contextmanager
def fake_gcs() -> Iterator[FakeGcs]:
    """One without buckets, on a free port of this host."""
    with FakeGcs() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
