"""Notebooks that the organisation already has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from planform.contracts.identity import Identity
from planform.contracts.notebooks import NotebookProfile, NotebookRef, Notebooks
from planform.contracts.object_store import BucketRef
from planform.planes.component import Component
from planform.planes.control.notebook_sizes import NotebookSize, size_faults
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import KebabName

__all__ = ["ExistingNotebooks", "ExistingNotebooksSettings"]


class ExistingNotebooksSettings(Settings):
    """Which notebooks there are."""

    url: Annotated[
        str, StringConstraints(pattern=r"^https://[a-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/-]*)?$", max_length=500)
    ] = Field(description="Where people open them.", examples=["https://notebooks.acme.example"])
    sizes: dict[KebabName, NotebookSize] = Field(
        min_length=1, description="The sizes that may be asked for.", examples=[{"small": {"cpus": 2, "memory_gib": 8}}]
    )
    buckets_folder: Annotated[str, StringConstraints(pattern=r"^(/[A-Za-z0-9._-]+)+$")] | None = Field(
        default=None, description="Folder that buckets are mounted in, by their names. Default: they are not mounted."
    )


class ExistingNotebooks(Component):
    """A hub that is there already; planform makes nothing in it.

    Provides: Notebooks, with the hub's URL for every workspace.
    Requires: nothing.
    Emits: nothing. Whoever owns the hub lets a workspace's users in, stops servers when idle, and runs them as the
    team's identity.
    Errors: contract/unknown-profile, spec/unused-setting.
    """

    name = "existing"
    capability = "notebooks"
    provides = Notebooks
    Settings = ExistingNotebooksSettings
    settings: ExistingNotebooksSettings

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        yield from size_faults(settings.sizes)

    def profiles(self) -> Sequence[NotebookProfile]:
        """The sizes that the settings name."""
        return tuple(size.profile(name) for name, size in self.settings.sizes.items())

    def workspace(
        self,
        name: str,
        *,
        team: str,
        users: Sequence[str],
        profile: str,
        scope: object,
        identity: Identity | None = None,
        disk_gib: int = 20,
        buckets: Sequence[BucketRef] = (),
        idle_minutes: int = 60,
        secret: str = "",
    ) -> NotebookRef:
        """The hub itself."""
        if profile not in self.settings.sizes:
            raise self.refuse(
                "contract/unknown-profile",
                f"workspace `{name}` asks for the size `{profile}`, which the notebooks do not have",
                path=("sizes",),
                help=f"add `{profile}: {{cpus: 2, memory_gib: 8}}` to `sizes`, or choose one that is there",
            )
        folder = self.settings.buckets_folder
        return NotebookRef(
            name, self.settings.url, {str(b.name): f"{folder}/{b.name}" for b in buckets} if folder else {}
        )
