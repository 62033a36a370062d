"""What a change does to the findings of the policy rules: those that are new, those that it mends, those waived."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from msgspec import Struct

from planform.checks.policy.document import facts_of
from planform.checks.policy.engine import EngineName
from planform.diagnostics import Diagnostic, to_json
from planform.pipeline import Compilation, judging

__all__ = ["PolicyDelta", "Rules", "policy_delta"]


class PolicyDelta(Struct, frozen=True):
    """Findings on the way from base to head. `waived` are those of head that a waiver allows."""

    new: tuple[Diagnostic, ...] = ()
    fixed: tuple[Diagnostic, ...] = ()
    waived: tuple[Diagnostic, ...] = ()

    @property
    def denied(self) -> bool:
        """Whether head is denied for something that base was not denied for."""
        return any(each.severity.stops for each in self.new)

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json`."""
        return {name: to_json(getattr(self, name))["diagnostics"] for name in ("new", "fixed", "waived")}


class Rules(Struct, frozen=True):
    """By which rules a preview judges: planform's and those of `folders`, never those of a revision itself."""

    folders: tuple[Path, ...] = ()
    engine: EngineName = "auto"


def policy_delta(base: Compilation, head: Compilation, rules: Rules, today: date) -> PolicyDelta:
    """Both sides judged by the same rules on the same day. Raises DiagnosticError where they could not be.

    Sides that rules cannot tell apart are judged once for what is waived, and not at all where nothing is.
    """
    if _alike(base, head):
        waived = _judged(head, rules, today)[1] if any(spec.waivers for spec in head.specs) else ()
        return PolicyDelta(waived=waived)
    (before, _), (after, waived) = (_judged(side, rules, today) for side in (base, head))
    return PolicyDelta(_without(after, before), _without(before, (*after, *waived)), waived)


def _alike(base: Compilation, head: Compilation) -> bool:
    """Whether rules see the same on both sides, and waivers allow the same."""

    def seen(side: Compilation) -> list[Any]:
        return [(facts_of(spec), spec.waivers) for spec in side.specs]

    return base.output.files == head.output.files and seen(base) == seen(head)


def _judged(compiled: Compilation, rules: Rules, today: date) -> tuple[tuple[Diagnostic, ...], tuple[Diagnostic, ...]]:
    """What the rules find, and what of it is waived; nothing where there is nothing to judge."""
    if not compiled.judgeable:
        return (), ()
    found = judging(compiled, today=today, engine=rules.engine, folders=rules.folders).result()
    return found.findings, found.waived


def _without(findings: Iterable[Diagnostic], others: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Findings that the others have not; a line that moved makes no new finding."""
    known = {(each.code, each.summary) for each in others}
    return tuple(each for each in findings if (each.code, each.summary) not in known)
