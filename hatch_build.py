"""Build hook: writes the type stubs of the provider modules beside them, into wheels and editable installs."""

from __future__ import annotations

import importlib
import sys
import types
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGES = ("planform", "planform.terraform")


class StubsHook(BuildHookInterface[Any]):
    """Runs `planform.terraform.stubs` from the source tree, with what `build-system` requires and no more."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        source = Path(self.root, "constructs")
        stubs = _import_alone(source)
        stubs.write_stubs(source / "planform" / "terraform")


def _import_alone(source: Path) -> Any:
    """The module, imported past the packages' own `__init__`, which need what a build does not have."""
    before = {name: sys.modules[name] for name in list(sys.modules) if name.partition(".")[0] == "planform"}
    for name in before:
        del sys.modules[name]
    sys.path.insert(0, str(source))
    try:
        for name in PACKAGES:
            package = types.ModuleType(name)
            package.__path__ = [str(source.joinpath(*name.split(".")))]
            sys.modules[name] = package
        return importlib.import_module("planform.terraform.stubs")
    finally:
        sys.path.remove(str(source))
        for name in [each for each in sys.modules if each.partition(".")[0] == "planform"]:
            del sys.modules[name]
        sys.modules.update(before)
