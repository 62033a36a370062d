"""Two outputs compared as documents: exact about what comes and goes, silent about how a provider applies an update."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from planform.diagnostics import DiagnosticError
from planform.engine_json import from_text
from planform.output.output import MANIFEST, Output
from planform.plain_yaml import load_all
from planform.preview.changes import Action, Attribute, Source, Verdict, attributes_between, either
from planform.terraform.schema import Block, load

__all__ = [
    "META",
    "STACK_FILE",
    "block_of",
    "compare",
    "compare_documents",
    "documents_of",
    "guard_of",
    "hidden_in",
    "own_changes",
    "resources_of",
    "stack_of_path",
]

STACK_FILE = "cdk.tf.json"
META = frozenset(("//", "lifecycle", "depends_on", "provider", "count", "for_each", "connection", "provisioner"))
"""Keys of a resource that Terraform reads itself; no provider sees them."""

Document = Mapping[str, Any]


def documents_of(output: Output) -> dict[str, Document]:
    """The Terraform document of each stack."""
    return {
        stack_of_path(path): from_text(text) for path, text in output.files.items() if path.endswith(f"/{STACK_FILE}")
    }


def stack_of_path(path: str) -> str:
    """The stack that a file of an output belongs to: its folder's name."""
    return path.rpartition("/")[0].rpartition("/")[2]


def compare(base: Output, head: Output) -> Iterator[Verdict]:
    """Every difference of two outputs: Terraform by address, Kubernetes by object, the rest by file."""
    before, after = documents_of(base), documents_of(head)
    for stack in sorted({*before, *after}):
        if before.get(stack) != after.get(stack):
            yield from compare_documents(stack, before.get(stack, {}), after.get(stack, {}))
    yield from _files(base, head)


def compare_documents(stack: str, base: Document, head: Document) -> Iterator[Verdict]:
    """The differences of one stack's documents."""
    yield from _resources(stack, base, head)
    yield from _sections(stack, base, head)


# Resources


