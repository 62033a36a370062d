"""How the machines of a node pool are had: on demand, spot, flex-start, queued, or from a reservation.

A kind of capacity is a key with its own terms (`capacity: {flex_start: {max_run_hours: 24}}`), so what does
not go together cannot be written down: no file can say spot and flex-start of one pool. A kind without
required terms may be written as its name (`capacity: spot`). From each kind follow fixed arguments of
google_container_node_pool, none of which validate or plan would check.

Errors: spec/capacity-mix, spec/unknown-capacity, spec/capacity-terms.
Source: provider page of google_container_node_pool; GKE's pages on flex-start and on reservations.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError

from planform.diagnostics import suggest
from planform.spec.settings import Settings
from planform.spec.units import ProjectId

__all__ = [
    "KINDS",
    "Capacity",
    "CapacityKind",
    "FlexStart",
    "FlexStartTerms",
    "NoTerms",
    "OnDemand",
    "Queued",
    "Reservation",
    "ReservationTerms",
    "Spot",
]

LONGEST_RUN_HOURS = 7 * 24
RESERVATION_KEY = "compute.googleapis.com/reservation-name"


class CapacityKind(Settings):
    """What a kind of capacity means for a node pool.

    `preemptible`: counts against the preemptible quota. `from_zero`: the pool must be able to be empty.
    `upgradable`: upgrade settings may be given; flex-start and queued pools have a strategy of GKE's own,
    which the provider does not let one name. `any_zone`: nodes are taken wherever there are some.
    """

    kind: ClassVar[str]
    preemptible: ClassVar[bool] = False
    from_zero: ClassVar[bool] = False
    upgradable: ClassVar[bool] = True
    auto_repair: ClassVar[bool] = True
    any_zone: ClassVar[bool] = True

    @abstractmethod
    def node_config(self) -> dict[str, Any]:
        """What goes into `node_config`."""

    def pool(self) -> dict[str, Any]:
        """What goes into the node pool itself."""
        return {}

    def taint(self) -> dict[str, str] | None:
        """The taint that keeps other pods away, if there is one; GKE sets a label of the same key."""
        return None


class NoTerms(Settings):
    """Nothing to say about it: `{}`."""


class OnDemand(CapacityKind):
    """Machines at list price, for as long as the pool wants them, when there are any."""

    model_config = ConfigDict(json_schema_extra={"required": ["on_demand"]})

    kind: ClassVar[str] = "on_demand"
    any_zone: ClassVar[bool] = False

    on_demand: NoTerms = Field(default=NoTerms(), description="Machines at list price, kept until the pool shrinks.")

    def node_config(self) -> dict[str, Any]:
        return {}


class Spot(CapacityKind):
    """Spare machines at a discount, which Google takes back with 30 seconds' notice."""

    model_config = ConfigDict(json_schema_extra={"required": ["spot"]})

    kind: ClassVar[str] = "spot"
    preemptible: ClassVar[bool] = True

    spot: NoTerms = Field(
        default=NoTerms(), description="Spare machines at a discount; Google may take them back at any time."
    )

    def node_config(self) -> dict[str, Any]:
        return {"spot": True}

    def taint(self) -> dict[str, str]:
        return _taint("cloud.google.com/gke-spot")


class FlexStartTerms(Settings):
    """How long a node that was waited for may run."""

    max_run_hours: int = Field(
        default=LONGEST_RUN_HOURS,
        ge=1,
        le=LONGEST_RUN_HOURS,
        description="Hours after which a node is taken away, at most 168. Default: 168, the longest.",
        json_schema_extra={"unit": "hours"},
    )

    def arguments(self) -> dict[str, Any]:
        """node_config of a pool whose nodes the Dynamic Workload Scheduler hands out."""
        return {
            "flex_start": True,
            "max_run_duration": f"{self.max_run_hours * 3600}s",
            "reservation_affinity": [{"consume_reservation_type": "NO_RESERVATION"}],
        }


class FlexStart(CapacityKind):
    """Machines that one waits for, node by node, and then keeps undisturbed for up to seven days."""

    model_config = ConfigDict(json_schema_extra={"required": ["flex_start"]})

    kind: ClassVar[str] = "flex_start"
    preemptible: ClassVar[bool] = True
    from_zero: ClassVar[bool] = True
    upgradable: ClassVar[bool] = False
    auto_repair: ClassVar[bool] = False

    flex_start: FlexStartTerms = Field(
        default=FlexStartTerms(), description="Machines that one waits for and keeps for up to seven days."
    )

    def node_config(self) -> dict[str, Any]:
        return self.flex_start.arguments()

    def taint(self) -> dict[str, str]:
        return _taint("cloud.google.com/gke-flex-start")


