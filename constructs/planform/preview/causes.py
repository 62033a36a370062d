"""Which value of the blueprint caused which change.

Each value that differs between the two blueprints is taken back alone, and what head would be then is compared with
base: what is no longer different was caused by it. Of two values, what is still different was caused by the other. This
finds what no list of rules would: that a label touches every resource, that a component's need makes a key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from planform.blueprint.document import Document, Path, step
from planform.diagnostics import DiagnosticError
from planform.literals import masked
from planform.output.output import Output
from planform.preview.changes import Cause, Verdict
from planform.preview.stand_ins import references_in
from planform.preview.structure import compare

__all__ = ["Difference", "causes", "differences", "replaced"]

MOST = 60
"""Values that are taken back one by one; beyond it, a change's cause is the nearest value that changed."""

_DEPTH = 4
"""Steps from a resource to what it refers to, in search of a cause."""

Compile = Callable[[Sequence[Document]], Output]
Address = tuple[str, str]
_ABSENT = object()


class Difference(Struct, frozen=True):
    """One value by which two documents differ: where it is in `side`, and how to take it back."""

    document: int
    path: Path
    before: Any
    after: Any
    cause: Cause


def causes(
    base: Sequence[Document],
    head: Sequence[Document],
    outputs: tuple[Output, Output],
    verdicts: Iterable[Verdict],
    compile_: Compile,
) -> dict[Address, tuple[Cause, ...]]:
    """For each stack and address that changes, the blueprint values that caused it, the nearest first."""
    found = list(differences(base, head))
    verdicts = list(verdicts)
    addresses = {(each.stack, each.address) for each in verdicts}
    if not found:
        return {}
    if len(found) == 1:
        return dict.fromkeys(addresses, (found[0].cause,))
    effects = _effects(base, head, found, outputs, compile_) if len(found) <= MOST else {}
    result: dict[Address, tuple[Cause, ...]] = {}
    for address in addresses:
        held = [each for each in found if address in effects.get(each.cause, ())]
        if held:
            # What touches the fewest addresses is the most particular cause.
            held.sort(key=lambda each: len(effects[each.cause]))
            result[address] = tuple(each.cause for each in held)
    return _inherited(verdicts, effects, result)


def _inherited(
    verdicts: Sequence[Verdict], effects: Mapping[Cause, set[Address]], result: dict[Address, tuple[Cause, ...]]
) -> dict[Address, tuple[Cause, ...]]:
    """What only the provider sees follows from its configuration, or from a resource that it refers to."""
    configured = {stack: cause for cause, touched in effects.items() for stack, address in touched
                  if address.startswith("provider.")}  # fmt: skip
    for _ in range(_DEPTH):
        for verdict in verdicts:
            key = (verdict.stack, verdict.address)
            if key in result:
                continue
            near = next(
                (result[verdict.stack, each] for each in references_in({"resource": verdict.body})
                 if (verdict.stack, each) in result),
                None,
            )  # fmt: skip
            if near:
                result[key] = near
    for verdict in verdicts:
        if (verdict.stack, verdict.address) not in result and verdict.stack in configured:
            result[verdict.stack, verdict.address] = (configured[verdict.stack],)
    return result


def _effects(
    base: Sequence[Document],
    head: Sequence[Document],
    found: Sequence[Difference],
    outputs: tuple[Output, Output],
    compile_: Compile,
) -> dict[Cause, set[Address]]:
    """What each difference touches: what becomes like base again, or at least other, when it is taken back."""
    before, after = outputs
    whole = {(each.stack, each.address): each for each in compare(before, after)}
    effects: dict[Cause, set[Address]] = {}
    failed: list[Difference] = []
    for each in found:
        left = _without(base, head, [each], before, compile_)
        if left is None:
            failed.append(each)
            continue
        effects[each.cause] = _touched(whole, left)
        if len(found) == 2:
            other = found[1] if each is found[0] else found[0]
            effects[other.cause] = whole.keys() & left.keys()
            return effects
    # What does not compile without its neighbours is taken back with them.
    for place in dict.fromkeys((each.document, each.path[:3]) for each in failed):
        group = [each for each in found if (each.document, each.path[:3]) == place]
        left = _without(base, head, group, before, compile_)
        touched = _touched(whole, left) if left is not None else set()
        if touched:
            known = set().union(*(effects.get(each.cause, set()) for each in group))
            first = next(each for each in group if each in failed)
            effects[first.cause] = effects.get(first.cause, set()) | (touched - known)
    return effects


