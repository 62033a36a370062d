"""The check of arguments against a provider's schema, and their writing as Terraform JSON.

One converter for each attribute and block, made once from the schema: it returns the value as Terraform JSON has it,
or notes a fault and returns None. What Terraform itself converts is accepted ("true", "3", 5 for a string), the rest
is refused. All faults of a record are found in one pass.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, cast

from msgspec import Struct, field

from planform.diagnostics import shown
from planform.terraform.expression import Expression, Known, escape
from planform.terraform.naming import argument_name, snake
from planform.terraform.nearest import nearest_argument
from planform.terraform.schema import Attribute, Block, Nested, Type, TypeSchema, type_text

Path = tuple[Any, ...]
"""A place while it is walked: () at the top, else (the place above, a name or an index)."""

Converter = Callable[[Any, Path, "Inspection"], Any]

_NUMBER = re.compile(r"-?(0|[1-9]\d*|\d+)(\.\d+)?([eE][+-]?\d+)?")
_BOOL = {"true": True, "false": False, "1": True, "0": False}
_LITERAL_MARKS = re.compile(r"[$%](?=\{(?!TfToken\[))")
_SECRET = re.compile(
    r"password|passwd|passphrase|secret|token|credential|creds$|plain_?text|private_key|raw_key|api_key|access_key"
    r"|shared_key|service_key|encryption_key|integration_key|client_key|key_value$|^key$|_pem$|^pem_|^data$"
)
_NOT_SECRET = re.compile(
    r"certificate|(^|_)cert(s|_|$)|public|_ids?$|_name$|_arn$|_ur[il]$|_files?$|_path$|encrypted|stored"
)
_ABSENT = object()


class Fault(Struct, frozen=True):
    """One fault of a record: `path` is where, such as `lifecycle_rule[0].action.type`; `nearest` the name meant."""

    code: str
    path: str
    summary: str
    nearest: str = ""
    help: str = ""


class Inspection(Struct):
    """One pass over what is given for one record: its faults, its warnings.

    `owner` names the record's type in messages. `stack` is the record's: references to other stacks are faults. `raw`
    is for bodies that are Terraform JSON already: text with `${` in it is an expression then, and left alone.
    """

    owner: str
    block: Block | None = None
    stack: Any = None
    raw: bool = False
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)

    def body(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of `block` as Terraform JSON; without those at fault."""
        if self.block is None:
            raise ValueError(f"{self.owner} has no schema")
        rules = _rules(self.block)
        if self.block.deprecated:
            self.warn("terraform/deprecated-resource", (), "is deprecated by its provider")
        return _write_block(rules, arguments, (), self)

    def fault(self, code: str, path: Path, what: str, *, nearest: str = "", help: str = "") -> None:
        """Note a fault; `what` follows the name of the place."""
        self.faults.append(Fault(code, text_of(path), f"{self._place(path)} {what}", nearest, help))

    def warn(self, code: str, path: Path, what: str) -> None:
        """Note what is not wrong yet."""
        help = "see the provider's page of this type for what replaces it"
        self.warnings.append(Fault(code, text_of(path), f"{self._place(path)} {what}", "", help))

    def _place(self, path: Path) -> str:
        return f"`{text_of(path)}` of {self.owner}" if path else self.owner

    def refers(self, value: Expression, path: Path) -> str:
        """The interpolation of an expression; a fault if it is of another stack."""
        if value.stack is not None and self.stack is not None and value.stack is not self.stack:
            self.fault(
                "terraform/cross-stack-reference",
                path,
                f"refers to `{value.text}`, which is in another stack",
                help="stacks have separate states: pass a value that is known at compile time, such as a contract's",
            )
        return value.interpolation


def text_of(path: Path) -> str:
    """A place in words: `lifecycle_rule[0].action.type`."""
    out = ""
    while path:
        path, key = path
        out = f"[{key}]{out}" if isinstance(key, int) else f".{key}{out}"
    return out.removeprefix(".")


