"""Provider schemas: packed without prose, read lazily, one type at a time.

A packed schema is a gzip of lines. Line 0 is a JSON object: the provider's name, source and version, and for every
resource, data source and ephemeral resource the line that holds its block, as the distance from the type before it.
Each other line is one distinct block, a JSON object; blocks that are equal are written once. Its attributes are
grouped by what they are: `"oc:s": "a b"` are two optional and computed strings. `"/": ["name mode min max line"]` are
the nested blocks and `"=": ["name flags mode line"]` the attributes with attributes of their own; these lines are
distances too.
"""

from __future__ import annotations

import gzip
import json
import os
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec import Struct

from planform.diagnostics import Diagnostic, DiagnosticError, Location, error, suggest

Type = Any
"""A Terraform type: "string", "number", "bool", "dynamic", or a pair such as ("list", "string") and
("object", {"name": "string"})."""

FORMAT = 1
SUFFIX = ".json.gz"
SHIPPED = Path(__file__).parent / "schemas"
PROJECT_FOLDER = Path(".planform") / "providers"

KINDS = {"resource": "resource_schemas", "data": "data_source_schemas", "ephemeral": "ephemeral_resource_schemas"}
"""Kind of a type, as Terraform JSON names it, to the key of `terraform providers schema -json`."""

_FLAGS = {
    "required": "r",
    "optional": "o",
    "computed": "c",
    "sensitive": "x",
    "write_only": "w",
    "deprecated": "d",
}
_PRIMITIVES = {"string": "s", "number": "n", "bool": "b", "dynamic": "*"}
_COLLECTIONS = {"list": "[", "set": "<", "map": "{"}
_PRIMITIVE_OF = {code: name for name, code in _PRIMITIVES.items()}
_COLLECTION_OF = {code: name for name, code in _COLLECTIONS.items()}
_PROVIDER_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_BLOCK_DEPRECATED, _BLOCKS, _NESTED = "!", "/", "="
_MODES = {"list": "l", "set": "s", "single": "1", "map": "m", "group": "1"}
_MODE_OF = {"l": "list", "s": "set", "1": "single", "m": "map"}


class Attribute(Struct, frozen=True):
    """One attribute of a block; `nested` is the block of an attribute that has attributes of its own.

    `mode` then says how they are nested: `single`, `list`, `set` or `map`.
    """

    name: str
    type: Type
    required: bool = False
    optional: bool = False
    computed: bool = False
    sensitive: bool = False
    write_only: bool = False
    deprecated: bool = False
    nested: Block | None = None
    mode: str = ""

    @property
    def settable(self) -> bool:
        """Whether it is an argument, not only a result."""
        return self.required or self.optional


class Nested(Struct, frozen=True):
    """A nested block: `mode` is `single`, `list`, `set` or `map`; `max_items` 0 means any number."""

    name: str
    mode: str
    min_items: int
    max_items: int
    block: Block


class Block:
    """Attributes and nested blocks, by name, in the order of the alphabet. Nested blocks are read on first use."""

    __slots__ = ("_blocks", "_nested", "_pack", "attributes", "deprecated")

    def __init__(self, pack: _Pack, number: int, line: dict[str, Any]) -> None:
        self._pack = pack
        self._nested = {code.split(" ", 1)[0]: (code, number) for code in line.pop(_BLOCKS, ())}
        self._blocks: dict[str, Nested] | None = None
        self.deprecated = bool(line.pop(_BLOCK_DEPRECATED, 0))
        found = [_with_attributes(pack, number, code) for code in line.pop(_NESTED, ())]
        for group, names in line.items():
            found += _plain_attributes(group, names)
        self.attributes = {each.name: each for each in sorted(found, key=lambda each: each.name)}

    @property
    def blocks(self) -> Mapping[str, Nested]:
        """The nested blocks by name."""
        if self._blocks is None:
            self._blocks = {name: self._read(*place) for name, place in self._nested.items()}
        return self._blocks

    def _read(self, code: str, number: int) -> Nested:
        name, mode, least, most, distance = code.split(" ")
        block = self._pack.block(number - int(distance))
        return Nested(name, _MODE_OF[mode], int(least), int(most), block)

    def __contains__(self, name: object) -> bool:
        return name in self.attributes or name in self._nested

    def __iter__(self) -> Iterator[str]:
        yield from self.attributes
        yield from self._nested

    def settable(self) -> list[str]:
        """The names that may be written, sorted."""
        attributes = (name for name, each in self.attributes.items() if each.settable)
        return sorted((*attributes, *self._nested))


