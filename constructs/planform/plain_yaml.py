"""YAML without positions, for what planform ships or made itself: by libyaml, where PyYAML was built with it.

What users write is read by `planform.blueprint`, which knows the line of everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

__all__ = ["load", "load_all"]

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load(text: str) -> Any:
    """The one document of a text. Raises yaml.YAMLError."""
    return yaml.load(text, _Loader)


def load_all(text: str) -> Iterator[Any]:
    """Every document of a text. Raises yaml.YAMLError on the way."""
    yield from yaml.load_all(text, _Loader)
