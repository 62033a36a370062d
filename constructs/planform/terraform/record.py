"""Terraform as checked records: made in a construct, kept by its stack, written in one document.

A record is a light Python object, not a construct: it finds its stack through the construct it is made in, once a
construct, and needs no call into the engine. Every fault of a record is reported when it is made, at the line that
makes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from types import CodeType
from typing import Any, ClassVar, Literal, cast

from msgspec import Struct

from planform.diagnostics import Diagnostic, DiagnosticError, Location, Severity, error
from planform.terraform.arguments import (
    Fault,
    Inspection,
    expression_of,
    is_record,
    is_token,
    mapping_of,
    refuse_literal_secrets,
    write_value,
)
from planform.terraform.expression import (
    Expression,
    Meta,
    Reference,
    UnknownAttributeError,
    is_name,
    misuse,
    unknown_attribute,
)
from planform.terraform.naming import argument_name
from planform.terraform.nearest import nearest_argument
from planform.terraform.schema import Attribute, Block, Nested, ProviderSchema, TypeSchema
from planform.terraform.source import caller_frame, line_of, shown_file, shown_line

REQUIRED_VERSION = ">= 1.11"
"""Terraform of every document: the first with write-only arguments."""

_PLACE = "_planform_place"
_RECORDS = "_planform_records"
_TERRAFORM_META = frozenset(("lifecycle", "depends_on", "provider", "count", "for_each", "connection", "provisioners"))
_OWN_META = frozenset(("import_id", "renamed_from", "origin"))
_META = _TERRAFORM_META | _OWN_META
_ADDRESS = re.compile(r"(data\.)?[a-z][a-z0-9_-]*\.[A-Za-z_][A-Za-z0-9_-]*(\[[^\]]+\])?|module\.[A-Za-z_][\w.-]*")
_STEP = re.compile(r'\.?([A-Za-z_][A-Za-z0-9_-]*)|\[(\d+|\*|"(?:[^"\\]|\\.)*")\]')
_KIND_WORDS = {"resource": "", "data": "data source ", "ephemeral": "ephemeral resource ", "provider": "provider "}
_EXAMPLE_KEY = {"count": "0", "for_each": '"key"'}
_PREFIX = {"resource": "", "data": "data.", "ephemeral": "ephemeral."}


class Condition(Struct, frozen=True):
    """A custom condition: `condition` is an expression that must be true, else `error_message` is shown."""

    condition: Any
    error_message: Any


class Lifecycle(Struct, frozen=True):
    """Terraform's lifecycle of a resource.

    `ignore_changes` is "all", or paths that are checked against the schema: `labels`, `settings[0].disk_size`, or
    references. `replace_triggered_by` takes records, references and addresses.
    """

    prevent_destroy: bool | None = None
    create_before_destroy: bool | None = None
    ignore_changes: Literal["all"] | Sequence[str | Reference] | None = None
    replace_triggered_by: Sequence[Any] | None = None
    precondition: Sequence[Condition] | None = None
    postcondition: Sequence[Condition] | None = None


class _Place:
    """What the records of one construct share: looked up once."""

    __slots__ = ("chain", "path", "records", "stack")

    def __init__(self, scope: Any) -> None:
        from planform import engine

        self.stack: Any = engine.stack_of(scope)
        self.path: str = engine.path_of(scope)
        self.records = _records_of_stack(self.stack)
        self.chain: list[Any] = [
            each for each in engine.lineage_of(scope) if not callable(getattr(type(each), "depends_on", None))
        ]

    def origin(self) -> Location | None:
        """The blueprint position of the nearest construct that has one."""
        for each in self.chain:
            found: Location | None = getattr(each, "origin", None)
            if found is not None:
                return found
        return None

    def depends_on(self) -> Iterator[Record]:
        """What the constructs around want their records to come after, as far as it is in the same stack."""
        for scope in self.chain:
            for record in getattr(scope, "depends_on", None) or ():
                if is_record(record) and record.stack is self.stack:
                    yield record


def _place_of(scope: Any) -> _Place:
    held = getattr(scope, "__dict__", {}).get(_PLACE)
    if held is None:
        held = _Place(scope)
        setattr(scope, _PLACE, held)
    return cast(_Place, held)


def records_of(scope: Any) -> Records:
    """The records of the stack that a construct is in; made, and given to the engine, on first use."""
    return _place_of(scope).records


def _records_of_stack(stack: Any) -> Records:
    held = stack.__dict__.get(_RECORDS)
    if held is None:
        from planform import engine

        held = Records(stack)
        setattr(stack, _RECORDS, held)
        engine.attach(stack, held.document)
    return cast(Records, held)


class Records:
    """All records of one stack, by address. `warnings` holds what is not wrong yet: deprecated arguments."""

    def __init__(self, stack: Any) -> None:
        self.stack = stack
        self.warnings: list[Diagnostic] = []
        self._declared: dict[str, Declared] = {}

    def __iter__(self) -> Iterator[Record]:
        """Resources, data sources and ephemeral resources, in the order in which they were made."""
        return (each for each in self._declared.values() if isinstance(each, Record))

    def __len__(self) -> int:
        return len(self._declared)

    def __getitem__(self, address: str) -> Declared:
        return self._declared[address]

    def __contains__(self, address: object) -> bool:
        return address in self._declared

    def origin_of(self, address: str) -> Location | None:
        """The blueprint position of an address; an element of the engine's own has none."""
        return self._declared[address].origin if address in self._declared else None

    @property
    def declared(self) -> list[Declared]:
        """Everything, outputs, variables and providers too."""
        return list(self._declared.values())

    def since(self, count: int) -> list[Declared]:
        """What was declared after the first `count`."""
        return [*islice(reversed(self._declared.values()), len(self._declared) - count)][::-1]

    def add(self, declared: Declared) -> None:
        """Keep a record. Errors: terraform/duplicate-address, which names both sources."""
        other = self._declared.setdefault(declared.key, declared)
        if other is not declared:
            raise DiagnosticError([_duplicate(declared, other)])

    def document(self) -> dict[str, Any]:
        """The Terraform JSON of all records; empty where there are none.

        Types and names are in the order of the alphabet, arguments in the order in which they were written.
        """
        document: dict[str, Any] = {}
        for declared in sorted(self._declared.values(), key=_order):
            declared.write(document)
        providers = {each.provider_schema.name: each.provider_schema for each in self if each.provider_schema}
        for each in self._declared.values():
            if isinstance(each, Provider):
                providers[each.provider_schema.name] = each.provider_schema
        if not document:
            return {}
        terraform: dict[str, Any] = {"required_version": REQUIRED_VERSION}
        if providers:
            terraform["required_providers"] = {
                name: {"source": providers[name].source, "version": providers[name].constraint}
                for name in sorted(providers)
            }
        return {"terraform": terraform, **document}


