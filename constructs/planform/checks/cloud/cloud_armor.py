"""Cloud Armor security policies."""

from __future__ import annotations

from collections.abc import Iterator

from planform.checks.cloud.rule import Block, Context, Finding, Rule, unknown_word

_ACTIONS = ("allow", "deny(403)", "deny(404)", "deny(502)", "rate_based_ban", "redirect", "throttle")
_DEFAULT_PRIORITY = 2147483647
_SOURCE = "provider 7.45.0, google_compute_security_policy, rule (2026-08)"


def _action(body: Block, _: Context) -> Iterator[Finding]:
    """A rule's action is one of a few words; a refusal names its HTTP status, as in `deny(403)`."""
    network = body.text("type") == "CLOUD_ARMOR_NETWORK" or body.unknown("type")
    for rule in body.blocks("rule"):
        yield from unknown_word(rule, "action", (*_ACTIONS, "deny") if network else _ACTIONS, "action")


def _default_rule(body: Block, _: Context) -> Iterator[Finding]:
    """A policy always ends in a rule of priority 2147483647 that matches everything.

    Written rules replace the one that the API would add, so the last of them must be written too.
    """
    rules = body.blocks("rule")
    priorities = [rule.number("priority") for rule in rules]
    if rules and not body.unknown("rule") and None not in priorities and _DEFAULT_PRIORITY not in priorities:
        yield Finding(
            "rule",
            "the policy has rules and no default rule",
            f"add a rule of priority {_DEFAULT_PRIORITY} that matches `*`",
        )


def _priority(body: Block, _: Context) -> Iterator[Finding]:
    """Rules are evaluated by priority, so each has its own; the provider refuses a second one at plan."""
    seen: set[float] = set()
    for rule in body.blocks("rule"):
        priority = rule.number("priority")
        if priority is not None and priority in seen:
            yield Finding(rule.at("priority"), f"two rules have the priority {priority:g}", "give each its own")
        seen.update([priority] if priority is not None else [])


def _rule(action: str, priority: int) -> dict[str, object]:
    match = [{"versioned_expr": "SRC_IPS_V1", "config": [{"src_ip_ranges": ["*"]}]}]
    return {"action": action, "priority": priority, "match": match}


_TYPES = ("google_compute_security_policy",)
_RIGHT = {"name": "edge", "rule": [_rule("deny(403)", 1000), _rule("allow", _DEFAULT_PRIORITY)]}

RULES = (
    Rule(
        code="cloud/armor-action",
        types=_TYPES,
        title="an action that Cloud Armor does not have",
        judge=_action,
        source=_SOURCE,
        wrong={"name": "edge", "rule": [_rule("block", _DEFAULT_PRIORITY)]},
        right=_RIGHT,
    ),
    Rule(
        code="cloud/armor-default-rule",
        types=_TYPES,
        title="a security policy with rules and no default rule",
        judge=_default_rule,
        source=_SOURCE,
        wrong={"name": "edge", "rule": [_rule("deny(403)", 1000)]},
        right=_RIGHT,
    ),
    Rule(
        code="cloud/armor-priority",
        types=_TYPES,
        title="two rules of one priority",
        judge=_priority,
        source=_SOURCE,
        wrong={"name": "edge", "rule": [_rule("allow", _DEFAULT_PRIORITY), _rule("deny(403)", _DEFAULT_PRIORITY)]},
        right=_RIGHT,
    ),
)
