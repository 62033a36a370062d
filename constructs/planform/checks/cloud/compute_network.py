"""VPC networks: subnets, NAT, firewall rules, and the ranges of private service access."""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Iterator

from planform.checks.cloud.rule import Block, Context, Finding, Rule, literal

Range = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT_SOURCE = "Compute Engine API v1, routers.nats; provider 7.45.0, google_compute_router_nat (2026-08)"
_PROXY_PURPOSES = ("REGIONAL_MANAGED_PROXY", "GLOBAL_MANAGED_PROXY")


def _range(text: str | None) -> Range | None:
    try:
        return ipaddress.ip_network(text, strict=False) if text and "/" in text else None
    except ValueError:
        return None


def _cidrs(body: Block) -> Iterator[tuple[str, str]]:
    for block in (body, *body.blocks("secondary_ip_range")):
        text = block.text("ip_cidr_range")
        if text:
            yield block.at("ip_cidr_range"), text


def _subnet_cidr(body: Block, _: Context) -> Iterator[Finding]:
    """A range is written by its first address: 10.0.0.1/20 has bits set behind its prefix, and the API refuses it."""
    for path, text in _cidrs(body):
        known = _range(text)
        if known is None:
            yield Finding(path, f"`{text}` is no CIDR range", "write it as an address and a prefix: 10.0.0.0/20")
        elif text.partition("/")[0] != str(known.network_address) and known.version == 4:
            yield Finding(path, f"`{text}` has bits set behind its prefix", f"write {known}")


def _subnet_without_range(body: Block, _: Context) -> Iterator[Finding]:
    """A subnet needs its IPv4 range, a reserved internal range or a collection to take it from, or IPv6 alone."""
    others = ("reserved_internal_range", "ip_collection")
    dual = body.text("stack_type") not in (None, "", "IPV4_ONLY", "IPV4_IPV6") or body.unknown("stack_type")
    if body.absent("ip_cidr_range") and not any(body.given(name) for name in others) and not dual:
        yield Finding(
            "ip_cidr_range",
            "the subnet has no address range",
            "set `ip_cidr_range` or `reserved_internal_range`",
        )


def _subnet_overlap(body: Block, _: Context) -> Iterator[Finding]:
    """Primary and secondary ranges of one subnet share the routes of the network, so they must not overlap."""
    known = [(path, found) for path, text in _cidrs(body) if (found := _range(text)) is not None]
    for (_path, one), (path, other) in itertools.combinations(known, 2):
        if one.version == other.version and one.overlaps(other):
            yield Finding(path, f"{other} overlaps with {one} of the same subnet", "choose a range of its own")


def _subnet_range_name(body: Block, _: Context) -> Iterator[Finding]:
    """GKE finds a secondary range by its name, so a subnet cannot have one name twice."""
    seen: set[str] = set()
    for block in body.blocks("secondary_ip_range"):
        name = block.text("range_name")
        if name is not None and name in seen:
            yield Finding(block.at("range_name"), f"two secondary ranges are called `{name}`", "rename one")
        seen.update([name] if name is not None else [])


def _subnet_proxy(body: Block, _: Context) -> Iterator[Finding]:
    """A proxy-only subnet belongs to Google's load balancers, and there are no flow logs of it."""
    purpose = body.text("purpose")
    if purpose in _PROXY_PURPOSES and body.blocks("log_config"):
        yield Finding("log_config", f"a subnet of purpose {purpose} has no flow logs", "remove `log_config`")


def _firewall_source(body: Block, _: Context) -> Iterator[Finding]:
    """A rule for incoming traffic says where the traffic comes from; the provider refuses it at plan without."""
    sources = ("source_ranges", "source_tags", "source_service_accounts")
    incoming = body.text("direction") == "INGRESS" or body.absent("direction")
    if incoming and all(body.absent(name) for name in sources):
        yield Finding(
            "source_ranges",
            "the rule for incoming traffic names no source",
            "set `source_ranges`, `source_tags` or `source_service_accounts`",
        )


def _firewall_egress_tags(body: Block, _: Context) -> Iterator[Finding]:
    """Source tags and source service accounts select senders of incoming traffic; an egress rule cannot have them.

    What an egress rule applies to is selected by its targets.
    """
    if body.text("direction") != "EGRESS":
        return
    for argument, instead in (
        ("source_tags", "target_tags"),
        ("source_service_accounts", "target_service_accounts"),
    ):
        if body.given(argument):
            yield Finding(argument, f"an egress rule takes no `{argument}`", f"use `{instead}`")


def _nat_addresses(body: Block, _: Context) -> Iterator[Finding]:
    """MANUAL_ONLY takes its external addresses from `nat_ips`, AUTO_ONLY makes its own."""
    option = body.text("nat_ip_allocate_option")
    lists = ("nat_ips", "initial_nat_ips")
    if option == "MANUAL_ONLY" and all(body.absent(name) for name in lists):
        yield Finding("nat_ips", "MANUAL_ONLY without any address", "set `nat_ips`, or use AUTO_ONLY")
    if option == "AUTO_ONLY":
        for argument in lists:
            if body.given(argument):
                yield Finding(argument, f"AUTO_ONLY takes no `{argument}`", "use MANUAL_ONLY")


