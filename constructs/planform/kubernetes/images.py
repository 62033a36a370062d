"""The lock file of container images: images.yaml beside this file, which alone decides what version runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct

from planform.diagnostics import suggest
from planform.plain_yaml import load

__all__ = ["Image", "at_versions", "image", "images", "lock"]

_REPOSITORY = re.compile(r"[a-z0-9.-]+\.[a-z]+(/[a-z0-9._-]+)+")
_TAG = re.compile(r"(?!latest$)[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class Image(Struct, frozen=True):
    """A container image at one version. `repository` has its host; `digest` is "" where it is not known."""

    name: str
    repository: str
    tag: str
    digest: str
    source: str
    read: str
    moves: bool = False
    """Whether the tag is another image later, as its publisher names no versions."""

    @property
    def version(self) -> str:
        """`26.07-py3`, with `@sha256:...` where that is known."""
        return f"{self.tag}@{self.digest}" if self.digest else self.tag

    @property
    def reference(self) -> str:
        """`nvcr.io/nvidia/tritonserver:26.07-py3`."""
        return f"{self.repository}:{self.version}"


@cache
def images() -> Mapping[str, Image]:
    """Every image of the lock file by its name there."""
    return lock(Path(__file__).with_name("images.yaml").read_text("utf-8"))


def image(name: str, versions: Mapping[str, str] | None = None) -> str:
    """The reference of an image by its name in the lock file; `versions` has those that differ from it.

    Raises KeyError with the nearest name.
    """
    found = images().get(name)
    if found is None:
        near = suggest(name, images())
        raise KeyError(f"images.yaml has no image `{name}`" + (f", did you mean `{near}`?" if near else ""))
    pinned = (versions or {}).get(name)
    return f"{found.repository}:{pinned}" if pinned else found.reference


def at_versions(text: str, versions: Mapping[str, str]) -> str:
    """A text that names images of the lock file, with those that `versions` has at their versions."""
    for name in versions.keys() & images().keys():
        text = text.replace(images()[name].reference, image(name, versions))
    return text


def lock(text: str) -> dict[str, Image]:
    """The images of a lock file. Raises ValueError for one that is not pinned: `latest`, no tag, a short name."""
    loaded: dict[str, dict[str, Any]] = load(text) or {}
    return {name: _image(name, facts) for name, facts in loaded.items()}


def _image(name: str, facts: Mapping[str, Any]) -> Image:
    found = Image(
        name=name,
        repository=facts["repository"],
        tag=facts["tag"],
        digest=facts.get("digest", ""),
        source=facts["source"],
        read=facts["read"],
        moves=facts.get("moves", False),
    )
    if not _REPOSITORY.fullmatch(found.repository):
        raise ValueError(f"{name}: {found.repository!r} is no repository with its host")
    if not isinstance(found.tag, str) or not _TAG.fullmatch(found.tag):
        raise ValueError(f"{name}: {found.tag!r} is no exact tag")
    if found.digest and not _DIGEST.fullmatch(found.digest):
        raise ValueError(f"{name}: {found.digest!r} is no digest")
    if found.moves == bool(found.digest or re.search(r"\d", found.tag)):
        raise ValueError(f"{name}: {found.version!r} is a version or it `moves`, one of the two")
    return found
