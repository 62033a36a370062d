"""What a preview gives: typed changes, each with its verdict, its risk and the blueprint line that caused it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from msgspec import Struct, field

from planform.diagnostics import Location
from planform.literals import masked
from planform.preview.policy import PolicyDelta
from planform.report.delta import CostDelta, CostTable
from planform.report.quotas import Need

__all__ = [
    "Action",
    "Attribute",
    "Cause",
    "Change",
    "ChangeSet",
    "Group",
    "Owner",
    "UNKNOWN",
    "SENSITIVE",
    "Risk",
    "Source",
    "Verdict",
    "attributes_between",
    "either",
    "is_empty",
    "path_text",
]

SENSITIVE = "(sensitive)"
UNKNOWN = "(known after apply)"
VERSION = 1
"""Version of the JSON form."""


class Action(StrEnum):
    """What happens to one address; `update-or-replace` where the documents alone cannot tell which."""

    DESTROY = "destroy"
    REPLACE = "replace"
    UNDECIDED = "update-or-replace"
    UPDATE = "update"
    FORGET = "forget"
    MOVE = "move"
    IMPORT = "import"
    CREATE = "create"
    NOOP = "noop"


class Risk(StrEnum):
    """How dangerous a change is, the worst first.

    `data-loss`: something that keeps data is destroyed, replaced, or made to delete data. `replace`: something without
    data of its own goes away, for a while or for good. `rolling`: parts restart one after another, or all of it for a
    short time. `in-place`: changed while it runs. `none`: nothing that runs is touched.
    """

    DATA_LOSS = "data-loss"
    REPLACE = "replace"
    ROLLING = "rolling"
    IN_PLACE = "in-place"
    NONE = "none"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Risk).index(self)


class Source(StrEnum):
    """Who says so: a real plan with state, the provider asked offline, or the two documents compared."""

    PLAN = "plan"
    PROVIDER = "provider"
    STRUCTURE = "structure"


class Attribute(Struct, frozen=True):
    """One attribute that changes; values are JSON, secrets masked, unknown ones named as such."""

    path: str
    before: Any
    after: Any


class Verdict(Struct, frozen=True):
    """What one source says of one address, before it is known why and how dangerous it is.

    `kind` is `terraform`, `kubernetes` or `file`; `type` the Terraform type or the Kubernetes kind. `guard` names what
    stands in the way of a destroy: `lifecycle.prevent_destroy`, `deletion_protection`. `body` is the address's
    document, of head or, for a destroy, of base.
    """

    stack: str
    address: str
    action: Action
    source: Source
    type: str = ""
    kind: str = "terraform"
    replace_because: tuple[str, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    previous_address: str = ""
    guard: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        """Whether both say the same, whatever document they say it of."""
        return isinstance(other, Verdict) and self._said == other._said

    def __hash__(self) -> int:
        return hash(self._said)

    @property
    def _said(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.__struct_fields__ if name != "body")


class Owner(Struct, frozen=True):
    """Whose address it is; fields are empty where nobody's in particular."""

    environment: str = ""
    plane: str = ""
    capability: str = ""
    component: str = ""
    team: str = ""
    production: bool = False
    origin: Location | None = None


