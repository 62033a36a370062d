"""existing: a GKE cluster that the organisation has already."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from planform.contracts.compute import AcceleratorPool, ClusterRef, Compute, MembershipRef
from planform.contracts.identity import Identity
from planform.planes.component import Component
from planform.planes.resource.accelerators import accelerator, nearest_accelerator
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import KebabName, ProjectId

__all__ = ["ExistingCompute", "ExistingComputeSettings", "ExistingPool"]

Limit = Annotated[int, Field(ge=1)]


class ExistingPool(Settings):
    """A node pool with accelerators that the cluster has."""

    accelerator: str = Field(description="GPU or TPU by GKE's name for it.", examples=["nvidia-l4"])
    count: Limit = Field(default=1, description="Accelerators on each node. Default: 1.")
    machine_type: str = Field(
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)+$", description="Machine type of its nodes.", examples=["g2-standard-8"]
    )
    capacity: Literal["on_demand", "spot", "flex_start", "queued", "reservation"] = Field(
        default="on_demand", description="How its machines are had. Default: on_demand."
    )
    max_nodes: Limit = Field(description="Nodes at most, over all zones.", examples=[4])


class ExistingComputeSettings(Settings):
    """Settings of `existing` for compute."""

    cluster: KebabName = Field(description="Name of the cluster.", examples=["shared-gke"])
    location: str | None = Field(
        default=None,
        pattern=r"^[a-z]+-[a-z]+[0-9]+(-[a-z])?$",
        description="Region of the cluster, or its zone if it is in one only. Default: the environment's region.",
        examples=["europe-west4"],
    )
    project: ProjectId | None = Field(
        default=None, description="Project of the cluster. Default: the environment's own project."
    )
    node_service_account: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9.-]+@[a-z0-9.-]+\.gserviceaccount\.com$",
        description="E-mail of the service account of its nodes. Default: unknown, so that nothing is granted to them"
        " and no node pool can be added.",
        examples=["gke-nodes@acme-ai-dev.iam.gserviceaccount.com"],
    )
    node_tag: Annotated[str, StringConstraints(pattern=r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$")] | None = Field(
        default=None,
        description="Network tag on its nodes. Default: unknown, so that no firewall rule can aim at them.",
        examples=["shared-gke-node"],
    )
    fleet_membership: str | None = Field(
        default=None,
        pattern=r"^projects/[a-z][a-z0-9-]{4,28}[a-z0-9]/locations/[a-z0-9-]+/memberships/[a-z0-9][a-z0-9-]{0,62}$",
        description="The cluster's membership in a fleet. Default: none, so that no fleet feature can be had.",
        examples=["projects/acme-ai-dev/locations/europe-west4/memberships/shared-gke"],
    )
    secret_sync: bool = Field(
        default=False, description="Whether GKE copies secrets of Secret Manager into it. Default: it does not."
    )
    accelerator_pools: dict[KebabName, ExistingPool] = Field(
        default_factory=dict,
        description="Its node pools with accelerators, by name. Default: none that planform knows of.",
    )


class ExistingCompute(Component):
    """A GKE cluster of the organisation, VPC-native and with workload identity; planform changes nothing of it.

    The cluster's issuer and workload pool follow from its project, location and name. Who runs it must see to it that
    workload identity is on, that its nodes may pull from the registry, and that its control plane is reachable for
    whatever delivers manifests.

    Provides: Compute.
    Requires: nothing.
    Emits: nothing.
    Errors: contract/not-named, resource/unknown-accelerator.
    Source: GKE's REST reference for the form of cluster names; its page on workload identity for the pool's.
    """

    name = "existing"
    capability = "compute"
    provides = Compute
    Settings = ExistingComputeSettings
    settings: ExistingComputeSettings

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        for name, pool in settings.accelerator_pools.items():
            if accelerator(pool.accelerator) is None:
                near = nearest_accelerator(pool.accelerator)
                yield Fault(
                    "resource/unknown-accelerator",
                    f"there is no accelerator `{pool.accelerator}`",
                    ("accelerator_pools", name, "accelerator"),
                    label=f"did you mean `{near}`?" if near else "",
                    help="write the name that GKE gives it, such as nvidia-l4",
                )

    def cluster(self) -> ClusterRef:
        """The cluster, all of it by formula."""
        settings = self.settings
        project = settings.project or self.environment.project
        location = settings.location or self.environment.region
        path = f"projects/{project}/locations/{location}/clusters/{settings.cluster}"
        return ClusterRef(
            id=path,
            name=settings.cluster,
            location=location,
            issuer=f"https://container.googleapis.com/v1/{path}",
            workload_pool=f"{project}.svc.id.goog",
            secret_sync=settings.secret_sync,
        )

    def membership(self) -> MembershipRef | None:
        """Its membership in a fleet, if it was named."""
        if self.settings.fleet_membership is None:
            return None
        _, project, _, location, _, name = self.settings.fleet_membership.split("/")
        return MembershipRef(name, location, project)

    def node_identity(self) -> Identity | None:
        """The service account of its nodes, if it was named."""
        email = self.settings.node_service_account
        if email is None:
            return None
        project = email.partition("@")[2].removesuffix(".iam.gserviceaccount.com")
        owner = project if project != email.partition("@")[2] else "-"
        return Identity(email, f"serviceAccount:{email}", f"projects/{owner}/serviceAccounts/{email}")

    def node_tag(self) -> str:
        """The network tag on its nodes, if it was named."""
        if self.settings.node_tag is None:
            raise self.refuse(
                "contract/not-named",
                f"nobody told which network tag the nodes of cluster {self.settings.cluster} have",
                help="add node_tag to the cluster's settings",
            )
        return self.settings.node_tag

    def accelerator_pools(self) -> tuple[AcceleratorPool, ...]:
        """The pools that were named."""
        return tuple(
            AcceleratorPool(name, pool.accelerator, pool.count, pool.machine_type, pool.capacity, pool.max_nodes)
            for name, pool in self.settings.accelerator_pools.items()
        )
