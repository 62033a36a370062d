"""Gates that stand before a model's registration: small programs that are handed over as text."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from planform.planes.component import Component

__all__ = ["Gate", "gate_command", "gate_dockerfile", "gate_text"]

Gate = Literal["modelscan_gate", "guardian_gate"]


@cache
def gate_text(gate: Gate) -> str:
    """The program's text."""
    return (Path(__file__).parent / "security" / f"{gate}.py").read_text("utf-8")


def gate_command(gate: Gate, *arguments: str) -> tuple[str, ...]:
    """The command of a ScanGate: the program itself, so that no step has to bring a file."""
    return ("python", "-c", gate_text(gate), "--model", "{model}", "--verdict", "{verdict}", *arguments)


def gate_dockerfile(component: Component, base: str, packages: tuple[str, ...]) -> str:
    """What makes an image that has the scanner, for those who do not want it installed at each run."""
    return (
        f"# The image of the gate `{component.name}`; its name goes into the setting `image`.\n"
        f"FROM {base}\n"
        f"RUN pip install --no-cache-dir {' '.join(packages)} && useradd --uid 10001 --create-home scan\n"
        "USER 10001\n"
    )
