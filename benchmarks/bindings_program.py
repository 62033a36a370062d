"""Writes the program that makes the resources of given documents with the prebuilt Google bindings: `FROM PROGRAM`.

Runs in the bindings' own environment. What a person would write by hand is generated: one constructor call for each
resource, structs for its blocks, `add_override` for what these bindings do not know (they are of an earlier provider)
and for `lifecycle` and `depends_on`. References stay text, which costs the bindings least.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PACKAGE = "cdktf_cdktf_provider_google"
META = ("//", "lifecycle", "depends_on", "provider")


def pascal(name: str) -> str:
    """`storage_bucket` -> `StorageBucket`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _has(kind: str) -> bool:
    """Whether the bindings have a type: not those of other providers, and none that is newer than they are."""
    module = kind.removeprefix("google_")
    return module != kind and importlib.util.find_spec(f"{PACKAGE}.{module}") is not None


class Program:
    """The text of one program, and what of it had to be overrides."""

    def __init__(self) -> None:
        self.imports: dict[str, set[str]] = {}
        self.lines: list[str] = []
        self.overrides: Counter[str] = Counter()
        self.resources = 0
        self.left_out = 0
        self.kinds: set[str] = set()
        self._left: list[tuple[tuple[str, ...], Any]] = []

    def text(self) -> str:
        """The whole program; its one argument is the output folder."""
        heads = ["import sys", "", "import cdktf"]
        heads += [f"from {PACKAGE}.{name} import {', '.join(sorted(names))}" for name, names in self.imports.items()]
        return "\n".join([*heads, "", "app = cdktf.App(outdir=sys.argv[1])", *self.lines, "app.synth()", ""])

    def stack(self, name: str, document: Mapping[str, Any]) -> None:
        """Everything of one stack."""
        self.lines += ["", f"stack = cdktf.TerraformStack(app, {name!r})"]
        known = {kind: named for kind, named in document["resource"].items() if _has(kind)}
        self.kinds |= known.keys()
        self.left_out += sum(len(named) for kind, named in document["resource"].items() if kind not in known)
        names = Counter(each for named in known.values() for each in named)
        for arguments in document.get("provider", {}).get("google", []):
            self._make("google_provider", "provider", arguments, "google")
        for kind, named in known.items():
            for each, body in named.items():
                clash = names[each] > 1
                self._make(kind, kind.removeprefix("google_"), body, f"{kind}-{each}" if clash else each)
                if clash:
                    self.lines.append(f"made.override_logical_id({each!r})")
                self.resources += 1

    def _make(self, kind: str, module: str, body: Mapping[str, Any], construct_id: str) -> None:
        name = pascal(kind) if module == "provider" else pascal(module)
        source = importlib.import_module(f"{PACKAGE}.{module}")
        self.imports.setdefault(module, set()).add(name)
        known = inspect.signature(getattr(source, name).__init__).parameters
        given = {key: value for key, value in body.items() if key in known and key not in META}
        written = [f"{key}={self._value(source, name, key, known, value, ())}" for key, value in given.items()]
        self.lines.append(f"made = {name}(stack, {construct_id!r}, {', '.join(written)})")
        for key, value in body.items():
            if key != "//" and key not in given:
                self._override((key,), value)
        for path, value in self._left:
            self._override(path, value)
        self._left.clear()

    def _override(self, path: tuple[str, ...], value: Any) -> None:
        if path[0] not in META:
            self.overrides[".".join(part for part in path if not part.isdigit())] += 1
        self.lines.append(f"made.add_override({'.'.join(path)!r}, {value!r})")

    def _value(
        self, source: Any, owner: str, key: str, known: Mapping[str, Any], value: Any, at: tuple[str, ...]
    ) -> str:
        struct = f"{owner}{pascal(key)}"
        blocks = value if isinstance(value, list) else [value]
        if not hasattr(source, struct) or not all(isinstance(each, dict) for each in blocks):
            return repr(value)
        self.imports[source.__name__.rsplit(".", 1)[1]].add(struct)
        many = "Sequence[" in str(known[key].annotation)
        at = (*at, key)
        inner = [
            self._struct(source, struct, each, (*at, str(index)) if many else at) for index, each in enumerate(blocks)
        ]
        return f"[{', '.join(inner)}]" if many else inner[0]

    def _struct(self, source: Any, name: str, body: Mapping[str, Any], at: tuple[str, ...]) -> str:
        known = inspect.signature(getattr(source, name).__init__).parameters
        written = []
        for key, value in body.items():
            if key in known:
                written.append(f"{key}={self._value(source, name, key, known, value, at)}")
            else:
                self._left.append(((*at, key), value))
        return f"{name}({', '.join(written)})"


def main(source: Path, target: Path) -> None:
    """Read documents, write the program; print what it has."""
    program = Program()
    for path in sorted(source.glob("stacks/*/cdk.tf.json")):
        program.stack(path.parent.name, json.loads(path.read_text()))
    target.write_text(program.text())
    facts = {
        "resources": program.resources,
        "left_out": program.left_out,
        "overrides": dict(program.overrides),
        "kinds": sorted(program.kinds),
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
