"""Costs are what the sources' prices make of the quantities, line by line, and what is unknown is never zero."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from planform.blueprint.read import read_text
from planform.cli import group
from planform.diagnostics import DiagnosticError
from planform.pipeline import Compilation, compile_documents, compile_files
from planform.preview.preview import preview
from planform.preview.render import render
from planform.preview.revision import Side
from planform.report.budgets import Budget, Standing, budgets
from planform.report.charges import CHARGES, is_free
from planform.report.cost import (
    Basis,
    CostLine,
    CostReport,
    Sum,
    Whose,
    cost,
    cost_of_documents,
    documents_of_plan,
    resources_of,
)
from planform.report.delta import Sign, between
from planform.report.inventory import inventory
from planform.report.prices import HOURS_PER_MONTH, PriceTable, built_in, laid_over, read_prices
from planform.report.quantity import Quantity
from planform.report.quotas import Need, accelerator_maxima, quota_delta

HERE = Path(__file__).parent
REFERENCE = HERE.parent / "blueprints" / "reference"
PLATFORM = (HERE / "previews" / "platform.yaml").read_text()
PREVIEWED = yaml.safe_load((HERE / "previews" / "corpus.yaml").read_text())
USD = Decimal("0.01")
H = Decimal(HOURS_PER_MONTH)


@pytest.fixture(scope="module")
def reference() -> Compilation:
    return compile_files(REFERENCE)


@pytest.fixture(scope="module")
def report(reference: Compilation) -> CostReport:
    return cost(reference, built_in())


def of_resource(type_: str, body: Mapping[str, Any], prices: PriceTable | None = None) -> tuple[CostLine, ...]:
    document = {"provider": {"google": [{"region": "us-central1"}]}, "resource": {type_: {"it": body}}}
    return cost_of_documents({"s": document}, prices or built_in()).lines


def pool(machine: str = "e2-standard-4", *, region: str = "us-central1", **more: Any) -> dict[str, Any]:
    config = {"machine_type": machine, "boot_disk": [{"disk_type": "pd-balanced", "size_gb": 100}]}
    scaling = {"total_min_node_count": 1, "total_max_node_count": 3}
    return {"location": region, "autoscaling": [scaling], "node_config": [config | more]}


# The reference blueprint against a sheet made by hand


# The prices in the sheet are those of the sources themselves, in US dollars:
#   vms.csv, europe-west4: e2-standard-4 0.14754, g2-standard-12 0.46286 (a g2-standard-8 is two thirds), L4 0.58804
#   pricing.yml, europe-west4: pd-balanced 0.11, local SSD 0.088 a GiB and month
#   Cloud SQL in the Netherlands, zonal: 2 vCPU with 7.5 GiB 0.1486, 8 vCPU with 30 GiB 0.5944; a standby doubles both
#   KMS: an HSM key version 1.00, a software key version 0.06 a month. DNS: a zone 0.20 a month.
#   Workstations: a cluster 0.20. GKE: a cluster 0.10.
# A month has 730 hours.
SHEET: dict[str, dict[tuple[str, str], tuple[str, str]]] = {
    "prod": {
        ("google_container_cluster.compute", "cluster management"): ("73.00", "73.00"),  # 0.10 * 730
        ("google_container_node_pool.system", "nodes e2-standard-4, on demand"): (
            "107.70",
            "646.23",
        ),  # 0.14754*730 *1 *6
        ("google_container_node_pool.system", "boot disks pd-balanced"): ("11.00", "66.00"),  # 100 GiB * 0.11, * 1, * 6
        ("google_container_node_pool.l4", "nodes g2-standard-8, on demand"): (
            "0.00",
            "1802.07",
        ),  # 0.46286*8/12*730 * 8
        ("google_container_node_pool.l4", "nvidia-l4, on demand"): ("0.00", "3434.15"),  # 0.58804 * 730 * 8
        ("google_container_node_pool.l4", "boot disks pd-balanced"): ("0.00", "176.00"),  # 8 * 200 GiB * 0.11
        # two machines of two L4 each
        ("google_container_node_pool.l4-pair", "nodes g2-standard-24, on demand"): (
            "0.00",
            "1351.55",
        ),  # 0.46286*2*730 * 2
        ("google_container_node_pool.l4-pair", "nvidia-l4, on demand"): ("0.00", "1717.08"),  # 0.58804 * 730 * 4
        ("google_container_node_pool.l4-pair", "boot disks pd-balanced"): ("0.00", "44.00"),  # 2 * 200 GiB * 0.11
        ("google_container_node_pool.h100", "boot disks pd-balanced"): ("0.00", "44.00"),  # 2 * 200 GiB * 0.11
        ("google_container_node_pool.h100", "local SSDs"): ("0.00", "1056.00"),  # 2 * 16 * 375 GiB * 0.088
        # 4 vCPU with 15 GiB are half of 8 with 30: 0.2972; twice for the standby: 0.5944 * 730
        ("google_sql_database_instance.database", "instance db-custom-4-15360, regional"): ("433.91", "433.91"),
        # 1 vCPU with 3.75 GiB is half of 2 with 7.5: 0.0743; twice: 0.1486 * 730
        ("google_sql_database_instance.pipelines_mysql", "instance db-custom-1-3840, regional"): ("108.48", "108.48"),
        ("google_workstations_workstation_cluster.ide", "workstation cluster"): ("146.00", "146.00"),  # 0.20 * 730
        # One version at first; 90 days between rotations make four more in a year.
        ("google_kms_crypto_key.database", "key versions, hsm"): ("1.00", "5.00"),
        ("google_dns_managed_zone.gcr_io", "zone"): ("0.20", "0.20"),
    },
    "dev": {
        ("google_container_cluster.compute", "cluster management"): ("73.00", "73.00"),
        # vms.csv, spot: g2-standard-12 0.21449, L4 0.2438; four machines
        ("google_container_node_pool.l4", "nodes g2-standard-8, spot"): ("0.00", "417.54"),  # 0.21449*8/12*730 * 4
        ("google_container_node_pool.l4", "nvidia-l4, spot"): ("0.00", "711.90"),  # 0.2438 * 730 * 4
        ("google_container_node_pool.l4", "boot disks pd-balanced"): ("0.00", "88.00"),  # 4 * 200 GiB * 0.11
        # 2 vCPU with 7.5 GiB, no standby: 0.1486 * 730
        ("google_sql_database_instance.database", "instance db-custom-2-7680, zonal"): ("108.48", "108.48"),
        ("google_kms_crypto_key.database", "key versions, software"): ("0.06", "0.30"),
    },
}
# The sums, from the rows above: 15 keys and 6 zones in prod, 13 and 6 in dev; dev's pipelines have no standby.
SUMS = {
    "prod": (
        "73.00 107.71 11.00 433.91 108.48 146.00 15*1.00 6*0.20",
        "73.00 646.24 66.00 1802.07 3434.15 176.00 1351.55 1717.08 44.00 44.00 1056.00 "
        "433.91 108.48 146.00 15*5.00 6*0.20",
    ),
    "dev": (
        "73.00 107.71 11.00 108.48 54.24 146.00 13*0.06 6*0.20",
        "73.00 646.24 66.00 417.54 711.90 88.00 108.48 54.24 146.00 13*0.30 6*0.20",
    ),
}


@pytest.mark.parametrize("environment", SHEET)
def test_the_reference_costs_what_the_sheet_says(report: CostReport, environment: str) -> None:
    found = {(line.address, line.item): line for line in report.lines if line.whose.environment == environment}
    for key, amounts in SHEET[environment].items():
        monthly = found[key].monthly
        assert monthly is not None, key
        for got, by_hand in zip((monthly.low, monthly.high), map(Decimal, amounts), strict=True):
            # The table has more digits than the sheet.
            assert abs(got - by_hand) <= max(USD, by_hand * Decimal("0.0001")), (key, got, by_hand)


@pytest.mark.parametrize("environment", SUMS)
def test_the_sums_are_those_of_the_sheet(report: CostReport, environment: str) -> None:
    known = report.by("environment")[(environment,)].known
    assert known is not None
    for got, rows in zip((known.low, known.high), SUMS[environment], strict=True):
        by_hand = sum((_product(row) for row in rows.split()), Decimal(0))
        assert abs(got - by_hand) <= Decimal("0.05"), (got, by_hand)


def _product(row: str) -> Decimal:
    factor, _, amount = row.rpartition("*")
    return Decimal(factor or 1) * Decimal(amount)


def test_nothing_of_the_reference_is_left_out_in_silence(report: CostReport, reference: Compilation) -> None:
    """Every resource is charged, free, or another vendor's, and each of these is on a list."""
    charged = {line.address for line in report.lines}
    for document in reference.terraform.values():
        for resource in resources_of(document):
            if resource.type.startswith(("google_", "aws_")):
                internal = resource.body.get("address_type") == "INTERNAL"
                assert is_free(resource.type) or resource.address in charged or internal, resource.address
                assert not (is_free(resource.type) and resource.type in CHARGES)
    assert set(report.elsewhere) == {"github", "honeycombio", "humanitec", "sonarqube"}
    assert not any(line.note.startswith("planform knows no price rule") for line in report.lines)