def _nat_subnets(body: Block, _: Context) -> Iterator[Finding]:
    """LIST_OF_SUBNETWORKS translates the subnets that `subnetwork` blocks list, so there has to be one."""
    listed = body.text("source_subnetwork_ip_ranges_to_nat") == "LIST_OF_SUBNETWORKS"
    if listed and body.absent("subnetwork") and body.absent("source_subnetwork_ip_ranges_to_nat64"):
        yield Finding("subnetwork", "LIST_OF_SUBNETWORKS lists no subnet", "add a `subnetwork` block for each")


def _nat_ports(body: Block, _: Context) -> Iterator[Finding]:
    """With dynamic port allocation, ports come in powers of two: at least 32, and the maximum above the minimum.

    Endpoint-independent mapping needs fixed ports, so the two exclude each other; a maximum exists only with
    dynamic allocation.
    """
    dynamic = body.flag("enable_dynamic_port_allocation")
    if dynamic is False or body.absent("enable_dynamic_port_allocation"):
        if body.number("max_ports_per_vm"):
            yield Finding(
                "max_ports_per_vm",
                "a maximum of ports without dynamic port allocation",
                "set `enable_dynamic_port_allocation` to true, or drop the maximum",
            )
        return
    if dynamic is None:
        return
    if body.flag("enable_endpoint_independent_mapping"):
        yield Finding(
            "enable_endpoint_independent_mapping",
            "endpoint-independent mapping excludes dynamic port allocation",
            "set one of the two to false",
        )
    least, most = body.number("min_ports_per_vm"), body.number("max_ports_per_vm")
    for argument, ports in (("min_ports_per_vm", least), ("max_ports_per_vm", most)):
        if ports is not None and not _power_of_two(ports):
            yield Finding(argument, f"{ports:g} ports are no power of two from 32", "use 32, 64, 128 ... 65536")
    if least is not None and most is not None and most <= least:
        yield Finding("max_ports_per_vm", f"at most {most:g} ports, at least {least:g}", "raise the maximum")


def _power_of_two(ports: float) -> bool:
    count = int(ports)
    return count == ports and 32 <= count <= 65536 and count & (count - 1) == 0


def _peering_range(body: Block, _: Context) -> Iterator[Finding]:
    """A range for private service access has a length; an address alone would be a range of one.

    Service producers take at least a /24 of it for each region and service.
    """
    if body.text("purpose") != "VPC_PEERING":
        return
    if body.absent("prefix_length"):
        yield Finding("prefix_length", "the range for private service access has no length", "set 16 to 24")
    length = body.number("prefix_length")
    if length is not None and length > 24:
        yield Finding("prefix_length", f"/{length:g} is too small a range for private service access", "set 16 to 24")
    if body.text("address_type") == "EXTERNAL":
        yield Finding("address_type", "a range for private service access is internal", "use INTERNAL")


def _connection_ranges(body: Block, _: Context) -> Iterator[Finding]:
    """Reserved ranges are named, not given as CIDR ranges or URLs: the producer looks them up in the network."""
    value = body.value.get("reserved_peering_ranges")
    for index, one in enumerate(value if isinstance(value, list) else []):
        text = literal(one)
        if text is not None and "/" in text:
            yield Finding(
                f"reserved_peering_ranges[{index}]",
                f"`{text}` is not the name of a reserved range",
                "give the name of the google_compute_global_address",
            )


_SUBNET = {"name": "main", "network": "main", "ip_cidr_range": "10.0.0.0/20"}
_NAT = {
    "name": "main",
    "router": "main",
    "region": "europe-west4",
    "nat_ip_allocate_option": "AUTO_ONLY",
    "source_subnetwork_ip_ranges_to_nat": "ALL_SUBNETWORKS_ALL_IP_RANGES",
}
_EGRESS = {"name": "out", "network": "main", "direction": "EGRESS", "allow": [{"protocol": "tcp"}]}
_PEERING = {"name": "services", "purpose": "VPC_PEERING", "address_type": "INTERNAL", "network": "main"}
_SUBNET_SOURCE = "Compute Engine API v1, subnetworks; VPC, subnets (2026-08)"
_FIREWALL_SOURCE = "Compute Engine API v1, firewalls: sourceTags, direction (2026-08)"
_SUBNETWORK = ("google_compute_subnetwork",)
_ROUTER_NAT = ("google_compute_router_nat",)

