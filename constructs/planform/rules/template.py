"""A rule as Gatekeeper has it: a ConstraintTemplate with the same Rego, and a Constraint that puts it into force."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from planform.rules.rule import Pack, Rule

__all__ = ["API", "CONSTRAINTS", "Enforcement", "admitted", "constraint", "kind", "template"]

API = "templates.gatekeeper.sh/v1"
CONSTRAINTS = "constraints.gatekeeper.sh/v1beta1"
Enforcement = Literal["deny", "warn", "dryrun"]

_IMPORT = re.compile(r"^import data\.lib\.([a-z0-9_]+)$", re.MULTILINE)


def admitted(pack: Pack) -> tuple[Rule, ...]:
    """The rules that judge what is admitted to a cluster."""
    return tuple(rule for rule in pack.rules if rule.match)


def kind(rule: Rule) -> str:
    """`PlanformSecurityPrivilegedPod`: the kind of a rule's constraints."""
    return "Planform" + "".join(part.capitalize() for part in re.split(r"[/-]", rule.id))


def template(pack: Pack, rule: Rule) -> dict[str, Any]:
    """The spec of a rule's ConstraintTemplate: the rule's own text, and the libraries that it imports.

    Source: Gatekeeper 3.23's page on constraint templates: `code` with version v1 takes today's Rego, and libraries
    are of packages `lib.*`.
    """
    library = pack.library()
    text = pack.text(rule)
    properties = {"facts": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    source: dict[str, Any] = {"version": "v1", "rego": _bare(text)}
    used = _imported(text, library)
    if used:
        source["libs"] = [_bare(library[name]) for name in used]
    return {
        "crd": {
            "spec": {
                "names": {"kind": kind(rule)},
                "validation": {"openAPIV3Schema": {"type": "object", "properties": properties}},
            }
        },
        "targets": [{"target": "admission.k8s.gatekeeper.sh", "code": [{"engine": "Rego", "source": source}]}],
    }


def constraint(rule: Rule, facts: Mapping[str, Any], enforcement: Enforcement, exempt: Iterable[str]) -> dict[str, Any]:
    """The spec of a rule's constraint: the kinds it is asked about, and the facts that it reads.

    Only rules of severity critical and high deny here, where a denial stops what runs; the others then warn.
    """
    strict = rule.severity in ("critical", "high")
    return {
        "enforcementAction": "warn" if enforcement == "deny" and not strict else enforcement,
        "match": {
            "kinds": [{key: [*values] for key, values in each.items()} for each in rule.match],
            "excludedNamespaces": [*exempt],
        },
        "parameters": {"facts": {name: facts[name] for name in rule.facts}},
    }


def _bare(text: str) -> str:
    """The text from its package on: the metadata is in the template's annotations."""
    return text[text.index("package ") :]


def _imported(text: str, library: Mapping[str, str]) -> list[str]:
    """The libraries that a text imports, and those that they import."""
    found: dict[str, None] = {}
    waiting = _IMPORT.findall(text)
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = None
            waiting += _IMPORT.findall(library[name])
    return sorted(found)
