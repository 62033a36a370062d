"""What an output costs a month, line by line: charges times list prices, and what could not be told beside them.

A line is `known`, with a range a month; or `usage`, where only use decides and the unit price is shown; or `unknown`,
where no table has the price or the type no rule. Only known lines are summed, and the others are counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

from msgspec import Struct

from planform.pipeline import Compilation
from planform.planes.resource.accelerators import region_of
from planform.planes.wiring import stacks_of, team_stack_name
from planform.report.charges import CHARGES, Charge, Resource, charges_of, is_free
from planform.report.prices import Price, PriceTable
from planform.report.quantity import Quantity, first, total
from planform.spec.platform import PlaneSpec

__all__ = [
    "Basis",
    "CostLine",
    "CostReport",
    "Sum",
    "Whose",
    "cost",
    "cost_of_documents",
    "documents_of_plan",
    "money",
    "owners_of",
    "resources_of",
]

STACK_FILE = "cdk.tf.json"
GROUPS = ("environment", "plane", "team", "component")
"""What lines are summed by."""

ZONES_OF_A_REGION = 3
"""Zones that GKE takes in a region when none are named."""

PRICED = ("google", "aws")
"""Providers with rules; what others charge is not known here, and their resources are counted."""

Document = Mapping[str, Any]
_REFERENCE = re.compile(r"\$\{(\w+)\.([\w-]+)\.(\w+)\}")
_ZONE = re.compile(r"[a-z]+-[a-z]+\d+-\w+")


class Basis(StrEnum):
    """What an amount rests on."""

    KNOWN = "known"
    USAGE = "usage"
    UNKNOWN = "unknown"


class Whose(Struct, frozen=True):
    """Whose a line is; fields are empty where nobody's in particular."""

    environment: str = ""
    plane: str = ""
    team: str = ""
    component: str = ""


class CostLine(Struct, frozen=True):
    """One thing that one resource is charged for.

    `unit_price` is for one `unit`, in US dollars; None where it is not known. `monthly` is None unless the basis is
    `known`. `skus` are the prices that went in, or those that are missing.
    """

    whose: Whose
    stack: str
    address: str
    item: str
    region: str
    basis: Basis
    quantity: Quantity | None
    unit: str
    unit_price: Decimal | None
    monthly: Quantity | None
    skus: tuple[str, ...]
    sources: tuple[str, ...] = ()
    note: str = ""

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes two lines that are not known the same: what is charged, and how many of it."""
        return (self.basis, self.item, self.region, self.skus, self.quantity)

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json`."""
        return {
            "environment": self.whose.environment,
            "plane": self.whose.plane,
            "team": self.whose.team,
            "component": self.whose.component,
            "stack": self.stack,
            "address": self.address,
            "item": self.item,
            "region": self.region,
            "basis": str(self.basis),
            "quantity": _range(self.quantity),
            "unit": self.unit,
            "unit_price_usd": float(self.unit_price) if self.unit_price is not None else None,
            "monthly_usd": money(self.monthly),
            "skus": list(self.skus),
            "sources": list(self.sources),
            "note": self.note,
        }


