"""GitLab: projects as a list of API calls, its own files, and deployment environments by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import quote

from pydantic import Field

from planform.contracts.version_control import CodeRepository, VersionControl
from planform.files import File, RepositoryFile
from planform.planes.component import Component
from planform.planes.delivery.code_owners import code_owners
from planform.planes.delivery.repository_variables import RepositoryVariables
from planform.planes.once import OnceSettings, makes_shared
from planform.spec.units import KebabName

__all__ = ["Gitlab", "GitlabSettings"]

DEVELOPER, MAINTAINER, NOBODY = 30, 40, 0
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}(?<!\.git)(?<!\.atom)")
VARIABLE = re.compile(r"(?!CI_|GITLAB_)[A-Z_][A-Z0-9_]{0,254}")


class GitlabSettings(OnceSettings):
    """Settings of `gitlab`."""

    host: str = Field(
        default="gitlab.com",
        pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$",
        description="Host of GitLab. Default: gitlab.com.",
    )
    repository: str = Field(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$",
        description="The platform's own project, GROUP/NAME or GROUP/SUBGROUP/NAME; all others have the same group.",
        examples=["acme/ai/platform"],
    )
    group_id: int = Field(ge=1, description="Numeric id of that group, which new projects are made in.")
    branch: str = Field(
        default="main", pattern=r"^[A-Za-z0-9._/-]+$", description="Default branch of every project. Default: main."
    )
    manage_repository: bool = Field(
        default=False,
        description="Whether the platform's own project is among those to make. Default: false, it is there already.",
    )
    visibility: Literal["private", "internal"] = Field(
        default="private", description="Who sees the projects. Default: private."
    )
    reviews: int = Field(default=1, ge=0, le=100, description="People who must approve a change. Default: 1.")
    teams: dict[KebabName, str] = Field(
        default_factory=dict,
        description="Team to the path of the group that it is. Default: `<group>/<team>`.",
        examples=[{"platform-team": "acme/platform-engineering"}],
    )


class Gitlab(Component):
    """Projects on GitLab, with rules alike, told as calls of GitLab's API that a person runs once.

    planform has no schema of the provider gitlabhq/gitlab, which is not on every machine that compiles; so what it
    would make is in the file `gitlab/requests.json`, a list of method, path and body in the order to send them:
    a project with squash merges, resolved threads and successful pipelines before a merge; the default branch
    protected from pushes and force pushes, with code owners' approval; protected tags; approvals; deployment
    environments, protected where they are production's; variables of an environment. With the command line of GitLab:
    `jq -c '.[]' requests.json | while read -r r; do echo "$r" | jq .body |
    glab api "$(echo "$r" | jq -r .path)" -X "$(echo "$r" | jq -r .method)" -H content-type:application/json --input -;
    done`; a 409 says that it is there already. Protected environments and code owners' approval need GitLab Premium.
    Whoever wants these under Terraform adds the schema with `planform provider add gitlabhq/gitlab@19.1.0`.
    Google Cloud trusts jobs through `gitlab` of the slot `identity`.

    Provides: VersionControl.
    Requires: nothing.
    Emits: gitlab/requests.json, and first files of projects; CODEOWNERS as `.gitlab/CODEOWNERS`;
    `.gitlab-ci.yml`, which includes the workflows of `ci: {use: existing, dialect: gitlab-ci}`; no Terraform.
    Errors: contract/bad-name, contract/other-value.
    Source: GitLab REST API, projects, protected branches, environments, variables; GitLab 19, read 2026-11.
    """

    name = "gitlab"
    capability = "version_control"
    provides = VersionControl
    files_only = True
    Settings = GitlabSettings
    settings: GitlabSettings

    def build(self) -> None:
        self._shared = makes_shared(self.settings, self.environment)
        self._made: dict[str, list[dict[str, Any]]] = {}
        self._gates: dict[tuple[str, str], dict[str, Any]] = {}
        self._variables = RepositoryVariables()
        platform = self.platform_repository()
        if self.settings.manage_repository and self._shared:
            purpose = f"Blueprint and output of {self.environment.platform}"
            self._made[platform.name] = list(self._project(platform, purpose))
        self.gate(platform, self.environment.name, reviewers=[self.place.team] if self.place.team else [])

    def platform_repository(self) -> CodeRepository:
        """The project that the setting names."""
        return self._named(self.settings.repository.rpartition("/")[2])

    def repository(self, name: str, *, team: str = "", purpose: str = "") -> CodeRepository:
        """A project of the same group."""
        if not NAME.fullmatch(name):
            help = "use at most 100 letters, digits, dots, hyphens and underscores"
            raise self.refuse("contract/bad-name", f"`{name}` cannot be the name of a project", help=help)
        repository = self._named(name)
        if self._shared and name not in self._made:
            self._made[name] = list(self._project(repository, purpose))
        self.gate(repository, self.environment.name, reviewers=[team] if team else [])
        return repository

    def variable(self, repository: CodeRepository, name: str, value: str) -> None:
        """A variable that jobs of the environment see."""
        if not VARIABLE.fullmatch(name):
            help = "use capital letters, digits and underscores, not beginning with CI_ or GITLAB_"
            raise self.refuse("contract/bad-name", f"`{name}` cannot be the name of a variable", help=help)
        self._variables.keep(self, repository, name, value)

    def gate(self, repository: CodeRepository, name: str, *, reviewers: Sequence[str] = ()) -> str:
        """An environment; in production a protected one, which waits for an approval."""
        self._gates.setdefault((repository.full_name, name), {"reviewers": list(reviewers)})
        return name

    def require(self, repository: CodeRepository, check: str) -> None:
        """A merge waits for all of its pipeline, and goes by fast-forward, from a branch that is up to date."""

    def write(self, repository: CodeRepository, files: Mapping[str, str]) -> None:
        """Files of the platform's project are output; those of others are committed by hand, once."""
        for path, text in files.items():
            if repository.full_name == self.settings.repository:
                RepositoryFile(self, path, text)
            elif self._shared:
                File(self, f"gitlab/{repository.name}/{path}", text)

    def code_owners(self, owners: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
        """`.gitlab/CODEOWNERS`."""
        return {".gitlab/CODEOWNERS": code_owners(owners, lambda team: f"@{self._group(team)}")}

    def finish(self) -> None:
        """The list of calls, and the file that GitLab starts from."""
        RepositoryFile(self, ".gitlab-ci.yml", 'include:\n- local: "/.gitlab/ci/*.yml"\n')
        calls = [call for made in self._made.values() for call in made]
        for (path, name), gate in self._gates.items():
            calls += self._environment(path, name, gate["reviewers"])
        for (path, name), value in self._variables.items():
            body = {"key": name, "value": str(value), "environment_scope": self.environment.name}
            calls.append(_call(f"projects/{_encoded(path)}/variables", {**body, "protected": True}))
        if calls:
            File(self, "gitlab/requests.json", json.dumps(calls, indent=2) + "\n")

    def _named(self, name: str) -> CodeRepository:
        group = self.settings.repository.rpartition("/")[0]
        return CodeRepository(self.settings.host, group, name, self.settings.branch)

    def _group(self, team: str) -> str:
        return self.settings.teams.get(team) or f"{self.settings.repository.rpartition('/')[0]}/{team}"

    def _project(self, repository: CodeRepository, purpose: str) -> list[dict[str, Any]]:
        place = f"projects/{_encoded(repository.full_name)}"
        project = {
            "name": repository.name,
            "path": repository.name,
            "namespace_id": self.settings.group_id,
            "description": purpose or f"{repository.name} of {self.environment.platform}",
            "visibility": self.settings.visibility,
            "default_branch": repository.branch,
            "initialize_with_readme": True,
            "merge_method": "ff",
            "squash_option": "always",
            "only_allow_merge_if_pipeline_succeeds": True,
            "only_allow_merge_if_all_discussions_are_resolved": True,
            "remove_source_branch_after_merge": True,
        }
        branch = {
            "name": repository.branch,
            "push_access_level": NOBODY,
            "merge_access_level": DEVELOPER,
            "allow_force_push": False,
            "code_owner_approval_required": True,
        }
        approvals = {"name": "review", "approvals_required": self.settings.reviews, "rule_type": "any_approver"}
        return [
            _call("projects", project),
            _call(f"{place}/protected_branches", branch),
            _call(f"{place}/protected_tags", {"name": "v*", "create_access_level": MAINTAINER}),
            _call(f"{place}/approval_rules", approvals),
        ]

    def _environment(self, path: str, name: str, reviewers: Sequence[str]) -> list[dict[str, Any]]:
        place = f"projects/{_encoded(path)}"
        tier = "production" if self.environment.production else "development"
        calls = [_call(f"{place}/environments", {"name": name, "tier": tier})]
        if self.environment.production:
            rules = [{"access_level": MAINTAINER, "required_approvals": 1}]
            body = {"name": name, "deploy_access_levels": [{"access_level": DEVELOPER}], "approval_rules": rules}
            groups = [self._group(team) for team in reviewers]
            calls.append({**_call(f"{place}/protected_environments", body), "approvers": groups})
        return calls


def _call(path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    return {"method": "POST", "path": path, "body": dict(body)}


def _encoded(path: str) -> str:
    return quote(path, safe="")
