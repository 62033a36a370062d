"""Waivers: what each allows, and what is wrong with it on a day."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from msgspec import Struct

from planform.checks.policy.document import Judged
from planform.diagnostics import Diagnostic, Location, error, suggest, warning
from planform.rules.rule import Rule
from planform.spec.platform import Waiver

__all__ = ["LONGEST", "SOON", "Permissions", "Written"]

LONGEST = timedelta(days=365)
"""How far ahead a waiver may expire; what is to last longer is a change of the rule."""
SOON = timedelta(days=14)
"""How long before it a waiver that lapses is shown."""


class Written(Struct, frozen=True):
    """A waiver and where its values are written."""

    waiver: Waiver
    places: Mapping[str, Location | None]


class Permissions:
    """The waivers of a platform on a day: what they allow, and which of them did."""

    def __init__(
        self, waivers: Sequence[Written], rules: Mapping[str, Rule], judged: Judged, today: date, whole: bool
    ) -> None:
        self._rules, self._judged, self._today, self._whole = rules, judged, today, whole
        self._environments = _environments(judged)
        self._names = _names(judged)
        self._faults = {index: [*self._wrong(each)] for index, each in enumerate(waivers)}
        self._waivers = waivers
        self._used: set[int] = set()

    def allow(self, found: Mapping[str, Any]) -> bool:
        """Whether a waiver allows a finding. One that is expired or wrong allows nothing."""
        allowed = False
        for index, written in enumerate(self._waivers):
            if self._covers(written.waiver, found):
                self._used.add(index)
                allowed = allowed or not any(fault.severity.stops for fault in self._faults[index])
        return allowed

    def faults(self) -> Iterator[Diagnostic]:
        """What is wrong with each waiver, and those that nothing needed."""
        for index, written in enumerate(self._waivers):
            faults = self._faults[index]
            yield from faults
            if index not in self._used and self._whole and not any(fault.severity.stops for fault in faults):
                yield warning(
                    "policy/waiver-unused",
                    f"nothing needs the waiver of `{written.waiver.rule}` for `{written.waiver.target}`",
                    written.places.get(""),
                    help="delete it: what it allowed is mended",
                )

    def _covers(self, waiver: Waiver, found: Mapping[str, Any]) -> bool:
        if waiver.rule != found["rule"]:
            return False
        environment = self._environments.get(found.get("stack") or found.get("path", ""), "")
        if waiver.environments and environment not in waiver.environments:
            return False
        names = [found[key] for key in ("address", "object", "path") if found.get(key)]
        if found.get("address"):
            names.append(f"{found['stack']}/{found['address']}")
        return any(_pattern(waiver.target).fullmatch(name) for name in names)

    def _wrong(self, written: Written) -> Iterator[Diagnostic]:
        waiver, places = written.waiver, written.places
        rule = self._rules.get(waiver.rule)
        if rule is None:
            near = suggest(waiver.rule, self._rules)
            yield error(
                "policy/unknown-rule",
                f"there is no rule `{waiver.rule}`",
                places.get("rule"),
                label=f"did you mean `{near}`?" if near else "",
                help="`planform list rules` has all of them",
            )
        elif not rule.waivable:
            yield error("policy/not-waivable", f"`{rule.id}` cannot be waived", places.get("rule"), help=rule.remedy)
        yield from self._term(waiver, places.get("expires"))
        if self._whole and not any(map(_pattern(waiver.target).fullmatch, self._names)):
            near = suggest(waiver.target, self._names)
            yield error(
                "policy/unknown-target",
                f"the platform has nothing of the name `{waiver.target}`",
                places.get("target"),
                label=f"did you mean `{near}`?" if near else "",
                help="write an address, `<stack>/<address>`, `<kind> <namespace>/<name>`, or a path of the output",
            )

    def _term(self, waiver: Waiver, at: Location | None) -> Iterator[Diagnostic]:
        left = waiver.expires - self._today
        if left < timedelta(0):
            yield error("policy/waiver-expired", f"the waiver of `{waiver.rule}` expired on {waiver.expires}", at,
                        help=f"mend what it allowed, or agree on a new date with {waiver.owner}")  # fmt: skip
        elif left > LONGEST:
            last = self._today + LONGEST
            yield error("policy/waiver-too-long", f"the waiver of `{waiver.rule}` is for {left.days} days", at,
                        help=f"write {last} or earlier: a waiver lasts {LONGEST.days} days at most")  # fmt: skip
        elif left <= SOON:
            yield warning("policy/waiver-lapses", f"the waiver of `{waiver.rule}` lapses on {waiver.expires}", at,
                          help=f"mend what it allows, or agree on a new date with {waiver.owner}")  # fmt: skip


def _pattern(target: str) -> re.Pattern[str]:
    """A target with `*` for any characters."""
    return re.compile(".*".join(map(re.escape, target.split("*"))))


def _environments(judged: Judged) -> Mapping[str, str]:
    """The environment of each stack and path."""
    made = {each["path"]: each["environment"] for each in (*judged.objects, *judged.files)}
    return {**judged.facts["stacks"], **made}


def _names(judged: Judged) -> Sequence[str]:
    """Everything that a target can name."""
    found: dict[str, None] = {}
    for stack, document in judged.stacks.items():
        for address in _addresses(document):
            found |= {address: None, f"{stack}/{address}": None}
    for each in judged.objects:
        metadata = each["object"]["metadata"]
        place = "/".join(part for part in (metadata.get("namespace"), metadata.get("name")) if part)
        found |= {each["path"]: None, f"{each['object']['kind']} {place}": None}
    return [*found, *(each["path"] for each in judged.files)]


def _addresses(document: Mapping[str, Any]) -> Iterator[str]:
    for change in document.get("resource_changes") or ():
        yield change["address"]
    for type_name, named in document.get("resource", {}).items():
        yield from (f"{type_name}.{name}" for name in named)
