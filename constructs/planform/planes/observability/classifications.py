"""How sensitive data can be, and which of it needs leave column by column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from planform.planes.component import Component
from planform.spec.fault import Fault
from planform.spec.settings import Settings

__all__ = ["Classification", "ClassificationSettings", "classification_faults", "refuse_classification"]

Classification = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,29}$"), Field(examples=["confidential"])]


class ClassificationSettings(Settings):
    """The organisation's classifications of data."""

    classifications: Annotated[tuple[Classification, ...], Field(min_length=1, max_length=20)] = Field(
        default=("public", "internal", "confidential", "restricted"),
        description="Classifications that data may have, the least sensitive first, 1 to 20."
        " Default: public, internal, confidential, restricted.",
    )


def classification_faults(settings: Any, field: str, named: Iterable[str]) -> Iterable[Fault]:
    """A fault for each classification that occurs twice, or that `field` names and nobody listed."""
    listed: Sequence[str] = settings.classifications
    for index, each in enumerate(listed):
        if each in listed[:index]:
            yield Fault(
                "spec/classification",
                f"`{each}` is there twice",
                ("classifications", index),
                help="delete one of the two",
            )
    for each in named:
        if each not in listed:
            yield Fault(
                "spec/classification",
                f"`{each}` is none of the classifications",
                (field,),
                help=f"write some of {', '.join(listed)}, or add it to `classifications`",
            )


def refuse_classification(component: Component, name: str, classification: str, listed: Sequence[str]) -> None:
    """Raise Refused for a classification that the platform does not have."""
    if classification not in listed:
        raise component.refuse(
            "contract/classification",
            f"the dataset `{name}` is classified `{classification}`, which the catalog does not know",
            help=f"write one of {', '.join(listed)}",
        )
