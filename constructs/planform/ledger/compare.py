"""A ledger against what is compiled now: what has moved, what has gone, and what nobody accounted for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from planform.ledger.entries import Entry, kept_in
from planform.spec.addresses import Addresses, Moved, Transfer

__all__ = ["Comparison", "compare"]

Place = tuple[str, str]


class Comparison(Struct, frozen=True):
    """What a compilation is, seen from the ledger.

    `moves` are all `moved` blocks, the ledger's own first; `transfers` what it says goes to another state, which need
    not be compiled now, and `adrift` what would go to nothing: what arrived and has gone since is in neither.
    `forgotten` is what it says Terraform forgets. `strays` are in another stack now and nobody said so; `lost` keeps
    data and is neither there nor anywhere else; `renamed` was moved, but to something of another id. `dropped` keeps
    nothing, and `fresh` is new.
    """

    moves: tuple[Moved, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    adrift: tuple[Transfer, ...] = ()
    forgotten: tuple[Place, ...] = ()
    strays: tuple[tuple[Entry, Entry], ...] = ()
    lost: tuple[Entry, ...] = ()
    renamed: tuple[tuple[Entry, Entry], ...] = ()
    dropped: tuple[Entry, ...] = ()
    fresh: tuple[Entry, ...] = ()


def compare(
    ledger: Addresses,
    now: Sequence[Entry],
    environments: Collection[str] | None = None,
    shipped: Iterable[Moved] = (),
) -> Comparison:
    """What differs, in the environments named or in all of them; `shipped` are moves that planform itself brings."""
    old = [each for each in kept_in(ledger) if environments is None or each.environment in environments]
    there = {each.place: each for each in now}
    said = {each.place: each.to for each in (*shipped, *ledger.moves)}
    gone = [each for each in old if each.place not in there]
    known = {each.place for each in old}
    fresh = [each for each in now if each.place not in known]
    ended = {each.place: end for each in gone if (end := _end(each.place, said, there)) is not None}
    free = [each for each in fresh if each.place not in ended.values()]
    found, left = _paired([each for each in gone if each.place not in ended], free, lambda each: each.stack)
    transfers = [_followed(each, said, there) for each in ledger.transfers]
    forgotten = [each.place for each in ledger.removals if not each.destroy and each.place not in there]
    held = {*there, *forgotten, *(each.place for each in kept_in(ledger) if each.place not in known)}
    carried = {each.place for each in transfers}
    left = [each for each in left if each.place not in carried]
    strays, left = _paired([each for each in left if each.id], free, lambda each: each.environment, left)
    removed = {each.place: each for each in ledger.removals}
    left = [each for each in left if each.place not in removed]
    moves = [Moved(stack=one.stack, from_=one.address, to=other.address) for one, other in found]
    return Comparison(
        moves=tuple(_writable([*_moves(said), *moves], there)),
        transfers=tuple(each for each in transfers if _arrives(each, transfers, held)),
        adrift=tuple(each for each in transfers if not _arrives(each, transfers, {*held, *known, *removed})),
        forgotten=tuple(forgotten),
        strays=tuple(strays),
        lost=tuple(each for each in left if each.keeps),
        renamed=tuple((each, there[ended[each.place]]) for each in gone
                      if each.place in ended and each.place not in removed
                      and _is_remade(each, there[ended[each.place]])),
        dropped=tuple(each for each in left if not each.keeps),
        fresh=tuple(fresh),
    )  # fmt: skip


def _paired(
    gone: Iterable[Entry], free: list[Entry], within: Callable[[Entry], str], others: Sequence[Entry] | None = None
) -> tuple[list[tuple[Entry, Entry]], list[Entry]]:
    """Each that is gone with the one of `free` that is the same thing, which it takes; and those that have none."""
    pairs = []
    gone = list(gone)
    for each in gone:
        twin = _twin(each, (other for other in free if within(other) == within(each)))
        if twin is not None:
            free.remove(twin)
            pairs.append((each, twin))
    matched = {one.place for one, _ in pairs}
    return pairs, [each for each in (gone if others is None else others) if each.place not in matched]


def _is_remade(before: Entry, after: Entry) -> bool:
    """Whether a move cannot keep what is there, as its id is another one."""
    return bool(before.keeps and before.id and after.id and before.id != after.id)


def _twin(entry: Entry, others: Iterable[Entry]) -> Entry | None:
    """The one of others that is the same thing in the cloud; None where none is, or two might be."""
    if not entry.called:
        return None
    found = [each for each in others if each.type == entry.type and (each.id, each.name) == (entry.id, entry.name)]
    return found[0] if len(found) == 1 else None


def _end(place: Place, said: Mapping[Place, str], there: Mapping[Place, Entry]) -> Place | None:
    """Where moves, one after another, lead from an address that is no more; None where it is not there either."""
    seen = set()
    while place not in there:
        if place in seen or place not in said:
            return None
        seen.add(place)
        place = (place[0], said[place])
    return place if seen else None


def _followed(transfer: Transfer, said: Mapping[Place, str], there: Mapping[Place, Entry]) -> Transfer:
    """The transfer to where its target has moved since."""
    end = _end(transfer.target, said, there)
    return transfer if end is None else transfer.model_copy(update={"to": "/".join(end)})


def _arrives(transfer: Transfer, transfers: Sequence[Transfer], held: Collection[Place]) -> bool:
    """Whether what is transferred, if need be once more, is there in the end."""
    onward = {each.place: each.target for each in transfers}
    seen, place = set[Place](), transfer.target
    while place not in held and place in onward and place not in seen:
        seen.add(place)
        place = onward[place]
    return place in held


def _moves(said: Mapping[Place, str]) -> Iterator[Moved]:
    return (Moved(stack=stack, from_=address, to=to) for (stack, address), to in said.items())


def _writable(moves: Sequence[Moved], there: Mapping[Place, Entry]) -> Iterator[Moved]:
    """The moves that Terraform takes: from an address that is no more, to one that is there in the end."""
    said = {each.place: each.to for each in moves}
    return (each for each in moves if _end(each.place, said, there) is not None)
