"""pydantic's errors in the words of the blueprint."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from msgspec.structs import replace
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from planform.diagnostics import suggest
from planform.spec.fault import Fault

__all__ = ["faults_of", "parse"]

M = TypeVar("M", bound=BaseModel)

_RANGE = {
    "greater_than": "more than {gt}",
    "greater_than_equal": "{ge} or more",
    "less_than": "less than {lt}",
    "less_than_equal": "{le} or less",
    "multiple_of": "a multiple of {multiple_of}",
    "too_short": "{min_length} or more entries",
    "too_long": "{max_length} or fewer entries",
    "string_too_short": "{min_length} characters or more",
    "string_too_long": "{max_length} characters or fewer",
    "finite_number": "a finite number",
}
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
        if _follows_from_its_entries(detail):
            continue
        path = _real_path(detail["loc"], value, absent_last=detail["type"] in ("missing", "extra_forbidden"))
        fault = _fault(model, detail, path)
        before = faults.setdefault((fault.code, fault.path), fault)
        if fault.code == "spec/wrong-type" and before.summary != fault.summary:
            faults[fault.code, fault.path] = _either(before, fault)
    misspelt = {
        (*fault.path[:-1], fault.label.split("`")[1])
        for fault in faults.values()
        if fault.code == "spec/unknown-key" and fault.label
    }
    for fault in faults.values():
        if fault.code == "spec/missing-key" and fault.path in misspelt:
            continue
        if fault.code == "spec/wrong-type" and any(_within(other, fault) for other in faults.values()):
            continue  # a value of several forms has this fault in a form that it was not written in
        yield fault


def _within(other: Fault, fault: Fault) -> bool:
    return other is not fault and other.path[: len(fault.path)] == fault.path


def _either(one: Fault, other: Fault) -> Fault:
    """Two faults of a value that may have several forms as one."""
    wanted, _, found = one.summary.partition(", got ")
    more = other.summary.partition(", got ")[0].removeprefix("expected ")
    return replace(one, summary=f"{wanted} or {more}, got {found}", help="write it in one of these forms")


def _follows_from_its_entries(detail: ErrorDetails) -> bool:
    """pydantic counts only the good entries: a list with a bad one would be called too short as well."""
    context, given = detail.get("ctx", {}), detail["input"]
    least = context.get("min_length")
    return detail["type"] == "too_short" and isinstance(given, (Mapping, list)) and len(given) >= (least or 0)


def _fault(model: type[BaseModel], detail: ErrorDetails, path: tuple[str | int, ...]) -> Fault:
    kind, context = detail["type"], detail.get("ctx", {})
    if "/" in kind:
        return Fault(kind, detail["msg"], path, help=str(context.get("help", "")), label=str(context.get("label", "")))
    if detail["loc"][-1:] == ("[key]",):
        return _bad_key(model, detail, path)
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
            help=_help(model, path, f"add `{path[-1]}:`"),
        )
    if kind in _RANGE:
        bound = _RANGE[kind].format(**context)
        return Fault(
            "spec/out-of-range",
            f"{_quote(detail['input'])} is out of range: {bound}",
            path,
            help=_help(model, path, f"write {bound}"),
        )
    if kind in ("literal_error", "enum"):
        expected, given = str(context.get("expected", "")).replace("'", ""), detail["input"]
        options = expected.replace(" or ", ", ").split(", ")
        near = suggest(given, options) if isinstance(given, str) else None
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
            help=_help(model, path, f"the form is {context.get('pattern')}"),
        )
    wanted = next((noun for stem, noun in _NOUNS.items() if kind.startswith(stem)), "")
    summary = f"expected {wanted}, got {_quote(detail['input'])}" if wanted else _lower(detail["msg"])
    return Fault("spec/wrong-type", summary, path, help=_help(model, path, _rewritten(wanted, detail["input"])))


def _bad_key(model: type[BaseModel], detail: ErrorDetails, path: tuple[str | int, ...]) -> Fault:
    """The key of a mapping whose keys are names."""
    context = detail.get("ctx", {})
    form = f"the form is {context.get('pattern')}"
    if detail["type"] in _RANGE:
        form = f"write {_RANGE[detail['type']].format(**context)}"
    examples = [example for place in _places(model, path[:-1]) for example in _key_examples(place)]
    return Fault(
        "spec/bad-key",
        f"{_quote(path[-1])} cannot be a key{_owner(path)}",
        path,
        help=form + (f" (for example `{examples[0]}`)" if examples else ""),
    )


def _rewritten(wanted: str, given: object) -> str:
    """What to write for a value of another type: the value itself in the right form, where that is plain."""
    if wanted == "text" and isinstance(given, (int, float)) and not isinstance(given, bool):
        return f'put quotes around it: "{given}"'
    if wanted == "a whole number" and isinstance(given, str) and given.strip("-").isdigit():
        return f"write {int(given)}, without quotes"
    if wanted == "true or false" and isinstance(given, str) and given.lower() in ("yes", "on", "no", "off"):
        return f"write {'true' if given.lower() in ('yes', 'on') else 'false'}, without quotes"
    if wanted == "a list" and isinstance(given, (str, int, float)):
        return f"write [{given}]"
    if wanted == "a mapping":
        pair = re.fullmatch(r"(\w+)(?::| +)(\S+)", given) if isinstance(given, str) else None
        return f"write `{pair[1]}: {pair[2]}`" if pair else "write a mapping, one `key: value` a line"
    return f"write {wanted}" if wanted else "write another value"


def _real_path(loc: Sequence[str | int], value: object, *, absent_last: bool) -> tuple[str | int, ...]:
    """pydantic's location without the tags it adds for unions, keys and validators."""
    path: list[str | int] = []
    for index, step in enumerate(loc):
        if isinstance(value, Mapping) and step in value:  # noqa: SIM114
            value = value[step]
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
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


