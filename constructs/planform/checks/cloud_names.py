"""Two resources that would be the same cloud object, in one stack or in two.

Terraform knows a resource by its address, Google Cloud by its name. Two addresses with one name pass every plan;
then the second create fails, or, where creating twice is no error, the two take the object from each other.

`cloud_identities.json` says which arguments make up the identity of a type. It follows the provider's id formats
(hashicorp/google 7.45.0), and for IAM the arguments that select a grant. `optional` arguments may be left out;
`formats` are the attributes that can be computed, so that `${google_x.y.id}` and the literal id are one value; a
`shared` type, such as an enabled service, may be declared by several stacks and only once by each.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct, field

from planform.checks.cloud.rule import (
    REFERENCE,
    Block,
    Body,
    Fault,
    Page,
    literal,
    provider_defaults,
    resources,
)

CODE = "cloud/duplicate-name"

PAGES: Mapping[str, Page] = {
    CODE: Page(
        code=CODE,
        title="two resources that are one cloud object",
        why="""Terraform knows a resource by its address, Google Cloud by its name.

Two addresses with one name pass validate and plan. At apply the second create fails, or, for grants and the like,
succeeds, and from then on destroying either of the two takes the object from the other.""",
        source="hashicorp/google 7.45.0, id formats of the resource types",
        types=("google_storage_bucket",),
        wrong={"//": "in two stacks", "name": "acme-models", "location": "EU"},
        right={"//": "in one of them", "name": "acme-models", "location": "EU"},
    )
}

_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
_DEEPEST_REFERENCE = 8


class Identity(Struct, frozen=True):
    """The arguments that tell one object of a type from another."""

    arguments: tuple[str, ...]
    optional: tuple[str, ...] = ()
    formats: Mapping[str, str] = field(default_factory=dict)
    shared: bool = False


class Clash(Fault, frozen=True):
    """A fault of two resources; `places` are stack and address of each, the later one first."""

    places: tuple[tuple[str, str], tuple[str, str]]


class _Stack(Struct, frozen=True):
    """One document, with the provider's defaults where the document does not set them."""

    name: str
    document: Body
    bodies: Mapping[tuple[str, str], Body]
    project: str | None
    region: str | None

    def defaults(self, body: Body) -> Mapping[str, str | None]:
        project, region = provider_defaults(self.document, body, self.project, self.region)
        return {"project": project, "region": region}


@functools.cache
def identities() -> Mapping[str, Identity]:
    """The identity of each type that has one."""
    text = Path(__file__).with_name("cloud_identities.json").read_text("utf-8")
    return {
        type_name: Identity(
            tuple(entry["arguments"]),
            tuple(entry.get("optional", ())),
            entry.get("formats", {}),
            entry.get("shared", False),
        )
        for type_name, entry in json.loads(text).items()
    }


def duplicates(
    documents: Mapping[str, Body], *, project: str | None = None, region: str | None = None
) -> Iterator[Clash]:
    """A clash for each resource that an earlier one already is, in the order of stacks and documents.

    `documents` are the Terraform JSON documents of one environment by stack. `project` and `region` are the google
    provider's defaults where a document does not set them. A value that is known only after apply is equal to
    itself within its stack, and to nothing else.
    """
    first: dict[tuple[str, ...], tuple[str, str]] = {}
    for stack_name, document in documents.items():
        bodies = {(type_name, name): body for type_name, name, body in resources(document)}
        stack = _Stack(stack_name, document, bodies, project, region)
        for (type_name, name), body in bodies.items():
            identity = identities().get(type_name)
            found = _identity(stack, identity, body) if identity is not None else None
            if identity is None or found is None:
                continue
            key = (type_name, *found, stack_name if identity.shared else "")
            address = f"{type_name}.{name}"
            if key in first:
                yield _clash(identity, found, (stack_name, address), first[key])
            else:
                first[key] = (stack_name, address)


def _clash(identity: Identity, found: tuple[str, ...], here: tuple[str, str], there: tuple[str, str]) -> Clash:
    names = (*identity.arguments, *identity.optional)
    shown = ", ".join(f"{name} {value}" for name, value in zip(names, found, strict=True) if value)
    return Clash(
        code=CODE,
        address=here[1],
        argument=identity.arguments[-1],
        summary=f"{here[1]} in {here[0]} is the same cloud object as {there[1]} in {there[0]}: {shown}",
        help="rename one of the two, or keep one and refer to it from the other stack",
        places=(here, there),
    )


def _identity(stack: _Stack, identity: Identity, body: Body) -> tuple[str, ...] | None:
    """The identity of a body; None where an argument that belongs to it is missing."""
    found = []
    for name in (*identity.arguments, *identity.optional):
        value = _argument(stack, body, name)
        if value is None and name not in identity.optional and name not in ("project", "region"):
            return None
        found.append(value or "")
    return tuple(found)


def _argument(stack: _Stack, body: Body, name: str) -> str | None:
    if name == "condition":
        condition = Block(body).block("condition")
        parts = [_value(stack, condition.value.get(part), 0) for part in ("title", "expression")]
        return " ".join(part for part in parts if part) or None
    value = _value(stack, body.get(name), 0)
    return stack.defaults(body).get(name) if value is None or value == "" else value


def _value(stack: _Stack, value: object, depth: int) -> str | None:
    """A value as comparable text: references are resolved, and what stays an expression belongs to its stack."""
    if not isinstance(value, str):
        return literal(value)
    text = value
    if "${" in value:
        text = REFERENCE.sub(lambda match: _target(stack, match, depth) or match.group(), value)
    known = literal(text)
    return known if known is not None else f"{text} of {stack.name}"


def _target(stack: _Stack, reference: re.Match[str], depth: int) -> str | None:
    type_name, name, attribute = reference.groups()
    body = stack.bodies.get((type_name, name))
    if body is None or depth == _DEEPEST_REFERENCE:
        return None
    if body.get(attribute) is not None:
        return _value(stack, body[attribute], depth + 1)
    identity = identities().get(type_name)
    template = identity.formats.get(attribute) if identity is not None else None
    values = _identity(stack, identity, body) if identity is not None else None
    if identity is None or template is None or values is None:
        return None
    known = dict(zip((*identity.arguments, *identity.optional), values, strict=True))
    if not all(known.get(part) for part in _PLACEHOLDER.findall(template)):
        return None
    return _PLACEHOLDER.sub(lambda match: known[match.group(1)], template)
