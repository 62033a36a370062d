"""networking: the private network that everything runs in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct

__all__ = ["NetworkRef", "Networking", "PrivateServicesRef", "SubnetRef"]


class NetworkRef(Struct, frozen=True):
    """A VPC network. `id` is `projects/P/global/networks/N`; P is the host project of a Shared VPC."""

    id: str
    name: str
    project: str


class SubnetRef(Struct, frozen=True):
    """A subnetwork with the secondary ranges of a cluster. `id` is `projects/P/regions/R/subnetworks/N`.

    `cidr`, `pods_cidr` and `services_cidr` are IPv4 ranges, or "" where planform was not told them.
    """

    id: str
    name: str
    region: str
    cidr: str
    pods_range: str
    pods_cidr: str
    services_range: str
    services_cidr: str


class PrivateServicesRef(Struct, frozen=True):
    """The range that Google's managed services (Cloud SQL, AlloyDB) take their private addresses from."""

    range_name: str
    network: NetworkRef


@runtime_checkable
class Networking(Protocol):
    """One private network with a subnetwork in the environment's region, and ways out that are not public."""

    def network(self) -> NetworkRef:
        """The VPC network."""

    def subnet(self) -> SubnetRef:
        """The subnetwork of the environment's region that clusters and machines live in."""

    def private_services(self) -> PrivateServicesRef:
        """The private services access connection; the connection itself is made on first use."""

    def control_plane_cidr(self) -> str:
        """A /28 that no subnetwork uses, for the control plane of a private cluster."""

    def cidrs(self) -> Sequence[str]:
        """Every IPv4 range in use, so that nobody takes one twice."""
