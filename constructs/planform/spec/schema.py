"""The JSON Schema of blueprints, made from the models: what an editor completes, explains and underlines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from planform.spec.platform import Platform
from planform.spec.resolve import Components

__all__ = ["json_schema"]


def json_schema(components: Components) -> dict[str, Any]:
    """The schema of a `Platform` document with every component's settings, draft 2020-12.

    The same schema serves `planes` and the overrides under `environments.<name>.planes`; there, a slot may be
    null, and what a component requires may already stand in the platform's part.
    """
    schema = Platform.model_json_schema()
    definitions: dict[str, Any] = schema.setdefault("$defs", {})
    slots = {capability: _slot(capability, components, definitions) for capability in components.capabilities}
    overrides = {capability: {"anyOf": [_partial(slot), {"type": "null"}]} for capability, slot in slots.items()}
    plane = definitions["PlaneBlock"]
    plane["properties"] |= slots
    plane["additionalProperties"] = False
    definitions["PlaneOverride"] = {
        "type": "object",
        "title": "PlaneOverride",
        "properties": {**plane["properties"], **overrides},
        "additionalProperties": False,
    }
    block = definitions["EnvironmentBlock"]["properties"]
    block["planes"] |= {"additionalProperties": {"$ref": "#/$defs/PlaneOverride"}}
    number = block["project_number"]
    block["project_number"] = {
        "anyOf": [{**number}, {"type": "integer", "minimum": 100000}],
        "description": number["description"],
    }
    for definition in _parts(schema):
        if "patternProperties" in definition:
            definition.setdefault("additionalProperties", False)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "planform blueprint",
        "description": "One `Platform` document of a planform blueprint.",
        **{key: value for key, value in schema.items() if key not in ("title", "description")},
    }


def _slot(capability: str, components: Components, definitions: dict[str, Any]) -> dict[str, Any]:
    names = components.names(capability)
    forms: list[dict[str, Any]] = []
    for name in names:
        component = components.load(capability, name)
        own = component.Settings.model_json_schema(ref_template=f"#/$defs/{capability}.{name}.{{model}}")
        for title, definition in own.pop("$defs", {}).items():
            definitions[f"{capability}.{name}.{title}"] = definition
        own["properties"] = {
            "use": {"const": name, "description": _first_line(component)},
            **own.get("properties", {}),
        }
        own["required"] = ["use", *own.get("required", [])]
        own["title"] = f"{capability}: {name}"
        definitions[f"{capability}.{name}"] = own
        forms.append({"$ref": f"#/$defs/{capability}.{name}"})
    texts = [{"const": name, "description": _first_line(components.load(capability, name))} for name in names]
    return {"description": f"The component that fills `{capability}`.", "anyOf": [{"anyOf": texts}, *forms]}


def _partial(slot: dict[str, Any]) -> dict[str, Any]:
    """An override: a name, or any part of a slot's settings, which are judged after merging."""
    return {"description": slot["description"], "anyOf": [slot["anyOf"][0], {"type": "object"}]}


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Every mapping in a schema, the outermost first."""
    if isinstance(schema, dict):
        yield schema
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from _parts(part)


def _first_line(component: type) -> str:
    return (component.__doc__ or "").strip().split("\n")[0]
