"""What every feature store that planform makes does with an ask: names, groups once, views of one entity."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from planform.contracts.feature_store import FeatureGroupRef, FeatureStore, FeatureType, FeatureViewRef
from planform.contracts.keys import Keys
from planform.contracts.services import Services
from planform.planes.component import Component
from planform.planes.data.feature_tables import (
    MOST_IN_NAME,
    SNAKE,
    TIMESTAMP,
    FeatureTables,
    feature_faults,
    view_faults,
)
from planform.spec.environment import Environment
from planform.spec.fault import Fault

__all__ = ["FeatureRequests"]


class FeatureRequests(Component):
    """The base of the components that fill `feature_store` with tables of their own.

    A subclass makes `_make_group` and `_make_view`, and calls `_make_written` at the end of its `build`.
    """

    capability = "feature_store"
    provides = FeatureStore
    services: Services
    keys: Keys | None
    tables: FeatureTables

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        for name, group in settings.groups.items():
            yield from feature_faults(name, group)
        yield from view_faults(settings.views, settings.groups)

    def group(
        self,
        name: str,
        *,
        entity: str,
        features: Mapping[str, FeatureType],
        team: str = "",
        source: str = "",
        readers: Sequence[str] = (),
        writers: Sequence[str] = (),
    ) -> FeatureGroupRef:
        """The group, made on first use; later asks add members. The order of features means nothing."""
        features = dict(sorted(features.items()))
        held = self._groups.get(name)
        if held is None:
            held = self._first(name, entity, features, team, source)
        elif features and (dict(features), entity) != (dict(held.features), held.entity):
            raise self.refuse(
                "contract/other-features",
                f"group `{name}` has {_shown(held.entity, held.features)}, and {_shown(entity, features)} is asked for",
                help="ask for what is there, or for a group under another name",
            )
        self.tables.admit(name, readers=readers, writers=writers)
        for reader in readers:
            self._admit_reader(reader)
        return held

    def view(self, name: str, *, groups: Sequence[FeatureGroupRef], readers: Sequence[str] = ()) -> FeatureViewRef:
        """The view, made on first use; later asks add readers."""
        entities = sorted({group.entity for group in groups})
        if len(entities) != 1:
            raise self.refuse(
                "contract/other-features",
                f"view `{name}` is asked of groups of {len(entities)} entities"
                + (": " if entities else "")
                + ", ".join(entities),
                help="ask for a view of each entity",
            )
        held = self._views.get(name)
        wanted = tuple(group.name for group in groups)
        if held is None:
            self._refuse_name(name, "view")
            held = self._views[name] = self._make_view(name, groups)
        elif held.groups != wanted:
            raise self.refuse(
                "contract/other-features",
                f"view `{name}` is of {', '.join(held.groups)}, and of {', '.join(wanted)} is asked for",
                help="ask for what is there, or for a view under another name",
            )
        for reader in readers:
            self._admit_reader(reader)
        return held

    def _first(
        self, name: str, entity: str, features: Mapping[str, FeatureType], team: str, source: str
    ) -> FeatureGroupRef:
        if not features:
            raise self.refuse(
                "contract/not-named",
                f"the group of features `{name}` is asked for, and nothing says what is in it",
                path=("groups",),
                help=f"add `{name}: {{entity: ..., features: {{...}}}}` to `groups` of the slot `feature_store`",
            )
        self._refuse_name(name, "group")
        for column in (entity, *features):
            self._refuse_name(column, "feature")
        if TIMESTAMP in (entity, *features) or entity in features:
            raise self.refuse(
                "contract/bad-name",
                f"group `{name}` has a feature called like the column of its entity or of the time",
                help=f"call it something else than `{entity}` and `{TIMESTAMP}`",
            )
        self._groups[name] = self._make_group(name, entity, features, team, source)
        return self._groups[name]

    def _refuse_name(self, name: str, kind: str) -> None:
        if not SNAKE.fullmatch(name) or len(name) > MOST_IN_NAME[kind]:
            raise self.refuse(
                "contract/bad-name",
                f"`{name}` cannot be the name of a {kind} of features",
                help=f"use lower case letters, digits and underscores, a letter first, {MOST_IN_NAME[kind]} at most",
            )

    def _make_written(self) -> None:
        """The groups and views of the settings, whether anybody asks for them or not."""
        self._groups: dict[str, FeatureGroupRef] = {}
        self._views: dict[str, FeatureViewRef] = {}
        for name, group in self.settings.groups.items():
            self.group(
                name,
                entity=group.entity,
                features=group.features,
                team=group.team or "",
                source=group.source or "",
                readers=group.readers,
                writers=group.writers,
            )
        for name, view in self.settings.views.items():
            self.view(name, groups=[self._groups[each] for each in view.groups], readers=view.readers)

    @abstractmethod
    def _make_group(
        self, name: str, entity: str, features: Mapping[str, FeatureType], team: str, source: str
    ) -> FeatureGroupRef:
        """The group itself; who may use it is settled here."""

    @abstractmethod
    def _make_view(self, name: str, groups: Sequence[FeatureGroupRef]) -> FeatureViewRef:
        """The view itself."""

    def _admit_reader(self, member: str) -> None:
        """What a reader needs beside the tables."""


def _shown(entity: str, features: Mapping[str, FeatureType]) -> str:
    return f"{', '.join(features)} of {entity}"