class Sum(Struct, frozen=True):
    """Lines together: the known ones as a range a month, None where there are none, and the others counted."""

    known: Quantity | None
    unknown: int
    usage: int

    @classmethod
    def of(cls, lines: Iterable[CostLine]) -> Sum:
        held = list(lines)
        counts = Counter(line.basis for line in held)
        known = [line.monthly for line in held if line.monthly is not None]
        return cls(total(known) if known else None, counts[Basis.UNKNOWN], counts[Basis.USAGE])

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json`."""
        return {"monthly_usd": money(self.known), "unknown_lines": self.unknown, "usage_lines": self.usage}


class CostReport(Struct, frozen=True):
    """Everything that could be told about what an output costs, and how many resources of other vendors it has."""

    lines: tuple[CostLine, ...]
    elsewhere: Mapping[str, int]
    dated: str = ""

    @property
    def sum(self) -> Sum:
        """All lines together."""
        return Sum.of(self.lines)

    def by(self, *groups: str) -> dict[tuple[str, ...], Sum]:
        """Sums by some of GROUPS, in the order of their names."""
        found: dict[tuple[str, ...], list[CostLine]] = {}
        for line in self.lines:
            found.setdefault(tuple(getattr(line.whose, group) for group in groups), []).append(line)
        return {key: Sum.of(found[key]) for key in sorted(found)}

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json`, without the envelope."""
        groups = {f"by_{group}": _rows(self.by("environment", group), group) for group in GROUPS[1:]}
        return {
            "currency": "USD",
            "prices_dated": self.dated,
            "total": self.sum.as_dict(),
            "by_environment": [
                {"environment": name, **held.as_dict()} for (name,), held in self.by("environment").items()
            ],
            **groups,
            "lines": [line.as_dict() for line in self.lines],
            "not_priced": dict(self.elsewhere),
        }


def money(amount: Quantity | None) -> dict[str, float] | None:
    """A range of US dollars for JSON, in cents; None stays None."""
    return {"low": _cents(amount.low), "high": _cents(amount.high)} if amount is not None else None


def cost(compiled: Compilation, prices: PriceTable) -> CostReport:
    """What everything that was compiled costs a month."""
    names = set(compiled.stacks)
    documents = {name: held for name, held in compiled.terraform.items() if name in names}
    return cost_of_documents(documents, prices, owners_of(compiled))


def cost_of_documents(
    documents: Mapping[str, Document], prices: PriceTable, whose: Callable[[str, Resource], Whose] | None = None
) -> CostReport:
    """The same of Terraform documents by stack; whose a line is comes from labels, unless `whose` knows better."""
    lines: list[CostLine] = []
    elsewhere: Counter[str] = Counter()
    for stack, document in documents.items():
        for resource in resources_of(document):
            provider = resource.type.split("_", 1)[0]
            if resource.type not in CHARGES and (provider not in PRICED or is_free(resource.type)):
                elsewhere[provider] += provider not in PRICED
                continue
            owner = (whose or _labelled)(stack, resource)
            lines += (_line(charge, resource, stack, owner, prices) for charge in charges_of(resource))
    counted = {provider: count for provider, count in sorted(elsewhere.items()) if count}
    return CostReport(tuple(lines), counted, prices.dated.isoformat() if prices.dated else "")


# Lines


def _line(charge: Charge, resource: Resource, stack: str, owner: Whose, prices: PriceTable) -> CostLine:
    found = _found(charge, resource.region, prices)
    parts = [price for price, _ in found]
    unit_price = sum((price.usd * count for price, count in found), Decimal(0)) if found else None
    monthly = None
    if charge.quantity is not None and found:
        monthly = charge.quantity * sum((price.per_month * count for price, count in found), Decimal(0))
        basis = Basis.KNOWN
    else:
        basis = Basis.USAGE if charge.quantity is None else Basis.UNKNOWN
    return CostLine(
        owner,
        stack,
        resource.address,
        charge.item,
        resource.region,
        basis,
        charge.quantity,
        _unit(charge, found),
        unit_price,
        monthly,
        tuple(price.sku for price in parts) or tuple(sku for sku, _ in charge.recipes[-1]),
        tuple(dict.fromkeys(f"{price.source} of {price.dated}" for price in parts if price.source)),
        charge.note if found or not charge.quantity else _why(charge, resource.region),
    )


def _found(charge: Charge, region: str, prices: PriceTable) -> list[tuple[Price, Decimal]]:
    """The prices of the first recipe that the table has all of."""
    for recipe in charge.recipes:
        found = [(prices.find(sku, region), count) for sku, count in recipe]
        if found and all(price is not None for price, _ in found):
            return [(price, count) for price, count in found if price is not None]
    return []


def _unit(charge: Charge, found: list[tuple[Price, Decimal]]) -> str:
    if len(found) == 1 and found[0][1] == 1:
        return found[0][0].unit
    return f"{charge.unit}-hour" if found and all(price.unit.endswith("hour") for price, _ in found) else charge.unit


def _why(charge: Charge, region: str) -> str:
    missing = ", ".join(sku for sku, _ in charge.recipes[-1])
    return "; ".join(filter(None, (charge.note, f"no price of {missing} in {region or 'an unknown region'}")))


# Documents


def documents_of_plan(plan: Mapping[str, Any]) -> Document:
    """What `terraform show -json` writes of a plan, as a document: the resources that will be there, in all modules."""
    found: dict[str, dict[str, Any]] = {}

    def add(module: Mapping[str, Any]) -> None:
        for each in module.get("resources", ()):
            if each.get("mode", "managed") == "managed":
                name = str(each.get("address", "")).removeprefix(f"{each['type']}.")
                found.setdefault(each["type"], {})[name] = each.get("values") or {}
        for child in module.get("child_modules", ()):
            add(child)

    add(plan.get("planned_values", {}).get("root_module", {}))
    return {"resource": found}


def resources_of(document: Document) -> Iterator[Resource]:
    """The resources of a document, each with its region."""
    for type_, named in document.get("resource", {}).items():
        for name, body in named.items():
            yield Resource(type_, name, body, _region(type_, body, document), _zones(body, document))


def _region(type_: str, body: Mapping[str, Any], document: Document) -> str:
    if type_ == "google_kms_crypto_key":
        body = _target(str(body.get("key_ring")), document) or body
    for name in ("region", "location", "zone"):
        place = _literal(body.get(name), document)
        if place:
            return region_of(place.rpartition("/")[2].lower())
    return _region_of_provider(type_.split("_", 1)[0], document)


def _region_of_provider(provider: str, document: Document) -> str:
    held = document.get("provider", {}).get(provider) or [{}]
    settings = held[0] if isinstance(held, list) else held
    return str(settings.get("region") or "")


def _literal(value: Any, document: Document) -> str:
    """A text, or what another resource of the document is given where the text refers to it; else empty."""
    text = str(value) if isinstance(value, str) else ""
    reference = _REFERENCE.fullmatch(text)
    if reference is None:
        return "" if "${" in text else text
    held = document.get("resource", {}).get(reference[1], {}).get(reference[2], {}).get(reference[3])
    return held if isinstance(held, str) and "${" not in held else ""


def _target(text: str, document: Document) -> Mapping[str, Any] | None:
    reference = _REFERENCE.fullmatch(text)
    held = document.get("resource", {}).get(reference[1], {}).get(reference[2]) if reference else None
    return held if isinstance(held, Mapping) else None


def _zones(body: Mapping[str, Any], document: Document) -> int:
    """In how many zones the nodes of a pool or cluster run."""
    named = body.get("node_locations")
    cluster = _target(str(body.get("cluster")), document)
    if not named and cluster is not None:
        named = cluster.get("node_locations")
    if isinstance(named, list) and named:
        return len(named)
    return 1 if _ZONE.fullmatch(_literal(body.get("location"), document)) else ZONES_OF_A_REGION


# Whose


def _labels(body: Mapping[str, Any]) -> Mapping[str, Any]:
    for held in (body, first(body, "settings"), first(body, "node_config")):
        for name in ("labels", "user_labels", "resource_labels", "tags"):
            labels = held.get(name)
            if isinstance(labels, Mapping) and labels:
                return labels
    return {}


def _labelled(stack: str, resource: Resource) -> Whose:
    labels = _labels(resource.body)
    return Whose(*(str(labels.get(group) or "") for group in GROUPS))


def owners_of(compiled: Compilation) -> Callable[[str, Resource], Whose]:
    """Whose the resources of what was compiled are.

    By labels first, as bills have them; else by the plane, its team, and the component that made the record.
    """
    places = {stack: _place(compiled, stack) for stack in compiled.stacks}
    paths = {(stack, record.address): record.construct_path.split("/")
             for stack, records in compiled.records.items() for record in records}  # fmt: skip

    def whose(stack: str, resource: Resource) -> Whose:
        labelled = _labelled(stack, resource)
        environment, planes, team = places.get(stack, ("", (), ""))
        path = paths.get((stack, resource.address), [])
        capability = path[1] if len(path) > 2 else ""
        # A single stack has all planes in it, and what made a resource tells which.
        plane = next((each for each in planes if capability in each.slots), planes[0] if len(planes) == 1 else None)
        known = Whose(environment, team=team)
        if plane is not None:
            slot = plane.slots.get(capability)
            known = Whose(environment, plane.name, plane.owner, slot.component if slot else "")
        return Whose(*(getattr(labelled, group) or getattr(known, group) for group in GROUPS))

    return whose


def _place(compiled: Compilation, stack: str) -> tuple[str, tuple[PlaneSpec, ...], str]:
    """The environment of a stack, and the planes in it or its team."""
    for spec in compiled.specs:
        planes = tuple(plane for plane in spec.planes.values() if stack in stacks_of(spec, plane.name))
        team = next((team for team in spec.teams if team_stack_name(spec, team) == stack), "")
        if planes or team:
            return spec.name, planes, "" if planes else team
    return "", (), ""


def _rows(sums: Mapping[tuple[str, ...], Sum], group: str) -> list[dict[str, Any]]:
    return [{"environment": key[0], group: key[1], **held.as_dict()} for key, held in sums.items()]


def _range(quantity: Quantity | None) -> dict[str, float] | None:
    return {"low": float(quantity.low), "high": float(quantity.high)} if quantity else None


def _cents(amount: Decimal) -> float:
    return float(amount.quantize(Decimal("0.01")))
