"""existing: an analyser of code that the organisation runs already, such as SonarQube Cloud."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from planform.contracts.ci import Step
from planform.contracts.code_analysis import AnalysisRef, CodeAnalysis
from planform.contracts.version_control import CodeRepository
from planform.planes.component import Component
from planform.planes.step_secrets import StepSecret
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings

__all__ = ["ExistingCodeAnalysis", "ExistingCodeAnalysisSettings"]

Variable = Annotated[str, StringConstraints(pattern=r"^[A-Z_][A-Z0-9_]*$"), Field(examples=["SONAR_TOKEN"])]


class ExistingCodeAnalysisSettings(Settings):
    """Where findings are read, and what CI calls."""

    url: str = Field(
        pattern=r"^https://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~{}=&?/-]*)?$",
        description="Where people read a project's findings; `{key}` stands for the project's key.",
        examples=["https://sonarcloud.io/project/overview?id={key}"],
    )
    projects: dict[
        Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$")],
        Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,400}$")],
    ] = Field(
        default_factory=dict,
        description="Repository, `owner/name`, to the key of its project. Default: `owner_name` for every repository.",
        examples=[{"acme/fraud": "acme_fraud"}],
    )
    check_name: str = Field(
        default="",
        max_length=200,
        description="Check on a pull request that a merge waits for. Default: none but the job of CI itself.",
        examples=["SonarCloud Code Analysis"],
    )
    command: str = Field(
        min_length=1,
        max_length=2000,
        description="Shell command that analyses and ends with 0 when the gate is passed; `{key}` stands for the"
        " project's key.",
        examples=["npx --yes @sonar/scan@4.3.1 -Dsonar.projectKey={key} -Dsonar.qualitygate.wait=true"],
    )
    variables: dict[Variable, str] = Field(
        default_factory=dict, description="Environment variables: names and addresses. Default: none."
    )
    secrets: dict[Variable, StepSecret] = Field(
        default_factory=dict,
        description="Environment variable to a secret of Secret Manager: its name in the environment's project, or"
        " `projects/PROJECT/secrets/NAME`. Default: none.",
    )


class ExistingCodeAnalysis(Component):
    """An analyser that others run; planform only calls it.

    Provides: CodeAnalysis.
    Requires: nothing.
    Emits: nothing. Whoever runs the analyser makes its projects and its tokens.
    Errors: spec/analysis-key, contract/not-named.
    """

    name = "existing"
    capability = "code_analysis"
    provides = CodeAnalysis
    files_only = True
    Settings = ExistingCodeAnalysisSettings
    settings: ExistingCodeAnalysisSettings

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        for field in ("url", "command"):
            if "{key}" not in getattr(settings, field):
                yield Fault(
                    "spec/analysis-key",
                    f"`{field}` is the same for every project",
                    (field,),
                    help="write `{key}` where the key of the project goes",
                )

    def project(self, repository: CodeRepository, *, language: str = "python", team: str = "") -> AnalysisRef:
        """The project that the settings name, or the one that its repository is called after."""
        named = self.settings.projects
        key = named.get(repository.full_name) if named else f"{repository.owner}_{repository.name}"
        if key is None:
            raise self.refuse(
                "contract/not-named",
                f"`existing` names no project of `{repository.full_name}`",
                path=("projects",),
                help=f"under `projects` add `{repository.full_name}:` with the key of its project",
            )
        return AnalysisRef(key, self.settings.url.replace("{key}", key), self.settings.check_name)

    def steps(self, analysis: AnalysisRef) -> Sequence[Step]:
        """The organisation's command."""
        settings = self.settings
        run = settings.command.replace("{key}", analysis.key)
        return (Step("Analyse the code", run=run, variables=settings.variables, secrets=settings.secrets),)
