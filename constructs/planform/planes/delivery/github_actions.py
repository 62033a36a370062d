"""GitHub Actions as CI."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from planform.contracts.ci import Ci, Workflow
from planform.contracts.secrets import Secrets
from planform.contracts.version_control import CodeRepository, VersionControl
from planform.planes.component import Component
from planform.planes.delivery.github_workflow import HEADER, github_workflows
from planform.planes.delivery.workflow_faults import Unsayable
from planform.planes.delivery.workflow_secrets import let_read
from planform.spec.settings import Settings

__all__ = ["GithubActions", "GithubActionsSettings"]


class GithubActionsSettings(Settings):
    """Settings of `github-actions`."""

    runs_on: str = Field(
        default="ubuntu-24.04",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$",
        description="Label of the runners: GitHub's own of one version, or those of a runner group of yours. Default:"
        " ubuntu-24.04.",
        examples=["acme-large-runners"],
    )


class GithubActions(Component):
    """Workflows for GitHub Actions, written as `.github/workflows/<name>.yml`.

    Every action is pinned by its full commit, with its release in a comment; a workflow has no permissions but those
    that a job lists; jobs sign in to Google Cloud by workload identity federation, without a key; secrets are read
    from the platform's store when a step needs them, and are masked. A job with an identity does not run for a pull
    request from a fork, whose code nobody has read. On pull requests a last job, named after the workflow, says in one
    check how all others went: it is the one to require before a merge.
    What a person does: nothing but to commit the files of the output's folder `repository` at the top of the
    platform's repository; repositories that planform makes have theirs from the start.

    Provides: Ci.
    Requires: VersionControl; Secrets, to let a job's identity read what its steps name.
    Emits: workflow files; no Terraform.
    Errors: contract/workflow.
    Source: GitHub's workflow syntax, and the inputs of each action at the commit in actions.yaml, read 2026-11.
    """

    name = "github-actions"
    capability = "ci"
    provides = Ci
    files_only = True
    Settings = GithubActionsSettings
    settings: GithubActionsSettings
    version_control: VersionControl
    secrets: Secrets | None

    def one_identity(self) -> bool:
        """Each job signs in by itself."""
        return False

    def one_tool(self) -> bool:
        """A job has as many as it likes."""
        return False

    def comments(self) -> bool:
        """By the token of the run."""
        return True

    def render(self, workflow: Workflow, *, repository: CodeRepository | None = None) -> Mapping[str, str]:
        """`.github/workflows/<name>.yml`, and `<name>-comment.yml` where it comments on pull requests."""
        place = repository or self.version_control.platform_repository()
        try:
            made = github_workflows(workflow, place, project=self.environment.project, runs_on=self.settings.runs_on)
        except Unsayable as fault:
            raise self.refuse("contract/workflow", fault.summary, help=fault.help) from fault
        let_read(self.secrets, workflow, self.environment)
        return {path: text if repository else HEADER + text for path, text in made.items()}
