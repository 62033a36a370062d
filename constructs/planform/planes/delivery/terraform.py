"""Terraform, run by the platform's CI, by HCP Terraform, or by nobody yet."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from planform import __version__
from planform.contracts.ci import Ci
from planform.contracts.gitops import GitOps
from planform.contracts.identity import Identities
from planform.contracts.infrastructure import Infrastructure, StackFacts
from planform.contracts.keys import Keys
from planform.contracts.secrets import Secrets
from planform.contracts.version_control import CodeRepository, VersionControl
from planform.files import File, RepositoryFile
from planform.planes.component import Component
from planform.planes.delivery.apply_roles import roles_for, unknown_types
from planform.planes.delivery.stack_workflows import (
    PREVIEW,
    Delivery,
    Gate,
    apply_workflow,
    plan_workflow,
    preview_workflow,
)
from planform.planes.once import OnceSettings, makes_shared
from planform.planes.record_ids import record_id
from planform.planes.step_secrets import in_step
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import Days, KebabName
from planform.terraform.expression import Known
from planform.terraform.google import StorageBucket
from planform.terraform.record import Lifecycle

__all__ = ["ProviderAccess", "StateBucket", "Terraform", "TerraformSettings"]

Folder = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*$")]
VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,99}$")]
PlainValue = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_./:@-]{1,200}$")]
RoleName = Annotated[str, StringConstraints(pattern=r"^(roles/|projects/|organizations/)[\w./-]+$")]
TypePrefix = Annotated[str, StringConstraints(pattern=r"^google_[a-z0-9_]+$")]


class StateBucket(Settings):
    """The bucket of the Terraform state, kept as the platform keeps its buckets."""

    keep_versions: int = Field(
        default=50, ge=5, le=1000, description="Earlier versions of a state that are kept. Default: 50."
    )
    restore_days: Annotated[Days, Field(ge=7, le=90)] = Field(
        default=30, description="Days for which something deleted can be restored, 7 to 90. Default: 30."
    )
    access_logs: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$",
        description="Bucket that gets usage logs. Default: none; the audit logs of the project have each access.",
    )


class ProviderAccess(Settings):
    """What configures one provider besides Google's, for the jobs that apply."""

    variables: dict[VariableName, PlainValue] = Field(
        default_factory=dict,
        description="Environment variables that are no secret, such as the number of a GitHub App. Default: none.",
    )
    secrets: dict[VariableName, KebabName] = Field(
        default_factory=dict,
        description="Environment variables whose values are secrets of the platform's store, by the secret's name"
        " there. Only the identity that applies may read them. Default: none.",
    )


class TerraformSettings(OnceSettings):
    """Settings of `terraform`."""

    runner: Literal["ci", "hcp-terraform", "infrastructure-manager"] = Field(
        default="ci",
        description="What runs Terraform: the platform's CI by workflows, or HCP Terraform with a workspace for each"
        " stack. Google's Infrastructure Manager cannot run these stacks. Default: ci.",
    )
    blueprint: Folder = Field(
        default="blueprints", description="Folder or file of the repository with the blueprint. Default: blueprints."
    )
    output: Folder = Field(
        default="planform.out",
        description="Folder of the repository where the output is committed. Default: planform.out.",
    )
    planform: str = Field(
        default=f"planform=={__version__}",
        pattern=r"^[A-Za-z0-9._-]+(\[[a-z,]+\])?==[0-9][A-Za-z0-9.+!-]*$",
        description="What `pip install` is given, with an exact version. Default: the version that wrote the workflow.",
    )
    python_version: str = Field(
        default="3.12", pattern=r"^3\.[0-9]{2}$", description="Python's version. Default: 3.12."
    )
    terraform_version: str = Field(
        default="1.11.4",
        pattern=r"^1\.(1[1-9]|[2-9][0-9])\.[0-9]+$",
        description="Terraform's exact version, 1.11 or newer. Default: 1.11.4.",
    )
    compared: bool | None = Field(
        default=None,
        description="Whether a change is planned once more after the merge by the identity that only reads, and is"
        " applied only when the one that writes comes to the same. Default: true, unless the CI has one identity for"
        " all jobs, as a build of Cloud Build has.",
    )
    reviewed: bool | None = Field(
        default=None,
        description="Whether only that is applied which the preview's comment on the merged request said each"
        " environment was to be. Default: true, unless the CI cannot read comments, as a build of Cloud Build cannot.",
    )
    stack_minutes: int = Field(
        default=60, ge=5, le=360, description="Minutes that planning or applying one stack may take. Default: 60."
    )
    providers: dict[KebabName, ProviderAccess] = Field(
        default_factory=dict,
        description="Access of providers besides Google's, by the provider's name, such as `github`. Stacks that use"
        " one with secrets are planned on pull requests without asking its service. Default: none.",
        examples=[{"github": {"variables": {"GITHUB_APP_ID": "123456"},
                              "secrets": {"GITHUB_APP_PEM_FILE": "github-app-key"}}}],
    )  # fmt: skip
    apply_roles: dict[TypePrefix, tuple[RoleName, ...]] = Field(
        default_factory=dict,
        description="Roles that applying resources takes, by the beginning of their type, where each plane has its own"
        " identity. Default: planform's table.",
        examples=[{"google_vertex_ai_endpoint": ["roles/aiplatform.user"]}],
    )
    state_bucket: str | None = Field(
        default=None,
        pattern=r"^([a-z0-9][a-z0-9._-]{1,61}[a-z0-9])?$",
        description='Name of the bucket of the state, `""` for state in another place. Default: `<project>-tfstate`, as'
        " `backend` has it.",
    )
    keep_state_bucket: StateBucket | None = Field(
        default=None,
        description="Keep the settings of the state's bucket in Terraform; it has to be imported first. Default: no.",
    )


