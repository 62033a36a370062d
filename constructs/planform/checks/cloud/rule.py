"""What a cloud rule is made of: the fault it reports, its page, and safe reading of Terraform JSON bodies.

A body is what a document writer or a person put there: a block may be one mapping or a list of mappings, numbers
and flags may be strings, any value may be an expression. Reading never raises, and what cannot be known before
apply is `None`: a rule speaks only about what it knows.
"""

from __future__ import annotations

import inspect
import json
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct, field

_TEMPLATE = re.compile(r"(?<!\$)(?:\$\$)*\$\{|(?<!%)(?:%%)*%\{")
_ESCAPED = re.compile(r"\$\$\{|%%\{")
REFERENCE = re.compile(r"\$\{\s*([a-z][a-z0-9_]*)\.([A-Za-z_][A-Za-z0-9_-]*)\.([a-z][a-z0-9_]*)\s*\}")
"""`${type.name.attribute}`, the only expression that rules look through."""

Body = Mapping[str, object]


class Fault(Struct, frozen=True):
    """One value that Google Cloud refuses: `address` is the resource's, `argument` the path inside it."""

    code: str
    address: str
    argument: str
    summary: str
    help: str


class Finding(Struct, frozen=True):
    """What a rule's function yields; the rule adds code and address."""

    argument: str
    summary: str
    help: str


class Page(Struct, frozen=True):
    """What `planform explain CODE` shows: `wrong` and `right` are bodies of the first of `types`."""

    code: str
    title: str
    why: str
    source: str
    types: tuple[str, ...]
    wrong: Body
    right: Body

    @property
    def text(self) -> str:
        """The page as text: title, reason, the two bodies as Terraform JSON, where the fact is from."""
        blocks = [f"{self.code}: {self.title}"]
        blocks += [textwrap.fill(part, 100) for part in self.why.split("\n\n")]
        for head, body in (("Wrong", self.wrong), ("Right", self.right)):
            example = json.dumps({self.types[0]: {"this": body}}, indent=2)
            blocks.append(f"{head}:\n\n{textwrap.indent(example, '    ')}")
        blocks.append(textwrap.fill(f"Source: {self.source}", 100))
        return "\n\n".join(blocks) + "\n"


def is_expression(value: object) -> bool:
    """Whether a string holds a Terraform template, so that its value is not known here."""
    return isinstance(value, str) and ("${" in value or "%{" in value) and _TEMPLATE.search(value) is not None


def literal(value: object) -> str | None:
    """The text that Terraform would read, or None where it is an expression or no scalar."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str) and not is_expression(value):
        return _ESCAPED.sub(lambda match: match.group()[1:], value) if "{" in value else value
    return None


class Block(Struct, frozen=True):
    """One block of a body and the path that leads to it ("" for the resource itself)."""

    value: Body
    path: str = ""

    def at(self, name: str) -> str:
        """The path of an argument of this block."""
        return f"{self.path}.{name}" if self.path else name

    def text(self, name: str) -> str | None:
        """The argument as literal text; None when absent, an expression, or no scalar."""
        return literal(self.value.get(name))

    def number(self, name: str) -> float | None:
        """The argument as a number; numeric strings count, flags do not."""
        value = self.value.get(name)
        if isinstance(value, bool):
            return None
        text = literal(value)
        try:
            return float(text) if text is not None else None
        except ValueError:
            return None

    def flag(self, name: str) -> bool | None:
        """The argument as a flag; Terraform reads "true" and "false" as flags too."""
        return {"true": True, "false": False}.get(self.text(name) or "")

    def texts(self, name: str) -> tuple[str, ...]:
        """The literal members of a list argument; expressions among them are left out."""
        value = self.value.get(name)
        members = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
        return tuple(text for text in map(literal, members) if text is not None)

    def pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        """The literal entries of a map argument."""
        value = self.value.get(name)
        if not isinstance(value, Mapping):
            return ()
        known = ((literal(key), literal(entry)) for key, entry in value.items())
        return tuple((key, entry) for key, entry in known if key is not None and entry is not None)

    def absent(self, name: str) -> bool:
        """Whether the argument or block is certainly not there: a dynamic block of its name may make it."""
        dynamic = self.value.get("dynamic")
        if isinstance(dynamic, Mapping) and name in dynamic:
            return False
        if isinstance(dynamic, Sequence) and any(isinstance(one, Mapping) and name in one for one in dynamic):
            return False
        value = self.value.get(name)
        return value is None or value in ([], "")

    def given(self, name: str) -> bool:
        """Whether the argument is there, known or not; an empty list, an empty text and null are not."""
        value = self.value.get(name)
        return value is not None and value not in ([], "")

    def blocks(self, name: str) -> tuple[Block, ...]:
        """The nested blocks of this name: none where they come from an expression."""
        value = self.value.get(name)
        if isinstance(value, Mapping):
            return (Block(value, f"{self.at(name)}[0]"),)
        if not isinstance(value, Sequence) or isinstance(value, str):
            return ()
        return tuple(
            Block(one, f"{self.at(name)}[{index}]") for index, one in enumerate(value) if isinstance(one, Mapping)
        )

    def block(self, name: str) -> Block:
        """The first nested block of this name; an empty one where there is none."""
        return next(iter(self.blocks(name)), Block({}, f"{self.at(name)}[0]"))

    def unknown(self, name: str) -> bool:
        """Whether something is written here whose value only Terraform can tell."""
        return self.given(name) and self.text(name) is None and not self.blocks(name)


class Context(Struct, frozen=True):
    """What surrounds a body: its type and name, its document, and the provider's defaults for it."""

    type: str
    name: str
    document: Body
    project: str | None = None
    region: str | None = None

    def project_of(self, body: Block) -> str | None:
        """The project of a resource: its own, else the provider's; None when neither is a literal."""
        return body.text("project") if body.given("project") else self.project

    def resolve(self, value: object) -> tuple[str, Block] | None:
        """The resource of this document that `${type.name.attribute}` points at, with its type."""
        match = REFERENCE.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            return None
        type_name, wanted = match.group(1, 2)
        found = next((body for name, body in resources_of(self.document, type_name) if name == wanted), None)
        return (type_name, Block(found)) if found is not None else None

    def named(self, type_name: str, argument: str, value: object) -> Block | None:
        """The resource of this document meant by a name, literal or `${type.name.attribute}`."""
        pointed = self.resolve(value)
        if pointed is not None:
            return pointed[1] if pointed[0] == type_name else None
        text = literal(value)
        if text is None:
            return None
        blocks = (Block(body) for _, body in resources_of(self.document, type_name))
        return next((block for block in blocks if block.text(argument) == text), None)


