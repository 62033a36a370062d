"""gitops: what brings manifests and charts from a repository into the cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, runtime_checkable

from msgspec import Struct

from planform.contracts.delivers_files import DeliversFiles
from planform.diagnostics import Location
from planform.kubernetes.delivery import Part

__all__ = ["GitOps", "ManifestSource"]


class ManifestSource(Struct, frozen=True):
    """Where the cluster reads its files: `url` at `revision`, the environment's own under `folder`.

    A Git repository's `url` is `https://...`, its revision a branch; a registry's is an image without its tag, the
    revision the tag. `folder` holds what the output has under `kubernetes/<environment>`; "" is the top.
    """

    kind: Literal["git", "oci"]
    url: str
    revision: str
    folder: str

    def below(self, *path: str) -> str:
        """A path under the folder."""
        return "/".join(part for part in (self.folder, *path) if part)


@runtime_checkable
class GitOps(DeliversFiles, Protocol):
    """A tool in the cluster that keeps it as the files say.

    Whoever needs it makes KubernetesObject and HelmRelease records in its own scope; the tool is told of all of them
    at the end.
    """

    def source(self) -> ManifestSource:
        """Where the files must be put for the cluster to find them."""

    def home(self) -> str:
        """The namespace that the tool itself runs in, which no policy may close or check."""

    def namespace(
        self,
        name: str,
        *,
        labels: Mapping[str, str] | None = None,
        owner: Mapping[str, str] | None = None,
        origin: Location | None = None,
    ) -> str:
        """The namespace `name`, made on first use, before everything in it; `labels` are added to those it has.

        `owner` is the labels of whose it is, where that is not the tool's plane, and `origin` the line it is made for.
        """

    def deliver(self, parts: Sequence[Part]) -> None:
        """Bring these into the cluster, each after what it needs. Called once, when all components are built."""