def _order(declared: Declared) -> tuple[int, str]:
    return (_SECTIONS.index(declared.section), declared.key)


def _duplicate(new: Declared, old: Declared) -> Diagnostic:
    notes = [f"made before at {old.source}" + (f" ({old.construct_path})" if old.construct_path else "")]
    for each in (old, new):
        if each.origin is not None:
            notes.append(f"{'the first' if each is old else 'this one'} was built for {each.origin}")
    return error(
        "terraform/duplicate-address",
        f"`{new.key}` is there twice in one stack",
        new.at,
        notes=notes,
        help="give one of the two another id",
    )


# What is declared


class Declared:
    """Anything in a stack's document that has an address.

    `key` is its address; `construct_path` where it is in the tree; `source` the author's line, `file.py:12`; `origin`
    the blueprint position it was built for.
    """

    __slots__ = ("_code", "_instruction", "_module", "_origin", "_path", "_place", "key")

    section: ClassVar[str] = ""

    def __init__(self, scope: Any, name: str, origin: Location | None) -> None:
        self._place = place = _place_of(scope)
        frame = caller_frame()
        self._code: CodeType = frame.f_code
        self._instruction: int = frame.f_lasti
        self._module: str = frame.f_globals.get("__name__", "")
        self._origin = origin if origin is not None else place.origin()
        self._path = f"{place.path}/{name}" if place.path else name
        self.key = name

    @property
    def stack(self) -> Any:
        """The stack of the engine."""
        return self._place.stack

    @property
    def construct_path(self) -> str:
        return self._path

    @property
    def origin(self) -> Location | None:
        return self._origin

    @property
    def source(self) -> str:
        return shown_line(self._code, self._instruction)

    @property
    def at(self) -> Location:
        """The author's line, with the construct path."""
        line = line_of(self._code, self._instruction)
        return Location(shown_file(self._code.co_filename), line, 0, path=self._path)

    @property
    def provider_schema(self) -> ProviderSchema | None:
        """The provider it belongs to, if to any."""
        return None

    def write(self, document: dict[str, Any]) -> None:
        """Add it to a document."""
        raise AssertionError(f"{type(self).__name__} cannot be written")

    def _finish(self, seen: Inspection) -> None:
        """Raise all faults, keep the warnings, register."""
        if seen.faults:
            raise DiagnosticError([self._diagnostic(each, Severity.ERROR) for each in seen.faults])
        records = self._place.records
        records.add(self)
        if seen.warnings:
            records.warnings += [self._diagnostic(each, Severity.WARNING) for each in seen.warnings]

    def _diagnostic(self, fault: Fault, severity: Severity) -> Diagnostic:
        notes = []
        if fault.nearest:
            version = f" in {self.provider_schema}" if self.provider_schema and "unknown" in fault.code else ""
            notes.append(f"nearest{version}: `{fault.nearest}`")
        help = fault.help
        if self._origin is not None:
            notes.append(f"built for {self._origin}")
            if severity is Severity.ERROR and self._module.startswith("planform."):
                notes += [help] if help else []
                help = "the blueprint is fine, the component is not; please file this text as a bug"
        return Diagnostic(fault.code, severity, fault.summary, self.at, "", tuple(notes), help)


