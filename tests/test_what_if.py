"""Head with a value taken back is what a whole compilation of it gives, from as few environments as can be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from planform.blueprint.document import Document
from planform.blueprint.read import read_text
from planform.output.output import MANIFEST
from planform.pipeline import Compilation, compile_documents
from planform.preview.causes import Difference, causes, differences
from planform.preview.causes import _taken_back as taken_back
from planform.preview.structure import compare
from planform.preview.what_if import Compiled, what_if
from planform.spec.platform import EnvironmentSpec

REFERENCE = Path(__file__).parent.parent / "blueprints" / "reference"
BASE = {path.name: path.read_text() for path in sorted(REFERENCE.rglob("*.yaml"))}
Edit = tuple[str, str, str]
LABEL: Edit = ("platform.yaml", "cost_center: ai-platform", "cost_center: elsewhere")
POOL: Edit = ("platform.yaml", "          max_nodes: 8\n", "          max_nodes: 9\n")  # dev has a number of its own
DEV: Edit = ("platform.yaml", "capacity: spot, max_nodes: 4", "capacity: spot, max_nodes: 5")
HOST: Edit = ("platform.yaml", "host: portal.dev.acme.example", "host: door.dev.acme.example")
KIND: Edit = ("golden-path.yaml", "disk_gib: 500", "disk_gib: 600")
CODE: Edit = ("platform.yaml", "    ci: github-actions\n", "    ci: {use: github-actions, runs_on: ubuntu-22.04}\n")


def documents(*edits: Edit, ledger: str = "") -> tuple[Document, ...]:
    texts = dict(BASE)
    for file, old, new in edits:
        assert old in texts[file]
        texts[file] = texts[file].replace(old, new, 1)
    found = [document for file, text in texts.items() for document in read_text(text, file)]
    return (*found, *(read_text(ledger, "addresses.yaml") if ledger else ()))


class Counted:
    """Compiles as a preview does, and remembers what."""

    def __init__(self) -> None:
        self.environments: list[list[str]] = []

    def __call__(self, held: Sequence[Document], specs: tuple[EnvironmentSpec, ...]) -> Compilation:
        self.environments.append([spec.name for spec in specs])
        return compile_documents(held, specs=specs, may_lose=True)


@pytest.mark.parametrize(
    ("edits", "anew"),
    [
        ((POOL, DEV), {"max_nodes 8": [], "max_nodes 4": []}),
        ((DEV, HOST), {"max_nodes 4": [["dev"]], "host portal.dev.acme.example": [["dev"]]}),
        ((LABEL, HOST), {"cost_center ai-platform": [["dev"]], "host portal.dev.acme.example": [["dev"]]}),
        ((CODE, HOST), {"ci github-actions": [["dev"]], "host portal.dev.acme.example": [["dev"]]}),
        ((KIND, HOST), {"host portal.dev.acme.example": [["dev"]]}),
    ],
    ids=["apart", "one environment", "everywhere", "the repository", "a kind of one's own"],
)  # fmt: skip
def test_it_is_what_all_of_it_compiles_to(edits: Sequence[Edit], anew: dict[str, list[list[str]]]) -> None:
    base, head = documents(), documents(*edits)
    sides = [Compiled(each, compile_documents(each)) for each in (base, head)]
    for difference in differences(base, head):
        held = [each for each in taken_back(base, head, difference) if each is not None]
        counted = Counted()
        found = what_if(held, (), sides, counted)
        whole = {path: text for path, text in compile_documents(held).output.files.items() if path != MANIFEST}
        assert found.files == whole, difference.cause
        name = _name(difference)
        if name in anew:
            assert counted.environments == anew[name], difference.cause


def _name(difference: Difference) -> str:
    before = difference.before
    return f"{difference.path[-1]} {before.get('use') if isinstance(before, dict) else before}"


def test_a_ledger_that_differs_is_of_head_alone() -> None:
    """Moves come of the ledger, which no spec holds: base, which has another, is not taken for head with head's."""
    ledger = "planform: 1\nkind: Addresses\nwritten_by: 0.1.0\nenvironments: {}\n"
    base, head = documents(), documents(DEV, ledger=ledger)
    sides = [Compiled(each, compile_documents(each, may_lose=True)) for each in (base, head)]
    counted = Counted()
    back = [each for each in taken_back(base, head, next(_values(base, head))) if each is not None]
    what_if(back, (), sides, counted)
    assert counted.environments == [["dev"]], "staging and prod are as in head, and dev only as in base"


def _values(base: Sequence[Document], head: Sequence[Document]):  # type: ignore[no-untyped-def]
    return (each for each in differences(base, head) if each.path)


def test_of_two_values_one_is_taken_back() -> None:
    base, head = documents(), documents(POOL, HOST)
    outputs = compile_documents(base).output, compile_documents(head).output
    compiled: list[Sequence[Document]] = []

    def once(held: Sequence[Document]):  # type: ignore[no-untyped-def]
        compiled.append(held)
        return compile_documents(held).output

    verdicts = list(compare(*outputs))
    found = causes(base, head, outputs, verdicts, once)
    assert len(compiled) == 1 and len(found) == len(verdicts)
    paths = {address: [cause.path.rpartition(".")[2] for cause in because] for address, because in found.items()}
    assert {tuple(each) for each in paths.values()} == {("max_nodes",), ("host",)}
    assert all((each == ["host"]) == ("-dev-" in stack or "/dev/" in stack or stack.endswith("/dev"))
               for (stack, _), each in paths.items()), paths  # fmt: skip
