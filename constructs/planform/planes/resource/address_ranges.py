"""IPv4 ranges of one network: which there are, how large they may be, and that no two share an address.

Neither the provider nor a plan notices an overlap; the API does, after half of the network is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network
from itertools import combinations

from msgspec import Struct

from planform.spec.fault import Fault

__all__ = ["AddressRange", "range_faults"]

PRIVATE = tuple(
    IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "240.0.0.0/4")
)
RESERVED = {
    IPv4Network("172.17.0.0/16"): "the bridge of containers on machines and in Google's managed services",
    IPv4Network("255.255.255.255/32"): "broadcasts",
}


class AddressRange(Struct, frozen=True):
    """A range by its setting. `largest` and `smallest` are prefix lengths, the first the shorter one."""

    field: str
    cidr: str
    what: str
    largest: int
    smallest: int

    @property
    def network(self) -> IPv4Network:
        return IPv4Network(self.cidr)


def range_faults(ranges: Sequence[AddressRange]) -> Iterator[Fault]:
    """Ranges of a wrong size, ranges that are public or reserved, and every overlap."""
    taken = [each.network for each in ranges]
    for each in ranges:
        yield from _size(each)
        yield from _place(each, taken)
    for one, other in combinations(ranges, 2):
        if one.network.overlaps(other.network):
            yield Fault(
                "spec/overlapping-ranges",
                f"{other.cidr} for {other.what} overlaps {one.cidr} for {one.what}",
                (other.field,),
                label=f"shares addresses with `{one.field}`",
                help=_instead(other, taken),
            )


def _size(each: AddressRange) -> Iterator[Fault]:
    prefix = each.network.prefixlen
    if each.largest == each.smallest != prefix:
        wanted = f"must be a /{each.largest}"
    elif prefix < each.largest:
        wanted = f"can be a /{each.largest} at most"
    elif prefix > each.smallest:
        wanted = f"must be a /{each.smallest} at least"
    else:
        return
    nearest = min(max(prefix, each.largest), each.smallest)
    start = each.network.network_address
    yield Fault(
        "spec/range-size",
        f"{each.cidr} for {each.what} {wanted}",
        (each.field,),
        help=f"write {IPv4Network((start, nearest), strict=False)}",
    )


def _place(each: AddressRange, taken: Sequence[IPv4Network]) -> Iterator[Fault]:
    if not any(each.network.subnet_of(private) for private in PRIVATE):
        yield Fault(
            "spec/public-range",
            f"{each.cidr} for {each.what} is not private",
            (each.field,),
            help=_instead(each, taken),
        )
    for reserved, reason in RESERVED.items():
        if each.network.overlaps(reserved):
            yield Fault(
                "spec/reserved-range",
                f"{each.cidr} for {each.what} overlaps {reserved}, which is kept for {reason}",
                (each.field,),
                help=_instead(each, taken),
            )


def _instead(each: AddressRange, taken: Sequence[IPv4Network]) -> str:
    """A free range in 10.0.0.0/8; the search jumps over what is in its way, so it is short."""
    prefix = min(max(each.network.prefixlen, each.largest, 9), each.smallest)
    candidate = IPv4Network(("10.0.0.0", prefix))
    while candidate.subnet_of(PRIVATE[0]):
        obstacles = [network for network in taken if network.overlaps(candidate)]
        if not obstacles:
            return f"write a range that nothing else has, for example {candidate}"
        end = max(int(network.broadcast_address) for network in (*obstacles, candidate)) + 1
        size = candidate.num_addresses
        start = -(-end // size) * size
        if start >= 2**32:
            break
        candidate = IPv4Network((start, prefix))
    return "write a smaller range that nothing else has"