def _check_name(name: Any, seen: Inspection) -> str:
    if isinstance(name, str) and is_name(name):
        return name
    good = re.sub(r"[^A-Za-z0-9_-]+", "_", str(name)).strip("-")
    good = good if is_name(good) else f"_{good}"
    seen.fault(
        "terraform/bad-id",
        (),
        f"cannot have the id `{name}`: it is part of a Terraform address",
        nearest=good,
        help="start with a letter or an underscore, then letters, digits, `_` and `-`",
    )
    return str(name)


class Record(Declared):
    """A resource, data source or ephemeral resource.

    `type`, `address`, `body` (Terraform JSON), `construct_path`, `origin`, `source` and `stack` are facts about it; any
    attribute of its schema is a Reference: `bucket.url`, `bucket.id`. Where the schema has one of those names too,
    the text stands for the reference when it is an argument, and `record["address"]` is the reference itself.
    """

    __slots__ = ("_body", "_many", "_name")

    _schema: ClassVar[TypeSchema]

    def __init__(self, scope: Any, id_: str, /, **arguments: Any) -> None:
        schema = self._schema
        meta = _taken(arguments, schema.block)
        super().__init__(scope, str(id_), meta.get("origin"))
        owner = f"{_KIND_WORDS[schema.kind]}{schema.type}"
        seen = Inspection(owner, schema.block, self.stack)
        self._name = _check_name(id_, seen)
        self.key = f"{_PREFIX[schema.kind]}{schema.type}.{self._name}"
        self._many = ""
        arguments = _without_id(schema, arguments, seen)
        body: dict[str, Any] = {"//": {"metadata": {"path": self._path, "uniqueId": self._name}}}
        body |= seen.body(arguments)
        self._body = body
        self._write_meta(meta, seen)
        if meta and not seen.faults:
            self._write_moves(meta, scope)
        self._finish(seen)

    # Facts

    @property
    def type(self) -> str:
        return self._fact("type", self._schema.type)

    @property
    def address(self) -> str:
        return self._fact("address", self.key)

    @property
    def source(self) -> str:
        return self._fact("source", super().source)

    @property
    def body(self) -> dict[str, Any]:
        return self._body

    @property
    def construct_id(self) -> str:
        """The id it was given, the last part of its address."""
        return self._name

    @property
    def provider_schema(self) -> ProviderSchema:
        return self._schema.provider

    def _fact(self, name: str, text: str) -> str:
        if name in self._schema.block and not self._many:
            return Meta(text, self._reference(name))
        return text

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.key}>"

    # References

    def __getattr__(self, name: str) -> Reference:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._reference(name)

    def __getitem__(self, key: str | int) -> Reference:
        """An attribute by name; an instance by index or key where the record has `count` or `for_each`."""
        if not self._many:
            return self._reference(cast(str, key))
        inner = str(key) if isinstance(key, int) else Reference(self, "", ("map", "string"))[key].text
        return Reference(self, f"{self.key}[{inner}]" if isinstance(key, int) else self.key + inner, self._schema.block)

    def _reference(self, name: str) -> Reference:
        block = self._schema.block
        if self._many:
            raise misuse(
                f"`{self.key}` has `{self._many}`, so it is many and has no `{name}`",
                f"choose one first, by index or key: record[{_EXAMPLE_KEY[self._many]}].{name}",
            )
        at: Attribute | Nested | None = block.attributes.get(name) or block.blocks.get(name)
        if at is None:
            at = next((_field(block, each) for each in block if argument_name(each) == name), None)
        if at is None:
            raise UnknownAttributeError([unknown_attribute(self._schema.type, name, block)])
        return Reference(self, f"{self.key}.{at.name}", at)

    # Writing

    def write(self, document: dict[str, Any]) -> None:
        document.setdefault(self.section, {}).setdefault(self._schema.type, {})[self._name] = self._body

    def _write_meta(self, meta: Mapping[str, Any], seen: Inspection) -> None:
        body = self._body
        if meta:
            _refuse_provisioners(meta, seen)
            self._write_count(meta, seen)
        after = _depends_on(self, meta.get("depends_on"), self._place, seen)
        if after:
            body["depends_on"] = after
        if meta.get("provider") is not None:
            body["provider"] = _provider(meta["provider"], self._schema.provider.name, seen)
        if meta.get("lifecycle") is not None:
            body["lifecycle"] = _write_lifecycle(meta["lifecycle"], self, seen)

    def _write_count(self, meta: Mapping[str, Any], seen: Inspection) -> None:
        count, for_each = meta.get("count"), meta.get("for_each")
        if count is not None and for_each is not None:
            seen.fault("terraform/wrong-type", ((), "count"), "cannot stand beside `for_each`", help="keep one of them")
        if count is not None:
            self._many = "count"
            self._body["count"] = _count(count, seen)
        elif for_each is not None:
            self._many = "for_each"
            self._body["for_each"] = _for_each(for_each, seen)

    def _write_moves(self, meta: Mapping[str, Any], scope: Any) -> None:
        if meta.get("renamed_from") is not None:
            old = str(meta["renamed_from"])
            Moved(scope, old if "." in old else f"{self._schema.type}.{old}", self.key, origin=self._origin)
        if meta.get("import_id") is not None:
            Import(scope, self.key, meta["import_id"], origin=self._origin)