def names_of(path: Path) -> tuple[str, ...]:
    """A place without its indexes."""
    names: tuple[str, ...] = ()
    while path:
        path, key = path
        if isinstance(key, str):
            names = (key, *names)
    return names


def is_token(value: Any) -> bool:
    """Whether the engine will fill in this value at synthesis."""
    from planform import engine

    return engine.is_token(value)


# Values


def write_text(text: str) -> str:
    """Text escaped, but for the marks of engine tokens."""
    if "{TfToken[" in text and is_token(text):
        return _LITERAL_MARKS.sub(lambda match: match[0] * 2, text)
    return escape(text)


def _string(value: Any, path: Path, seen: Inspection) -> Any:
    if value.__class__ is str:
        if "{" not in value or seen.raw:
            return value
        return write_text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and math.isfinite(value) and not _is_number_token(value):
        return repr(value)
    return _other(value, path, seen, "string")


def _number(value: Any, path: Path, seen: Inspection) -> Any:
    if value.__class__ is int:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, str) and not isinstance(value, Known):
        if _NUMBER.fullmatch(value):
            return int(value) if value.lstrip("-").isdigit() else value
        if seen.raw and "${" in value:
            return value
    elif isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    return _other(value, path, seen, "number")


def _bool(value: Any, path: Path, seen: Inspection) -> Any:
    if value is True or value is False:
        return value
    if isinstance(value, str) and not isinstance(value, Known):
        if value in _BOOL:
            return _BOOL[value]
        if seen.raw and "${" in value:
            return value
    return _other(value, path, seen, "bool")


def _dynamic(value: Any, path: Path, seen: Inspection) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return _number(value, path, seen)
    if isinstance(value, str) and not isinstance(value, Known):
        return _string(str(value), path, seen)
    if _is_expression(value):
        return _other(value, path, seen, "dynamic")
    if isinstance(value, list | tuple):
        if value and is_token(value):
            return value
        return [_dynamic(each, (path, index), seen) for index, each in enumerate(value)]
    mapping = mapping_of(value)
    if mapping is None:
        return _other(value, path, seen, "dynamic")
    return {_key(key, path, seen): _dynamic(each, (path, str(key)), seen) for key, each in mapping.items()}


def write_value(value: Any, path: Path, seen: Inspection) -> Any:
    """Any value as Terraform JSON: strings escaped, expressions interpolated, mappings and lists walked."""
    return _dynamic(value, path, seen)


def _other(value: Any, path: Path, seen: Inspection, wanted: Type) -> Any:
    """What is not simply of the wanted type: an expression, a token, a string of another class, or a fault."""
    if isinstance(value, Known):
        return _known(value, path, seen, wanted)
    if isinstance(value, Expression):
        if not _fits(value.type, wanted):
            _wrong(value, path, seen, wanted)
        return seen.refers(value, path)
    inner = expression_of(value)
    if inner is not None:
        return seen.refers(inner, path)
    if isinstance(value, str) and value.__class__ is not str:
        plain = str(getattr(value, "value", None) or str.__str__(value))
        return _PRIMITIVE[wanted](plain, path, seen) if isinstance(wanted, str) else _wrong(value, path, seen, wanted)
    if value is not None and not isinstance(value, bool | int) and is_token(value):
        return value
    return _wrong(value, path, seen, wanted)


def _known(value: Known, path: Path, seen: Inspection, wanted: Type) -> Any:
    reference = value.reference
    if reference.stack is not None and reference.stack is seen.stack:
        return reference.interpolation
    if type(value).__name__ == "Meta":
        return seen.refers(reference, path)
    return _PRIMITIVE[wanted if isinstance(wanted, str) else "string"](str.__str__(value), path, seen)


def expression_of(value: Any) -> Expression | None:
    """The expression that a declared thing stands for: a variable or local value as an argument."""
    inner = getattr(value, "value", None) if getattr(type(value), "stands_for_value", False) else None
    return inner if isinstance(inner, Expression) else None


