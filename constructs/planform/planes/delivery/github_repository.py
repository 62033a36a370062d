"""One repository on GitHub with everything that belongs to it alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from planform.contracts.version_control import CodeRepository
from planform.planes.delivery.actions import third_party
from planform.planes.record_ids import record_id
from planform.terraform.github import (
    ActionsRepositoryOidcSubjectClaimCustomizationTemplate,
    ActionsRepositoryPermissions,
    Repository,
    RepositoryDependabotSecurityUpdates,
    RepositoryFile,
    RepositoryRuleset,
    RepositoryVulnerabilityAlerts,
    TeamRepository,
    WorkflowRepositoryPermissions,
)
from planform.terraform.record import Lifecycle, Resource

if TYPE_CHECKING:
    from planform.planes.delivery.github import Github, GithubSettings

__all__ = ["GithubRepository"]

ACTIONS_APP = 15368
"""The integration that GitHub Actions is: checks of this name by anybody else do not count."""
ADMINISTRATORS = 5
"""The repository role that administrators have."""


class GithubRepository:
    """The records of a repository; `rule` makes the last ones, when all files are known."""

    def __init__(
        self,
        scope: Github,
        repository: CodeRepository,
        settings: GithubSettings,
        *,
        purpose: str,
        checks: Sequence[str],
    ) -> None:
        self.id = record_id(repository.name)
        self.branch = repository.branch
        self.access: list[Resource] = []
        self._scope = scope
        self._settings = settings
        self._checks = list(checks)
        self._files: dict[str, RepositoryFile] = {}
        self._repository = self._make(repository, purpose)
        self.name = self._repository.name
        self._guard()

    def admit(self, team: str, number: Any) -> None:
        """Let a team push."""
        self.access.append(
            TeamRepository(
                self._scope, record_id(self.id, team), team_id=number, repository=self.name, permission="push"
            )
        )

    def require(self, check: str) -> None:
        """Let a merge wait for a check, and for a branch that is up to date."""
        if check not in self._checks:
            self._checks.append(check)

    def write(self, files: Mapping[str, str]) -> None:
        """Commit files, each after the one before, as two commits at once would meet."""
        for path, text in files.items():
            if path not in self._files:
                last = next(reversed(self._files.values()), None)
                self._files[path] = RepositoryFile(
                    self._scope,
                    record_id(self.id, path),
                    repository=self.name,
                    branch=self.branch,
                    file=path,
                    content=text,
                    commit_message=f"Add {path}",
                    overwrite_on_create=True,
                    lifecycle=Lifecycle(ignore_changes=["content", "commit_message"]),
                    depends_on=[last] if last else None,
                )

    def rule(self) -> None:
        """The rules of the default branch and of release tags."""
        rules = self._settings.rules
        app = self._settings.terraform_app_id
        RepositoryRuleset(
            self._scope,
            f"{self.id}_branch",
            name="default-branch",
            repository=self.name,
            target="branch",
            enforcement="active",
            conditions=[{"ref_name": [{"include": ["~DEFAULT_BRANCH"], "exclude": []}]}],
            bypass_actors=[{"actor_type": "Integration", "actor_id": app, "bypass_mode": "always"}] if app else None,
            rules=[
                {
                    "deletion": True,
                    "non_fast_forward": True,
                    "required_linear_history": True,
                    "required_signatures": rules.signed_commits or None,
                    "pull_request": [self._reviews(rules.reviews)],
                    "required_status_checks": self._required_checks() or None,
                }
            ],
            depends_on=[*self._files.values(), *self.access],
        )
        RepositoryRuleset(
            self._scope,
            f"{self.id}_tags",
            name="release-tags",
            repository=self.name,
            target="tag",
            enforcement="active",
            conditions=[{"ref_name": [{"include": [f"refs/tags/{rules.release_tags}"], "exclude": []}]}],
            bypass_actors=[{"actor_type": "RepositoryRole", "actor_id": ADMINISTRATORS, "bypass_mode": "always"}],
            rules=[{"creation": True, "update": True, "deletion": True}],
        )

    def _reviews(self, count: int) -> dict[str, Any]:
        return {
            "allowed_merge_methods": ["squash"],
            "dismiss_stale_reviews_on_push": True,
            "require_code_owner_review": count > 0,
            "require_last_push_approval": count > 0,
            "required_approving_review_count": count,
            "required_review_thread_resolution": True,
        }

    def _required_checks(self) -> list[dict[str, Any]]:
        if not self._checks:
            return []
        required = [{"context": check, "integration_id": ACTIONS_APP} for check in self._checks]
        return [
            {
                "strict_required_status_checks_policy": True,
                "do_not_enforce_on_create": True,
                "required_check": required,
            }
        ]

    def _make(self, repository: CodeRepository, purpose: str) -> Repository:
        facts = self._scope.environment
        scanning = {"secret_scanning": [{"status": "enabled"}],
                    "secret_scanning_push_protection": [{"status": "enabled"}]}  # fmt: skip
        return Repository(
            self._scope,
            self.id,
            name=repository.name,
            description=(purpose or f"{repository.name} of {facts.platform}")[:350],
            visibility=self._settings.visibility,
            topics=[facts.platform, "planform"],
            auto_init=True,
            archive_on_destroy=True,
            has_issues=True,
            has_projects=False,
            has_wiki=False,
            has_discussions=False,
            allow_merge_commit=False,
            allow_rebase_merge=False,
            allow_squash_merge=True,
            allow_auto_merge=True,
            allow_update_branch=True,
            delete_branch_on_merge=True,
            squash_merge_commit_title="PR_TITLE",
            squash_merge_commit_message="PR_BODY",
            security_and_analysis=[scanning] if self._settings.secret_protection else None,
            lifecycle=Lifecycle(prevent_destroy=True),
        )

    def _guard(self) -> None:
        scope, id, settings = self._scope, self.id, self._settings
        alerts = RepositoryVulnerabilityAlerts(scope, id, repository=self.name, enabled=True)
        RepositoryDependabotSecurityUpdates(scope, id, repository=self.name, enabled=True, depends_on=[alerts])
        ActionsRepositoryPermissions(
            scope,
            id,
            repository=self.name,
            enabled=True,
            allowed_actions="selected",
            sha_pinning_required=True,
            allowed_actions_config=[
                {
                    "github_owned_allowed": True,
                    "verified_allowed": False,
                    "patterns_allowed": [*third_party(), *settings.allowed_actions],
                }
            ],
        )
        WorkflowRepositoryPermissions(
            scope,
            id,
            repository=self.name,
            default_workflow_permissions="read",
            can_approve_pull_request_reviews=False,
        )
        if settings.subject_claims:
            ActionsRepositoryOidcSubjectClaimCustomizationTemplate(
                scope, id, repository=self.name, use_default=False, include_claim_keys=list(settings.subject_claims)
            )
