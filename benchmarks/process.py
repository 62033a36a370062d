"""Commands run as processes of their own, several times in turn, with what they took."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TypeVar

Name = TypeVar("Name", bound=Hashable)
ROOT = Path(__file__).resolve().parent.parent
_STARTER = """\
import os, sys, time
started = time.perf_counter()
child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(child, 0)
took = time.perf_counter() - started
open(sys.argv[1], "w").write(f"{took} {usage.ru_maxrss}")
sys.exit(os.waitstatus_to_exitcode(status) != 0)
"""
"""A small process between this one and a command: a process counts as large as the one that started it."""
_MEBIBYTE = 1024 * 1024 if sys.platform == "darwin" else 1024
"""What the system counts peak memory in: bytes on macOS, KiB elsewhere."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Wall-clock seconds of each run, from start to exit, what it printed, and the peak memory of the largest process
    of all runs in MiB.
    """

    seconds: tuple[float, ...]
    peak_mib: float
    outputs: tuple[str, ...]

    @property
    def least(self) -> float:
        return min(self.seconds)

    @property
    def middle(self) -> float:
        return median(self.seconds)

    @property
    def output(self) -> str:
        """What the last run printed."""
        return self.outputs[-1]


@dataclass(frozen=True, slots=True)
class Command:
    """A program with its arguments, and the variables that it is given beside ours."""

    arguments: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)


def python(*arguments: str | Path) -> tuple[str, ...]:
    """A command of this Python."""
    return (sys.executable, *map(str, arguments))


def planform(*arguments: str | Path) -> tuple[str, ...]:
    """What the console script `planform` does."""
    return python("-c", "from planform.cli import main; main()", *arguments)


def measure(command: Sequence[str | Path], runs: int, variables: Mapping[str, str] | None = None) -> Measured:
    """Run a command some times, once more before, so that its bytecode and files are cached as on a machine in use.

    Raises RuntimeError with its output if it fails.
    """
    only = Command(tuple(str(part) for part in command), variables or {})
    return measure_in_turn({"only": only}, runs)["only"]


def measure_in_turn(commands: Mapping[Name, Command], runs: int) -> dict[Name, Measured]:
    """The same for several commands, one after another in each round, so that a slow minute is one of all of them."""
    taken: dict[Name, list[tuple[float, float, str]]] = {name: [] for name in commands}
    for _ in range(runs + 1):
        for name, command in commands.items():
            taken[name].append(_run([*command.arguments], {**_environment(), **command.variables}))
    found = {}
    for name, (_, *counted) in taken.items():
        seconds, peaks, outputs = zip(*counted, strict=True)
        found[name] = Measured(seconds, max(peaks), outputs)
    return found


def _environment() -> dict[str, str]:
    """This process's variables without a choice of engine, with bytecode and with this checkout on the path."""
    ours = ("PLANFORM_", "CDKTF_", "JSII_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    path = [str(ROOT / "constructs"), str(ROOT), kept.get("PYTHONPATH", "")]
    return {**kept, "PYTHONPATH": os.pathsep.join(part for part in path if part), "CHECKPOINT_DISABLE": "1"}


def _run(command: list[str], environment: Mapping[str, str]) -> tuple[float, float, str]:
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder) / "figures"
        starter = [sys.executable, "-I", "-S", "-c", _STARTER, str(figures), *command]
        done = subprocess.run(starter, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)[:300]} failed\n{done.stderr[-3000:]}")
        took, peak = figures.read_text().split()
        return float(took), int(peak) / _MEBIBYTE, done.stdout
