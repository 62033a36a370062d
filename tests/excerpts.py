"""What people write and rules judge: `fails` and `passes` of `tests/policies/<plane>.<rule>.yaml`, in the form that
docs/concepts/policies.md describes.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from planform.blueprint.read import read_text
from planform.pipeline import Compilation, compile_documents
from planform.planes.component import Component

__all__ = ["CASES", "Excerpt", "excerpts"]

CASES = Path(__file__).parent / "policies"
BASE = CASES / "base" / "platform.yaml"
OWN = Path(__file__).parent / "fixtures" / "own"
"""A distribution with one component of one's own, `acme` for the slot `own`."""


@dataclass(frozen=True)
class Excerpt:
    """One entry of a case: an excerpt of a blueprint, and `build` of a component of one's own where there is one."""

    rule: str
    number: int
    blueprint: str
    build: str
    finds: tuple[str, ...]

    @property
    def id(self) -> str:
        return f"{self.rule}-{'fails' if self.finds else 'passes'}-{self.number}"

    def compiled(self, monkeypatch: pytest.MonkeyPatch, more: str = "") -> Compilation:
        """What it and more of a blueprint compile to, laid over the base.

        The component is found by its entry point, as anybody's is.
        """
        monkeypatch.syspath_prepend(OWN)
        if self.build:
            own = {"name": "acme", "capability": "own", "provides": object, "build": _function(self.build)}
            monkeypatch.setattr(importlib.import_module("acme_own"), "Own", type("Own", (Component,), own))
        base = yaml.safe_load(BASE.read_text())
        platform, *workloads = yaml.safe_load_all(self.blueprint)
        platform = _laid_over(_laid_over(base, platform), yaml.safe_load(more) or {})
        return compile_documents(read_text(yaml.safe_dump_all([platform, *workloads]), "platform.yaml"))


def excerpts() -> Iterator[Excerpt]:
    """Every excerpt of every rule."""
    for path in sorted(CASES.glob("*.yaml")):
        case = yaml.safe_load(path.read_text())
        rule = path.stem.replace(".", "/", 1)
        for kind in ("fails", "passes"):
            for number, entry in enumerate(case.get(kind, ()), 1):
                finds = tuple(sorted(entry.get("finds", ())))
                yield Excerpt(rule, number, entry["blueprint"], entry.get("build", ""), finds)


def _function(source: str) -> Any:
    names: dict[str, Any] = {}
    exec(compile(source, "own.py", "exec"), names)
    return names["build"]


def _laid_over(below: Any, above: Any) -> Any:
    """As overrides of an environment: maps are merged, null removes, everything else replaces."""
    if not isinstance(below, Mapping) or not isinstance(above, Mapping):
        return above
    merged = {key: _laid_over(below[key], value) if key in below else value for key, value in above.items()}
    return {key: value for key, value in {**below, **merged}.items() if value is not None}
