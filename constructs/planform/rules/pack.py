"""The rules that planform ships, from the index that is made with their WebAssembly."""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path

from planform.rules.rule import Pack, Rule
from planform.shipped import folder

__all__ = ["digest", "shipped_pack"]

INDEX = "rules.json"


@functools.cache
def shipped_pack() -> Pack:
    """planform's own rules; their metadata was judged when the index was made."""
    entries = json.loads((Path(__file__).parent / INDEX).read_text("utf-8"))["rules"]
    return Pack(folder("policies"), tuple(Rule.from_dict(entry) for entry in entries))


def digest(place: Path) -> str:
    """SHA-256 of the Rego in a folder, tests aside: what the WebAssembly was made from."""
    result = hashlib.sha256()
    for path in sorted(place.rglob("*.rego")):
        if not path.name.endswith("_test.rego"):
            result.update(path.relative_to(place).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return result.hexdigest()