class Cause(Struct, frozen=True):
    """The blueprint's value that changed: its place in `side` (head, or base for what is gone), before and after."""

    at: Location
    side: str
    path: str = ""
    text: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json`."""
        place = {"file": self.at.file, "line": self.at.line, "column": self.at.column}
        return {**place, "side": self.side, "path": self.path, "text": self.text}

    def __str__(self) -> str:
        return f"{self.at.file}:{self.at.line}{' in base' if self.side == 'base' else ''}"


class Change(Struct, frozen=True):
    """One change of one address, with everything that a reviewer asks about it.

    `because` is the blueprint value that caused it, None where no line did; `also` the other values it needed.
    `disagrees` says how another source judges the same address. `gravity` ranks what is equally dangerous.
    `cost` is None for what is not charged.
    `acknowledged` says who meant it, where somebody did.
    """

    verdict: Verdict
    owner: Owner
    risk: Risk
    reasons: tuple[str, ...] = ()
    because: Cause | None = None
    also: tuple[Cause, ...] = ()
    disagrees: tuple[str, ...] = ()
    gravity: int = 0
    cost: CostDelta | None = None
    acknowledged: str = ""

    @property
    def address(self) -> str:
        return self.verdict.address

    @property
    def stack(self) -> str:
        return self.verdict.stack

    @property
    def action(self) -> Action:
        return self.verdict.action

    @property
    def source(self) -> Source:
        return self.verdict.source

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json`."""
        verdict, owner = self.verdict, self.owner
        return {
            "address": verdict.address,
            "stack": verdict.stack,
            "environment": owner.environment,
            "plane": owner.plane,
            "component": owner.component,
            "team": owner.team,
            "kind": verdict.kind,
            "action": str(verdict.action),
            "risk": str(self.risk),
            "source": str(verdict.source),
            "reasons": list(self.reasons),
            "replace_because": list(verdict.replace_because),
            "previous_address": verdict.previous_address or None,
            "guard": verdict.guard or None,
            "because": self.because.as_dict() if self.because else None,
            "also": [cause.as_dict() for cause in self.also],
            "disagrees": list(self.disagrees),
            "cost": self.cost.as_dict() if self.cost else None,
            "acknowledged": self.acknowledged or None,
            "attributes": [
                {"path": each.path, "before": each.before, "after": each.after} for each in verdict.attributes
            ],
        }


class Group(Struct, frozen=True):
    """The changes that one blueprint value caused, the most dangerous first."""

    because: Cause | None
    changes: tuple[Change, ...]

    @property
    def risk(self) -> Risk:
        """The worst of its changes."""
        return min((change.risk for change in self.changes), key=lambda risk: risk.rank)


class ChangeSet(Struct, frozen=True):
    """All changes on the way from `base` to `head`, the most dangerous first.

    `notes` say what a reader must know of the method: which stacks could only be compared, and why. `quotas` are the
    accelerators that pools may hold at most, before and after, where that differs. `policies` is None where the rules
    were not asked. `desired` is the digest of what each environment is to be, by its name.
    """

    base: str
    head: str
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()
    desired: Mapping[str, str] = field(default_factory=dict)
    cost: CostTable | None = None
    quotas: Mapping[Need, tuple[int, int]] = field(default_factory=dict)
    policies: PolicyDelta | None = None

    @classmethod
    def of(
        cls,
        base: str,
        head: str,
        changes: Iterable[Change],
        notes: Sequence[str] = (),
        desired: Mapping[str, str] | None = None,
        cost: CostTable | None = None,
        quotas: Mapping[Need, tuple[int, int]] | None = None,
        policies: PolicyDelta | None = None,
    ) -> ChangeSet:
        """A change set in order."""
        ordered = tuple(sorted(changes, key=_danger))
        return cls(base, head, ordered, tuple(notes), desired or {}, cost, quotas or {}, policies)

    def __bool__(self) -> bool:
        return bool(self.changes)

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)

    @property
    def groups(self) -> tuple[Group, ...]:
        """The changes by the blueprint value that caused them, the most dangerous group first."""
        found: dict[tuple[str, int, str] | None, list[Change]] = {}
        for change in self.changes:
            cause = change.because
            found.setdefault((cause.at.file, cause.at.line, cause.path) if cause else None, []).append(change)
        return tuple(Group(changes[0].because, tuple(changes)) for changes in found.values())

    @property
    def risk(self) -> Risk:
        """The worst risk of all; `none` where nothing changes."""
        return min((change.risk for change in self.changes), key=lambda risk: risk.rank, default=Risk.NONE)

    def count(self, *actions: Action) -> int:
        """How many changes have one of these actions."""
        return sum(change.action in actions for change in self.changes)

    def as_dict(self) -> dict[str, Any]:
        """The versioned form for programs."""
        return {
            "version": VERSION,
            "base": self.base,
            "head": self.head,
            "risk": str(self.risk),
            "summary": {str(action): self.count(action) for action in Action if self.count(action)},
            "changes": [change.as_dict() for change in self.changes],
            "cost": self.cost.as_dict() if self.cost is not None else None,
            "quotas": [
                {**need.as_dict(), "base": before, "head": after} for need, (before, after) in self.quotas.items()
            ],
            "policies": self.policies.as_dict() if self.policies is not None else None,
            "notes": list(self.notes),
            "desired_state": dict(self.desired),
            "digest": self._digest(),
        }

    def _digest(self) -> str:
        """Of the changes alone: a newer price table makes no other change of them."""
        changes = [{**change.as_dict(), "cost": None} for change in self.changes]
        return hashlib.sha256(json.dumps(changes, sort_keys=True).encode()).hexdigest()


_ACTIONS = list(Action)


def _danger(change: Change) -> tuple[Any, ...]:
    """Worst risk first, production before the rest, then destroys before replaces, then by address."""
    return (
        change.risk.rank,
        not change.owner.production,
        _ACTIONS.index(change.action),
        -change.gravity,
        change.owner.environment,
        change.stack,
        change.address,
    )


# Differences of values


def is_empty(value: Any) -> bool:
    """Null, zero, false, the empty text and the empty collection: what providers do not tell apart."""
    if isinstance(value, Mapping):
        return all(is_empty(each) for each in value.values())
    if isinstance(value, list):
        return all(is_empty(each) for each in value)
    return value is None or value == "" or value is False or (value == 0 and not isinstance(value, bool))


def path_text(path: Sequence[str | int]) -> str:
    """`settings[0].tier`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def attributes_between(
    before: Any, after: Any, *, hidden: Any = False, unknown: Any = False, path: tuple[str | int, ...] = ()
) -> Iterator[Attribute]:
    """The leaves by which two values differ.

    `hidden` and `unknown` are shaped like the values and hold True where a value is sensitive, or not known before
    apply. Equal entries of two lists of unequal length are left out.
    """
    if hidden is True:
        if before != after or unknown is True:
            yield Attribute(path_text(path), SENSITIVE, SENSITIVE)
    elif unknown is True:
        yield Attribute(path_text(path), _shown(before), UNKNOWN)
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        names = [*after, *(name for name in before if name not in after)]
        if isinstance(unknown, Mapping):
            names += [name for name in unknown if name not in names]
        for name in names:
            yield from attributes_between(
                before.get(name),
                after.get(name),
                hidden=_in(hidden, name),
                unknown=_in(unknown, name),
                path=(*path, name),
            )
    elif isinstance(before, list) and isinstance(after, list) and _are_blocks(before, after):
        for index in range(max(len(before), len(after))):
            yield from attributes_between(
                before[index] if index < len(before) else None,
                after[index] if index < len(after) else None,
                hidden=_in(hidden, index),
                unknown=_in(unknown, index),
                path=(*path, index),
            )
    elif before != after:
        if _any(hidden):
            before = after = SENSITIVE
        elif isinstance(before, list) and isinstance(after, list):
            before, after = _without(before, after), _without(after, before)
        yield Attribute(path_text(path), _shown(before), _shown(after))


