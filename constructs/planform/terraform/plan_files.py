"""Real plans, as `terraform show -json` writes them: read, judged for being one, and told which stack each is of."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from functools import reduce
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError

from planform.diagnostics import Diagnostic, DiagnosticError, Location, error, suggest

__all__ = ["Plan", "read_plans"]

Plan = Mapping[str, Any]
Part = Literal["planned_values", "resource_changes", "resource_drift"]
"""What of a plan is looked at."""

LARGEST = 512 * 1024**2
"""Bytes of a plan that are read."""

HELP = "write it with `terraform plan -out plan.bin` and `terraform show -json plan.bin > STACK.json`"


class _Held(BaseModel):
    address: str
    type: str
    mode: str = "managed"


class _Value(_Held):
    values: dict[str, Any] | None = None


class _Module(BaseModel):
    resources: list[_Value] = []
    child_modules: list[_Module] = []


class _Values(BaseModel):
    root_module: _Module = _Module()


_Marks = bool | dict[str, Any] | list[Any] | None


class _Steps(BaseModel):
    actions: list[str]
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    after_unknown: _Marks = None
    before_sensitive: _Marks = None
    after_sensitive: _Marks = None
    replace_paths: list[list[str | int]] | None = None


class _Change(_Held):
    change: _Steps
    previous_address: str = ""


class _Plan(BaseModel):
    """What is read of a plan; all else may be there."""

    format_version: Annotated[str, Field(pattern=r"^1\.")]
    planned_values: _Values = _Values()
    resource_changes: list[_Change] = []
    resource_drift: list[_Change] = []


def read_plans(named: Iterable[str], part: Part, stacks: Collection[str] | None = None) -> dict[str, Plan]:
    """Plans by stack, each written `STACK=FILE`, or `FILE` where the name of the file or its folder is the stack's.

    Without `stacks`, the stacks that there may be, a file is named after its own.
    Errors: policy/unknown-stack, terraform/bad-plan; all at once.
    """
    plans: dict[str, Plan] = {}
    files: dict[str, Path] = {}
    faults: list[Diagnostic] = []
    for each in named:
        given, equals, after = each.partition("=")
        given, file = (given, Path(after)) if equals else ("", Path(each))
        stack = _stack(given, file, stacks)
        if stack is None:
            faults.append(_unknown(given or file.stem, file, stacks or ()))
        elif stack in files:
            summary = f"{files[stack]} and {file} are plans of one stack, `{stack}`"
            faults.append(error("terraform/bad-plan", summary, _whole(file), help="name one of them"))
        else:
            files[stack] = file
            try:
                plans[stack] = _read(file, part)
            except DiagnosticError as fault:
                faults += fault.diagnostics
    if faults:
        raise DiagnosticError(faults)
    return plans


def _stack(given: str, file: Path, stacks: Collection[str] | None) -> str | None:
    names = (given,) if given else (file.name.partition(".")[0], file.absolute().parent.name)
    return names[0] if stacks is None else next((name for name in names if name in stacks), None)


def _unknown(name: str, file: Path, stacks: Collection[str]) -> Diagnostic:
    near = suggest(name, stacks)
    meant = f"did you mean `{near}`? " if near else ""
    help = f"{meant}write `STACK={file}`; stacks: {', '.join(stacks)}"
    return error("policy/unknown-stack", f"{file} is a plan of no stack of this blueprint", _whole(file), help=help)


def _read(file: Path, part: Part) -> Plan:
    """One plan. Errors: terraform/bad-plan."""
    try:
        with file.open("rb") as stream:
            data = stream.read(LARGEST + 1)
        if data.startswith(b"PK"):
            raise _bad(file, "it is the plan in Terraform's own form, which only Terraform reads")
        if len(data) > LARGEST:
            raise _bad(file, f"it has more than {LARGEST >> 20} MiB")
        plan = json.loads(data)
        _Plan.model_validate(plan, strict=True)
    except OSError as trouble:
        raise _bad(file, f"it cannot be read: {trouble.strerror}") from None
    except ValidationError as fault:
        raise _bad(file, *(_words(each["loc"], each["msg"]) for each in fault.errors(include_input=False))) from None
    except json.JSONDecodeError as fault:
        raise _bad(file, f"it is not JSON: {fault.msg}", line=fault.lineno) from None
    except (ValueError, RecursionError):
        raise _bad(file, "it is not JSON") from None
    if plan.get("errored"):
        raise _bad(file, "it ended with an error, so it is not all there")
    if "planned_values" not in plan and part not in plan:
        state = "it is a state, so nothing is planned in it" if "values" in plan else f"it has no `{part}`"
        raise _bad(file, state)
    return {"planned_values": {}, "resource_changes": [], "resource_drift": [], **plan}


def _words(loc: tuple[str | int, ...], said: str) -> str:
    path = reduce(lambda before, step: f"{before}[{step}]" if isinstance(step, int) else f"{before}.{step}", loc, "")
    return f"`{path[1:]}`: {said[:1].lower()}{said[1:]}" if loc else "it is no mapping"


def _bad(file: Path, why: str, *more: str, line: int = 0) -> DiagnosticError:
    """The first three reasons: where a file is something else, there may be thousands."""
    summary, at = f"{file} cannot be read as a plan: {why}", Location(str(file), line, 0)
    return DiagnosticError([error("terraform/bad-plan", summary, at, notes=more[:2], help=HELP)])


def _whole(file: Path) -> Location:
    return Location(str(file), 0, 0)