class TypeSchema(Struct, frozen=True, eq=False):
    """One resource type, data source or ephemeral resource (`kind` as in Terraform JSON), or the provider itself."""

    kind: str
    type: str
    block: Block
    provider: ProviderSchema


class ProviderSchema:
    """All types of one version of a provider.

    `name` is the local name (`google`), `source` the registry's (`hashicorp/google`), `version` that of the schema.
    """

    def __init__(self, pack: _Pack, header: Mapping[str, Any]) -> None:
        self.name: str = header["name"]
        self.source: str = header["source"]
        self.version: str = header["version"]
        self.functions: Mapping[str, Any] = header.get("functions", {})
        self._pack = pack
        self._lines = {kind: _read_lines(self.name, header[kind]) for kind in KINDS}
        self._provider_line: int = header["provider"]
        self._types: dict[tuple[str, str], TypeSchema] = {}

    def __str__(self) -> str:
        return f"{self.source} {self.version}"

    @property
    def constraint(self) -> str:
        """The version constraint of a document: patches and, from 1.0 on, minor releases are allowed."""
        major, minor, *rest = self.version.split(".")
        return f"~> {self.version}" if major == "0" and rest else f"~> {major}.{minor}"

    @property
    def resources(self) -> list[str]:
        """The names of all resource types."""
        return self.names("resource")

    def names(self, kind: str) -> list[str]:
        """All type names of a kind: `resource`, `data` or `ephemeral`."""
        return list(self._lines[kind])

    def find(self, kind: str, name: str) -> TypeSchema | None:
        """A type by its Terraform name, or None."""
        found = self._types.get((kind, name))
        if found is None and name in self._lines[kind]:
            found = TypeSchema(kind, name, self._pack.block(self._lines[kind][name]), self)
            self._types[kind, name] = found
        return found

    def get(self, kind: str, name: str) -> TypeSchema:
        """A type by its Terraform name. Errors: terraform/unknown-resource."""
        found = self.find(kind, name)
        if found is None:
            raise DiagnosticError([unknown_type(self, name, self._lines[kind])])
        return found

    @property
    def configuration(self) -> TypeSchema:
        """The provider's own block."""
        return TypeSchema("provider", self.name, self._pack.block(self._provider_line), self)


class _Pack:
    """The lines of a packed schema and the blocks already read from them."""

    __slots__ = ("_blocks", "lines")

    def __init__(self, lines: list[bytes]) -> None:
        self.lines = lines
        self._blocks: dict[int, Block] = {}

    def block(self, number: int) -> Block:
        found = self._blocks.get(number)
        if found is None:
            found = self._blocks[number] = Block(self, number, json.loads(self.lines[number]))
        return found


def unknown_type(provider: ProviderSchema, name: str, options: Any, at: Location | None = None) -> Diagnostic:
    """The fault of a type or class that a provider does not have."""
    nearest = suggest(name, options)
    return error(
        "terraform/unknown-resource",
        f"{provider} has no `{name}`",
        at,
        notes=[f"nearest: `{nearest}`"] if nearest else [],
        help=f"write `{nearest}`" if nearest else "see `planform list resources` for the names of this version",
    )


def load(provider: str) -> ProviderSchema:
    """The schema of a provider by its local name: shipped, or added to the project.

    Errors: terraform/unknown-provider, terraform/bad-schema.
    """
    return _load(_path_of(provider))


@lru_cache(maxsize=64)
def _load(path: Path) -> ProviderSchema:
    return unpack(path.read_bytes(), str(path))


def available() -> list[ProviderSchema]:
    """All providers that `load` finds, by local name. Errors: terraform/bad-schema."""
    return [load(name) for name in sorted(files())]


def files() -> dict[str, Path]:
    """The file of each provider that `load` finds, by local name; the project's before the shipped ones."""
    found = {path.name.removesuffix(SUFFIX): path for path in sorted(SHIPPED.glob(f"*{SUFFIX}"))}
    folder = project_folder()
    if folder is not None:
        found |= {path.name.removesuffix(SUFFIX): path for path in sorted(folder.glob(f"*{SUFFIX}"))}
    return found


def project_folder() -> Path | None:
    """Where the project keeps added schemas: PLANFORM_PROVIDERS, or the nearest `.planform/providers` upwards."""
    chosen = os.environ.get("PLANFORM_PROVIDERS")
    if chosen:
        return Path(chosen)
    here = Path.cwd()
    return next((up / PROJECT_FOLDER for up in (here, *here.parents) if (up / PROJECT_FOLDER).is_dir()), None)


