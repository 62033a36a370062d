"""modelscan, the open scanner of model files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from planform.contracts.model_scanning import ModelScanning, ScanGate
from planform.files import File
from planform.planes.component import Component
from planform.planes.gate_script import gate_command, gate_dockerfile, gate_text
from planform.planes.security.image_name import ImageName
from planform.spec.settings import Settings

__all__ = ["Modelscan", "ModelscanSettings"]

PACKAGES = ("modelscan==0.8.8",)
SafeFormat = Literal["onnx", "safetensors", "gguf"]
Licence = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.+-]{1,60}$"), Field(examples=["apache-2.0"])
]


class ModelscanSettings(Settings):
    """Settings of `modelscan`."""

    safe_formats: tuple[SafeFormat, ...] = Field(
        default=("onnx", "safetensors", "gguf"),
        description="Formats that hold no code, which modelscan cannot look into and which are let through when their"
        " files look like them. Default: onnx, safetensors and gguf.",
    )
    licences: tuple[Licence, ...] = Field(
        default=(),
        description="Licences that a model's card (README.md) may name, as Hugging Face spells them. Default: none are"
        " asked for.",
        examples=[["apache-2.0", "mit"]],
    )
    personal_data: bool = Field(
        default=True,
        description="Whether e-mail addresses, telephone numbers and IBANs are looked for in the model's card."
        " Default: true.",
    )
    image: ImageName | None = Field(
        default=None,
        description="Image with Python 3.10 to 3.12 and modelscan, such as one built from the Dockerfile beside the"
        " gate. Default: Python's own, in which a step installs the scanner first.",
    )


class Modelscan(Component):
    """modelscan before a model is registered, with rules for what modelscan skips, and a verdict as a file.

    modelscan looks into pickle, joblib, dill, PyTorch, Keras, TensorFlow and NumPy files by their extension, and passes
    over everything else in silence. The gate is stricter: every file must have been scanned, be of one of
    `safe_formats` and begin as such files do, or be plain text. Any issue, of whatever severity, is a failure; so are
    code, links and an empty folder. Settings for modelscan that lie beside a model are not read.
    By hand: nothing; with `image`, somebody builds and pushes it.

    Provides: ModelScanning.
    Requires: nothing.
    Emits: a Dockerfile and the gate's program as files.
    Errors: none of its own.
    Source: package modelscan 0.8.8 (exit codes 0 clean, 1 issues, 2 error, 3 nothing supported; its report in JSON),
    read and run 2026-11; safetensors' and GGUF's first bytes from their own format descriptions.
    """

    name = "modelscan"
    capability = "model_scanning"
    provides = ModelScanning
    files_only = True
    Settings = ModelscanSettings
    settings: ModelscanSettings

    def build(self) -> None:
        File(self, "modelscan_gate.py", gate_text("modelscan_gate"))
        File(self, "Dockerfile", gate_dockerfile(self, self.image("python"), PACKAGES))

    def gate(self) -> ScanGate:
        """A scan in the step's own container."""
        options = [word for kind in self.safe_formats() for word in ("--allow", kind)]
        options += [word for licence in self.settings.licences for word in ("--licence", licence)]
        options += ["--personal-data"] if self.settings.personal_data else []
        return ScanGate(
            image=self.settings.image or self.image("python"),
            command=gate_command("modelscan_gate", *options),
            packages=PACKAGES,
        )

    def safe_formats(self) -> Sequence[str]:
        """Formats without code."""
        return tuple(dict.fromkeys(self.settings.safe_formats))