RULES = (
    Rule(
        code="cloud/subnet-cidr",
        types=_SUBNETWORK,
        title="a subnet range that is no CIDR range",
        judge=_subnet_cidr,
        source=_SUBNET_SOURCE,
        wrong=_SUBNET | {"ip_cidr_range": "10.0.0.1/20"},
        right=_SUBNET,
    ),
    Rule(
        code="cloud/subnet-without-range",
        types=_SUBNETWORK,
        title="a subnet without addresses",
        judge=_subnet_without_range,
        source="provider 7.45.0, google_compute_subnetwork: required unless reserved_internal_range is set",
        wrong={"name": "main", "network": "main"},
        right=_SUBNET,
    ),
    Rule(
        code="cloud/subnet-overlap",
        types=_SUBNETWORK,
        title="ranges of one subnet that overlap",
        judge=_subnet_overlap,
        source=_SUBNET_SOURCE,
        wrong=_SUBNET | {"secondary_ip_range": [{"range_name": "pods", "ip_cidr_range": "10.0.0.0/16"}]},
        right=_SUBNET | {"secondary_ip_range": [{"range_name": "pods", "ip_cidr_range": "10.4.0.0/14"}]},
    ),
    Rule(
        code="cloud/subnet-range-name",
        types=_SUBNETWORK,
        title="two secondary ranges with one name",
        judge=_subnet_range_name,
        source=_SUBNET_SOURCE,
        wrong=_SUBNET
        | {
            "secondary_ip_range": [
                {"range_name": "pods", "ip_cidr_range": "10.4.0.0/14"},
                {"range_name": "pods", "ip_cidr_range": "10.8.0.0/14"},
            ]
        },
        right=_SUBNET
        | {
            "secondary_ip_range": [
                {"range_name": "pods", "ip_cidr_range": "10.4.0.0/14"},
                {"range_name": "services", "ip_cidr_range": "10.8.0.0/20"},
            ]
        },
    ),
    Rule(
        code="cloud/subnet-proxy-only",
        types=_SUBNETWORK,
        title="a proxy-only subnet with flow logs",
        judge=_subnet_proxy,
        source="Compute Engine API v1, subnetworks.logConfig; Load Balancing, proxy-only subnets (2026-08)",
        wrong=_SUBNET | {"purpose": "REGIONAL_MANAGED_PROXY", "role": "ACTIVE", "log_config": [{}]},
        right=_SUBNET | {"purpose": "REGIONAL_MANAGED_PROXY", "role": "ACTIVE"},
    ),
    Rule(
        code="cloud/firewall-source",
        types=("google_compute_firewall",),
        title="a firewall rule for incoming traffic without a source",
        judge=_firewall_source,
        source="provider 7.45.0, google_compute_firewall: refused at plan",
        wrong={"name": "in", "network": "main", "allow": [{"protocol": "tcp"}]},
        right={"name": "in", "network": "main", "allow": [{"protocol": "tcp"}], "source_ranges": ["10.0.0.0/8"]},
    ),
    Rule(
        code="cloud/firewall-egress-source",
        types=("google_compute_firewall",),
        title="an egress rule with source tags or source service accounts",
        judge=_firewall_egress_tags,
        source=_FIREWALL_SOURCE,
        wrong=_EGRESS | {"source_tags": ["web"]},
        right=_EGRESS | {"target_tags": ["web"]},
    ),
    Rule(
        code="cloud/nat-addresses",
        types=_ROUTER_NAT,
        title="NAT addresses that do not fit the way they are allocated",
        judge=_nat_addresses,
        source=_NAT_SOURCE,
        wrong=_NAT | {"nat_ip_allocate_option": "MANUAL_ONLY"},
        right=_NAT | {"nat_ip_allocate_option": "MANUAL_ONLY", "nat_ips": ["${google_compute_address.nat.id}"]},
    ),
    Rule(
        code="cloud/nat-subnets",
        types=_ROUTER_NAT,
        title="NAT for listed subnets that lists none",
        judge=_nat_subnets,
        source=_NAT_SOURCE,
        wrong=_NAT | {"source_subnetwork_ip_ranges_to_nat": "LIST_OF_SUBNETWORKS"},
        right=_NAT,
    ),
    Rule(
        code="cloud/nat-ports",
        types=_ROUTER_NAT,
        title="NAT ports that dynamic allocation cannot hand out",
        judge=_nat_ports,
        source=_NAT_SOURCE,
        wrong=_NAT | {"enable_dynamic_port_allocation": True, "min_ports_per_vm": 100},
        right=_NAT | {"enable_dynamic_port_allocation": True, "min_ports_per_vm": 128, "max_ports_per_vm": 4096},
    ),
    Rule(
        code="cloud/peering-range",
        types=("google_compute_global_address",),
        title="a range for private service access without a usable length",
        judge=_peering_range,
        source="VPC, configure private services access; Compute Engine API v1, globalAddresses (2026-08)",
        wrong=_PEERING,
        right=_PEERING | {"prefix_length": 16},
    ),
    Rule(
        code="cloud/peering-range-name",
        types=("google_service_networking_connection",),
        title="a reserved range given by its addresses",
        judge=_connection_ranges,
        source="Service Networking API v1, services.connections: reservedPeeringRanges are names (2026-08)",
        wrong={
            "network": "main",
            "service": "servicenetworking.googleapis.com",
            "reserved_peering_ranges": ["10.1.0.0/16"],
        },
        right={
            "network": "main",
            "service": "servicenetworking.googleapis.com",
            "reserved_peering_ranges": ["services"],
        },
    ),
)
