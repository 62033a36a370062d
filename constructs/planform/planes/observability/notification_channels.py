"""Who is told of an alert, and how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import Field

from planform.contracts.monitoring import Severity
from planform.planes.component import Component
from planform.planes.record_ids import record_id
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import KebabName
from planform.terraform.expression import Expression
from planform.terraform.google import MonitoringNotificationChannel

__all__ = ["EMAIL", "ChannelSettings", "Channels", "channel_faults"]

EMAIL = r"^[A-Za-z0-9._%+-]+@[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$"


class ChannelSettings(Settings):
    """One way to tell somebody: an e-mail address, or a channel that a person made."""

    email: str | None = Field(
        default=None, pattern=EMAIL, description="E-mail address. Default: none.", examples=["oncall@acme.example"]
    )
    existing: str | None = Field(
        default=None,
        pattern=r"^projects/[a-z0-9][a-z0-9-]{4,28}[a-z0-9]/notificationChannels/[0-9]{1,20}$",
        description="A channel made by hand, for Slack, PagerDuty and whatever else needs a sign-in or a key:"
        " see `gcloud beta monitoring channels list`. Default: none.",
        examples=["projects/acme-ai-dev/notificationChannels/1234567890123456789"],
    )
    teams: tuple[KebabName, ...] = Field(
        default=(),
        description="Teams whose alerts go here. Default: the alerts of the platform, and of teams without a channel.",
    )
    severities: tuple[Severity, ...] = Field(
        default=("page", "ticket"), min_length=1, description="Severities that are told here. Default: page and ticket."
    )


def channel_faults(channels: Mapping[str, ChannelSettings], environment: Environment) -> Iterator[Fault]:
    """Channels that are of no kind or of two, or in another project, which the API refuses."""
    own = (environment.project, environment.project_number)
    for name, channel in channels.items():
        if (channel.email is None) == (channel.existing is None):
            yield Fault(
                "spec/channel",
                f"channel `{name}` is {'of two kinds' if channel.email else 'of no kind'}",
                ("channels", name),
                help="write either `email` or `existing`",
            )
        elif channel.existing is not None and channel.existing.split("/")[1] not in own:
            yield Fault(
                "spec/channel",
                f"channel `{name}` is of another project, and alerts tell channels of their own project only",
                ("channels", name, "existing"),
                help=f"make the channel in {environment.project}",
            )


class Channels:
    """The channels of an environment, and which of them an alert goes to."""

    def __init__(self, owner: Component, settings: Mapping[str, ChannelSettings]) -> None:
        self._settings = settings
        self._made = {
            name: MonitoringNotificationChannel(
                owner,
                record_id(name),
                project=owner.environment.project,
                type="email",
                display_name=f"{owner.environment.prefix} {name}",
                labels={"email_address": channel.email},
                user_labels=owner.labels,
                origin=owner.at("channels", name),
            )
            for name, channel in settings.items()
            if channel.email is not None
        }

    def of(self, team: str, severity: Severity) -> list[Expression | str]:
        """Names of the channels for a team's alerts: its own, or else the platform's."""
        own = [name for name, channel in self._settings.items() if team and team in channel.teams]
        names = own or [name for name, channel in self._settings.items() if not channel.teams]
        return [self._name(name) for name in names if severity in self._settings[name].severities]

    def _name(self, name: str) -> Expression | str:
        return self._made[name].name if name in self._made else str(self._settings[name].existing)
