"""The reference blueprint with other components in its slots: what conformance and swaps are tested on."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from planform.blueprint.document import Document
from planform.blueprint.read import read_text

__all__ = ["FILLS", "NOT_WITH_VAULT", "REFERENCE", "beside", "components", "documents", "platform"]

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "blueprints" / "reference" / "platform.yaml"
FILLS: Mapping[str, Mapping[str, dict[str, Any]]] = yaml.safe_load((Path(__file__).parent / "fills.yaml").read_text())
"""Capability to component to the settings by which it fills the slot; null takes those of the reference.

`{project}` stands for the environment's.
"""
NOT_WITH_VAULT = frozenset({("infrastructure", "terraform"), ("model_observability", "arize")})
"""What has CI read a secret of the store in the reference: a workflow reads those of Secret Manager and no others."""


@cache
def _reference() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(REFERENCE.read_text())
    return loaded


def components() -> list[tuple[str, str]]:
    """Every capability with each of its components."""
    return [(capability, component) for capability, fills in FILLS.items() for component in fills]


def beside(chosen: Mapping[str, str]) -> dict[str, str]:
    """What has to be swapped in the reference too, so that these components can be chosen."""
    if chosen.get("secrets") != "vault":
        return {}
    return {capability: "existing" for capability, _ in NOT_WITH_VAULT if capability not in chosen}


def platform(chosen: Mapping[str, str]) -> dict[str, Any]:
    """The reference platform with these components by capability; a slot's overrides go with its component."""
    made = copy.deepcopy(_reference())
    for capability, component in {**beside(chosen), **chosen}.items():
        (plane,) = [name for name, block in made["planes"].items() if capability in block]
        settings = FILLS[capability][component]
        slot = made["planes"][plane][capability]
        if (slot["use"] if isinstance(slot, dict) else slot) == component and settings is None:
            continue
        made["planes"][plane][capability] = {"use": component, **(settings or {})}
        for block in made["environments"].values():
            block.get("planes", {}).get(plane, {}).pop(capability, None)
            if settings and "{project}" in json.dumps(settings):
                own = _filled(settings, block["project"])
                block.setdefault("planes", {}).setdefault(plane, {})[capability] = own
        if settings:
            first = next(iter(made["environments"].values()))
            made["planes"][plane][capability] |= _filled(settings, first["project"])
    return made


def _filled(settings: Mapping[str, Any], project: str) -> dict[str, Any]:
    """Settings with the environment's project in the place of `{project}`."""
    filled: dict[str, Any] = json.loads(json.dumps(settings).replace("{project}", project))
    return filled


def documents(capability: str, component: str) -> Sequence[Document]:
    """The documents of the reference platform with one component in its slot."""
    return read_text(yaml.safe_dump(platform({capability: component}), sort_keys=False), "platform.yaml")