def _is_expression(value: Any) -> bool:
    return isinstance(value, Expression | Known) or expression_of(value) is not None


def _is_number_token(value: float) -> bool:
    return value < -1e200 and is_token(value)


def _fits(given: Type | None, wanted: Type) -> bool:
    """Whether Terraform may convert one type to another, as far as the outer types tell."""
    if given is None or "dynamic" in (given, wanted):
        return True
    if isinstance(given, str) or isinstance(wanted, str):
        return isinstance(given, str) and isinstance(wanted, str)
    sequence = ("list", "set", "tuple")
    return (given[0] in sequence) == (wanted[0] in sequence)


def _wrong(value: Any, path: Path, seen: Inspection, wanted: Type) -> None:
    seen.fault(
        "terraform/wrong-type",
        path,
        f"takes {_article(type_text(wanted))}, not {_described(value)}",
        help=_remedy(value, wanted),
    )


def _article(words: str) -> str:
    if words.startswith(("any", "true")):
        return words
    return f"{'an' if words[0] in 'aeio' else 'a'} {words}"


def _described(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, Expression):
        return f"`{value.text}`" + (f", {_article(type_text(value.type))}" if value.type else "")
    if is_record(value):
        return f"the whole record `{value.address}`"
    kinds = {
        str: "text",
        bool: "the boolean",
        int: "the number",
        float: "the number",
        dict: "a mapping",
        list: "a list",
    }
    word = next((words for kind, words in kinds.items() if isinstance(value, kind)), type(value).__name__)
    return word if isinstance(value, dict | list) else f"{word} {shown(value)}"


def is_record(value: Any) -> bool:
    """Whether a value is a resource or data source itself."""
    return isinstance(getattr(type(value), "_schema", None), TypeSchema)


def _remedy(value: Any, wanted: Type) -> str:
    if is_record(value):
        names = [name for name in ("id", "name", "self_link") if name in type(value)._schema.block]
        return f"pass one of its attributes: {', '.join(f'`.{name}`' for name in names) or 'see the schema'}"
    if wanted == "string" and (isinstance(value, list | tuple) or mapping_of(value) is not None):
        return "if the argument is JSON text, write json.dumps(...) around the value"
    if isinstance(value, Expression) and isinstance(wanted, str) and value.type is not None:
        return "go deeper to a single value, by attribute or index"
    if isinstance(wanted, tuple) and wanted[0] in ("list", "set") and not isinstance(value, Mapping):
        return "put it into a list: [...]"
    if isinstance(wanted, tuple) and wanted[0] in ("map", "object"):
        return "write a mapping: {...}"
    if wanted == "bool":
        return "write True or False"
    return ""


# Collections


def _key(key: Any, path: Path, seen: Inspection) -> str:
    """The key of a map; Terraform reads it as a template too."""
    if isinstance(key, str) and not isinstance(key, Known):
        return key if seen.raw or "{" not in key else write_text(str(key))
    if isinstance(key, bool | int):
        return str(key).lower()
    return str(_other(key, path, seen, "string"))


def _of_type(kind: Type) -> Converter:
    if isinstance(kind, str):
        return _PRIMITIVE[kind]
    outer, inner = kind
    if outer == "object":
        return _object(kind, filled=False)
    item = _object(inner, filled=True) if isinstance(inner, tuple) and inner[0] == "object" else _of_type(inner)
    return _map(kind, item) if outer == "map" else _sequence(kind, item)


def _sequence(kind: Type, item: Converter) -> Converter:
    takes_object = isinstance(kind[1], tuple) and kind[1][0] == "object"

    def write(value: Any, path: Path, seen: Inspection) -> Any:
        if value.__class__ is list or isinstance(value, list | tuple):
            if value and _may_be_token(value[0]) and is_token(value):
                return list(value)
            return [item(each, (path, index), seen) for index, each in enumerate(value)]
        if isinstance(value, set | frozenset):
            return [item(each, (path, index), seen) for index, each in enumerate(sorted(value, key=str))]
        if takes_object and mapping_of(value) is not None:
            return [item(value, path, seen)]
        if seen.raw and isinstance(value, str) and "${" in value:
            return value
        if isinstance(value, Known):
            return _wrong(value, path, seen, kind)
        return _other(value, path, seen, kind)

    return write


