"""pydantic's errors in the words of the blueprint."""

from __future__ import annotations

import json
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from planform.diagnostics import suggest
from planform.spec.fault import Fault

__all__ = ["faults_of", "parse"]

M = TypeVar("M", bound=BaseModel)

_RANGE = frozenset(
    [
        "greater_than",
        "greater_than_equal",
        "less_than",
        "less_than_equal",
        "multiple_of",
        "too_short",
        "too_long",
        "string_too_short",
        "string_too_long",
        "finite_number",
    ]
)
_NOUNS = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "dict": "a mapping",
    "model": "a mapping",
    "list": "a list",
    "tuple": "a list",
}


def parse(model: type[M], value: object) -> M | list[Fault]:
    """A model from a plain value, strictly: `"8"` is no number and `1` no truth value; or every fault in it."""
    try:
        return model.model_validate_json(json.dumps(value), strict=True)
    except ValidationError as fault:
        return list(faults_of(model, fault, value))


def faults_of(model: type[BaseModel], failed: ValidationError, value: object) -> Iterator[Fault]:
    """One fault for each of pydantic's errors; `value` is what was validated, to tell real keys from union tags."""
    faults: dict[tuple[str, tuple[str | int, ...]], Fault] = {}
    for detail in failed.errors(include_url=False):
        path = _real_path(detail["loc"], value, absent_last=detail["type"] in ("missing", "extra_forbidden"))
        fault = _fault(model, detail, path)
        faults.setdefault((fault.code, fault.path), fault)
    misspelt = {
        (*fault.path[:-1], fault.label.split("`")[1])
        for fault in faults.values()
        if fault.code == "spec/unknown-key" and fault.label
    }
    for fault in faults.values():
        if not (fault.code == "spec/missing-key" and fault.path in misspelt):
            yield fault


def _fault(model: type[BaseModel], detail: ErrorDetails, path: tuple[str | int, ...]) -> Fault:
    kind, context = detail["type"], detail.get("ctx", {})
    if "/" in kind:
        return Fault(kind, detail["msg"], path, help=str(context.get("help", "")), label=str(context.get("label", "")))
    if kind == "extra_forbidden":
        keys = _keys(model, path[:-1])
        near = suggest(str(path[-1]), keys)
        return Fault(
            "spec/unknown-key",
            f"unknown key {_quote(path[-1])}{_owner(path)}",
            path,
            label=f"did you mean `{near}`?" if near else "",
            help=f"keys here: {', '.join(sorted(keys))}" if keys else "delete the key",
        )
    if kind == "missing":
        return Fault(
            "spec/missing-key",
            f"`{path[-1]}` is missing{_owner(path)}",
            path,
            help=f"add `{path[-1]}:` {_description(model, path)}".rstrip(),
        )
    if kind in _RANGE:
        return Fault(
            "spec/out-of-range",
            f"{_quote(detail['input'])} is out of range: {_lower(detail['msg'])}",
            path,
            help=_help(model, path, "write a value within that range"),
        )
    if kind in ("literal_error", "enum"):
        expected = str(context.get("expected", ""))
        near = suggest(
            str(detail["input"]), [option.strip("' ") for option in expected.replace(" or ", ",").split(",")]
        )
        return Fault(
            "spec/unknown-value",
            f"{_quote(detail['input'])} is not one of {expected}",
            path,
            label=f"did you mean `{near}`?" if near else "",
            help=f"write one of {expected}",
        )
    if kind == "string_pattern_mismatch":
        return Fault(
            "spec/bad-form",
            f"{_quote(detail['input'])} has not the form of {_article(path)}",
            path,
            help=_help(model, path, f"it must match {context.get('pattern')}"),
        )
    wanted = next((noun for stem, noun in _NOUNS.items() if kind.startswith(stem)), "")
    summary = f"expected {wanted}, got {_quote(detail['input'])}" if wanted else _lower(detail["msg"])
    return Fault("spec/wrong-type", summary, path, help=_help(model, path, f"write {wanted}" if wanted else ""))


def _real_path(loc: Sequence[str | int], value: object, *, absent_last: bool) -> tuple[str | int, ...]:
    """pydantic's location without the tags it adds for unions, keys and validators."""
    path: list[str | int] = []
    for index, step in enumerate(loc):
        if (isinstance(value, Mapping) and step in value) or (
            isinstance(value, list) and isinstance(step, int) and step < len(value)
        ):
            value = value[step]
        elif not (absent_last and index == len(loc) - 1):
            continue
        path.append(step)
    return tuple(path)


def _models(annotation: Any) -> Iterator[Any]:
    """The models and containers inside an annotation, without Annotated, Optional and Union."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _models(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for option in get_args(annotation):
            yield from _models(option)
    else:
        yield annotation


def _step(annotation: Any, key: str | int) -> Iterator[Any]:
    for found in _models(annotation):
        if isinstance(found, type) and issubclass(found, BaseModel):
            if key in found.model_fields:
                yield found.model_fields[str(key)].annotation
        elif get_origin(found) in (dict, Mapping):
            yield get_args(found)[1]
        elif get_args(found):
            yield get_args(found)[0]


def _keys(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    places: list[Any] = [model]
    for key in path:
        places = [inner for place in places for inner in _step(place, key)]
    return [
        name
        for place in places
        for found in _models(place)
        if isinstance(found, type) and issubclass(found, BaseModel)
        for name in found.model_fields
    ]


def _description(model: type[BaseModel], path: Sequence[str | int]) -> str:
    places: list[Any] = [model]
    for key in path[:-1]:
        places = [inner for place in places for inner in _step(place, key)]
    for place in places:
        for found in _models(place):
            if isinstance(found, type) and issubclass(found, BaseModel) and path[-1] in found.model_fields:
                field = found.model_fields[str(path[-1])]
                example = f", for example {field.examples[0]!r}" if field.examples else ""
                return f"({_lower(field.description or '').rstrip('.')}{example})"
    return ""


def _help(model: type[BaseModel], path: Sequence[str | int], otherwise: str) -> str:
    described = _description(model, path) if path else ""
    return f"{otherwise} {described}".strip()


def _owner(path: Sequence[str | int]) -> str:
    return f" in `{path[-2]}`" if len(path) > 1 and isinstance(path[-2], str) else ""


def _article(path: Sequence[str | int]) -> str:
    return f"`{path[-1]}`" if path else "what is wanted here"


def _quote(value: object, limit: int = 60) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return f"`{text if len(text) <= limit else text[: limit - 1] + '…'}`"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
