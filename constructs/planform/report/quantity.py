"""How many, and how much: ranges that never invert, exact to the last digit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from msgspec import Struct

__all__ = ["EACH", "NOTHING", "Quantity", "decimal", "first", "total"]


class Quantity(Struct, frozen=True):
    """From `low` to `high`, both of them possible."""

    low: Decimal
    high: Decimal

    def __post_init__(self) -> None:
        if self.low < 0 or self.low > self.high:
            raise ValueError(f"{self.low} to {self.high} is no range")

    @classmethod
    def exactly(cls, amount: Decimal | int) -> Quantity:
        return cls(Decimal(amount), Decimal(amount))

    def __add__(self, other: Quantity) -> Quantity:
        return Quantity(self.low + other.low, self.high + other.high)

    def __mul__(self, factor: Decimal | int) -> Quantity:
        return Quantity(self.low * factor, self.high * factor)


EACH = Quantity(Decimal(1), Decimal(1))
NOTHING = Quantity(Decimal(0), Decimal(0))


def total(parts: Iterable[Quantity]) -> Quantity:
    """All parts together."""
    return sum(parts, NOTHING)


def decimal(value: Any) -> Decimal:
    """A number of a document; zero where there is none, or where it is only known at apply."""
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return Decimal(0)
    return found if found.is_finite() and found > 0 else Decimal(0)


def first(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The first block of a name, which Terraform JSON writes as a list or as itself; empty where there is none."""
    held = body.get(name)
    if isinstance(held, list):
        held = held[0] if held else None
    return held if isinstance(held, Mapping) else {}
