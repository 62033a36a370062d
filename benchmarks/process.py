"""Commands run as processes of their own, several times, with what they took."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

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
    """Wall-clock seconds of each run, from start to exit, and the peak memory of its largest process in MiB.

    `output` is what the last run printed.
    """

    seconds: tuple[float, ...]
    peak_mib: float
    output: str

    @property
    def least(self) -> float:
        return min(self.seconds)

    @property
    def middle(self) -> float:
        return median(self.seconds)


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
    seconds, peaks, output = [], [], ""
    arguments, environment = [str(part) for part in command], {**_environment(), **(variables or {})}
    _run(arguments, environment)
    for _ in range(runs):
        took, peak, output = _run(arguments, environment)
        seconds.append(took)
        peaks.append(peak)
    return Measured(tuple(seconds), max(peaks), output)


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
