"""What can be said of a PromQL query without a server: whether it can be read at all, and how fast a budget burns.

Source: Prometheus' page on querying basics; the Site Reliability Workbook, chapter 5, for alerts on several windows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from planform.contracts.monitoring import Severity

__all__ = ["Burn", "burns", "comparison_fault", "error_ratio", "query_fault", "selector_fault"]

_SELECTOR = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*(\{.*\})?|\{.+\}", re.DOTALL)
_PIECE = re.compile(r"""[^"'`()\[\]{}]+|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|["'`()\[\]{}]""", re.DOTALL)
"""A query's texts, its brackets, and what is between them; a quote alone begins a text that does not end."""
_QUOTES = "\"'`"
_CLOSED_BY = {"(": ")", "[": "]", "{": "}"}
_COMPARES = re.compile(r"[<>]|[=!]=|\babsent(_over_time)?\s*\(|\bunless\b")
_WINDOWS: tuple[tuple[int, str, str, float, Severity], ...] = (
    (1, "1h", "5m", 0.02, "page"),
    (6, "6h", "30m", 0.05, "page"),
    (72, "3d", "6h", 0.10, "ticket"),
)
"""Hours of the long window, both windows, the share of the budget that is gone after the long one, and who is told."""


def query_fault(query: str) -> str:
    """What makes a query unreadable; "" where nothing does."""
    if not query.strip():
        return "it is empty"
    try:
        _outside_braces(query)
    except _Unreadable as fault:
        return str(fault)
    return ""


def comparison_fault(query: str) -> str:
    """As `query_fault`, and for a query that is true all the time because it compares nothing."""
    fault = query_fault(query)
    if fault:
        return fault
    return "" if _COMPARES.search(_outside_braces(query)) else "it compares nothing, so it would hold all the time"


def selector_fault(selector: str) -> str:
    """What keeps a text from being one metric with its selectors."""
    fault = query_fault(selector)
    if fault or _SELECTOR.fullmatch(selector.strip()):
        return fault
    return 'it is no metric with selectors, such as http_requests_total{code!~"5.."}'


class _Unreadable(ValueError):
    """A bracket or a string that does not end."""


@lru_cache(maxsize=4096)  # a query is asked about when it is made, and again when all is checked
def _outside_braces(query: str) -> str:
    """The query without its strings and selectors. Raises _Unreadable."""
    expected: list[str] = []
    kept: list[str] = []
    for piece in _PIECE.findall(query):
        mark = piece[0]
        if mark in _QUOTES and len(piece) == 1:
            raise _Unreadable(f"a text that begins with {mark} does not end")
        if mark in _CLOSED_BY:
            expected.append(_CLOSED_BY[mark])
        elif mark in ")]}" and (not expected or expected.pop() != mark):
            raise _Unreadable(f"`{mark}` closes nothing")
        if "}" not in expected:
            kept.append(mark if mark in _QUOTES else piece)
    if expected:
        raise _Unreadable(f"`{expected[-1]}` is missing")
    return "".join(kept)


class Burn(Struct, frozen=True):
    """One alert on an error budget: its windows, how many times too fast, the query, and who is told."""

    window: str
    rate: float
    query: str
    severity: Severity


def error_ratio(good: str, total: str, window: str) -> str:
    """The share of bad events; 1 where there are events and no good one has a series yet."""
    return f"1 - (sum(rate({good}[{window}])) or vector(0)) / sum(rate({total}[{window}]))"


def burns(good: str, total: str, percent: float, days: int) -> Iterator[Burn]:
    """The alerts on a budget of `100 - percent` over days; none that even a complete outage could not set off."""
    budget = 1 - percent / 100
    for hours, long, short, share, severity in _WINDOWS:
        rate = share * days * 24 / hours
        limit = rate * budget
        if rate >= 1 and limit < 1:
            bad = [f"({error_ratio(good, total, window)}) > {limit:.6g}" for window in (long, short)]
            yield Burn(long, round(rate, 2), " and ".join(bad), severity)