def _path_of(provider: str) -> Path:
    shipped = SHIPPED / f"{provider}{SUFFIX}"
    if _PROVIDER_NAME.fullmatch(provider):
        folder = project_folder()
        for path in ([folder / shipped.name] if folder else []) + [shipped]:
            if path.is_file():
                return path
    names = files()
    nearest = suggest(provider, names)
    raise DiagnosticError(
        [
            error(
                "terraform/unknown-provider",
                f"there is no schema of a provider `{provider}`",
                notes=[f"nearest: `{nearest}`"] if nearest else [f"here: {', '.join(sorted(names))}"],
                help="add it with `planform provider add SOURCE@VERSION`",
            )
        ]
    )


def unpack(data: bytes, file: str = "<bytes>") -> ProviderSchema:
    """A packed schema read back. Errors: terraform/bad-schema."""
    try:
        pack = _Pack(gzip.decompress(data).split(b"\n"))
        header = json.loads(pack.lines[0])
        if header["format"] != FORMAT:
            raise ValueError(f"format {header['format']}, this version reads format {FORMAT}")
        return ProviderSchema(pack, header)
    except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError) as fault:
        raise bad_schema(file, f"not a packed provider schema: {fault}") from fault


def bad_schema(file: str, why: str) -> DiagnosticError:
    """The fault of a schema file that cannot be used."""
    help = "give the output of `terraform providers schema -json`, or let `planform provider add` run it"
    return DiagnosticError([error("terraform/bad-schema", why, Location(file, 0, 0), help=help)])


# Packing


def pack(schema: Mapping[str, Any], *, source: str = "", version: str = "", file: str = "<schema>") -> bytes:
    """`terraform providers schema -json` of one provider, packed: same input, same bytes.

    `source` chooses the provider when the schema holds several, and is `namespace/name`; `version` is not part of
    Terraform's output and is written as given. Errors: terraform/bad-schema.
    """
    address, provider = _only_provider(schema, source, file)
    blocks = _Blocks()
    try:
        header = {
            "format": FORMAT,
            "name": address.rsplit("/", 1)[-1],
            "source": "/".join(address.split("/")[-2:]),
            "version": version,
            "provider": blocks.add(provider.get("provider", {}).get("block", {})),
            **_types(provider, blocks, address.rsplit("/", 1)[-1]),
            "functions": _functions(provider.get("functions", {})),
        }
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise bad_schema(file, f"`{address}` is not as Terraform writes it: {fault!r}") from fault
    text = b"\n".join(line.encode() for line in (_line(header), *blocks.lines))
    return gzip.compress(text, compresslevel=9, mtime=0)


def _only_provider(schema: Mapping[str, Any], source: str, file: str) -> tuple[str, Mapping[str, Any]]:
    providers = schema.get("provider_schemas") if isinstance(schema, Mapping) else None
    if not isinstance(providers, Mapping) or not providers:
        raise bad_schema(file, "no `provider_schemas` in it")
    if not str(schema.get("format_version", "")).startswith("1."):
        raise bad_schema(file, f"format version `{schema.get('format_version')}`, planform reads 1.x")
    matching = [name for name in providers if not source or name == source or name.endswith(f"/{source}")]
    if len(matching) != 1:
        held = ", ".join(sorted(map(str, providers)))
        raise bad_schema(file, f"no single provider `{source}` in it; it holds {held}")
    return matching[0], providers[matching[0]]


def _types(provider: Mapping[str, Any], blocks: _Blocks, local_name: str) -> dict[str, dict[str, int]]:
    """Distances by kind and type; a data source is packed next to the resource of its name, for compression.

    A name that starts with the provider's is written without it, from the underscore on.
    """
    types: dict[str, dict[str, int]] = {kind: {} for kind in KINDS}
    last = dict.fromkeys(KINDS, 0)
    names = sorted({name for key in KINDS.values() for name in provider.get(key, {})})
    for name in names:
        short = name.removeprefix(local_name) if name.startswith(f"{local_name}_") else name
        for kind, key in KINDS.items():
            if name in provider.get(key, {}):
                line = blocks.add(provider[key][name]["block"])
                types[kind][short] = line - last[kind]
                last[kind] = line
    return types


def _functions(functions: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {
            "parameters": [[each["name"], _type_code(each["type"])] for each in function.get("parameters", [])],
            "return": _type_code(function["return_type"]),
            "variadic": _type_code(function["variadic_parameter"]["type"])
            if "variadic_parameter" in function
            else None,
        }
        for name, function in sorted(functions.items())
    }


