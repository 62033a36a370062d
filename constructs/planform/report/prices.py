"""What things cost: a dated table of list prices, which a file of the user's own is laid over.

The table stands in prices.yaml beside this file. A price that no source gave is not in it, and whoever asks for it gets
None: unknown is never zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import yaml
from msgspec import Struct
from msgspec.structs import replace
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from planform.blueprint.document import Document
from planform.blueprint.read import read, read_text
from planform.diagnostics import DiagnosticError, error, shown
from planform.spec.faults import parse
from planform.spec.place import Place, diagnostics

__all__ = ["EVERYWHERE", "HOURS_PER_MONTH", "Price", "PriceTable", "built_in", "laid_over", "read_prices", "to_yaml"]

HOURS_PER_MONTH = 730
"""365 days of 24 hours by 12, as Google's own price pages count."""

EVERYWHERE = "*"
"""The region of a price that is the same in all."""

FORM = "write `skus: {NAME: {unit: vCPU-hour, usd: {REGION: PRICE}}}`, and leave out what is unknown"


def _price(value: object) -> Decimal:
    try:
        price = Decimal(str(value))
    except InvalidOperation:
        price = Decimal(0)
    if not price.is_finite() or price <= 0:
        help = "write a number above 0, and leave out what is unknown"
        raise PydanticCustomError("report/bad-prices", "{value} is no price", {"value": shown(value), "help": help})
    return price


class _Source(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    what: str
    where: str
    read: date
    of: date | None = None


class _Sku(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    unit: str
    source: str = ""
    note: str = ""
    usd: dict[str, Annotated[Decimal, BeforeValidator(_price)]]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = Field(default=1, ge=1, le=1)
    dated: date | None = None
    sources: dict[str, _Source] = {}
    skus: dict[str, _Sku]


class Price(Struct, frozen=True):
    """One price: US dollars for one `unit` of a SKU in a region, who said so, and the day of that."""

    sku: str
    region: str
    usd: Decimal
    unit: str
    source: str = ""
    dated: date | None = None

    @property
    def per_month(self) -> Decimal:
        """The price of having one all month; what is not charged by time is charged by the piece."""
        return self.usd * HOURS_PER_MONTH if self.unit == "hour" or self.unit.endswith("-hour") else self.usd


class PriceTable(Struct, frozen=True):
    """Prices by SKU and region."""

    prices: Mapping[tuple[str, str], Price]
    dated: date | None = None

    def find(self, sku: str, region: str) -> Price | None:
        """The price of a SKU in a region, else everywhere, else None."""
        return self.prices.get((sku, region)) or self.prices.get((sku, EVERYWHERE))

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions with prices of their own."""
        return tuple(sorted({region for _, region in self.prices} - {EVERYWHERE}))


@cache
def built_in() -> PriceTable:
    """The table that planform brings."""
    return _table(read_text(Path(__file__).with_name("prices.yaml").read_text("utf-8"), "prices.yaml"))


def read_prices(path: str | Path) -> PriceTable:
    """A price file of the user's own. Errors: report/bad-prices, each at its line."""
    try:
        return _table(read(path))
    except DiagnosticError as fault:
        raise DiagnosticError(replace(each, code="report/bad-prices") for each in fault.diagnostics) from None


def laid_over(table: PriceTable, other: PriceTable) -> PriceTable:
    """The table with the prices of another in their place: by SKU and region, so that the rest stays.

    A price for every region replaces those of the single regions too.
    """
    wide = {sku for sku, region in other.prices if region == EVERYWHERE}
    kept = {key: price for key, price in table.prices.items() if key[0] not in wide}
    return PriceTable(
        {**kept, **other.prices}, max((each for each in (table.dated, other.dated) if each), default=None)
    )


def to_yaml(prices: Mapping[tuple[str, str], Price], *, name: str, source: Mapping[str, Any], dated: date) -> str:
    """Prices of one source as a file that `read_prices` reads."""
    skus: dict[str, dict[str, Any]] = {}
    for (sku, region), price in sorted(prices.items()):
        held = skus.setdefault(sku, {"unit": price.unit, "source": name, "usd": {}})
        held["usd"][region] = format(price.usd.normalize(), "f")
    document = {"version": 1, "dated": dated, "sources": {name: dict(source)}, "skus": skus}
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=118)


def _table(documents: Sequence[Document]) -> PriceTable:
    first, *others = documents
    if others:
        raise DiagnosticError([error("report/bad-prices", "a price file is one document", others[0].at(), help=FORM)])
    parsed = parse(_Table, first.value)
    if isinstance(parsed, list):
        raise DiagnosticError(diagnostics(Place(first), parsed))
    prices = {}
    for name, sku in parsed.skus.items():
        source = parsed.sources.get(sku.source)
        dated = (source.of or source.read) if source else parsed.dated
        for region, usd in sku.usd.items():
            prices[name, region] = Price(name, region, usd, sku.unit, sku.source, dated)
    return PriceTable(prices, parsed.dated)
