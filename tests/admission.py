"""What a Binary Authorization policy lets in, as Google's reference of its patterns says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["images_of", "is_let_in"]


def is_let_in(image: str, patterns: Iterable[str]) -> bool:
    """A `*` at the end stands for what has no slash, `**` for anything."""
    return any(_fits(image, pattern) for pattern in patterns)


def _fits(image: str, pattern: str) -> bool:
    start = pattern.rstrip("*")
    rest = image.removeprefix(start)
    if not image.startswith(start):
        return False
    return pattern.endswith("**") or (not rest if start == pattern else "/" not in rest)


def images_of(value: Any) -> Iterator[str]:
    """The images of all containers in an object."""
    if isinstance(value, dict):
        for key in ("containers", "initContainers"):
            if isinstance(value.get(key), list):
                yield from (each["image"] for each in value[key] if "image" in each)
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from images_of(each)