def _refuse_provisioners(meta: Mapping[str, Any], seen: Inspection) -> None:
    help = "set up what runs on a machine with an image, a start-up script or a configuration tool"
    for name in ("connection", "provisioners"):
        if meta.get(name) is not None:
            summary = "is not supported: provisioners hide changes"
            seen.fault("terraform/unknown-argument", ((), name), summary, help=help)


def _field(block: Block, name: str) -> Attribute | Nested:
    return block.attributes.get(name) or block.blocks[name]


def _taken(arguments: dict[str, Any], block: Block) -> dict[str, Any]:
    """The arguments that are planform's or Terraform's own, taken out; the schema's own names stay.

    Where both have a name, ours is reached with an underscore after it: `origin_`.
    """
    meta = {name: arguments.pop(name) for name in _META & arguments.keys() if name not in block}
    for name in _shared_names(block):
        if f"{name}_" in arguments:
            meta[name] = arguments.pop(f"{name}_")
    return meta


@cache
def _shared_names(block: Block) -> tuple[str, ...]:
    return tuple(name for name in _OWN_META if name in block)


def _without_id(schema: TypeSchema, arguments: dict[str, Any], seen: Inspection) -> dict[str, Any]:
    """A resource's `id` is optional in many schemas and accepted by no provider."""
    if arguments.get("id") is None or schema.kind != "resource":
        return arguments
    attribute = schema.block.attributes.get("id")
    if not attribute or not attribute.computed:
        return arguments
    seen.fault(
        "terraform/computed-argument",
        ((), "id"),
        "is set by the provider and cannot be an argument",
        help="leave it out; the construct's id is the second positional argument, an existing one is `import_id`",
    )
    return {name: value for name, value in arguments.items() if name != "id"}


