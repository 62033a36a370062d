"""Budgets of the blueprint beside what is known of the cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any

from msgspec import Struct

from planform.environment import environment_of
from planform.report.cost import CostReport, Document, Sum, resources_of
from planform.report.quantity import decimal, first
from planform.spec.platform import EnvironmentSpec

__all__ = ["Budget", "Standing", "budgets"]


class Standing(StrEnum):
    """How a budget stands to what is known.

    `within`: all is known, and even the maximum is within. `so far within`: what is known is, and something is not
    known. `at maximum over`: only the maximum goes over. `over`: the minimum does. `unknown`: nothing is known.
    """

    OVER = "over"
    AT_MAXIMUM = "at maximum over"
    SO_FAR = "so far within"
    WITHIN = "within"
    UNKNOWN = "unknown"


class Budget(Struct, frozen=True):
    """A budget of an environment, or of a team in it, and the lines that count against it."""

    environment: str
    team: str
    usd_month: Decimal
    sum: Sum

    @property
    def standing(self) -> Standing:
        """How the budget stands to what is known."""
        known = self.sum.known
        if known is None:
            return Standing.UNKNOWN if self.sum.unknown or self.sum.usage else Standing.WITHIN
        if known.low > self.usd_month:
            return Standing.OVER
        if known.high > self.usd_month:
            return Standing.AT_MAXIMUM
        return Standing.SO_FAR if self.sum.unknown or self.sum.usage else Standing.WITHIN

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json`."""
        return {
            "environment": self.environment,
            "team": self.team,
            "budget_usd_month": float(self.usd_month),
            "standing": str(self.standing),
            **self.sum.as_dict(),
        }


def budgets(
    report: CostReport, specs: Sequence[EnvironmentSpec], documents: Mapping[str, Document] | None = None
) -> tuple[Budget, ...]:
    """The budgets of teams, and of whole environments where a document has one without a label."""
    teams = report.by("environment", "team")
    whole = report.by("environment")
    nothing = Sum(None, 0, 0)
    found = []
    for spec in specs:
        own = {stack: held for stack, held in (documents or {}).items() if environment_of(specs, stack) is spec}
        for amount in _of_stacks(own):
            found.append(Budget(spec.name, "", amount, whole.get((spec.name,), nothing)))
        for name, team in spec.teams.items():
            if team.budget_usd_month is not None:
                amount = Decimal(str(team.budget_usd_month))
                found.append(Budget(spec.name, name, amount, teams.get((spec.name, name), nothing)))
    return tuple(found)


def _of_stacks(documents: Mapping[str, Document]) -> Iterator[Decimal]:
    """Amounts of an environment's own budgets, which Terraform makes without a filter on labels."""
    for document in documents.values():
        for resource in resources_of(document):
            if resource.type != "google_billing_budget" or first(resource.body, "budget_filter").get("labels"):
                continue
            amount = first(first(resource.body, "amount"), "specified_amount")
            if amount.get("currency_code") == "USD" and decimal(amount.get("units")):
                yield decimal(amount.get("units"))
