"""The one switch of a stack that lets it be validated and planned without credentials and without any network.

Some providers call home when they are configured. Where an argument of the provider alone can stop that, it hangs on
the variable `offline`: false for whoever applies, true for whoever judges. The resources are the same in both.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from planform.engine import stack_of
from planform.terraform.expression import Expression, escape
from planform.terraform.record import Variable

__all__ = ["offline"]

_HELD = "_planform_offline"


Value = str | bool | Sequence[str] | None


def offline(scope: Any, *, judged: Value, applied: Value) -> Expression:
    """`var.offline ? <judged> : <applied>`; the stack's variable is made on first use."""
    stack = stack_of(scope)
    variable = getattr(stack, _HELD, None)
    if variable is None:
        variable = Variable(
            stack,
            "offline",
            type="bool",
            default=False,
            description="Whether the stack is only judged: providers are then configured so that they call nobody.",
        )
        setattr(stack, _HELD, variable)
    return Expression(f"{variable.value.text} ? {_literal(judged)} : {_literal(applied)}", stack)


def _literal(value: Value) -> str:
    if isinstance(value, str | bool) or value is None:
        return json.dumps(escape(value) if isinstance(value, str) else value, ensure_ascii=False)
    return f"[{', '.join(_literal(each) for each in value)}]"
