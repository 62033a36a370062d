"""When GKE may upgrade a cluster: one weekly window, and the days on which it may not.

GKE wants 48 hours of maintenance within any 92 days, in pieces of at least four hours; the provider takes any
window. Source: GKE's pages on maintenance windows and exclusions.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from planform.spec.settings import Settings
from planform.spec.units import Hours, KebabName

__all__ = ["Freeze", "Maintenance"]

SHORTEST_HOURS = 4
AVAILABLE_HOURS = 48
ROLLING_DAYS = 92
LONGEST_FULL_FREEZE_DAYS = 90
MOST_FULL_FREEZES = 3
MOST_FREEZES = 20
FIRST_MONDAY = date(2024, 1, 1)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$"), Field(examples=["03:00"])]
FreezeDay = Annotated[date, Field(ge=date(2020, 1, 1), le=date(2099, 12, 31))]
Scope = Literal["no_upgrades", "no_minor_upgrades", "no_minor_or_node_upgrades"]


class Freeze(Settings):
    """Days on which some upgrades wait."""

    first_day: FreezeDay = Field(description="First day of the freeze, from midnight UTC.", examples=["2026-12-19"])
    last_day: FreezeDay = Field(description="Last day of the freeze, to midnight UTC.", examples=["2027-01-04"])
    scope: Scope = Field(
        default="no_minor_or_node_upgrades",
        description="What waits: `no_upgrades` all upgrades, at most 90 days; `no_minor_upgrades` new minor versions;"
        " `no_minor_or_node_upgrades` these and all upgrades of nodes. Default: no_minor_or_node_upgrades.",
    )

    @model_validator(mode="after")
    def _in_order(self) -> Freeze:
        days = (self.last_day - self.first_day).days + 1
        if days < 1:
            raise PydanticCustomError(
                "spec/maintenance-freeze",
                "the freeze ends on {last}, before it begins on {first}",
                {"last": str(self.last_day), "first": str(self.first_day), "help": "swap first_day and last_day"},
            )
        if self.scope == "no_upgrades" and days > LONGEST_FULL_FREEZE_DAYS:
            raise PydanticCustomError(
                "spec/maintenance-freeze",
                "a freeze of all upgrades lasts at most {most} days, and this one {days}",
                {
                    "most": LONGEST_FULL_FREEZE_DAYS,
                    "days": days,
                    "help": "shorten it, or write `scope: no_minor_or_node_upgrades`, which may last longer",
                },
            )
        return self

    def covers(self, day: date) -> bool:
        """Whether nothing at all may be upgraded on that day."""
        return self.scope == "no_upgrades" and self.first_day <= day <= self.last_day


class Maintenance(Settings):
    """The weekly hours in which GKE may upgrade the control plane and the nodes."""

    days: tuple[Day, ...] = Field(
        default=("saturday", "sunday"),
        min_length=1,
        description="Days of the week on which the window opens. Default: saturday and sunday.",
    )
    start: Clock = Field(default="03:00", description="When the window opens, in UTC. Default: 03:00.")
    hours: Hours = Field(default=6, le=24, description="Hours that the window stays open, 4 to 24. Default: 6.")
    freezes: dict[KebabName, Freeze] = Field(
        default_factory=dict,
        description="Named periods in which upgrades wait, such as a shopping season. Default: none.",
    )

    @model_validator(mode="after")
    def _long_enough(self) -> Maintenance:
        if self.hours < SHORTEST_HOURS:
            raise PydanticCustomError(
                "spec/maintenance-window",
                "GKE counts no maintenance window below {least} hours, and this one has {hours}",
                {"least": SHORTEST_HOURS, "hours": self.hours, "help": f"write hours: {SHORTEST_HOURS} or more"},
            )
        full = [name for name, freeze in self.freezes.items() if freeze.scope == "no_upgrades"]
        if len(self.freezes) > MOST_FREEZES or len(full) > MOST_FULL_FREEZES:
            raise PydanticCustomError(
                "spec/maintenance-freeze",
                "a cluster has at most {most} freezes, {full} of them of all upgrades",
                {"most": MOST_FREEZES, "full": MOST_FULL_FREEZES, "help": "delete those that are over"},
            )
        least = min((self.available_from(day) for day in self._first_days()), default=self.available_from(FIRST_MONDAY))
        if least < AVAILABLE_HOURS:
            raise PydanticCustomError(
                "spec/maintenance-window",
                "the window and its freezes leave {hours} hours for maintenance in {days} days, and GKE wants {least}",
                {
                    "hours": round(least),
                    "days": ROLLING_DAYS,
                    "least": AVAILABLE_HOURS,
                    "help": "open the window for more hours or on more days, or freeze less than all upgrades",
                },
            )
        return self

    def arguments(self) -> dict[str, Any]:
        """The block `maintenance_policy` of google_container_cluster."""
        days = [day for day in DAYS if day in self.days]
        opens = datetime.combine(FIRST_MONDAY + timedelta(days=DAYS.index(days[0])), time.fromisoformat(self.start))
        weekly = f"FREQ=WEEKLY;BYDAY={','.join(day[:2].upper() for day in days)}"
        window = {
            "start_time": _timestamp(opens),
            "end_time": _timestamp(opens + timedelta(hours=self.hours)),
            "recurrence": "FREQ=DAILY" if len(days) == len(DAYS) else weekly,
        }
        policy: dict[str, Any] = {"recurring_window": [window]}
        if self.freezes:
            policy["maintenance_exclusion"] = [_exclusion(name, self.freezes[name]) for name in sorted(self.freezes)]
        return policy

    def _first_days(self) -> Iterable[date]:
        """The first day of every period of 92 days that a freeze of all upgrades falls into."""
        for freeze in self.freezes.values():
            if freeze.scope == "no_upgrades":
                span = (freeze.last_day - freeze.first_day).days
                for offset in range(-ROLLING_DAYS + 1, span + 1):
                    yield freeze.first_day + timedelta(days=offset)

    def available_from(self, first: date) -> float:
        """Hours of maintenance in the 92 days from that one, without pieces that are too short to count."""
        return sum(self._open(first + timedelta(days=offset)) for offset in range(ROLLING_DAYS))

    def _open(self, day: date) -> float:
        """Hours of that day's window; a freeze may cut off what lies before or after midnight."""
        if DAYS[day.weekday()] not in self.days:
            return 0
        start = time.fromisoformat(self.start)
        before = min(float(self.hours), 24 - start.hour - start.minute / 60)
        after = self.hours - before
        tomorrow = day + timedelta(days=1)
        hours = (0 if self._frozen(day) else before) + (0 if self._frozen(tomorrow) else after)
        return hours if hours >= SHORTEST_HOURS else 0

    def _frozen(self, day: date) -> bool:
        return any(freeze.covers(day) for freeze in self.freezes.values())


def _exclusion(name: str, freeze: Freeze) -> dict[str, Any]:
    return {
        "exclusion_name": name,
        "start_time": _timestamp(datetime.combine(freeze.first_day, time())),
        "end_time": _timestamp(datetime.combine(freeze.last_day + timedelta(days=1), time())),
        "exclusion_options": [{"scope": freeze.scope.upper()}],
    }


def _timestamp(moment: datetime) -> str:
    return f"{moment.isoformat(timespec='seconds')}Z"
