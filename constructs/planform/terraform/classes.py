"""Python classes made from a provider's schema on first use, under the names of the prebuilt cdktf bindings."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from typing import Any, ClassVar

from planform.diagnostics import DiagnosticError, error
from planform.terraform.naming import argument_name, class_name, pascal, snake, struct_name
from planform.terraform.nearest import nearest_argument
from planform.terraform.record import DataSource, EphemeralResource, Provider, Record, Resource
from planform.terraform.schema import KINDS, Block, ProviderSchema, TypeSchema, load, unknown_type
from planform.terraform.source import caller

_BASES: dict[str, type[Record]] = {"resource": Resource, "data": DataSource, "ephemeral": EphemeralResource}
_KIND_PREFIX = {"resource": "", "data": "data_", "ephemeral": "ephemeral_"}


class UnknownResourceError(DiagnosticError, ImportError):
    """A class that a provider does not have. Code: terraform/unknown-resource."""


class Struct(dict[str, Any]):
    """The arguments of one nested block, by keyword: a plain mapping, names checked where it is written."""

    _schema_of_block: ClassVar[Block]
    _owner: ClassVar[TypeSchema]
    _where: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **arguments: Any) -> None:
        block = self._schema_of_block
        known = {argument_name(name): name for name in block} | {name: name for name in block}
        wrong = [name for name in arguments if name not in known]
        if wrong:
            raise DiagnosticError([self._unknown(name) for name in wrong])
        super().__init__({known[name]: value for name, value in arguments.items() if value is not None})

    def _unknown(self, name: str) -> Any:
        found = nearest_argument(self._owner.block, self._where, name)
        return error(
            "terraform/unknown-argument",
            f"`{'.'.join((*self._where, name))}` of {self._owner.type} does not exist",
            caller(),
            notes=[f"nearest in {self._owner.provider}: `{'.'.join(found)}`"] if found else [],
            help=f"arguments here: {', '.join(self._schema_of_block.settable())}",
        )


class Namespace:
    """The classes of one provider, as attributes: what a provider module hands on."""

    def __init__(self, provider: str, module: str) -> None:
        self._provider = provider
        self._module = module

    def __getattr__(self, name: str) -> Any:
        if not name[:1].isupper():
            raise AttributeError(f"module '{self._module}' has no attribute '{name}'")
        made = _class(self._provider, self._module, name)
        self.__dict__[name] = made
        return made

    def __dir__(self) -> list[str]:
        return sorted(_index(load(self._provider)))

    def __repr__(self) -> str:
        return f"<provider {load(self._provider)}>"


def provider(name: str) -> Namespace:
    """The classes of a provider whose schema was added to the project: `datadog = provider("datadog")`.

    Errors: terraform/unknown-provider, terraform/bad-schema.
    """
    load(name)
    return Namespace(name, f"{__name__.rpartition('.')[0]}.{name}")


def module_attributes(module: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of a provider module, which is named after its provider."""
    namespace = Namespace(module.rpartition(".")[2], module)

    def attribute(name: str) -> Any:
        made = getattr(namespace, name)
        setattr(sys.modules[module], name, made)
        return made

    return attribute, lambda: dir(namespace)


@cache
def class_of(schema: TypeSchema, name: str = "", module: str = "") -> type[Record]:
    """The class of a type; always the same one."""
    provider = schema.provider
    prefix = _KIND_PREFIX[schema.kind]
    made = name or (pascal(f"{prefix}{schema.type}") if prefix else class_name(schema.type, provider.name))
    words = {"resource": "Resource", "data": "Data source", "ephemeral": "Ephemeral resource"}[schema.kind]
    return type(
        made,
        (_BASES[schema.kind],),
        {
            "__slots__": (),
            "__module__": module or __name__,
            "__doc__": f"{words} {schema.type} of {provider}.",
            "_schema": schema,
        },
    )


def _class(provider: str, module: str, name: str) -> Any:
    schema = load(provider)
    if name == pascal(f"{schema.name}_provider"):
        doc = f"Configuration of {schema}."
        return type(
            name, (Provider,), {"__slots__": (), "__module__": module, "__doc__": doc, "_schema": schema.configuration}
        )
    found = _find(schema, name)
    if found is not None:
        return class_of(found, name, module)
    struct = _struct(schema, name)
    if struct is None:
        raise UnknownResourceError([unknown_type(schema, name, _index(schema), caller())])
    owner, where, block = struct
    doc = f"Arguments of `{'.'.join(where)}` of {owner.type}."
    members = {"__module__": module, "__doc__": doc, "_schema_of_block": block, "_owner": owner, "_where": where}
    return type(name, (Struct,), members)


def _find(schema: ProviderSchema, name: str) -> TypeSchema | None:
    """A type by its class: guessed from the name first, which spares the index."""
    guess = f"{schema.name}_{snake(name)}"
    if class_name(guess, schema.name) == name:
        found = schema.find("resource", guess)
        if found is not None:
            return found
    place = _index(schema).get(name)
    return schema.find(*place) if place else None


@lru_cache(maxsize=64)
def _index(schema: ProviderSchema) -> dict[str, tuple[str, str]]:
    """Class name to kind and type; the provider's own class is in it under its kind."""
    index = {pascal(f"{schema.name}_provider"): ("provider", schema.name)}
    for kind in KINDS:
        for name in schema.names(kind):
            prefix = _KIND_PREFIX[kind]
            made = pascal(f"{prefix}{name}") if prefix else class_name(name, schema.name)
            index.setdefault(made, (kind, name))
    return index


def _struct(schema: ProviderSchema, name: str) -> tuple[TypeSchema, tuple[str, ...], Block] | None:
    """The nested block whose struct has this name; its type's class name is the longest that fits."""
    owners = sorted((each for each in _index(schema) if name.startswith(each) and each != name), key=len, reverse=True)
    for tried in (name, name.removesuffix("A")):
        for owner in owners:
            kind, terraform_type = _index(schema)[owner]
            found = schema.configuration if kind == "provider" else schema.get(kind, terraform_type)
            for where, made, block in _structs(owner, found.block, tried):
                if made == tried:
                    return found, where, block
    return None


def _structs(owner: str, block: Block, wanted: str = "") -> Iterator[tuple[tuple[str, ...], str, Block]]:
    """Path, struct name and block of all nested blocks; only those towards `wanted` if it is given."""
    inner = {name: each.block for name, each in block.blocks.items()}
    inner |= {name: each.nested for name, each in block.attributes.items() if each.nested is not None}
    for name, each in sorted(inner.items()):
        made = struct_name(owner, name)
        plain = owner + pascal(name)
        if not wanted or wanted.startswith(plain):
            yield (name,), made, each
            for where, deeper, nested in _structs(plain, each, wanted):
                yield (name, *where), deeper, nested