def test_what_the_reference_has_no_price_for_is_seen(report: CostReport) -> None:
    unknown = {(line.address, line.item) for line in report.lines if line.basis is Basis.UNKNOWN}
    assert ("google_container_node_pool.h100", "nvidia-h100-80gb, flex-start") in unknown
    assert ("google_vertex_ai_feature_online_store.feature_store", "online serving nodes, Bigtable") in unknown
    store = next(line for line in report.lines if line.item == "online serving nodes, Bigtable")
    assert (store.quantity, store.monthly) == (Quantity(Decimal(1), Decimal(3)), None)


def test_every_line_of_the_reference_has_an_environment_a_plane_and_a_team(report: CostReport) -> None:
    for line in report.lines:
        assert line.whose.environment in ("dev", "staging", "prod"), line
        assert line.whose.plane and line.whose.team, line
    workstations = [line for line in report.lines if line.address.endswith("workstation_config.fraud")]
    assert {line.whose.team for line in workstations} == {"fraud"}


def test_a_single_stack_has_its_lines_by_plane_too() -> None:
    text = PLATFORM.replace("region: europe-west4\n", "region: europe-west4\nlayout: single\n", 1)
    compiled = compile_documents(read_text(text, "platform.yaml"), environments=("dev",))
    single = cost(compiled, built_in()).by("environment", "plane", "team", "component")
    apart = compile_documents(read_text(PLATFORM, "platform.yaml"), environments=("dev",))
    assert single == cost(apart, built_in()).by("environment", "plane", "team", "component")
    assert ("dev", "resource", "platform-team", "vpc") in single


