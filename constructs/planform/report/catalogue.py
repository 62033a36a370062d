"""List prices from Google's billing catalogue, with the user's own API key, as a price file.

The catalogue has no stable names for what is sold, only descriptions, so each SKU of planform's table is found by
service, usage type and description. Where two prices answer to one SKU in one region, neither is taken: a description
that fits by chance is how wrong prices arise.

The key goes into a header and never into an address, an argument or a message.

Source: cloud.google.com/billing/docs/reference/rest/v1/services.skus/list.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from msgspec import Struct

from planform.diagnostics import DiagnosticError, error
from planform.report.prices import EVERYWHERE, Price

__all__ = ["API", "Fetched", "fetch", "prices_of"]

API = "https://cloudbilling.googleapis.com"
SECONDS = 60
MOST_PAGES = 200
MOST_BYTES = 64 * 1024 * 1024
"""Of one answer."""

SOURCE = "billing-catalogue"
_MODES = (("on_demand", "OnDemand", ""), ("spot", "Preemptible", "Spot Preemptible "))
_FAMILIES = {
    "a2-highgpu": "A2 Instance",
    "a3-highgpu": "A3 Instance",
    "c2": "Compute optimized",
    "c2d": "C2D AMD Instance",
    "c3": "C3 Instance",
    "c3d": "C3D Instance",
    "e2": "E2 Instance",
    "g2": "G2 Instance",
    "n1": "N1 Predefined Instance",
    "n2": "N2 Instance",
    "n2d": "N2D AMD Instance",
    "n4": "N4 Instance",
    "t2d": "T2D AMD Instance",
}
_CARDS = {
    "nvidia-a100-80gb": "Nvidia Tesla A100 80GB",
    "nvidia-b200": "Nvidia B200",
    "nvidia-h100-80gb": "Nvidia H100 80GB",
    "nvidia-h100-mega-80gb": "Nvidia H100 80GB Mega",
    "nvidia-h200-141gb": "Nvidia H200 141GB",
    "nvidia-l4": "Nvidia L4",
    "nvidia-tesla-a100": "Nvidia Tesla A100",
    "nvidia-tesla-p100": "Nvidia Tesla P100",
    "nvidia-tesla-p4": "Nvidia Tesla P4",
    "nvidia-tesla-t4": "Nvidia Tesla T4",
    "nvidia-tesla-v100": "Nvidia Tesla V100",
}


class Rule(Struct, frozen=True):
    """How a SKU of planform's table is called in the catalogue; the description must fit as a whole."""

    sku: str
    unit: str
    service: str
    usage: str
    description: re.Pattern[str]


class Fetched(Struct, frozen=True):
    """Prices that were found, SKUs and regions with more than one, and rules that nothing answered to."""

    prices: Mapping[tuple[str, str], Price]
    ambiguous: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]


def _rules() -> Iterator[Rule]:
    engine = "Compute Engine"
    for family, name in _FAMILIES.items():
        for mode, usage, prefix in _MODES:
            for part, word, unit in (("vcpu", "Core", "vCPU-hour"), ("gib", "Ram", "GiB-hour")):
                pattern = rf"{prefix}{re.escape(name)} {word} running in .+"
                yield Rule(f"machine/{family}/{part}/{mode}", unit, engine, usage, re.compile(pattern))
    for card, name in _CARDS.items():
        gpu = re.escape(name)
        on_demand, spot = rf"{gpu} GPU running in .+", rf"{gpu} GPU attached to Spot Preemptible VMs running in .+"
        flex = rf"{gpu} GPU attached to DWS Defined Duration VMs running in .+"
        for mode, usage, pattern in (
            ("on_demand", "OnDemand", on_demand), ("spot", "Preemptible", spot), ("flex_start", "OnDemand", flex)
        ):  # fmt: skip
            yield Rule(f"accelerator/{card}/{mode}", "GPU-hour", engine, usage, re.compile(pattern))
    for disk, pattern in (
        ("pd-standard", r"Storage PD Capacity( in .+)?"),
        ("pd-balanced", r"Balanced PD Capacity( in .+)?"),
        ("pd-ssd", r"SSD backed PD Capacity( in .+)?"),
        ("hyperdisk-balanced", r"Hyperdisk Balanced Capacity( in .+)?"),
        ("local-ssd/on_demand", r"SSD backed Local Storage( in .+)?"),
    ):
        yield Rule(f"disk/{disk}", "GiB-month", engine, "OnDemand", re.compile(pattern))
    for place in ("Zonal", "Regional"):
        low = place.lower()
        for part, word, unit in (
            ("enterprise/vcpu", "vCPU", "vCPU-hour"), ("enterprise/gib", "RAM", "GiB-hour"),
            ("pd_ssd", "Standard storage", "GiB-month"),
        ):  # fmt: skip
            pattern = rf"Cloud SQL for PostgreSQL: {place} - {word} in .+"
            yield Rule(f"sql/{part}/{low}", unit, "Cloud SQL", "OnDemand", re.compile(pattern))


