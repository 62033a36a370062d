"""Edits of a ledger that a person asks for: moves, removals, transfers, and the end of all that are done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from planform.diagnostics import Diagnostic, DiagnosticError, error, shown, suggest
from planform.ledger.entries import Entry, kept_in
from planform.spec.addresses import Addresses, Moved, Removal, Transfer
from planform.terraform.cloud_ids import GRANTS

__all__ = ["settled", "with_move", "with_removals", "with_transfers"]

M = TypeVar("M", bound=BaseModel)
MADE_AGAIN = (*GRANTS, "google_project_service")
"""Ends of types that need no import: to make what is there already changes nothing and is no error."""


def with_move(ledger: Addresses, stack: str, before: str, after: str) -> Addresses:
    """The ledger with a move within a state.

    Errors: ledger/bad-entry, ledger/other-type, ledger/taken, ledger/unknown-address.
    """
    _refuse_unknown(ledger, stack, [before])
    if before == after:
        raise _bad([f"`{before}` is to move to itself"], "name the new address with --to")
    if before.partition(".")[0] != after.partition(".")[0]:
        raise DiagnosticError(
            [
                error(
                    "ledger/other-type",
                    f"`{before}` cannot become `{after}`, which is of another type",
                    help="remove the one and make the other, and carry over what is in it",
                )
            ]
        )
    others = [each for each in ledger.moves if each.place != (stack, before)]
    taken = next((each for each in others if (each.stack, each.to) == (stack, after)), None)
    if taken is not None:
        summary = f"`{after}` is what `{taken.from_}` was moved to already"
        help = f"move `{before}` elsewhere, or run `planform move --settle` when that move was applied everywhere"
        raise DiagnosticError([error("ledger/taken", summary, help=help)])
    return ledger.model_copy(update={"moves": (*others, _made(Moved, stack=stack, from_=before, to=after))})


def with_removals(
    ledger: Addresses, stack: str, addresses: Sequence[str], *, reason: str, owner: str, destroy: bool
) -> Addresses:
    """The ledger with leave to lose some addresses. Errors: ledger/bad-entry, ledger/unknown-address."""
    _refuse_unknown(ledger, stack, addresses)
    others = [each for each in ledger.removals if each.stack != stack or each.address not in addresses]
    leave = {"destroy": destroy, "reason": reason, "owner": owner}
    new = [_made(Removal, stack=stack, address=each, **leave) for each in addresses]
    return ledger.model_copy(update={"removals": (*others, *new)})


def with_transfers(ledger: Addresses, strays: Iterable[tuple[Entry, Entry]]) -> Addresses:
    """The ledger with a transfer of everything that is in another stack now."""
    new = [
        Transfer(
            from_=f"{before.stack}/{before.address}",
            to=f"{after.stack}/{after.address}",
            id=None if after.type.endswith(MADE_AGAIN) else after.id,
        )
        for before, after in strays
    ]
    named = {each.from_ for each in new}
    return ledger.model_copy(
        update={"transfers": (*(each for each in ledger.transfers if each.from_ not in named), *new)}
    )


def settled(ledger: Addresses) -> Addresses:
    """The ledger without the moves, transfers and removals that were applied to every state; pending ones stay."""
    there = {each.place for each in kept_in(ledger)}
    return ledger.model_copy(
        update={
            "moves": tuple(each for each in ledger.moves if each.place in there),
            "transfers": (),
            "removals": tuple(each for each in ledger.removals if each.place in there),
        }
    )


def _made(model: type[M], **values: Any) -> M:
    """An entry of the ledger. Errors: ledger/bad-entry."""
    try:
        return model(**values)
    except ValidationError as fault:
        faults = fault.errors(include_url=False)
        help = "an address is `type.name`; a text is one line of 1 to 1024 characters"
        raise _bad(
            [f"{shown(each['input'])} cannot be `{each['loc'][0]}` of an entry" for each in faults], help
        ) from None


def _bad(summaries: Iterable[str], help: str) -> DiagnosticError:
    return DiagnosticError([error("ledger/bad-entry", summary, help=help) for summary in summaries])


def _refuse_unknown(ledger: Addresses, stack: str, addresses: Iterable[str]) -> None:
    entries = list(kept_in(ledger))
    stacks = {each.stack for each in entries}
    held = {each.address for each in entries if each.stack == stack}
    if stack not in stacks:
        near = suggest(stack, stacks)
        summary = f"the ledger has no stack `{stack}`"
        raise DiagnosticError([_unknown(summary, near, "name a stack of the ledger with --stack")])
    faults = [
        _unknown(f"the ledger has no `{address}` in `{stack}`", suggest(address, held), "name an address that it has")
        for address in addresses
        if address not in held
    ]
    if faults:
        raise DiagnosticError(faults)


def _unknown(summary: str, near: str | None, help: str) -> Diagnostic:
    return error("ledger/unknown-address", summary, notes=(f"did you mean `{near}`?",) if near else (), help=help)