class Resource(Record):
    """Something that Terraform makes and keeps."""

    __slots__ = ()
    section = "resource"


class DataSource(Record):
    """Something that Terraform reads, at plan: it needs credentials then, so planform's own components make none."""

    __slots__ = ()
    section = "data"


class EphemeralResource(Record):
    """Something that Terraform opens for the time of a run and keeps nowhere."""

    __slots__ = ()
    section = "ephemeral"


class Provider(Declared):
    """A provider's configuration; with `alias` one of several.

    The second positional argument is a construct id as in the bindings and has no further meaning.
    """

    __slots__ = ("_alias", "_body")

    section = "provider"
    _schema: ClassVar[TypeSchema]

    def __init__(self, scope: Any, id_: str = "", /, *, alias: str | None = None, **arguments: Any) -> None:
        schema = self._schema
        origin = arguments.pop("origin", None) if "origin" not in schema.block else None
        super().__init__(scope, id_ or schema.type, origin)
        seen = Inspection(f"provider {schema.type}", schema.block, self.stack)
        self._alias = None if alias is None else _check_name(alias, seen)
        self.key = f"provider.{self.address}"
        self._body = seen.body(arguments)
        refuse_literal_secrets(arguments, seen)
        self._finish(seen)

    @property
    def address(self) -> str:
        """As the `provider` argument of a record has it: `google`, `google.eu`."""
        return f"{self._schema.type}.{self._alias}" if self._alias else self._schema.type

    @property
    def body(self) -> dict[str, Any]:
        """Its Terraform JSON."""
        return self._body

    @property
    def provider_schema(self) -> ProviderSchema:
        return self._schema.provider

    def write(self, document: dict[str, Any]) -> None:
        body = {"alias": self._alias, **self._body} if self._alias else self._body
        document.setdefault("provider", {}).setdefault(self._schema.type, []).append(body)


class _Named(Declared):
    """A block with one label: outputs, variables, local values, checks."""

    __slots__ = ("_body", "_name")

    prefix: ClassVar[str] = ""
    _body: Any

    def _start(self, scope: Any, id_: str, origin: Location | None) -> Inspection:
        Declared.__init__(self, scope, str(id_), origin)
        seen = Inspection(f"{type(self).__name__} `{id_}`", None, self.stack)
        self._name = _check_name(id_, seen)
        self.key = f"{self.prefix}.{self._name}"
        return seen

    @property
    def construct_id(self) -> str:
        """The id it was given, the last part of its address."""
        return self._name

    @property
    def address(self) -> str:
        return self.key

    @property
    def body(self) -> Any:
        """Its Terraform JSON."""
        return self._body

    def write(self, document: dict[str, Any]) -> None:
        document.setdefault(self.section, {})[self._name] = self._body


class OutputValue(_Named):
    """A value that a stack shows after apply."""

    __slots__ = ()
    section, prefix = "output", "output"

    def __init__(
        self,
        scope: Any,
        id_: str,
        /,
        *,
        value: Any,
        description: str | None = None,
        sensitive: bool | None = None,
        depends_on: Sequence[Any] | None = None,
        precondition: Sequence[Condition] | None = None,
        origin: Location | None = None,
    ) -> None:
        seen = self._start(scope, id_, origin)
        self._body = _given(
            value=write_value(value, ((), "value"), seen),
            description=_literal(description, "description", seen),
            sensitive=sensitive,
            depends_on=_addresses(depends_on, "depends_on", self.stack, seen) or None,
            precondition=_conditions(precondition, "precondition", seen),
        )
        self._finish(seen)


class Variable(_Named):
    """An input of a stack; `value` is its expression, and the variable itself may be an argument too."""

    __slots__ = ()
    section, prefix = "variable", "var"
    stands_for_value: ClassVar[bool] = True

    def __init__(
        self,
        scope: Any,
        id_: str,
        /,
        *,
        type: str | None = None,
        default: Any = None,
        description: str | None = None,
        sensitive: bool | None = None,
        nullable: bool | None = None,
        ephemeral: bool | None = None,
        validation: Sequence[Condition] | None = None,
        origin: Location | None = None,
    ) -> None:
        seen = self._start(scope, id_, origin)
        self._body = _given(
            type=_literal(type, "type", seen),
            default=_literal(default, "default", seen),
            description=_literal(description, "description", seen),
            sensitive=sensitive,
            nullable=nullable,
            ephemeral=ephemeral,
            validation=_conditions(validation, "validation", seen),
        )
        self._finish(seen)

    @property
    def value(self) -> Expression:
        return Expression(self.key, self.stack)


