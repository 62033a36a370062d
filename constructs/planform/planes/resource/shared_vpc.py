"""A network of a host project, that the environment's project is attached to."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace
from pydantic import Field

from planform.contracts.networking import SubnetRef
from planform.contracts.services import Services
from planform.engine import stack_of
from planform.planes.record_ids import principal_id
from planform.planes.resource.named_network import NamedNetwork, NamedNetworkSettings
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.units import ProjectId
from planform.terraform.expression import Expression, Known
from planform.terraform.google import (
    ComputeSharedVpcServiceProject,
    ComputeSubnetworkIamMember,
    ProjectIamMember,
)
from planform.terraform.record import Record

__all__ = ["SharedVpc", "SharedVpcSettings"]


class SharedVpcSettings(NamedNetworkSettings):
    """Which network of which host project."""

    host_project: ProjectId = Field(
        description="Id of the host project, for which Shared VPC is on.", examples=["acme-network-host"]
    )


class SharedVpc(NamedNetwork):
    """The environment's project as a service project of a Shared VPC.

    Provides: Networking; the subnetwork's id, as a reference, waits for the attachment and the grants.
    Requires: Services.
    Emits: google_compute_shared_vpc_service_project, google_compute_subnetwork_iam_member for GKE's and Google's
    service agents of this project, google_project_iam_member on the host project for GKE's. Whoever applies this
    needs roles/compute.xpnAdmin on the folder or organisation, and may grant on the subnetwork and the host project;
    where the network's owners do that themselves, use `existing`. They also see to routes, NAT, firewall rules and
    the private services connection; GKE's agent can make its own firewall rules in the host project only if they
    grant it roles/compute.securityAdmin.
    Errors: spec/host-is-service-project, spec/overlapping-ranges, spec/range-size, spec/public-range,
    spec/reserved-range, contract/no-private-services, contract/no-control-plane-range.
    Source: GKE, clusters with Shared VPC (roles of the service agents); VPC, provisioning Shared VPC.
    """

    name = "shared-vpc"
    apis = ("compute.googleapis.com", "container.googleapis.com")
    Settings = SharedVpcSettings
    settings: SharedVpcSettings
    services: Services

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        yield from super().check(settings, environment)
        if settings.host_project == environment.project:
            yield Fault(
                "spec/host-is-service-project",
                f"`{settings.host_project}` is the environment's own project, which cannot be attached to itself",
                ("host_project",),
                help="name the host project, or write `use: existing` for a network of this project",
            )

    @property
    def network_project(self) -> str:
        """The host project."""
        return self.settings.host_project

    def build(self) -> None:
        facts, host = self.environment, self.settings.host_project
        kubernetes = facts.service_agent("container-engine-robot")
        attached = ComputeSharedVpcServiceProject(
            self,
            self.id,
            host_project=host,
            service_project=facts.project,
            origin=self.at("host_project"),
        )
        grants = [
            ComputeSubnetworkIamMember(
                self,
                principal_id(agent, facts),
                project=host,
                region=facts.region,
                subnetwork=self.settings.subnet,
                role="roles/compute.networkUser",
                member=agent,
                depends_on=[attached],
                origin=self.at("subnet"),
            )
            for agent in (kubernetes, f"serviceAccount:{facts.project_number}@cloudservices.gserviceaccount.com")
        ]
        host_agent = ProjectIamMember(
            self,
            principal_id(kubernetes, facts),
            project=host,
            role="roles/container.hostServiceAgentUser",
            member=kubernetes,
            depends_on=[attached],
            origin=self.at("host_project"),
        )
        self._grants: tuple[Record, ...] = (*grants, host_agent)

    def subnet(self) -> SubnetRef:
        """The host project's subnetwork."""
        subnet = super().subnet()
        return replace(subnet, id=Known(subnet.id, self._after_grants(subnet.id)))

    def _after_grants(self, text: str) -> Expression:
        """The text, for Terraform to read after the grants: known at plan, as an element of a tuple stays known."""
        elements = ", ".join((json.dumps(text), *(f"{record.address}.id" for record in self._grants)))
        return Expression(f"[{elements}][0]", stack_of(self))