def _may_be_token(value: Any) -> bool:
    return isinstance(value, float) or (isinstance(value, str) and "TfToken[" in value)


def _map(kind: Type, item: Converter) -> Converter:
    def write(value: Any, path: Path, seen: Inspection) -> Any:
        mapping = value if value.__class__ is dict else mapping_of(value)
        if mapping is None:
            if isinstance(value, Known):
                return _wrong(value, path, seen, kind)
            if seen.raw and isinstance(value, str) and "${" in value:
                return value
            return _other(value, path, seen, kind)
        if len(mapping) == 1 and _may_be_token(next(iter(mapping))) and is_token(mapping):
            return dict(mapping)
        out = {}
        for key, each in mapping.items():
            if each is not None:
                out[_key(key, path, seen)] = item(each, (path, str.__str__(key) if isinstance(key, str) else "?"), seen)
        return out

    return write


def _object(kind: Type, *, filled: bool) -> Converter:
    """An object; one of a list may leave out what then is null, as nested blocks may."""
    fields = {name: _of_type(each) for name, each in kind[1].items()}

    def write(value: Any, path: Path, seen: Inspection) -> Any:
        mapping = mapping_of(value)
        if mapping is None:
            if seen.raw and isinstance(value, str) and "${" in value:
                return value
            return _other(value, path, seen, kind)
        out: dict[str, Any] = {}
        for key, each in mapping.items():
            name = _written_name(key, fields)
            if name is None:
                _unknown(key, path, seen, list(fields))
            elif each is not None:
                out[name] = fields[name](each, (path, name), seen)
        for name in fields:
            if name not in out:
                out[name] = None
                if not filled:
                    seen.fault("terraform/missing-argument", (path, name), "is missing", help=f"add `{name}`")
        return out

    return write


_PRIMITIVE: dict[str, Converter] = {"string": _string, "number": _number, "bool": _bool, "dynamic": _dynamic}


def mapping_of(value: Any) -> Mapping[Any, Any] | None:
    """A mapping, or the values of a struct of the prebuilt bindings; None for anything else."""
    if isinstance(value, Mapping):
        return value
    held = getattr(value, "_values", None)
    return held if isinstance(held, dict) and hasattr(type(value), "__jsii_type__") else None


# Blocks


class _Rules:
    """What may be written in one block: a converter for each name, and what must be there."""

    __slots__ = ("block", "computed", "least", "required", "write")

    def __init__(self, block: Block) -> None:
        self.block = block
        self.write: dict[str, Converter] = {}
        for name, attribute in block.attributes.items():
            if attribute.settable:
                self.write[name] = _attribute(attribute)
        for name, nested in block.blocks.items():
            self.write[name] = _nested(nested)
        self.required = [name for name, each in block.attributes.items() if each.required]
        self.least = [each for each in block.blocks.values() if each.min_items]
        self.computed = {name for name, each in block.attributes.items() if not each.settable}


@cache
def _rules(block: Block) -> _Rules:
    return _Rules(block)


def _write_block(rules: _Rules, values: Mapping[Any, Any], path: Path, seen: Inspection) -> dict[str, Any]:
    out: dict[str, Any] = {}
    write = rules.write
    for key, value in values.items():
        if value is None:
            continue
        converter = write.get(key)
        if converter is None:
            out |= _odd_key(rules, key, value, path, seen)
            continue
        if converter is _string and value.__class__ is str and "{" not in value:  # most are, and need no call
            out[key] = value
            continue
        written = converter(value, (path, key), seen)
        if written is not _ABSENT:
            out[key] = written
    for name in rules.required:
        if name not in out and values.get(name) is None:
            _missing(rules, name, path, seen)
    for nested in rules.least:
        if nested.name not in out and not values.get(nested.name):
            seen.fault(
                "terraform/too-few-blocks",
                (path, nested.name),
                f"is missing: at least {nested.min_items} of this block",
                help=f"add `{nested.name}` with {', '.join(_required(nested.block)) or 'its arguments'}",
            )
    return out