def _without(
    base: Sequence[Document],
    head: Sequence[Document],
    taken: Sequence[Difference],
    before: Output,
    compile_: Compile,
) -> dict[Address, Verdict] | None:
    """What head is still different in without some values; None where it does not compile."""
    documents: list[Document | None] = list(head)
    for each in taken:
        documents = _taken_back(base, documents, each)
    try:
        output = compile_([document for document in documents if document is not None])
    except DiagnosticError:
        return None
    return {(each.stack, each.address): each for each in compare(before, output)}


def _touched(whole: Mapping[Address, Verdict], left: Mapping[Address, Verdict]) -> set[Address]:
    return {address for address, verdict in whole.items() if left.get(address) != verdict}


def _taken_back(
    base: Sequence[Document], head: Sequence[Document | None], difference: Difference
) -> list[Document | None]:
    documents = list(head)
    if not difference.path:
        if difference.after is _ABSENT:
            return [*documents, base[difference.document]]
        documents[difference.document] = None
        return documents
    document = documents[difference.document]
    assert document is not None
    value = replaced(document.value, difference.path, difference.before)
    # Places only matter for messages, and this document gives none.
    documents[difference.document] = Document(document.file, value, {**document.marks, **_marks(value, document)})
    return documents


def _marks(value: Any, document: Document) -> dict[Path, Any]:
    whole = document.marks[()]
    return {path: whole for path in _paths(value) if path not in document.marks}


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _paths(each, (*path, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _paths(each, (*path, index))


def replaced(value: Any, path: Path, new: Any) -> Any:
    """A tree with another value at a path."""
    if not path:
        return new
    first, rest = path[0], path[1:]
    if isinstance(value, Mapping):
        if not rest and new is _ABSENT:
            return {key: each for key, each in value.items() if key != first}
        return {**value, first: replaced(value.get(first), rest, new)}
    if isinstance(value, list) and isinstance(first, int) and first < len(value):
        return [replaced(each, rest, new) if index == first else each for index, each in enumerate(value)]
    return {first: replaced(None, rest, new)} if isinstance(first, str) else value


# Differences


def differences(base: Sequence[Document], head: Sequence[Document]) -> Iterator[Difference]:
    """The values by which two blueprints differ, documents paired by kind and name."""
    partners = {_identity(document, head): index for index, document in enumerate(base)}
    paired = set()
    for index, document in enumerate(head):
        partner = partners.get(_identity(document, head))
        if partner is None:
            cause = Cause(document.at(), "head", "", f"{_called(document)} is new")
            yield Difference(index, (), _ABSENT, document.value, cause)
            continue
        paired.add(partner)
        for path, before, after in _between(base[partner].value, document.value):
            if _is_record(document, path):
                continue
            yield Difference(index, path, before, after, _cause(base[partner], document, path, before, after))
    for index, document in enumerate(base):
        if index not in paired:
            cause = Cause(document.at(), "base", "", f"{_called(document)} is gone")
            yield Difference(index, (), document.value, _ABSENT, cause)


def _is_record(document: Document, path: Path) -> bool:
    """Whether a value only records what another value made: the ledger's list of addresses."""
    return document.value.get("kind") == "Addresses" and path[:1] in (("environments",), ("written_by",))


def _identity(document: Document, among: Sequence[Document]) -> tuple[str, str]:
    kind = str(document.value.get("kind"))
    return (kind, "" if kind in ("Platform", "Addresses") else str(document.value.get("name")))


def _called(document: Document) -> str:
    return f"{document.value.get('kind')} `{document.value.get('name')}`"


def _between(before: Any, after: Any, path: Path = ()) -> Iterator[tuple[Path, Any, Any]]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in [*after, *(key for key in before if key not in after)]:
            old, new = before.get(key, _ABSENT), after.get(key, _ABSENT)
            if old is _ABSENT or new is _ABSENT:
                yield (*path, key), old, new
            else:
                yield from _between(old, new, (*path, key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _between(old, new, (*path, index))
    elif before != after or type(before) is not type(after):
        yield path, before, after


def _cause(base: Document, head: Document, path: Path, before: Any, after: Any) -> Cause:
    dotted = ""
    for each in path:
        dotted = step(dotted, each)
    if after is _ABSENT:
        return Cause(base.key_at(*path), "base", dotted, f"{_brief(before)} is gone")
    if before is _ABSENT:
        return Cause(head.key_at(*path), "head", dotted, f"{_brief(after)} is new")
    return Cause(head.key_at(*path), "head", dotted, f"{_brief(before)} -> {_brief(after)}")


def _brief(value: Any) -> str:
    if isinstance(value, Mapping | list):
        return f"{{{', '.join(map(str, value))}}}" if isinstance(value, Mapping) else f"[{len(value)}]"
    text = masked(str(value)) if value is not None else "null"
    return text if len(text) <= 60 else f"{text[:59]}…"
