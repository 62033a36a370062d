"""Tools that judge outputs and do not come with pip: where they are, and what to do without them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

GO_TOOLS = Path(__file__).parent.parent / ".tools" / "go" / "bin"
"""Where `dev.py` puts them."""
REQUIRED = os.environ.get("PLANFORM_REQUIRE_TIERS") == "1"


def tool(name: str) -> str:
    """The path of a tool; skips by name where it is not, fails where every tier is required."""
    found = shutil.which(name, path=f"{GO_TOOLS}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        reason = f"{name} is not here: `python3 dev.py test` installs what is a Go module, where there is a go"
        (pytest.fail if REQUIRED else pytest.skip)(reason)
    return str(found)