def _line(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


class _Blocks:
    """The lines of a pack while it is made; a block equal to an earlier one gets that one's number."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._numbers: dict[str, int] = {}

    def add(self, block: Mapping[str, Any]) -> int:
        groups: dict[str, list[str]] = {}
        nested: list[tuple[str, int]] = []
        blocks: list[tuple[str, int]] = []
        for name, attribute in sorted((block.get("attributes") or {}).items()):
            flags = "".join(code for key, code in _FLAGS.items() if attribute.get(key))
            inner = attribute.get("nested_type")
            if inner is None:
                groups.setdefault(f"{flags}:{_type_code(attribute['type'])}", []).append(name)
            else:
                number = self.add({"attributes": inner["attributes"]})
                nested.append((f"{name} {flags} {_MODES[inner['nesting_mode']]}", number))
        for name, each in sorted((block.get("block_types") or {}).items()):
            words = [name, _MODES[each["nesting_mode"]], each.get("min_items", 0), each.get("max_items", 0)]
            blocks.append((" ".join(map(str, words)), self.add(each["block"])))
        return self._number(bool(block.get("deprecated")), groups, nested, blocks)

    def _number(
        self,
        deprecated: bool,
        groups: Mapping[str, list[str]],
        nested: list[tuple[str, int]],
        blocks: list[tuple[str, int]],
    ) -> int:
        identity = repr((deprecated, sorted(groups.items()), nested, blocks))
        if identity not in self._numbers:
            number = len(self.lines) + 1
            line: dict[str, Any] = {_BLOCK_DEPRECATED: 1} if deprecated else {}
            line |= {code: " ".join(names) for code, names in sorted(groups.items())}
            for key, inner in ((_NESTED, nested), (_BLOCKS, blocks)):
                if inner:
                    line[key] = [f"{words} {number - child}" for words, child in inner]
            self.lines.append(_line(line))
            self._numbers[identity] = number
        return self._numbers[identity]


def _plain_attributes(group: str, names: str) -> list[Attribute]:
    flags, _, code = group.partition(":")
    kind = _TYPES.get(code) or type_of(code)
    given = _flags(flags)
    return [Attribute(name, kind, *given) for name in names.split(" ")]


def _with_attributes(pack: _Pack, number: int, code: str) -> Attribute:
    name, flags, mode, distance = code.split(" ")
    return Attribute(name, "object", *_flags(flags), pack.block(number - int(distance)), _MODE_OF[mode])


def _read_lines(provider: str, distances: Mapping[str, int]) -> dict[str, int]:
    lines: dict[str, int] = {}
    line = 0
    for name, distance in distances.items():
        line += distance
        lines[f"{provider}_{name[1:]}" if name.startswith("_") else name] = line
    return lines


@lru_cache(maxsize=256)
def _flags(flags: str) -> tuple[bool, bool, bool, bool, bool, bool]:
    required, optional, computed, sensitive, write_only, deprecated = (code in flags for code in _FLAGS.values())
    return required, optional, computed, sensitive, write_only, deprecated


def _type_code(kind: Type) -> str:
    if isinstance(kind, str):
        return _PRIMITIVES[kind]
    outer, inner = kind
    if outer == "object":
        return "(" + ",".join(f"{name}:{_type_code(each)}" for name, each in sorted(inner.items())) + ")"
    if outer == "tuple":
        return "*"
    return _COLLECTIONS[outer] + _type_code(inner)


def type_of(code: str) -> Type:
    """The type that a packed code means: `[s` is a list of strings."""
    kind, rest = _read_type(code)
    if rest:
        raise ValueError(f"`{rest}` after the type in `{code}`")
    return kind


def _read_type(code: str) -> tuple[Type, str]:
    head, rest = code[:1], code[1:]
    if head in _PRIMITIVE_OF:
        return _PRIMITIVE_OF[head], rest
    if head in _COLLECTION_OF:
        inner, rest = _read_type(rest)
        return (_COLLECTION_OF[head], inner), rest
    if head != "(":
        raise ValueError(f"`{code}` is no type")
    fields: dict[str, Type] = {}
    while rest and not rest.startswith(")"):
        name, _, rest = rest.partition(":")
        fields[name], rest = _read_type(rest)
        rest = rest.removeprefix(",")
    return ("object", fields), rest.removeprefix(")")


_TYPES: dict[str, Type] = {
    **_PRIMITIVE_OF,
    **{
        outer + inner: (collection, kind)
        for outer, collection in _COLLECTION_OF.items()
        for inner, kind in _PRIMITIVE_OF.items()
    },
}


def type_text(kind: Type) -> str:
    """A type in words: `list of string`."""
    if isinstance(kind, str):
        return {"dynamic": "any value", "bool": "true or false"}.get(kind, kind)
    outer, inner = kind
    if outer == "object":
        return f"object with {', '.join(inner)}" if inner else "object"
    return f"{outer} of {type_text(inner)}"
