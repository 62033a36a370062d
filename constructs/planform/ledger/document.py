"""The ledger's text: what `planform move` writes, a line for each resource, in the order of the alphabet."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from planform import __version__
from planform.blueprint.scalars import resolve
from planform.ledger.compare import Comparison
from planform.ledger.entries import Entry, as_kept, kept_in
from planform.spec.addresses import Addresses, Kept

__all__ = ["empty", "is_in_step", "kept_now", "text"]

_HEAD = """\
# Where everything is kept, so that a rename cannot destroy it: written by `planform move`, which also edits it.
planform: 1
kind: Addresses
"""


def empty() -> Addresses:
    """A ledger with nothing in it."""
    return Addresses(planform=1, kind="Addresses", written_by=__version__)


def kept_now(
    ledger: Addresses, now: Sequence[Entry], compared: Comparison, environments: Collection[str] | None = None
) -> Addresses:
    """The ledger after a compilation: its resources, and the moves that are still to be written for somebody's state.

    Environments that were not compiled stay as they are.
    """
    kept: dict[str, Any] = {
        name: stacks
        for name, stacks in ledger.environments.items()
        if environments is not None and name not in environments
    }
    for each in now:
        stacks = kept.setdefault(each.environment, {})
        stacks.setdefault(each.stack, {}).setdefault(each.component, {})[each.address] = as_kept(each)
    there = {each.place for each in now}
    carried = {each.place for each in (*compared.transfers, *compared.adrift)}
    before = {each.place for each in kept_in(ledger)}
    pending = [
        each for each in ledger.moves if (each.stack, each.from_) in there and (each.stack, each.to) not in there
    ]
    return Addresses(
        planform=1,
        kind="Addresses",
        written_by=__version__,
        environments=kept,
        moves=(*compared.moves, *pending, *_elsewhere(ledger, kept, compared, environments)),
        transfers=tuple(each for each in ledger.transfers if each.place in carried),
        removals=tuple(each for each in ledger.removals if not _is_back(each.place, there, before)),
    )


def _is_back(place: tuple[str, str], there: Collection[tuple[str, str]], before: Collection[tuple[str, str]]) -> bool:
    """Whether something that was removed is made again."""
    return place in there and place not in before


def _elsewhere(
    ledger: Addresses, kept: Mapping[str, Any], compared: Comparison, environments: Collection[str] | None
) -> Iterator[Any]:
    """Moves of stacks that were not compiled."""
    if environments is None:
        return
    outside = {stack for name, stacks in kept.items() if name not in environments for stack in stacks}
    yield from (each for each in ledger.moves if each.stack in outside and each not in compared.moves)


def is_in_step(ledger: Addresses, wanted: Addresses) -> bool:
    """Whether two ledgers say the same, whoever wrote them and in whatever order."""
    one, other = (
        (
            each.environments,
            {(move.stack, move.from_, move.to) for move in each.moves},
            {move.from_: (move.to, move.id) for move in each.transfers},
            set(each.removals),
        )
        for each in (ledger, wanted)
    )
    return one == other


def text(ledger: Addresses) -> str:
    """The document."""
    lines = [_HEAD, f"written_by: {ledger.written_by}\n", "environments:" + ("\n" if ledger.environments else " {}\n")]
    for environment, stacks in sorted(ledger.environments.items()):
        lines.append(f"  {_key(environment)}:\n")
        for stack, components in sorted(stacks.items()):
            lines.append(f"    {_key(stack)}:\n")
            for component, kept in sorted(components.items()):
                lines.append(f"      {component}:\n")
                lines += [f"        {address}: {_flow(_facts(each))}\n" for address, each in sorted(kept.items())]
    moves = sorted((each.stack, each.from_, each.to) for each in ledger.moves)
    lines += _listed("moves", [{"stack": stack, "from": before, "to": to} for stack, before, to in moves])
    transfers = sorted(ledger.transfers, key=lambda each: each.place)
    lines += _listed("transfers", [each.model_dump(by_alias=True, exclude_none=True) for each in transfers])
    removals = sorted(ledger.removals, key=lambda each: each.place)
    lines += _listed("removals", [each.model_dump() for each in removals])
    return "".join(lines)


def _facts(kept: Kept) -> dict[str, Any]:
    return kept.model_dump(exclude_none=True)


def _listed(name: str, items: Sequence[Mapping[str, Any]]) -> list[str]:
    return [f"{name}:\n", *(f"- {_flow(each)}\n" for each in items)] if items else []


def _flow(facts: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{name}: {_quoted(value)}" for name, value in facts.items()) + "}"


def _quoted(value: Any) -> str:
    """JSON is YAML, but for characters that a reader of blueprints refuses."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(each if each.isprintable() else f"\\U{ord(each):08x}" for each in text)


def _key(name: str) -> str:
    """A name as a key: quoted where it could be read as something else than text."""
    return name if isinstance(resolve(name), str) and name else _quoted(name)
