"""Which contracts give files only, so that asking for them makes no Terraform stack wait for another."""

from __future__ import annotations

from typing import Protocol

__all__ = ["DeliversFiles", "delivers_files"]


class DeliversFiles(Protocol):
    """The base of a contract whose methods give nothing that Terraform waits for: names, and objects in files.

    A component that needs such a contract is built after its provider, as always. Its stack may be applied before the
    provider's: what it asked for reaches the cluster by files, and the cluster waits for what is late.
    """


def delivers_files(contract: type) -> bool:
    """Whether a contract says so of itself."""
    return DeliversFiles in contract.__mro__
