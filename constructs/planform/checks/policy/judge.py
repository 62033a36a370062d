"""The rules' findings as diagnostics: the blueprint's line, the remedy, and what waivers allow."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path

from msgspec import Struct

from planform.checks.policy.checkov import FAMILY, Checkov, baseline
from planform.checks.policy.document import Judged
from planform.checks.policy.engine import SECONDS, Engine, EngineName, Report, engine_named, failed
from planform.checks.policy.own import own_packs
from planform.checks.policy.severities import tightened
from planform.checks.policy.waivers import Permissions, Written
from planform.diagnostics import Diagnostic, DiagnosticError, Severity, error, in_order
from planform.rules.pack import shipped_pack
from planform.rules.rule import Rule

__all__ = ["Judgement", "Judging", "judging"]


class Judgement(Struct, frozen=True, dict=True):
    """What the rules say. `findings` have what waivers are said to be wrong with too; `waived` do not count."""

    findings: tuple[Diagnostic, ...]
    waived: tuple[Diagnostic, ...]
    rules: tuple[Rule, ...]
    subjects: int
    engine: str
    seconds: float

    @cached_property
    def denied(self) -> bool:
        """Whether anything stops a run."""
        return any(each.severity.stops for each in self.findings)


class Judging(Struct, frozen=True):
    """Rules about to be asked, with all made ready that Python makes: the engine can work beside something else."""

    judged: Judged
    document: bytes
    rules: Mapping[str, Rule]
    engine: Engine
    today: date
    waivers: Sequence[Written]
    whole: bool
    checkov: Checkov | None
    seconds: float
    started: float

    def result(self) -> Judgement:
        """What the rules say. Raises DiagnosticError when they, or checkov, could not be evaluated."""
        report = self.engine.evaluate(self.document, self.seconds)
        _complete(self.rules, report, self.judged.subjects)
        rules, found_by_all, engines = {**self.rules}, report.findings, self.engine.name
        if self.checkov is not None:
            opinion = self.checkov.opinion(self.judged, baseline())
            rules |= opinion.rules
            found_by_all += opinion.findings
            engines += f" and checkov {opinion.version}"
        everything = self.whole and self.checkov is not None
        asked = [each for each in self.waivers if not _unasked(each, rules, everything)]
        permissions = Permissions(asked, rules, self.judged, self.today, self.whole)
        findings: list[Diagnostic] = []
        waived: list[Diagnostic] = []
        for found in found_by_all:
            allowed = permissions.allow(found)
            (waived if allowed else findings).append(_diagnostic(rules[found["rule"]], found, self.judged))
        findings += permissions.faults()
        return Judgement(
            in_order(findings),
            in_order(waived),
            tuple(rules.values()),
            self.judged.subjects,
            engines,
            time.perf_counter() - self.started,
        )


def judging(
    judged: Judged,
    *,
    today: date,
    waivers: Sequence[Written] = (),
    whole: bool = True,
    engine: EngineName | Engine = "auto",
    folders: Sequence[Path] = (),
    checkov: Checkov | None = None,
    seconds: float = SECONDS,
) -> Judging:
    """Get ready to judge a document by the shipped rules and those of some folders, and by checkov if it is given.

    `whole` says that every environment is here, so that a waiver without a target is one too many.
    Raises DiagnosticError when there is no engine, or nothing to judge.
    """
    started = time.perf_counter()
    packs = (shipped_pack(), *own_packs(folders))
    rules = tightened({rule.id: rule for pack in packs for rule in pack.rules}, folders)
    _something(rules, judged)
    chosen = engine_named(engine, packs) if isinstance(engine, str) else engine
    document = judged.as_json(chosen.unread)
    return Judging(judged, document, rules, chosen, today, waivers, whole, checkov, seconds, started)


def _unasked(written: Written, rules: Mapping[str, Rule], everything: bool) -> bool:
    """Whether a waiver is of a check of checkov that this run had no reason to ask."""
    rule = written.waiver.rule
    return rule.startswith(f"{FAMILY}/") and rule not in rules and not everything


def _diagnostic(rule: Rule, found: Mapping[str, str], judged: Judged) -> Diagnostic:
    at = judged.origin(found.get("stack", ""), found.get("address") or found.get("path", ""))
    notes = [f"{rule.title} ({rule.file})"]
    if found.get("path"):
        notes.append(f"the file is {found['path']}")
    severity = Severity.DENIED if rule.denies else Severity.WARNING
    help = rule.remedy
    if rule.waivable:
        help += f"; or add a waiver of `{rule.id}` with target, reason, owner and expires"
    return Diagnostic(rule.code, severity, found["msg"], at, "", tuple(notes), help)


def _something(rules: Mapping[str, Rule], judged: Judged) -> None:
    """Nothing judged is nothing passed."""
    faults = []
    if not rules:
        help = "install planform anew: its folder `policies` is empty"
        faults.append(error("policy/nothing-to-judge", "there are no rules", help=help))
    if not judged.subjects:
        help = "name a blueprint, or plans, with at least one resource, object or file"
        faults.append(error("policy/nothing-to-judge", "there is no resource, object or file to judge", help=help))
    if faults:
        raise DiagnosticError(faults)


def _complete(rules: Mapping[str, Rule], report: Report, subjects: int) -> None:
    """Every rule was evaluated, about environments of which something is known; else nothing passed."""
    faults = [*_missed(rules, report)]
    for name in report.unknown:
        help = "name the stack as planform does, `<platform>-<environment>-...`, or give the blueprint that it is of"
        faults.append(
            error("policy/unknown-environment", f"nothing is known about the environment of {name}", help=help)
        )
    if report.subjects != subjects and not faults:
        faults.append(failed(f"of {subjects} resources, objects and files {report.subjects} were judged"))
    if faults:
        raise DiagnosticError(faults)


def _missed(rules: Mapping[str, Rule], report: Report) -> Iterator[Diagnostic]:
    for id in sorted({*rules} - report.evaluated):
        help = "a rule is a set named `violation`: `violation contains ... if { ... }`"
        yield error("policy/engine-failed", f"rule `{id}` was not evaluated", help=help)
    for id in sorted(report.evaluated - {*rules}):
        help = "run `python3 dev.py pack` if the rule is new"
        yield error("policy/engine-failed", f"rule `{id}` was evaluated and has no metadata", help=help)