class Queued(CapacityKind):
    """Flex-start for gangs: all machines of a job at once, by ProvisioningRequest (Kueue makes them)."""

    model_config = ConfigDict(json_schema_extra={"required": ["queued"]})

    kind: ClassVar[str] = "queued"
    preemptible: ClassVar[bool] = True
    from_zero: ClassVar[bool] = True
    upgradable: ClassVar[bool] = False
    auto_repair: ClassVar[bool] = False

    queued: FlexStartTerms = Field(
        default=FlexStartTerms(), description="All machines of a job at once, for up to seven days."
    )

    def node_config(self) -> dict[str, Any]:
        return self.queued.arguments()

    def pool(self) -> dict[str, Any]:
        return {"queued_provisioning": [{"enabled": True}]}

    def taint(self) -> dict[str, str]:
        return _taint("cloud.google.com/gke-queued")


class ReservationTerms(Settings):
    """Which reservation the machines come from."""

    name: str = Field(
        description="Name of the reservation, in the zone of the pool.",
        pattern=r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$",
        examples=["h100-2026q4"],
    )
    project: ProjectId | None = Field(
        default=None,
        description="Project that owns a shared reservation. Default: the environment's own project.",
    )
    block: str | None = Field(
        default=None,
        description="Block of the reservation to keep to, so that nodes stand close. Default: any block.",
        pattern=r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$",
    )

    @property
    def path(self) -> str:
        """What the API takes as the reservation's name."""
        owner = f"projects/{self.project}/reservations/" if self.project else ""
        block = f"/reservationBlocks/{self.block}" if self.block else ""
        return f"{owner}{self.name}{block}"


class Reservation(CapacityKind):
    """Machines that were reserved beforehand, and no others."""

    kind: ClassVar[str] = "reservation"

    reservation: ReservationTerms = Field(description="Machines of one reservation, and no others.")

    def node_config(self) -> dict[str, Any]:
        affinity = {
            "consume_reservation_type": "SPECIFIC_RESERVATION",
            "key": RESERVATION_KEY,
            "values": [self.reservation.path],
        }
        return {"reservation_affinity": [affinity]}


KINDS: Mapping[str, type[CapacityKind]] = {each.kind: each for each in (OnDemand, Spot, FlexStart, Queued, Reservation)}


def _taint(key: str) -> dict[str, str]:
    return {"key": key, "value": "true", "effect": "NO_SCHEDULE"}


def _written(value: Any) -> Any:
    """The long form of whatever was written; refuses what is no single known kind."""
    if isinstance(value, CapacityKind):
        return value
    if isinstance(value, str):
        value = {value: {}}
    elif isinstance(value, Mapping):
        value = {key: {} if terms is None else terms for key, terms in value.items()}
    else:
        raise PydanticCustomError(
            "spec/unknown-capacity",
            "{value} is no kind of capacity",
            {"value": f"`{value}`", "help": f"write one of {', '.join(KINDS)}"},
        )
    _one_known(list(value))
    if value == {"reservation": {}}:
        raise PydanticCustomError(
            "spec/capacity-terms",
            "capacity `reservation` does not say which reservation",
            {"help": "write `capacity: {reservation: {name: NAME}}`"},
        )
    return value


def _one_known(kinds: list[str]) -> None:
    for kind in kinds:
        if kind not in KINDS:
            near = suggest(str(kind), KINDS)
            raise PydanticCustomError(
                "spec/unknown-capacity",
                "there is no capacity `{kind}`",
                {
                    "kind": str(kind),
                    "help": f"write one of {', '.join(KINDS)}",
                    "label": f"did you mean `{near}`?" if near else "",
                },
            )
    if len(kinds) != 1:
        said = " and ".join(f"`{kind}`" for kind in sorted(kinds)) or "none"
        raise PydanticCustomError(
            "spec/capacity-mix",
            "a node pool has one kind of capacity, and here are {said}",
            {
                "said": said,
                "help": "keep one, and write the other as null in an environment that changes it;"
                " machines of two kinds are two node pools",
            },
        )


def _tag(value: Any) -> str:
    return value.kind if isinstance(value, CapacityKind) else str(next(iter(value)))


Kinds = Annotated[
    Annotated[OnDemand, Tag("on_demand")]
    | Annotated[Spot, Tag("spot")]
    | Annotated[FlexStart, Tag("flex_start")]
    | Annotated[Queued, Tag("queued")]
    | Annotated[Reservation, Tag("reservation")],
    Discriminator(_tag),
]
Named = Literal["on_demand", "spot", "flex_start", "queued"]
Capacity = Annotated[Kinds, BeforeValidator(_written, json_schema_input_type=Kinds | Named)]
"""A field of this type takes one kind of capacity, in its long or short form."""
