"""services: the Google APIs that an environment's project has switched on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from planform.terraform.record import Resource

__all__ = ["Services"]


@runtime_checkable
class Services(Protocol):
    """Which Google APIs are on. Every component asks for the ones it needs."""

    def enable(self, *apis: str) -> Sequence[Resource]:
        """Switch on APIs such as `container.googleapis.com`; asking twice is the same as once.

        Returns the records to wait for, which is empty where somebody else switches the APIs on.
        """
