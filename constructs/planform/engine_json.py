"""What every engine can carry of a document, and the bytes that every engine writes for it.

The engines resolve a document in JavaScript and write it with sorted keys. `plain` refuses or normalises what
would be lost or changed on that way, so that all engines get the same tree; `to_text` writes that tree as
they do.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Callable, Mapping
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any, Final, cast

import msgspec

from planform.diagnostics import DiagnosticError, error

DEPTH: Final = 100
"""Levels of nesting that all engines carry: cdktf gives up at 200, its Python side before that."""

SAFE_INTEGER: Final = 2**53 - 1
"""The largest integer that JavaScript holds exactly (Number.MAX_SAFE_INTEGER)."""

TOKEN: Final = "TfToken["
"""Part of every marker by which cdktf puts a token in a string, a list or a map key."""

NUMBER_TOKENS: Final = (0xFDFF, 0xFBFF)
"""The top 16 bits of the doubles by which cdktf stands for a number or a list of numbers."""

_TAKEN_KEYS: Final = frozenset({"__proto__", "_children"})
_PLAIN_KEY: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*|//")
_HALF: Final = re.compile("[\ud800-\udfff]")
_ENGINE_OBJECT: Final = "__jsii_type__"

IsToken = Callable[[Any], bool]


def no_token(value: object) -> bool:
    """The test for tokens of an engine that has none."""
    return False


def is_number_token(value: float) -> bool:
    """Whether a float has the bit pattern of a number token."""
    return bool(struct.unpack(">Q", struct.pack(">d", value))[0] >> 48 in NUMBER_TOKENS)


def plain(document: object, is_token: IsToken = no_token) -> dict[str, Any]:
    """A copy of a document as the engines carry it: dicts, lists, str, int, float and bool; None is left out.

    Strings are sequences of Unicode characters, a pair of surrogates being one; int and float are exact in a double,
    and a whole number is an int, as JavaScript has one kind of number. Tokens, as `is_token` tells them, stay as they
    are. Errors: engine/unwritable-value, for the first such value.
    """
    try:
        if not isinstance(document, Mapping):
            raise _Unwritable(f"a document is a mapping, not {_kind(document)}", "return a dict")
        return _mapping(document, is_token, 0)
    except _Unwritable as fault:
        place = ".".join(map(str, fault.path[:-9:-1]))
        note = f"in the document at {place}" if place else "at the top of the document"
        raise DiagnosticError(
            [error("engine/unwritable-value", fault.summary, notes=(note,), help=fault.remedy)]
        ) from None


class _Unwritable(Exception):
    """`path` leads from the value to the top of the document, as it is found on the way back."""

    def __init__(self, summary: str, remedy: str) -> None:
        super().__init__(summary)
        self.summary = summary
        self.remedy = remedy
        self.path: list[Any] = []


def _mapping(value: Mapping[Any, Any], is_token: IsToken, depth: int) -> dict[str, Any]:
    if depth >= DEPTH:
        raise _too_deep()
    result = {}
    for key, item in value.items():
        if item is None:
            continue
        name = key if type(key) is str and _is_plain_key(key) else _key(key, is_token)
        kind = type(item)
        if kind is str and item.isascii() and TOKEN not in item:
            result[name] = item
            continue
        try:
            result[name] = (_mapping if kind is dict else _value)(item, is_token, depth + 1)
        except _Unwritable as fault:
            fault.path.append(name)
            raise
    return result


_is_plain_key = lru_cache(maxsize=4096)(_PLAIN_KEY.fullmatch)
"""Nearly all keys are arguments' names, which come again and again."""


def _key(key: object, is_token: IsToken) -> str:
    if not isinstance(key, str):
        raise _Unwritable(f"the key {key!r} is {_kind(key)}", "make it a string")
    if key in _TAKEN_KEYS or key.startswith("$jsii."):
        raise _Unwritable(f"the key `{key}` has a meaning of its own in the engine", "choose another key")
    return _string(key, is_token)


def _value(value: Any, is_token: IsToken, depth: int) -> Any:
    if isinstance(value, str):
        return _string(value, is_token)
    if isinstance(value, dict):
        return _mapping(value, is_token, depth)
    if isinstance(value, (list, tuple)):
        return _list(value, is_token, depth)
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, float):
        return _float(value, is_token)
    if isinstance(value, Mapping):
        return _mapping(value, is_token, depth)
    if hasattr(type(value), _ENGINE_OBJECT) and is_token(value):
        return value
    raise _Unwritable(f"{_kind(value)} is no JSON value", "pass text, numbers, booleans, lists and mappings")


def _list(value: list[Any] | tuple[Any, ...], is_token: IsToken, depth: int) -> list[Any]:
    if depth >= DEPTH:
        raise _too_deep()
    result = []
    for at, item in enumerate(value):
        if item is None:
            continue
        try:
            result.append((_mapping if type(item) is dict else _value)(item, is_token, depth + 1))
        except _Unwritable as fault:
            fault.path.append(at)
            raise
    return result