def resources_of(document: Document) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Address to type and body."""
    return {
        f"{kind}.{name}": (kind, body)
        for kind, named in document.get("resource", {}).items()
        for name, body in named.items()
    }


def guard_of(body: Mapping[str, Any], *, is_gone: bool = False) -> str:
    """What of a resource's own document refuses its destruction.

    `prevent_destroy` goes with the block that holds it (`is_gone`); the provider's own guards are in the state.
    """
    lifecycle = body.get("lifecycle") or {}
    held = lifecycle[0] if isinstance(lifecycle, list) else lifecycle
    if held.get("prevent_destroy") and not is_gone:
        return "lifecycle.prevent_destroy"
    for name in ("deletion_protection", "deletion_protection_enabled"):
        if body.get(name) is True:
            return name
    return "deletion_policy" if body.get("deletion_policy") == "PREVENT" else ""


def _resources(stack: str, base: Document, head: Document) -> Iterator[Verdict]:
    before, after = resources_of(base), resources_of(head)
    moves = {each["to"]: each["from"] for each in head.get("moved", ()) if each["from"] in before}
    moves = {to: source for to, source in moves.items() if to in after and to not in before}
    forgotten = {each["from"] for each in head.get("removed", ()) if not _destroys(each)}
    imports = {each["to"] for each in head.get("import", ())}
    for address, (kind, body) in after.items():
        origin = moves.get(address, address)
        if origin not in before:
            action = Action.IMPORT if address in imports else Action.CREATE
            yield Verdict(stack, address, action, Source.STRUCTURE, kind, body=body)
            continue
        old_kind, old = before[origin]
        found = _updated(stack, address, old, body, old_kind, kind)
        if origin != address:
            attributes = found.attributes if found else ()
            yield Verdict(
                stack, address, Action.MOVE, Source.STRUCTURE, kind,
                attributes=attributes, previous_address=origin, guard=guard_of(body), body=body,
            )  # fmt: skip
        elif found:
            yield found
    for address, (kind, body) in before.items():
        if address not in after and address not in moves.values():
            action = Action.FORGET if address in forgotten else Action.DESTROY
            guard = guard_of(body, is_gone=True)
            yield Verdict(stack, address, action, Source.STRUCTURE, kind, guard=guard, body=body)


def _destroys(removed: Mapping[str, Any]) -> bool:
    lifecycle = removed.get("lifecycle") or {}
    held = lifecycle[0] if isinstance(lifecycle, list) else lifecycle
    return bool(held.get("destroy", True))


def _updated(
    stack: str, address: str, old: Mapping[str, Any], new: Mapping[str, Any], old_kind: str, kind: str
) -> Verdict | None:
    block = block_of(kind)
    before, after = (_sorted_sets(_settings(body), block) for body in (old, new))
    hidden = either(hidden_in(before, block), hidden_in(after, block))
    ignored = _ignored(new)
    found = attributes_between(before, after, hidden=hidden)
    attributes = tuple(each for each in found if not _is_ignored(each.path, ignored))
    if attributes or old_kind != kind:
        return Verdict(
            stack,
            address,
            Action.UNDECIDED,
            Source.STRUCTURE,
            kind,
            attributes=attributes,
            guard=guard_of(new),
            body=new,
        )
    own = tuple(own_changes(old, new))
    return Verdict(stack, address, Action.NOOP, Source.STRUCTURE, kind, attributes=own, body=new) if own else None


def _ignored(body: Mapping[str, Any]) -> tuple[str, ...]:
    """The paths of `ignore_changes`; the empty path is everything."""
    lifecycle = body.get("lifecycle") or {}
    held = lifecycle[0] if isinstance(lifecycle, list) else lifecycle
    paths = held.get("ignore_changes") or ()
    return ("",) if paths == "all" else tuple(paths)


def _is_ignored(path: str, ignored: tuple[str, ...]) -> bool:
    return any(not each or path == each or path.startswith((f"{each}.", f"{each}[")) for each in ignored)


def own_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Attribute]:
    """What changes in what Terraform reads itself: lifecycle, provider, dependencies left out."""
    for name in sorted(META - {"//", "depends_on"}):
        before, after = _single(old.get(name)), _single(new.get(name))
        if isinstance(before, Mapping) or isinstance(after, Mapping):
            before, after = before or {}, after or {}
        yield from attributes_between(before, after, path=(name,))


def _single(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 and isinstance(value[0], Mapping) else value


def _settings(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in META}


# Schema


def block_of(kind: str) -> Block | None:
    """The schema of a type, where planform has it."""
    try:
        found = load(kind.split("_", 1)[0]).find("resource", kind)
    except DiagnosticError:
        return None
    return found.block if found else None


def hidden_in(body: Any, block: Block | None) -> Any:
    """Marks shaped like a body, True where its schema calls an attribute sensitive."""
    if block is None or not isinstance(body, Mapping):
        return False
    marks: dict[str, Any] = {}
    for name, value in body.items():
        attribute, nested = block.attributes.get(name), block.blocks.get(name)
        if attribute is not None:
            marks[name] = attribute.sensitive or attribute.write_only
        elif nested is not None:
            many = isinstance(value, list)
            marks[name] = [hidden_in(each, nested.block) for each in value] if many else hidden_in(value, nested.block)
    return marks


def _sorted_sets(body: Any, block: Block | None) -> Any:
    """The body with its sets in one order, so that an order without meaning is no change."""
    if block is None or not isinstance(body, Mapping):
        return body
    result = {}
    for name, value in body.items():
        attribute, nested = block.attributes.get(name), block.blocks.get(name)
        if attribute is not None and isinstance(attribute.type, tuple) and attribute.type[0] == "set":
            result[name] = _sorted(value)
        elif nested is not None and isinstance(value, list):
            inner = [_sorted_sets(each, nested.block) for each in value]
            result[name] = _sorted(inner) if nested.mode == "set" else inner
        else:
            result[name] = value
    return result


def _sorted(value: Any) -> Any:
    return sorted(value, key=lambda each: json.dumps(each, sort_keys=True)) if isinstance(value, list) else value


# The other sections


def _sections(stack: str, base: Document, head: Document) -> Iterator[Verdict]:
    old, new = _settings_of_stack(base), _settings_of_stack(head)
    for address in sorted({*old, *new}):
        if address not in old:
            # A backend that comes with its stack is no news.
            if base:
                yield Verdict(stack, address, Action.CREATE, Source.STRUCTURE, address.rpartition(".")[0])
        elif address not in new:
            if head:
                yield Verdict(stack, address, Action.DESTROY, Source.STRUCTURE, "terraform." + address.split(".")[0])
        elif old[address] != new[address]:
            hidden = address.startswith("variable.") or bool(_sensitive(old[address]) or _sensitive(new[address]))
            attributes = tuple(attributes_between(old[address], new[address], hidden=hidden))
            kind = "terraform.backend" if address == "terraform.backend" else "terraform." + address.split(".")[0]
            yield Verdict(stack, address, Action.NOOP, Source.STRUCTURE, kind, attributes=attributes)


def _sensitive(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value.get("sensitive"))


def _settings_of_stack(document: Document) -> dict[str, Any]:
    found: dict[str, Any] = {}
    terraform = document.get("terraform", {})
    for name in ("backend", "cloud"):
        if name in terraform:
            found["terraform.backend"] = {name: terraform[name]}
    for name, required in terraform.get("required_providers", {}).items():
        found[f"terraform.required_providers.{name}"] = required
    for name, configurations in document.get("provider", {}).items():
        listed = configurations if isinstance(configurations, list) else [configurations]
        for each in listed:
            alias = each.get("alias")
            found[f"provider.{name}.{alias}" if alias else f"provider.{name}"] = each
    for section in ("variable", "output", "data", "ephemeral", "check"):
        for name, value in document.get(section, {}).items():
            if section in ("data", "ephemeral"):
                found |= {f"{section}.{name}.{each}": body for each, body in value.items()}
            else:
                found[f"{section}.{name}"] = value
    return found


# Files


def _files(base: Output, head: Output) -> Iterator[Verdict]:
    difference = base.difference(head)
    for paths, action in (
        (difference.added, Action.CREATE),
        (difference.changed, Action.UPDATE),
        (difference.removed, Action.DESTROY),
    ):
        for path in paths:
            if path == MANIFEST or path.endswith(f"/{STACK_FILE}"):
                continue
            old, new = _objects(path, base.files.get(path, "")), _objects(path, head.files.get(path, ""))
            if (not old and not new) or old is None or new is None:
                yield Verdict(_place(path), path, action, Source.STRUCTURE, "file", "file")
            else:
                yield from _compare_objects(_place(path), old, new)


def _place(path: str) -> str:
    return path.rpartition("/")[0] or path


def _objects(path: str, text: str | bytes) -> dict[str, Mapping[str, Any]] | None:
    """The Kubernetes objects of a file by kind, namespace and name; None when it holds something else."""
    if isinstance(text, bytes) or not path.endswith((".yaml", ".yml")):
        return None
    try:
        documents = [each for each in load_all(text) if each is not None]
    except yaml.YAMLError:
        return None
    found: dict[str, Mapping[str, Any]] = {}
    for each in documents:
        if not isinstance(each, dict) or not {"apiVersion", "kind"} <= each.keys():
            return None
        meta = each.get("metadata") or {}
        name = "/".join(str(part) for part in (meta.get("namespace"), meta.get("name")) if part)
        found[f"{each['apiVersion']} {each['kind']} {name}"] = each
    return found


def _compare_objects(
    place: str, old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]
) -> Iterator[Verdict]:
    for address in sorted({*old, *new}):
        before, after = old.get(address), new.get(address)
        kind = str((after or before or {}).get("kind", ""))
        if before is None:
            yield Verdict(place, address, Action.CREATE, Source.STRUCTURE, kind, "kubernetes", body=after or {})
        elif after is None:
            yield Verdict(place, address, Action.DESTROY, Source.STRUCTURE, kind, "kubernetes", body=before)
        elif before != after:
            hidden = {"data": True, "stringData": True} if kind == "Secret" else False
            attributes = tuple(attributes_between(before, after, hidden=hidden))
            yield Verdict(
                place, address, Action.UPDATE, Source.STRUCTURE, kind, "kubernetes", attributes=attributes, body=after
            )
