"""existing: an orchestrator that the organisation runs already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import Field

from planform.contracts.ci import Step
from planform.contracts.orchestrator import Orchestrator
from planform.planes.component import Component
from planform.planes.step_secrets import StepSecret
from planform.spec.settings import Settings
from planform.spec.units import KebabName

__all__ = ["ExistingOrchestrator", "ExistingOrchestratorSettings"]


class ExistingOrchestratorSettings(Settings):
    """How the organisation deploys a workload, and what its orchestrator serves."""

    applications: dict[KebabName, str] = Field(
        description="Names that golden paths ask for, to ids of the applications.", examples=[{"churn": "ml-churn"}]
    )
    types: tuple[str, ...] = Field(
        default=(),
        description="Resource types that it serves by itself; wishes for them need no offer. Default: none.",
        examples=[["postgres", "bucket"]],
    )
    command: str = Field(
        pattern=r"^[A-Za-z0-9./][A-Za-z0-9 ./_=:-]{0,199}$",
        description="The command that deploys, found on CI's machine or in the workload's repository. It is given the"
        " variables APPLICATION, ENVIRONMENT, IMAGE and WORKLOAD.",
        examples=["./deploy/release.sh"],
    )
    secret: StepSecret | None = Field(
        default=None,
        description="Secret of Secret Manager that the command finds in DEPLOY_TOKEN: its name in the environment's"
        " project, or `projects/PROJECT/secrets/NAME`. Default: none.",
    )


class ExistingOrchestrator(Component):
    """The organisation's own orchestrator, called from CI by a command of its own.

    Provides: Orchestrator, for the applications that the settings name. What planform would offer it refuses: only its
    owner can teach it, unless the type is among `types`.
    Requires: nothing.
    Emits: nothing.
    Errors: contract/not-named.
    """

    name = "existing"
    capability = "orchestrator"
    provides = Orchestrator
    files_only = True
    Settings = ExistingOrchestratorSettings
    settings: ExistingOrchestratorSettings

    def application(self, name: str, *, team: str, namespace: str) -> str:
        """The id that the settings name."""
        held = self.settings.applications.get(name)
        if held is None:
            raise self.refuse(
                "contract/not-named",
                f"an application `{name}` is asked for, and `existing` names none",
                path=("applications",),
                help=f"add `{name}: ID-OF-YOUR-APPLICATION` to `applications`",
            )
        return held

    def provide(
        self, type: str, *, outputs: Mapping[str, str], class_: str = "default", application: str = "", id: str = ""
    ) -> None:
        """Nothing for a type that it serves by itself."""
        if type not in self.settings.types:
            raise self.refuse(
                "contract/not-named",
                f"a `{type}` is offered to workloads, and `existing` does not say that yours serves the type",
                path=("types",),
                help=f"let its owner add {', '.join(outputs.values())}, then add `{type}` to `types`",
            )

    def deploy(self, application: str, *, workload: str, image: str) -> Sequence[Step]:
        """The command."""
        variables = {
            "APPLICATION": application,
            "ENVIRONMENT": self.environment.name,
            "IMAGE": image,
            "WORKLOAD": workload,
        }
        secrets = {"DEPLOY_TOKEN": self.settings.secret} if self.settings.secret else {}
        return (Step("Deploy the workload", run=f"{self.settings.command}\n", variables=variables, secrets=secrets),)