# Facts of other sources


@pytest.mark.parametrize(
    ("machine", "mode", "usd_hour"),
    [
        ("e2-standard-4", {}, "0.13402"),  # cluster-autoscaler
        ("n1-standard-16", {}, "0.76"),
        ("n1-standard-16", {"spot": True}, "0.23204"),  # infracost
        ("n2-standard-8", {}, "0.3885"),
        ("n2d-standard-8", {}, "0.3380"),
        ("c2-standard-8", {}, "0.4176"),
        ("e2-medium", {}, "0.03351"),
    ],
)
def test_machines_cost_what_other_sources_say(machine: str, mode: dict[str, Any], usd_hour: str) -> None:
    line = of_resource("google_container_node_pool", pool(machine, **mode))[0]
    assert line.unit_price is not None
    assert abs(line.unit_price - Decimal(usd_hour)) < Decimal("0.0005")


def test_an_accelerator_is_counted_once_beside_its_machine() -> None:
    lines = of_resource("google_container_node_pool", pool("g2-standard-4"))
    prices = [line.unit_price for line in lines if line.unit_price is not None]
    assert abs(sum(prices[:2], Decimal(0)) - Decimal("0.70684")) < Decimal("0.0005")  # infracost: L4 included
    assert [line.item for line in lines] == [
        "nodes g2-standard-4, on demand",
        "nvidia-l4, on demand",
        "boot disks pd-balanced",
    ]
    # pricing.yml of 2025-03-06 has a whole a3-highgpu-1g in us-central1, with its two local SSDs, at 11.06125.
    whole = of_resource("google_container_node_pool", pool("a3-highgpu-1g"))
    machine, card, _, ssd = (line.monthly for line in whole)
    assert machine is not None and card is not None and ssd is not None
    assert abs((machine.low + card.low + ssd.low) / H - Decimal("11.06125")) < Decimal("0.001")


# Ranges


def test_a_pool_of_a_region_runs_in_every_zone() -> None:
    counted = {**pool(), "autoscaling": [{"min_node_count": 1, "max_node_count": 4}]}
    assert _nodes(counted) == (Decimal(3), Decimal(12))
    assert _nodes({**counted, "node_locations": ["us-central1-a", "us-central1-b"]}) == (Decimal(2), Decimal(8))
    assert _nodes({**counted, "location": "us-central1-a"}) == (Decimal(1), Decimal(4))
    assert _nodes({**pool(), "autoscaling": [], "node_count": 2}) == (Decimal(6), Decimal(6))
    assert _nodes(pool()) == (Decimal(1), Decimal(3))


def _nodes(body: Mapping[str, Any]) -> tuple[Decimal, Decimal]:
    quantity = of_resource("google_container_node_pool", body)[0].quantity
    assert quantity is not None
    return quantity.low, quantity.high


def test_a_range_that_inverts_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="no range"):
        Quantity(Decimal(2), Decimal(1))
    with pytest.raises(ValueError, match="no range"):
        Quantity(Decimal(-1), Decimal(1))


_COUNTS = st.integers(min_value=-1, max_value=9999) | st.none() | st.just("${var.nodes}")
_MACHINES = st.sampled_from(
    ["e2-standard-4", "g2-standard-8", "a3-highgpu-8g", "ct6e-standard-4t", "x9-mega", "n1-highmem-2"]
)


