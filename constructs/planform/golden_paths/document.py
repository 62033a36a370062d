"""A workload document as text: what a kind asks for, each value where it belongs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from planform.golden_paths.form import fields_of
from planform.kubernetes.writer import to_yaml
from planform.spec.workload import Workload

__all__ = ["document", "required", "schema_of", "value_of"]


def required(model: type[Workload]) -> list[tuple[str, str]]:
    """The settings without which a document says nothing, those inside others with a dot, and what each is."""
    return [each for field in fields_of(model, {}) if field.required for each in _required(field.name, field.schema)]


def _required(name: str, schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    inside = schema.get("required", ())
    for each in inside:
        yield from _required(f"{name}.{each}", schema["properties"][each])
    if not inside:
        yield name, schema.get("description", "")


def value_of(text: str, schema: Mapping[str, Any] | None = None) -> Any:
    """What somebody wrote on the command line: JSON where it is that, else the text itself, as where the schema of the
    setting takes texts alone: a version `3` is one.
    """
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return text
    takes_text = schema is not None and schema.get("type") == "string"
    return text if takes_text and not isinstance(value, str) else value


def schema_of(model: type[Workload], setting: str) -> Mapping[str, Any]:
    """The schema of a setting, by its dotted name; empty where there is none of that name."""
    found: Mapping[str, Any] = {"properties": {field.name: field.schema for field in fields_of(model, {})}}
    for part in setting.split("."):
        found = found.get("properties", {}).get(part) or found.get("additionalProperties") or {}
    return found


def document(kind: str, settings: Sequence[tuple[str, Any]]) -> str:
    """The document; a setting inside another is named with a dot, `accelerator.type`."""
    value: dict[str, Any] = {"planform": 1, "kind": kind}
    for path, given in settings:
        holder = value
        *parents, last = path.split(".")
        for parent in parents:
            holder = holder.setdefault(parent, {})
        holder[last] = given
    return to_yaml(value)
