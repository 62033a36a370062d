"""Moves that releases of planform bring: what an older planform made under another address."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct

from planform import __version__
from planform.ledger.entries import Entry
from planform.plain_yaml import load
from planform.spec.addresses import Moved

__all__ = ["Shipped", "moves_since", "read_moves", "shipped"]


class Shipped(Struct, frozen=True):
    """One move of one release. In `from_` and `to`, one `*` stands for the same part of a name."""

    version: str
    capability: str
    from_: str
    to: str

    def applied(self, address: str) -> str | None:
        """The new address of an address, if it is one of those that move."""
        pattern = re.escape(self.from_).replace(r"\*", "(.+)", 1)
        match = re.fullmatch(pattern, address)
        if match is None:
            return None
        return self.to.replace("*", match[1], 1) if match.groups() else self.to


@cache
def shipped() -> tuple[Shipped, ...]:
    """The moves of all releases, the oldest first."""
    return read_moves(Path(__file__).with_name("moves.yaml").read_text("utf-8"))


def read_moves(text: str) -> tuple[Shipped, ...]:
    """The moves of a text in the form of moves.yaml."""
    loaded: Mapping[str, Mapping[str, Any]] = load(text) or {}
    found = [
        Shipped(version, capability, each["from"], each["to"])
        for version, capabilities in loaded.items()
        for capability, moves in capabilities.items()
        for each in moves
    ]
    return tuple(sorted(found, key=lambda each: _number(each.version)))


def moves_since(
    written_by: str, entries: Iterable[Entry], moves: Iterable[Shipped] | None = None, now: str = __version__
) -> Iterator[Moved]:
    """The moves of what a ledger holds, from the release that wrote it to this one."""
    listed = shipped() if moves is None else tuple(moves)
    due = [each for each in listed if _number(written_by) < _number(each.version) <= _number(now)]
    for entry in entries if due else ():
        address = entry.address
        for each in due:
            to = each.applied(address) if _capability(entry) == each.capability else None
            if to is not None:
                yield Moved(stack=entry.stack, from_=address, to=to)
                address = to


def _capability(entry: Entry) -> str:
    return entry.component.partition("/")[0].rpartition(".")[2]


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
