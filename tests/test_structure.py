"""The layout holds: imports run the way data runs, lists are complete, nothing hides in a corner."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import planform
from planform import planes
from planform.planes.catalog import PLANES, builtin
from planform.planes.component import Component

PACKAGE = Path(planform.__file__).parent
ORDER = (
    "literals",
    "plain_yaml",
    "entry_points",
    "codes",
    "diagnostics",
    "engine_json",
    "native",
    "engine",
    "blueprint",
    "spec",
    "terraform",
    "kubernetes",
    "files",
    "shipped",
    "rules",
    "contracts",
    "planes",
    "golden_paths",
    "environment",
    "output",
    "checks",
    "ledger",
    "pages",
    "own_app",
    "pipeline",
    "changed",
    "report",
    "preview",
    "cli",
)
"""A module imports only from those before it."""
PART_OF = {"engine_json": "engine", "native": "engine"}
"""The engine is one part: its module, the writer and planform's own engine."""


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield ".".join(path.relative_to(PACKAGE).with_suffix("").parts), path


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_imports_run_the_way_data_runs() -> None:
    wrong = []
    for module, path in modules():
        part = module.split(".")[0]
        if part == "__init__":
            continue
        for imported in imports(path):
            if not imported.startswith("planform."):
                continue
            other = imported.split(".")[1]
            if ORDER.index(PART_OF.get(other, other)) > ORDER.index(PART_OF.get(part, part)):
                wrong.append(f"{module} imports {imported}")
    assert wrong == []


def test_every_part_has_a_place_in_the_order() -> None:
    parts = {path.stem if path.is_file() else path.name for path in PACKAGE.iterdir()}
    parts -= {"__init__", "py", "__pycache__", "data"}
    assert parts - {"py.typed"} == set(ORDER)


def test_one_module_imports_the_engine() -> None:
    users = {module for module, path in modules() for name in imports(path) if name.split(".")[0] in ("cdktf", "cdktn")}
    assert users <= {"engine"}


def test_planes_do_not_import_each_other() -> None:
    wrong = []
    for module, path in modules():
        parts = module.split(".")
        if parts[0] != "planes" or len(parts) < 3:
            continue
        others = {plane.__name__.rsplit(".", 1)[1] for plane in PLANES} - {parts[1]}
        wrong += [f"{module} imports {name}" for name in imports(path) if name.split(".")[1:2] == ["planes"]
                  and name.split(".")[2:3] and name.split(".")[2] in others]  # fmt: skip
    assert wrong == []


def test_golden_paths_know_no_component() -> None:
    own = {plane.__name__ for plane in PLANES}
    wrong = [f"{module} imports {name}" for module, path in modules() if module.startswith("golden_paths.")
             for name in imports(path) if ".".join(name.split(".")[:3]) in own]  # fmt: skip
    assert wrong == []


def test_the_source_root_is_no_package() -> None:
    assert not (PACKAGE.parent / "__init__.py").exists()


def components() -> Iterator[type[Component]]:
    for found in pkgutil.walk_packages(planes.__path__, "planform.planes."):
        module = importlib.import_module(found.name)
        for _, value in inspect.getmembers(module, inspect.isclass):
            if (
                issubclass(value, Component)
                and hasattr(value, "provides")
                and value.__module__ == module.__name__
                and hasattr(value, "name")
            ):
                yield value


def test_every_component_is_listed_under_its_own_name() -> None:
    catalog = builtin()
    listed = {catalog.load(entry.capability, entry.name) for entry in catalog}
    assert listed == set(components())


@pytest.mark.parametrize("component", sorted(components(), key=str), ids=lambda each: each.__name__)
def test_every_component_is_described(component: type[Component]) -> None:
    text = inspect.getdoc(component) or ""
    assert "Provides:" in text
    assert "Source:" in text or component.name == "existing"
    for name, field in component.Settings.model_fields.items():
        assert field.description, f"{component.__name__}.{name} has no description"


@pytest.mark.parametrize("component", sorted(components(), key=str), ids=lambda each: each.__name__)
def test_every_component_keeps_its_contract(component: type[Component]) -> None:
    members = [name for name in vars(component.provides) if not name.startswith("_")]
    assert members
    for member in members:
        asked = inspect.signature(getattr(component.provides, member))
        kept = inspect.signature(getattr(component, member))
        assert list(asked.parameters)[1:] == list(kept.parameters)[1 : len(asked.parameters)]


def test_every_capability_has_two_components_and_existing() -> None:
    catalog = builtin()
    for capability in catalog.capabilities:
        assert "existing" in catalog.names(capability)
        assert len(catalog.names(capability)) >= 2


def test_help_loads_none_of_the_compiler() -> None:
    code = (
        "import sys, planform.cli as c\n"
        "try: c.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in sys.modules if m in ('pydantic','yaml','cdktf','jsii','planform.pipeline','wasmtime')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          env={"PYTHONPATH": str(PACKAGE.parent), "PATH": ""})  # fmt: skip
    assert done.stdout.strip().endswith("[]")
