"""Service accounts and CI trust that the organisation already has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, StringConstraints

from planform.contracts.identity import FederatedIdentity, Identities, Identity
from planform.planes.component import Component
from planform.spec.settings import Settings
from planform.spec.units import KebabName

__all__ = ["ExistingFederation", "ExistingIdentities", "ExistingIdentitiesSettings"]

Email = Annotated[
    str,
    StringConstraints(
        pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]@[a-z][a-z0-9-]{4,28}[a-z0-9]\.iam\.gserviceaccount\.com$"
    ),
    Field(examples=["mlflow@acme-ai-dev.iam.gserviceaccount.com"]),
]


class ExistingFederation(Settings):
    """A service account that CI takes on, and the provider it signs in through."""

    provider: str = Field(
        pattern=r"^projects/[1-9][0-9]{5,18}/locations/global/workloadIdentityPools/[a-z0-9-]{4,32}"
        r"/providers/[a-z0-9-]{4,32}$",
        description="Resource name of the workload identity provider, with the project's number.",
        examples=["projects/111111111111/locations/global/workloadIdentityPools/github/providers/github"],
    )
    service_account: Email = Field(description="E-mail of the service account.")


class ExistingIdentitiesSettings(Settings):
    """Which identities there are."""

    service_accounts: dict[KebabName, Email] = Field(
        default_factory=dict,
        description="Name that components ask for to the e-mail of the service account, which already has its roles."
        " Default: none, so asking for one is an error that names it and its roles.",
    )
    plan: ExistingFederation | None = Field(default=None, description="What CI plans as. Default: no CI.")
    apply: ExistingFederation | None = Field(default=None, description="What CI applies as. Default: no CI.")
    apply_planes: dict[KebabName, ExistingFederation] = Field(
        default_factory=dict,
        description="What CI applies a plane as, by the plane's name with hyphens. Default: as `apply`.",
    )
    ci: dict[KebabName, ExistingFederation] = Field(
        default_factory=dict,
        description="Name that components ask for to what CI of an application's repository acts as."
        " Default: none, so there is no such identity.",
    )


class ExistingIdentities(Component):
    """Identities made by the organisation, in an identity team's own code for example.

    Provides: Identities.
    Requires: nothing.
    Emits: nothing. Whoever owns a service account grants it its roles on the project (the error for one that is not
    named lists them), and grants roles/iam.workloadIdentityUser on it to
    `serviceAccount:PROJECT.svc.id.goog[NAMESPACE/NAME]` for each Kubernetes service account that acts as it.
    Errors: contract/unknown-service-account.
    Source: IAM, service account ids; GKE, workload identity federation.
    """

    name = "existing"
    capability = "identity"
    provides = Identities
    Settings = ExistingIdentitiesSettings
    settings: ExistingIdentitiesSettings

    def service_account(self, name: str, *, roles: Sequence[str] = (), purpose: str = "") -> Identity:
        """The named service account."""
        email = self.settings.service_accounts.get(name)
        if email is None:
            raise self.refuse(
                "contract/unknown-service-account",
                f"`identity` names no service account `{name}`" + (f", {purpose}" if purpose else ""),
                help=f"under `service_accounts` of the slot `identity` add `{name}:` with the e-mail of one"
                + (f" that has {', '.join(roles)}" if roles else ""),
            )
        return _identity(email)

    def bind_kubernetes(
        self,
        identity: Identity,
        *,
        namespace: str,
        service_account: str,
        workload_pool: str = "",
        scope: object | None = None,
    ) -> None:
        """Nothing to do: the owner of the service account grants it, as this page says."""

    def plan(self) -> FederatedIdentity | None:
        """What CI plans as."""
        return _federated(self.settings.plan)

    def apply(self, plane: str = "", *, roles: Sequence[str] = ()) -> FederatedIdentity | None:
        """What CI applies as, or applies this plane as."""
        return _federated(self.settings.apply_planes.get(plane, self.settings.apply))

    def ci(
        self, name: str, *, repository: str, roles: Sequence[str] = (), environment: str = ""
    ) -> FederatedIdentity | None:
        """What CI of the repository acts as, if it is named."""
        return _federated(self.settings.ci.get(name))


def _identity(email: str) -> Identity:
    project = email.partition("@")[2].partition(".")[0]
    return Identity(email, f"serviceAccount:{email}", f"projects/{project}/serviceAccounts/{email}")


def _federated(given: ExistingFederation | None) -> FederatedIdentity | None:
    return None if given is None else FederatedIdentity(given.provider, _identity(given.service_account))
