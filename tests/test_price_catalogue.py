"""Prices come from the billing catalogue as they stand there, and only where no other could be meant."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from planform.diagnostics import DiagnosticError
from planform.report.catalogue import SOURCE, fetch, prices_of
from planform.report.prices import built_in, laid_over, read_prices, to_yaml

KEY = "AIza-not-a-real-key"
TODAY = date(2026, 11, 25)


def sku(
    description: str, nanos: int, *, units: str = "0", regions: tuple[str, ...] = ("europe-west4",),
    usage: str = "OnDemand", free: bool = False, unit: str = "h",
) -> dict[str, Any]:  # fmt: skip
    """One SKU as services.skus.list gives it."""
    tiers = [{"startUsageAmount": 0, "unitPrice": {"currencyCode": "USD", "units": "0", "nanos": 0}}] if free else []
    tiers.append({"startUsageAmount": 0, "unitPrice": {"currencyCode": "USD", "units": units, "nanos": nanos}})
    return {
        "name": "services/6F81-5844-456A/skus/0000-0000-0000",
        "skuId": "0000-0000-0000",
        "description": description,
        "category": {"serviceDisplayName": "Compute Engine", "resourceFamily": "Compute", "resourceGroup": "CPU",
                     "usageType": usage},
        "serviceRegions": list(regions),
        "pricingInfo": [{"summary": "", "pricingExpression": {"usageUnit": unit, "displayQuantity": 1,
                         "tieredRates": tiers}, "currencyConversionRate": 1, "effectiveTime": "2026-11-24T08:00:00Z"}],
        "serviceProviderName": "Google",
        "geoTaxonomy": {"type": "REGIONAL", "regions": list(regions)},
    }  # fmt: skip


SERVICES = [
    {"name": "services/6F81-5844-456A", "serviceId": "6F81-5844-456A", "displayName": "Compute Engine"},
    {"name": "services/9662-B51E-5089", "serviceId": "9662-B51E-5089", "displayName": "Cloud SQL"},
    {"name": "services/0000-0000-0000", "serviceId": "0000-0000-0000", "displayName": "Something else"},
]
COMPUTE = [
    sku("E2 Instance Core running in Netherlands", 24_013_000),
    sku("Spot Preemptible E2 Instance Core running in Netherlands", 10_000_000, usage="Preemptible"),
    sku("Commitment v1: E2 Cpu in Netherlands for 1 Year", 15_000_000, usage="Commit1Yr"),
    sku("E2 Instance Ram running in Netherlands", 3_218_000),
    sku("Nvidia H100 80GB GPU running in Netherlands", 735_520_000, units="12"),
    sku("Nvidia H100 80GB Mega GPU running in Netherlands", 447_560_000, units="13"),
    sku("Nvidia H100 80GB GPU attached to DWS Defined Duration VMs running in Netherlands", 200_000_000, units="5"),
    sku("Balanced PD Capacity in Netherlands", 110_000_000, unit="GiBy.mo"),
    sku("Storage PD Capacity", 40_000_000, regions=("us-central1", "us-east1"), free=True, unit="GiBy.mo"),
    sku("Nvidia L4 GPU running in Netherlands", 588_040_000),
    sku("Nvidia L4 GPU running in Netherlands", 999_000_000),
    sku("SSD backed PD Capacity in Netherlands", 0),
]
DATABASES = [
    sku("Cloud SQL for PostgreSQL: Zonal - vCPU in Netherlands", 45_400_000),
    sku("Cloud SQL for PostgreSQL: Regional - Standard storage in Netherlands", 374_000_000, unit="GiBy.mo"),
]


@dataclass
class Catalogue:
    """A catalogue on this machine, which gives two SKUs a page and notes what it was asked."""

    address: str = ""
    status: int = 200
    body: bytes | None = None
    location: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, path: str) -> tuple[int, bytes]:
        if self.body is not None or self.status != 200:
            error = {"error": {"code": self.status, "message": "no", "status": "PERMISSION_DENIED"}}
            return self.status, self.body if self.body is not None else json.dumps(error).encode()
        parts = urlsplit(path)
        start = int(parse_qs(parts.query).get("pageToken", ["0"])[0])
        lists = {
            "/v1/services": ("services", SERVICES),
            "/v1/services/6F81-5844-456A/skus": ("skus", COMPUTE),
            "/v1/services/9662-B51E-5089/skus": ("skus", DATABASES),
        }
        name, held = lists[parts.path]
        more = str(start + 2) if start + 2 < len(held) else ""
        return 200, json.dumps({name: held[start : start + 2], "nextPageToken": more}).encode()


@contextmanager
def served() -> Iterator[Catalogue]:
    catalogue = Catalogue()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            catalogue.asked.append((self.path, self.headers.get("X-Goog-Api-Key", "")))
            status, body = catalogue.answer(self.path)
            self.send_response(status)
            if catalogue.location:
                self.send_header("Location", catalogue.location)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    catalogue.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield catalogue
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def catalogue() -> Iterator[Catalogue]:
    with served() as found:
        yield found


def test_prices_are_read_page_by_page_and_the_key_is_in_no_address(catalogue: Catalogue) -> None:
    found = fetch(KEY, api=catalogue.address, today=TODAY)
    usd = {key: price.usd for key, price in found.prices.items()}
    assert usd == {
        ("machine/e2/vcpu/on_demand", "europe-west4"): Decimal("0.024013"),
        ("machine/e2/vcpu/spot", "europe-west4"): Decimal("0.01"),
        ("machine/e2/gib/on_demand", "europe-west4"): Decimal("0.003218"),
        ("accelerator/nvidia-h100-80gb/on_demand", "europe-west4"): Decimal("12.73552"),
        ("accelerator/nvidia-h100-mega-80gb/on_demand", "europe-west4"): Decimal("13.44756"),
        ("accelerator/nvidia-h100-80gb/flex_start", "europe-west4"): Decimal("5.2"),
        ("disk/pd-balanced", "europe-west4"): Decimal("0.11"),
        ("disk/pd-standard", "us-central1"): Decimal("0.04"),
        ("disk/pd-standard", "us-east1"): Decimal("0.04"),
        ("sql/enterprise/vcpu/zonal", "europe-west4"): Decimal("0.0454"),
        ("sql/pd_ssd/regional", "europe-west4"): Decimal("0.374"),
    }
    assert {key for _, key in catalogue.asked} == {KEY}
    assert not any(KEY in path for path, _ in catalogue.asked)
    assert len(catalogue.asked) == 2 + 6 + 1


def test_two_prices_for_one_thing_and_a_price_of_zero_are_left_out(catalogue: Catalogue) -> None:
    found = fetch(KEY, api=catalogue.address, today=TODAY)
    assert found.ambiguous == (("accelerator/nvidia-l4/on_demand", "europe-west4"),)
    assert ("accelerator/nvidia-l4/on_demand", "europe-west4") not in found.prices
    assert "disk/pd-ssd" in found.missing
    assert "machine/e2/vcpu/on_demand" not in found.missing


def test_regions_can_be_chosen() -> None:
    found = prices_of([("Compute Engine", each) for each in COMPUTE], regions=("us-east1",), today=TODAY)
    assert set(found.prices) == {("disk/pd-standard", "us-east1")}


def test_what_was_fetched_lies_over_the_table_with_its_day(catalogue: Catalogue, tmp_path: Path) -> None:
    found = fetch(KEY, api=catalogue.address, today=TODAY)
    text = to_yaml(found.prices, name=SOURCE, source={"what": "w", "where": "here", "read": TODAY}, dated=TODAY)
    file = tmp_path / "prices.yaml"
    file.write_text(text)
    price = laid_over(built_in(), read_prices(file)).find("accelerator/nvidia-h100-80gb/flex_start", "europe-west4")
    assert price is not None
    assert (price.usd, price.unit, price.source, price.dated) == (Decimal("5.2"), "GPU-hour", SOURCE, TODAY)


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (403, None, "it answered 403 (PERMISSION_DENIED)"),
        (500, b"<html>", "it answered 500"),
        (302, b"", "it answered 302"),
        (200, b"<html>", "the answer is not JSON"),
        (200, b"[]", "the answer is not understood"),
    ],
)
def test_a_catalogue_without_prices_is_told_and_the_key_is_not(
    catalogue: Catalogue, status: int, body: bytes | None, why: str
) -> None:
    catalogue.status, catalogue.body = status, body
    catalogue.location = f"{catalogue.address}/elsewhere" if status == 302 else ""
    with pytest.raises(DiagnosticError) as caught:
        fetch(KEY, api=catalogue.address)
    (found,) = caught.value.diagnostics
    assert found.code == "report/no-catalogue"
    assert why in found.summary and KEY not in str(caught.value)
    assert not any("elsewhere" in path for path, _ in catalogue.asked)


def test_nobody_at_home_is_told() -> None:
    with pytest.raises(DiagnosticError, match="could not be asked"):
        fetch(KEY, api="http://127.0.0.1:9")


def refresh(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from planform.cli import main; main()", "report", "prices", "refresh", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_writes_a_price_file_and_no_key(catalogue: Catalogue, tmp_path: Path) -> None:
    key, out = tmp_path / "key.txt", tmp_path / "prices.yaml"
    key.write_text(f"{KEY}\n")
    done = refresh("--api-key-file", str(key), "--out", str(out), "--endpoint", catalogue.address)
    assert (done.returncode, done.stdout) == (0, f"{out}\n"), done.stderr
    assert "more than one price answers to it: accelerator/nvidia-l4/on_demand in europe-west4" in done.stderr
    assert len(read_prices(out).prices) == 11
    assert KEY not in out.read_text() + done.stdout + done.stderr
    catalogue.status = 403
    done = refresh("--api-key-file", str(key), "--out", str(out), "--endpoint", catalogue.address)
    assert done.returncode == 1 and "report/no-catalogue" in done.stderr and KEY not in done.stderr


def test_the_key_goes_nowhere_in_the_open(tmp_path: Path) -> None:
    key = tmp_path / "key.txt"
    key.write_text(KEY)
    for address in ("http://catalogue.example", "file:///etc/passwd", "ftp://127.0.0.1"):
        done = refresh("--api-key-file", str(key), "--endpoint", address)
        assert (done.returncode, "https" in done.stderr) == (2, True)


@pytest.mark.parametrize("content", [b"", b"two words", b"\xff\xfe", "schlüssel".encode()])
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    key = tmp_path / "key.txt"
    key.write_bytes(content)
    done = refresh("--api-key-file", str(key), "--out", str(tmp_path / "out.yaml"))
    assert done.returncode == 1
    assert str(key) in done.stderr and not (tmp_path / "out.yaml").exists()
