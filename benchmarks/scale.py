"""How time and memory grow with the number of resources, and how far above the engine's floor they are."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from benchmarks.process import Command, Measured, measure_in_turn, python

ENGINES = ("cdktf", "native")
FLOOR = "floor"
BEND = 1.5
"""Growth counts as linear while one more never costs more than so many times the most that it cost before."""
STEP = 1.5
"""A step is as far as makes all of it take so many times as long: what is less drowns in what every run takes."""


@dataclass(frozen=True, slots=True)
class Size:
    """One size: planform on each engine, and cdktf alone with the same documents."""

    resources: int
    engines: Mapping[str, Measured]
    floor: Measured

    def phases(self, engine: str) -> Mapping[str, float]:
        """Seconds of each phase in the last run."""
        return json.loads(self.engines[engine].output)  # type: ignore[no-any-return]


def sizes(resources: Sequence[int], runs: int) -> list[Size]:
    """Measure all sizes in turn; the smallest first."""
    with tempfile.TemporaryDirectory() as work:
        commands = {}
        for count in sorted(resources):
            folder = Path(work) / str(count)
            for engine in ENGINES:
                arguments = python("-m", "benchmarks.many_records", str(count), folder / engine)
                commands[count, engine] = Command(arguments, {"PLANFORM_ENGINE": engine})
            commands[count, FLOOR] = Command(python("-m", "benchmarks.floor", folder / "cdktf", folder / "floor"))
        found = measure_in_turn(commands, runs)
    return [
        Size(count, {engine: found[count, engine] for engine in ENGINES}, found[count, FLOOR])
        for count in sorted(resources)
    ]


def one_more(measured: Iterable[tuple[int, float]]) -> tuple[float, ...]:
    """Seconds that one more costs, step by step, from numbers with what they took; the smallest first."""
    (count, seconds), *others = measured
    costs = []
    for more, longer in others:
        if more > count and longer >= STEP * seconds:
            costs.append((longer - seconds) / (more - count))
            count, seconds = more, longer
    return tuple(costs)


def is_linear(costs: Sequence[float]) -> bool:
    """Whether one more never costs much more than the most that it cost before: a step that ran fast is no measure."""
    return all(later <= BEND * most for most, later in zip(accumulate(costs, max), costs[1:], strict=False))