class Terraform(Component):
    """Plans on pull requests, applies after the merge, stack by stack in their order.

    The repository holds the blueprint and, committed beside it, the output. With `runner: ci` there are workflows in
    the output's folder `repository`, to be copied to the top of the repository. `preview` says on each request what it
    does to all environments, as the one comment, with a digest of what each is to be. For each environment
    `<environment>-plan` compiles the blueprint without any identity (for forks that is all), refuses an output that is
    not what the blueprint compiles to, and plans each stack as the identity that only reads, with `-lock=false`;
    `<environment>-apply` does the same after the merge, refuses what the merged request's preview did not say, then
    enters the deployment environment, where the owners agree, plans as the identity that writes, compares the change
    with the one that was planned by resource, action and value, and applies exactly that plan. It hands the manifests
    to the registry where the GitOps tool reads there. CODEOWNERS asks each plane's owner, and each team, for review of
    their stacks. With an identity for each plane, each stack is applied by its own job in the deployment environment
    `<environment>-<plane>`.
    With `runner: hcp-terraform` the file workspaces.json lists the workspaces, their folders and the order of runs; the
    blueprint's `backend: {hcp: ...}` names the organisation.
    What a person does, once for each environment: makes the state's bucket and switches on the first two APIs, as the
    guide on applying says; applies the stack with the identities by hand, since CI has none before; copies the files. A
    bucket that should be kept here as well is imported into this component's stack after that: `terraform import
    google_storage_bucket.state NAME`. Lets the branch's rules ask for the check `preview` and for branches that are up
    to date, where `version_control` does not make them: a request that was behind when it was merged is refused, as are
    those of a merge queue. In GitLab gives the project a token, as the guide on requests says. The identity that plans
    may be taken on by any branch, so it reads no secret: keys of third parties reach only jobs that apply.

    Provides: Infrastructure.
    Requires: Identities; Ci and VersionControl for `runner: ci`; GitOps, optional; Keys, optional, for the bucket;
    Secrets for `providers` with secrets.
    Emits: workflow files, CODEOWNERS, workspaces.json; with keep_state_bucket a google_storage_bucket.
    Errors: spec/runner, contract/no-ci, contract/no-apply-role, contract/workflow.
    Source: Terraform 1.11 command line; Infrastructure Manager supports Terraform 1.5.7 at most, read 2026-11.
    """

    name = "terraform"
    capability = "infrastructure"
    provides = Infrastructure
    Settings = TerraformSettings
    settings: TerraformSettings
    identity: Identities
    ci: Ci | None
    version_control: VersionControl | None
    gitops: GitOps | None
    keys: Keys | None
    secrets: Secrets | None

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        if settings.runner == "infrastructure-manager":
            yield Fault(
                "spec/runner",
                "Infrastructure Manager runs Terraform 1.5.7 at most, and these stacks need 1.11",
                ("runner",),
                help="write `runner: ci` or `runner: hcp-terraform`",
            )
        if settings.keep_state_bucket is not None and settings.state_bucket == "":
            yield Fault(
                "spec/runner",
                "there is no bucket to keep: `state_bucket` says that the state is in another place",
                ("keep_state_bucket",),
                help="delete this, or name the bucket",
            )

    def build(self) -> None:
        self._bucket: StorageBucket | None = None
        if self.settings.keep_state_bucket is not None:
            self._bucket = self._keep(self.settings.keep_state_bucket)

    def state_bucket(self) -> str | None:
        """The bucket that the setting names, or `<project>-tfstate`."""
        if self.settings.state_bucket == "":
            return None
        name = self._bucket_name
        return Known(name, self._bucket.name) if self._bucket is not None else name

    def deliver(self, stacks: Sequence[StackFacts]) -> None:
        """The workflows, or the list of workspaces."""
        if self.settings.runner == "hcp-terraform":
            self._workspaces(stacks)
            return
        if self.ci is None or self.version_control is None:
            missing = "ci" if self.ci is None else "version_control"
            raise self.refuse(
                "contract/no-ci",
                f"the platform's CI should run Terraform, and `{missing}` is not filled",
                help=f"fill `{missing}`, or write `runner: hcp-terraform`",
            )
        repository = self.version_control.platform_repository()
        given = self._delivery(stacks, repository, self.version_control)
        workflows = [plan_workflow(given), apply_workflow(given)]
        if given.reviewed:
            version = "" if self.ci.one_tool() else TerraformSettings.model_fields["terraform_version"].default
            workflows.append(preview_workflow(given, terraform=version))
            self.version_control.require(repository, PREVIEW)
        for workflow in workflows:
            for path, text in self.ci.render(workflow).items():
                RepositoryFile(self, path, text)
        if makes_shared(self.settings, self.environment):
            for path, text in self.version_control.code_owners(self._owners(stacks)).items():
                RepositoryFile(self, path, text)

    @property
    def _one_identity(self) -> bool:
        """Whether the CI lets a workflow have one identity only, so that planes cannot be applied by their own."""
        return self.ci is not None and self.ci.one_identity()

    @property
    def _bucket_name(self) -> str:
        return self.settings.state_bucket or f"{self.environment.project}-tfstate"

    def _delivery(
        self, stacks: Sequence[StackFacts], repository: CodeRepository, version_control: VersionControl
    ) -> Delivery:
        settings, facts = self.settings, self.environment
        plan, apply = self.identity.plan(), self.identity.apply()
        if plan is None or apply is None:
            raise self.refuse(
                "contract/no-ci",
                "the platform's CI should run Terraform, and there is no identity that it plans and applies as",
                help="under `identity` write `github: {owner_id: ..., repository: OWNER/NAME}`",
            )
        owners = [self.place.team] if self.place.team else []
        deliverer = Gate(version_control.gate(repository, facts.name, reviewers=owners), apply)
        wanted = {
            name: dict(sorted(each.secrets.items()))
            for name, each in sorted(settings.providers.items())
            if each.secrets
        }
        secrets = self._held(wanted)  # before the gates, whose roles have to reach them
        gates = {stack.name: self._gate(stack, deliverer, repository, version_control) for stack in stacks}
        return Delivery(
            environment=facts.name,
            prefix=facts.prefix,
            stacks=tuple(stacks),
            plan=plan,
            gates=gates,
            deliverer=deliverer,
            blueprint=settings.blueprint,
            output=settings.output,
            branch=repository.branch,
            planform=settings.planform,
            python=settings.python_version,
            terraform=settings.terraform_version,
            compared=not self._one_identity if settings.compared is None else settings.compared,
            reviewed=self.ci is not None and self.ci.comments() if settings.reviewed is None else settings.reviewed,
            manifests=self.gitops.source() if self.gitops is not None else None,
            variables={name: dict(sorted(each.variables.items())) for name, each in sorted(settings.providers.items())},
            secrets=secrets,
            minutes=settings.stack_minutes,
        )

    def _gate(
        self, stack: StackFacts, deliverer: Gate, repository: CodeRepository, version_control: VersionControl
    ) -> Gate:
        """The gate of the stack's plane, where planes are applied by identities of their own."""
        extra = self.settings.apply_roles
        if self._one_identity:
            return deliverer
        types = stack.resource_types()
        identity = self.identity.apply(stack.plane, roles=roles_for(types, extra))
        if identity is None or identity == deliverer.identity:
            return deliverer
        unknown = unknown_types(types, extra)
        if unknown:
            raise self.refuse(
                "contract/no-apply-role",
                f"nothing says which role applies {', '.join(unknown)} of `{stack.name}`",
                path=("apply_roles",),
                help=f"under `apply_roles` write `{unknown[0]}: [roles/...]`",
            )
        owner = self.place.team if stack.plane == "teams" else stack.owner
        name = f"{self.environment.name}-{stack.plane}"
        return Gate(version_control.gate(repository, name, reviewers=[owner] if owner else []), identity)

    def _held(self, wanted: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
        """The secrets of each provider by variable; CI lets the jobs that name them read them."""
        secrets = self.secrets
        if wanted and secrets is None:
            raise self.refuse(
                "contract/no-ci",
                "providers have secrets, and the environment has no store for them",
                path=("providers",),
                help="fill `secrets`",
            )
        return {
            provider: {
                variable: in_step(self, secrets.secret(name, purpose=f"{variable} of Terraform"))
                for variable, name in variables.items()
            }
            for provider, variables in wanted.items()
            if secrets is not None
        }

    def _owners(self, stacks: Sequence[StackFacts]) -> dict[str, list[str]]:
        """Pattern to owners; the same for every environment, as stacks of a plane end alike."""
        own, output = self.place.team, self.settings.output
        everywhere = {"*": [own], f"/{output}/": [own]} if own else {}
        found = {f"/{output}/stacks/*-{_end(stack)}/": [stack.owner] for stack in stacks if stack.owner}
        found |= {f"/{output}/kubernetes/*/{_end(stack)}/": [stack.owner] for stack in stacks if stack.owner}
        last = {"/.github/": [own]} if own else {}
        return {**everywhere, **dict(sorted(found.items())), **last}

    def _workspaces(self, stacks: Sequence[StackFacts]) -> None:
        listed = [
            {
                "name": stack.name,
                "working_directory": f"{self.settings.output}/stacks/{stack.name}",
                "terraform_version": self.settings.terraform_version,
                "runs_after": list(stack.after),
                "auto_apply": False,
                "tags": [self.environment.platform, self.environment.name, *([stack.plane] if stack.plane else [])],
            }
            for stack in stacks
        ]
        File(self, "workspaces.json", json.dumps({"workspaces": listed}, indent=2) + "\n")

    def _keep(self, kept: StateBucket) -> StorageBucket:
        location = self.environment.region
        encryption = None
        if self.keys is not None:
            agent = self.environment.service_agent("gs-project-accounts")
            encryption = [{"default_kms_key_name": self.keys.key("state", users=[agent], location=location).id}]
        rule = {"action": [{"type": "Delete"}],
                "condition": [{"num_newer_versions": kept.keep_versions, "with_state": "ARCHIVED"}]}  # fmt: skip
        logs = [{"log_bucket": kept.access_logs, "log_object_prefix": self._bucket_name}] if kept.access_logs else None
        return StorageBucket(
            self,
            record_id("state"),
            project=self.environment.project,
            name=self._bucket_name,
            location=location.upper(),
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            force_destroy=False,
            versioning=[{"enabled": True}],
            lifecycle_rule=[rule],
            soft_delete_policy=[{"retention_duration_seconds": kept.restore_days * 86400}],
            encryption=encryption,
            logging=logs,
            labels=self.labels,
            lifecycle=Lifecycle(prevent_destroy=True),
            origin=self.at("keep_state_bucket"),
        )


def _end(stack: StackFacts) -> str:
    """What the stack's folder ends in, in every environment."""
    return f"team-{stack.owner}" if stack.plane == "teams" else stack.plane
