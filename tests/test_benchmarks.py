"""The benchmarks run, and the page that they write says what it must; how fast things are is no test's matter."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.many_workloads import TEAM_SIZE, team_documents
from benchmarks.process import measure, python
from benchmarks.scale import is_linear, one_more
from planform.golden_paths import GOLDEN_PATHS


@pytest.mark.engine
def test_benchmarks_run_at_tiny_sizes(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    main(
        [
            "--blueprint",
            "blueprints/minimal.yaml",
            "--sizes",
            "8",
            "16",
            "24",
            "--documents",
            "20",
            "--runs",
            "1",
            "--no-bindings",
            "--out",
            str(page),
        ]
    )
    text = page.read_text()
    for words in (
        "planform --help",
        "planform validate",
        "planform synth",
        "cdktf alone",
        "planform, native",
        "Many workloads",
        "`synth --changed`",
        "Policy rules",
        "Aim",
    ):
        assert words in text


def test_a_failing_command_is_no_measurement() -> None:
    with pytest.raises(RuntimeError, match="out of order"):
        measure(python("-c", "raise SystemExit('out of order')"), 1)


def test_measurements_are_of_the_child() -> None:
    hungry = measure(python("-c", "import time; kept = bytearray(200 << 20); time.sleep(0.2); print(len(kept))"), 2)
    assert len(hungry.seconds) == 2
    assert hungry.least > 0.2
    assert hungry.peak_mib > 200
    assert hungry.output.strip() == str(200 << 20)


@pytest.mark.parametrize(
    ("costs", "linear"),
    [((1.0, 1.1, 1.0), True), ((1.0, 1.4, 2.2), False), ((2.0, 0.5, 0.9), True), ((1.0, 0.5, 1.6), False)],
)
def test_growth_is_linear_while_no_step_costs_much_more(costs: tuple[float, ...], linear: bool) -> None:
    assert is_linear(costs) is linear


def test_a_step_is_as_far_as_can_be_measured() -> None:
    """Startup is most of what a hundred take, and a tenth of a second more or less would be all that is said of it."""
    assert one_more([(100, 0.18), (1_000, 0.22), (5_000, 0.63), (20_000, 2.49)]) == pytest.approx(
        (9.2e-5, 12.4e-5), 0.01
    )
    assert one_more([(1, 1.0), (2, 2.0), (3, 4.0)]) == (1.0, 2.0)
    assert one_more([(1, 1.0), (2, 1.1)]) == ()


def test_a_team_has_documents_of_every_kind() -> None:
    documents = [*team_documents(0)]
    assert {each["kind"] for each in documents} > {entry.kind for entry in GOLDEN_PATHS}
    assert len(documents) == TEAM_SIZE
