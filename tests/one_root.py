"""Many stacks as one Terraform root, so that one run of Terraform judges them all, and together."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["in_one_root"]


def in_one_root(documents: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    """One document of all: key to a mark and the text of a stack.

    Addresses get the mark before their name, so stacks of one mark must not share an address. Provider configurations
    that differ in labels only are one, as each is a process of its own. Variables of one name are one variable.
    """
    merged: dict[str, Any] = {"resource": {}, "provider": {}, "terraform": {"required_providers": {}}}
    for mark, text in documents.values():
        _add(merged, mark, json.loads(text))
    return merged


def _add(merged: dict[str, Any], mark: str, document: dict[str, Any]) -> None:
    addresses = {
        f"{kind}.{name}"
        for section in ("resource", "data")
        for kind, named in document.get(section, {}).items()
        for name in named
    }
    address = re.compile(r"\b(" + "|".join(sorted({re.escape(each.split(".")[0]) for each in addresses})) + r")\.(\w+)")

    def renamed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: renamed(item) for key, item in value.items()}
        if isinstance(value, list):
            return [renamed(item) for item in value]
        if not isinstance(value, str) or not ("${" in value or value in addresses):
            return value
        return address.sub(lambda found: f"{found[1]}.{mark}_{found[2]}", value)

    aliases = _configured(merged["provider"], document)
    for kind, named in document.get("resource", {}).items():
        held = merged["resource"].setdefault(kind, {})
        for name, body in named.items():
            assert f"{mark}_{name}" not in held, f"{kind}.{name} is in two stacks of {mark}"
            held[f"{mark}_{name}"] = {**renamed(body), "provider": aliases[_provider(document, kind, body)]}
    if document.get("variable"):
        merged["variable"] = {**merged.get("variable", {}), **document["variable"]}
    merged["terraform"]["required_providers"] |= document["terraform"]["required_providers"]


def _configured(held: dict[str, list[dict[str, Any]]], document: Mapping[str, Any]) -> dict[str, str]:
    """Each provider configuration of a document, as its resources name it, to the alias that it has in the whole."""
    aliases = {}
    for name, configurations in document.get("provider", {}).items():
        for each in configurations:
            plain = {key: value for key, value in each.items() if key not in ("alias", "default_labels")}
            same = [other for other in held.setdefault(name, []) if {**other, "alias": ""} == {**plain, "alias": ""}]
            found = same[0] if same else {**plain, "alias": f"c{len(held[name])}"}
            if not same:
                held[name].append(found)
            own = f"{name}.{each['alias']}" if "alias" in each else name
            aliases[own] = f"{name}.{found['alias']}"
    return aliases


def _provider(document: Mapping[str, Any], kind: str, body: Mapping[str, Any]) -> str:
    """The configuration that a resource names, or by default the one of the provider that its type begins with."""
    prefix = kind.split("_", maxsplit=1)[0]
    return str(body.get("provider") or next(name for name in document["provider"] if name.startswith(prefix)))
