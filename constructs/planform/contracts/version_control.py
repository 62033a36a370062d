"""version_control: repositories of code, and who may change them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct

from planform.contracts.delivers_files import DeliversFiles

__all__ = ["CodeRepository", "VersionControl"]


class CodeRepository(Struct, frozen=True):
    """A repository: `host` such as github.com, `owner` an organisation or group, `name`, and its default branch."""

    host: str
    owner: str
    name: str
    branch: str = "main"

    @property
    def full_name(self) -> str:
        """`acme/ai-platform`."""
        return f"{self.owner}/{self.name}"

    @property
    def url(self) -> str:
        """`https://github.com/acme/ai-platform`."""
        return f"https://{self.host}/{self.full_name}"


@runtime_checkable
class VersionControl(DeliversFiles, Protocol):
    """Repositories with a protected branch, reviews, and deployment environments with approvals."""

    def platform_repository(self) -> CodeRepository:
        """The repository that holds the blueprint and what planform writes."""

    def repository(self, name: str, *, team: str = "", purpose: str = "") -> CodeRepository:
        """The repository `name`, made on first use, with the environment's own deployment environment in it."""

    def variable(self, repository: CodeRepository, name: str, value: str) -> None:
        """A variable that jobs of this environment see in the repository: a name or an address, never a secret."""

    def gate(self, repository: CodeRepository, name: str, *, reviewers: Sequence[str] = ()) -> str:
        """The deployment environment `name` of a repository, which a job enters to deploy; returns its name.

        Only the default branch may enter it. `reviewers` are teams of which somebody agrees to each entry, where the
        environment's entries are reviewed at all.
        """

    def require(self, repository: CodeRepository, check: str) -> None:
        """A check of CI that has to pass before a merge, on a branch that is up to date."""

    def write(self, repository: CodeRepository, files: Mapping[str, str]) -> None:
        """Put files, by path, into a repository when it is made; from then on they are its owners' to change."""

    def code_owners(self, owners: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
        """Path to text of the file by which the host asks owners for review; `owners` is pattern to team names."""
