"""Kinds of capacity: what can be written, what cannot, and the arguments that follow."""

from __future__ import annotations

from typing import Any

import pytest

from planform.planes.resource.capacity import (
    KINDS,
    Capacity,
    FlexStart,
    FlexStartTerms,
    OnDemand,
    Queued,
    Reservation,
    ReservationTerms,
    Spot,
)
from planform.spec.fault import Fault
from planform.spec.faults import parse
from planform.spec.settings import Settings


class Pool(Settings):
    capacity: Capacity = OnDemand()


def capacity_of(value: Any) -> Any:
    pool = parse(Pool, {"capacity": value})
    assert isinstance(pool, Pool), pool
    return pool.capacity


def faults_of(value: Any) -> list[Fault]:
    faults = parse(Pool, {"capacity": value})
    assert isinstance(faults, list)
    return faults


@pytest.mark.parametrize("kind", ["on_demand", "spot", "flex_start", "queued"])
def test_short_and_long_form_mean_the_same(kind: str) -> None:
    assert capacity_of(kind) == capacity_of({kind: {}}) == capacity_of({kind: None}) == KINDS[kind]()


def test_on_demand_is_the_default_and_adds_nothing() -> None:
    assert Pool().capacity == OnDemand()
    assert (OnDemand().node_config(), OnDemand().pool(), OnDemand().taint()) == ({}, {}, None)


def test_spot() -> None:
    spot = capacity_of({"spot": {}})
    assert isinstance(spot, Spot)
    assert spot.node_config() == {"spot": True}
    assert spot.taint() == {"key": "cloud.google.com/gke-spot", "value": "true", "effect": "NO_SCHEDULE"}


def test_flex_start() -> None:
    flex = capacity_of({"flex_start": {"max_run_hours": 24}})
    assert flex == FlexStart(flex_start=FlexStartTerms(max_run_hours=24))
    assert flex.node_config() == {
        "flex_start": True,
        "max_run_duration": "86400s",
        "reservation_affinity": [{"consume_reservation_type": "NO_RESERVATION"}],
    }
    assert flex.from_zero and not flex.auto_repair and not flex.upgradable


def test_queued_is_flex_start_in_gangs() -> None:
    queued = capacity_of("queued")
    assert isinstance(queued, Queued)
    assert queued.node_config()["max_run_duration"] == "604800s"
    assert queued.pool() == {"queued_provisioning": [{"enabled": True}]}


@pytest.mark.parametrize(
    ("terms", "value"),
    [
        ({"name": "h100"}, "h100"),
        ({"name": "h100", "project": "acme-shared"}, "projects/acme-shared/reservations/h100"),
        ({"name": "h100", "block": "block-1"}, "h100/reservationBlocks/block-1"),
    ],
)
def test_reservation(terms: dict[str, str], value: str) -> None:
    reservation = capacity_of({"reservation": terms})
    assert reservation == Reservation(reservation=ReservationTerms(**terms))
    assert reservation.node_config()["reservation_affinity"] == [
        {
            "consume_reservation_type": "SPECIFIC_RESERVATION",
            "key": "compute.googleapis.com/reservation-name",
            "values": [value],
        }
    ]


@pytest.mark.parametrize(
    ("value", "code", "path"),
    [
        ({"spot": {}, "flex_start": {}}, "spec/capacity-mix", ("capacity",)),
        ({}, "spec/capacity-mix", ("capacity",)),
        ("sport", "spec/unknown-capacity", ("capacity",)),
        ({"preemptible": {}}, "spec/unknown-capacity", ("capacity",)),
        (8, "spec/unknown-capacity", ("capacity",)),
        ("reservation", "spec/capacity-terms", ("capacity",)),
        ({"reservation": {"project": "acme-shared"}}, "spec/missing-key", ("capacity", "reservation", "name")),
        ({"spot": {"max_run_hours": 4}}, "spec/unknown-key", ("capacity", "spot", "max_run_hours")),
        ({"flex_start": {"max_run_hours": 169}}, "spec/out-of-range", ("capacity", "flex_start", "max_run_hours")),
        ({"flex_start": {"max_run_hours": "24"}}, "spec/wrong-type", ("capacity", "flex_start", "max_run_hours")),
    ],
)
def test_refused(value: Any, code: str, path: tuple[str, ...]) -> None:
    assert [(fault.code, fault.path) for fault in faults_of(value)] == [(code, path)]


def test_a_slip_of_the_pen_is_understood() -> None:
    [fault] = faults_of("flexstart")
    assert fault.label == "did you mean `flex_start`?"


def test_a_mix_names_what_was_mixed() -> None:
    [fault] = faults_of({"spot": {}, "queued": {}})
    assert fault.summary == "a node pool has one kind of capacity, and here are `queued` and `spot`"


def test_what_is_dumped_can_be_read_again() -> None:
    pool = Pool(capacity=FlexStart(flex_start=FlexStartTerms(max_run_hours=2)))
    assert parse(Pool, pool.model_dump(mode="json")) == pool


def test_editors_learn_both_forms() -> None:
    schema = Pool.model_json_schema()
    assert schema["$defs"]["Spot"]["required"] == ["spot"]
    assert {"enum": ["on_demand", "spot", "flex_start", "queued"], "type": "string"} in schema["properties"][
        "capacity"
    ]["anyOf"]
