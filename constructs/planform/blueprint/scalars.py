"""What a plain scalar means: the core schema of YAML 1.2, less everything that two readers read apart.

Only `true` and `false` are booleans, dates and times are text, and a number is refused where YAML 1.1 and
1.2, or a person and a computer, would see different ones (`0123`, `1_000`, `0x1F`). Source: YAML 1.2.2,
section 10.3.2 (tag resolution of the core schema).
"""

from __future__ import annotations

import math
import re

_CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER_STARTS = frozenset("+-.0123456789")
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_AMBIGUOUS = re.compile(
    r"""[-+]?(?:
        0[0-9_]+(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?      # 0123: 123, or octal 83?
      | [1-9][0-9]*_[0-9_]*(?:\.[0-9_]*)?               # 1_000: a number in YAML 1.1, text in 1.2
      | [0-9]+\.[0-9]*_[0-9_]*
      | 0x[0-9a-fA-F_]+ | 0o[0-7_]+ | 0b[01_]+
    )""",
    re.VERBOSE,
)
_DIGITS = 19
"""Digits of the largest 64-bit integer."""


class AmbiguousNumber(ValueError):
    """A number that readers of YAML understand differently."""


class NumberOutOfRange(ValueError):
    """A number that is not finite, or is an integer beyond 64 bits."""


def resolve(text: str) -> str | int | float | bool | None:
    """The value of a plain scalar; raises AmbiguousNumber or NumberOutOfRange."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        return _float(text)
    if _NOT_FINITE.fullmatch(text):
        raise NumberOutOfRange
    if _AMBIGUOUS.fullmatch(text):
        raise AmbiguousNumber
    return text


def _integer(text: str) -> int:
    if len(text.lstrip("+-")) > _DIGITS or not -(2**63) <= (value := int(text)) < 2**63:
        raise NumberOutOfRange
    return value


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise NumberOutOfRange
    return value
