"""What other installed distributions add: their entry points, looked for once."""

from __future__ import annotations

import sys
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

__all__ = ["entry_points_of"]


def entry_points_of(group: str) -> tuple[EntryPoint, ...]:
    """Those of one group, such as `planform.components`."""
    return tuple(_installed(tuple(sys.path)).select(group=group))


@lru_cache(maxsize=1)  # every distribution is read for this
def _installed(path: tuple[str, ...]) -> Any:
    return entry_points()  # its type changed in Python 3.12, `select` did not
