"""existing: a CI that somebody else runs, given files in its own language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from planform.contracts.ci import Ci, Workflow
from planform.contracts.version_control import CodeRepository, VersionControl
from planform.kubernetes.images import at_versions
from planform.planes.component import Component
from planform.planes.delivery.cloud_build_workflow import cloud_build_workflow
from planform.planes.delivery.github_workflow import HEADER, github_workflows
from planform.planes.delivery.gitlab_workflow import gitlab_workflow
from planform.planes.delivery.workflow_faults import Unsayable
from planform.spec.settings import Settings

__all__ = ["ExistingCi", "ExistingCiSettings"]


class ExistingCiSettings(Settings):
    """Settings of `existing` for ci."""

    dialect: Literal["github-actions", "cloud-build", "gitlab-ci"] = Field(
        description="The language that workflows are written in."
    )
    runs_on: str = Field(
        default="ubuntu-24.04",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$",
        description="For github-actions: label of the runners. Default: ubuntu-24.04.",
    )


class ExistingCi(Component):
    """A CI of the organisation: workflows as files, and nothing made to run them.

    In the dialect gitlab-ci a job runs in one image and signs in by an ID token; images of Terraform there have no jq,
    which comparing a change takes, so `terraform` needs `compared: false`.
    Whoever runs it commits the files where it looks for them, for cloud-build also makes the triggers, lets each
    identity sign in from it, and lets it read the secrets that steps name.

    Provides: Ci.
    Requires: VersionControl.
    Emits: workflow files; no Terraform.
    Errors: contract/workflow.
    """

    name = "existing"
    capability = "ci"
    provides = Ci
    files_only = True
    Settings = ExistingCiSettings
    settings: ExistingCiSettings
    version_control: VersionControl

    def one_identity(self) -> bool:
        """As the dialect has it."""
        return self.settings.dialect == "cloud-build"

    def one_tool(self) -> bool:
        """As the dialect has it."""
        return self.settings.dialect == "gitlab-ci"

    def comments(self) -> bool:
        """As the dialect has it."""
        return self.settings.dialect != "cloud-build"

    def render(self, workflow: Workflow, *, repository: CodeRepository | None = None) -> Mapping[str, str]:
        """The files of the dialect."""
        try:
            made = self._written(workflow, repository)
        except Unsayable as fault:
            raise self.refuse("contract/workflow", fault.summary, help=fault.help) from fault
        head = "" if repository else HEADER
        return {path: head + at_versions(text, self.environment.images) for path, text in made.items()}

    def _written(self, workflow: Workflow, repository: CodeRepository | None) -> Mapping[str, str]:
        settings, project = self.settings, self.environment.project
        if settings.dialect == "cloud-build":
            return {f"cloudbuild/{workflow.name}.yaml": cloud_build_workflow(workflow, project=project).text}
        if settings.dialect == "gitlab-ci":
            return {f".gitlab/ci/{workflow.name}.yml": gitlab_workflow(workflow, project=project)}
        place = repository or self.version_control.platform_repository()
        return github_workflows(workflow, place, project=project, runs_on=settings.runs_on)
