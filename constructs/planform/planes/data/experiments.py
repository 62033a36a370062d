"""What every metadata store does with an ask for an experiment: its name, its one team, its folder."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, StringConstraints

from planform.contracts.metadata import ExperimentRef
from planform.planes.component import Component
from planform.spec.settings import Settings
from planform.spec.units import KebabName, Principal

__all__ = ["ExperimentName", "ExperimentSettings", "Experiments"]

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,127}")
TEAM = re.compile(r"[a-z][a-z0-9-]{0,39}")

ExperimentName = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,127}$"), Field(examples=["churn-baseline"])
]


class ExperimentSettings(Settings):
    """One experiment."""

    team: KebabName = Field(description="The team whose it is.", examples=["fraud"])
    writers: tuple[Principal, ...] = Field(
        default=(), description="Who may log runs and write artefacts. Default: nobody but those who ask."
    )
    readers: tuple[Principal, ...] = Field(
        default=(), description="Who may read runs and artefacts. Default: nobody but those who ask."
    )


class Experiments:
    """The experiments of a store by name; each is of one team for good."""

    def __init__(self, owner: Component) -> None:
        self._owner = owner
        self._held: dict[str, tuple[str, ExperimentRef]] = {}

    def held(self, name: str, team: str) -> ExperimentRef | None:
        """The experiment, if it is there; refuses a bad name, and one that is another team's."""
        if not NAME.fullmatch(name) or not TEAM.fullmatch(team):
            raise self._owner.refuse(
                "contract/bad-name",
                f"`{name}` of team `{team}` cannot be the name of an experiment",
                help="use lower case letters, digits and hyphens, 128 at most; a team's name as the blueprint has it",
            )
        if name not in self._held:
            return None
        owner, ref = self._held[name]
        if owner != team:
            raise self._owner.refuse(
                "contract/other-team",
                f"experiment `{name}` is of team `{owner}`, and team `{team}` asks for it",
                help="ask for an experiment under another name, or let the other team's members in as readers",
            )
        return ref

    def keep(self, name: str, team: str, ref: ExperimentRef) -> ExperimentRef:
        """Remember an experiment."""
        self._held[name] = (team, ref)
        return ref
