"""Service accounts, keyless trust in GitHub Actions, organisation policies and audit logs of a project."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from planform.contracts.identity import FederatedIdentity, Identities, Identity
from planform.contracts.services import Services
from planform.engine import Construct, path_of, stack_of
from planform.planes.component import Component
from planform.planes.record_ids import record_id
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import Principal
from planform.terraform.expression import Known, Reference
from planform.terraform.google import (
    IamWorkloadIdentityPool,
    IamWorkloadIdentityPoolProvider,
    OrgPolicyPolicy,
    ProjectIamAuditConfig,
    ProjectIamMember,
    ServiceAccount,
    ServiceAccountIamMember,
    StorageBucketIamMember,
)
from planform.terraform.record import Record

__all__ = ["GithubSettings", "Iam", "IamSettings", "Role"]

ACCOUNT_ID = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
ROLE = re.compile(
    r"roles/[a-z][A-Za-z0-9]*(\.[A-Za-z][A-Za-z0-9]*)*|(projects|organizations)/[a-z0-9-]+/roles/[\w.]{3,64}"
)
BASIC_ROLES = {"owner": "roles/owner", "editor": "roles/editor"}
KUBERNETES_USER = "roles/iam.workloadIdentityUser"
GITHUB_ISSUER = "https://token.actions.githubusercontent.com"
GITHUB_POOL = "github"
PROVIDER_ID = re.compile(r"(?!gcp-)[a-z0-9-]{4,32}")

Constraint = Literal[
    "ainotebooks.disableRootAccess",
    "ainotebooks.restrictPublicIp",
    "compute.disableSerialPortAccess",
    "compute.requireOsLogin",
    "compute.requireShieldedVm",
    "compute.vmExternalIpAccess",
    "iam.automaticIamGrantsForDefaultServiceAccounts",
    "iam.disableServiceAccountKeyCreation",
    "iam.disableServiceAccountKeyUpload",
    "sql.restrictAuthorizedNetworks",
    "sql.restrictPublicIp",
    "storage.publicAccessPrevention",
    "storage.uniformBucketLevelAccess",
]
DENIES_ALL: tuple[Constraint, ...] = ("compute.vmExternalIpAccess",)
POLICIES: tuple[Constraint, ...] = (
    "compute.disableSerialPortAccess",
    "compute.vmExternalIpAccess",
    "iam.automaticIamGrantsForDefaultServiceAccounts",
    "iam.disableServiceAccountKeyCreation",
    "iam.disableServiceAccountKeyUpload",
    "sql.restrictAuthorizedNetworks",
    "sql.restrictPublicIp",
    "storage.publicAccessPrevention",
    "storage.uniformBucketLevelAccess",
)
PLAN_ROLES = ("roles/iam.securityReviewer", "roles/viewer")
APPLY_ROLES = (
    "roles/alloydb.admin",
    "roles/artifactregistry.admin",
    "roles/cloudkms.admin",
    "roles/cloudsql.admin",
    "roles/compute.networkAdmin",
    "roles/compute.securityAdmin",
    "roles/container.admin",
    "roles/dns.admin",
    "roles/gkehub.admin",
    "roles/iam.serviceAccountAdmin",
    "roles/iam.serviceAccountUser",
    "roles/iam.workloadIdentityPoolAdmin",
    "roles/logging.configWriter",
    "roles/monitoring.admin",
    "roles/pubsub.admin",
    "roles/resourcemanager.projectIamAdmin",
    "roles/secretmanager.admin",
    "roles/serviceusage.serviceUsageAdmin",
    "roles/storage.admin",
)


def role_fault(role: str) -> tuple[str, str] | None:
    """What is wrong with a role and what to write instead; None when it may be one."""
    if role in BASIC_ROLES.values() or role in BASIC_ROLES:
        return f"`{role}` may do almost anything in the project", "name the predefined roles that are needed"
    if not ROLE.fullmatch(role):
        near = f"roles/{role}" if ROLE.fullmatch(f"roles/{role}") else "roles/logging.logWriter"
        return f"`{role}` has not the form of a role", f"write {near}, or projects/PROJECT/roles/ROLE for your own"
    return None


def _role(text: str) -> str:
    fault = role_fault(text)
    if fault is not None:
        raise PydanticCustomError("spec/role", "{summary}", {"summary": fault[0], "help": fault[1]})
    return text


Role = Annotated[str, AfterValidator(_role), Field(examples=["roles/logging.logWriter"])]


class GithubSettings(Settings):
    """The repository whose GitHub Actions plan and apply this environment, without a key."""

    owner_id: str = Field(
        pattern=r"^[1-9][0-9]{0,18}$",
        description="Numeric id of the organisation or user that owns the repository, quoted: a name can be taken over"
        " after a rename, an id cannot. See `gh api users/OWNER --jq .id`.",
        examples=["123456"],
    )
    repository: str = Field(
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9-]{0,37}[A-Za-z0-9])?/[A-Za-z0-9._-]{1,100}$",
        description="The repository, OWNER/NAME, in GitHub's own spelling.",
        examples=["acme/platform"],
    )
    repository_id: str | None = Field(
        default=None,
        pattern=r"^[1-9][0-9]{0,18}$",
        description="Numeric id of the repository, quoted; keeps out a later repository of the same name."
        " Default: not checked.",
    )
    apply_environment: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9._-]{1,255}$",
        description="GitHub environment whose jobs may apply; protect it with reviewers and a branch rule."
        " Default: the name of the environment here, such as `prod`.",
    )
    plan_roles: tuple[Role, ...] = Field(
        default=PLAN_ROLES,
        description="Roles of the identity that plans, which any branch and pull request of the repository may take"
        " on. Default: roles/viewer and roles/iam.securityReviewer.",
    )
    apply_roles: tuple[Role, ...] = Field(
        default=APPLY_ROLES,
        description="Roles of the identity that applies. Default: administration of each service that planform makes"
        " resources of, and of the project's IAM; never owner or editor.",
    )
    apply_per_plane: bool = Field(
        default=False,
        description="Give each plane an identity of its own that applies it, with no other roles than its resources"
        " take, for jobs in the GitHub environment `<environment>-<plane>`; `apply_roles` then count for none. The one"
        " of `apply_environment` stays, without roles on the project, for what is delivered to the cluster."
        " Default: false, one identity applies everything.",
    )
    state_bucket: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$",
        description="Bucket of the Terraform state: the identity that plans may read it (with `-lock=false`),"
        " the one that applies may write it. Default: no such grant, for state in another place.",
        examples=["acme-ai-dev-tfstate"],
    )

    @property
    def owner(self) -> str:
        """The organisation or user that owns the repository."""
        return self.repository.partition("/")[0]


class AuditSettings(Settings):
    """Which accesses are logged, besides changes, which always are."""

    log_types: tuple[Literal["ADMIN_READ", "DATA_READ", "DATA_WRITE"], ...] = Field(
        default=("ADMIN_READ", "DATA_READ", "DATA_WRITE"),
        description="Kinds of access to log, for all services. Data access logs are billed by volume; an empty list"
        " turns them off. Default: all three.",
    )
    exempt: tuple[Principal, ...] = Field(
        default=(),
        description="Members whose reading of data is not logged, such as a job that reads a whole lake."
        " Default: nobody.",
    )


class IamSettings(Settings):
    """Trust and guard rails of the environment's project."""

    github: GithubSettings | None = Field(
        default=None, description="GitHub Actions that plan and apply. Default: no identity for CI is made."
    )
    org_policies: tuple[Constraint, ...] | None = Field(
        default=None,
        description="Organisation policies that are enforced on the project; an empty list enforces none. Whoever"
        " applies them needs roles/orgpolicy.policyAdmin on the organisation. Default: the guard rails that planform's"
        " own components keep (no service account keys, no public buckets, databases or machines), where"
        " `organization.organization_id` is known.",
    )
    resource_locations: tuple[Annotated[str, StringConstraints(pattern=r"^(in:)?[a-z0-9-]+$")], ...] = Field(
        default=(),
        description="Where resources may be made, as values of gcp.resourceLocations. Default: anywhere.",
        examples=[["in:europe-west4-locations", "in:eu-locations"]],
    )
    audit: AuditSettings = Field(
        default_factory=AuditSettings, description="Logs of who read what. Default: all kinds, for all services."
    )