Judge = Callable[[Block, Context], Iterator[Finding]]


class Rule(Struct, frozen=True):
    """One thing that Google Cloud refuses: a code, the types it concerns, one function, and its page.

    `why` is the function's docstring. `wrong` and `right` are bodies of `types[0]` that the rule refuses and
    allows, with `beside` as the other resources of their document; a test runs them.
    """

    code: str
    types: tuple[str, ...]
    title: str
    judge: Judge
    source: str
    wrong: Body
    right: Body
    beside: Mapping[str, Body] = field(default_factory=dict)

    @property
    def why(self) -> str:
        """The reason, as the rule's function states it."""
        return inspect.getdoc(self.judge) or ""

    @property
    def about(self) -> Page:
        """The parts of the page of this rule's code."""
        return Page(self.code, self.title, self.why, self.source, self.types, self.wrong, self.right)

    @property
    def page(self) -> str:
        """The page of this rule's code as text."""
        return self.about.text

    def check(self, body: Block, context: Context) -> Iterator[Fault]:
        """The faults of one resource."""
        for found in self.judge(body, context):
            address = f"{context.type}.{context.name}"
            yield Fault(self.code, address, found.argument, found.summary, found.help)


def resources(document: Body) -> Iterator[tuple[str, str, Body]]:
    """Type, name and body of each managed resource, in the order of the document."""
    for types in _mappings(document.get("resource")):
        for type_name, named in types.items():
            yield from ((str(type_name), name, body) for name, body in _bodies(named))


def resources_of(document: Body, type_name: str) -> Iterator[tuple[str, Body]]:
    """Name and body of each managed resource of a type, in the order of the document."""
    for types in _mappings(document.get("resource")):
        yield from _bodies(types.get(type_name))


def _bodies(named: object) -> Iterator[tuple[str, Body]]:
    for group in _mappings(named):
        for name, bodies in group.items():
            yield from ((str(name), body) for body in _mappings(bodies))


def _mappings(value: object) -> tuple[Body, ...]:
    if isinstance(value, Mapping):
        return (value,)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(one for one in value if isinstance(one, Mapping))
    return ()


def provider_defaults(
    document: Body, body: Body, project: str | None, region: str | None
) -> tuple[str | None, str | None]:
    """Project and region that the google provider fills in for a body.

    The document's provider configuration wins over the two given; an alias that the document does not configure
    leaves both unknown.
    """
    alias = literal(body.get("provider"))
    wanted = alias.partition(".")[2] if alias and "." in alias else None
    for providers in _mappings(document.get("provider")):
        for one in _mappings(providers.get("google")):
            if literal(one.get("alias")) == wanted:
                return _default(one, "project", project), _default(one, "region", region)
    return (None, None) if wanted else (project, region)


def _default(provider: Body, name: str, fallback: str | None) -> str | None:
    return literal(provider[name]) if provider.get(name) is not None else fallback


def one_of(words: Sequence[str]) -> str:
    """ "a, b or c", for a help line."""
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else "".join(words)


def unknown_word(block: Block, argument: str, words: Sequence[str], what: str) -> Iterator[Finding]:
    """A finding when a literal argument is none of the words that the API knows."""
    text = block.text(argument)
    if text is not None and text != "" and text not in words:
        yield Finding(block.at(argument), f"{what} `{text}` does not exist", f"use {one_of(words)}")
