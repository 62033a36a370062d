"""YAML without positions, for what planform ships or made itself: by libyaml, where PyYAML was built with it.

What users write is read by `planform.blueprint`, which knows the line of everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

__all__ = ["load", "load_all"]

_TAG = "tag:yaml.org,2002:"
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """PyYAML's, which builds values in two passes so that one may hold itself; text of planform's never does."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        if node.tag == f"{_TAG}str":
            return node.value
        if node.tag == f"{_TAG}map" and all(key.tag == f"{_TAG}str" for key, _ in node.value):
            return {key.value: self.construct_object(value) for key, value in node.value}
        if node.tag == f"{_TAG}seq":
            return [self.construct_object(each) for each in node.value]
        return super().construct_object(node, deep=True)


def load(text: str) -> Any:
    """The one document of a text. Raises yaml.YAMLError."""
    return yaml.load(text, _Loader)


def load_all(text: str) -> Iterator[Any]:
    """Every document of a text. Raises yaml.YAMLError on the way."""
    yield from yaml.load_all(text, _Loader)
