"""Packs of rules in a registry: OCI images as `conftest push` writes them, pulled by tag or digest into a folder.

conftest compiles what it pushes and does not know the library that rules call, so planform pushes them itself.
What is pulled is kept under its digest, so that a run with a pinned digest needs no network after the first.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urljoin

from msgspec import Struct

from planform.checks.policy.severities import SEVERITIES
from planform.diagnostics import DiagnosticError, error
from planform.rules.rule import read_pack

__all__ = ["SCHEME", "Pulled", "pull", "push"]

SCHEME = "oci://"
INSTALL = "pip install 'planform[images]'"
RULES = "application/vnd.cncf.openpolicyagent.policy.layer.v1+rego"
DATA = "application/vnd.cncf.openpolicyagent.data.layer.v1+json"
"""What conftest calls a file of rules, and a file of data: `severities.yaml` is one of those."""
CONFIG = "application/vnd.cncf.openpolicyagent.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
TITLE = "org.opencontainers.image.title"
LARGEST = 4 * 1024**2
"""Bytes of one file, and of a manifest."""
MOST = 1000
"""Files of one pack."""
SECONDS = 30.0

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_REFERENCE = re.compile(
    r"oci://(?P<host>[\w.-]+(:\d+)?)/(?P<repository>[a-z0-9]+([._/-]+[a-z0-9]+)*)"
    r"(:(?P<tag>\w[\w.-]{0,127}))?(@(?P<digest>sha256:[0-9a-f]{64}))?"
)


class Pulled(Struct, frozen=True):
    """A pack that is here: `reference` is the one with its digest."""

    reference: str
    folder: Path


def pull(reference: str) -> Pulled:
    """The pack that a reference names: `oci://registry/repository:tag`, `...@sha256:...`.

    Errors: policy/bad-image, policy/no-image.
    """
    match = _named(reference)
    kept = _kept(match["digest"]) if match["digest"] else None
    if kept is not None and kept.is_dir():
        return Pulled(reference, kept)
    with closing(_Registry(reference, match["host"], match["repository"])) as registry:
        text = registry.get(f"manifests/{match['digest'] or match['tag']}")
        digest = _digest(text)
        if match["digest"] not in (None, digest):
            raise registry.bad(f"its manifest has the digest {digest}")
        folder = _kept(digest)
        if not folder.is_dir():
            _write(folder, dict(_files(registry, text)))
    return Pulled(f"{SCHEME}{match['host']}/{match['repository']}@{digest}", folder)


def push(reference: str, folder: Path) -> str:
    """Put a folder's rules, without their tests, and its severities under a tag; the reference with the digest.

    Errors: policy/bad-image, policy/no-image.
    """
    match = _named(reference)
    paths = [*read_pack(folder).files(), *folder.glob(SEVERITIES)]
    if match["digest"] or not paths:
        summary = f"{folder} has no rule and no severity" if not paths else "a digest is what a push makes"
        help = "name a folder with rules, and a tag"
        raise DiagnosticError([error("policy/bad-image", summary, help=help)])
    with closing(_Registry(reference, match["host"], match["repository"])) as registry:
        layers = [
            {
                **registry.upload(path.read_bytes(), RULES if path.suffix == ".rego" else DATA),
                "annotations": {TITLE: path.relative_to(folder).as_posix()},
            }
            for path in paths
        ]
        config = registry.upload(b"{}", CONFIG)
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}
        text = json.dumps(manifest, separators=(",", ":")).encode()
        registry.send("PUT", f"manifests/{match['tag']}", text, MANIFEST)
    return f"{SCHEME}{match['host']}/{match['repository']}@{_digest(text)}"


def _named(reference: str) -> re.Match[str]:
    match = _REFERENCE.fullmatch(reference)
    if match is None or not (match["tag"] or match["digest"]):
        help = "write oci://registry/repository:tag or oci://registry/repository@sha256:..."
        raise DiagnosticError([error("policy/bad-image", f"`{reference}` names no tag and no digest", help=help)])
    return match


class _Registry:
    """One repository of a registry, with the credentials that `docker login` and its helpers keep."""

    def __init__(self, reference: str, host: str, repository: str) -> None:
        try:
            import oras.provider
            import requests
            from requests.adapters import HTTPAdapter
        except ImportError:
            help = f"{INSTALL}; or pull the pack with another program, and name its folder"
            raise DiagnosticError([error("policy/no-image", "packs from a registry need oras", help=help)]) from None

        class Bounded(HTTPAdapter):
            def send(self, *arguments: Any, **options: Any) -> requests.Response:
                return super().send(*arguments, **{**options, "timeout": SECONDS})

        loopback = host.partition(":")[0] in ("localhost", "127.0.0.1")
        self._client = oras.provider.Registry(insecure=loopback)
        for scheme in ("http://", "https://"):
            self._client.session.mount(scheme, Bounded())
        # oras tries five times in two minutes, which is long when there is no network at all.
        self._request = oras.provider.Registry.do_request.__wrapped__
        self._reference = reference
        self._base = f"{self._client.prefix}://{host}/v2/{repository}/"
        self._client.auth.load_configs(self._client.get_container(f"{host}/{repository}"))

    def close(self) -> None:
        """Its connections."""
        self._client.session.close()

    def get(self, path: str) -> bytes:
        """What lies there, whole or not at all."""
        data = b""
        with self._asked("GET", self._base + path, headers={"Accept": f"{MANIFEST}, */*"}, stream=True) as answer:
            try:
                for part in answer.iter_content(65536):
                    data += part
                    if len(data) > LARGEST:
                        raise self.bad(f"{path} has more than {LARGEST >> 20} MiB")
            except OSError as trouble:
                raise self._unreached(trouble) from None
        return data

    def upload(self, data: bytes, media: str) -> dict[str, Any]:
        """Put a blob there; how a manifest speaks of it."""
        place = self.send("POST", "blobs/uploads/").headers["Location"]
        place += ("&" if "?" in place else "?") + f"digest={_digest(data)}"
        self.send("PUT", place, data, "application/octet-stream")
        return {"mediaType": media, "digest": _digest(data), "size": len(data)}

    def send(self, method: str, path: str, data: bytes = b"", media: str = "") -> Any:
        """Change something there; the answer."""
        headers = {"Content-Type": media} if media else {}
        return self._asked(method, urljoin(self._base, path), data=data, headers=headers)

    def _asked(self, method: str, url: str, **options: Any) -> Any:
        try:
            answer = self._request(self._client, url, method, **options)
            if not answer.ok:
                answer.close()
            answer.raise_for_status()
        except (OSError, ValueError) as trouble:  # requests' own are OSErrors; oras raises ValueError for no access
            raise self._unreached(trouble) from None
        return answer

    def _unreached(self, trouble: Exception) -> DiagnosticError:
        summary = f"{self._reference} cannot be reached: {' '.join(str(trouble).split())[:300]}"
        help = (
            "look at the name, the network and `docker login`; by its digest a pack that was pulled once is found"
            " without a network"
        )
        return DiagnosticError([error("policy/no-image", summary, help=help)])

    def bad(self, why: str) -> DiagnosticError:
        """The fault of an image that is no pack."""
        help = "push the folder with `planform policy push oci://REGISTRY/REPOSITORY:TAG`"
        return DiagnosticError([error("policy/bad-image", f"{self._reference} is no pack of rules: {why}", help=help)])


def _files(registry: _Registry, manifest: bytes) -> Iterator[tuple[str, bytes]]:
    """The pack's files by their path in it."""
    try:
        layers = {each["annotations"][TITLE]: each["digest"] for each in json.loads(manifest)["layers"]
                  if each["mediaType"] in (RULES, DATA)}  # fmt: skip
        titles = {title: PurePosixPath(title) for title in layers}
        if not all(map(_DIGEST.fullmatch, layers.values())):
            raise ValueError
    except (ValueError, LookupError, TypeError, AttributeError):
        raise registry.bad("its manifest is not one of a pack") from None
    if not layers or len(layers) > MOST:
        raise registry.bad(f"it has {len(layers)} files of rules")
    for title, path in titles.items():
        if path.is_absolute() or ".." in path.parts or "\\" in title:
            raise registry.bad(f"a file of it would lie outside of its folder: {title}")
    root = _root(titles)
    for title, digest in layers.items():
        data = registry.get(f"blobs/{digest}")
        if _digest(data) != digest:
            raise registry.bad(f"{title} is not what its digest says")
        yield titles[title].relative_to(root).as_posix(), data


def _root(titles: Mapping[str, PurePosixPath]) -> PurePosixPath:
    """The folder that was pushed: a rule lies in its plane's, so it is the one above all of those."""
    above = [path.parent.parent if path.suffix == ".rego" else path.parent for path in titles.values()]
    return PurePosixPath(os.path.commonpath([f"/{each}" for each in above])).relative_to("/")


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as place:
        made = Path(place, "pack")
        for path, data in files.items():
            (made / path).parent.mkdir(parents=True, exist_ok=True)
            (made / path).write_bytes(data)
        try:
            made.rename(folder)
        except OSError:  # another run was faster, with the same bytes
            if not folder.is_dir():
                raise


def _kept(digest: str) -> Path:
    """Where a pack is kept, as other caches are."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache, "planform", "policies", digest.replace(":", "-"))


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
