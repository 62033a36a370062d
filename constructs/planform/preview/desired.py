"""The line of a preview's comment that says, for programs, what each environment was to be when it was reviewed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

__all__ = ["desired_in", "desired_line"]

_LINE = re.compile(r"<!-- planform desired state: (\{.*\}) -->")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def desired_line(desired: Mapping[str, str]) -> str:
    """`<!-- planform desired state: {"dev": "3f0a..."} -->`, the second line of the comment."""
    return f"<!-- planform desired state: {json.dumps(dict(desired))} -->"


def desired_in(body: str) -> Mapping[str, str] | None:
    """The digest of each environment that a comment says; None where its second line does not say it."""
    lines = body.splitlines()[1:2]
    found = _LINE.fullmatch(lines[0].strip()) if lines else None
    try:
        said = json.loads(found[1]) if found else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    return said if all(isinstance(each, str) and _DIGEST.fullmatch(each) for each in said.values()) else None
