"""Two cost reports beside each other: what becomes dearer, what cheaper, and where nobody can tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

from msgspec import Struct

from planform.report.cost import Basis, CostLine, CostReport, Sum, money
from planform.report.quantity import NOTHING, Quantity

__all__ = ["CostDelta", "CostRow", "CostTable", "Sign", "between", "table_of"]


class Sign(StrEnum):
    """Which way a cost goes; `+-` where the minimum goes one way and the maximum the other."""

    MORE = "+"
    LESS = "-"
    SAME = "0"
    BOTH = "+-"
    UNKNOWN = "unknown"


class CostDelta(Struct, frozen=True):
    """A cost before and after.

    `unknown` and `by_use` say that lines without an amount come, go or change, so that the known amounts are not all of
    it. The sign holds for everything together: a thing without a price that only goes away makes it less.
    """

    base: Sum
    head: Sum
    sign: Sign
    unknown: bool = False
    by_use: bool = False

    @property
    def known(self) -> tuple[Decimal, Decimal] | None:
        """By how much the minimum and the maximum of what is known change; None where nothing is known."""
        if self.base.known is None and self.head.known is None:
            return None
        before, after = self.base.known or NOTHING, self.head.known or NOTHING
        return after.low - before.low, after.high - before.high

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json`."""
        known = self.known
        delta = {"minimum": _cents(known[0]), "maximum": _cents(known[1])} if known else None
        return {
            "sign": str(self.sign),
            "base_monthly_usd": money(self.base.known),
            "head_monthly_usd": money(self.head.known),
            "delta_monthly_usd": delta,
            "unknown": self.unknown,
            "by_use": self.by_use,
        }

    def __str__(self) -> str:
        """`+52.00 to +104.00 USD a month, and what is unknown`."""
        known = self.known
        rest = [
            word for word, held in (("what is unknown", self.unknown), ("what depends on use", self.by_use)) if held
        ]
        if known is None or not any(known):
            if not rest:
                return "0.00 USD a month"
            words = {Sign.MORE: "more", Sign.LESS: "less"}.get(self.sign, "unknown")
            return f"{words}: {' and '.join(rest)}"
        low, high = (f"{amount:+,.2f}" for amount in known)
        amount = low if low == high else f"{low} to {high}"
        return ", and ".join([f"{amount} USD a month", *([" and ".join(rest)] if rest else [])])


class CostRow(Struct, frozen=True):
    """The cost of one environment, or of one plane or team in it."""

    environment: str
    plane: str
    team: str
    delta: CostDelta

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json`."""
        place = {"environment": self.environment}
        place |= {"plane": self.plane} if self.plane else {}
        place |= {"team": self.team} if self.team else {}
        return {**place, **self.delta.as_dict()}


class CostTable(Struct, frozen=True):
    """The costs of two sides by environment, by plane, and by team."""

    environments: tuple[CostRow, ...]
    planes: tuple[CostRow, ...]
    teams: tuple[CostRow, ...]
    dated: str = ""

    def __bool__(self) -> bool:
        return any(row.delta.sign is not Sign.SAME for row in self.environments)

    @property
    def changed(self) -> tuple[CostRow, ...]:
        """The environments and planes whose cost changes, an environment before its planes."""
        found = []
        for environment in self.environments:
            rows = (environment, *(row for row in self.planes if row.environment == environment.environment))
            found += [row for row in rows if row.delta.sign is not Sign.SAME]
        return tuple(found)

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json`."""
        return {
            "currency": "USD",
            "prices_dated": self.dated,
            "by_environment": [row.as_dict() for row in self.environments],
            "by_plane": [row.as_dict() for row in self.planes],
            "by_team": [row.as_dict() for row in self.teams],
        }


def between(base: Iterable[CostLine], head: Iterable[CostLine]) -> CostDelta:
    """The way from some lines to others."""
    before, after = tuple(base), tuple(head)
    old, new = Sum.of(before), Sum.of(after)
    ways = {
        Basis.UNKNOWN: set(_ways(before, after, Basis.UNKNOWN)),
        Basis.USAGE: set(_ways(before, after, Basis.USAGE)),
    }
    delta = CostDelta(old, new, Sign.SAME, bool(ways[Basis.UNKNOWN]), bool(ways[Basis.USAGE]))
    sign = _sign(delta.known or (Decimal(0), Decimal(0)), ways[Basis.UNKNOWN] | ways[Basis.USAGE])
    return CostDelta(old, new, sign, delta.unknown, delta.by_use)


def table_of(base: CostReport, head: CostReport) -> CostTable:
    """Two reports by environment, plane and team."""
    return CostTable(
        tuple(CostRow(key[0], "", "", delta) for key, delta in _grouped(base, head, "environment")),
        tuple(CostRow(key[0], key[1], "", delta) for key, delta in _grouped(base, head, "environment", "plane")),
        tuple(CostRow(key[0], "", key[1], delta) for key, delta in _grouped(base, head, "environment", "team")),
        head.dated,
    )


def _grouped(base: CostReport, head: CostReport, *groups: str) -> Iterator[tuple[tuple[str, ...], CostDelta]]:
    def key(line: CostLine) -> tuple[str, ...]:
        return tuple(getattr(line.whose, group) for group in groups)

    before, after = _by(base.lines, key), _by(head.lines, key)
    for name in sorted({*before, *after}):
        if all(name):
            yield name, between(before.get(name, ()), after.get(name, ()))


def _by(
    lines: Iterable[CostLine], key: Callable[[CostLine], tuple[str, ...]]
) -> Mapping[tuple[str, ...], list[CostLine]]:
    found: dict[tuple[str, ...], list[CostLine]] = {}
    for line in lines:
        found.setdefault(key(line), []).append(line)
    return found


def _ways(before: Iterable[CostLine], after: Iterable[CostLine], basis: Basis) -> Iterator[Sign]:
    """Which ways the lines of a basis go that are not the same on both sides."""
    old, new = (Counter(line.key for line in lines if line.basis is basis) for lines in (before, after))
    gone, come = old - new, new - old
    for key in [*gone.elements()]:
        # The same thing in another number is compared with itself.
        other = next((each for each in come.elements() if each[:-1] == key[:-1]), None)
        if other is not None:
            yield from _amounts(key[-1], other[-1])
            gone.subtract([key])
            come.subtract([other])
    yield from (Sign.LESS for count in gone.values() if count > 0)
    yield from (Sign.MORE for count in come.values() if count > 0)


def _amounts(before: Quantity | None, after: Quantity | None) -> Iterator[Sign]:
    if before is not None and after is not None:
        for old, new in ((before.low, after.low), (before.high, after.high)):
            if old != new:
                yield Sign.MORE if new > old else Sign.LESS


def _sign(known: tuple[Decimal, Decimal], others: set[Sign]) -> Sign:
    ways = {Sign.MORE if amount > 0 else Sign.LESS for amount in known if amount} | others
    if len(ways) < 2:
        return next(iter(ways), Sign.SAME)
    return Sign.UNKNOWN if others else Sign.BOTH


def _cents(amount: Decimal) -> float:
    return float(amount.quantize(Decimal("0.01")))
