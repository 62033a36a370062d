"""GitHub: repositories with their rules, teams, deployment environments and variables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from planform.contracts.version_control import CodeRepository, VersionControl
from planform.files import RepositoryFile
from planform.planes.component import Component
from planform.planes.delivery.code_owners import code_owners
from planform.planes.delivery.github_repository import GithubRepository
from planform.planes.delivery.repository_variables import RepositoryVariables
from planform.planes.offline import offline
from planform.planes.once import OnceSettings, makes_shared
from planform.planes.record_ids import record_id
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import KebabName
from planform.terraform.expression import Expression, expr
from planform.terraform.github import (
    ActionsEnvironmentVariable,
    GithubProvider,
    RepositoryEnvironment,
    RepositoryEnvironmentDeploymentPolicy,
    Team,
)

__all__ = ["Github", "GithubSettings", "GithubTeam", "RepositoryRules"]

HOST = "github.com"
REVIEWERS = 6
NAME = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
VARIABLE = re.compile(r"(?!GITHUB_)[A-Z_][A-Z0-9_]{0,99}")


class GithubTeam(Settings):
    """A team that GitHub has already, perhaps from a directory."""

    id: int | None = Field(
        default=None,
        ge=1,
        description="Numeric id of the team, see `gh api orgs/OWNER/teams/SLUG --jq .id`; reviewers of deployments are"
        " named by it. Default: the team is made here.",
    )
    slug: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9][a-z0-9_-]{0,99}$",
        description="The team's name in addresses and in CODEOWNERS. Default: as the platform calls it.",
    )


class RepositoryRules(Settings):
    """What every repository asks of a change to its default branch."""

    reviews: int = Field(
        default=1, ge=0, le=10, description="Number of people who must approve a change, beside its author. Default: 1."
    )
    checks: tuple[str, ...] = Field(
        default=(),
        description="Checks of GitHub Actions that must pass in repositories that components ask for. Default: none.",
        examples=[["deliver"]],
    )
    platform_checks: tuple[str, ...] = Field(
        default=(),
        description="Checks that must pass in the platform's own repository: the names of the workflows that plan."
        " Default: none.",
        examples=[["dev-plan", "prod-plan"]],
    )
    signed_commits: bool = Field(
        default=False, description="Whether commits must be signed. Default: false, as it asks a key of everybody."
    )
    release_tags: str = Field(
        default="v*",
        pattern=r"^[A-Za-z0-9*._/-]{1,100}$",
        description="Tags that nobody moves, deletes or makes but administrators. Default: v*.",
    )


class GithubSettings(OnceSettings):
    """Settings of `github`."""

    repository: str = Field(
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9-]{0,37}[A-Za-z0-9])?/[A-Za-z0-9._-]{1,100}$",
        description="The platform's own repository, OWNER/NAME; all others have the same owner.",
        examples=["acme/ai-platform"],
    )
    branch: str = Field(
        default="main",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$",
        description="Default branch of every repository. Default: main.",
    )
    manage_repository: bool = Field(
        default=False,
        description="Whether the platform's own repository and its rules are made here. Default: false, it is there"
        " already and keeps its rules; deployment environments and variables are made in it all the same.",
    )
    visibility: Literal["private", "internal"] = Field(
        default="private",
        description="Who sees the repositories; `internal` is everybody of the enterprise. Default: private.",
    )
    teams: dict[KebabName, GithubTeam] = Field(
        default_factory=dict,
        description="Teams that GitHub has already, by the platform's name for them. Default: each team that is asked"
        " for is made, empty, by the environment that makes what is shared.",
        examples=[{"platform-team": {"id": 1234567, "slug": "platform-engineering"}}],
    )
    rules: RepositoryRules = Field(
        default_factory=RepositoryRules, description="What a change needs before it is merged. Default: one review."
    )
    terraform_app_id: int | None = Field(
        default=None,
        ge=1,
        description="Numeric id of the GitHub App that Terraform runs as: the one actor that rules let through, so that"
        " it can commit first files. Default: nobody passes the rules.",
    )
    reviewed_deployments: bool | None = Field(
        default=None,
        description="Whether a job waits for somebody of the owning team before it enters a deployment environment."
        " Default: in production.",
    )
    wait_minutes: int = Field(
        default=0, ge=0, le=43200, description="Minutes that a job waits before it enters one. Default: 0."
    )
    allowed_actions: tuple[str, ...] = Field(
        default=(),
        description="Patterns of actions that repositories may use beside GitHub's own and those that planform's"
        " workflows use. Default: none.",
        examples=[["acme/*"]],
    )
    subject_claims: tuple[str, ...] = Field(
        default=(),
        description="Claims that the subject of a job's token is made of, for verifiers that read nothing else."
        " Google Cloud's trust here does not look at it. Default: GitHub's own form.",
        examples=[["repo", "context", "job_workflow_ref"]],
    )
    secret_protection: bool = Field(
        default=False,
        description="Scan private repositories for secrets and refuse pushes with one; needs the licence GitHub Secret"
        " Protection. Default: false.",
    )

    @property
    def owner(self) -> str:
        """The organisation that owns all repositories."""
        return self.repository.partition("/")[0]


class Github(Component):
    """Repositories on GitHub, each with the same rules, and a deployment environment for each environment here.

    A repository: merges by squash alone, head branches deleted, alerts and updates for vulnerable dependencies, only
    listed actions and those by full commit, read-only tokens, a ruleset for the default branch (reviews, those of code
    owners too; checks by GitHub Actions; linear history; no deletion, no force push) and one for release tags. First
    files are committed before the rules are there, one after another.
    One environment's stack makes what the organisation has once, `makes_shared`, and is applied first; each
    environment makes its own deployment environments, which only the default branch enters and, in production, only
    after somebody of the owning team agreed, not the author; and its variables.
    What a person does: registers a GitHub App with administration, contents, environments, members, actions and
    variables to write, installs it on the organisation, and gives whoever applies GITHUB_APP_ID,
    GITHUB_APP_INSTALLATION_ID and GITHUB_APP_PEM_FILE (or GITHUB_TOKEN); puts people into teams.

    Provides: VersionControl.
    Requires: nothing.
    Emits: github_repository, github_repository_ruleset, github_team, github_team_repository,
    github_repository_environment and its deployment policy, github_actions_environment_variable,
    github_actions_repository_permissions, github_workflow_repository_permissions, github_repository_file,
    github_repository_vulnerability_alerts, github_repository_dependabot_security_updates,
    github_actions_repository_oidc_subject_claim_customization_template.
    Errors: contract/bad-name, contract/not-named, contract/other-value, contract/unknown-team,
    contract/too-many-reviewers.
    Source: provider integrations/github 6.12.1: at most 6 reviewers of an environment; GitHub Actions is the
    integration 15368; configured with an owner the provider makes one call. Read 2026-11.
    """

    name = "github"
    capability = "version_control"
    provides = VersionControl
    Settings = GithubSettings
    settings: GithubSettings

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        if environment.production and settings.reviewed_deployments is False:
            yield Fault(
                "spec/unreviewed-production",
                "deployments to production would wait for nobody",
                ("reviewed_deployments",),
                help="delete the line, or write it under an environment that is not for production",
            )

    def build(self) -> None:
        self._shared = makes_shared(self.settings, self.environment)
        self._reviewed = self.environment.production
        if self.settings.reviewed_deployments is not None:
            self._reviewed = self.settings.reviewed_deployments
        self._repositories: dict[str, GithubRepository] = {}
        self._gates: dict[tuple[str, str], list[str]] = {}
        self._variables = RepositoryVariables()
        self._teams: dict[str, Team] = {}
        GithubProvider(self, "github", owner=offline(self, judged=None, applied=self.settings.owner))
        self._platform = self._code_repository(self.settings.repository.partition("/")[2])
        if self.settings.manage_repository and self._shared:
            purpose = f"Blueprint and output of {self.environment.platform}"
            self._make(self._platform, self.place.team, purpose, self.settings.rules.platform_checks)

    def platform_repository(self) -> CodeRepository:
        """The repository that the setting names."""
        return self._platform

    def repository(self, name: str, *, team: str = "", purpose: str = "") -> CodeRepository:
        """A repository of the same owner."""
        if not NAME.fullmatch(name):
            help = "use at most 100 letters, digits, dots, hyphens and underscores"
            raise self.refuse("contract/bad-name", f"`{name}` cannot be the name of a repository", help=help)
        repository = self._code_repository(name)
        if self._shared and name not in self._repositories:
            self._make(repository, team, purpose, self.settings.rules.checks)
        self.gate(repository, self.environment.name, reviewers=[team] if team else [])
        return repository

    def variable(self, repository: CodeRepository, name: str, value: str) -> None:
        """A variable of the environment's deployment environment."""
        if not VARIABLE.fullmatch(name):
            help = "use capital letters, digits and underscores, not beginning with GITHUB_"
            raise self.refuse("contract/bad-name", f"`{name}` cannot be the name of a variable", help=help)
        self._variables.keep(self, repository, name, value)
        self.gate(repository, self.environment.name)

    def gate(self, repository: CodeRepository, name: str, *, reviewers: Sequence[str] = ()) -> str:
        """A deployment environment, entered from the default branch alone."""
        asked = self._gates.setdefault((repository.name, name), [])
        asked += [team for team in reviewers if team not in asked]
        if self._reviewed:
            self._refuse_crowd(name, asked)
            for team in reviewers:
                self._team_id(team, f"reviews deployments to `{name}`")
        return name

    def require(self, repository: CodeRepository, check: str) -> None:
        """A check of the ruleset, where the repository is made here."""
        made = self._repositories.get(repository.name)
        if made is not None:
            made.require(check)

    def write(self, repository: CodeRepository, files: Mapping[str, str]) -> None:
        """Files of the platform's repository are output; those of others are committed once."""
        if repository.name == self._platform.name:
            for path, text in files.items():
                RepositoryFile(self, path, text)
        elif self._shared:
            made = self._repositories.get(repository.name)
            if made is None:
                help = "ask for it with `repository` first"
                raise self.refuse("contract/not-named", f"`{repository.name}` was not made here", help=help)
            made.write(files)

    def code_owners(self, owners: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
        """`.github/CODEOWNERS`."""
        for team in dict.fromkeys(team for teams in owners.values() for team in teams):
            self._team(team)
        return {".github/CODEOWNERS": code_owners(owners, lambda team: f"@{self.settings.owner}/{self._slug(team)}")}

    def finish(self) -> None:
        """Who reviews is known at the end; rules come last, when every first file is there."""
        entries = {gate: self._enter(*gate, teams) for gate, teams in self._gates.items()}
        for (path, name), value in self._variables.items():
            repository = path.rpartition("/")[2]
            self._set(entries[repository, self.environment.name], repository, name, value)
        for made in self._repositories.values():
            made.rule()

    def _code_repository(self, name: str) -> CodeRepository:
        return CodeRepository(HOST, self.settings.owner, name, self.settings.branch)

    def _make(self, repository: CodeRepository, team: str, purpose: str, checks: Sequence[str]) -> None:
        made = GithubRepository(self, repository, self.settings, purpose=purpose, checks=checks)
        self._repositories[repository.name] = made
        if team:
            made.admit(team, self._team_id(team, "pushes to it"))

    def _refuse_crowd(self, name: str, teams: Sequence[str]) -> None:
        if len(teams) > REVIEWERS:
            raise self.refuse(
                "contract/too-many-reviewers",
                f"`{name}` would have {len(teams)} reviewers, and GitHub takes {REVIEWERS}",
                help="name one team that has all of them",
            )

    def _enter(self, repository: str, name: str, asked: Sequence[str]) -> RepositoryEnvironment:
        """Where nobody was named to review, the owner of this component's plane does."""
        own = [self.place.team] if self.place.team else []
        reviewing = (asked or own) if self._reviewed else []
        teams = [self._team_id(team, f"reviews deployments to `{name}`") for team in reviewing]
        made = self._repositories.get(repository)
        id = record_id(repository, name)
        entry = RepositoryEnvironment(
            self,
            id,
            repository=made.name if made else repository,
            environment=name,
            wait_timer=self.settings.wait_minutes or None,
            can_admins_bypass=not self._reviewed,
            prevent_self_review=bool(teams),
            reviewers=[{"teams": teams}] if teams else None,
            deployment_branch_policy=[{"protected_branches": False, "custom_branch_policies": True}],
            depends_on=made.access if made else None,
        )
        RepositoryEnvironmentDeploymentPolicy(
            self,
            id,
            repository=entry.repository,
            environment=entry.environment,
            branch_pattern=self.settings.branch,
        )
        return entry

    def _set(self, gate: RepositoryEnvironment, repository: str, name: str, value: str) -> None:
        ActionsEnvironmentVariable(
            self,
            record_id(repository, name),
            repository=gate.repository,
            environment=gate.environment,
            variable_name=name,
            value=value,
        )

    def _slug(self, team: str) -> str:
        given = self.settings.teams.get(team)
        return given.slug if given is not None and given.slug else team

    def _team(self, team: str) -> Team | None:
        """The team that is made here, where it is."""
        given = self.settings.teams.get(team)
        if not self._shared or (given is not None and given.id is not None):
            return None
        if team not in self._teams:
            self._teams[team] = Team(
                self,
                record_id(team),
                name=self._slug(team),
                description=f"{team} of {self.environment.platform}; members are kept by hand or by the directory",
                privacy="closed",
            )
        return self._teams[team]

    def _team_id(self, team: str, why: str) -> Any:
        given = self.settings.teams.get(team)
        if given is not None and given.id is not None:
            return given.id
        made = self._team(team)
        if made is None:
            raise self.refuse(
                "contract/unknown-team",
                f"team `{team}` {why}, and this environment's stack neither makes it nor knows its number",
                path=("teams",),
                help=f"under `teams` write `{team}: {{id: NUMBER}}`, see `gh api orgs/{self.settings.owner}/teams/"
                f"{self._slug(team)} --jq .id`",
            )
        return _number(made)


def _number(team: Team) -> Expression:
    return expr(f"tonumber({team.id.text})")
