"""registry: where container images and packages are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, runtime_checkable

from msgspec import Struct

__all__ = ["Format", "Registry", "RepositoryRef"]

Format = Literal["docker", "python", "npm", "maven", "generic", "kfp"]


class RepositoryRef(Struct, frozen=True):
    """A repository. `uri` is what clients name: `R-docker.pkg.dev/P/<name>`."""

    id: str
    name: str
    uri: str


@runtime_checkable
class Registry(Protocol):
    """Private repositories for images and packages, scanned where that is on."""

    def repository(
        self,
        name: str,
        *,
        format: Format = "docker",
        readers: Sequence[str] = (),
        writers: Sequence[str] = (),
        moving_tags: bool = False,
    ) -> RepositoryRef:
        """The repository for `name`, made on first use. `readers` and `writers` are IAM members.

        `moving_tags` says that who asks will push the same tag again, such as the name of an environment.
        """
