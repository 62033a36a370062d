"""Every component can stand in for every other of its capability, and a swap changes nothing that had no part in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import combinations

import pytest
import yaml
from allpairspy import AllPairs

from planform.blueprint.read import read_text
from planform.diagnostics import DiagnosticError
from planform.pipeline import Compilation, compile_documents
from planform.planes.catalog import builtin
from planform.planes.component import Component
from planform.spec.platform import EnvironmentSpec
from tests.fills import FILLS, NOT_WITH_VAULT, beside, components, platform


def compiled(chosen: Mapping[str, str], *environments: str) -> Compilation:
    text = yaml.safe_dump(platform(chosen), sort_keys=False)
    return compile_documents(read_text(text, "platform.yaml"), environments=environments)


@cache
def reference() -> Compilation:
    return compiled({})


def rows() -> list[dict[str, str]]:
    """Combinations in which every component meets every component of every other slot that it goes with."""
    pairs = AllPairs([list(fills) for fills in FILLS.values()])
    return [row for each in pairs for row in possible(dict(zip(FILLS, each, strict=True)))]


def possible(row: dict[str, str]) -> Iterator[dict[str, str]]:
    """The combination, or two in the place of one that is refused: one without Vault, one with it."""
    refused = [capability for capability, component in row.items() if (capability, component) in NOT_WITH_VAULT]
    if row["secrets"] == "vault" and refused:
        yield {**row, "secrets": "secret-manager"}
        yield {**row, **dict.fromkeys(refused, "existing")}
    else:
        yield row


def test_every_pair_is_in_some_combination() -> None:
    met = {pair for row in rows() for pair in combinations(sorted(row.items()), 2)}
    wanted = {tuple(sorted((one, other))) for one, other in combinations(components(), 2) if one[0] != other[0]}
    refused = {tuple(sorted((("secrets", "vault"), other))) for other in NOT_WITH_VAULT}
    assert wanted - refused <= met


@pytest.mark.parametrize(("capability", "component"), sorted(NOT_WITH_VAULT))
def test_a_secret_that_ci_cannot_read_is_refused(capability: str, component: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        compiled({"secrets": "vault", capability: component}, "dev")
    assert {each.code for each in caught.value.diagnostics} == {"contract/workflow"}


@pytest.mark.parametrize("row", rows(), ids=lambda row: "-".join(row.values())[:40])
def test_combinations_compile(row: Mapping[str, str]) -> None:
    assert compiled(row, "dev").resources > 0


def kinds(spec: EnvironmentSpec) -> dict[str, type[Component]]:
    """Capability to the class that fills it."""
    return {
        capability: builtin().load(capability, slot.component)
        for plane in spec.planes.values()
        for capability, slot in plane.slots.items()
    }


def part(capability: str, differing: set[str], *compilations: Compilation) -> set[str]:
    """The capabilities that have a part in a swap: who asks it for something, who is asked by it and by those, and
    who asks another whose answer differs for that reason. What applies stacks lists them, and asks for identities by
    their contents.
    """
    needs: dict[str, set[str]] = {}
    for each in compilations:
        for other, component in kinds(each.specs[0]).items():
            needs.setdefault(other, set()).update(need.capability for need in component.needs())
    found = {capability, *needs[capability], "infrastructure", *needs["infrastructure"]}
    while True:
        users = {other for other, asked in needs.items() if other in differing and asked & found & differing}
        more = {other for user in users for other in (user, *needs[user])} - found
        if not more:
            return found
        found |= more


def owners(made: Compilation) -> dict[str, tuple[str, str]]:
    """What was made, by its place, to the capability that made it and its text."""
    names = {slot.component if slot.component != "existing" else f"existing-{capability}": capability
             for plane in made.specs[0].planes.values() for capability, slot in plane.slots.items()}  # fmt: skip
    found = {
        path: (names.get(path.split("/")[3], path.split("/")[2]), str(text))
        for path, text in made.output.files.items()
        if path.startswith(("kubernetes/", "files/"))
    }
    for stack, records in made.records.items():
        for record in records:
            path = record.construct_path.split("/")
            body = json.dumps({key: value for key, value in record.body.items() if key != "//"}, default=str)
            found[f"{stack}/{record.key}"] = (path[1] if len(path) > 1 else "", body)
    return found


def changed(old: Compilation, new: Compilation) -> Iterator[tuple[str, str]]:
    """Place and capability of everything that differs."""
    before, after = owners(old), owners(new)
    for place in sorted(before.keys() | after.keys()):
        if before.get(place) != after.get(place):
            yield place, (after.get(place) or before[place])[0]


@pytest.mark.parametrize(("capability", "component"), components())
def test_a_swap_compiles_and_changes_only_who_has_a_part_in_it(capability: str, component: str) -> None:
    others = beside({capability: component})
    old, new = compiled(others) if others else reference(), compiled({capability: component})
    assert [spec.name for spec in new.specs] == ["dev", "staging", "prod"]
    differences = [(place, owner) for place, owner in changed(old, new) if "/sync/" not in place]
    allowed = part(capability, {owner for _, owner in differences}, old, new)
    strangers = [(place, owner) for place, owner in differences if owner not in allowed]
    assert [(place, owner) for place, owner in strangers if not owner.startswith("team-")] == []
