"""Schedules as cron writes them: five fields, in UTC, and whether a moment exists that they name."""

from __future__ import annotations

import calendar
import re
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

__all__ = ["Schedule"]

_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of the month", 1, 31), ("month", 1, 12), ("day of the week", 0, 7))
_NAMES = {
    "month": {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name},
    "day of the week": {name.lower(): (number + 1) % 7 for number, name in enumerate(calendar.day_abbr)},
}
_PART = re.compile(r"(\*|\w+)(?:-(\w+))?(?:/([0-9]+))?")
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""Days of each month in its longest year."""
_HELP = "write five fields: minute, hour, day of the month, month, day of the week, such as `0 6 * * *`"


def _checked(text: str) -> str:
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise _bad(f"`{text}` has {len(fields)} fields")
    values = [_values(field, *of) for field, of in zip(fields, _FIELDS, strict=True)]
    _minutes, _hours, days, months, _ = values
    by_weekday = fields[4] != "*"
    # cron takes a day that either of the two day fields names, once both are restricted
    if not by_weekday and not any(day <= _LONGEST[month - 1] for month in months for day in days):
        raise PydanticCustomError(
            "workload/schedule-never",
            "{text} names no moment of any year",
            {"text": f"`{text}`", "help": f"the longest of its months has {max(_LONGEST[each - 1] for each in months)}"
             " days: write a day that it has"},
        )  # fmt: skip
    return text


def _values(field: str, name: str, low: int, high: int) -> set[int]:
    found: set[int] = set()
    for part in field.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise _bad(f"`{part}` is no {name}")
        first, last, step = match.groups()
        start = low if first == "*" else _number(first, name)
        end = high if first == "*" or (step and not last) else start
        end = _number(last, name) if last else end
        if not low <= start <= high or not low <= end <= high or start > end or step == "0":
            raise _bad(f"`{part}` is no {name}, which is {low} to {high}")
        found |= set(range(start, end + 1, int(step or 1)))
    return found


def _number(text: str, name: str) -> int:
    names = _NAMES.get(name, {})
    if text.lower() in names:
        return names[text.lower()]
    if not text.isdigit():
        raise _bad(f"`{text}` is no {name}")
    return int(text)


def _bad(summary: str) -> PydanticCustomError:
    return PydanticCustomError("workload/schedule", "{summary}", {"summary": summary, "help": _HELP})


Schedule = Annotated[str, AfterValidator(_checked), Field(examples=["0 6 * * *"])]
"""When something runs: cron, UTC."""
