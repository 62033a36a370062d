"""existing: repositories that the organisation makes itself, on whatever host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from planform.contracts.version_control import CodeRepository, VersionControl
from planform.files import File, RepositoryFile
from planform.planes.component import Component
from planform.planes.delivery.code_owners import code_owners
from planform.planes.delivery.repository_variables import RepositoryVariables
from planform.spec.settings import Settings
from planform.spec.units import KebabName

__all__ = ["ExistingVersionControl", "ExistingVersionControlSettings"]

Path = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$")]
Mention = Annotated[str, StringConstraints(pattern=r"^@?[A-Za-z0-9][A-Za-z0-9_./@-]*$")]
OWNERS_FILE = {"github": ".github/CODEOWNERS", "gitlab": ".gitlab/CODEOWNERS", "bitbucket": ".bitbucket/CODEOWNERS"}


class ExistingVersionControlSettings(Settings):
    """Which repositories there are."""

    host: str = Field(
        default="github.com",
        pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$",
        description="Host of the repositories. Default: github.com.",
    )
    kind: Literal["github", "gitlab", "bitbucket"] = Field(
        default="github", description="Whose software the host runs; decides where CODEOWNERS is. Default: github."
    )
    repository: Path = Field(
        description="The platform's own repository, OWNER/NAME, or GROUP/SUBGROUP/NAME.", examples=["acme/ai-platform"]
    )
    branch: str = Field(
        default="main", pattern=r"^[A-Za-z0-9._/-]+$", description="Default branch of every repository. Default: main."
    )
    repositories: dict[KebabName, Path] = Field(
        default_factory=dict,
        description="Name that components ask for to the repository. Default: none, so asking for one is an error.",
        examples=[{"fraud-scoring": "acme/fraud-scoring"}],
    )
    teams: dict[KebabName, Mention] = Field(
        default_factory=dict,
        description="Team to how CODEOWNERS writes it. Default: `@OWNER/<team>`.",
        examples=[{"platform-team": "@acme/platform-engineering"}],
    )


class ExistingVersionControl(Component):
    """Repositories that the organisation has, with the rules that it has given them.

    Whoever owns them makes what the file `repositories.yaml` lists: deployment environments with their reviewers, and
    variables; and commits the files under `repositories/<name>/` once.

    Provides: VersionControl.
    Requires: nothing.
    Emits: repositories.yaml and first files of repositories; no Terraform.
    Errors: contract/not-named, contract/other-value.
    """

    name = "existing"
    capability = "version_control"
    provides = VersionControl
    files_only = True
    Settings = ExistingVersionControlSettings
    settings: ExistingVersionControlSettings

    def build(self) -> None:
        self._gates: dict[tuple[str, str], list[str]] = {}
        self._variables = RepositoryVariables()
        self._checks: dict[str, list[str]] = {}

    def platform_repository(self) -> CodeRepository:
        """The repository that the setting names."""
        return self._named(self.settings.repository)

    def repository(self, name: str, *, team: str = "", purpose: str = "") -> CodeRepository:
        """The named repository."""
        path = self.settings.repositories.get(name)
        if path is None:
            raise self.refuse(
                "contract/not-named",
                f"`version_control` names no repository `{name}`" + (f", {purpose}" if purpose else ""),
                help=f"under `repositories` of the slot `version_control` add `{name}: OWNER/NAME`",
            )
        repository = self._named(path)
        self.gate(repository, self.environment.name, reviewers=[team] if team else [])
        return repository

    def variable(self, repository: CodeRepository, name: str, value: str) -> None:
        """Listed for the repository's owner."""
        self._variables.keep(self, repository, name, value)

    def gate(self, repository: CodeRepository, name: str, *, reviewers: Sequence[str] = ()) -> str:
        """Listed for the repository's owner."""
        known = self._gates.setdefault((repository.full_name, name), [])
        known += [team for team in reviewers if team not in known]
        return name

    def require(self, repository: CodeRepository, check: str) -> None:
        """Listed for the repository's owner."""
        known = self._checks.setdefault(repository.full_name, [])
        known += [check] if check not in known else []

    def write(self, repository: CodeRepository, files: Mapping[str, str]) -> None:
        """Output, for the platform's repository or for others to commit."""
        own = repository.full_name == self.settings.repository
        for path, text in files.items():
            if own:
                RepositoryFile(self, path, text)
            else:
                File(self, f"repositories/{repository.name}/{path}", text)

    def code_owners(self, owners: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
        """CODEOWNERS where the host looks for it."""
        owner = self.settings.repository.rpartition("/")[0]
        given = self.settings.teams
        text = code_owners(owners, lambda team: given.get(team, f"@{owner}/{team}"))
        return {OWNERS_FILE[self.settings.kind]: text}

    def finish(self) -> None:
        """What the repositories' owners have to make."""
        names = dict.fromkeys([*(name for name, _ in [*self._gates, *self._variables]), *self._checks])
        listed = {
            name: {
                "deployment_environments": [
                    {"name": gate, "branch": self.settings.branch, "reviewers": teams}
                    for (repository, gate), teams in self._gates.items()
                    if repository == name
                ],
                "variables": {
                    key: str(value) for (repository, key), value in self._variables.items() if repository == name
                },
                **({"checks_of_an_up_to_date_branch": self._checks[name]} if name in self._checks else {}),
            }
            for name in names
        }
        if listed:
            File(self, "repositories.yaml", listed)

    def _named(self, path: str) -> CodeRepository:
        owner, _, name = path.rpartition("/")
        return CodeRepository(self.settings.host, owner, name, self.settings.branch)
