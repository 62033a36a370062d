"""How the time of a whole synth grows with the number of workload documents, and what one changed document costs."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.many_workloads import TEAM_SIZE, main
from benchmarks.process import Command, Measured, measure_in_turn, planform

MOST = (2_000, 20.0)
"""So many documents are compiled within so many seconds."""
EDITED = Path("workloads/team-000/t000-payment-scoring.yaml")
"""An endpoint, whose version is raised."""


@dataclass(frozen=True, slots=True)
class Documents:
    """One number of documents: compiled in memory, judged and written too, and what one changed document changes."""

    documents: int
    compiled: Measured
    whole: Measured
    changed: Measured

    @property
    def teams(self) -> int:
        return -(-self.documents // TEAM_SIZE)


def many_documents(counts: Sequence[int], runs: int) -> list[Documents]:
    """Measure all numbers in turn; the smallest first. Everything is written over what the change before has left."""
    with tempfile.TemporaryDirectory() as work:
        commands = {}
        for count in sorted(counts):
            base, head, out = (Path(work, str(count), name) for name in ("base", "head", "out"))
            main(count, base)
            shutil.copytree(base, head)
            edited = (head / EDITED).read_text("utf-8")
            (head / EDITED).write_text(edited.replace("version: '3'", "version: '4'"), encoding="utf-8")
            commands[count, "compiled"] = Command(planform("validate", base))
            commands[count, "whole"] = Command(planform("synth", base, "--out", out))
            commands[count, "changed"] = Command(planform("synth", head, "--out", out, "--changed", base))
        found = measure_in_turn(commands, runs)
    steps = ("compiled", "whole", "changed")
    return [Documents(count, *(found[count, step] for step in steps)) for count in sorted(counts)]
