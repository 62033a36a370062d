"""What every GitOps tool here has in common: a source, namespaces on request, and one folder that starts it all."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Annotated

from msgspec.structs import replace
from pydantic import Field, StringConstraints

from planform.contracts.gitops import GitOps, ManifestSource
from planform.diagnostics import Location
from planform.kubernetes.delivery import Part
from planform.kubernetes.record import SYNC, KubernetesObject, Manifests
from planform.planes.component import Component
from planform.spec.settings import Settings

__all__ = ["GitOpsTool", "GitSource", "OciSource"]

Folder = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*)?$")]


class GitSource(Settings):
    """A Git repository that holds the output."""

    repository: str = Field(
        pattern=r"^https://[a-z0-9.-]+(/[A-Za-z0-9._-]+)+$",
        description="Address of the repository.",
        examples=["https://github.com/acme/ai-platform"],
    )
    branch: str = Field(
        default="main", pattern=r"^[A-Za-z0-9._/-]+$", description="Branch that the cluster follows. Default: main."
    )
    folder: Folder = Field(
        default="kubernetes",
        description="Folder of the repository that holds the output's `kubernetes` folder. Default: kubernetes.",
        examples=["planform.out/kubernetes"],
    )


class OciSource(Settings):
    """An OCI image that holds the output, in the platform's registry or another one."""

    repository: str = Field(
        default="gitops",
        pattern=r"^[a-z]([a-z0-9-]*[a-z0-9])?$",
        description="Name of the repository to ask the platform's registry for. Default: gitops.",
    )
    tag: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$",
        description="Tag that is pushed anew with each release. Default: the environment's name.",
    )


class GitOpsTool(Component):
    """The base of the components that fill `gitops`."""

    capability = "gitops"
    provides = GitOps

    def build(self) -> None:
        self._namespaces: dict[str, KubernetesObject] = {}
        self._install()

    def namespace(
        self,
        name: str,
        *,
        labels: Mapping[str, str] | None = None,
        owner: Mapping[str, str] | None = None,
        origin: Location | None = None,
    ) -> str:
        """The namespace, among the files that the tool reads first."""
        held = self._namespaces.get(name)
        if held is None:
            own = self.labels if owner is None else owner
            held = KubernetesObject(
                self, "v1", "Namespace", name, labels={**own, **_SAFE_PODS, **(labels or {})}, origin=origin
            )
            self._namespaces[name] = held
        for key, value in {**(owner or {}), **(labels or {})}.items():
            if held.labels.get(key) != value:
                has = f"the label `{key}` as `{held.labels[key]}`" if key in held.labels else f"no label `{key}`"
                raise self.refuse(
                    "contract/namespace-label",
                    f"namespace `{name}` has {has}, and is asked for with `{value}`",
                    help="use two namespaces, or agree on one value; a team's namespace has the team's name",
                )
        return name

    @abstractmethod
    def source(self) -> ManifestSource:
        """Where the files must be put for the cluster to find them."""

    @abstractmethod
    def home(self) -> str:
        """The namespace that the tool itself runs in."""

    @abstractmethod
    def deliver(self, parts: Sequence[Part]) -> None:
        """Bring the parts into the cluster."""

    def _install(self) -> None:
        """Set up the tool itself."""

    def _manifests(self) -> Manifests:
        own = super()._manifests()
        return replace(own, plane=SYNC)

    def _git(self, git: GitSource) -> ManifestSource:
        folder = "/".join(part for part in (git.folder, self.environment.name) if part)
        return ManifestSource("git", git.repository, git.branch, folder)


_SAFE_PODS = {"pod-security.kubernetes.io/enforce": "baseline", "pod-security.kubernetes.io/warn": "restricted"}