@given(
    low=_COUNTS, high=_COUNTS, total=st.booleans(), machine=_MACHINES,
    region=st.sampled_from(["us-central1", "europe-west4", "mars-north1", ""]),
    mode=st.sampled_from([{}, {"spot": True}, {"flex_start": True},
                          {"reservation_affinity": [{"consume_reservation_type": "SPECIFIC_RESERVATION"}]}]),
)  # fmt: skip
def test_no_pool_makes_a_range_that_inverts_or_an_unknown_that_is_zero(
    low: Any, high: Any, total: bool, machine: str, region: str, mode: dict[str, Any]
) -> None:
    prefix = "total_" if total else ""
    scaling = {f"{prefix}min_node_count": low, f"{prefix}max_node_count": high}
    lines = of_resource(
        "google_container_node_pool", {**pool(machine, region=region, **mode), "autoscaling": [scaling]}
    )
    assert lines
    for line in lines:
        if line.basis is Basis.KNOWN:
            assert line.monthly is not None and 0 <= line.monthly.low <= line.monthly.high
            assert line.unit_price is not None and line.unit_price > 0
        else:
            assert line.monthly is None and line.as_dict()["monthly_usd"] is None
    found = Sum.of(lines)
    assert found.known is None or found.known.low <= found.known.high
    assert (found.known is None) == all(line.basis is not Basis.KNOWN for line in lines)


@given(st.lists(st.sampled_from(sorted(built_in().prices)), max_size=30, unique=True))
def test_a_price_that_is_taken_away_makes_lines_unknown_and_never_zero(gone: list[tuple[str, str]]) -> None:
    table = PriceTable({key: price for key, price in built_in().prices.items() if key not in gone})
    for type_, body in (
        ("google_container_node_pool", pool("g2-standard-8", region="europe-west4")),
        ("google_kms_crypto_key", {}),
        ("google_container_cluster", {"location": "us-central1", "remove_default_node_pool": True}),
    ):
        before, after = of_resource(type_, body), of_resource(type_, body, table)
        assert [line.item for line in before] == [line.item for line in after]
        for old, new in zip(before, after, strict=True):
            assert new.monthly in (old.monthly, None)
            assert (new.monthly is None) <= (new.basis is not Basis.KNOWN)


# Types


def test_an_unknown_machine_and_an_unknown_type_are_lines_of_their_own() -> None:
    line = of_resource("google_container_node_pool", pool("x9-mega-400"))[0]
    assert (line.basis, line.monthly, line.unit_price) == (Basis.UNKNOWN, None, None)
    assert line.note == "no price of machine/x9-mega-400/on_demand in us-central1"
    (line,) = of_resource("google_quantum_computer", {"location": "us-central1"})
    assert (line.basis, line.item) == (Basis.UNKNOWN, "all of it")
    assert of_resource("google_project_iam_member", {}) == ()


def test_an_unpriced_machine_type_is_seen_by_whoever_asks(tmp_path: Path) -> None:
    text = PLATFORM.replace("machine_type: g2-standard-8", "machine_type: g4-standard-48", 1).replace(
        "accelerator: nvidia-l4\n", "accelerator: nvidia-rtx-pro-6000\n", 1
    )
    file = tmp_path / "platform.yaml"
    file.write_text(text)
    done = planform("report", "cost", str(file), "--env", "prod")
    assert done.exit_code == 0, done.stderr
    assert "nodes g4-standard-48, on demand; no price of machine/g4/vcpu/on_demand" in done.stdout
    assert "unknown" in done.stderr
    found = json.loads(planform("report", "cost", str(file), "--env", "prod", "--json").stdout)
    line = next(line for line in found["lines"] if line["item"] == "nodes g4-standard-48, on demand")
    assert (line["basis"], line["monthly_usd"], line["unit_price_usd"]) == ("unknown", None, None)
    assert found["total"]["unknown_lines"] == len([each for each in found["lines"] if each["basis"] == "unknown"])
    priced = tmp_path / "prices.yaml"
    priced.write_text("skus:\n  machine/g4-standard-48/on_demand: {unit: hour, usd: {europe-west4: 5.5}}\n")
    found = json.loads(planform("report", "cost", str(file), "--env", "prod", "--prices", str(priced), "--json").stdout)
    line = next(line for line in found["lines"] if line["item"] == "nodes g4-standard-48, on demand")
    assert line["monthly_usd"] == {"low": 0.0, "high": 8 * 5.5 * 730}


def test_what_use_decides_has_a_unit_price_and_no_amount() -> None:
    objects, requests = of_resource("google_storage_bucket", {"location": "EU", "storage_class": "NEARLINE"})
    assert (objects.basis, objects.unit_price, objects.unit, objects.monthly) == (
        Basis.USAGE, Decimal("0.015"), "GiB-month", None
    )  # fmt: skip
    assert (requests.basis, requests.unit_price) == (Basis.USAGE, None)
    secret = {"replication": [{"user_managed": [{"replicas": [{"location": "a"}, {"location": "b"}]}]}]}
    assert of_resource("google_secret_manager_secret", secret)[0].note == "in 2 places"


