"""A fault in somebody's settings, before anyone knows in which file and line they stand."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["Fault"]


class Fault(Struct, frozen=True):
    """What is wrong, where inside the settings, and what to write instead.

    `path` is relative to the settings that were judged, such as `("node_pools", "l4", "machine_type")`;
    whoever knows the document turns it into a file and line. With `of_key` the fault is in the key, not the value.
    """

    code: str
    summary: str
    path: tuple[str | int, ...] = ()
    help: str = ""
    label: str = ""
    of_key: bool = False