def _odd_key(rules: _Rules, key: Any, value: Any, path: Path, seen: Inspection) -> dict[str, Any]:
    """A key that is no argument: the bindings' form of one, a result, or unknown."""
    name = _written_name(key, rules.write)
    if name is not None and name != key:
        written = rules.write[name](value, (path, name), seen)
        return {} if written is _ABSENT else {name: written}
    if key in rules.computed:
        seen.fault(
            "terraform/computed-argument",
            (path, key),
            "is set by the provider and cannot be an argument",
            help=f"leave `{key}` out; read it from the record instead",
        )
    else:
        _unknown(key, path, seen, [name for name in rules.block.settable() if path or name != "id"])
    return {}


def _written_name(key: Any, names: Mapping[str, Any]) -> str | None:
    """Terraform's name for a key that the bindings write differently: `from_`, `fetch_x`, `enable_k8_s`."""
    if key in names:
        return cast(str, key)
    if not isinstance(key, str):
        return None
    return next((name for name in names if argument_name(name) == key), None)


def _missing(rules: _Rules, name: str, path: Path, seen: Inspection) -> None:
    kind = type_text(rules.block.attributes[name].type)
    seen.fault("terraform/missing-argument", (path, name), "is missing", help=f"add `{name}`, {_article(kind)}")


def _required(block: Block) -> list[str]:
    needed = [name for name, each in block.attributes.items() if each.required]
    return [f"`{name}`" for name in needed + [name for name, each in block.blocks.items() if each.min_items]]


def _unknown(key: Any, path: Path, seen: Inspection, here: list[str]) -> None:
    if not isinstance(key, str):
        seen.fault("terraform/wrong-type", path, f"has the key {shown(key)}, which is no name", help="use text as key")
        return
    found = nearest_argument(seen.block, names_of(path), key) if seen.block else None
    nearest = ".".join(found) if found else ""
    listed = ", ".join(here[:30]) + (", ..." if len(here) > 30 else "")
    camel = key != key.lower() and snake(key) in here
    seen.fault(
        "terraform/unknown-argument",
        (path, key),
        "does not exist",
        nearest=nearest,
        help="keys are in snake_case, as Terraform's" if camel else f"arguments here: {listed}",
    )


def _attribute(attribute: Attribute) -> Converter:
    converter = _with_attributes(attribute) if attribute.nested is not None else _of_type(attribute.type)
    if attribute.sensitive and not attribute.write_only and is_secret(attribute.name):
        converter = _without_literals(converter)
    return _with_warning(converter) if attribute.deprecated else converter


def is_secret(name: str) -> bool:
    """Whether the name of a sensitive attribute says that whoever reads its value can use it."""
    return _SECRET.search(name) is not None and _NOT_SECRET.search(name) is None


def refuse_literal_secrets(arguments: Mapping[str, Any], seen: Inspection) -> None:
    """Fault the secrets among a provider's arguments, which schemas do not mark; the path of a file is none."""
    for name, value in arguments.items():
        is_file = isinstance(value, str) and value.endswith((".json", ".pem"))
        if is_secret(name) and isinstance(value, str) and not is_file and _holds_literal(value, seen):
            _literal_secret(((), name), seen)


def _literal_secret(path: Path, seen: Inspection) -> None:
    seen.fault(
        "terraform/literal-secret",
        path,
        "is a secret, and its value would be readable in the document, in the state and in every review",
        help="pass a sensitive Variable or a reference; where the type has a write-only argument, use that",
    )


