"""Expressions: the only values that become Terraform expressions; a plain string is always data.

An expression has no value in Python, so whatever would read one (a condition, `len`, `==`, a loop, an f-string) is
refused, with a message that says what to write instead.
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, SupportsIndex

from planform.diagnostics import Diagnostic, DiagnosticError, error, suggest
from planform.terraform.schema import Attribute, Block, Nested, Type, type_text
from planform.terraform.source import caller

if TYPE_CHECKING:
    from planform.terraform.record import Record

_END_OF_DOLLARS = re.compile(r"\$+$")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class ReferenceMisuseError(DiagnosticError, TypeError):
    """An expression was used as if it had a value already. Code: terraform/reference-misuse."""


class UnknownAttributeError(DiagnosticError, AttributeError):
    """A reference to what the schema does not have. Code: terraform/unknown-attribute."""


def escape(text: str) -> str:
    """Text as a Terraform template that renders to exactly this text: `${` -> `$${`, `%{` -> `%%{`."""
    return text.replace("${", "$${").replace("%{", "%%{") if "{" in text else text


def misuse(what: str, help: str) -> ReferenceMisuseError:
    """The error for an expression used where a value is needed."""
    return ReferenceMisuseError([error("terraform/reference-misuse", what, caller(), help=help)])


class Expression:
    """A Terraform expression.

    `text` is the expression itself, `interpolation` the template that gives its value (`${text}`), for use in plain
    constructs of the engine. `stack` is the stack it is valid in, None where any.
    """

    __slots__ = ("stack", "text")

    def __init__(self, text: str, stack: Any = None) -> None:
        self.text = text
        self.stack = stack

    @property
    def interpolation(self) -> str:
        return f"${{{self.text}}}"

    @property
    def type(self) -> Type | None:
        """The Terraform type where it is known; None where not."""
        return None

    def __repr__(self) -> str:
        return f"<{type(self).__name__.lower()} {self.text}>"

    def __add__(self, other: str | Expression) -> Expression:
        return _joined([self, other]) if isinstance(other, str | Expression) else NotImplemented

    def __radd__(self, other: str | Expression) -> Expression:
        return _joined([other, self]) if isinstance(other, str | Expression) else NotImplemented

    def __hash__(self) -> int:
        return id(self)

    def _refusal(self, what: str, help: str) -> ReferenceMisuseError:
        return misuse(f"`{self.text}` {what}", help)

    def __bool__(self) -> bool:
        raise self._refusal(
            "is known only after apply, so it is neither true nor false here",
            'decide on a value of the blueprint, or let Terraform decide: expr("a ? b : c")',
        )

    def __eq__(self, other: object) -> bool:
        raise self._refusal(
            "is known only after apply, so it cannot be compared here",
            'compare the values it comes from, or let Terraform compare: expr("a == b")',
        )

    def __len__(self) -> int:
        raise self._refusal(
            "is known only after apply, so it has no length here", 'let Terraform count: expr("length(a)")'
        )

    def __iter__(self) -> Iterator[Any]:
        raise self._refusal(
            "is known only after apply, so it cannot be looped over here",
            'loop over the values it comes from, or let Terraform loop: expr("[for x in a : x]")',
        )

    def __contains__(self, item: object) -> bool:
        raise self._refusal(
            "is known only after apply, so it cannot be searched here", 'let Terraform search: expr("contains(a, b)")'
        )

    def __str__(self) -> str:
        raise self._refusal(
            "has no text before apply, so it cannot be put into an f-string or str()",
            'write template("prefix-{}", value) or "prefix-" + value, which become a Terraform template',
        )

    def __format__(self, spec: str) -> str:
        return str(self)


class Template(Expression):
    """Literal text and expressions in a row."""

    __slots__ = ("parts",)

    def __init__(self, parts: Sequence[str | Expression]) -> None:
        self.parts = tuple(_merged(parts))
        super().__init__(f'"{_rendered(self.parts, quoted=True)}"', _common_stack(self.parts))

    @property
    def interpolation(self) -> str:
        return _rendered(self.parts, quoted=False)

    @property
    def type(self) -> Type | None:
        return "string"


def _joined(parts: Iterable[str | Expression]) -> Expression:
    return Template(list(parts))


def _merged(parts: Iterable[str | Expression]) -> Iterator[str | Expression]:
    """The parts with inner templates opened and neighbouring literals made one."""
    text = ""
    for part in parts:
        value = part.reference if isinstance(part, Known) else part
        for each in value.parts if isinstance(value, Template) else (value,):
            if isinstance(each, str):
                text += each
                continue
            if text:
                yield text
            text = ""
            yield each
    if text:
        yield text


def _rendered(parts: Sequence[str | Expression], *, quoted: bool) -> str:
    out = []
    for index, part in enumerate(parts):
        if isinstance(part, Expression):
            out.append(part.interpolation)
            continue
        literal = json.dumps(escape(part), ensure_ascii=False)[1:-1] if quoted else escape(part)
        if index + 1 < len(parts):
            # A dollar sign before `${` would escape it.
            literal = _END_OF_DOLLARS.sub(lambda match: '${"' + match[0] + '"}', literal)
        out.append(literal)
    return "".join(out)


def _common_stack(parts: Iterable[str | Expression]) -> Any:
    stacks = {id(part.stack): part for part in parts if isinstance(part, Expression) and part.stack is not None}
    if len(stacks) > 1:
        first, second, *_ = stacks.values()
        raise DiagnosticError(
            [
                error(
                    "terraform/cross-stack-reference",
                    f"`{first.text}` and `{second.text}` belong to different stacks, so no template can hold both",
                    caller(),
                    help="use the value that is known at compile time for the one of the other stack",
                )
            ]
        )
    return next(iter(stacks.values())).stack if stacks else None


def expr(text: str) -> Expression:
    """The author's own Terraform expression, without `${}`: `expr('basename(var.path)')`."""
    if not isinstance(text, str) or not text.strip():
        raise misuse(
            f"`{text!r}` is not the text of an expression", 'write the expression as text: expr("var.size * 2")'
        )
    inner = text.strip()
    if inner.startswith("${") and inner.endswith("}") and "${" not in inner[2:]:
        raise misuse(f"`{text}` has its `${{}}` on", f'leave them out: expr("{inner[2:-1]}")')
    return Expression(text)


