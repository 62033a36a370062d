"""Trust in the jobs of one host of code: a pool, a provider for each kind of job, and what each may act as."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from planform.contracts.identity import FederatedIdentity, Identity
from planform.planes.record_ids import record_id
from planform.terraform.expression import Known
from planform.terraform.google import (
    IamWorkloadIdentityPool,
    IamWorkloadIdentityPoolProvider,
    ServiceAccountIamMember,
    StorageBucketIamMember,
)

if TYPE_CHECKING:
    from planform.planes.security.iam import FederationSettings, Iam

__all__ = ["CiFederation", "Host"]

USER = "roles/iam.workloadIdentityUser"
PROVIDER_ID = re.compile(r"(?!gcp-)[a-z0-9-]{4,32}")


class Host(Struct, frozen=True):
    """How a host of code speaks of a job in the token that it gives it.

    `name` begins the names of all that is made. `subject` and `repository` are expressions over the token's claims.
    `of_owner` holds for every repository of the owner, `of_platform` for the platform's own, `guarded` for jobs that
    enter a deployment environment.
    """

    name: str
    title: str
    issuer: str
    subject: str
    repository: str
    of_owner: tuple[str, ...]
    of_platform: tuple[str, ...]
    guarded: tuple[str, ...] = ()


class CiFederation:
    """The identities of CI: one that plans, one or more that apply, and those of applications' repositories."""

    def __init__(self, iam: Iam, host: Host, settings: FederationSettings) -> None:
        self._iam = iam
        self._host = host
        self._settings = settings
        self._facts = iam.environment
        self._providers: dict[str, IamWorkloadIdentityPoolProvider] = {}
        self._trusted: set[str] = set()
        self._planes: dict[str, FederatedIdentity] = {}
        self._pool = IamWorkloadIdentityPool(
            iam,
            host.name,
            project=self._facts.project,
            workload_identity_pool_id=host.name,
            display_name=host.title,
            description=f"Runs of {settings.repository} that plan and apply {self._facts.prefix}"[:256],
            origin=iam.at(host.name),
        )
        everything = not settings.apply_per_plane
        self.plan = self._federated("plan", settings.plan_roles)
        protected = settings.apply_environment or self._facts.name
        self._apply = self._federated("apply", settings.apply_roles if everything else (), protected)
        self._state("plan", "roles/storage.objectViewer")
        if everything:
            self._state("apply", "roles/storage.objectUser")

    def apply(self, plane: str, roles: Sequence[str]) -> FederatedIdentity:
        """The identity that applies a plane, or everything."""
        if not plane or not self._settings.apply_per_plane:
            return self._apply
        verb = f"apply-{plane}"
        if plane not in self._planes:
            self._refuse_long(plane, f"{self._host.name}-{verb}")
            self._planes[plane] = self._federated(verb, roles, f"{self._facts.name}-{plane}")
            self._state(verb, "roles/storage.objectUser")
        self._iam.service_account(f"{self._host.name}-{verb}", roles=roles)
        return self._planes[plane]

    def application(self, name: str, repository: str, roles: Sequence[str], environment: str) -> FederatedIdentity:
        """The identity of jobs of an application's repository, in one deployment environment of it or in any."""
        owner = self._settings.owner
        if repository.rpartition("/")[0].lower() != owner.lower():
            raise self._iam.refuse(
                "contract/other-owner",
                f"`{repository}` is not of `{owner}`, the only owner whose jobs are trusted here",
                help="keep the repository where the platform's own is",
            )
        verb = f"ci-{environment}" if environment else "ci"
        id = f"{self._host.name}-{verb}"
        if not PROVIDER_ID.fullmatch(id):
            raise self._iam.refuse(
                "contract/bad-name",
                f"`{id}` cannot be the name of a provider of identities",
                help="name the deployment environment with at most 22 lower case letters, digits and hyphens",
            )
        identity = self._iam.service_account(name, roles=roles, purpose=f"CI of {repository}")
        provider = self._providers.get(id) or self._provider(id, verb, self._host.of_owner, environment)
        self._trust(record_id(name, repository, environment), identity, verb, repository, provider)
        return FederatedIdentity(self._named(id, provider), identity)

    def _refuse_long(self, plane: str, name: str) -> None:
        if len(name) > 30:
            raise self._iam.refuse(
                "contract/bad-name",
                f"the identity that applies `{plane}` would be `{name}`, which is longer than 30",
                path=(self._host.name, "apply_per_plane"),
                help=f"give the plane a name of at most {30 - len(name) + len(plane)} characters",
            )

    def _federated(self, verb: str, roles: Sequence[str], protected: str = "") -> FederatedIdentity:
        """A service account, and the provider that lets runs take it on when every condition holds."""
        id, repository = f"{self._host.name}-{verb}", self._settings.repository
        purpose = f"{self._host.title} of {repository}: {verb}"
        identity = self._iam.service_account(id, roles=roles, purpose=purpose)
        provider = self._provider(id, verb, (*self._host.of_owner, *self._host.of_platform), protected)
        self._trust(record_id(id), identity, verb, repository, provider)
        return FederatedIdentity(self._named(id, provider), identity)

    def _provider(self, id: str, verb: str, trusted: Sequence[str], protected: str) -> IamWorkloadIdentityPoolProvider:
        guarded = [f"assertion.environment == '{protected}'", *self._host.guarded] if protected else []
        self._providers[id] = IamWorkloadIdentityPoolProvider(
            self._iam,
            record_id(id),
            project=self._facts.project,
            workload_identity_pool_id=self._pool.workload_identity_pool_id,
            workload_identity_pool_provider_id=id,
            display_name=f"{self._host.title}: {verb}"[:32],
            attribute_mapping={
                "google.subject": self._host.subject,
                f"attribute.{_attribute(verb)}": self._host.repository,
            },
            attribute_condition=" && ".join([*trusted, *guarded]),
            oidc=[{"issuer_uri": self._host.issuer}],
            origin=self._iam.at(self._host.name),
        )
        return self._providers[id]

    def _trust(
        self, id: str, identity: Identity, verb: str, repository: str, provider: IamWorkloadIdentityPoolProvider
    ) -> None:
        """Let jobs of a repository that signed in through the provider of their kind take the identity on."""
        if id in self._trusted:
            return
        self._trusted.add(id)
        ServiceAccountIamMember(
            self._iam,
            id,
            service_account_id=identity.id,
            role=USER,
            member=f"principalSet://iam.googleapis.com/{self._path}/attribute.{_attribute(verb)}/{repository}",
            depends_on=[provider],
            origin=self._iam.at(self._host.name),
        )

    @property
    def _path(self) -> str:
        number = self._facts.project_number
        return f"projects/{number}/locations/global/workloadIdentityPools/{self._host.name}"

    def _named(self, id: str, provider: IamWorkloadIdentityPoolProvider) -> str:
        return Known(f"{self._path}/providers/{id}", provider.name)

    def _state(self, verb: str, role: str) -> None:
        if self._settings.state_bucket is not None:
            StorageBucketIamMember(
                self._iam,
                record_id(self._host.name, verb, "state"),
                bucket=self._settings.state_bucket,
                role=role,
                member=self._iam.service_account(f"{self._host.name}-{verb}").member,
                origin=self._iam.at(self._host.name, "state_bucket"),
            )


def _attribute(verb: str) -> str:
    """An attribute that only the provider of this kind of job maps."""
    return f"{record_id(verb)}_repository"
