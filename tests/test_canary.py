"""A secret that somebody writes into a blueprint reaches no file, no message and no excerpt, wherever it stands."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from planform.blueprint.read import read_text
from planform.diagnostics import DiagnosticError, to_json, to_sarif, to_text
from planform.pipeline import compile_documents
from tests.fills import components, platform

CANARIES = {
    "github": "ghp_" + "c4nArY" * 6,
    "google": "AIza" + "c4nArYc4nArYc4nArYc4nArYc4nArYc4nAr",
}
"""Made up, in the forms of real ones."""
Path = tuple[str | int, ...]


def leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every text."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    elif isinstance(value, str):
        yield path


def planted(blueprint: dict[str, Any], path: Path, canary: str) -> str:
    """The blueprint's text with the canary in the place of a value."""
    made = copy.deepcopy(blueprint)
    place: Any = made
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = canary
    return yaml.safe_dump(made, sort_keys=False)


def told(text: str) -> str:
    """Everything that a run says or writes."""
    try:
        made = compile_documents(read_text(text, "platform.yaml"))
    except DiagnosticError as fault:
        found = fault.diagnostics
        return "\n".join((to_text(found, sources=fault.sources), str(to_json(found)), str(to_sarif(found))))
    return "\n".join(map(str, made.output.files.values()))


@pytest.mark.parametrize("kind", CANARIES)
def test_no_field_of_the_reference_lets_a_secret_through(kind: str) -> None:
    blueprint, canary = platform({}), CANARIES[kind]
    paths = list(leaves(blueprint))
    assert len(paths) > 40
    for path in paths:
        said = told(planted(blueprint, path, canary))
        assert canary not in said, ".".join(map(str, path))
        assert "secret" in said, ".".join(map(str, path))


@pytest.mark.parametrize(("capability", "component"), components())
def test_no_setting_of_a_component_lets_a_secret_through(capability: str, component: str) -> None:
    blueprint, canary = platform({capability: component}), CANARIES["github"]
    (plane,) = [name for name, block in blueprint["planes"].items() if capability in block]
    paths = list(leaves(blueprint["planes"][plane][capability], ("planes", plane, capability)))
    assert paths
    for path in paths:
        said = told(planted(blueprint, path, canary))
        assert canary not in said, ".".join(map(str, path))
        assert "secret" in said, ".".join(map(str, path))
