"""What every Kafka has to agree on: names of topics and clients, and that nobody asks for one topic in two forms."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from planform.contracts.streaming import TopicRef
from planform.planes.component import Component

__all__ = ["AskedTopic", "check_client", "check_topic", "topic_settings"]

TOPIC = re.compile(r"(?!\.\.?$)[a-zA-Z0-9._-]{1,200}")
CLIENT = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
MOST_PARTITIONS = 10_000
MILLISECONDS_OF_AN_HOUR = 3_600_000


class AskedTopic(Struct, frozen=True):
    """What was asked of a topic."""

    name: str
    partitions: int
    retention_hours: int
    compacted: bool

    @property
    def ref(self) -> TopicRef:
        return TopicRef(self.name, self.partitions)


def check_topic(component: Component, asked: AskedTopic, held: Mapping[str, AskedTopic]) -> None:
    """Refuse a topic that cannot be, or that is there in another form.

    Source: Kafka's own rule for topics has 249 characters; 200 leaves room for the names of its dead letters.
    """
    if not TOPIC.fullmatch(asked.name):
        raise component.refuse(
            "contract/bad-name",
            f"`{asked.name}` cannot be the name of a topic",
            help="use letters, digits, dots, hyphens and underscores, at most 200",
        )
    if not 1 <= asked.partitions <= MOST_PARTITIONS or asked.retention_hours < 1:
        raise component.refuse(
            "contract/bad-value",
            f"topic `{asked.name}` is asked for with {asked.partitions} partitions kept {asked.retention_hours} hours",
            help=f"ask for 1 to {MOST_PARTITIONS} partitions, and for one hour at least",
        )
    other = held.get(asked.name)
    if other is not None and other != asked:
        raise component.refuse(
            "contract/other-form",
            f"topic `{asked.name}` is asked for as {_form(asked)}, and was before as {_form(other)}",
            help="ask for it alike everywhere, or give one of the two another name",
        )


def check_client(component: Component, name: str, namespace: str, held: Mapping[str, str]) -> None:
    """Refuse a client whose name cannot be, or that is there in another namespace."""
    if not CLIENT.fullmatch(name):
        raise component.refuse(
            "contract/bad-name",
            f"`{name}` cannot be the name of a client of Kafka",
            help="use lower case letters, digits and hyphens, at most 63",
        )
    if held.get(name, namespace) != namespace:
        raise component.refuse(
            "contract/other-form",
            f"client `{name}` is in namespace `{held[name]}`, and one of that name is asked for in `{namespace}`",
            help="give one of the two another name; its rights are its own",
        )


def topic_settings(asked: AskedTopic, min_insync: int) -> dict[str, str]:
    """A topic's configuration in Kafka's words."""
    if asked.compacted:
        return {"cleanup.policy": "compact", "min.insync.replicas": str(min_insync)}
    return {
        "cleanup.policy": "delete",
        "min.insync.replicas": str(min_insync),
        "retention.ms": str(asked.retention_hours * MILLISECONDS_OF_AN_HOUR),
    }


def _form(topic: AskedTopic) -> str:
    kept = "compacted" if topic.compacted else f"kept {topic.retention_hours} hours"
    return f"{topic.partitions} partitions, {kept}"
