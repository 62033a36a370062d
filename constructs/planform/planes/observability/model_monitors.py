"""What every tool that watches models does with an ask: the name, and which monitors a kind of model can have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import Field, StringConstraints

from planform.contracts.model_observability import ModelKind, ModelMonitor
from planform.planes.component import Component
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import KebabName

__all__ = ["ModelName", "WatchedModel", "monitor_faults", "refuse_model"]

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
OF_LANGUAGE: tuple[ModelMonitor, ...] = ("hallucination",)
"""Monitors that judge text."""

ModelName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$"), Field(examples=["churn"])]


class WatchedModel(Settings):
    """A model to watch that no component of the platform serves."""

    kind: ModelKind = Field(description="`classification`, `regression`, `ranking` or `language`.")
    team: KebabName = Field(description="The team whose it is.", examples=["fraud"])
    monitors: tuple[ModelMonitor, ...] = Field(
        default=("drift", "performance"),
        min_length=1,
        description="`drift`, `performance`, `data_quality` and, of language models, `hallucination`."
        " Default: drift, performance.",
    )


def monitor_faults(models: Iterable[tuple[str, WatchedModel]]) -> Iterable[Fault]:
    """Monitors that a model's kind cannot have."""
    for name, model in models:
        for index, monitor in enumerate(model.monitors):
            if monitor in OF_LANGUAGE and model.kind != "language":
                yield Fault(
                    "spec/model-monitor",
                    f"`{monitor}` judges text, and `{name}` is a model of {model.kind}",
                    ("models", name, "monitors", index),
                    help="delete it, or write `kind: language`",
                )


def refuse_model(component: Component, name: str, kind: ModelKind, monitors: Sequence[ModelMonitor]) -> None:
    """Refuse an ask for a model by a bad name, or for a monitor that its kind cannot have."""
    if not NAME.fullmatch(name):
        raise component.refuse(
            "contract/bad-name",
            f"`{name}` cannot be the name of a model",
            help="use lower case letters, digits and hyphens, 63 at most",
        )
    for monitor in monitors:
        if monitor in OF_LANGUAGE and kind != "language":
            raise component.refuse(
                "contract/other-monitor",
                f"the monitor `{monitor}` judges text, and `{name}` is a model of {kind}",
                help="ask for drift, performance or data_quality",
            )
