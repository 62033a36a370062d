"""model_scanning: no model is registered or served before it was looked into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct, field

from planform.contracts.delivers_files import DeliversFiles

__all__ = ["ModelScanning", "ScanGate"]


class ScanGate(Struct, frozen=True):
    """One run over a model's files: a container that ends with 0 for a pass and nothing else.

    `command` has `{model}` where the folder of the model goes, and `{verdict}` where the verdict's file goes: JSON with
    `verdict` (`passed`, `failed` or `error`), `scanner`, `version`, `checked` and `findings`. `secrets` is environment
    variable to a secret, as a step of CI names it; `packages` are pinned Python requirements, which a step installs
    first, in that image or in a Python 3.10 to 3.12 of its own. `hosts` are those that it has to reach.
    """

    image: str
    command: tuple[str, ...]
    packages: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    hosts: tuple[str, ...] = ()


@runtime_checkable
class ModelScanning(DeliversFiles, Protocol):
    """Scans of model files: serialization attacks, licences, personal data."""

    def gate(self) -> ScanGate:
        """The scan that stands before registration."""

    def safe_formats(self) -> Sequence[str]:
        """Formats that the scanner cannot look into and that the platform lets through, such as `safetensors`."""
