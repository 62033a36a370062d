"""existing: a GitOps tool that the organisation runs in the cluster already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from planform.contracts.gitops import ManifestSource
from planform.kubernetes.delivery import Part
from planform.planes.delivery.applications import applications
from planform.planes.delivery.gitops_tool import GitOpsTool, GitSource
from planform.planes.delivery.root_syncs import NAMESPACE, root_syncs
from planform.spec.settings import Settings

__all__ = ["ExistingGitOps", "ExistingGitOpsSettings"]


class ExistingGitOpsSettings(Settings):
    """Settings of `existing` for gitops."""

    tool: Literal["config-sync", "argo-cd"] = Field(description="The tool whose objects are written.")
    git: GitSource = Field(description="The Git repository that holds the output.")
    auth: Literal["none", "token"] = Field(
        default="none",
        description="For config-sync: `token` for the Secret `git-creds` in its namespace. Default: none.",
    )
    namespace_of_tool: str = Field(
        default="argocd",
        pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
        description="For argo-cd: the namespace that it watches for applications. Default: argocd.",
    )


class ExistingGitOps(GitOpsTool):
    """The organisation's Config Sync or Argo CD, told of the platform by one folder of files.

    Whoever runs it points it at `kubernetes/<environment>/sync/existing-gitops` once, with a RootSync or an
    Application of their own; that folder has the objects for everything else.

    Provides: GitOps.
    Requires: nothing.
    Emits: RootSync objects, or AppProject and Application objects, and Namespace objects; no Terraform.
    Errors: contract/namespace-label.
    """

    name = "existing"
    files_only = True
    Settings = ExistingGitOpsSettings
    settings: ExistingGitOpsSettings

    def source(self) -> ManifestSource:
        """The repository and branch."""
        return self._git(self.settings.git)

    def home(self) -> str:
        """The namespace that was named, or Config Sync's own."""
        return self.settings.namespace_of_tool if self.settings.tool == "argo-cd" else NAMESPACE

    def deliver(self, parts: Sequence[Part]) -> None:
        """The objects of the tool that is there."""
        settings, source = self.settings, self.source()
        common: dict[str, Any] = {"labels": self.labels}
        if settings.tool == "config-sync":
            root_syncs(self, parts, source, auth=settings.auth, **common)
        else:
            applications(self, parts, source, namespace=settings.namespace_of_tool, **common)