class Iam(Component):
    """Least privilege in one project: service accounts on demand, CI without keys, guard rails, audit logs.

    Provides: Identities. A service account has the name that was asked for, and each of its roles is a record.
    Requires: Services.
    Emits: google_service_account, google_project_iam_member and google_service_account_iam_member as asked;
    google_project_iam_audit_config; google_org_policy_policy for each policy; with `github` a
    google_iam_workload_identity_pool with two providers. The first lets in every run of the repository, for the
    identity that plans; the second only jobs in the protected environment, for the identity that applies. Each
    identity trusts an attribute that only its own provider maps, so it does not matter what the subject looks like
    (GitHub has more than one form of it), and long branch names do no harm. With `apply_per_plane` there is a provider
    and an identity for each plane; for CI of applications' repositories, one provider for all repositories of the
    owner and one for each of their deployment environments.
    Errors: spec/role, spec/no-organization, contract/bad-name, contract/role, contract/other-owner.
    Source: IAM, service account ids have 6 to 30 characters, subjects of federated tokens at most 127 bytes; a
    deleted pool's id cannot be used again for 30 days; organisation policies need roles/orgpolicy.policyAdmin, which
    only an organisation can grant. The apply identity administers the project's IAM and could give itself more: the
    protection of its GitHub environment is the protection of the project.
    """

    name = "iam"
    capability = "identity"
    provides = Identities
    apis = ("iam.googleapis.com", "iamcredentials.googleapis.com", "sts.googleapis.com")
    Settings = IamSettings
    settings: IamSettings
    services: Services

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        organization = environment.organization
        if organization is None or organization.organization_id is None:
            for field in ("org_policies", "resource_locations"):
                if getattr(settings, field):
                    yield Fault(
                        "spec/no-organization",
                        "organisation policies exist only in a project of an organisation, and none is named",
                        (field,),
                        help="add `organization_id` to `organization`, or delete this",
                    )

    def build(self) -> None:
        self._accounts: dict[str, ServiceAccount] = {}
        self._roles: set[tuple[str, str]] = set()
        self._bound: set[tuple[str, str, str, str]] = set()
        self._applies: dict[str, FederatedIdentity] = {}
        self._trusted: set[str] = set()
        self._providers: dict[str, IamWorkloadIdentityPoolProvider] = {}
        self._plan: FederatedIdentity | None = None
        self._apply: FederatedIdentity | None = None
        self._audit(self.settings.audit)
        self._policies()
        if self.settings.github is not None:
            self._github(self.settings.github)

    def service_account(self, name: str, *, roles: Sequence[str] = (), purpose: str = "") -> Identity:
        """The service account `name` with at least these roles on the project."""
        if not ACCOUNT_ID.fullmatch(name) or not 6 <= len(name) <= 30:
            raise self.refuse(
                "contract/bad-name",
                f"`{name}` cannot be the name of a service account",
                help="use 6 to 30 lower case letters, digits and hyphens, beginning with a letter",
            )
        for role in roles:
            fault = role_fault(role)
            if fault is not None:
                raise self.refuse("contract/role", fault[0], help=fault[1])
        account = self._accounts.get(name) or self._account(name, purpose)
        for role in roles:
            self._grant(name, account, role)
        return self._identity(name, account)

    def bind_kubernetes(
        self,
        identity: Identity,
        *,
        namespace: str,
        service_account: str,
        workload_pool: str = "",
        scope: object | None = None,
    ) -> None:
        """Let a Kubernetes service account act as `identity`; the grant is made in the scope of who asks."""
        place = scope if isinstance(scope, Construct) else self
        pool = workload_pool or f"{self.environment.project}.svc.id.goog"
        key = (path_of(place), identity.email, namespace, service_account)
        if key in self._bound:
            return
        self._bound.add(key)
        ServiceAccountIamMember(
            place,
            record_id(identity.email.partition("@")[0], namespace, service_account),
            service_account_id=identity.id,
            role=KUBERNETES_USER,
            member=f"serviceAccount:{pool}[{namespace}/{service_account}]",
            depends_on=_owner_in(place, workload_pool),
        )

    def plan(self) -> FederatedIdentity | None:
        """The identity that plans, for any run of the repository."""
        return self._plan

    def apply(self, plane: str = "", *, roles: Sequence[str] = ()) -> FederatedIdentity | None:
        """The identity that applies, for jobs in the protected environment; a plane's own where it has one."""
        github = self.settings.github
        if github is None or not plane or not github.apply_per_plane:
            return self._apply
        if plane not in self._applies:
            self._applies[plane] = self._plane(github, plane, roles)
        self.service_account(f"{GITHUB_POOL}-apply-{plane}", roles=roles)
        return self._applies[plane]

    def ci(
        self, name: str, *, repository: str, roles: Sequence[str] = (), environment: str = ""
    ) -> FederatedIdentity | None:
        """The identity of an application's repository, which has the platform's own owner."""
        github = self.settings.github
        if github is None:
            return None
        if repository.partition("/")[0].lower() != github.owner.lower():
            raise self.refuse(
                "contract/other-owner",
                f"`{repository}` is not of `{github.owner}`, the only owner whose jobs are trusted here",
                help="keep the repository where the platform's own is",
            )
        identity = self.service_account(name, roles=roles, purpose=f"CI of {repository}")
        provider, attribute = self._applications(github, environment)
        self._trust(record_id(name, repository, environment), identity, f"{attribute}/{repository}", provider)
        return FederatedIdentity(self._provider_id(provider), identity)

    def _account(self, name: str, purpose: str) -> ServiceAccount:
        self._accounts[name] = ServiceAccount(
            self,
            record_id(name),
            project=self.environment.project,
            account_id=name,
            display_name=purpose[:100] or name,
            description=f"{purpose[:150] or name}; made by planform for {self.environment.prefix}",
        )
        return self._accounts[name]

    def _identity(self, name: str, account: ServiceAccount) -> Identity:
        email = self.environment.service_account(name)
        return Identity(
            email=Known(email, account.email),
            member=Known(f"serviceAccount:{email}", account.member),
            id=Known(f"projects/{self.environment.project}/serviceAccounts/{email}", account.name),
        )

    def _grant(self, name: str, account: ServiceAccount, role: str) -> None:
        if (name, role) in self._roles:
            return
        self._roles.add((name, role))
        ProjectIamMember(
            self,
            record_id(name, role.removeprefix("roles/")),
            project=self.environment.project,
            role=role,
            member=account.member,
        )

    def _audit(self, audit: AuditSettings) -> None:
        if audit.log_types:
            ProjectIamAuditConfig(
                self,
                self.id,
                project=self.environment.project,
                service="allServices",
                audit_log_config=[
                    {"log_type": kind, "exempted_members": list(audit.exempt) or None}
                    for kind in sorted(set(audit.log_types))
                ],
                origin=self.at("audit"),
            )

    def _policies(self) -> None:
        organization = self.environment.organization
        known = organization is not None and organization.organization_id is not None
        asked = self.settings.org_policies
        names = (POLICIES if known else ()) if asked is None else tuple(sorted(set(asked)))
        for name in names:
            self._policy(name, {"deny_all": "TRUE"} if name in DENIES_ALL else {"enforce": "TRUE"}, "org_policies")
        if self.settings.resource_locations:
            allowed = {"values": [{"allowed_values": sorted(set(self.settings.resource_locations))}]}
            self._policy("gcp.resourceLocations", allowed, "resource_locations")

    def _policy(self, constraint: str, rule: dict[str, Any], field: str) -> None:
        enabled = self.services.enable("orgpolicy.googleapis.com")
        parent = f"projects/{self.environment.project}"
        OrgPolicyPolicy(
            self,
            record_id(constraint),
            name=f"{parent}/policies/{constraint}",
            parent=parent,
            spec=[{"rules": [rule]}],
            depends_on=[record for record in enabled if record.stack is stack_of(self)],
            origin=self.at(field),
        )

    def _github(self, github: GithubSettings) -> None:
        self._pool = IamWorkloadIdentityPool(
            self,
            GITHUB_POOL,
            project=self.environment.project,
            workload_identity_pool_id=GITHUB_POOL,
            display_name="GitHub Actions",
            description=f"Runs of {github.repository} that plan and apply {self.environment.prefix}"[:256],
            origin=self.at("github"),
        )
        protected = github.apply_environment or self.environment.name
        self._plan = self._federated("plan", github.plan_roles, github)
        self._apply = self._federated("apply", () if github.apply_per_plane else github.apply_roles, github, protected)
        self._state(github, "plan", "roles/storage.objectViewer")
        if not github.apply_per_plane:
            self._state(github, "apply", "roles/storage.objectUser")

    def _plane(self, github: GithubSettings, plane: str, roles: Sequence[str]) -> FederatedIdentity:
        verb = f"apply-{plane}"
        if len(f"{GITHUB_POOL}-{verb}") > 30:
            raise self.refuse(
                "contract/bad-name",
                f"the identity that applies `{plane}` would be `{GITHUB_POOL}-{verb}`, which is longer than 30",
                path=("github", "apply_per_plane"),
                help=f"give the plane a name of at most {30 - len(GITHUB_POOL) - 7} characters",
            )
        made = self._federated(verb, roles, github, f"{self.environment.name}-{plane}")
        self._state(github, verb, "roles/storage.objectUser")
        return made

    def _federated(
        self, verb: str, roles: Sequence[str], github: GithubSettings, protected: str = ""
    ) -> FederatedIdentity:
        """A service account, and the provider that lets runs take it on when every condition holds."""
        name = f"{GITHUB_POOL}-{verb}"
        identity = self.service_account(name, roles=roles, purpose=f"GitHub Actions of {github.repository}: {verb}")
        trusted = [
            f"assertion.repository_owner_id == '{github.owner_id}'",
            f"assertion.repository == '{github.repository}'",
        ]
        if github.repository_id is not None:
            trusted.append(f"assertion.repository_id == '{github.repository_id}'")
        attribute = f"{record_id(verb)}_repository"
        provider = self._provider(name, verb, attribute, trusted, protected)
        self._trust(record_id(name), identity, f"{attribute}/{github.repository}", provider)
        return FederatedIdentity(self._provider_id(provider), identity)

    def _applications(self, github: GithubSettings, environment: str) -> tuple[IamWorkloadIdentityPoolProvider, str]:
        """The provider for jobs of every repository of the owner, in one deployment environment or in any."""
        verb = f"ci-{environment}" if environment else "ci"
        name = f"{GITHUB_POOL}-{verb}"
        if not PROVIDER_ID.fullmatch(name):
            raise self.refuse(
                "contract/bad-name",
                f"`{name}` cannot be the name of a provider of identities",
                help="name the deployment environment with at most 22 lower case letters, digits and hyphens",
            )
        attribute = f"{record_id(verb)}_repository"
        if name not in self._providers:
            trusted = [f"assertion.repository_owner_id == '{github.owner_id}'"]
            self._provider(name, verb, attribute, trusted, environment)
        return self._providers[name], attribute

    def _provider(
        self, name: str, verb: str, attribute: str, trusted: Sequence[str], protected: str
    ) -> IamWorkloadIdentityPoolProvider:
        conditions = [*trusted, *([f"assertion.environment == '{protected}'"] if protected else [])]
        self._providers[name] = IamWorkloadIdentityPoolProvider(
            self,
            record_id(name),
            project=self.environment.project,
            workload_identity_pool_id=self._pool.workload_identity_pool_id,
            workload_identity_pool_provider_id=name,
            display_name=f"GitHub Actions: {verb}"[:32],
            attribute_mapping={
                "google.subject": "assertion.repository_id + ':' + assertion.run_id",
                f"attribute.{attribute}": "assertion.repository",
            },
            attribute_condition=" && ".join(conditions),
            oidc=[{"issuer_uri": GITHUB_ISSUER}],
            origin=self.at("github"),
        )
        return self._providers[name]

    def _trust(self, id: str, identity: Identity, attribute: str, provider: IamWorkloadIdentityPoolProvider) -> None:
        """Let jobs whose attribute has a value take the identity on."""
        if id in self._trusted:
            return
        self._trusted.add(id)
        ServiceAccountIamMember(
            self,
            id,
            service_account_id=identity.id,
            role=KUBERNETES_USER,
            member=f"principalSet://iam.googleapis.com/{self._pool_path}/attribute.{attribute}",
            depends_on=[provider],
            origin=self.at("github"),
        )

    @property
    def _pool_path(self) -> str:
        return f"projects/{self.environment.project_number}/locations/global/workloadIdentityPools/{GITHUB_POOL}"

    def _provider_id(self, provider: IamWorkloadIdentityPoolProvider) -> str:
        name = next(name for name, made in self._providers.items() if made is provider)
        return Known(f"{self._pool_path}/providers/{name}", provider.name)

    def _state(self, github: GithubSettings, verb: str, role: str) -> None:
        if github.state_bucket is not None:
            StorageBucketIamMember(
                self,
                record_id(GITHUB_POOL, verb, "state"),
                bucket=github.state_bucket,
                role=role,
                member=self._accounts[f"{GITHUB_POOL}-{verb}"].member,
                origin=self.at("github", "state_bucket"),
            )


def _owner_in(place: Construct, value: str) -> list[Record]:
    """The record that a value comes from, when it is in the same stack and can be waited for."""
    reference = getattr(value, "reference", None)
    if isinstance(reference, Reference) and reference.stack is stack_of(place):
        return [reference.record]
    return []