def fetch(key: str, *, regions: Sequence[str] = (), api: str = API, today: date | None = None) -> Fetched:
    """The prices of the services that planform knows, in some regions or all.

    Errors: report/no-catalogue, when the catalogue does not answer, refuses the key, or is not understood.
    """
    rules = list(_rules())
    wanted = {rule.service for rule in rules}
    services = {each.get("displayName"): each.get("name") for each in _pages(f"{api}/v1/services", "services", key)}
    skus: list[tuple[str, Mapping[str, Any]]] = []
    for service in sorted(wanted):
        if services.get(service):
            found = _pages(f"{api}/v1/{services[service]}/skus?currencyCode=USD", "skus", key)
            skus += ((service, each) for each in found)
    return prices_of(skus, regions=regions, today=today)


def prices_of(
    skus: Iterable[tuple[str, Mapping[str, Any]]], *, regions: Sequence[str] = (), today: date | None = None
) -> Fetched:
    """Catalogue SKUs, each with its service's name, to prices."""
    rules: dict[tuple[str, str], list[Rule]] = {}
    for rule in _rules():
        rules.setdefault((rule.service, rule.usage), []).append(rule)
    found: dict[tuple[str, str], set[Price]] = {}
    for service, sku in skus:
        usd, usage = _usd(sku), str(sku.get("category", {}).get("usageType"))
        for rule in rules.get((service, usage), ()) if usd else ():
            if rule.description.fullmatch(str(sku.get("description"))):
                for region in _regions(sku, regions):
                    price = Price(rule.sku, region, usd or Decimal(0), rule.unit, SOURCE, today)
                    found.setdefault((rule.sku, region), set()).add(price)
    sure = {key: next(iter(prices)) for key, prices in found.items() if len(prices) == 1}
    names = {sku for sku, _ in found}
    return Fetched(
        sure,
        tuple(sorted(key for key, prices in found.items() if len(prices) > 1)),
        tuple(sorted({rule.sku for held in rules.values() for rule in held} - names)),
    )


def _regions(sku: Mapping[str, Any], wanted: Sequence[str]) -> Iterator[str]:
    for region in sku.get("serviceRegions") or ():
        name = EVERYWHERE if region == "global" else str(region)
        if not wanted or name in wanted:
            yield name


def _usd(sku: Mapping[str, Any]) -> Decimal | None:
    """The price of the first tier that is not free, in the latest price information."""
    held = sku.get("pricingInfo") or [{}]
    for tier in held[-1].get("pricingExpression", {}).get("tieredRates") or ():
        price = tier.get("unitPrice") or {}
        amount = Decimal(str(price.get("units") or 0)) + Decimal(str(price.get("nanos") or 0)) / 10**9
        if price.get("currencyCode") == "USD" and amount > 0:
            return amount
    return None


def _pages(address: str, list_: str, key: str) -> Iterator[Mapping[str, Any]]:
    token = ""
    for _ in range(MOST_PAGES):
        joint = "&" if "?" in address else "?"
        query = urllib.parse.urlencode({"pageSize": 5000, **({"pageToken": token} if token else {})})
        page = _get(f"{address}{joint}{query}", key)
        yield from page.get(list_) or ()
        token = str(page.get("nextPageToken") or "")
        if not token:
            return


def _get(address: str, key: str) -> Mapping[str, Any]:
    request = urllib.request.Request(address, headers={"X-Goog-Api-Key": key, "Accept": "application/json"})
    try:
        with _OPENER.open(request, timeout=SECONDS) as answer:
            data = answer.read(MOST_BYTES + 1)
        page = json.loads(data) if len(data) <= MOST_BYTES else None
    except urllib.error.HTTPError as fault:
        raise _no_answer(f"it answered {fault.code}{_reason(fault)}") from None
    except (OSError, ValueError) as fault:
        raise _no_answer(
            f"it could not be asked: {getattr(fault, 'reason', None) or 'the answer is not JSON'}"
        ) from None
    if not isinstance(page, dict):
        raise _no_answer("the answer is not understood")
    return page


class _Stay(urllib.request.HTTPRedirectHandler):
    """No answer of the catalogue leads elsewhere: the key is not sent on."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_Stay)


def _reason(fault: urllib.error.HTTPError) -> str:
    """What Google says of a refusal, which names the trouble and not the key."""
    try:
        return f" ({json.loads(fault.read(65_536))['error']['status']})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _no_answer(why: str) -> DiagnosticError:
    help = "check the key, that it may use the Cloud Billing API, and that the API is enabled in its project"
    return DiagnosticError([error("report/no-catalogue", f"the billing catalogue gave no prices: {why}", help=help)])
