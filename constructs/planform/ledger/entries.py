"""What a compilation keeps: one entry for each resource, with the component it belongs to and its id in the cloud."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from planform.environment import environment_of, owner_of
from planform.spec.addresses import Addresses, Kept
from planform.spec.platform import EnvironmentSpec
from planform.terraform.cloud_ids import CloudIds
from planform.terraform.record import Record, Records, Resource
from planform.terraform.stateful import STATEFUL

__all__ = ["Entry", "entries_of", "kept_in", "slot_of"]

TEAMS = "teams."
NOWHERE = "stack"
"""The component of what stands in a stack itself."""


class Entry(Struct, frozen=True):
    """One resource: `component` is `plane.capability/component`, `teams.name`, or a path of one's own constructs."""

    environment: str
    stack: str
    component: str
    address: str
    id: str = ""
    name: str = ""
    keeps: str = ""

    @property
    def type(self) -> str:
        return self.address.partition(".")[0]

    @property
    def place(self) -> tuple[str, str]:
        """Stack and address."""
        return (self.stack, self.address)

    @property
    def called(self) -> str:
        """What tells it within its type, whatever its address: its id, else its name; empty where nothing does."""
        return self.id or self.name


def entries_of(records: Mapping[str, Records], specs: Sequence[EnvironmentSpec]) -> Iterator[Entry]:
    """The resources of all stacks."""
    for stack, found in records.items():
        spec, owner = environment_of(specs, stack), owner_of(specs, stack)
        ids = CloudIds(found)
        for record in found:
            if isinstance(record, Resource):
                id_, type_ = ids.of(record), record.key.partition(".")[0]
                name = "" if id_ else _name(record)
                component = _component(record, owner)
                environment = spec.name if spec else ""
                yield Entry(environment, stack, component, record.key, id_, name, STATEFUL.get(type_, ""))


def kept_in(ledger: Addresses) -> Iterator[Entry]:
    """The resources of the ledger."""
    for environment, stacks in ledger.environments.items():
        for stack, components in stacks.items():
            for component, kept in components.items():
                for address, each in kept.items():
                    type_ = address.partition(".")[0]
                    keeps = each.keeps or STATEFUL.get(type_, "")
                    yield Entry(environment, stack, component, address, each.id or "", each.name or "", keeps)


def as_kept(entry: Entry) -> Kept:
    """The same as it stands in the ledger."""
    return Kept(id=entry.id or None, name=entry.name or None, keeps=entry.keeps or None)


def slot_of(component: str) -> tuple[str, ...]:
    """Where a component stands in the platform document: `("planes", "resource", "database")`."""
    if component.startswith(TEAMS):
        return ("teams", component.removeprefix(TEAMS))
    plane, dot, capability = component.partition("/")[0].partition(".")
    return ("planes", plane, capability) if dot else ()


def _component(record: Record, spec: EnvironmentSpec | None) -> str:
    parts = record.construct_path.split("/")[1:-1]
    if not parts:
        return NOWHERE
    for plane in spec.planes.values() if spec else ():
        slot = plane.slots.get(parts[0])
        if slot is not None:
            return f"{plane.name}.{slot.capability}/{slot.component}"
    team = parts[0].removeprefix("team-")
    return f"{TEAMS}{team}" if spec and team in spec.teams else "/".join(parts)


def _name(record: Record) -> str:
    found = record.body.get("name") or record.body.get("display_name")
    return found if isinstance(found, str) and "${" not in found else ""