def template(pattern: str, *values: Any) -> Expression:
    """Text with values in it: `template("gs://{}/models", bucket.name)`.

    `{}` takes the next value and `{0}` a certain one, as in `str.format`; `{{` and `}}` are braces. Values are
    expressions or strings and numbers; literal text is escaped.
    """
    parts: list[str | Expression] = []
    used = 0
    for literal, field, spec, conversion in string.Formatter().parse(pattern):
        parts.append(literal)
        if field is None:
            continue
        place = field or str(used)
        used += 1
        if spec or conversion or not place.isdigit() or int(place) >= len(values):
            raise misuse(
                f"`{{{field}}}` in a template has no value; {len(values)} given",
                'write {} or {0} and give one value for each: template("gs://{}/models", bucket.name)',
            )
        parts.append(_part(values[int(place)]))
    return _joined(parts)


def _part(value: Any) -> str | Expression:
    found = value if isinstance(value, str | Expression) else getattr(value, "value", value)
    if isinstance(found, str | Expression):
        return found
    if isinstance(found, int | float) and not isinstance(found, bool):
        return str(found)
    raise misuse(f"a template cannot hold {found!r}", "give an expression, a string or a number")


class Known(str):
    """Text that is known at compile time and has a reference in the stack that owns it.

    In the owner's stack it is written as the reference, which orders the apply; elsewhere, and in an f-string, it is
    its text: `Known("acme-dev-artifacts", bucket.name)`.
    """

    __slots__ = ("reference",)

    reference: Expression

    def __new__(cls, text: str, reference: Expression) -> Known:
        known = super().__new__(cls, text)
        known.reference = reference
        return known

    def __repr__(self) -> str:
        return f"Known({str(self)!r}, {self.reference!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (str, (str(self),))


class Meta(Known):
    """A fact about a record whose name the schema uses too: `record.type` of google_dns_record_set.

    It reads as the fact; as an argument it is the reference.
    """

    __slots__ = ()


