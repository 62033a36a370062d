"""A workload document as text: what a kind asks for, each value where it belongs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from planform.kubernetes.writer import to_yaml
from planform.spec.workload import Workload

__all__ = ["document", "required", "value_of"]


def required(model: type[Workload]) -> list[tuple[str, str]]:
    """The settings without which a document says nothing, and what each is."""
    return [
        (name, field.description or "")
        for name, field in model.model_fields.items()
        if field.is_required() and name not in ("planform", "kind")
    ]


def value_of(text: str) -> Any:
    """What somebody wrote on the command line: JSON where it is that, else the text itself."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def document(kind: str, settings: Sequence[tuple[str, Any]]) -> str:
    """The document; a setting inside another is named with a dot, `accelerator.type`."""
    value: dict[str, Any] = {"planform": 1, "kind": kind}
    for path, given in settings:
        holder = value
        *parents, last = path.split(".")
        for parent in parents:
            holder = holder.setdefault(parent, {})
        holder[last] = given
    return to_yaml(value)
