"""existing: a scanner of models that the organisation runs already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from planform.contracts.model_scanning import ModelScanning, ScanGate
from planform.planes.component import Component
from planform.planes.security.image_name import ImageName
from planform.planes.step_secrets import StepSecret
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings

__all__ = ["ExistingModelScanning", "ExistingModelScanningSettings"]

PLACES = ("{model}", "{verdict}")
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Z_][A-Z0-9_]*$"), Field(examples=["SCANNER_TOKEN"])]
Word = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Host = Annotated[str, StringConstraints(pattern=r"^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$")]


class ExistingModelScanningSettings(Settings):
    """The scanner's container, and what it is called with."""

    image: ImageName = Field(description="Image of the scanner, with a tag or a digest.")
    command: tuple[Word, ...] = Field(
        min_length=1,
        description="Command that ends with 0 for a pass and nothing else; `{model}` stands for the model's folder,"
        " `{verdict}` for the file that it writes.",
        examples=[["scan", "--in", "{model}", "--report", "{verdict}"]],
    )
    variables: dict[Variable, Word] = Field(
        default_factory=dict, description="Environment variables: names and addresses. Default: none."
    )
    secrets: dict[Variable, StepSecret] = Field(
        default_factory=dict,
        description="Environment variable to a secret of Secret Manager: its name in the environment's project, or"
        " `projects/PROJECT/secrets/NAME`. Default: none.",
    )
    hosts: tuple[Host, ...] = Field(default=(), description="Hosts that it has to reach. Default: none.")
    safe_formats: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+$")], ...] = Field(
        default=(), description="Formats that it lets through unseen. Default: none."
    )


class ExistingModelScanning(Component):
    """A scanner that others run; planform only calls it.

    Provides: ModelScanning.
    Requires: nothing.
    Emits: nothing. Whoever runs the scanner makes its secrets, and sees to it that the verdict's file has `verdict`,
    `scanner`, `version`, `checked` and `findings`.
    Errors: spec/scan-command.
    """

    name = "existing"
    capability = "model_scanning"
    provides = ModelScanning
    files_only = True
    Settings = ExistingModelScanningSettings
    settings: ExistingModelScanningSettings

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        missing = [place for place in PLACES if place not in " ".join(settings.command)]
        if missing:
            yield Fault(
                "spec/scan-command",
                f"the command has no {' and no '.join(missing)}",
                ("command",),
                help="write `{model}` where the model's folder goes and `{verdict}` where the verdict's file goes",
            )

    def gate(self) -> ScanGate:
        """The organisation's scan."""
        settings = self.settings
        return ScanGate(
            image=settings.image,
            command=settings.command,
            variables=settings.variables,
            secrets=settings.secrets,
            hosts=settings.hosts,
        )

    def safe_formats(self) -> Sequence[str]:
        """What the organisation's scanner lets through."""
        return self.settings.safe_formats
