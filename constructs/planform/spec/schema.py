"""The JSON Schema of blueprints, made from the models: what an editor completes, explains and underlines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from planform.spec.addresses import Addresses
from planform.spec.platform import Platform
from planform.spec.resolve import Components
from planform.spec.versions import Versions
from planform.spec.workload import COMMON
from planform.spec.workloads import Kinds

__all__ = ["json_schema"]

OVERRIDE = "override."
"""The start of the names of definitions that serve overrides."""


def json_schema(components: Components, kinds: Kinds | None = None) -> dict[str, Any]:
    """The schema of a `Platform` document with every component's settings, and of the other kinds, draft 2020-12.

    Overrides under `environments.<name>.planes` have definitions of their own: there nothing is required, as it may
    stand in the platform's part, and null removes what stands there.
    """
    schema = Platform.model_json_schema()
    definitions: dict[str, Any] = schema.setdefault("$defs", {})
    slots = {capability: _slot(capability, components, definitions) for capability in components.capabilities}
    own = {name: definition for name, definition in definitions.items() if name.split(".")[0] in slots}
    definitions |= {f"{OVERRIDE}{name}": _partial(definition, own) for name, definition in own.items()}
    overrides = {capability: _partial({"anyOf": [slot]}, own)["anyOf"][0] for capability, slot in slots.items()}
    overrides = {capability: {"anyOf": [slot, {"type": "null"}]} for capability, slot in overrides.items()}
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
    addresses = Addresses.model_json_schema(ref_template="#/$defs/Addresses.{model}")
    definitions |= {f"Addresses.{name}": definition for name, definition in addresses["$defs"].items()}
    for definition in _parts(schema):
        if "patternProperties" in definition:
            definition.setdefault("additionalProperties", False)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "planform blueprint",
        "description": "One document of a planform blueprint.",
        "$defs": definitions,
        **_by_kind(
            {
                "Versions": Versions.model_json_schema(),
                "Addresses": {key: value for key, value in addresses.items() if key != "$defs"},
                **_workloads(kinds, definitions),
            },
            {key: value for key, value in schema.items() if key != "$defs"},
        ),
    }


def _by_kind(kinds: Mapping[str, Any], platform: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of whichever kind a document is, and the platform's where it is none of them."""
    result = dict(platform)
    for kind, schema in reversed([*kinds.items()]):
        test = {"properties": {"kind": {"const": kind}}, "required": ["kind"]}
        result = {"if": test, "then": schema, "else": result}
    return result


def _workloads(kinds: Kinds | None, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schemas of workload documents; an environment's part of one may say any of it, and null removes."""
    found: dict[str, Any] = {}
    for kind in kinds.names if kinds is not None else ():
        schema = kinds.schema(kind, f"#/$defs/{kind}.{{model}}") if kinds else {}
        own = {f"{kind}.{title}": part for title, part in schema.pop("$defs", {}).items()}
        definitions |= own | {f"{OVERRIDE}{name}": _partial(part, own) for name, part in own.items()}
        different = {key: part for key, part in schema["properties"].items() if key not in COMMON}
        override = {
            "type": "object",
            "properties": {key: _or_null(_partial(part, own)) for key, part in different.items()},
            "additionalProperties": False,
        }
        for form in schema["properties"]["environments"]["anyOf"]:
            if form.get("type") == "object":
                form["additionalProperties"] = {"anyOf": [override, {"type": "null"}]}
        definitions[kind] = schema
        found[kind] = {"$ref": f"#/$defs/{kind}"}
    return found


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


def _partial(schema: Any, own: Mapping[str, Any]) -> Any:
    """A schema for a part of what it describes: nothing is required, and null stands for what is removed."""
    if isinstance(schema, list):
        return [_partial(each, own) for each in schema]
    if not isinstance(schema, dict):
        return schema
    result: dict[str, Any] = {}
    for key, value in schema.items():
        if key in ("properties", "patternProperties"):
            result[key] = {name: _or_null(_partial(each, own)) for name, each in value.items()}
        elif key not in ("required", "minProperties", "discriminator", "default"):
            result["anyOf" if key == "oneOf" else key] = _partial(value, own)
    reference = str(schema.get("$ref", "")).removeprefix("#/$defs/")
    if reference in own:
        result["$ref"] = f"#/$defs/{OVERRIDE}{reference}"
    if isinstance(schema.get("additionalProperties"), dict):
        result["additionalProperties"] = _or_null(result["additionalProperties"])
    return result


def _or_null(schema: Any) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Every mapping in a schema, the outermost first."""
    if isinstance(schema, dict):
        yield schema
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from _parts(part)


def _first_line(component: type) -> str:
    return (component.__doc__ or "").strip().split("\n")[0]
