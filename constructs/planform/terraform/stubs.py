"""Type stubs of the provider modules, for editors and type checkers: made from the packed schemas when planform is
built or installed for development.

Needs nothing but the standard library and `schema`, so that a build can run it alone.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterator
from pathlib import Path

from planform.terraform.naming import argument_name, class_name, pascal, struct_name
from planform.terraform.schema import KINDS, SHIPPED, SUFFIX, Attribute, Block, Nested, ProviderSchema, Type, load

_HEAD = '''"""Made from the schema of {provider}; do not edit."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from planform.diagnostics import Location
from planform.terraform.classes import Struct as _Struct
from planform.terraform.expression import Expression as _Expression, Reference as _Reference
from planform.terraform.record import DataSource as _DataSource, EphemeralResource as _EphemeralResource
from planform.terraform.record import Lifecycle as _Lifecycle, Local as _Local, Provider as _Provider
from planform.terraform.record import Resource as _Resource, Variable as _Variable

_Value: TypeAlias = _Expression | _Variable | _Local
_String: TypeAlias = str | int | float | bool | _Value | None
_Number: TypeAlias = int | float | str | _Value | None
_Bool: TypeAlias = bool | Literal["true", "false"] | _Value | None
_Strings: TypeAlias = Sequence[str | int | float | bool | _Value] | set[str] | _Value | None
_Numbers: TypeAlias = Sequence[int | float | str | _Value] | _Value | None
_StringMap: TypeAlias = Mapping[str, Any] | _Value | None
_Any: TypeAlias = Any
'''
_BASES = {"resource": "_Resource", "data": "_DataSource", "ephemeral": "_EphemeralResource"}
_KIND_PREFIX = {"resource": "", "data": "data_", "ephemeral": "ephemeral_"}
_META = {
    "depends_on": "Sequence[Any] | None",
    "count": "int | _Value | None",
    "for_each": "Any",
    "provider": "_Provider | str | None",
    "lifecycle": "_Lifecycle | Mapping[str, Any] | None",
    "import_id": "str | None",
    "renamed_from": "str | None",
    "origin": "Location | None",
}
_SIMPLE = {"string": "_String", "number": "_Number", "bool": "_Bool", "dynamic": "_Any"}
_PLAIN = frozenset(
    (
        "QuicksightAnalysisDefinition",
        "QuicksightDashboardDefinition",
        "QuicksightTemplateDefinition",
        "Wafv2RuleGroupRuleStatement",
        "Wafv2WebAclRuleStatement",
    )
)
"""Structs so deep that the bindings leave them out too: they are plain mappings."""

_OWN = frozenset(("type", "address", "body", "origin", "source", "stack", "key", "at", "construct_path", "write"))


def write_stubs(folder: Path, providers: list[str] | None = None) -> list[Path]:
    """Write `<provider>.pyi` for each shipped provider into a folder; returns the paths."""
    names = providers or sorted(path.name.removesuffix(SUFFIX) for path in SHIPPED.glob(f"*{SUFFIX}"))
    written = []
    for name in names:
        path = folder / f"{name}.pyi"
        path.write_text(stub(load(name)), encoding="utf-8")
        written.append(path)
    return written


def stub(provider: ProviderSchema) -> str:
    """The stub module of one provider: a class for each type, and for each nested block."""
    writer = _Writer(provider)
    for kind in KINDS:
        for name in provider.names(kind):
            writer.record(kind, name)
    writer.provider()
    return _HEAD.format(provider=provider) + "\n".join(writer.lines) + "\n"


class _Writer:
    """The lines of a stub; blocks that are equal are one class, of which the other names are aliases."""

    def __init__(self, provider: ProviderSchema) -> None:
        self._schema = provider
        self.lines: list[str] = []
        self._classes: dict[int, str] = {}
        self._taken: set[str] = set()

    def record(self, kind: str, name: str) -> None:
        schema = self._schema.get(kind, name)
        prefix = _KIND_PREFIX[kind]
        owner = pascal(f"{prefix}{name}") if prefix else class_name(name, self._schema.name)
        if owner in self._taken:
            return
        self._taken.add(owner)
        structs = self._structs(owner, schema.block)
        skipped = ("id",) if kind == "resource" and not schema.block.attributes.get("id", _NO_ID).required else ()
        fields = [each for each in self._fields(schema.block, structs) if each[0] not in skipped]
        held = {each[0] for each in fields}
        meta = [(key, hint, False) for key, hint in _META.items() if key not in held]
        self.lines.append(f"class {owner}({_BASES[kind]}):")
        self._init("self, scope_: Any, id_: str, /", [*fields, *meta])
        for attribute in schema.block:
            if attribute.isidentifier() and not keyword.iskeyword(attribute) and attribute not in _OWN:
                self.lines.append(f"    {attribute}: _Reference")

    def provider(self) -> None:
        owner = pascal(f"{self._schema.name}_provider")
        block = self._schema.configuration.block
        structs = self._structs(owner, block)
        fields = [each for each in self._fields(block, structs) if each[0] != "alias"]
        self.lines.append(f"class {owner}(_Provider):")
        self._init("self, scope_: Any, id_: str = ..., /", [("alias", "str | None", False), *fields])

    def _init(self, head: str, fields: list[tuple[str, str, bool]]) -> None:
        written = [f"{name}: {hint}{'' if required else ' = ...'}" for name, hint, required in fields]
        star = ", *, " if written else ""
        self.lines.append(f"    def __init__({head}{star}{', '.join(written)}) -> None: ...")

    def _structs(self, owner: str, block: Block) -> dict[str, str]:
        """The struct class of each nested block, written first."""
        inner: dict[str, Block] = {name: each.block for name, each in block.blocks.items()}
        inner |= {name: each.nested for name, each in block.attributes.items() if each.nested is not None}
        return {name: self._struct(owner, name, each) for name, each in sorted(inner.items())}

    def _struct(self, owner: str, name: str, block: Block) -> str:
        made = struct_name(owner, name)
        made = f"{made}A" if name == "config" or made in self._taken else made
        if made in self._taken or made in _PLAIN:
            return "Mapping[str, Any]"
        self._taken.add(made)
        same = self._classes.get(id(block))
        if same is not None:
            self.lines.append(f"{made} = {same}")
            self._alias(owner + pascal(name), block)
            return made
        self._classes[id(block)] = made
        structs = self._structs(owner + pascal(name), block)
        self.lines.append(f"class {made}(_Struct):")
        self._init("self", list(self._fields(block, structs)))
        return made

    def _alias(self, owner: str, block: Block) -> None:
        """The names of the blocks inside a block that is written already."""
        for name, each in sorted(block.blocks.items()):
            made = struct_name(owner, name)
            same = self._classes.get(id(each.block))
            if same is not None and made not in self._taken:
                self._taken.add(made)
                self.lines.append(f"{made} = {same}")
                self._alias(owner + pascal(name), each.block)

    def _fields(self, block: Block, structs: dict[str, str]) -> Iterator[tuple[str, str, bool]]:
        """Argument, type and whether it is required; the required ones first."""
        found: list[tuple[str, str, bool]] = []
        for name, attribute in block.attributes.items():
            if attribute.settable:
                found.append((argument_name(name), self._hint(attribute, structs), attribute.required))
        for name, nested in block.blocks.items():
            found.append((argument_name(name), _block_hint(nested, structs[name]), nested.min_items > 0))
        seen: set[str] = set()
        for field in sorted(found, key=lambda each: (not each[2], each[0])):
            if field[0].isidentifier() and field[0] not in seen:
                seen.add(field[0])
                yield field

    def _hint(self, attribute: Attribute, structs: dict[str, str]) -> str:
        if attribute.nested is None:
            return _without_none(hint(attribute.type)) if attribute.required else hint(attribute.type)
        made = f"{structs[attribute.name]} | Mapping[str, Any]"
        whole = {"single": made, "map": f"Mapping[str, {made}]"}.get(attribute.mode, f"Sequence[{made}]")
        return f"{whole} | _Value" if attribute.required else f"{whole} | _Value | None"


_NO_ID = Attribute("id", "string")


def _without_none(hint: str) -> str:
    """A required argument may still be an expression that is null in Terraform; None in Python means left out."""
    return {"_String": "str | int | float | bool | _Value", "_Bool": 'bool | Literal["true", "false"] | _Value'}.get(
        hint, hint
    )


def _block_hint(nested: Nested, made: str) -> str:
    one = f"{made} | Mapping[str, Any]"
    return f"{one} | Sequence[{one}]" if nested.min_items else f"{one} | Sequence[{one}] | None"


def hint(kind: Type) -> str:
    """The annotation of an argument of a Terraform type."""
    if isinstance(kind, str):
        return _SIMPLE[kind]
    outer, inner = kind
    if outer == "map":
        return "_StringMap"
    if outer == "object":
        return "Mapping[str, Any] | _Value | None"
    if inner == "string":
        return "_Strings"
    return "_Numbers" if inner == "number" else "Sequence[Any] | _Value | None"
