"""What a person waits for: the command line, from nothing to its exit."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.process import Command, Measured, measure_in_turn, planform, python

NO_NODE = {"JSII_NODE": "there-is-none"}
"""With this, whatever starts Node fails."""


@dataclass(frozen=True, slots=True)
class Start:
    """One command, what it took, and the seconds that it may take; None where it is only there to compare."""

    command: str
    measured: Measured
    aim: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the least of the runs is within the aim."""
        return None if self.aim is None else self.measured.least < self.aim


def starts(blueprint: str, runs: int) -> list[Start]:
    """The command line's verbs, between the Python and the engine that they stand on, in turn."""
    with tempfile.TemporaryDirectory() as folder:
        synth = planform("synth", blueprint, "--out", Path(folder) / "out")
        commands: dict[tuple[str, float | None], Command] = {
            ("`python -c pass`", None): Command(python("-c", "pass")),
            ("`planform --help`", 0.3): Command(planform("--help"), NO_NODE),
            ("`planform validate blueprints/minimal.yaml`, no Node", 0.5): Command(
                planform("validate", "blueprints/minimal.yaml"), NO_NODE
            ),
            (f"`planform synth {blueprint}`, no Node", 2.0): Command(synth, NO_NODE),
            ("the same, `PLANFORM_ENGINE=cdktf`", None): Command(synth, {"PLANFORM_ENGINE": "cdktf"}),
            ("`python -c 'import planform.engine'`: cdktf alone, in Node", None): Command(
                python("-c", "import planform.engine")
            ),
        }
        return [Start(name, found, aim) for (name, aim), found in measure_in_turn(commands, runs).items()]
