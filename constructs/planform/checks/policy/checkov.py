"""checkov as a second opinion: one process of its own over the resources as plans have them, and what it found.

checkov's requirements do not go with planform's, so it is never imported. It ends with 0 for a file that it could not
read, so its answer counts only when every resource is in it.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct
from pydantic import Field

from planform.checks.policy.document import Judged
from planform.diagnostics import DiagnosticError, error
from planform.rules.rule import Rule
from planform.shipped import folder
from planform.spec.settings import Settings

__all__ = ["BASELINE", "FAMILY", "Accepted", "AcceptedOf", "Baseline", "Checkov", "Opinion", "baseline", "checkov_here"]

FAMILY = "checkov"
"""First part of the ids of its checks: `checkov/ckv-gcp-62`."""
BASELINE = "checkov.yaml"
SECONDS = 600.0
"""How long it may take; the reference platform's 1,800 resources take it about half a minute."""
INSTALL = "install checkov in an environment of its own (`pipx install checkov`), or name it in PLANFORM_CHECKOV"
META = frozenset(("connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"))
"""Keys of a resource that Terraform reads itself; a plan does not have them among its values."""
SENSITIVE = "(sensitive)"

_REFERENCE = re.compile(r"\$\{([a-z0-9_]+)\.([\w-]+)\.\w+\}")
_ACCOUNT = re.compile(r"\$\{google_service_account\.(?P<name>[\w-]+)\.(?P<what>email|member)\}")
_CRASH = re.compile(r"Failed to run check (?P<check>\w+) on (\S*/)?(?P<stack>[^/\s]+)/plan\.json:(?P<address>\S+)")


class Accepted(Settings):
    """A check that planform does not follow. `rule` is the rule of planform that asks the same, more exactly."""

    check: str = Field(pattern=r"^CKV2?_[A-Z]+_[0-9]+$")
    reason: str = Field(min_length=40)
    rule: str = ""


class AcceptedOf(Accepted):
    """A check that holds, but not for what `target` matches, and of that only what has the argument `having`."""

    target: str
    having: str = ""


class Baseline(Settings):
    """What of checkov's opinion planform does not share: whole checks, and checks for some resources."""

    checks: tuple[Accepted, ...]
    resources: tuple[AcceptedOf, ...]

    def accepting(self, check: str, address: str, values: Mapping[str, Any]) -> Accepted | None:
        """The entry that accepts a finding."""
        for whole in self.checks:
            if whole.check == check:
                return whole
        for each in self.resources:
            pattern = ".*".join(map(re.escape, each.target.split("*")))
            if each.check == check and re.fullmatch(pattern, address) and (not each.having or values.get(each.having)):
                return each
        return None


@functools.cache
def baseline() -> Baseline:
    """planform's own, beside its rules."""
    return Baseline.model_validate(yaml.safe_load((folder("policies") / BASELINE).read_text("utf-8")))


class Opinion(Struct, frozen=True):
    """What checkov says. `rules` are the checks that it asked; `accepted` what the baseline accepted."""

    version: str
    rules: Mapping[str, Rule]
    findings: tuple[Mapping[str, str], ...]
    accepted: tuple[Accepted, ...]


class Checkov(Struct, frozen=True):
    """The executable. It gets resources and nothing else: no credentials, no configuration, no network."""

    place: str
    seconds: float = SECONDS

    def opinion(self, judged: Judged, accepted: Baseline) -> Opinion:
        """On all Terraform of a document. Errors: policy/checkov-failed."""
        resources = {
            stack: [*_resources(document, judged.written.get(stack, {}))] for stack, document in judged.stacks.items()
        }
        known = {(stack, each["address"]): each["values"] for stack, found in resources.items() for each in found}
        if not known:
            raise DiagnosticError([failed("there is no resource to judge")])
        with tempfile.TemporaryDirectory(prefix="planform-checkov-") as place:
            for stack, found in resources.items():
                file = Path(place, "plans", stack, "plan.json")
                file.parent.mkdir(parents=True)
                file.write_text(json.dumps(_plan(found)), encoding="utf-8")
            report, log = self._report(Path(place))
        return _opinion(report, log, known, accepted)

    def _report(self, place: Path) -> tuple[Mapping[str, Any], str]:
        command = [self.place, "--directory", "plans", "--framework", "terraform_plan"]
        command += ["--skip-download", "--compact", "--output", "json"]
        try:
            child = subprocess.Popen(
                command,
                cwd=place,
                env=_environment(place),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        except OSError as trouble:
            raise DiagnosticError([failed(f"{self.place}: {trouble.strerror}")]) from None
        with child:
            try:
                said, log = child.communicate(timeout=self.seconds)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)  # also the processes that it started
                raise DiagnosticError([failed(f"it took longer than {self.seconds:g} seconds")]) from None
        if child.returncode not in (0, 1):
            raise DiagnosticError([failed(f"it ended with {child.returncode}: {_last_line(log)}")])
        try:
            report = json.loads(said)
        except ValueError:
            raise DiagnosticError([failed(f"its answer is no JSON: {_last_line(log)}")]) from None
        if not isinstance(report, dict):
            raise DiagnosticError([failed("its answer is not one report")])
        return report, log


