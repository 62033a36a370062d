"""A rule's page: what it denies, why, at which gates, what to do, and how a waiver of it reads."""

from __future__ import annotations

import textwrap

from planform.rules.rule import Rule

__all__ = ["gates", "markdown", "rule_page", "waiver", "waiver_text"]

_SUBJECTS = {
    "terraform": "Terraform resources, when they are compiled",
    "kubernetes": "Kubernetes objects, when they are compiled",
    "file": "files, when they are compiled",
}


def rule_page(rule: Rule) -> str:
    """The page as text, for `planform explain`."""
    facts = [f"Severity: {rule.severity}" + ("" if rule.denies else ", which warns and denies nothing")]
    facts.append(f"Judges: {gates(rule)}")
    if rule.frameworks:
        facts.append(f"Frameworks: {', '.join(rule.frameworks)}")
    parts = [f"{rule.code}: {rule.title}", textwrap.fill(rule.why, 100), "\n".join(facts)]
    parts.append(f"What to do: {rule.remedy}")
    parts.append(waiver(rule) if rule.waivable else "It cannot be waived.")
    return "\n\n".join(parts) + "\n"


def gates(rule: Rule) -> str:
    """What it judges, in words."""
    if rule.match:
        return _SUBJECTS[rule.subject] + ", and when they are admitted to the cluster"
    return _SUBJECTS[rule.subject] + (" and in real plans" if rule.in_plans else "")


def waiver(rule: Rule) -> str:
    """The same as a paragraph of text."""
    return f"A waiver of it:\n\n{textwrap.indent(waiver_text(rule), '    ')}"


def waiver_text(rule: Rule, target: str = "") -> str:
    """How a waiver of it reads in a blueprint, of something that it finds."""
    example = {"terraform": "google_storage_bucket.features", "kubernetes": "Deployment fraud/server"}
    target = target or example.get(rule.subject, "repository/README.md")
    return (
        f"waivers:\n  - rule: {rule.id}\n    target: {target}\n"
        "    reason: why it may be so, for whoever asks in half a year\n"
        "    owner: group:fraud-ml@acme.example\n    expires: 2027-06-30"
    )


def markdown(rule: Rule, text: str, *, examples: str = "", target: str = "", tests: str = "") -> str:
    """The page in Markdown.

    `examples` are its sections of what fails and what passes, `target` is something that a waiver may be of, and
    `tests` is the Rego of its tests.
    """
    rows = [
        f"| **severity** | {rule.severity}" + (" |" if rule.denies else ": warns, and denies nothing |"),
        f"| **judges** | {gates(rule)} |",
        f"| **frameworks** | {', '.join(rule.frameworks) or 'none'} |",
        f"| **reads** | {', '.join(f'`{fact}`' for fact in rule.facts) or 'nothing'} of the blueprint's facts |",
    ]
    parts = [f"# {rule.id}", rule.title + ".", rule.why, "\n".join(["| | |", "|---|---|", *rows])]
    parts += ["## What to do", rule.remedy[:1].upper() + rule.remedy[1:] + "."]
    if examples:
        parts.append(examples)
    parts.append("## Waiver")
    parts.append(f"```yaml\n{waiver_text(rule, target)}\n```" if rule.waivable else "It cannot be waived.")
    parts += ["## The rule", f"```rego\n{text[text.index('package ') :].rstrip()}\n```"]
    if tests:
        parts += ["## Its tests", f"```rego\n{tests[tests.index('package ') :].rstrip()}\n```"]
    return "\n\n".join(parts) + "\n"
