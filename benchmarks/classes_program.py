"""The program that makes the same resources with planform's own classes.

As bindings_program.py: one call for each resource that the bindings have too, by the names that those give. What that
one leaves to overrides are arguments here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from benchmarks.bindings_program import pascal

_REFERENCE = re.compile(r"(?<!\$)\$\{([^{}]*)\}")


def program(documents: Mapping[str, Mapping[str, Any]], kinds: Iterable[str]) -> str:
    """The whole program over stacks by name; its one argument is the output folder."""
    known = sorted(kinds)
    heads = ["import sys", "", "from planform.engine import App, TerraformStack"]
    heads.append(f"from planform.terraform.google import GoogleProvider, {', '.join(map(_class, known))}")
    heads += ["from planform.terraform import Lifecycle, expr, template", "", "app = App(outdir=sys.argv[1])"]
    lines: list[str] = []
    for name, document in documents.items():
        lines += ["", f"stack = TerraformStack(app, {name!r})"]
        lines += [
            f"GoogleProvider(stack, 'google', **{_value(each)})" for each in document["provider"].get("google", ())
        ]
        for kind in sorted(document["resource"].keys() & kinds):
            for each, body in document["resource"][kind].items():
                lines.append(f"{_class(kind)}(stack, {each!r}, {_arguments(body)})")
    return "\n".join([*heads, *lines, "app.synth()", ""])


def _class(kind: str) -> str:
    return pascal(kind.removeprefix("google_"))


def _arguments(body: Mapping[str, Any]) -> str:
    given = {key: _value(value) for key, value in body.items() if key not in ("//", "lifecycle")}
    if "lifecycle" in body:
        given["lifecycle"] = f"Lifecycle(**{_value(body['lifecycle'])})"
    return ", ".join(f"{key}={value}" for key, value in given.items())


def _value(value: Any) -> str:
    """A value as Python writes it, references in it as expressions."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key!r}: {_value(each)}" for key, each in value.items() if key != "//") + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return _text(value) if isinstance(value, str) else repr(value)


def _text(value: str) -> str:
    plain, found = _REFERENCE.sub("\0", value), _REFERENCE.findall(value)
    unescaped = plain.replace("$${", "${").replace("%%{", "%{")
    if not found:
        return repr(unescaped)
    if plain == "\0":
        return f"expr({found[0]!r})"
    pattern = unescaped.replace("{", "{{").replace("}", "}}").replace("\0", "{}")
    return f"template({pattern!r}, {', '.join(f'expr({each!r})' for each in found)})"
