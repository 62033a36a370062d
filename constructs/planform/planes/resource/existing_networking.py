"""A network that the organisation already has."""

from __future__ import annotations

from pydantic import Field

from planform.planes.resource.named_network import NamedNetwork, NamedNetworkSettings
from planform.spec.units import ProjectId

__all__ = ["ExistingNetworking", "ExistingNetworkingSettings"]


class ExistingNetworkingSettings(NamedNetworkSettings):
    """Which network there is."""

    project: ProjectId | None = Field(
        default=None,
        description="Project of the network: a Shared VPC's host project that the environment's project is attached to."
        " Default: the environment's own project.",
        examples=["acme-network-host"],
    )


class ExistingNetworking(NamedNetwork):
    """A network and a subnetwork made by the organisation, in this project or in the host project of a Shared VPC.

    Provides: Networking, with the ranges that were told.
    Requires: nothing.
    Emits: nothing. Whoever owns the network sees to Private Google Access and a way out for what needs the internet;
    in a Shared VPC they also attach the project and grant roles/compute.networkUser on the subnetwork to
    service-NUMBER@container-engine-robot.iam.gserviceaccount.com and NUMBER@cloudservices.gserviceaccount.com, and
    roles/container.hostServiceAgentUser on the host project to the first: `shared-vpc` does that.
    Errors: spec/overlapping-ranges, spec/range-size, spec/public-range, spec/reserved-range,
    contract/no-private-services, contract/no-control-plane-range.
    Source: GKE, clusters with Shared VPC.
    """

    name = "existing"
    Settings = ExistingNetworkingSettings
    settings: ExistingNetworkingSettings

    @property
    def network_project(self) -> str:
        """The project that the network is in."""
        return self.settings.project or self.environment.project
