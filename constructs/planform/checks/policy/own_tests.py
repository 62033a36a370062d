"""The tests of rules of one's own, run by `opa test` with planform's libraries beside them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from planform.checks.policy.engine import SECONDS, failed, no_opa, opa_place, too_long
from planform.checks.policy.own import own_packs
from planform.diagnostics import DiagnosticError, Location, error
from planform.rules.pack import shipped_pack

__all__ = ["Tested", "run_tests"]


class Tested(Struct, frozen=True):
    """One test: its package and name, and whether it passed."""

    name: str
    passed: bool
    at: Location | None


def run_tests(folders: Sequence[Path]) -> tuple[Tested, ...]:
    """Every test of some folders. Errors: policy/no-engine, policy/no-tests, and all that is wrong with the rules."""
    packs = own_packs(folders)
    opa = opa_place()
    if opa is None:
        raise DiagnosticError([no_opa("tests of rules need opa, which is not here")])
    command = [opa, "test", "--format", "json", "--timeout", f"{SECONDS:g}s", str(shipped_pack().folder / "lib")]
    command += [str(pack.folder) for pack in packs]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=2 * SECONDS)
    except subprocess.TimeoutExpired:
        raise DiagnosticError([too_long(2 * SECONDS)]) from None
    try:
        results = json.loads(done.stdout or "[]") or []
        found = tuple(
            Tested(
                f"{each['package'].removeprefix('data.')}.{each['name']}",
                not (each.get("fail") or each.get("error")),
                Location(each["location"]["file"], each["location"]["row"], 0),
            )
            for each in results
        )
    except (ValueError, LookupError, TypeError):
        raise DiagnosticError([failed(" ".join(done.stderr.split()) or "opa gave no results")]) from None
    if done.returncode not in (0, 2) or (done.returncode and all(each.passed for each in found)):
        raise DiagnosticError([failed(" ".join((done.stderr or done.stdout).split()))])
    if not found:
        help = "write `<rule>_test.rego` beside the rule; `planform policy new` does"
        raise DiagnosticError([error("policy/no-tests", "there is no test", help=help)])
    return found
