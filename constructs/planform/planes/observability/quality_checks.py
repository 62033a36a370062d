"""Expectations of a table: which of them make sense, their words, and the SQL that counts what breaks them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from planform.contracts.data_quality import QualityCheck
from planform.planes.component import Component
from planform.planes.observability.data_address import COLUMN, Table

__all__ = ["age_minutes", "age_query", "check_name", "literal", "number", "refuse_checks"]

NAME = re.compile(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?")
CRON = re.compile(r"[0-9*/,-]+( [0-9*/,A-Za-z-]+){4}")
NEVER = 100 * 366 * 24 * 60
"""A hundred years, in minutes."""
OF_COLUMN = ("not_null", "unique", "range", "one_of")


def refuse_checks(component: Component, name: str, checks: Sequence[QualityCheck], schedule: str) -> None:
    """Raise Refused for a monitor that cannot be made: no checks, a check without what it needs, no schedule."""
    problem = _name_problem(name, checks, schedule) or next((p for p in map(_problem, checks) if p), "")
    if problem:
        raise component.refuse(
            "contract/quality-check",
            f"the monitor `{name}` {problem}",
            help="see the contract of data_quality: each kind of check has fields of its own",
        )


def _name_problem(name: str, checks: Sequence[QualityCheck], schedule: str) -> str:
    if not NAME.fullmatch(name):
        return "has a name that is not lower case letters, digits and hyphens, 40 at most"
    if not checks:
        return "checks nothing"
    return "" if CRON.fullmatch(schedule) else f"has the schedule `{schedule}`, which is no cron expression"


def _problem(check: QualityCheck) -> str:
    if check.column and not COLUMN.fullmatch(check.column):
        return f"checks `{check.column}`, which is no name of a column"
    if check.kind in OF_COLUMN and not check.column:
        return f"has the check `{check.kind}` without a column"
    if check.kind in ("fresh", "rows") and (check.limit is None or check.limit <= 0):
        return f"has the check `{check.kind}` without a limit above 0"
    if check.kind == "range" and check.low is None and check.high is None:
        return "has the check `range` with neither `low` nor `high`"
    if check.kind == "range" and check.low is not None and check.high is not None and check.low > check.high:
        return f"has a range from {number(check.low)} to {number(check.high)}, which is empty"
    return "has the check `one_of` without values" if check.kind == "one_of" and not check.values else ""


def check_name(check: QualityCheck) -> str:
    """`not-null-amount`: the check's own name in its monitor."""
    words = "-".join(part for part in (check.kind, check.column) if part)
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def number(value: float) -> str:
    """`24`, `0.5`, as people and SQL write it."""
    return str(int(value)) if value == int(value) else repr(value)


def literal(text: str) -> str:
    """A text in BigQuery's SQL, whatever is in it."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"


def age_minutes(check: QualityCheck) -> int:
    """The limit of a check `fresh`, in minutes."""
    return round((check.limit or 0) * 60)


def age_query(table: Table, check: QualityCheck) -> str:
    """The age of the newest row in minutes, by its column, a TIMESTAMP, or by when the table was last written."""
    if check.column:
        newest, source = f"MAX({check.column})", f"FROM {table.quoted}"
    else:
        newest = "MAX(TIMESTAMP_MILLIS(last_modified_time))"
        listing = f"`{table.project}.{table.dataset}.__TABLES__`"
        source = f"FROM {listing} WHERE table_id = {literal(table.name)}"
    # A table without a row is older than any limit.
    return f"SELECT COALESCE(TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), {newest}, MINUTE), {NEVER}) AS age {source}"