class Local(_Named):
    """A named expression; `value` is its expression, and the local value itself may be an argument too."""

    __slots__ = ()
    section, prefix = "locals", "local"
    stands_for_value: ClassVar[bool] = True

    def __init__(self, scope: Any, id_: str, value: Any, /, *, origin: Location | None = None) -> None:
        seen = self._start(scope, id_, origin)
        self._body = write_value(value, ((), "value"), seen)
        self._finish(seen)

    @property
    def value(self) -> Expression:
        return Expression(self.key, self.stack)


class Check(_Named):
    """Conditions that Terraform tests after each plan and apply; a failure is a warning."""

    __slots__ = ()
    section, prefix = "check", "check"

    def __init__(
        self, scope: Any, id_: str, /, *, conditions: Sequence[Condition], origin: Location | None = None
    ) -> None:
        seen = self._start(scope, id_, origin)
        self._body = {"assert": _conditions(conditions, "conditions", seen)}
        self._finish(seen)


class _Statement(Declared):
    """A block without a label: moved, removed, import."""

    __slots__ = ("_body",)

    _body: dict[str, Any]

    def _start(self, scope: Any, subject: str, origin: Location | None) -> Inspection:
        Declared.__init__(self, scope, f"{self.section}.{subject}", origin)
        return Inspection(f"{self.section} block of `{subject}`", None, self.stack)

    @property
    def body(self) -> dict[str, Any]:
        """Its Terraform JSON."""
        return self._body

    def write(self, document: dict[str, Any]) -> None:
        document.setdefault(self.section, []).append(self._body)


class Moved(_Statement):
    """The resource at `from_` has the address `to` now; `renamed_from` of a record makes one."""

    __slots__ = ()
    section = "moved"

    def __init__(self, scope: Any, from_: Any, to: Any, /, *, origin: Location | None = None) -> None:
        seen = self._start(scope, str(_one_address(from_)), origin)
        self._body = {
            "from": _address(from_, ((), "from"), None, seen),
            "to": _address(to, ((), "to"), self.stack, seen),
        }
        self._finish(seen)


class Removed(_Statement):
    """The resource at `from_` leaves the state; with `destroy` it is deleted as well."""

    __slots__ = ()
    section = "removed"

    def __init__(self, scope: Any, from_: Any, /, *, destroy: bool = False, origin: Location | None = None) -> None:
        seen = self._start(scope, str(_one_address(from_)), origin)
        address = _address(from_, ((), "from"), None, seen)
        self._body = {"from": address, "lifecycle": {"destroy": destroy}}
        self._finish(seen)


class Import(_Statement):
    """The existing thing `id_` becomes the resource at `to`; Terraform reads it at plan, with credentials."""

    __slots__ = ()
    section = "import"

    def __init__(
        self, scope: Any, to: Any, id_: Any, /, *, provider: Any = None, origin: Location | None = None
    ) -> None:
        seen = self._start(scope, str(_one_address(to)), origin)
        self._body = _given(
            to=_address(to, ((), "to"), self.stack, seen),
            id=write_value(id_, ((), "id"), seen),
            provider=None if provider is None else _provider(provider, "", seen),
        )
        self._finish(seen)


_SECTIONS = (
    "provider", "variable", "locals", "data", "ephemeral", "resource", "output", "check", "moved", "removed", "import",
)  # fmt: skip


# Meta-arguments


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _literal(value: Any, name: str, seen: Inspection) -> Any:
    """What Terraform reads as it is, not as a template: descriptions, types, defaults of variables."""
    if isinstance(value, Expression) or expression_of(value) is not None:
        seen.fault(
            "terraform/wrong-type", ((), name), "takes a value, not an expression", help="write the value itself"
        )
        return None
    if isinstance(value, Mapping):
        return {str(key): _literal(each, name, seen) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_literal(each, name, seen) for each in value]
    if value is not None and not isinstance(value, str | int | float | bool):
        seen.fault("terraform/wrong-type", ((), name), f"cannot hold {value!r}", help="write text, a number or a list")
    return str.__str__(value) if isinstance(value, str) else value


