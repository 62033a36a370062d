"""What a person waits for: the command line, from nothing to its exit."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.process import Measured, measure, planform, python

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
        """Whether the middle of the runs is within the aim."""
        return None if self.aim is None else self.measured.middle < self.aim


def starts(blueprint: str, runs: int) -> Iterator[Start]:
    """The command line's verbs, between the Python and the engine that they stand on."""
    yield Start("`python -c pass`", measure(python("-c", "pass"), runs))
    yield Start("`planform --help`", measure(planform("--help"), runs, NO_NODE), 0.3)
    command = planform("validate", "blueprints/minimal.yaml")
    yield Start("`planform validate blueprints/minimal.yaml`, no Node", measure(command, runs, NO_NODE), 0.5)
    with tempfile.TemporaryDirectory() as folder:
        command = planform("synth", blueprint, "--out", Path(folder) / "out")
        yield Start(f"`planform synth {blueprint}`, no Node", measure(command, runs, NO_NODE), 2.0)
        engine = measure(command, runs, {"PLANFORM_ENGINE": "cdktf"})
        yield Start("the same, `PLANFORM_ENGINE=cdktf`", engine, 2.0)
    alone = measure(python("-c", "import planform.engine"), runs)
    yield Start("`python -c 'import planform.engine'`: cdktf alone, in Node", alone)
