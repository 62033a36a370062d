"""The files that planform brings along: in the wheel as package data, in a checkout at the top level."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["folder", "starter"]

_PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """The shipped folder `blueprints` or `policies`."""
    packaged = _PACKAGE / "data" / name
    return packaged if packaged.is_dir() else _PACKAGE.parent.parent / name


def starter(name: str) -> dict[str, str]:
    """The files of a new platform, by path: the minimal blueprint under its name, and the cdktf app over it."""
    blueprint = (folder("blueprints") / "minimal.yaml").read_text()
    named = re.sub(r"(?m)^name: .*$", f"name: {name}", blueprint)
    return {
        "blueprints/platform.yaml": named.replace("acme-ai-dev", f"{name}-dev"),
        "cdktf.json": CDKTF,
        "main.py": MAIN,
        "stacks/__init__.py": STACKS,
        "policies/README.md": POLICIES,
        "tests/test_blueprint.py": TEST,
    }


CDKTF = """{
  "language": "python",
  "app": "python main.py",
  "sendCrashReports": "false"
}
"""
MAIN = '''"""The cdktf app: which blueprint, and who composes it."""

from planform.pipeline import specs_of

from stacks import build

build(specs_of("blueprints")).synth()
'''
STACKS = '''"""This organisation's stacks: planform's, and constructs of one's own beside them."""

from collections.abc import Sequence

from planform.engine import App
from planform.environment import build_environment
from planform.spec.platform import EnvironmentSpec


def build(specs: Sequence[EnvironmentSpec]) -> App:
    """Every environment's stacks in one app."""
    app = App()
    for spec in specs:
        build_environment(app, spec)
    return app
'''
POLICIES = "# Policies\n\nRego rules of this organisation, one folder for each plane.\n"
TEST = '''"""The blueprint compiles."""

from planform.pipeline import compile_files


def test_blueprint_compiles() -> None:
    assert compile_files("blueprints").resources > 0
'''