def _count(value: Any, seen: Inspection) -> Any:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    inner = value if isinstance(value, Expression) else expression_of(value)
    if inner is not None:
        return seen.refers(inner, ((), "count"))
    if is_token(value):
        return value
    seen.fault(
        "terraform/wrong-type", ((), "count"), f"takes a whole number from 0, not {value!r}", help="write count=2"
    )
    return None


def _for_each(value: Any, seen: Inspection) -> Any:
    path = ((), "for_each")
    if isinstance(value, list | tuple | set | frozenset) and all(isinstance(each, str) for each in value):
        quoted = ", ".join(
            Reference(cast(Any, _Nowhere), "", ("map", "string"))[each].text[1:-1] for each in sorted(value)
        )
        return f"${{toset([{quoted}])}}"
    inner = value if isinstance(value, Expression) else expression_of(value)
    if inner is not None:
        return seen.refers(inner, path)
    if mapping_of(value) is not None:
        return write_value(value, path, seen)
    seen.fault(
        "terraform/wrong-type", path, f"takes a mapping or a list of text, not {value!r}", help="write {...} or [...]"
    )
    return None


class _Nowhere:
    stack = None


def _one_address(value: Any) -> Any:
    if isinstance(value, Declared):
        return value.key
    return value.text if isinstance(value, Expression) else value


def _address(value: Any, path: Any, stack: Any, seen: Inspection) -> str:
    """An address as Terraform wants it: bare. `stack` None does not ask where it is."""
    if isinstance(value, Declared):
        if stack is not None and value.stack is not stack:
            help = "stacks are ordered as a whole: make the stack depend on the other one"
            seen.fault(
                "terraform/cross-stack-reference", path, f"names `{value.key}`, which is in another stack", help=help
            )
        return value.key
    if isinstance(value, Expression):
        seen.refers(value, path)
        return value.text
    text = _engine_address(value) or value
    if isinstance(text, str) and _ADDRESS.fullmatch(text):
        return text
    seen.fault(
        "terraform/bad-address",
        path,
        f"takes records or addresses, not {value!r}",
        help="write google_storage_bucket.x",
    )
    return ""


def _engine_address(value: Any) -> str:
    """The address of a construct of the engine: of a prebuilt resource, data source or module; else empty."""
    if not hasattr(type(value), "__jsii_type__") or not hasattr(value, "friendly_unique_id"):
        return ""
    names = {each.__name__ for each in type(value).__mro__}
    kind = "data." if "TerraformDataSource" in names else ""
    return f"{kind}{getattr(value, 'terraform_resource_type', 'module')}.{value.friendly_unique_id}"


def _addresses(values: Any, name: str, stack: Any, seen: Inspection) -> list[str]:
    listed = values if isinstance(values, list | tuple) else [] if values is None else [values]
    return [_address(each, (((), name), index), stack, seen) for index, each in enumerate(listed)]


def _depends_on(record: Record, values: Any, place: _Place, seen: Inspection) -> list[str]:
    found = [] if values is None else _addresses(values, "depends_on", place.stack, seen)
    if record.section == "resource":
        found += [each.key for each in place.depends_on()]
    return [each for each in dict.fromkeys(found) if each != record.key]


def _provider(value: Any, name: str, seen: Inspection) -> str:
    full_name = value.address if isinstance(value, Provider) else getattr(value, "fqn", value)
    path = ((), "provider")
    if isinstance(value, Provider) and value.stack is not seen.stack:
        help = "configure the provider in this stack too"
        seen.fault("terraform/cross-stack-reference", path, f"`{full_name}` is in another stack", help=help)
    if isinstance(full_name, str) and re.fullmatch(r"[a-z0-9][a-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*)?", full_name):
        if not name or full_name.split(".")[0] == name:
            return full_name
        help = f"pass a configuration of {name}"
        seen.fault("terraform/wrong-type", path, f"takes a configuration of {name}, not `{full_name}`", help=help)
        return ""
    if isinstance(full_name, str) and "TfToken[" in full_name:
        return full_name
    help = 'pass the provider record, or its address: "google.eu"'
    seen.fault("terraform/wrong-type", path, f"takes a provider, not {value!r}", help=help)
    return ""


