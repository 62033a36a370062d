"""Wheels of the distributions in this repository, and folders and environments with them, as users have them."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "cdktf.out", "planform.out", "node_modules", "tests", "dist")


def run(*command: str | Path, cwd: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command without this process's choice of engine and path; its output in the error if it fails."""
    ours = ("PYTHON", "PLANFORM_", "JSII_", "CDKTF_", "COVERAGE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env={**kept, **variables}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done


def build_wheel(source: Path, work: Path) -> Path:
    """The wheel of a distribution, built from a copy, so that the source stays clean."""
    copy = work / "source"
    shutil.copytree(source, copy, ignore=_LEFT_OUT)
    alone = ["--no-build-isolation"] if importlib.util.find_spec("hatchling") else []
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", *alone, "-w", work / "wheels", copy)
    (wheel,) = (work / "wheels").glob("*.whl")
    return wheel


def install(wheel: Path, target: Path) -> Path:
    """The wheel unpacked in a folder for PYTHONPATH, entry points included."""
    pip = (sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index")
    run(*pip, "--target", target, wheel)
    return target


def environment_with(wheel: Path, work: Path) -> Path:
    """The Python of a new environment with the wheel, and with what this environment has for its dependencies.

    The dependencies are put on the path by a `.pth` file, which does not follow those of editable installs.
    """
    run(sys.executable, "-m", "venv", "--without-pip", work)
    folder = "Scripts" if os.name == "nt" else "bin"
    python = next((work / folder).glob("python*"))
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").stdout.strip())
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-index")
    run(*pip, wheel)
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python
