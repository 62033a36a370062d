"""identity: who may do what: service accounts, and trust in identities from outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct

__all__ = ["FederatedIdentity", "Identities", "Identity"]


class Identity(Struct, frozen=True):
    """A service account. `member` is `serviceAccount:<email>`, `id` is `projects/P/serviceAccounts/<email>`."""

    email: str
    member: str
    id: str

    @property
    def database_user(self) -> str:
        """Its name as an IAM user of PostgreSQL: `mlflow@acme-ai-dev.iam`."""
        return self.email.removesuffix(".gserviceaccount.com")


class FederatedIdentity(Struct, frozen=True):
    """A service account that a CI job takes on without a key, and the provider it signs in through.

    `provider` is `projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER`.
    """

    provider: str
    identity: Identity


@runtime_checkable
class Identities(Protocol):
    """Service accounts with least privilege, and keyless trust between clouds, clusters and CI."""

    def service_account(self, name: str, *, roles: Sequence[str] = (), purpose: str = "") -> Identity:
        """The service account `name` (6 to 30 characters), with project-level `roles` such as `roles/viewer`.

        Asking again for the same name adds the roles. `purpose` is shown in the console.
        """

    def bind_kubernetes(
        self,
        identity: Identity,
        *,
        namespace: str,
        service_account: str,
        workload_pool: str = "",
        scope: object | None = None,
    ) -> None:
        """Let the Kubernetes service account of the environment's clusters act as `identity`.

        The grant names the clusters' workload pool, which Google makes with the project's first cluster. So `scope`
        is the component that asks: the grant is made in its stack, which must come after the cluster's.
        `workload_pool` is the cluster's, `P.svc.id.goog`; in the cluster's own stack it orders the apply.
        Without a scope the grant is made beside the identity, which is right once the project has had a cluster.
        """

    def plan(self) -> FederatedIdentity | None:
        """The identity that plans: read-only, any branch. None where the platform has no CI federation."""

    def apply(self, plane: str = "", *, roles: Sequence[str] = ()) -> FederatedIdentity | None:
        """The identity that applies: protected environment only. None where the platform has no CI federation.

        Where each plane has one of its own, `plane` names it and `roles` are what applying it takes; its protected
        environment is `<environment>-<plane>`. Elsewhere it is the same for all planes.
        """

    def ci(
        self, name: str, *, repository: str, roles: Sequence[str] = (), environment: str = ""
    ) -> FederatedIdentity | None:
        """The identity `name` (6 to 30 characters) that jobs of an application's repository OWNER/NAME take on.

        With `environment`, only jobs in that deployment environment of the repository do. None where the platform has
        no CI federation.
        """
