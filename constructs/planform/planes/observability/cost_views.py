"""Queries over the detailed billing export, by the platform's labels.

Source: Google's page on the structure of detailed data export, and on GKE cost allocation for the labels that begin
with k8s, read 2026-11.
"""

from __future__ import annotations

from planform.planes.observability.cost_labels import IN_CLUSTER

__all__ = ["export_table", "of_platform", "of_team"]

_CREDITS = "IFNULL((SELECT SUM(credit.amount) FROM UNNEST(credits) AS credit), 0)"


def export_table(billing_account: str) -> str:
    """The name that the export gives its table, by the account."""
    return f"gcp_billing_export_resource_v1_{billing_account.replace('-', '_')}"


def of_platform(table: str) -> str:
    """Cost by month, project and the labels that everything carries."""
    columns = [f"{_label(each)} AS {each}" for each in ("team", "plane", "component", "environment")]
    return _select(table, columns, "")


def of_team(table: str, name: str, namespace: str, budget_usd_month: float | None) -> str:
    """Cost of one team by month, and what it may spend: what carries its label, and its namespace in clusters."""
    named = f'(label.key = "team" AND label.value = "{name}")'
    held = f'(label.key = "{IN_CLUSTER}" AND label.value = "{namespace}")'
    where = f"\nWHERE EXISTS (SELECT 1 FROM UNNEST(labels) AS label WHERE {named} OR {held})"
    budget = "CAST(NULL AS FLOAT64)" if budget_usd_month is None else f"{budget_usd_month:g}"
    return _select(table, [f"{_label('component')} AS component", f"{budget} AS budget_usd_month"], where)


def _label(key: str) -> str:
    return f'(SELECT value FROM UNNEST(labels) WHERE key = "{key}" LIMIT 1)'


def _select(table: str, columns: list[str], where: str) -> str:
    shown = ["invoice.month AS month", "project.id AS project", "service.description AS service", *columns]
    grouped = ", ".join(str(place) for place in range(1, len(shown) + 2))
    text = ",\n  ".join([*shown, "currency", f"SUM(cost + {_CREDITS}) AS cost"])
    return f"SELECT\n  {text}\nFROM `{table}`{where}\nGROUP BY {grouped}\n"
