"""Plain values to YAML that every reader understands alike: those of YAML 1.1, of YAML 1.2, and of JSON.

Readers of Kubernetes objects disagree about plain scalars: for some `y`, `on` and `1e3` are a boolean or a number.
So text is written plain only when no reader could take it for anything else, and in double quotes otherwise. The
form of the output is planform's own, so that no release of a library changes a byte of it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

__all__ = ["to_yaml"]

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./@=-]*(?::[A-Za-z0-9_./@=-]+)*(?: [A-Za-z0-9_./@(),;'=-]+)*")
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity"))
"""Text that some reader takes for a boolean, for nothing, or for a number."""
_ESCAPED = re.compile("[\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
_BLOCK_LINE = re.compile("[^\x00-\x08\x0a-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]*")
_SCALARS = (str, int, float)
_SEQUENCES = (list, tuple)
_LONGEST_KEY = 512
"""Readers look no further than 1024 characters for the end of a key; escapes make it longer."""


def to_yaml(value: Mapping[str, Any]) -> str:
    """One document of mappings, sequences, texts, numbers, booleans and None; keys in the order they have.

    Raises ValueError for a number that is not finite and for a key that is no text or too long.
    """
    lines: list[str] = []
    _mapping(value, "", "", lines)
    return "\n".join([*lines, ""]) if value else "{}\n"


def _mapping(value: Mapping[str, Any], first: str, indent: str, lines: list[str]) -> None:
    """Add a mapping's lines: the first one after `first`, which may be the dash of an item, the others indented."""
    for key, item in value.items():
        head = f"{first}{_key(key)}:"
        first = indent
        if type(item) is str and "\n" not in item:  # nearly all are
            lines.append(f"{head} {_text(item)}")
        elif not item or isinstance(item, _SCALARS):
            _scalar(item, f"{head} ", indent, lines)
        elif isinstance(item, _SEQUENCES):
            lines.append(head)
            _sequence(item, indent, indent, lines)
        elif isinstance(item, Mapping):
            lines.append(head)
            _mapping(item, f"{indent}  ", f"{indent}  ", lines)
        else:
            raise _misplaced(item)


@lru_cache(maxsize=4096)
def _key(key: Any) -> str:
    if not isinstance(key, str) or len(key) > _LONGEST_KEY:
        raise ValueError(f"{key!r:.60} cannot be a key")
    return _text(key)


def _sequence(value: Sequence[Any], first: str, indent: str, lines: list[str]) -> None:
    """As `_mapping`."""
    within = f"{indent}  "
    for item in value:
        head = f"{first}- "
        first = indent
        if not item or isinstance(item, _SCALARS):
            _scalar(item, head, within, lines)
        elif isinstance(item, _SEQUENCES):
            _sequence(item, head, within, lines)
        elif isinstance(item, Mapping):
            _mapping(item, head, within, lines)
        else:
            raise _misplaced(item)


def _scalar(value: Any, head: str, indent: str, lines: list[str]) -> None:
    """A text of several lines becomes a block where it can, so that configuration inside reads as it is."""
    if not isinstance(value, str) or "\n" not in value:
        lines.append(head + _inline(value))
        return
    block = _block(value)
    if not block:
        lines.append(head + _quoted(value))
        return
    lines.append(head + ("|" if value.endswith("\n") else "|-"))
    lines += [f"{indent}  {line}" if line else line for line in block]


def _block(value: str) -> list[str]:
    """The lines of a text that reads back as it is from a block; nothing where it would not."""
    body = value.removesuffix("\n")
    lines = body.split("\n")
    odd = body.endswith("\n") or lines[0][:1] in ("", " ", "\t") or any(line != line.rstrip() for line in lines)
    if len(lines) == 1 or odd or not all(_BLOCK_LINE.fullmatch(line) for line in lines):
        return []
    return lines


@lru_cache(maxsize=4096)
def _text(value: str) -> str:
    return value if _PLAIN.fullmatch(value) and value.casefold() not in _WORDS else _quoted(value)


def _inline(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return _number(value)
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, _SEQUENCES):
        return "[]"
    raise _misplaced(value)


def _misplaced(value: Any) -> ValueError:
    return ValueError(f"{value!r:.60} has no place in a manifest")


def _number(value: float) -> str:
    """With a point, which YAML 1.1 asks of a number with an exponent."""
    text = repr(value)
    mantissa, e, exponent = text.partition("e")
    if not e:
        return text
    sign = "" if exponent.startswith("-") else "+"
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}e{sign}{exponent.removeprefix('+')}"


def _quoted(text: str) -> str:
    """JSON's form, and what YAML counts as unprintable or a line break by its number."""
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))