def _string(value: str, is_token: IsToken) -> str:
    text = value if type(value) is str else str.__str__(value)
    if TOKEN in text and not is_token(text):
        raise _Unwritable(f"text holds `{TOKEN}`, the engine's mark of a token, but no token", "change the text")
    if not text.isascii() and _HALF.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return text


def _integer(value: int) -> int:
    if abs(value) > SAFE_INTEGER:
        raise _Unwritable(f"{value} loses digits: JSON numbers are exact up to 2^53 - 1", "write it as a string")
    return int(value)


def _float(value: float, is_token: IsToken) -> float:
    if not math.isfinite(value):
        raise _Unwritable(f"{value} is no JSON number", "leave it out, or give a finite number")
    if is_number_token(value) and not is_token(value):
        raise _Unwritable(f"{value!r} is how the engine writes a token", "write it as a string")
    return int(value) if value.is_integer() and abs(value) <= SAFE_INTEGER else float(value)


def _kind(value: object) -> str:
    return f"a value of type {type(value).__name__}"


def _too_deep() -> _Unwritable:
    return _Unwritable(f"more than {DEPTH} levels of nesting", "flatten the value, or pass it as a file")


class Synthesized:
    """A file that an engine made. Of a document, the text is made of the data or read as data when first asked for."""

    __slots__ = ("_data", "_text")

    def __init__(self, *, text: str | None = None, data: Mapping[str, Any] | None = None) -> None:
        self._text = text
        self._data = data

    @property
    def text(self) -> str:
        if self._text is None:
            self._text = to_text(self._data)
        return self._text

    @property
    def data(self) -> Mapping[str, Any]:
        """What the text says; only of JSON."""
        if self._data is None:
            self._data = from_text(self.text)
        return cast(Mapping[str, Any], self._data)


def merge(target: dict[str, Any], source: Mapping[str, Any]) -> None:
    """Merge a plain document into another, in place: maps merge, lists append, the rest replaces.

    What only the source has becomes the target's.
    """
    for key, value in source.items():
        present = target.get(key)
        if isinstance(value, dict) and isinstance(present, dict):
            merge(present, value)
        elif isinstance(value, dict) and isinstance(present, list):
            continue
        elif isinstance(value, list) and isinstance(present, list):
            target[key] = [*present, *value]
        else:
            target[key] = value


def from_text(text: str | bytes) -> Any:
    """What a document's text says. Half of a surrogate pair only the standard library reads, which takes longer."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return json.loads(text)


def to_text(value: object) -> str:
    """The text that the engines write for a plain value: sorted keys, two spaces a level, no last newline."""
    parts: list[str] = []
    _write(value, "\n", parts.append)
    text = "".join(parts)
    return text if text.isascii() else _HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


def _write(value: Any, indent: str, put: Callable[[str], None]) -> None:
    kind = type(value)
    if kind is str:
        put(encode_basestring(value))
    elif kind is dict:
        inner = indent + "  "
        lead, after = "{" + inner, "," + inner
        for key in _sorted(value) if len(value) > 1 else value:
            item = value[key]
            if type(item) is str:
                put(f"{lead}{_quoted_key(key)}: {encode_basestring(item)}")
            else:
                put(f"{lead}{_quoted_key(key)}: ")
                _write(item, inner, put)
            lead = after
        put(indent + "}" if value else "{" + indent + "}")
    elif kind is list:
        inner = indent + "  "
        lead, after = "[" + inner, "," + inner
        for item in value:
            put(lead)
            _write(item, inner, put)
            lead = after
        put(indent + "]" if value else "[" + indent + "]")
    elif kind is bool:
        put("true" if value else "false")
    elif kind is int:
        put(str(value))
    else:
        put(_number(value))


_quoted_key = lru_cache(maxsize=4096)(encode_basestring)


def _sorted(mapping: dict[str, Any]) -> list[str]:
    """Keys in the order of their UTF-16 units, as in JavaScript; Python's differs beyond U+FFFF only."""
    keys = sorted(mapping)
    if "".join(keys).isascii():
        return keys
    return sorted(keys, key=lambda key: key.encode("utf-16-be", "surrogatepass"))


def _number(value: float) -> str:
    """A float as JavaScript's Number::toString writes it (ECMA-262, 6.1.6.1.20)."""
    if value == 0:
        return "0"
    mantissa, _, exponent = f"{value!r}e0".partition("e")
    power = int(exponent.removesuffix("e0") or 0)
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    digits = (whole + fraction).lstrip("0")
    point = power + len(whole) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    return sign + _placed(digits, point)


def _placed(digits: str, point: int) -> str:
    """Digits with the decimal point after the first `point` of them, in JavaScript's choice of form."""
    if len(digits) <= point <= 21:
        return digits.ljust(point, "0")
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    exponent = f"e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return f"{digits[0]}.{digits[1:]}{exponent}" if len(digits) > 1 else digits + exponent
