"""The lock file of Helm charts: charts.yaml beside this file, which alone decides what version is installed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct

from planform.plain_yaml import load

__all__ = ["Chart", "charts", "lock"]

_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")
_REPOSITORY = re.compile(r"(https|oci)://[a-z0-9.-]+(/[A-Za-z0-9._-]+)*")


class Chart(Struct, frozen=True):
    """A Helm chart at one version. `repository` is `https://...` or `oci://...`, without the chart's name.

    `images` are patterns of the images that it runs, as a Binary Authorization policy takes them.
    """

    name: str
    repository: str
    chart: str
    version: str
    api_groups: tuple[str, ...]
    images: tuple[str, ...]
    source: str
    read: str


@cache
def charts() -> Mapping[str, Chart]:
    """Every chart of the lock file by its name there."""
    return lock(Path(__file__).with_name("charts.yaml").read_text("utf-8"))


def lock(text: str) -> dict[str, Chart]:
    """The charts of a lock file. Raises ValueError for one that is not pinned: a range, `latest`, no source."""
    loaded: dict[str, dict[str, Any]] = load(text)
    return {name: _chart(name, facts) for name, facts in loaded.items()}


def _chart(name: str, facts: Mapping[str, Any]) -> Chart:
    chart = Chart(
        name=name,
        repository=facts["repository"],
        chart=facts["chart"],
        version=facts["version"],
        api_groups=tuple(facts["api_groups"]),
        images=tuple(facts["images"]),
        source=facts["source"],
        read=facts["read"],
    )
    if not isinstance(chart.version, str) or not _VERSION.fullmatch(chart.version):
        raise ValueError(f"{name}: {chart.version!r} is no exact version")
    if not _REPOSITORY.fullmatch(chart.repository):
        raise ValueError(f"{name}: {chart.repository!r} is no chart repository")
    return chart