def checkov_here(seconds: float = SECONDS) -> Checkov:
    """The executable that PLANFORM_CHECKOV names, else `checkov` on PATH.

    Errors: policy/no-checkov.
    """
    named = os.environ.get("PLANFORM_CHECKOV")
    place = shutil.which(named or "checkov")
    if place is None:
        raise DiagnosticError([error("policy/no-checkov", f"{named or 'checkov'} is not here", help=INSTALL)])
    return Checkov(str(Path(place).absolute()), seconds)


def failed(why: str) -> Any:
    """The fault of a checkov that gave no opinion."""
    help = "checkov judged nothing, so nothing passed; mend what is named, or leave out --checkov"
    return error("policy/checkov-failed", f"checkov gave no opinion: {why}", help=help)


# What it is given


def _environment(place: Path) -> dict[str, str]:
    """Nothing of ours: no credentials, no configuration from a home, and no way out."""
    nowhere = "http://127.0.0.1:9"
    return {
        "PATH": os.defpath,
        "HOME": str(place),
        "TMPDIR": str(place),
        "HTTP_PROXY": nowhere,
        "HTTPS_PROXY": nowhere,
        "LOG_LEVEL": "WARNING",
        "CHECK_FAIL_LEVEL": "ERROR",
    }


def _resources(document: Mapping[str, Any], written: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The resources of a stack: as compiled, where references stand for what is known after apply, or as planned, with
    the references of what was `written` for it.
    """
    for change in document.get("resource_changes") or ():
        after = change["change"].get("after")
        if change.get("mode") == "managed" and isinstance(after, Mapping):
            values = _covered(after, change["change"].get("after_sensitive"))
            body = written.get("resource", {}).get(change["type"], {}).get(change["name"], {})
            values = _as_written(values, change["change"].get("after_unknown"), body)
            yield _resource(change["address"], change["type"], change["name"], values, body)
    for type_name, named in document.get("resource", {}).items():
        for name, body in named.items():
            values = {key: _known(value, document) for key, value in body.items() if key not in META}
            yield _resource(f"{type_name}.{name}", type_name, name, values, {})


def _resource(address: str, type_name: str, name: str, values: Any, body: Mapping[str, Any]) -> dict[str, Any]:
    """One resource, with what it refers to where its values do not say so any more."""
    place = {"address": address, "mode": "managed", "type": type_name, "name": name}
    expressions = {
        key: {"references": [f"{found[1]}.{found[2]}"]}
        for key, value in body.items()
        if isinstance(value, str) and (found := _REFERENCE.match(value))
    }
    return {**place, "values": values, "expressions": expressions}


def _known(value: Any, document: Mapping[str, Any]) -> Any:
    """A compiled value with the names of service accounts, which every plan knows too, in place of the references."""
    if isinstance(value, Mapping):
        return {key: _known(each, document) for key, each in value.items()}
    if isinstance(value, list):
        return [_known(each, document) for each in value]
    return _ACCOUNT.sub(lambda found: _account(found, document), value) if isinstance(value, str) else value


def _account(found: re.Match[str], document: Mapping[str, Any]) -> str:
    body = document.get("resource", {}).get("google_service_account", {}).get(found["name"])
    if body is None:
        return found[0]
    email = f"{body['account_id']}@{body.get('project', 'project')}.iam.gserviceaccount.com"
    return f"serviceAccount:{email}" if found["what"] == "member" else email


def _as_written(value: Any, unknown: Any, written: Any) -> Any:
    """A planned value in the form that a document has: a reference where it is known only after apply, `false` where a
    plan has null for it, and nothing where the provider makes it up or nobody wrote a block. What is there and empty
    checkov takes for wrong, or crashes on.
    """
    if unknown is True:
        return written
    if value is None:
        return False if written is False else None
    if isinstance(value, Mapping):
        known = written if isinstance(written, Mapping) else {}
        marks = unknown if isinstance(unknown, Mapping) else {}
        parts = {
            key: _as_written(value.get(key), marks.get(key), known.get(key)) for key in dict.fromkeys((*value, *marks))
        }
        return {key: each for key, each in parts.items() if each is not None and each != []}
    if isinstance(value, list):
        beside = (_beside(value, other) for other in (unknown, written))
        return [_as_written(*each) for each in zip(value, *beside, strict=True)]
    return value


def _beside(value: Sequence[Any], other: Any) -> Sequence[Any]:
    """What stands beside each element, where there is as much of it."""
    return other if isinstance(other, list) and len(other) == len(value) else [None] * len(value)


def _covered(value: Any, marks: Any) -> Any:
    """A planned value without what Terraform marks as sensitive."""
    if marks is True:
        return SENSITIVE
    if isinstance(value, Mapping) and isinstance(marks, Mapping):
        return {key: _covered(each, marks.get(key)) for key, each in value.items()}
    if isinstance(value, list) and isinstance(marks, list) and len(value) == len(marks):
        return [_covered(each, mark) for each, mark in zip(value, marks, strict=True)]
    return value


def _plan(resources: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A plan that makes all of them. It has no providers, which is where credentials would be."""
    planned, changes, configured = [], [], []
    for each in resources:
        place = {key: each[key] for key in ("address", "mode", "type", "name")}
        change = {"actions": ["create"], "before": None, "after": each["values"], "after_unknown": {}}
        planned.append({**place, "values": each["values"]})
        changes.append({**place, "change": change})
        if each["expressions"]:
            configured.append({**place, "expressions": each["expressions"]})
    return {
        "format_version": "1.2",
        "terraform_version": "1.0.0",
        "planned_values": {"root_module": {"resources": planned}},
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": configured}},
    }


# What it answers


def _opinion(
    report: Mapping[str, Any], log: str, known: Mapping[tuple[str, str], Mapping[str, Any]], accepted: Baseline
) -> Opinion:
    try:
        summary, results = report["summary"], report["results"]
        version = summary["checkov_version"]
        asked = [*results["passed_checks"], *results["failed_checks"]]
        names = {each["check_id"]: each["check_name"] for each in asked}
        against = [(each["check_id"], _place(each), _keys(each)) for each in results["failed_checks"]]
    except (LookupError, TypeError, AttributeError):
        # Without a resource it leaves all of this out: a document that it could not read looks the same.
        raise DiagnosticError([failed("its answer is no report of plans that it could read")]) from None
    faults = [*_left_out(summary, len(known), against, known)]
    if faults:
        raise DiagnosticError([failed(each) for each in faults])
    crashed = [(each["check"], (each["stack"], each["address"]), "crashed") for each in _CRASH.finditer(log)]
    findings: dict[tuple[str, str, str], Mapping[str, str]] = {}
    used: list[Accepted] = []
    for check, (stack, address), how in [*against, *crashed]:
        entry = accepted.accepting(check, address, known.get((stack, address), {}))
        if entry is not None and how != "crashed":
            used.append(entry)
            continue
        said = "could not be judged by" if how == "crashed" else "fails"
        msg = f"{address} in {stack} {said} {check}" + (f", which looks at {how}" if how and how != "crashed" else "")
        findings[check, stack, address] = {"rule": _id(check), "stack": stack, "address": address, "msg": msg}
    checks = {**names, **{check: names.get(check, check) for check, _, _ in crashed}}
    rules = {_id(check): _rule(check, name, version) for check, name in sorted(checks.items())}
    return Opinion(version, rules, tuple(findings[key] for key in sorted(findings)), tuple(dict.fromkeys(used)))


def _left_out(
    summary: Mapping[str, Any], resources: int, against: Sequence[tuple[str, tuple[str, str], str]], known: Any
) -> Iterator[str]:
    """Why an answer is not one on everything."""
    if summary.get("parsing_errors") != 0:
        yield f"it could not read {summary.get('parsing_errors')} of the plans"
    if summary.get("resource_count") != resources:
        yield f"it saw {summary.get('resource_count')} of {resources} resources"
    if not summary.get("passed", 0) + summary.get("failed", 0):
        yield "it has no check for any of the resources"
    for stack, address in sorted({place for _, place, _ in against if place not in known}):
        yield f"it found something in {address} in {stack}, which nobody gave it"


def _place(found: Mapping[str, Any]) -> tuple[str, str]:
    """`/plans/<stack>/plan.json`, or relative to that folder; and the address."""
    return Path(found["file_path"]).parent.name, found["resource"]


def _keys(found: Mapping[str, Any]) -> str:
    """The arguments that a check looked at, as far as they are plain paths: `settings.ip_configuration.ssl_mode`."""
    keys = [re.sub(r"/?\[\d+\]", "", key).replace("/", ".") for key in found["check_result"]["evaluated_keys"] or ()]
    plain = [key for key in keys if re.fullmatch(r"[\w.]+", key) and key != "resource_type"]
    return ", ".join(f"`{key}`" for key in dict.fromkeys(plain))


def _id(check: str) -> str:
    return f"{FAMILY}/{check.lower().replace('_', '-')}"


def _rule(check: str, name: str, version: str) -> Rule:
    """A check as a rule, so that waivers, reports and code scanning treat its findings as they do all others."""
    return Rule(
        id=_id(check),
        title=name,
        why="checkov's opinion; it does not say why.",
        severity="high",
        subject="terraform",
        remedy=f"change it as {check} asks",
        frameworks=(),
        waivable=True,
        in_plans=True,
        match=(),
        facts=(),
        file=f"checkov {version}",
    )


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no word of why"])[-1]