def _places(model: type[BaseModel], path: Sequence[str | int]) -> list[Any]:
    """The annotations that a value at the path may have."""
    places: list[Any] = [model]
    for key in path:
        places = [inner for place in places for inner in _step(place, key)]
    return places


def _keys(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    return [
        name
        for place in _places(model, path)
        for found in _models(place)
        if isinstance(found, type) and issubclass(found, BaseModel)
        for name in found.model_fields
    ]


def _described(model: type[BaseModel], path: Sequence[str | int]) -> str:
    """What the value is for and an example of it, in brackets; of an entry of a list or mapping, an example."""
    for place in _places(model, path[:-1]):
        for found in _models(place):
            if isinstance(found, type) and issubclass(found, BaseModel) and path[-1] in found.model_fields:
                field = found.model_fields[str(path[-1])]
                parts = [(field.description or "").rstrip("."), *_for_example(field.examples)]
                return f"({', '.join(part for part in parts if part)})"
    for place in _places(model, path):
        for example in _for_example(_examples(place)):
            return f"({example})"
    return ""


def _for_example(examples: Sequence[Any] | None) -> Iterator[str]:
    if examples:
        yield f"for example {_quote(examples[0])}"


def _examples(annotation: Any) -> list[Any]:
    """Examples that an annotation itself brings, as the scalars of units.py do."""
    if get_origin(annotation) in (Union, types.UnionType):
        return [example for option in get_args(annotation) for example in _examples(option)]
    notes = get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
    return [example for note in notes if isinstance(note, FieldInfo) for example in note.examples or ()]


def _key_examples(annotation: Any) -> Iterator[Any]:
    for found in _models(annotation):
        if get_origin(found) in (dict, Mapping):
            yield from _examples(get_args(found)[0])


def _help(model: type[BaseModel], path: Sequence[str | int], change: str) -> str:
    return f"{change} {_described(model, path) if path else ''}".strip()


def _owner(path: Sequence[str | int]) -> str:
    return f" in `{path[-2]}`" if len(path) > 1 and isinstance(path[-2], str) else ""


def _article(path: Sequence[str | int]) -> str:
    if path and isinstance(path[-1], int):
        return f"an entry of {_article(path[:-1])}"
    return f"`{path[-1]}`" if path else "what is wanted here"


def _quote(value: object, limit: int = 60) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return f"`{text if len(text) <= limit else text[: limit - 1] + '…'}`"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