def test_keys_grow_with_their_rotations_and_hardware_costs_more() -> None:
    hsm = {"version_template": [{"protection_level": "HSM", "algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION"}]}
    assert of_resource("google_kms_crypto_key", hsm)[0].monthly == Quantity.exactly(1)
    rotated = of_resource("google_kms_crypto_key", {**hsm, "rotation_period": "2592000s"})[0].monthly
    assert rotated == Quantity(Decimal(1), Decimal(13))
    large = {"version_template": [{"protection_level": "HSM", "algorithm": "EC_SIGN_P256_SHA256"}]}
    assert of_resource("google_kms_crypto_key", large)[0].monthly == Quantity.exactly(Decimal("2.5"))


def test_tpus_bring_their_hosts_and_autopilot_its_nodes() -> None:
    items = [line.item for line in of_resource("google_container_node_pool", pool("ct6e-standard-4t"))]
    assert items == ["tpu-v6e-slice, on demand", "boot disks pd-balanced"]
    line = of_resource("google_container_node_pool", pool("ct6e-standard-4t"))[0]
    assert line.monthly == Quantity(Decimal("2.7") * 4 * H, Decimal("2.7") * 12 * H)
    fee, cpu, memory = of_resource("google_container_cluster", {"location": "us-central1", "enable_autopilot": True})
    assert (fee.monthly, cpu.basis, memory.basis) == (Quantity.exactly(73), Basis.USAGE, Basis.USAGE)
    default = of_resource("google_container_cluster", {"location": "us-central1", "initial_node_count": 1})
    assert default[1].item == "nodes e2-medium, on demand" and default[1].quantity == Quantity.exactly(3)


def test_databases_have_standbys_editions_and_disks_that_grow() -> None:
    settings = {
        "tier": "db-custom-2-8192",
        "availability_type": "REGIONAL",
        "disk_size": 50,
        "disk_autoresize_limit": 200,
    }
    instance, disk, backups = of_resource("google_sql_database_instance", {"settings": [settings]})
    # Infracost: 0.0826 a vCPU and 10.22 a GiB and month in a regional instance, 0.34 a GiB of SSD.
    assert instance.monthly == Quantity.exactly(2 * Decimal("0.0826") * H + 8 * Decimal("10.22"))
    assert disk.monthly == Quantity(50 * Decimal("0.34"), 200 * Decimal("0.34"))
    assert backups.basis is Basis.USAGE
    plus = of_resource("google_sql_database_instance", {"settings": [{**settings, "edition": "ENTERPRISE_PLUS"}]})
    assert plus[0].basis is Basis.UNKNOWN
    stopped = of_resource("google_sql_database_instance", {"settings": [{**settings, "activation_policy": "NEVER"}]})
    assert [line.item for line in stopped] == ["disk pd_ssd, regional", "backups"]


def test_what_autoscales_is_a_range_and_what_is_provisioned_a_figure() -> None:
    capacity = {"vcpu_count": "3", "memory_bytes": str(3 * 1024**3)}
    units = of_resource("google_managed_kafka_cluster", {"location": "us-central1", "capacity_config": [capacity]})[0]
    # 3 * 0.6 + 3 * 0.1 = 2.1 compute units
    assert units.monthly == Quantity.exactly(Decimal("2.1") * Decimal("0.09") * H)
    table = {"provider": {"aws": [{"region": "us-east-1"}]}, "resource": {"aws_dynamodb_table": {
        "t": {"billing_mode": "PROVISIONED", "read_capacity": 30, "write_capacity": 20}}}}  # fmt: skip
    writes, reads, items = cost_of_documents({"s": table}, built_in()).lines
    assert (writes.monthly, reads.monthly) == (Quantity.exactly(Decimal("9.49")), Quantity.exactly(Decimal("2.847")))
    assert items.basis is Basis.USAGE
    nodes = {"cluster": [{"autoscaling_config": [{"min_nodes": 1, "max_nodes": 5}]}]}
    assert of_resource("google_bigtable_instance", nodes)[0].quantity == Quantity(Decimal(1), Decimal(5))


def test_a_plan_is_costed_like_a_document() -> None:
    values = pool("e2-standard-4")
    held = {"address": "google_container_node_pool.it", "mode": "managed", "type": "google_container_node_pool",
            "name": "it", "values": {**values, "node_config": [{**values["node_config"][0], "resource_labels": {
                "environment": "prod", "plane": "resource", "team": "a", "component": "gke"}}]}}  # fmt: skip
    plan = {"planned_values": {"root_module": {"resources": [held], "child_modules": [{"resources": [
        {**held, "address": "module.m.google_container_node_pool.it"}]}]}}}  # fmt: skip
    found = cost_of_documents({"s": documents_of_plan(plan)}, built_in())
    direct = of_resource("google_container_node_pool", values)
    assert [line.monthly for line in found.lines] == [line.monthly for line in direct] * 2
    assert set(found.by("environment", "team")) == {("prod", "a")}


