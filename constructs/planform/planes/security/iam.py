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
from planform.planes.security.ci_federation import CiFederation, Host
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import Principal
from planform.terraform.expression import Known, Reference
from planform.terraform.google import (
    OrgPolicyPolicy,
    ProjectIamAuditConfig,
    ProjectIamMember,
    ServiceAccount,
    ServiceAccountIamMember,
)
from planform.terraform.record import Record

__all__ = ["FederationSettings", "GithubSettings", "GitlabSettings", "Iam", "IamSettings", "Role"]

ACCOUNT_ID = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
ROLE = re.compile(
    r"roles/[a-z][A-Za-z0-9]*(\.[A-Za-z][A-Za-z0-9]*)*|(projects|organizations)/[a-z0-9-]+/roles/[\w.]{3,64}"
)
BASIC_ROLES = {"owner": "roles/owner", "editor": "roles/editor"}
KUBERNETES_USER = "roles/iam.workloadIdentityUser"

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


class FederationSettings(Settings):
    """What jobs of the platform's repository may do, whatever its host."""

    repository: str

    apply_environment: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9._-]{1,255}$",
        description="Deployment environment of the repository whose jobs may apply; protect it with reviewers and a"
        " branch rule."
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
        " take, for jobs in the deployment environment `<environment>-<plane>`; `apply_roles` then count for none. The"
        " one of `apply_environment` stays, without roles on the project, for what is delivered to the cluster."
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
        """The organisation, user or group that owns the repository."""
        return self.repository.rpartition("/")[0]


class GithubSettings(FederationSettings):
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


class GitlabSettings(FederationSettings):
    """The project whose pipelines on GitLab plan and apply this environment, without a key."""

    issuer: str = Field(
        default="https://gitlab.com",
        pattern=r"^https://[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$",
        description="Address of GitLab, which Google reaches for its keys. Default: https://gitlab.com.",
    )
    namespace_id: str = Field(
        pattern=r"^[1-9][0-9]{0,18}$",
        description="Numeric id of the group that the project is in, quoted: a name can be taken over, an id cannot.",
        examples=["4242"],
    )
    repository: str = Field(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$",
        description="The project, GROUP/NAME or GROUP/SUBGROUP/NAME.",
        examples=["acme/ai/platform"],
    )


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
    gitlab: GitlabSettings | None = Field(
        default=None, description="Pipelines of GitLab that plan and apply. Default: no identity for CI is made."
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
    owner and one for each of their deployment environments. `gitlab` in place of `github` makes the same for pipelines
    of GitLab, of which only those of protected branches apply; a job asks for its token with the provider's address as
    its audience.
    Errors: spec/role, spec/no-organization, spec/two-federations, contract/bad-name, contract/role,
    contract/other-owner.
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
        if settings.github is not None and settings.gitlab is not None:
            yield Fault(
                "spec/two-federations",
                "one platform has one repository, and here are two hosts whose jobs plan and apply",
                ("gitlab",),
                help="keep `github` or `gitlab`",
            )
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
        self._audit(self.settings.audit)
        self._policies()
        self._ci = self._federation()

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
        place = self.within(scope)
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
        return self._ci.plan if self._ci is not None else None

    def apply(self, plane: str = "", *, roles: Sequence[str] = ()) -> FederatedIdentity | None:
        """The identity that applies, for jobs in the protected environment; a plane's own where it has one."""
        return self._ci.apply(plane, roles) if self._ci is not None else None

    def ci(
        self, name: str, *, repository: str, roles: Sequence[str] = (), environment: str = ""
    ) -> FederatedIdentity | None:
        """The identity of an application's repository, which has the platform's own owner."""
        return self._ci.application(name, repository, roles, environment) if self._ci is not None else None

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

    def _federation(self) -> CiFederation | None:
        settings = self.settings
        if settings.github is not None:
            return CiFederation(self, _github(settings.github), settings.github)
        if settings.gitlab is not None:
            return CiFederation(self, _gitlab(settings.gitlab), settings.gitlab)
        return None


def _github(given: GithubSettings) -> Host:
    own = [f"assertion.repository == '{given.repository}'"]
    if given.repository_id is not None:
        own.append(f"assertion.repository_id == '{given.repository_id}'")
    return Host(
        name="github",
        title="GitHub Actions",
        issuer="https://token.actions.githubusercontent.com",
        subject="assertion.repository_id + ':' + assertion.run_id",
        repository="assertion.repository",
        of_owner=(f"assertion.repository_owner_id == '{given.owner_id}'",),
        of_platform=tuple(own),
    )


def _gitlab(given: GitlabSettings) -> Host:
    return Host(
        name="gitlab",
        title="GitLab CI",
        issuer=given.issuer,
        subject="assertion.project_id + ':' + assertion.job_id",
        repository="assertion.project_path",
        of_owner=(f"assertion.namespace_id == '{given.namespace_id}'",),
        of_platform=(f"assertion.project_path == '{given.repository}'",),
        guarded=("assertion.ref_protected == 'true'",),
    )


def _owner_in(place: Construct, value: str) -> list[Record]:
    """The record that a value comes from, when it is in the same stack and can be waited for."""
    reference = getattr(value, "reference", None)
    if isinstance(reference, Reference) and reference.stack is stack_of(place):
        return [reference.record]
    return []
