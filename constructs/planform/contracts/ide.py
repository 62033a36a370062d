"""ide: where code is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct

from planform.contracts.delivers_files import DeliversFiles
from planform.contracts.identity import Identity

__all__ = ["Ide", "IdeRef"]


class IdeRef(Struct, frozen=True):
    """Where the members of a team work: `name` of the machine's configuration, `url` to start one."""

    name: str
    url: str


@runtime_checkable
class Ide(DeliversFiles, Protocol):
    """Development environments with the platform's tools, the same for everybody."""

    def repository_files(self) -> Mapping[str, str]:
        """Path to text of the files that every generated repository has, such as `.devcontainer/devcontainer.json`."""

    def team(self, name: str, *, owners: Sequence[str], identity: Identity | None = None) -> IdeRef | None:
        """Machines for a team, that its owners (IAM members) may use and that act as `identity`.

        None where people work on machines of their own.
        """