def _without_literals(converter: Converter) -> Converter:
    def write(value: Any, path: Path, seen: Inspection) -> Any:
        if _holds_literal(value, seen):
            _literal_secret(path, seen)
            return _ABSENT
        return converter(value, path, seen)

    return write


def _holds_literal(value: Any, seen: Inspection) -> bool:
    if isinstance(value, str):
        if isinstance(value, Known) and value.reference.stack is seen.stack:
            return False
        return value != "" and not (seen.raw and "${" in value) and not ("TfToken[" in value and is_token(value))
    mapping = mapping_of(value)
    if mapping is not None:
        return any(_holds_literal(each, seen) for each in mapping.values())
    return isinstance(value, list | tuple) and any(_holds_literal(each, seen) for each in value)


def _with_warning(converter: Converter) -> Converter:
    def write(value: Any, path: Path, seen: Inspection) -> Any:
        seen.warn("terraform/deprecated-argument", path, "is deprecated by its provider")
        return converter(value, path, seen)

    return write


def _with_attributes(attribute: Attribute) -> Converter:
    """An attribute that has attributes of its own: an object, a list or a map of objects."""
    block = cast(Block, attribute.nested)
    kind: Type = ("object", {})
    if attribute.mode != "single":
        kind = (attribute.mode, kind)

    def one(value: Any, path: Path, seen: Inspection) -> Any:
        mapping = mapping_of(value)
        if mapping is None:
            if seen.raw and isinstance(value, str) and "${" in value:
                return value
            return _other(value, path, seen, ("object", {}))
        return _write_block(_rules(block), mapping, path, seen)

    if attribute.mode == "single":
        return one
    return _map(kind, one) if attribute.mode == "map" else _sequence(kind, one)


def _nested(nested: Nested) -> Converter:
    """A nested block: a mapping, a struct or a list of them, always written as a list."""
    name, least, most = nested.name, nested.min_items, 1 if nested.mode == "single" else nested.max_items

    def write(value: Any, path: Path, seen: Inspection) -> Any:
        rules = _rules(nested.block)
        mapping = mapping_of(value)
        if mapping is not None:
            if nested.mode == "map":
                return {str(key): _one_block(rules, each, (path, str(key)), seen) for key, each in mapping.items()}
            return [_write_block(rules, mapping, path, seen)]
        if not isinstance(value, list | tuple):
            return _no_block(name, value, path, seen)
        if value and _may_be_token(value[0]) and is_token(value):
            return list(value)
        if not value:
            return _ABSENT
        if len(value) < least:
            seen.fault(
                "terraform/too-few-blocks",
                path,
                f"is there {_times(len(value))}; at least {least} needed",
                help=f"add `{name}` with {', '.join(_required(nested.block)) or 'its arguments'}",
            )
        if most and len(value) > most:
            seen.fault(
                "terraform/too-many-blocks",
                path,
                f"is there {_times(len(value))}; at most {most} allowed",
                help=f"keep {most} of them",
            )
        return [_one_block(rules, each, (path, index), seen) for index, each in enumerate(value)]

    return _with_warning(write) if nested.block.deprecated else write


def _one_block(rules: _Rules, value: Any, path: Path, seen: Inspection) -> Any:
    mapping = mapping_of(value)
    if mapping is None:
        return _no_block(text_of(path), value, path, seen)
    return _write_block(rules, mapping, path, seen)


def _no_block(name: str, value: Any, path: Path, seen: Inspection) -> Any:
    if value is not None and not isinstance(value, bool | int | float | str | Expression) and is_token(value):
        return value
    expression = isinstance(value, Expression)
    seen.fault(
        "terraform/wrong-type",
        path,
        f"is a block: it takes a mapping or a list of mappings, not {_described(value)}",
        help="a block cannot come from an expression: write its arguments, each may be one"
        if expression
        else "write a mapping of its arguments: {...}",
    )
    return _ABSENT


def _times(count: int) -> str:
    return {0: "not at all", 1: "once", 2: "twice"}.get(count, f"{count} times")
