"""Argo CD, GitOps with a user interface."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from planform.contracts.compute import Compute
from planform.contracts.gitops import ManifestSource
from planform.kubernetes.delivery import Part
from planform.kubernetes.record import SYNC, HelmRelease
from planform.planes.delivery.applications import SELF, applications, chart_source, make_application, make_project
from planform.planes.delivery.gitops_tool import GitOpsTool, GitSource
from planform.spec.settings import Settings

__all__ = ["ArgoCd", "ArgoCdSettings"]

NAMESPACE = "argocd"
_APPLICATION_HEALTH = """\
local found = {status = "Progressing", message = ""}
if obj.status ~= nil and obj.status.health ~= nil then
  found.status = obj.status.health.status
  found.message = obj.status.health.message or ""
end
return found
"""
"""Argo CD gives applications no health of their own since 1.8, and without it waves do not wait."""


class ArgoCdSettings(Settings):
    """Settings of `argo-cd`."""

    git: GitSource = Field(description="The Git repository that holds the output.")
    host: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$",
        description="Host name of the user interface, for links. Default: none; it is reached by port forwarding.",
        examples=["argocd.acme.example"],
    )


class ArgoCd(GitOpsTool):
    """Argo CD in the cluster, which then installs itself anew: one project a plane, one application a component.

    The folder `sync` has the namespaces, the projects, and an application for each component's files and for each
    chart, in waves that follow from what components need of each other. Automatic sync with pruning and self-healing;
    the built-in administrator is off.
    What a person does once: `helm install argo-cd` from the chart and version that application-argo-cd.yaml names,
    into the namespace argocd, then `kubectl apply -f kubernetes/<environment>/sync/argo-cd`. A private repository needs
    a Secret with the label `argocd.argoproj.io/secret-type: repository` in argocd, from a GitHub App, made by an
    ExternalSecret; sign-in needs an OIDC client of the organisation.

    Provides: GitOps.
    Requires: Compute.
    Emits: AppProject, Application and Namespace objects; no Terraform.
    Errors: contract/namespace-label.
    Source: values of the chart argo-cd 10.1.1 (Argo CD 3.4.4), read 2026-11.
    """

    name = "argo-cd"
    files_only = True
    Settings = ArgoCdSettings
    settings: ArgoCdSettings
    compute: Compute

    def source(self) -> ManifestSource:
        """The repository and branch."""
        return self._git(self.settings.git)

    def home(self) -> str:
        """argocd."""
        return NAMESPACE

    def deliver(self, parts: Sequence[Part]) -> None:
        """A project for each plane, an application for each component and chart."""
        source = self.source()
        common: dict[str, Any] = {"namespace": NAMESPACE, "labels": self.labels}
        make_project(
            self,
            SELF,
            **common,
            description="Argo CD itself, and the applications of all planes.",
            repositories=[source.url, self._release.chart.repository],
            into=["*"],
            cluster_kinds=[{"group": "*", "kind": "*"}],
        )
        files = {"repoURL": source.url, "targetRevision": source.revision, "path": source.below(SYNC, self.name)}
        make_application(self, SELF, **common, wave=-5, project=SELF, source=files, into=None)
        chart = chart_source(self._release)
        make_application(self, self.name, **common, wave=-5, project=SELF, source=chart, into=NAMESPACE)
        applications(self, parts, source, **common)

    def _install(self) -> None:
        self.namespace(NAMESPACE)
        self._release = HelmRelease(self, self.name, chart=self.name, namespace=NAMESPACE, values=self._values())

    def _values(self) -> dict[str, Any]:
        replicas = 2 if self.environment.production else 1
        guarded = {"enabled": True, "minAvailable": 1} if self.environment.production else None
        return {
            "global": {"domain": self.settings.host},
            "configs": {
                "cm": {
                    "admin.enabled": False,
                    "application.resourceTrackingMethod": "annotation",
                    "resource.customizations.health.argoproj.io_Application": _APPLICATION_HEALTH,
                },
            },
            "controller": {"replicas": 1},
            "dex": {"enabled": False},
            "notifications": {"enabled": False},
            "redisSecretInit": {"enabled": True},
            "repoServer": {"replicas": replicas, "pdb": guarded},
            "server": {"replicas": replicas, "pdb": guarded},
        }
