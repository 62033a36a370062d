"""Cloud DNS zones and record sets."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from planform.checks.cloud.rule import Block, Context, Finding, Rule

_NAME_TYPES = ("CNAME", "NS", "PTR")


def _zone_name(body: Block, _: Context) -> Iterator[Finding]:
    """A zone's DNS name is absolute: it ends in a dot. The provider checks record sets for it, and zones not."""
    name = body.text("dns_name")
    if name and not name.endswith("."):
        yield Finding("dns_name", f"`{name}` does not end in a dot", f"write {name}.")


def _record_data(body: Block, _: Context) -> Iterator[Finding]:
    """The data of a record fits its type: an A record holds IPv4 addresses, an AAAA record IPv6 addresses.

    A CNAME holds exactly one name; names in record data are absolute, or they would be looked up in the zone.
    """
    kind, data = body.text("type"), body.texts("rrdatas")
    for text in data:
        fault = _data_fault(kind, text)
        if fault is not None:
            yield Finding("rrdatas", f"`{text}` is no data of a record of type {kind}", fault)
    if kind == "CNAME" and len(data) > 1:
        yield Finding("rrdatas", "a CNAME record has more than one name", "keep one")


def _data_fault(kind: str | None, text: str) -> str | None:
    if kind in ("A", "AAAA"):
        version = 4 if kind == "A" else 6
        try:
            fits = ipaddress.ip_address(text).version == version
        except ValueError:
            fits = False
        return None if fits else f"give an IPv{version} address"
    if kind in _NAME_TYPES and not text.endswith("."):
        return f"end the name in a dot: {text}."
    return None


def _cname_apex(body: Block, context: Context) -> Iterator[Finding]:
    """The name of the zone itself has NS and SOA records, and a CNAME stands beside nothing (RFC 1034, 3.6.2)."""
    zone = context.named("google_dns_managed_zone", "name", body.value.get("managed_zone"))
    if zone is None or body.text("type") != "CNAME":
        return
    if body.text("name") is not None and body.text("name") == zone.text("dns_name"):
        yield Finding("type", "a CNAME at the top of its zone", "use A records, or an ALIAS record in a public zone")


_ZONE = {"name": "main", "dns_name": "acme.example."}
_RECORD = {"managed_zone": "main", "name": "api.acme.example.", "type": "A", "ttl": 300, "rrdatas": ["10.0.0.2"]}

RULES = (
    Rule(
        code="cloud/dns-zone-name",
        types=("google_dns_managed_zone",),
        title="a zone whose name does not end in a dot",
        judge=_zone_name,
        source="Cloud DNS API v1, managedZones, dnsName (2026-08)",
        wrong=_ZONE | {"dns_name": "acme.example"},
        right=_ZONE,
    ),
    Rule(
        code="cloud/dns-record-data",
        types=("google_dns_record_set",),
        title="record data that does not fit the record's type",
        judge=_record_data,
        source="Cloud DNS, record types; RFC 1035 and RFC 3596",
        wrong=_RECORD | {"rrdatas": ["api.internal"]},
        right=_RECORD,
    ),
    Rule(
        code="cloud/dns-cname-apex",
        types=("google_dns_record_set",),
        title="a CNAME at the top of its zone",
        judge=_cname_apex,
        source="RFC 1034, 3.6.2; Cloud DNS, record types",
        wrong=_RECORD | {"name": "acme.example.", "type": "CNAME", "rrdatas": ["www.acme.example."]},
        right=_RECORD | {"name": "www.acme.example.", "type": "CNAME", "rrdatas": ["acme.example."]},
        beside={"google_dns_managed_zone": _ZONE},
    ),
)
