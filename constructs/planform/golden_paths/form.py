"""A model's JSON Schema as a form of the portal: the same fields, with only what the platform has to choose from.

Source: Backstage's pages on input examples and writing templates: `parameters` are JSON Schemas that
react-jsonschema-form shows, `ui:` keys beside them; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel

from planform.spec.workload import COMMON

__all__ = ["Field", "fields_of", "pages"]

HEAD = ("name", "team", "environments")
LISTS = "array"


class Field:
    """One setting as the form has it. `schema` is plain: no references, one type."""

    def __init__(self, name: str, schema: dict[str, Any], required: bool) -> None:
        self.name = name
        self.schema = schema
        self.required = required
        self.key = ""
        """Of a mapping that may be left out: the setting in it without which it says nothing."""

    @property
    def nested(self) -> list[Field]:
        """The settings inside of it."""
        required = self.schema.get("required", ())
        return [Field(name, each, name in required) for name, each in self.schema.get("properties", {}).items()]


def fields_of(
    model: type[BaseModel],
    options: Mapping[str, Sequence[str]],
    *,
    closed: Callable[[str], bool] = lambda name: False,
    presets: Mapping[str, Any] | None = None,
) -> list[Field]:
    """The fields of a model in order: those of every kind first. `options` is dotted path to what there is.

    `closed` fields are left out, and `presets` are defaults.
    """
    presets = presets or {}
    schema = _schema(model)
    definitions = schema.get("$defs", {})
    required = schema.get("required", ())
    names = [*HEAD, *(name for name in schema["properties"] if name not in COMMON and not closed(name))]
    found = []
    for name in names:
        plain = _environments() if name == "environments" else _plain(schema["properties"][name], definitions)
        field = Field(name, _limited(plain, name, options), name in required and name not in presets)
        if name in presets:
            field.schema["default"] = presets[name]
        found.append(field if field.required or name in presets else _loose(field))
    return found


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def pages(title: str, fields: Sequence[Field]) -> list[dict[str, Any]]:
    """Two pages: what every workload has, and the rest."""
    head = [field for field in fields if field.name in HEAD]
    rest = [field for field in fields if field.name not in HEAD]
    found = [_page("Who and where", head)]
    return [*found, _page(title, rest)] if rest else found


def _page(title: str, fields: Sequence[Field]) -> dict[str, Any]:
    properties = {field.name: {"title": _title(field.name), **field.schema} for field in fields}
    required = [field.name for field in fields if field.required]
    return {"title": title, **({"required": required} if required else {}), "properties": properties}


def _environments() -> dict[str, Any]:
    return {
        "type": LISTS,
        "description": "Where it is.",
        "items": {"type": "string"},
        "uniqueItems": True,
        "minItems": 1,
        "ui:widget": "checkboxes",
    }


def _plain(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """A schema without references, and of several forms the first: forms have no widget for a choice with nothing."""
    description = schema.get("description")
    while "$ref" in schema:
        schema = definitions[schema["$ref"].rsplit("/", 1)[1]]
    forms = [form for form in (*schema.get("anyOf", ()), *schema.get("oneOf", ())) if form.get("type") != "null"]
    if forms:
        kept = {key: schema[key] for key in ("default",) if schema.get(key) is not None}
        schema = {**_plain(forms[0], definitions), **kept}
    made = {key: value for key, value in schema.items() if key in _KEPT and value is not None}
    if description:
        made["description"] = description
    if "properties" in schema:
        made["properties"] = {
            name: {"title": _title(name), **_plain(each, definitions)} for name, each in schema["properties"].items()
        }
        made["required"] = [*schema.get("required", ())]
    if isinstance(schema.get("items"), Mapping):
        made["items"] = _plain(schema["items"], definitions)
    values = [*schema.get("patternProperties", {}).values(), schema.get("additionalProperties")]
    if "properties" not in schema and isinstance(found := next(iter(values), None), Mapping):
        made["additionalProperties"] = _plain(found, definitions)
    if "const" in schema:
        made["enum"] = [schema["const"]]
    return made


_KEPT = (
    "type",
    "default",
    "description",
    "enum",
    "maximum",
    "maxItems",
    "maxLength",
    "minimum",
    "exclusiveMinimum",
    "minItems",
    "minLength",
    "pattern",
    "uniqueItems",
)


def _limited(schema: dict[str, Any], path: str, options: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """With an `enum` wherever the platform says what there is."""
    if path in options:
        holder = schema.get("items") if schema.get("type") == LISTS else schema
        if isinstance(holder, dict):
            holder.pop("pattern", None)
            holder["enum"] = [*options[path]]
            holder["type"] = "string"
    for name, each in schema.get("properties", {}).items():
        schema["properties"][name] = _limited(each, f"{path}.{name}", options)
    return schema


def _loose(field: Field) -> Field:
    """A mapping that may be left out: a form fills it with its defaults, so inside of it there are none."""
    for name, each in field.schema.get("properties", {}).items():
        field.schema["properties"][name] = {key: value for key, value in each.items() if key != "default"}
    if "properties" in field.schema:
        field.key = next(iter(field.schema.pop("required", [])), "")
    return field


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()
