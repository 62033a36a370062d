"""Go's tools and modules for tests: installed by dev.py, skipped by name where they are missing."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

__all__ = ["REQUIRED", "go_module", "go_tool"]

BIN = Path(__file__).resolve().parent.parent / ".tools" / "go" / "bin"
REQUIRED = os.environ.get("PLANFORM_REQUIRE_TIERS") == "1"


def go_tool(name: str) -> Path:
    """A tool that dev.py installed, or one on PATH."""
    found = BIN / name if (BIN / name).exists() else shutil.which(name)
    if found is None:
        (pytest.fail if REQUIRED else pytest.skip)(f"{name} is not here; `python3 dev.py test` installs it where Go is")
    return Path(str(found))


@functools.cache
def go_module(module: str) -> Path:
    """A Go module's folder in the module cache; it is downloaded only where every tier is required, as in CI."""
    if shutil.which("go") is None:
        (pytest.fail if REQUIRED else pytest.skip)("go is not on PATH")
    command = ["go", "mod", "download", "-json", module]
    environment = {**os.environ, "GOFLAGS": "-mod=mod", **({} if REQUIRED else {"GOPROXY": "off"})}
    done = subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, check=False)
    place = json.loads(done.stdout or "{}").get("Dir")
    if not place:
        (pytest.fail if REQUIRED else pytest.skip)(f"the Go module {module} is not in the module cache")
    return Path(place)
