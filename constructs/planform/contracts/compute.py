"""compute: the Kubernetes cluster that workloads run on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct

from planform.contracts.identity import Identity

__all__ = ["AcceleratorPool", "ClusterRef", "Compute", "MembershipRef"]


class ClusterRef(Struct, frozen=True):
    """A GKE cluster. `id` is `projects/P/locations/L/clusters/N`; `workload_pool` is `P.svc.id.goog`.

    `issuer` is the public OpenID Connect issuer of its service account tokens, for trust from other clouds.
    `secret_sync` says whether GKE copies secrets of Secret Manager into it.
    """

    id: str
    name: str
    location: str
    issuer: str
    workload_pool: str
    secret_sync: bool = False


class MembershipRef(Struct, frozen=True):
    """A cluster in a fleet: `projects/<project>/locations/<location>/memberships/<name>`."""

    name: str
    location: str
    project: str


class AcceleratorPool(Struct, frozen=True):
    """Nodes with accelerators: `count` of `accelerator` on each of at most `max_nodes` machines."""

    name: str
    accelerator: str
    count: int
    machine_type: str
    capacity: str
    max_nodes: int


@runtime_checkable
class Compute(Protocol):
    """A private Kubernetes cluster with workload identity."""

    def cluster(self) -> ClusterRef:
        """The cluster."""

    def node_identity(self) -> Identity | None:
        """The service account of its nodes; None where planform does not know it."""

    def node_tag(self) -> str:
        """The network tag on its nodes, that firewall rules aim at."""

    def accelerator_pools(self) -> Sequence[AcceleratorPool]:
        """Pools with GPUs or TPUs; empty where the cluster makes nodes on demand (Autopilot)."""

    def membership(self) -> MembershipRef | None:
        """The cluster's place in a fleet; None where it is in none that planform knows of."""
