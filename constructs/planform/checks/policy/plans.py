"""Real plans, as `terraform show -json` writes them: read, judged for being one, and told which stack each is of."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from planform.diagnostics import Diagnostic, DiagnosticError, Location, error, suggest

__all__ = ["read_plans"]

LARGEST = 256 * 1024**2
"""Bytes of a plan that are read."""


def read_plans(named: Iterable[str], stacks: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
    """Plans by stack. Each is `FILE`, whose name or folder is the stack's, or `STACK=FILE`.

    Errors: policy/bad-plan, policy/unknown-stack; all at once.
    """
    plans: dict[str, Mapping[str, Any]] = {}
    faults: list[Diagnostic] = []
    for each in named:
        given, _, after = each.partition("=")
        file = Path(after or given)
        stack = _stack(given if after else "", file, stacks)
        if stack is None:
            near = suggest(given if after else file.stem, stacks)
            meant = f"did you mean `{near}`? " if near else ""
            faults.append(error("policy/unknown-stack", f"{file} is a plan of no stack of this blueprint",
                                help=f"{meant}write `--plan STACK=FILE`; stacks: {', '.join(stacks)}"))  # fmt: skip
            continue
        try:
            plans[stack] = _plan(file)
        except (OSError, ValueError) as trouble:
            help = "write it with `terraform plan -out plan` and `terraform show -json plan > plan.json`"
            faults.append(
                error("policy/bad-plan", f"{file} is no plan: {trouble}", Location(str(file), 0, 0), help=help)
            )
    if faults:
        raise DiagnosticError(faults)
    return plans


def _stack(given: str, file: Path, stacks: Collection[str]) -> str | None:
    names = (given,) if given else (file.name.partition(".")[0], file.resolve().parent.name)
    return next((name for name in names if name in stacks), None)


def _plan(file: Path) -> Mapping[str, Any]:
    if file.stat().st_size > LARGEST:
        raise ValueError(f"it has more than {LARGEST >> 20} MiB")
    plan = json.loads(file.read_text("utf-8"))
    if not isinstance(plan, dict) or "format_version" not in plan:
        raise ValueError("it has no `format_version`")
    if plan.get("errored"):
        raise ValueError("the plan ended with an error")
    changes = plan.get("resource_changes")
    if not isinstance(changes, list):
        raise ValueError("it has no `resource_changes`, so there is nothing to judge")
    return plan
