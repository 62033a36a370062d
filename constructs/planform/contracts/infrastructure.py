"""infrastructure: what plans and applies the stacks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct

from planform.contracts.delivers_files import DeliversFiles

__all__ = ["Infrastructure", "StackFacts"]


class StackFacts(Struct, frozen=True):
    """One stack: its name, which is its folder under `stacks/`, its plane and owner, and the stacks before it.

    The plane of a team's stack is `teams`, its owner the team; with one stack for all of an environment both are "".
    `resource_types` gives those of its resources, such as `google_storage_bucket`, as far as they are made by then,
    `providers` the names of those that are configured besides Google's, such as `github`.
    """

    name: str
    plane: str
    owner: str
    after: tuple[str, ...] = ()
    resource_types: Callable[[], tuple[str, ...]] = tuple
    providers: tuple[str, ...] = ()


@runtime_checkable
class Infrastructure(DeliversFiles, Protocol):
    """Plan on every pull request, apply after review, stack by stack in their order."""

    def state_bucket(self) -> str | None:
        """The bucket that holds the state; None where state is elsewhere."""

    def deliver(self, stacks: Sequence[StackFacts]) -> None:
        """Plan and apply these, each after those it names. Called once, when all components are built."""
