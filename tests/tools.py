"""What judges outputs and does not come with planform: where it is, and what to do without it."""

from __future__ import annotations

import functools
import importlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from types import ModuleType
from typing import NoReturn

import pytest

__all__ = ["REQUIRED", "TOOLS", "absent", "go_module", "module", "tool"]

TOOLS = Path(__file__).resolve().parent.parent / ".tools"
GO_TOOLS = TOOLS / "go" / "bin"
"""Where `dev.py` puts what it installs, and the tools of it that are Go modules."""
REQUIRED = os.environ.get("PLANFORM_REQUIRE_TIERS") == "1"


def absent(reason: str, *, required: bool = True) -> NoReturn:
    """Skip a test, and say what is not here; fail where every tier is required, and this is one of them."""
    if REQUIRED and required:
        pytest.fail(reason)
    pytest.skip(reason)


def tool(name: str) -> Path:
    """A tool that `dev.py` installed, or one on PATH."""
    found = shutil.which(name, path=f"{GO_TOOLS}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        absent(f"{name} is not here: `python3 dev.py test` installs what is a Go module, where there is a go")
    return Path(found)


def module(name: str) -> ModuleType:
    """A Python module that comes with the extra `test`."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        absent(f"the Python module {name} is not installed")


@functools.cache
def go_module(module: str) -> Path:
    """A Go module's folder in the module cache; it is downloaded only where every tier is required, as in CI."""
    if shutil.which("go") is None:
        absent("go is not on PATH")
    command = ["go", "mod", "download", "-json", module]
    environment = {**os.environ, "GOFLAGS": "-mod=mod", **({} if REQUIRED else {"GOPROXY": "off"})}
    done = subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, check=False)
    place = json.loads(done.stdout or "{}").get("Dir")
    if not place:
        absent(f"the Go module {module} is not in the module cache")
    return Path(place)
