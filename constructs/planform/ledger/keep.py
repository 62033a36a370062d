"""What a compilation does about its ledger: moves are written, what would be lost is refused."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import PurePath

from msgspec import Struct

from planform.blueprint.document import Document
from planform.diagnostics import Diagnostic, Location, error, warning
from planform.ledger.compare import Comparison, compare
from planform.ledger.document import is_in_step, kept_now
from planform.ledger.entries import Entry, entries_of, kept_in, slot_of
from planform.ledger.shipped import Shipped, moves_since
from planform.spec.addresses import Addresses, Transfer
from planform.spec.addresses import Moved as Move
from planform.spec.platform import EnvironmentSpec
from planform.terraform.record import Import, Moved, Records, Removed

__all__ = ["Keeping", "keep"]

MOST = 8
"""Addresses that one diagnostic names; the rest is counted."""


class Keeping(Struct, frozen=True):
    """What the ledger and a compilation say of each other: the comparison, the ledger as it should be, findings."""

    ledger: Addresses
    wanted: Addresses
    compared: Comparison
    findings: tuple[Diagnostic, ...]


def keep(
    ledger: Addresses,
    records: Mapping[str, Records],
    specs: Sequence[EnvironmentSpec],
    documents: Sequence[Document],
    *,
    partial: bool = False,
    shipped: Sequence[Shipped] | None = None,
) -> Keeping:
    """Write the `moved`, `removed` and `import` blocks that follow from the ledger into the stacks.

    `partial` says that only some environments were compiled: what the others have is then not missed.
    """
    environments = {spec.name for spec in specs} if partial else None
    now = list(entries_of(records, specs))
    brought = moves_since(ledger.written_by, kept_in(ledger), shipped)
    compared = compare(ledger, now, environments, [*brought, *_declared(records)])
    _write(compared, records)
    wanted = kept_now(ledger, now, compared, environments)
    told = _Told(documents, ledger, {spec.name: spec for spec in specs}, records)
    findings = [*told.lost(compared), *told.renamed(compared), *told.strays(compared), *told.adrift(compared)]
    if not findings and not is_in_step(ledger, wanted):
        findings.append(told.out_of_step(compared))
    return Keeping(ledger, wanted, compared, tuple(findings))


# Blocks


def _declared(records: Mapping[str, Records]) -> Iterator[Move]:
    """The moves that components declare themselves, by `renamed_from`."""
    for stack, held in records.items():
        for each in held.declared:
            if isinstance(each, Moved) and not re.search(r"[\[]|^module\.", each.body["from"] + each.body["to"]):
                yield Move(stack=stack, from_=each.body["from"], to=each.body["to"])


def _write(compared: Comparison, records: Mapping[str, Records]) -> None:
    for move in compared.moves:
        held = records.get(move.stack)
        if held is not None and f"moved.{move.from_}" not in held:
            Moved(held.stack, move.from_, move.to, origin=_origin(held, move.to))
    for transfer in compared.transfers:
        stack, address = transfer.place
        _forget(records.get(stack), address)
        stack, address = transfer.target
        held = records.get(stack)
        if transfer.id and held is not None and address in held and f"import.{address}" not in held:
            Import(held.stack, address, transfer.id, origin=_origin(held, address))
    for stack, address in compared.forgotten:
        _forget(records.get(stack), address)


def _forget(records: Records | None, address: str) -> None:
    """A stack that is no more plans nothing, so there is nothing to tell it."""
    if records is not None and address not in records and f"removed.{address}" not in records:
        Removed(records.stack, address)


def _origin(records: Records, address: str) -> Location | None:
    return records[address].origin if address in records else None


# Diagnostics


class _Told(Struct, frozen=True):
    """Findings, each at the blueprint line that causes it."""

    documents: Sequence[Document]
    ledger: Addresses
    specs: Mapping[str, EnvironmentSpec]
    records: Mapping[str, Records]

    def lost(self, compared: Comparison) -> Iterator[Diagnostic]:
        for (environment, stack, component), found in _grouped(compared.lost):
            near = [each for each in compared.fresh
                    if (each.stack, each.component, each.type) == (stack, component, found[0].type)]  # fmt: skip
            origin = next((at for each in near if (at := _origin(self.records[stack], each.address))), None)
            notes = [*self._listed(found)]
            if near:
                notes.append(
                    f"`{near[0].address}` is new there: if it is meant to be the same, give it the same name in the"
                    " cloud, and it moves by itself"
                )
            yield error(
                "ledger/stateful-gone",
                f"`{stack}` would destroy {_counted(found)} of `{component}`, and with it {_what(found)}",
                origin or self._at(environment, component),
                notes=notes,
                help=f"put it back, or say that it may go: planform move {self._folder} --stack {stack}"
                f' --remove {found[0].address} --reason "..." --owner TEAM',
            )

    def renamed(self, compared: Comparison) -> Iterator[Diagnostic]:
        for before, after in compared.renamed:
            yield error(
                "ledger/stateful-gone",
                f"the move of `{before.address}` to `{after.address}` would destroy {before.keeps} all the same",
                _origin(self.records[after.stack], after.address) or self._at(after.environment, after.component),
                notes=(f"in the cloud it is {before.id}, and the blueprint makes {after.id}: a provider replaces it",),
                help="give it the name that it has, or make the new one beside it, copy what is in it, and remove the"
                f" old one: planform move {self._folder} --stack {before.stack} --remove {before.address}"
                ' --reason "..." --owner TEAM',
            )

    def strays(self, compared: Comparison) -> Iterator[Diagnostic]:
        def pair(each: tuple[Entry, Entry]) -> tuple[str, str, str]:
            return (each[0].stack, each[1].stack, each[1].component)

        for (before, after, component), pairs in groupby(sorted(compared.strays, key=pair), key=pair):
            found = list(pairs)
            environment = found[0][1].environment
            yield error(
                "ledger/other-stack",
                f"{_counted([one for one, _ in found])} of `{component}` would go from the state of `{before}` to that"
                f" of `{after}`",
                self._at(environment, component),
                notes=(*self._listed([one for one, _ in found]), "no `moved` block reaches from one state to another:"
                       " one stack would destroy what the other makes"),
                help=f"planform move {self._folder} --transfer writes a `removed` block that destroys nothing for"
                f" `{before}`, and `import` blocks for `{after}`",
            )  # fmt: skip

    def adrift(self, compared: Comparison) -> Iterator[Diagnostic]:
        for each in compared.adrift:
            (before, address), (after, target) = each.place, each.target
            yield error(
                "ledger/transfer-to-nothing",
                f"`{address}` would leave the state of `{before}`, and no stack makes `{after}/{target}` to take it",
                self._ledger.at("transfers", self._transfer(each)) if self._ledger else None,
                notes=("it would stay in the cloud, be paid for, and no state would know it",),
                help=f"make `{target}` in `{after}`, correct `to`, or delete the transfer: the state of `{before}` then"
                " destroys what it still has",
            )

    def out_of_step(self, compared: Comparison) -> Diagnostic:
        counts = {"new": len(compared.fresh), "moved": len(compared.moves), "dropped": len(compared.dropped)}
        said = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
        return warning(
            "ledger/out-of-step",
            f"the ledger of addresses is not that of this blueprint{f': {said}' if said else ''}",
            self._ledger.at() if self._ledger else None,
            help=f"planform move {self._folder}, and commit it with the change",
        )

    # Places

    @property
    def _ledger(self) -> Document | None:
        return next((each for each in self.documents if each.value.get("kind") == "Addresses"), None)

    @property
    def _folder(self) -> str:
        return PurePath(self._ledger.file).parent.as_posix() if self._ledger else "BLUEPRINT"

    def _transfer(self, transfer: Transfer) -> int:
        """The place of a transfer in the ledger, whose target may have moved since."""
        return next(index for index, each in enumerate(self.ledger.transfers) if each.from_ == transfer.from_)

    def _listed(self, entries: Sequence[Entry]) -> Iterator[str]:
        for each in entries[:MOST]:
            known = f", in the cloud {each.called}" if each.called else ""
            yield f"`{each.address}`{f' keeps {each.keeps}' if each.keeps else ''}{known}{self._line(each)}"
        if len(entries) > MOST:
            yield f"and {len(entries) - MOST} more"

    def _line(self, entry: Entry) -> str:
        if self._ledger is None:
            return ""
        at = self._ledger.key_at("environments", entry.environment, entry.stack, entry.component, entry.address)
        return f" ({at.file}:{at.line})"

    def _at(self, environment: str, component: str) -> Location | None:
        """Where the blueprint speaks of a component, or of what is around where it was."""
        path = slot_of(component)
        platform = next((each for each in self.documents if each.value.get("kind") == "Platform"), None)
        if platform is None:
            return None
        overriding = ("environments", environment, *path)
        if path and overriding in platform.marks:
            return platform.key_at(*overriding)
        if environment and ("environments", environment) not in platform.marks:
            return platform.key_at("environments")
        return platform.key_at(*path) if path else platform.at()


def _grouped(entries: Sequence[Entry]) -> Iterator[tuple[tuple[str, str, str], list[Entry]]]:
    def key(each: Entry) -> tuple[str, str, str]:
        return (each.environment, each.stack, each.component)

    for found, members in groupby(sorted(entries, key=key), key=key):
        yield found, list(members)


def _counted(entries: Collection[Entry]) -> str:
    first = next(iter(entries))
    return f"`{first.address}`" if len(entries) == 1 else f"{len(entries)} resources"


def _what(entries: Sequence[Entry]) -> str:
    return ", ".join(dict.fromkeys(each.keeps for each in entries))