# Prices


def test_every_price_has_a_source_with_a_day() -> None:
    held = yaml.safe_load((HERE.parent / "constructs/planform/report/prices.yaml").read_text())
    for name, sku in held["skus"].items():
        assert sku["source"] in held["sources"], name
        assert sku["usd"], name
    assert all(source["read"] and source["where"] for source in held["sources"].values())
    assert built_in().dated is not None
    assert all(price.usd > 0 and price.dated for price in built_in().prices.values())


def test_a_users_prices_lie_over_the_table_by_sku_and_region(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        "dated: 2027-01-01\nskus:\n"
        "  machine/e2/vcpu/on_demand: {unit: vCPU-hour, usd: {europe-west4: 0.01}}\n"
        '  disk/pd-balanced: {unit: GiB-month, usd: {"*": 0.05}}\n'
    )
    table = laid_over(built_in(), read_prices(file))

    def usd(sku: str, region: str) -> Decimal | None:
        price = table.find(sku, region)
        return price.usd if price else None

    assert usd("machine/e2/vcpu/on_demand", "europe-west4") == Decimal("0.01")
    assert usd("machine/e2/vcpu/on_demand", "us-central1") == Decimal("0.02181143")
    assert usd("disk/pd-balanced", "europe-west4") == Decimal("0.05")
    assert str(table.dated) == "2027-01-01"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("skus: {a: {unit: hour, usd: {x: 0}}}", "1:33: `0` is no price"),
        ("skus:\n  a: {unit: hour, usd: {x: -1}}", "2:28: `-1` is no price"),
        ("skus: {a: {unit: hour, usd: {x: free}}}", "1:33: `free` is no price"),
        ("skus: {a: {usd: {x: 1}}}", "1:8: `unit` is missing in `a`"),
        ("skus:\n  a:\n    unit: hour\n    price: 1\n    usd: {x: 1}", "4:5: unknown key `price` in `a`"),
        ("version: 2\nskus: {}", "1:10: `2` is out of range: 1 or less"),
        ("dated: someday\nskus: {}", "1:8: input should be a valid date"),
        ("skus: {}\n---\nskus: {}", "3:1: a price file is one document"),
        ("skus: [\n", "1:7: the bracket `[` is not closed"),
        ("", "1:1: the file is empty"),
        ("- 1", "1:1: a document is a mapping"),
        ("skus: {a: {unit: hour, usd: {x: 'NaN'}}}", "1:33: `NaN` is no price"),
    ],
)
def test_a_file_that_is_no_price_file_says_why(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(DiagnosticError) as caught:
        read_prices(file)
    (found,) = caught.value.diagnostics
    assert found.code == "report/bad-prices"
    assert f"{found.at}: {found.summary}".startswith(f"{file}:{why}")


def test_a_price_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    (tmp_path / "binary.yaml").write_bytes(bytes(range(256)))
    for name, why in (("none.yaml", "no file or folder"), ("binary.yaml", "not UTF-8")):
        with pytest.raises(DiagnosticError, match=why) as caught:
            read_prices(tmp_path / name)
        assert caught.value.diagnostics[0].code == "report/bad-prices"


# Budgets


def budget(known: Quantity | None, unknown: int = 0) -> Standing:
    return Budget("prod", "fraud", Decimal(100), Sum(known, unknown, 0)).standing


def test_a_budget_is_held_against_what_is_known() -> None:
    assert budget(Quantity.exactly(99)) is Standing.WITHIN
    assert budget(Quantity.exactly(99), unknown=1) is Standing.SO_FAR
    assert budget(Quantity(Decimal(50), Decimal(101)), unknown=1) is Standing.AT_MAXIMUM
    assert budget(Quantity.exactly(101)) is Standing.OVER
    assert budget(None, unknown=1) is Standing.UNKNOWN
    assert budget(None) is Standing.WITHIN


def test_budgets_are_those_of_teams_and_of_the_whole(reference: Compilation, report: CostReport) -> None:
    found = budgets(report, reference.specs, reference.terraform)
    amounts = {(each.environment, each.team): each.usd_month for each in found}
    assert amounts["prod", "fraud"] == 4000
    assert amounts["prod", ""] == 30_000
    whole = next(each for each in found if (each.environment, each.team) == ("prod", ""))
    assert whole.standing is Standing.SO_FAR


def test_a_budget_can_stop_a_pipeline(tmp_path: Path) -> None:
    dear = tmp_path / "prices.yaml"
    # 11,175 at most, 73 of them for the cluster itself; the budget is 30,000.
    dear.write_text('skus:\n  gke/cluster: {unit: hour, usd: {"*": 25}}\n')  # 18,250 and 11,102
    run = ("report", "cost", str(REFERENCE), "--env", "prod", "--prices", str(dear), "--quiet")
    assert planform(*run).exit_code == 0
    assert planform(*run, "--fail-over-budget", "minimum").exit_code == 0
    assert planform(*run, "--fail-over-budget", "maximum").exit_code == 0
    dear.write_text('skus:\n  gke/cluster: {unit: hour, usd: {"*": 30}}\n')  # 21,900 and 11,102
    assert planform(*run, "--fail-over-budget", "minimum").exit_code == 0
    over = planform(*run[:-1], "--fail-over-budget", "maximum")
    assert (over.exit_code, "refused: at maximum over budget: all in prod" in over.stderr) == (1, True)


# Quotas and inventory


def test_accelerators_are_counted_at_their_most_by_quota(reference: Compilation) -> None:
    found = accelerator_maxima(reference.terraform, reference.specs)
    assert found == {
        Need("dev", "europe-west4", "nvidia-l4", True): 4,
        Need("prod", "europe-west4", "nvidia-h100-80gb", True): 16,
        Need("prod", "europe-west4", "nvidia-l4", False): 12,
        Need("staging", "europe-west4", "nvidia-h100-80gb", True): 16,
        Need("staging", "europe-west4", "nvidia-l4", False): 8,
    }
    assert Need("dev", "europe-west4", "nvidia-l4", True).metric == "PREEMPTIBLE_NVIDIA_L4_GPUS"
    need = Need("prod", "europe-west4", "nvidia-l4", False)
    assert quota_delta(found, {**found, need: 16}) == {need: (12, 16)}


def test_the_inventory_counts_every_resource_once(reference: Compilation) -> None:
    rows = inventory(reference)
    assert sum(row.count for row in rows) == reference.resources
    clusters = [row for row in rows if row.type == "google_container_cluster"]
    assert [(row.environment, row.plane, row.component, row.count) for row in clusters] == [
        (name, "resource", "gke", 1) for name in ("dev", "prod", "staging")
    ]


# Differences


def line(item: str, quantity: int | None = None, monthly: tuple[int, int] | None = None) -> CostLine:
    basis = Basis.KNOWN if monthly else Basis.UNKNOWN if quantity is not None else Basis.USAGE
    amount = Quantity(*map(Decimal, monthly)) if monthly else None
    many = Quantity.exactly(quantity) if quantity is not None else None
    return CostLine(Whose(), "s", "a.b", item, "r", basis, many, "unit", None, amount, (item,))


KNOWN, DEARER, WIDER = line("x", 1, (5, 9)), line("x", 1, (6, 9)), line("x", 1, (4, 10))


@pytest.mark.parametrize(
    ("base", "head", "sign", "text"),
    [
        ([KNOWN], [KNOWN], Sign.SAME, "0.00 USD a month"),
        ([KNOWN], [DEARER], Sign.MORE, "+1.00 to +0.00 USD a month"),
        ([], [KNOWN], Sign.MORE, "+5.00 to +9.00 USD a month"),
        ([KNOWN], [], Sign.LESS, "-5.00 to -9.00 USD a month"),
        ([KNOWN], [WIDER], Sign.BOTH, "-1.00 to +1.00 USD a month"),
        ([line("gpu", 1)], [line("gpu", 1)], Sign.SAME, "0.00 USD a month"),
        ([line("gpu", 1)], [line("gpu", 2)], Sign.MORE, "more: what is unknown"),
        ([line("gpu", 2)], [line("gpu", 1)], Sign.LESS, "less: what is unknown"),
        ([line("gpu", 2)], [], Sign.LESS, "less: what is unknown"),
        ([], [line("bytes")], Sign.MORE, "more: what depends on use"),
        ([line("gpu", 1)], [line("tpu", 1)], Sign.UNKNOWN, "unknown: what is unknown"),
        ([KNOWN], [DEARER, line("gpu", 1)], Sign.MORE, "+1.00 to +0.00 USD a month, and what is unknown"),
        ([KNOWN, line("gpu", 1)], [DEARER], Sign.UNKNOWN, "+1.00 to +0.00 USD a month, and what is unknown"),
        ([line("gpu", 1), line("gpu", 1)], [line("gpu", 1)], Sign.LESS, "less: what is unknown"),
    ],
)
def test_a_difference_says_which_way_it_goes(base: list[CostLine], head: list[CostLine], sign: Sign, text: str) -> None:
    found = between(base, head)
    assert (found.sign, str(found)) == (sign, text)
    back = between(head, base).sign
    assert back == {Sign.MORE: Sign.LESS, Sign.LESS: Sign.MORE}.get(sign, sign)


_LINES = st.lists(st.sampled_from([KNOWN, DEARER, WIDER, line("gpu", 1), line("gpu", 3), line("bytes")]), max_size=5)


@given(base=_LINES, head=_LINES)
def test_nothing_differs_from_itself_and_what_is_unknown_is_said(base: list[CostLine], head: list[CostLine]) -> None:
    assert between(base, [*reversed(base)]).sign is Sign.SAME
    found = between(base, head)
    unknown = [sorted(each.key[-1].low for each in side if each.basis is Basis.UNKNOWN) for side in (base, head)]
    assert found.unknown == (unknown[0] != unknown[1])
    if found.sign is Sign.SAME:
        assert not found.unknown and not found.by_use and not any(found.known or ())


# In a preview


def previewed(case: str) -> Any:
    edits = next(each["edits"] for each in PREVIEWED if each["name"] == case)
    text = PLATFORM
    for old, new in edits:
        text = text.replace(old, new)
    environment = next(each["environment"] for each in PREVIEWED if each["name"] == case)
    sides = [Side(name, read_text(held, "platform.yaml"), {}) for name, held in (("base", PLATFORM), ("head", text))]
    return preview(*sides, environments=(environment,))


def test_a_larger_database_is_dearer_by_what_its_tier_costs() -> None:
    found = previewed("database tier")
    (change,) = found
    # 2 vCPU with 7.5 GiB are 0.1486 an hour in the Netherlands; 4 with 15 twice that.
    assert str(change.cost) == "+108.48 USD a month"
    data = json.loads(render(found, "json"))
    assert data["changes"][0]["cost"]["sign"] == "+"
    assert data["changes"][0]["cost"]["delta_monthly_usd"] == {"minimum": 108.48, "maximum": 108.48}
    by_plane = {row["plane"]: row["sign"] for row in data["cost"]["by_plane"]}
    assert by_plane == {"resource": "+", "security": "0", "delivery": "0"}
    assert {row["team"]: row["sign"] for row in data["cost"]["by_team"]}["platform-team"] == "+"
    for format_ in ("text", "markdown", "html"):
        assert "+108.48 USD a month" in render(found, format_), format_
        assert "2026-11-25" in render(found, format_), format_


def test_a_pool_that_goes_is_cheaper_also_where_its_accelerators_have_no_price() -> None:
    found = previewed("node pool removed")
    change = next(each for each in found if each.address == "google_container_node_pool.h100")
    assert (change.cost.sign, change.cost.unknown) == (Sign.LESS, True)
    assert "what is unknown" in render(found, "text")
    (quota,) = json.loads(render(found, "json"))["quotas"]
    assert (quota["accelerator"], quota["base"], quota["head"]) == ("nvidia-h100-80gb", 16, 0)
    assert "quota: prod may need 0 nvidia-h100-80gb in europe-west4 (preemptible), before 16" in render(found, "text")


def test_what_is_not_charged_has_no_cost_and_what_stays_has_the_same() -> None:
    found = previewed("bucket reader")
    assert {change.cost for change in found if change.verdict.type.endswith("_iam_member")} == {None}
    assert not found.cost
    assert "cost" not in render(found, "text")


def test_the_digest_of_changes_hangs_on_no_price_table() -> None:
    text = PLATFORM.replace("tier: db-custom-2-7680", "tier: db-custom-4-15360")
    sides = [Side(name, read_text(held, "platform.yaml"), {}) for name, held in (("base", PLATFORM), ("head", text))]
    tables = (built_in(), PriceTable({}))
    found = [preview(*sides, environments=("dev",), prices=table).as_dict() for table in tables]
    assert found[0]["changes"] != found[1]["changes"]
    assert found[0]["digest"] == found[1]["digest"]
    assert found[1]["changes"][0]["cost"]["sign"] == "unknown"


# The command


def planform(*arguments: str) -> Result:
    return CliRunner(env={"PLANFORM_ENGINE": "native"}).invoke(group, arguments, prog_name="planform")


def test_the_command_says_what_it_needs() -> None:
    assert planform("report", "cost").exit_code == 2
    assert planform("report", "cost", "x.yaml", "--plan-json", "p.json").exit_code == 2
    assert "Examples:" in planform("report", "prices", "refresh", "--help").stdout
    done = planform("report", "inventory", str(REFERENCE), "--env", "dev")
    assert "google_container_cluster" in done.stdout and "types" in done.stderr


def test_a_plan_file_is_costed(tmp_path: Path) -> None:
    held = {"address": "google_container_cluster.c", "mode": "managed", "type": "google_container_cluster", "name": "c",
            "values": {"location": "europe-west4", "enable_autopilot": True}}  # fmt: skip
    plan = {"format_version": "1.2", "planned_values": {"root_module": {"resources": [held]}}}
    (tmp_path / "acme-dev.json").write_text(json.dumps(plan))
    done = planform("report", "cost", "--plan-json", str(tmp_path / "acme-dev.json"), "--json")
    found = json.loads(done.stdout)
    assert found["total"] == {"monthly_usd": {"low": 73.0, "high": 73.0}, "unknown_lines": 0, "usage_lines": 2}
    assert (found["verb"], found["currency"]) == ("report cost", "USD")
