"""What is common to networks that somebody else made: their parts are known by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from planform.contracts.networking import Networking, NetworkRef, PrivateServicesRef, SubnetRef
from planform.planes.component import Component
from planform.planes.resource.address_ranges import AddressRange, range_faults
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import Cidr

__all__ = ["NamedNetwork", "NamedNetworkSettings"]

ComputeName = Annotated[str, StringConstraints(pattern=r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$")]


class NamedNetworkSettings(Settings):
    """The parts of a network by name, and their ranges as far as they are told."""

    network: ComputeName = Field(description="Name of the VPC network.", examples=["shared"])
    subnet: ComputeName = Field(
        description="Name of its subnetwork in the environment's region, with Private Google Access.",
        examples=["ai-europe-west4"],
    )
    pods_range: ComputeName = Field(
        default="pods", description="Name of the subnetwork's secondary range for pods. Default: pods."
    )
    services_range: ComputeName = Field(
        default="services", description="Name of its secondary range for Kubernetes services. Default: services."
    )
    cidr: Cidr | None = Field(
        default=None, description="Range of the subnetwork. Default: not told, so no rule can name it."
    )
    pods_cidr: Cidr | None = Field(default=None, description="Range of the pods. Default: not told.")
    services_cidr: Cidr | None = Field(default=None, description="Range of the services. Default: not told.")
    control_plane_cidr: Cidr | None = Field(
        default=None,
        description="A /28 of the network that nothing has, for a cluster's control plane."
        " Default: none, so what needs one is refused.",
        examples=["172.16.0.32/28"],
    )
    private_services_range: ComputeName | None = Field(
        default=None,
        description="Name of the reserved range of the network's private services connection, which must be there."
        " Default: none, so databases with private addresses are refused.",
        examples=["managed-services"],
    )
    private_services_cidr: Cidr | None = Field(default=None, description="That range. Default: not told.")

    @property
    def ranges(self) -> tuple[AddressRange, ...]:
        """The ranges that were told; a subnetwork of somebody else may have smaller ones than a new one."""
        told = (
            ("cidr", self.cidr, "machines", 8, 29),
            ("pods_cidr", self.pods_cidr, "pods", 9, 24),
            ("services_cidr", self.services_cidr, "services", 16, 27),
            ("control_plane_cidr", self.control_plane_cidr, "the control plane", 28, 28),
            ("private_services_cidr", self.private_services_cidr, "private services", 8, 24),
        )
        return tuple(
            AddressRange(field, cidr, what, largest, smallest)
            for field, cidr, what, largest, smallest in told
            if cidr is not None
        )


class NamedNetwork(Component):
    """A network by name; a subclass says whose it is, and what is made for its use.

    Errors: spec/overlapping-ranges, spec/range-size, spec/public-range, spec/reserved-range,
    contract/no-private-services, contract/no-control-plane-range.
    """

    capability = "networking"
    provides = Networking
    Settings: ClassVar[type[Settings]] = NamedNetworkSettings
    settings: Any

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        yield from range_faults(settings.ranges)

    @property
    def network_project(self) -> str:
        """The project that the network is in."""
        return self.environment.project

    def network(self) -> NetworkRef:
        """The VPC network."""
        name = self.settings.network
        return NetworkRef(f"projects/{self.network_project}/global/networks/{name}", name, self.network_project)

    def subnet(self) -> SubnetRef:
        """The subnetwork in the environment's region."""
        settings, region = self.settings, self.environment.region
        return SubnetRef(
            id=f"projects/{self.network_project}/regions/{region}/subnetworks/{settings.subnet}",
            name=settings.subnet,
            region=region,
            cidr=settings.cidr or "",
            pods_range=settings.pods_range,
            pods_cidr=settings.pods_cidr or "",
            services_range=settings.services_range,
            services_cidr=settings.services_cidr or "",
        )

    def private_services(self) -> PrivateServicesRef:
        """The named range of a connection that is already there."""
        if self.settings.private_services_range is None:
            raise self.refuse(
                "contract/no-private-services",
                "this needs private services access, and `networking` names no range of it",
                help="have a private services connection made in the network, then add `private_services_range` with"
                " the name of its reserved range to the slot `networking`",
            )
        return PrivateServicesRef(self.settings.private_services_range, self.network())

    def control_plane_cidr(self) -> str:
        """The /28 that was set aside."""
        if self.settings.control_plane_cidr is None:
            raise self.refuse(
                "contract/no-control-plane-range",
                "this needs a range for a control plane, and `networking` names none",
                help="add `control_plane_cidr` with a /28 that nothing in the network has to the slot `networking`",
            )
        return str(self.settings.control_plane_cidr)

    def cidrs(self) -> Sequence[str]:
        """Every range that was told."""
        return tuple(each.cidr for each in self.settings.ranges)
