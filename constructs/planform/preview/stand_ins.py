"""Values for what is known only after apply: of the right form, and the same wherever the same thing is meant.

A base revision has no state here, so its references are written out: as the argument that the other resource is
given, where it has one, else as the id that the provider documents, else as a value of the attribute's type.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any
from zlib import crc32

from msgspec import Struct

from planform.preview.structure import META, block_of, resources_of
from planform.terraform.cloud_ids import NEAR, formats
from planform.terraform.expression import escape
from planform.terraform.schema import Block

__all__ = ["StandIns", "references_in", "zero"]

Steps = tuple[str | int, ...]

_REFERENCE = re.compile(
    r"(?<![\w.\"-])(?P<type>[a-z][a-z0-9]*_[a-z0-9_]+)\.(?P<name>[A-Za-z_][\w-]*)"
    r"(?P<key>\[(?:\d+|\"[^\"]*\")\])?(?P<path>(?:\.[A-Za-z_][\w]*|\[\d+\])+)"
)
_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+)\]")
_FIELD = re.compile(r"\{\{(\w+)\}\}")
_WHOLE = re.compile(r"\$\{([^{}]*)\}")


class StandIns(Struct, frozen=True, dict=True):
    """The stand-ins of one stack's document."""

    document: Mapping[str, Any]

    @cached_property
    def _resources(self) -> Mapping[str, tuple[str, Mapping[str, Any]]]:
        return resources_of(self.document)

    def written_out(self) -> dict[str, Any]:
        """The document's resources without a reference to another resource."""
        return {
            kind: {name: self._value(body) for name, body in named.items()}
            for kind, named in self.document.get("resource", {}).items()
        }

    def of(self, address: str, steps: Steps) -> Any:
        """What stands for an attribute of a resource; None when there is no such resource."""
        found = self._resources.get(address)
        if found is None:
            return None
        kind, body = found
        value: Any = body
        for step in steps:
            if step == 0 and isinstance(value, Mapping):
                continue
            if not _has(value, step):
                return self._made_up(address, kind, steps)
            value = value[step]
        return self._value(value) if value is not None else self._made_up(address, kind, steps)

    def _value(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: each if key in META else self._value(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._value(each) for each in value]
        return self._text(value) if isinstance(value, str) and "${" in value else value

    def _text(self, text: str) -> Any:
        whole = _WHOLE.fullmatch(text)
        alone = _REFERENCE.fullmatch(whole[1].strip()) if whole else None
        if alone:
            known = self.of(f"{alone['type']}.{alone['name']}", _steps(alone["path"]))
            return text if known is None else known
        return _templates(text, self._expression)

    def _expression(self, text: str) -> str:
        def literal(match: re.Match[str]) -> str:
            value = self.of(f"{match['type']}.{match['name']}", _steps(match["path"]))
            return match[0] if value is None else json.dumps(value, ensure_ascii=False)

        return _REFERENCE.sub(literal, text)

    # Made-up values

    def _made_up(self, address: str, kind: str, steps: Steps) -> Any:
        name = address.rpartition(".")[2]
        first = str(steps[0])
        if len(steps) == 1:
            known = self._formula(address, kind, first)
            if known is not None:
                return known
        value = _of_type(_type_at(block_of(kind), steps), str(steps[-1]), name)
        is_domain = steps[-1] == "name" and any("dns" in str(step) for step in steps)
        return f"{value}.example." if is_domain and isinstance(value, str) else value

    def _formula(self, address: str, kind: str, attribute: str) -> str | None:
        arguments = self._resources[address][1]
        if kind == "google_service_account" and attribute in ("email", "member", "name", "id"):
            email = f"{self._argument(arguments, 'account_id')}@{self._argument(arguments, 'project')}"
            email += ".iam.gserviceaccount.com"
            path = f"projects/{self._argument(arguments, 'project')}/serviceAccounts/{email}"
            return {"email": email, "member": f"serviceAccount:{email}"}.get(attribute, path)
        if kind == "google_artifact_registry_repository" and attribute == "name":
            return self._argument(arguments, "repository_id")
        if kind == "github_team" and attribute == "id":
            return str(crc32(address.encode()))  # a number, to which `tonumber` is put
        if attribute in ("id", "self_link", "name") or (kind.startswith("aws_") and attribute == "arn"):
            id_ = self._id(address, kind, arguments)
            if attribute == "self_link" and kind.startswith("google_compute_"):
                return f"https://www.googleapis.com/compute/v1/{id_}"
            if attribute == "arn" and not id_.startswith("arn:"):
                service, _, thing = kind.removeprefix("aws_").partition("_")
                region = "" if service == "iam" else self._argument(arguments, "region")
                return f"arn:aws:{service}:{region}:000000000000:{thing or service}/{id_}"
            return id_
        return {"project": self._argument(arguments, "project")}.get(attribute)

    def _id(self, address: str, kind: str, arguments: Mapping[str, Any]) -> str:
        pattern = formats().get(kind)
        if pattern is None:
            return f"planform-{address.replace('.', '-').replace('_', '-')}"

        def field(match: re.Match[str]) -> str:
            value = self._argument(arguments, match[1])
            return value if match.start() == 0 else value.rsplit("/", 1)[-1]

        return _FIELD.sub(field, pattern)

    def _argument(self, arguments: Mapping[str, Any], name: str) -> str:
        """An argument as text: the resource's own, else the provider's default, else one that means the same."""
        for each in (name, NEAR.get(name, name)):
            value = self._value(arguments.get(each))
            if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
                return str(value)
            for configuration in self._providers():
                if isinstance(configuration.get(each), str):
                    return str(configuration[each])
        return f"planform-{name.replace('_', '-')}"

    def _providers(self) -> Iterator[Mapping[str, Any]]:
        for configurations in self.document.get("provider", {}).values():
            yield from configurations if isinstance(configurations, list) else [configurations]


def references_in(document: Mapping[str, Any]) -> dict[str, set[Steps]]:
    """Every attribute of a resource that something else in the document refers to, by address."""
    found: dict[str, set[Steps]] = {}
    for text in _texts({name: document.get(name) for name in ("resource", "output", "locals", "provider")}):
        for match in _REFERENCE.finditer(text):
            found.setdefault(f"{match['type']}.{match['name']}", set()).add(_steps(match["path"]))
    return found


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if "${" in value:
            yield value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            if key != "//":
                yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _has(value: Any, step: str | int) -> bool:
    if isinstance(step, int):
        return isinstance(value, list) and step < len(value)
    return isinstance(value, Mapping) and step in value


def _steps(text: str) -> Steps:
    return tuple(match[1] or int(match[2]) for match in _STEP.finditer(text))


def _templates(text: str, change: Any) -> str:
    """The text with each `${...}` in it changed; `$${` is no template."""
    out, index = [], 0
    while index < len(text):
        if text.startswith("$${", index):
            out.append("$${")
            index += 3
        elif text.startswith("${", index):
            end = _end_of(text, index + 2)
            out.append(f"${{{change(text[index + 2 : end])}}}")
            index = end + 1
        else:
            out.append(text[index])
            index += 1
    return "".join(out)


def _end_of(text: str, index: int) -> int:
    depth = 1
    while index < len(text):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if not depth:
            return index
        index += 1
    return len(text)


# Types


def zero(type_: Any) -> Any:
    """The zero of a Terraform type: what a provider without a value mostly keeps."""
    kind = type_ if isinstance(type_, str) else type_[0]
    if kind == "object":
        return {name: zero(each) for name, each in type_[1].items()}
    return {"string": "", "number": 0, "bool": False, "list": [], "set": [], "map": {}}.get(kind)


def _type_at(block: Block | None, steps: Steps) -> Any:
    """The type of what a path leads to; text where the schema is not here."""
    at: Any = block
    for step in steps:
        if isinstance(at, Block):
            attribute, nested = at.attributes.get(str(step)), at.blocks.get(str(step))
            at = (attribute.nested or attribute.type) if attribute else nested.block if nested else "string"
        elif isinstance(step, int):
            at = at if isinstance(at, Block) else at[1] if isinstance(at, tuple) and at[0] in ("list", "set") else at
        elif isinstance(at, tuple) and at[0] == "object":
            at = at[1].get(step, "string")
    return at


def _of_type(type_: Any, attribute: str, name: str) -> Any:
    if isinstance(type_, Block):
        return {}
    if type_ == "number":
        return 1
    if type_ == "bool":
        return True
    if isinstance(type_, tuple) and type_[0] in ("list", "set"):
        return [_of_type(type_[1], attribute, name)]
    if isinstance(type_, tuple):
        held = type_[1] if type_[0] == "object" else {}
        return {each: _of_type(inner, each, name) for each, inner in held.items()}
    return escape(_text_for(attribute, name.replace("_", "-")))


def _text_for(attribute: str, name: str) -> str:
    """Text that an attribute of this name could hold; validators look at the form of some."""
    if attribute.endswith(("ip", "ip_address", "address", "host")):
        return "10.0.0.2"
    if "email" in attribute:
        return f"{name}@planform.iam.gserviceaccount.com"
    if attribute in ("member", "writer_identity", "principal"):
        return f"serviceAccount:{name}@planform.iam.gserviceaccount.com"
    if attribute.endswith(("url", "uri", "endpoint", "link")):
        return f"https://{name}.planform.example"
    if attribute.endswith("arn"):
        return f"arn:aws:iam::000000000000:{name}"
    if attribute.endswith(("number", "version", "unique_id")):
        return "1"
    return f"planform-{name}"
