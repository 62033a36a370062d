"""How long the policy rules take, on the reference blueprint and on copies of it, by either engine."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.process import ROOT, measure, python

OPA = ROOT / ".tools" / "go" / "bin" / "opa"
LEAST = 5_000
"""Resources from which on copies are more than the reference itself."""
AIM = 1.0
"""Seconds that the rules may take on the reference blueprint, beyond compiling it."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One number of things to judge, and the least seconds of some evaluations; None for an engine that is not here."""

    subjects: int
    wasm: float
    opa: float | None


def judged(blueprint: str, resources: Sequence[int], runs: int) -> Iterator[Judged]:
    """Measure a blueprint's platform as it is, and copies of it that have at least so many resources."""
    here = {"PLANFORM_OPA": str(OPA)} if OPA.exists() else {}
    for count in (0, *sorted(each for each in resources if each >= LEAST)):
        command = python("-m", "benchmarks.policies", blueprint, str(count), str(runs))
        yield Judged(**json.loads(measure(command, 1, {**here, "PLANFORM_ENGINE": "native"}).output))


def copied(document: dict[str, Any], times: int) -> dict[str, Any]:
    """A platform some times over: stacks and paths with a number, the environments as they are."""
    facts, numbers = document["facts"], range(times)
    return {
        "facts": {**facts, "stacks": {f"{name}-{n}": each for n in numbers for name, each in facts["stacks"].items()}},
        "stacks": {f"{name}-{n}": each for n in numbers for name, each in document["stacks"].items()},
        "objects": [{**each, "path": f"{each['path']}-{n}"} for n in numbers for each in document["objects"]],
        "files": [{**each, "path": f"{each['path']}-{n}"} for n in numbers for each in document["files"]],
    }


def main(blueprint: str, resources: int, runs: int) -> None:
    """Compile, copy, judge; prints what `Judged` has as JSON."""
    from planform.checks.policy.engine import Opa, opa_place
    from planform.checks.policy.wasm import Wasm
    from planform.pipeline import compile_files, judged_of
    from planform.rules.pack import shipped_pack

    compiled = compile_files(ROOT / blueprint)
    document = copied(judged_of(compiled).as_dict(), max(1, -(-resources // compiled.resources)))
    text = json.dumps(document).encode()
    place = opa_place()
    engines: dict[str, Any] = {"wasm": Wasm(), "opa": Opa(place, (*shipped_pack().files(),)) if place else None}
    seconds: dict[str, float | None] = {}
    subjects = 0
    for name, engine in engines.items():
        took = []
        for _ in range(runs) if engine is not None else ():
            start = time.perf_counter()
            report = engine.evaluate(text)
            took.append(time.perf_counter() - start)
            subjects = report.subjects
        seconds[name] = min(took, default=None)
    print(json.dumps({"subjects": subjects, **seconds}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
