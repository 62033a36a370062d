"""What applying a stack takes: apply_roles.yaml beside this file, from resource type to predefined roles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from planform.plain_yaml import load

__all__ = ["roles_for", "unknown_types"]


@cache
def _table() -> Mapping[str, tuple[str, ...]]:
    held: dict[str, list[str]] = load(Path(__file__).with_name("apply_roles.yaml").read_text("utf-8"))
    return {prefix: tuple(roles) for prefix, roles in held.items()}


def roles_for(types: Iterable[str], extra: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The roles that applying resources of these types takes; `extra` goes before the table."""
    table = {**_table(), **extra}
    return tuple(sorted({role for each in types for role in table.get(_beginning(each, table), ())}))


def unknown_types(types: Iterable[str], extra: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Types of Google Cloud that the table does not know."""
    table = {**_table(), **extra}
    return tuple(sorted(each for each in types if each.startswith("google_") and not _beginning(each, table)))


def _beginning(kind: str, table: Mapping[str, object]) -> str:
    words = kind.split("_")
    beginnings = ("_".join(words[:count]) for count in range(len(words), 0, -1))
    return next((each for each in beginnings if each in table), "")
