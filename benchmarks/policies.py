"""How long the policy rules take, on the reference blueprint and on copies of it, by either engine."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from benchmarks.process import ROOT, Command, measure_in_turn, python

if TYPE_CHECKING:
    from planform.checks.policy.document import Judged

OPA = ROOT / ".tools" / "go" / "bin" / "opa"
LEAST = 5_000
"""Resources from which on copies are more than the reference itself."""
AIM = 1.0
"""Seconds that the rules may take on the reference blueprint, beyond compiling it."""


@dataclass(frozen=True, slots=True)
class Timed:
    """One number of things to judge, and the least seconds of some evaluations; None for an engine that is not here."""

    subjects: int
    wasm: float
    opa: float | None


def judged(blueprint: str, resources: Sequence[int], runs: int) -> Iterator[Timed]:
    """Measure a blueprint's platform as it is, and copies of it that have at least so many resources, in turn."""
    here = {"PLANFORM_OPA": str(OPA)} if OPA.exists() else {}
    commands = {
        count: Command(
            python("-m", "benchmarks.policies", blueprint, str(count)), {**here, "PLANFORM_ENGINE": "native"}
        )
        for count in (0, *sorted(each for each in resources if each >= LEAST))
    }
    for found in measure_in_turn(commands, runs).values():
        each = [json.loads(output) for output in found.outputs]
        opa = min(one["opa"] for one in each) if each[0]["opa"] is not None else None
        yield Timed(each[0]["subjects"], min(one["wasm"] for one in each), opa)


def copied(document: Judged, times: int) -> Judged:
    """A platform some times over: environments, stacks and paths with a number."""
    facts, numbers = document.facts, range(times)
    return replace(
        document,
        facts={
            "environments": {f"{name}-{n}": each for n in numbers for name, each in facts["environments"].items()},
            "stacks": {f"{name}-{n}": f"{each}-{n}" for n in numbers for name, each in facts["stacks"].items()},
        },
        stacks={f"{name}-{n}": each for n in numbers for name, each in document.stacks.items()},
        objects=tuple(_numbered(each, n) for n in numbers for each in document.objects),
        files=tuple(_numbered(each, n) for n in numbers for each in document.files),
    )


def _numbered(thing: Mapping[str, Any], number: int) -> dict[str, Any]:
    """What belongs to no environment still belongs to none."""
    environment = thing["environment"] and f"{thing['environment']}-{number}"
    return {**thing, "path": f"{thing['path']}-{number}", "environment": environment}


def main(blueprint: str, resources: int) -> None:
    """Compile, copy, judge; prints what `Timed` has as JSON."""
    from planform.checks.policy.engine import Opa, opa_place
    from planform.checks.policy.wasm import Wasm
    from planform.pipeline import compile_files, judged_of
    from planform.rules.pack import shipped_pack

    compiled = compile_files(ROOT / blueprint)
    document = copied(judged_of(compiled), max(1, -(-resources // compiled.resources)))
    place = opa_place()
    engines: dict[str, Any] = {"wasm": Wasm(), "opa": Opa(place, (*shipped_pack().files(),)) if place else None}
    seconds: dict[str, float | None] = dict.fromkeys(engines)
    subjects = 0
    for name, engine in engines.items():
        if engine is not None:
            text = document.as_json(engine.unread)
            start = time.perf_counter()
            subjects = engine.evaluate(text).subjects
            seconds[name] = time.perf_counter() - start
    print(json.dumps({"subjects": subjects, **seconds}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
