"""A feature store that the organisation already has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from planform.contracts.feature_store import (
    FeatureGroupRef,
    FeatureStore,
    FeatureStoreRef,
    FeatureType,
    FeatureViewRef,
)
from planform.planes.component import Component
from planform.planes.data.feature_tables import TABLE_URI, FeatureName, GroupName, ViewName
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings

__all__ = ["ExistingFeatureGroup", "ExistingFeatureStore", "ExistingFeatureStoreSettings", "ExistingFeatureView"]

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_/.-]{0,254}$")]
TableUri = Annotated[str, StringConstraints(pattern=f"^{TABLE_URI}$")]


class ExistingFeatureGroup(Settings):
    """One group."""

    id: Id | None = Field(
        default=None,
        description="Its name in the store, or its resource name in Vertex AI. Default: the name here.",
        examples=["projects/acme-data/locations/europe-west4/featureGroups/customer_activity"],
    )
    entity: FeatureName = Field(description="Column of its entity.")
    source: TableUri = Field(description="Its table, `bq://PROJECT.DATASET.TABLE`.")
    features: dict[FeatureName, FeatureType] = Field(min_length=1, description="Its features, by name to type.")


class ExistingFeatureView(Settings):
    """One view."""

    id: Id | None = Field(default=None, description="Its name or resource name. Default: the name here.")
    groups: tuple[GroupName, ...] = Field(min_length=1, description="The groups that it is of, by their names here.")


class ExistingFeatureStoreSettings(Settings):
    """The store, and what is in it."""

    kind: Literal["vertex", "feast"] = Field(description="`vertex` or `feast`.")
    offline: str = Field(
        pattern=r"^bq://[a-z][a-z0-9-]{4,28}[a-z0-9]\.[A-Za-z0-9_]{1,1024}$",
        description="The dataset that training reads from.",
        examples=["bq://acme-data.features"],
    )
    online: str = Field(
        pattern=r"^(projects/[a-z][a-z0-9-]+/locations/[a-z]+-[a-z]+[0-9]+/featureOnlineStores/[a-z][a-z0-9_]{0,59}"
        r"|https?://[a-z0-9.-]+(:[0-9]{2,5})?(/[A-Za-z0-9._/-]*)?)$",
        description="What serving asks: the online store's resource name, or the address of Feast's feature server.",
        examples=["http://feast.features.svc:80"],
    )
    groups: dict[GroupName, ExistingFeatureGroup] = Field(
        default_factory=dict, description="Groups by the name that components ask for. Default: none."
    )
    views: dict[ViewName, ExistingFeatureView] = Field(
        default_factory=dict, description="Views by the name that components ask for. Default: none."
    )


class ExistingFeatureStore(Component):
    """A feature store that is there already; planform makes nothing and changes nothing.

    Provides: FeatureStore, for the groups and views in the settings.
    Requires: nothing.
    Emits: nothing. Whoever owns the store lets readers and writers in, and lets pods reach it.
    Errors: contract/not-named, contract/other-features, spec/feature-view.
    """

    name = "existing"
    capability = "feature_store"
    provides = FeatureStore
    Settings = ExistingFeatureStoreSettings
    settings: ExistingFeatureStoreSettings

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        for name, view in settings.views.items():
            for index, each in enumerate(view.groups):
                if each not in settings.groups:
                    yield Fault(
                        "spec/feature-view",
                        f"view `{name}` takes group `{each}`, which is not in `groups`",
                        ("views", name, "groups", index),
                        help="write the group under `groups`",
                    )

    def store(self) -> FeatureStoreRef:
        """The store that the settings name."""
        return FeatureStoreRef(self.settings.kind, self.settings.offline, self.settings.online)

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
        """The group that the settings name, if it has what is asked for; members are for its owner to let in."""
        found = self.settings.groups.get(name)
        if found is None:
            raise self.refuse(
                "contract/not-named",
                f"a group of features `{name}` is asked for, and `existing` names none",
                path=("groups",),
                help=f"add `{name}: {{entity: ..., source: bq://..., features: {{...}}}}` to `groups`",
            )
        lacking = [each for each, kind in features.items() if found.features.get(each) != kind]
        if lacking:
            raise self.refuse(
                "contract/other-features",
                f"group `{name}` has no {', '.join(lacking)} of the type that is asked for",
                path=("groups", name),
                help="correct `features`, or ask for what is there",
            )
        return FeatureGroupRef(name, found.id or name, found.entity, found.source, dict(found.features))

    def view(self, name: str, *, groups: Sequence[FeatureGroupRef], readers: Sequence[str] = ()) -> FeatureViewRef:
        """The view that the settings name."""
        found = self.settings.views.get(name)
        if found is None:
            raise self.refuse(
                "contract/not-named",
                f"a view of features `{name}` is asked for, and `existing` names none",
                path=("views",),
                help=f"add `{name}: {{groups: [...]}}` to `views`",
            )
        return FeatureViewRef(name, found.id or name, found.groups)

    def reach(self, namespace: str, *, scope: object) -> None:
        """Nothing: whoever owns the store says how it is reached."""