def _conditions(values: Any, name: str, seen: Inspection) -> list[dict[str, Any]] | None:
    if not values:
        return None
    out = []
    for index, each in enumerate(values if isinstance(values, list | tuple) else [values]):
        path = (((), name), index)
        held = mapping_of(each)
        condition = held.get("condition") if held else getattr(each, "condition", None)
        message = held.get("error_message") if held else getattr(each, "error_message", None)
        inner = condition if isinstance(condition, Expression) else expression_of(condition)
        if inner is None and not (isinstance(condition, bool) or is_token(condition)):
            seen.fault("terraform/wrong-type", (path, "condition"), "takes an expression", help='write expr("a == b")')
        written = seen.refers(inner, (path, "condition")) if inner is not None else condition
        out.append({"condition": written, "error_message": write_value(message, (path, "error_message"), seen)})
    return out


def _write_lifecycle(value: Any, record: Record, seen: Inspection) -> dict[str, Any]:
    if isinstance(value, Lifecycle):
        held: Mapping[str, Any] = {name: getattr(value, name) for name in _LIFECYCLE}
    else:
        held = mapping_of(value) or {}
        if mapping_of(value) is None:
            seen.fault(
                "terraform/wrong-type", ((), "lifecycle"), f"takes a Lifecycle, not {value!r}", help="Lifecycle(...)"
            )
    out = {}
    for name, given in held.items():
        if name not in _LIFECYCLE:
            help = f"arguments here: {', '.join(sorted(_LIFECYCLE))}"
            seen.fault("terraform/unknown-argument", (((), "lifecycle"), name), "does not exist", help=help)
        elif given is not None:
            written = _LIFECYCLE[name](given, record, seen)
            if written is not None:
                out[name] = written
    return out


def _ignored(values: Any, record: Record, seen: Inspection) -> Any:
    if values is None or values == "all":
        return values
    listed = values if isinstance(values, list | tuple) else [values]
    return [_ignored_path(each, record, seen) for each in listed] or None


def _ignored_path(value: Any, record: Record, seen: Inspection) -> str:
    text = value.text.removeprefix(f"{record.key}.") if isinstance(value, Reference) else str(value)
    block = record._schema.block
    where = _unknown_step(block, text)
    if where is None:
        help = "write a path such as labels or settings[0].disk_size"
        seen.fault("terraform/unknown-attribute", ((), "lifecycle"), f"ignores `{text}`, which is no path", help=help)
    elif where:
        _no_path(text, where[:-1], where[-1], block, seen)
    return text


@cache
def _unknown_step(block: Block, text: str) -> tuple[str, ...] | None:
    """The names of a path up to the first that the block has not; () where it has all, None where it is no path."""
    names: tuple[str, ...] = ()
    at: Any = block
    end = 0
    for step in _STEP.finditer(text):
        if step.start() != end:
            break
        end = step.end()
        if step[1] and isinstance(at, Block):
            names = (*names, step[1])
            if step[1] not in at:
                return names
            found = _field(at, step[1])
            at = found.block if isinstance(found, Nested) else found.nested
    return () if end == len(text) and text else None


_LIFECYCLE: dict[str, Callable[[Any, Record, Inspection], Any]] = {
    "create_before_destroy": lambda value, _, __: value,
    "prevent_destroy": lambda value, _, __: value,
    "ignore_changes": _ignored,
    "replace_triggered_by": lambda value, record, seen: (
        _addresses(value, "replace_triggered_by", record.stack, seen) or None
    ),
    "precondition": lambda value, _, seen: _conditions(value, "precondition", seen),
    "postcondition": lambda value, _, seen: _conditions(value, "postcondition", seen),
}
"""How each field of a Lifecycle is written."""


def _no_path(text: str, where: tuple[str, ...], name: str, block: Block, seen: Inspection) -> None:
    found = nearest_argument(block, where, name)
    seen.fault(
        "terraform/unknown-attribute",
        (((), "lifecycle"), "ignore_changes"),
        f"names `{text}`, and there is no `{name}`",
        nearest=".".join(found) if found else "",
        help="only attributes of the type can be ignored",
    )
