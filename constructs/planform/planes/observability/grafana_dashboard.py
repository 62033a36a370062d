"""A dashboard in Grafana's own form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from planform.contracts.monitoring import Panel

__all__ = ["grafana_dashboard"]

_UNITS = {
    "%": "percent",
    "1": "short",
    "10^2.%": "percentunit",
    "By": "bytes",
    "Cel": "celsius",
    "MiBy": "mbytes",
    "ms": "ms",
    "s": "s",
}
"""Grafana's names of units."""


def grafana_dashboard(
    name: str, title: str, panels: Sequence[Panel], tags: Sequence[str], *, source: str = ""
) -> dict[str, Any]:
    """Charts in two columns, over the Prometheus data source of this uid; without one, over Grafana's default."""
    datasource = {"datasource": {"type": "prometheus", "uid": source}} if source else {}
    return {
        "uid": name,
        "title": title,
        "tags": [tag for tag in tags if tag],
        "schemaVersion": 39,
        "time": {"from": "now-6h", "to": "now"},
        "panels": [_panel(index, panel, datasource) for index, panel in enumerate(panels)],
    }


def _panel(index: int, panel: Panel, datasource: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": index + 1,
        "type": "timeseries",
        "title": panel.title,
        **datasource,
        "gridPos": {"x": 12 * (index % 2), "y": 8 * (index // 2), "w": 12, "h": 8},
        "fieldConfig": {"defaults": {"unit": _UNITS.get(panel.unit, panel.unit)}, "overrides": []},
        "targets": [{"refId": "A", **datasource, "expr": panel.query}],
    }