class Reference(Expression):
    """A result of a record: `bucket.url`; deeper by attribute and index: `bucket.website[0].main_page_suffix`.

    Names are checked against the provider's schema. A name that Python or this class needs is written as an index:
    `ref["text"]`.
    """

    __slots__ = ("_at", "record")

    def __init__(self, record: Record, text: str, at: Attribute | Nested | Block | Type) -> None:
        super().__init__(text, record.stack)
        self.record = record
        self._at = at.type if isinstance(at, Attribute) and at.nested is None else at

    @property
    def type(self) -> Type | None:
        return shape_of(self._at)

    def __getattr__(self, name: str) -> Reference:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, key: str | SupportsIndex) -> Reference:
        if isinstance(key, str):
            return self._named(key)
        index = key.__index__()
        inner = self._element("[0]")
        return Reference(self.record, f"{self.text}[{index}]", inner)

    def _named(self, name: str) -> Reference:
        at = self._at
        if isinstance(at, tuple) and at[0] == "map":
            return Reference(self.record, f"{self.text}[{_quoted(name)}]", at[1])
        if at == "dynamic":
            return Reference(self.record, f"{self.text}[{_quoted(name)}]", at)
        fields = _fields(at)
        if fields is None and (_is_many(at) or isinstance(at, str)):
            self._no_such(name, at)
        if fields is None or name not in fields:
            raise UnknownAttributeError([unknown_attribute(self.text, name, fields or ())])
        return Reference(self.record, f"{self.text}.{name}", fields[name])

    def _no_such(self, name: str, at: Any) -> NoReturn:
        kind = type_text(shape_of(at) or "dynamic")
        help = f"choose an element: {self.text.rsplit('.', 1)[-1]}[0].{name}" if _is_many(at) else "leave it out"
        raise UnknownAttributeError(
            [
                error(
                    "terraform/unknown-attribute", f"`{self.text}` is a {kind} and has no `{name}`", caller(), help=help
                )
            ]
        )

    def _element(self, wanted: str) -> Any:
        at = self._at
        if at == "dynamic":
            return at
        if isinstance(at, tuple) and at[0] == "list":
            return at[1]
        if isinstance(at, Attribute | Nested) and at.mode == "list":
            return at.nested if isinstance(at, Attribute) else at.block
        kind = type_text(shape_of(at) or "dynamic")
        set_help = 'the elements of a set have no order: expr("one(...)") or expr("tolist(...)[0]")'
        raise misuse(
            f"`{self.text}` is a {kind}, which has no element {wanted}",
            set_help if kind.startswith("set") else "leave the index out",
        )


def _quoted(text: str) -> str:
    return f'"{json.dumps(escape(text), ensure_ascii=False)[1:-1]}"'


def _is_many(at: Any) -> bool:
    return (shape_of(at) or ("",))[0] in ("list", "set")


def _fields(at: Any) -> dict[str, Any] | None:
    """What a name after a dot may be, or None where nothing."""
    if isinstance(at, Attribute) and at.nested is None:
        return _fields(at.type)
    if isinstance(at, Attribute | Nested):
        inner = at.nested if isinstance(at, Attribute) else at.block
        return _fields(inner) if at.mode == "single" else None
    if isinstance(at, Block):
        return {**at.attributes, **at.blocks}
    if isinstance(at, tuple) and at[0] == "object":
        return dict(at[1])
    return None


def shape_of(at: Any) -> Type | None:
    """The type of a place in a schema; the type of a block is an object without its fields."""
    if isinstance(at, Attribute) and at.nested is None:
        return at.type
    if isinstance(at, Attribute | Nested):
        return ("object", {}) if at.mode == "single" else (at.mode, ("object", {}))
    if isinstance(at, Block):
        return ("object", {})
    return at


def unknown_attribute(owner: str, name: str, options: Iterable[str]) -> Diagnostic:
    """The fault of a reference to an attribute that is not there."""
    names = sorted(options)
    nearest = suggest(name, names)
    return error(
        "terraform/unknown-attribute",
        f"{owner} has no attribute `{name}`",
        caller(),
        notes=[f"nearest: `{nearest}`"] if nearest else [],
        help=f"write `{nearest}`" if nearest else f"attributes here: {', '.join(names[:20])}",
    )


def is_name(text: str) -> bool:
    """Whether a text can be the name of a record, as Terraform has it."""
    return _NAME.fullmatch(text) is not None
