"""What evaluates the rules: the `opa` executable where there is one, else the shipped rules as WebAssembly.

Both are bounded in time, and neither takes its own failure for an answer: the report says which rules were evaluated.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

from msgspec import Struct

from planform.diagnostics import Diagnostic, DiagnosticError, Location, error
from planform.rules.rule import Pack

__all__ = ["ENGINES", "Engine", "EngineName", "Report", "engine_named", "opa_place"]

EngineName = Literal["auto", "opa", "wasm"]
ENGINES: tuple[EngineName, ...] = ("auto", "opa", "wasm")
CAPABILITIES = Path(__file__).parents[2] / "rules" / "capabilities.json"
"""What a rule may call: nothing that reaches out of the evaluation."""
INSTALL = "install opa 1.x (openpolicyagent.org) on PATH, or name the executable in PLANFORM_OPA"
SECONDS = 60.0
"""How long an evaluation may take; the reference platform takes less than one."""

UNREAD: Mapping[str, str] = {"github_repository_file": "content"}
"""By type, what no shipped rule reads, though it is the larger part of a platform of many repositories."""


class Report(Struct, frozen=True):
    """What `data.main.report` says."""

    findings: tuple[Mapping[str, Any], ...]
    evaluated: frozenset[str]
    unknown: tuple[str, ...]
    subjects: int


class Engine(Protocol):
    """One of the two."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def unread(self) -> Mapping[str, str]:
        """Arguments by type that none of its rules reads."""

    def evaluate(self, document: bytes, seconds: float) -> Report:
        """The report on a document, JSON in UTF-8. Errors: policy/engine-failed, policy/timeout."""


def engine_named(name: EngineName, packs: Sequence[Pack]) -> Engine:
    """The engine for some packs, the shipped one first; rules of one's own only opa can read.

    Errors: policy/no-engine.
    """
    own = packs[1:]
    place = opa_place() if name != "wasm" else None
    if place is not None:
        unread = UNREAD if not own else {}
        return Opa(place, tuple(file for pack in packs for file in pack.files()), unread)
    if own and name == "wasm":
        summary, help = (
            "rules of your own need opa",
            "leave out `--policy-engine wasm`, which has planform's rules only",
        )
    elif own or name == "opa":
        summary = "rules of your own need opa, which is not here" if own else "opa is not here"
        help = INSTALL
    if own or name == "opa":
        notes = tuple(f"{pack.folder} has {len(pack.rules)}" for pack in own)
        raise DiagnosticError([error("policy/no-engine", summary, notes=notes, help=help)])
    from planform.checks.policy.wasm import Wasm

    return Wasm()


def opa_place() -> str | None:
    """The executable that PLANFORM_OPA names, else `opa` on PATH.

    Errors: policy/no-engine, where PLANFORM_OPA names none.
    """
    named = os.environ.get("PLANFORM_OPA")
    if named:
        place = shutil.which(named)
        if place is None:
            summary = f"PLANFORM_OPA names `{named}`, which is no executable"
            raise DiagnosticError([error("policy/no-engine", summary, help="correct it, or unset it")])
        return place
    return shutil.which("opa")


class Opa(Struct, frozen=True):
    """The executable. It may not call the network or read the environment, whatever a rule says."""

    place: str
    files: tuple[Path, ...]
    unread: Mapping[str, str] = {}
    name: str = "opa"

    def evaluate(self, document: bytes, seconds: float = SECONDS) -> Report:
        """The report on a document."""
        command = [self.place, "eval", "--stdin-input", "--format", "json", "--strict-builtin-errors"]
        command += ["--capabilities", str(CAPABILITIES)]
        for file in self.files:
            command += ["--data", str(file)]
        try:
            done = subprocess.run(
                [*command, "data.main.report"],
                input=document,
                capture_output=True,
                check=False,
                timeout=seconds,
                env={"PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", "/")},
            )
        except subprocess.TimeoutExpired:
            raise DiagnosticError([too_long(seconds)]) from None
        except OSError as trouble:
            raise DiagnosticError([failed(f"{self.place}: {trouble.strerror}")]) from None
        if done.returncode:
            raise DiagnosticError(_faults(done.stdout) or [failed(_last_line(done.stderr.decode(errors="replace")))])
        return report_of(done.stdout, "result", 0, "expressions", 0, "value")


def report_of(text: str | bytes, *path: str | int) -> Report:
    """A report from an engine's JSON. Errors: policy/engine-failed, for whatever else it is."""
    try:
        value = json.loads(text)
        for step in path:
            value = value[step]
        return Report(
            tuple(sorted(value["findings"], key=lambda each: json.dumps(each, sort_keys=True))),
            frozenset(value["evaluated"]),
            tuple(sorted(value["unknown"])),
            int(value["subjects"]),
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        raise DiagnosticError([failed("its answer is no report; `main.rego` and the rules do not fit")]) from None


def no_opa(summary: str) -> Diagnostic:
    """The fault of an executable that is not there."""
    return error("policy/no-engine", summary, help=INSTALL)


def failed(why: str) -> Diagnostic:
    """The fault of an engine that gave no answer."""
    help = "nothing was judged, so nothing passed; mend the rule or the engine that is named"
    return error("policy/engine-failed", f"the rules could not be evaluated: {why}", help=help)


def too_long(seconds: float) -> Diagnostic:
    """The fault of an evaluation without end."""
    help = "look for a rule that compares everything with everything; `opa eval --profile` shows it"
    return error("policy/timeout", f"the rules took longer than {seconds:g} seconds", help=help)


def _faults(stdout: bytes) -> list[Diagnostic]:
    """The faults that opa names, each at its line of Rego."""
    try:
        faults = json.loads(stdout)["errors"]
        return [_fault(each) for each in faults]
    except (ValueError, LookupError, TypeError):
        return []


def _fault(said: Mapping[str, Any]) -> Diagnostic:
    place = said.get("location") or {}
    at = Location(place["file"], place["row"], place.get("col", 0)) if place.get("file") else None
    summary = f"{said['message'].splitlines()[0]} ({said.get('code', 'unknown')})"
    return error("policy/rego", summary, at, help="mend the rule; nothing was judged, so nothing passed")


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no word of why"])[-1]
