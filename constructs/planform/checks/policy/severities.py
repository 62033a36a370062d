"""Severities that an organisation tightens: `severities.yaml` in a folder of its rules, never lower than planform's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import get_args

from msgspec.structs import replace

from planform.blueprint.document import Document
from planform.blueprint.read import read
from planform.diagnostics import Diagnostic, DiagnosticError, error, in_order, shown, suggest
from planform.rules.rule import Rule, Severity

__all__ = ["SEVERITIES", "tightened"]

SEVERITIES = "severities.yaml"
RANKS: tuple[Severity, ...] = get_args(Severity)
"""The gravest first."""


def tightened(rules: Mapping[str, Rule], folders: Sequence[Path]) -> dict[str, Rule]:
    """The rules with the severities that the folders want; of several the gravest.

    Errors: policy/bad-severity, policy/lowered-severity, policy/unknown-rule; all at once.
    """
    result = dict(rules)
    faults: list[Diagnostic] = []
    for folder in folders:
        if not (folder / SEVERITIES).is_file():
            continue
        try:
            documents = read(folder / SEVERITIES)
        except DiagnosticError as fault:
            faults += fault.diagnostics
            continue
        for document in documents:
            wrong = [*_faults(document, rules)]
            faults += wrong
            for id, severity in () if wrong else document.value.items():
                gravest = min(severity, result[id].severity, key=RANKS.index)
                result[id] = replace(result[id], severity=gravest)
    if faults:
        raise DiagnosticError(in_order(faults))
    return result


def _faults(document: Document, rules: Mapping[str, Rule]) -> Iterator[Diagnostic]:
    for id, severity in document.value.items():
        if id not in rules:
            near = suggest(id, rules)
            label = f"did you mean `{near}`?" if near else ""
            help = "`planform list rules` has planform's; rules of one's own have the id of their metadata"
            yield error("policy/unknown-rule", f"there is no rule `{id}`", document.key_at(id), label=label, help=help)
        elif severity not in RANKS:
            help = f"write one of {', '.join(RANKS)}"
            at = document.at(id)
            yield error("policy/bad-severity", f"{shown(severity)} is no severity", at, help=help)
        elif RANKS.index(severity) > RANKS.index(rules[id].severity):
            summary = f"`{id}` is {rules[id].severity}, and {severity} is less"
            help = "delete the line; to allow a single finding for a time, add a waiver to the blueprint"
            yield error("policy/lowered-severity", summary, document.at(id), help=help)