def either(marks: Any, others: Any) -> Any:
    """Marks that are True where one of two is."""
    if marks is True or others is True:
        return True
    if isinstance(marks, Mapping) or isinstance(others, Mapping):
        names = [*(marks or {}), *(name for name in others or {} if name not in (marks or {}))]
        return {name: either(_in(marks, name), _in(others, name)) for name in names}
    if isinstance(marks, list) or isinstance(others, list):
        most = max(len(each) if isinstance(each, list) else 0 for each in (marks, others))
        return [either(_in(marks, index), _in(others, index)) for index in range(most)]
    return False


def _are_blocks(before: list[Any], after: list[Any]) -> bool:
    return len(before) == len(after) and all(isinstance(each, Mapping) for each in (*before, *after))


def _without(values: list[Any], others: list[Any]) -> list[Any]:
    rest = list(others)
    left = []
    for value in values:
        if value in rest:
            rest.remove(value)
        else:
            left.append(value)
    return left if left or rest else values


def _in(marks: Any, step: str | int) -> Any:
    if marks is True:
        return True
    if isinstance(marks, Mapping):
        return marks.get(step, False)
    if isinstance(marks, list) and isinstance(step, int) and step < len(marks):
        return marks[step]
    return False


def _any(marks: Any) -> bool:
    if isinstance(marks, Mapping):
        return any(_any(each) for each in marks.values())
    return any(map(_any, marks)) if isinstance(marks, list) else bool(marks)


def _shown(value: Any) -> Any:
    """The value without any secret of a known form."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, Mapping):
        return {key: _shown(each) for key, each in value.items()}
    return [_shown(each) for each in value] if isinstance(value, list) else value
