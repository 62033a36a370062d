"""A change set for people and programs: text, Markdown for one comment, JSON, HTML, SARIF."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from planform.diagnostics import Diagnostic, DiagnosticError, Location, Severity, to_sarif, to_text
from planform.preview.changes import SENSITIVE, UNKNOWN, Action, Attribute, Change, ChangeSet, Group, Risk
from planform.preview.desired import desired_line
from planform.report.cost import Sum
from planform.report.delta import Sign

__all__ = ["COMMENT_BYTES", "FORMATS", "MARKER", "headline", "no_preview", "render"]

FORMATS = ("text", "markdown", "json", "html", "sarif")
COMMENT_BYTES = 65_536
"""GitHub refuses a comment from this size on."""

MARKER = "<!-- planform preview -->"
"""First line of the comment, by which a later run finds it again."""

_SPARE = 600
_REMARKS = 10
_ATTRIBUTES = 6
_VALUE = 120
_COLUMNS = (Action.DESTROY, Action.REPLACE, Action.UNDECIDED, Action.UPDATE, Action.MOVE, Action.CREATE)
_HAPPENED = ("gone", "changed")
"""What a drift has done already."""
_SEVERITIES = {
    Risk.DATA_LOSS: ("preview/data-loss", Severity.ERROR),
    Risk.REPLACE: ("preview/replacement", Severity.WARNING),
    Risk.ROLLING: ("preview/interruption", Severity.WARNING),
    Risk.IN_PLACE: ("preview/change", Severity.NOTE),
    Risk.NONE: ("preview/change", Severity.NOTE),
}


def render(changes: ChangeSet, format_: str, verb: str = "preview") -> str:
    """The change set in one of FORMATS, with a line break at its end; `verb` is the command that made it."""
    if format_ == "json":
        return _json(changes, verb)
    return {"text": _text, "markdown": _markdown, "html": _html, "sarif": _sarif}[format_](changes, verb)


# Words


def headline(changes: ChangeSet, verb: str = "preview") -> str:
    """`2 to destroy, 1 to update; worst risk: data-loss`; of a drift `2 gone, 1 changed; ...`."""
    if not changes:
        return "nothing has drifted" if verb == "drift" else "nothing changes"
    words = [f"{changes.count(action)} to {_VERBS[action]}" for action in Action if changes.count(action)]
    if verb == "drift":
        gone = changes.count(Action.DESTROY)
        counts = dict(zip(_HAPPENED, (gone, len(changes.changes) - gone), strict=True))
        words = [f"{count} {word}" for word, count in counts.items() if count]
    return f"{', '.join(words)}; worst risk: {changes.risk}"


_VERBS = {
    Action.DESTROY: "destroy",
    Action.REPLACE: "replace",
    Action.UNDECIDED: "update or replace (could not tell which)",
    Action.UPDATE: "update",
    Action.FORGET: "forget",
    Action.MOVE: "move",
    Action.IMPORT: "import",
    Action.CREATE: "create",
    Action.NOOP: "leave as they are, with a note",
}


def _title(group: Group) -> str:
    cause = group.because
    if cause is None:
        return "no blueprint line"
    return f"{cause}  {cause.path}{': ' if cause.text else ''}{cause.text}".rstrip()


def _what(change: Change, verb: str) -> str:
    verdict = change.verdict
    if verb == "drift":
        return _HAPPENED[verdict.action is not Action.DESTROY]
    words = "update or replace: could not tell" if verdict.action is Action.UNDECIDED else str(verdict.action)
    if verdict.replace_because:
        words += f" because of {', '.join(verdict.replace_because)}"
    return f"{words} from {verdict.previous_address}" if verdict.previous_address else words


def _value(value: Any) -> str:
    text = value if value in (SENSITIVE, UNKNOWN) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _VALUE else f"{text[: _VALUE - 1]}…"


def _attribute(attribute: Attribute) -> str:
    return f"{attribute.path}: {_value(attribute.before)} -> {_value(attribute.after)}"


def _attributes(change: Change) -> list[str]:
    found = change.verdict.attributes
    lines = [_attribute(each) for each in found[:_ATTRIBUTES]]
    return [*lines, f"and {len(found) - _ATTRIBUTES} more attributes"] if len(found) > _ATTRIBUTES else lines


def _cost(change: Change) -> list[str]:
    """What a change does to the monthly cost, where it does something."""
    return [f"cost: {change.cost}"] if change.cost and change.cost.sign is not Sign.SAME else []


def _costs(changes: ChangeSet) -> list[tuple[str, str, str, str, str]]:
    """Environment, plane, cost of base, of head, and the difference, where there is one."""
    rows = changes.cost.changed if changes.cost is not None else ()
    return [
        (row.environment, row.plane or "all", _amount(row.delta.base), _amount(row.delta.head), str(row.delta))
        for row in rows
    ]


def _amount(found: Sum) -> str:
    if found.known is None:
        return "unknown" if found.unknown else "by use" if found.usage else "nothing"
    low, high = f"{found.known.low:,.2f}", f"{found.known.high:,.2f}"
    return low if low == high else f"{low} to {high}"


def _cost_title(changes: ChangeSet) -> str:
    return f"cost in USD a month, at list prices of {changes.cost.dated if changes.cost else ''}"


def _quotas(changes: ChangeSet) -> list[str]:
    return [
        f"quota: {need.environment} may need {after} {need.accelerator} in {need.region}"
        f"{' (preemptible)' if need.preemptible else ''}, before {before}"
        for need, (before, after) in changes.quotas.items()
    ]


def _policies(changes: ChangeSet) -> list[str]:
    """`policy, new: denied[resource/public-bucket] google_storage_bucket.raw does not ... (platform.yaml:12:3)`."""
    delta = changes.policies
    if delta is None:
        return []
    kinds = (("new", delta.new), ("waived", delta.waived), ("fixed", delta.fixed))
    return [
        f"policy, {kind}: {each.severity}[{each.code}] {each.summary}{f' ({each.at})' if each.at else ''}"
        for kind, found in kinds
        for each in found
    ]


def _printable(text: str) -> str:
    return text if text.isprintable() else "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text
    )  # fmt: skip


def _desired(changes: ChangeSet) -> str:
    """`; desired state: dev 3f0a1c2b4d5e`: enough of each digest to tell two apart at a glance."""
    each = ", ".join(f"{name} {_code(digest[:12])}" for name, digest in changes.desired.items())
    return f"; desired state: {each}" if each else ""


# Text


def _text(changes: ChangeSet, verb: str) -> str:
    lines = [f"{changes.base} -> {changes.head}", ""]
    for group in changes.groups:
        lines.append(_title(group))
        for change in group.changes:
            lines.append(f"  {change.risk:<9}  {change.address}  in {change.stack}")
            lines.append(f"             {_what(change, verb)}  [{change.source}]")
            lines += [f"             {reason}" for reason in change.reasons]
            lines += [f"             {change.acknowledged}"] if change.acknowledged else []
            lines += [f"             disagrees: {each}" for each in change.disagrees]
            lines += [f"             {each}" for each in _cost(change)]
            lines += [f"               {each}" for each in _attributes(change)]
        lines.append("")
    costs = _costs(changes)
    if costs:
        lines += [_cost_title(changes)]
        lines += [f"  {name} {plane}: {before} -> {after}  ({delta})" for name, plane, before, after, delta in costs]
        lines.append("")
    lines += [*_policies(changes), *_quotas(changes)]
    lines += [f"note: {note}" for note in changes.notes]
    return "\n".join(map(_printable, [*lines, headline(changes, verb)])) + "\n"


# Markdown


def _markdown(changes: ChangeSet, verb: str) -> str:
    """One comment: all of it when it fits, else the most dangerous part and how much is left out."""
    head = [
        MARKER if verb == "preview" else f"<!-- planform {verb} -->",
        *([desired_line(changes.desired)] if changes.desired else []),
        f"### planform {verb}: {headline(changes, verb)}",
        "",
        f"{_code(changes.base)} → {_code(changes.head)}{_desired(changes)}",
        "",
        *_table(changes, verb),
        *_cost_table(changes),
        *_quoted(_policies(changes)),
        *_quoted([*_quotas(changes), *changes.notes]),
    ]
    room = COMMENT_BYTES - _SPARE - _size(head)
    body: list[str] = []
    shown = 0
    for group in changes.groups:
        # A group that does not fit leaves half of the room to those after it.
        whole = _block(group, len(group.changes), verb)
        count = len(group.changes) if _size(whole) <= room else _fitting(group, room // 2, verb)
        if not count:
            break
        block = whole if count == len(group.changes) else _block(group, count, verb)
        body += block
        room -= _size(block)
        shown += count
    left = len(changes.changes) - shown
    if left:
        body.append(f"**{left} more changes** do not fit here; the HTML report has them all.")
    return "\n".join([*head, *body]) + "\n"


def no_preview(fault: DiagnosticError) -> str:
    """The comment where a side does not compile: why, in a block that nothing in it can end."""
    text = to_text(fault.diagnostics, sources=fault.sources).rstrip("\n")
    shown = re.sub("~{8,}", "~~~~~~~", text).encode()[: COMMENT_BYTES - _SPARE].decode(errors="ignore")
    fence = "~" * 8
    return "\n".join([MARKER, "### planform preview: there is none", "", f"{fence}text", shown, fence]) + "\n"


def _quoted(remarks: Sequence[str]) -> list[str]:
    left = len(remarks) - _REMARKS
    shown = [*remarks[:_REMARKS], f"and {left} more"] if left > 0 else remarks
    return [f"> {_plain(remark)}\n" for remark in shown]


def _fitting(group: Group, room: int, verb: str) -> int:
    """How many changes of a group fit into some bytes, the most dangerous first."""
    used = _size(_block(group, 0, verb))
    for count, change in enumerate(group.changes):
        used += _size(_entry(change, verb))
        if used > room:
            return count
    return len(group.changes)


def _size(lines: Sequence[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)


def _table(changes: ChangeSet, verb: str) -> list[str]:
    rows: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        rows.setdefault((change.owner.environment or "", _whose(change)), []).append(change)
    if not rows:
        return []
    counted = Counter(_column(change, verb) for change in changes)
    used = [column for column in (*_HAPPENED, *map(str, _COLUMNS)) if column in counted]
    lines = [
        f"| environment | plane or team | worst risk | {' | '.join(used)} |",
        f"|---|---|---|{'---:|' * len(used)}",
    ]
    listed = sorted(rows.items(), key=lambda row: min(each.risk.rank for each in row[1]))
    for (environment, plane), held in listed[:30]:
        counts = [str(sum(_column(each, verb) == column for each in held) or "") for column in used]
        worst = min((each.risk for each in held), key=lambda risk: risk.rank)
        lines.append(f"| {_plain(environment)} | {_plain(plane)} | {worst} | {' | '.join(counts)} |")
    return [*lines, ""]


def _column(change: Change, verb: str) -> str:
    return _what(change, verb) if verb == "drift" else str(change.action)


def _whose(change: Change) -> str:
    owner = change.owner
    return owner.plane or (f"team {owner.team}" if owner.team else change.stack)


def _cost_table(changes: ChangeSet) -> list[str]:
    costs = _costs(changes)
    if not costs:
        return []
    lines = ["| environment | plane | base | head | difference |", "|---|---|---:|---:|---:|"]
    lines += [f"| {' | '.join(_plain(cell) for cell in row)} |" for row in costs[:30]]
    return [f"{_cost_title(changes).capitalize().replace('usd', 'USD')}:", "", *lines, ""]


def _block(group: Group, most: int, verb: str) -> list[str]:
    title = f"<b>{group.risk}</b> · {_html_code(_title(group))} · {len(group.changes)} change"
    title += "s" if len(group.changes) > 1 else ""
    opened = " open" if group.risk in (Risk.DATA_LOSS, Risk.REPLACE) else ""
    lines = [f"<details{opened}><summary>{title}</summary>", ""]
    for change in group.changes[:most]:
        lines += _entry(change, verb)
    if len(group.changes) > most:
        lines.append(f"- and {len(group.changes) - most} more")
    return [*lines, "", "</details>", ""]


def _entry(change: Change, verb: str) -> list[str]:
    what = f"{_code(change.address)} in {_code(change.stack)}: {_plain(_what(change, verb))} ({change.source})"
    lines = [f"- **{change.risk}** {what}"]
    reasons = (*change.reasons, *change.disagrees, *_acknowledged(change), *_cost(change))
    lines += [f"  - {_plain(reason)}" for reason in reasons]
    return [*lines, *(f"  - {_code(each)}" for each in _attributes(change))]


def _code(text: str) -> str:
    """Text as inline code that nothing in it can end."""
    text = _printable(text.replace("\n", " "))
    ticks = max((len(run) for run in re.findall("`+", text)), default=0) + 1
    pad = " " if text.startswith("`") or text.endswith("`") or not text else ""
    return f"{'`' * ticks}{pad}{text}{pad}{'`' * ticks}"


def _html_code(text: str) -> str:
    return f"<code>{_entities(_printable(text))}</code>"


def _entities(text: str) -> str:
    """Text that is neither HTML, Markdown, a mention nor a link."""
    return "".join(each if each.isalnum() or each in " .,:;/-_()" else f"&#{ord(each)};" for each in text)


def _plain(text: str) -> str:
    return re.sub(r"`([^`]*)`|([^`]+)|`", lambda m: _code(m[1]) if m[1] else _markdown_text(m[0]), _printable(text))


def _markdown_text(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "&#64;")
    return re.sub(r"([\\`*_{}\[\]|~])", r"\\\1", text)


# JSON and SARIF


def _json(changes: ChangeSet, verb: str) -> str:
    found = changes.as_dict()
    document = {"version": found.pop("version"), "verb": verb, **found, "diagnostics": []}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _sarif(changes: ChangeSet, verb: str) -> str:
    return json.dumps(to_sarif(list(_diagnostics(changes, verb))), indent=2, ensure_ascii=False) + "\n"


def _diagnostics(changes: ChangeSet, verb: str) -> Iterator[Diagnostic]:
    yield from changes.policies.new if changes.policies is not None else ()
    for change in changes:
        code, severity = _SEVERITIES[change.risk]
        cause = change.because
        at = None
        if cause is not None:
            # A line of base is no line of the files that code scanning shows.
            at = cause.at if cause.side == "head" else Location(cause.at.file, 0, 0, path=cause.path)
        notes = (*change.reasons, *_acknowledged(change), *_attributes(change))
        yield Diagnostic(code, severity, f"{change.address} in {change.stack}: {_what(change, verb)}", at, "", notes)


# HTML


def _html(changes: ChangeSet, verb: str) -> str:
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True,
                              lstrip_blocks=True)  # fmt: skip
    template = environment.get_template("report.html.j2")
    return (
        template.render(
            changes=changes,
            headline=headline(changes, verb),
            verb=verb,
            title=_title,
            what=partial(_what, verb=verb),
            value=_value,
            risks=list(Risk),
            cost=_cost,
            costs=_costs(changes),
            cost_title=_cost_title(changes),
            remarks=[*_policies(changes), *_quotas(changes), *changes.notes],
        ).rstrip("\n")
        + "\n"
    )


def _acknowledged(change: Change) -> tuple[str, ...]:
    return (change.acknowledged,) if change.acknowledged else ()
