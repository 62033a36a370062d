"""What every key-value store has to agree on: names of tables and keys, and that nobody asks for one in two forms."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from planform.planes.component import Component

__all__ = ["AskedTable", "check_client", "check_table"]

NAME = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")


class AskedTable(Struct, frozen=True):
    """What was asked of a table: the fields that its items are found and removed by."""

    name: str
    key: str
    sort_key: str
    expires_by: str


def check_table(component: Component, asked: AskedTable, held: Mapping[str, AskedTable]) -> None:
    """Refuse a table that cannot be, or that is there in another form."""
    if not NAME.fullmatch(asked.name):
        raise component.refuse(
            "contract/bad-name",
            f"`{asked.name}` cannot be the name of a table",
            help="use lower case letters, digits and hyphens, at most 63",
        )
    fields = [field for field in (asked.key, asked.sort_key, asked.expires_by) if field]
    for field in fields:
        if not FIELD.fullmatch(field):
            raise component.refuse(
                "contract/bad-name",
                f"`{field}` cannot be a field of table `{asked.name}`",
                help="use letters, digits and underscores, at most 63, a letter first",
            )
    if not asked.key or len(set(fields)) < len(fields):
        raise component.refuse(
            "contract/bad-value",
            f"table `{asked.name}` is asked for with the fields {fields}",
            help="name a key, and use no field twice",
        )
    other = held.get(asked.name)
    if other is not None and other != asked:
        raise component.refuse(
            "contract/other-form",
            f"table `{asked.name}` is asked for {_form(asked)}, and was before {_form(other)}",
            help="ask for it alike everywhere, or give one of the two another name",
        )


def check_client(component: Component, name: str) -> None:
    """Refuse a client whose name cannot be."""
    if not NAME.fullmatch(name):
        raise component.refuse(
            "contract/bad-name",
            f"`{name}` cannot be the name of a client of tables",
            help="use lower case letters, digits and hyphens, at most 63",
        )


def _form(table: AskedTable) -> str:
    sorted_by = f" and `{table.sort_key}`" if table.sort_key else ""
    return f"by `{table.key}`{sorted_by}" + (f", expiring by `{table.expires_by}`" if table.expires_by else "")
