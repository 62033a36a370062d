"""A budget for a month of one environment, in US dollars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from planform.spec.environment import Environment
from planform.terraform.google import BillingBudget

__all__ = ["month_budget"]


def month_budget(
    scope: Any,
    id: str,
    environment: Environment,
    *,
    account: str,
    title: str,
    usd: float,
    thresholds: Iterable[tuple[float, str]],
    labels: Mapping[str, str] | None = None,
    **more: Any,
) -> None:
    """Of what has these labels, or of the whole project; thresholds are shares of the amount and what is compared."""
    units, cents = divmod(round(usd * 100), 100)
    amount = {"currency_code": "USD", "units": str(units), "nanos": cents * 10_000_000 or None}
    BillingBudget(
        scope,
        id,
        billing_account=account,
        display_name=f"{environment.prefix} {title}"[:60],
        budget_filter=[
            {
                "projects": [f"projects/{environment.project_number}"],
                "calendar_period": "MONTH",
                "credit_types_treatment": "INCLUDE_ALL_CREDITS",
                "labels": labels,
            }
        ],
        amount=[{"specified_amount": [amount]}],
        threshold_rules=[{"threshold_percent": share, "spend_basis": basis} for share, basis in thresholds],
        **more,
    )
