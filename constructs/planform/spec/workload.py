"""What every workload document says, whatever its kind, and what it tells of itself to be judged beside the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Struct
from pydantic import Field

from planform.spec.settings import Settings
from planform.spec.units import KebabName

__all__ = ["COMMON", "AcceleratorAsk", "ApplicationWorkload", "Reference", "Workload"]

COMMON = ("planform", "kind", "name", "team", "environments")
"""Keys that every kind has and that no environment changes."""


class Reference(Struct, frozen=True):
    """Another document's thing that this one needs: its sort, such as `dataset`, its name, and where it is written."""

    sort: str
    name: str
    path: tuple[str | int, ...] = ()


class AcceleratorAsk(Settings):
    """Accelerators of one kind."""

    type: str = Field(pattern=r"^[a-z0-9-]+$", description="Accelerator, by GKE's name for it.", examples=["nvidia-l4"])
    count: int = Field(default=1, ge=1, le=16, description="Accelerators of each pod. Default: 1.")


class Workload(Settings):
    """The base of every kind's model; a kind adds its own settings and says what it holds, gives and needs."""

    kind: Any
    planform: Literal[1] = Field(description="Version of the blueprint language.")
    name: Annotated[KebabName, Field(max_length=30)] = Field(description="Name of the workload; at most 30 characters.")
    team: KebabName = Field(description="The team that it belongs to.")
    environments: tuple[KebabName, ...] | dict[KebabName, dict[str, Any] | None] = Field(
        min_length=1,
        description="Where it is: environments, or environments with the settings that differ there.",
        examples=[["dev"]],
    )

    declares: ClassVar[tuple[str, ...]] = ()
    """Sorts of things that other documents may name by this one's name, such as `dataset`."""

    adds: ClassVar[tuple[str, str, str] | None] = None
    """A setting that becomes an entry of a component's: its capability, that setting there, and the one here."""

    def holds(self) -> Mapping[str, int]:
        """Accelerators that it holds at its peak, by type; they count against the team's quota."""
        return {}

    def gives(self) -> Iterator[tuple[str, str]]:
        """Sort and name of what other documents may refer to."""
        return ((sort, self.name) for sort in self.declares)

    def refers(self) -> Iterator[Reference]:
        """What it needs of other documents."""
        return iter(())

    @property
    def bound(self) -> tuple[str, ...]:
        """The environments that it is in."""
        return tuple(self.environments)


class ApplicationWorkload(Workload):
    """The base of kinds whose software has a repository of its own."""

    description: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")] | None = Field(
        default=None,
        description="What it is for, in one line: in the repository's README and the catalog. Default: kind and name.",
        examples=["Scores card payments for the review team"],
    )
