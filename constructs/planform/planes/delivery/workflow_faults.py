"""What a workflow asks and a CI has no words for."""

from __future__ import annotations

from collections.abc import Mapping

from planform.contracts.ci import Step
from planform.diagnostics import suggest

__all__ = ["Unsayable", "input_of"]


class Unsayable(Exception):
    """A workflow cannot be said in a CI: what it is, and what to write instead."""

    def __init__(self, summary: str, help: str) -> None:
        super().__init__(summary)
        self.summary = summary
        self.help = help


def input_of(step: Step, known: Mapping[str, str], name: str) -> str:
    """The CI's own name of a tool's input, which may be written as well. Raises Unsayable for an unknown one."""
    if name in known:
        return known[name]
    if name in known.values():
        return name
    near = suggest(name, known)
    help = f"write `{near}`" if near else f"inputs of `{step.tool}`: {', '.join(sorted(known)) or 'none'}"
    raise Unsayable(f"the tool `{step.tool}` of step `{step.name}` has no input `{name}`", help)
