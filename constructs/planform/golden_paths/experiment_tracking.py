"""ExperimentTracking: an experiment that a team logs to, with its files, its model and a notebook to start from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from planform.contracts.metadata import ExperimentRef, Metadata
from planform.contracts.model_registry import ModelRegistry
from planform.contracts.pipelines import Pipelines
from planform.contracts.portal import Portal
from planform.golden_paths.entity import show
from planform.golden_paths.path import Path
from planform.spec.units import KebabName
from planform.spec.workload import Reference, Workload

__all__ = ["ExperimentTracking", "ExperimentTrackingSettings"]


class ExperimentTrackingSettings(Workload):
    """An experiment of one team."""

    kind: Literal["ExperimentTracking"] = Field(description="What this document describes.")
    model: KebabName | None = Field(
        default=None, description="Model that its runs register versions of; it is made. Default: none."
    )
    datasets: tuple[KebabName, ...] = Field(
        default=(), description="Datasets that its runs name as inputs, by their documents. Default: none."
    )

    declares = ("experiment",)

    def gives(self) -> Iterator[tuple[str, str]]:
        yield from super().gives()
        if self.model is not None:
            yield "model", self.model

    def refers(self) -> Iterator[Reference]:
        for index, name in enumerate(self.datasets):
            yield Reference("dataset", name, ("datasets", index))


class ExperimentTracking(Path):
    """An experiment in the platform's metadata store; only the team's identity writes it.

    Its starter is a notebook that logs a run with parameters and metrics, and registers a model where one is named.
    """

    kind = "ExperimentTracking"
    persona = "data scientist"
    title = "Experiment tracking"
    table: ClassVar[Mapping[str, str]] = {
        "control": "a notebook starter that logs with the store's SDK",
        "data": "parameters and metrics to the metadata store, models to the model registry",
        "resource": "artefacts in a bucket, metadata in the managed store",
        "security": "IAM restricts tracking data to the project and team",
        "observability": "runs visible in the store's user interface, linked to pipeline runs",
    }
    choices: ClassVar[Mapping[str, str]] = {"datasets": "dataset"}
    Settings = ExperimentTrackingSettings
    settings: ExperimentTrackingSettings
    metadata: Metadata
    model_registry: ModelRegistry | None
    pipelines: Pipelines | None
    portal: Portal | None

    def build(self) -> None:
        with self.row("resource"):
            experiment = self.metadata.experiment(self.name, team=self.team)
        self.give("experiment", experiment)
        with self.row("security"):
            self.metadata.experiment(self.name, team=self.team, writers=self.members)
        if not self.members:
            self.without("security", "the team has no identity here, as its environment has no cluster")
        with self.row("data"):
            self._reach()
            self._register()
        with self.row("control"):
            self.file("starter.ipynb", self._starter(experiment))
        with self.row("observability"):
            self._show(experiment)

    def _reach(self) -> None:
        client = self.metadata.reach(self.namespace, team=self.team, scope=self)
        self.manifest("v1", "ConfigMap", f"experiment-{self.name}", data={**client.variables, "EXPERIMENT": self.name})

    def _register(self) -> None:
        if self.settings.model is None:
            return
        if self.model_registry is None:
            raise self.refuse(
                "workload/missing-capability",
                f"`model` needs `model_registry`, and environment `{self.environment.name}` has none",
                path=("model",),
                help="fill the slot `model_registry`, or delete the line",
            )
        made = self.model_registry.model(self.settings.model, team=self.team, publishers=self.members)
        self.give("model", (self.team, made), self.settings.model)

    def _show(self, experiment: ExperimentRef) -> None:
        service = self.pipelines.service() if self.pipelines is not None else None
        links = {"Runs": experiment.url, "Pipeline runs": service.url if service is not None else ""}
        if self.portal is not None:
            show(self, self.portal, "observability", links=links, type="experiment")
        self.file("links.json", json.dumps({title: url for title, url in links.items() if url}, indent=2) + "\n")

    def _starter(self, experiment: ExperimentRef) -> str:
        store = self.metadata.store()
        facts = self.environment
        if store.kind == "mlflow":
            first = (
                f"import mlflow\n\nmlflow.set_tracking_uri({str(store.uri)!r})\n"
                f"mlflow.set_experiment({experiment.name!r})"
            )
            log = "with mlflow.start_run():\n    mlflow.log_params({'depth': 6})\n    mlflow.log_metrics({'auc': 0.9})"
        else:
            first = (
                "from google.cloud import aiplatform\n\n"
                f"aiplatform.init(project={facts.project!r}, location={facts.region!r}, experiment={experiment.name!r})"
            )
            log = (
                "import datetime\n\n"
                "run = datetime.datetime.now(datetime.timezone.utc).strftime('run-%Y%m%d-%H%M%S')\n"
                "with aiplatform.start_run(run):\n"
                "    aiplatform.log_params({'depth': 6})\n    aiplatform.log_metrics({'auc': 0.9})"
            )
        cells = [
            _text(f"# {self.name}\n\nRuns of team {self.team}. Artefacts go to `{experiment.artifacts}`."),
            _code(first),
            _code(log),
        ]
        return json.dumps(_notebook(cells), indent=1) + "\n"


def _text(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source.splitlines(keepends=True)}


def _code(source: str) -> dict[str, Any]:
    lines = source.splitlines(keepends=True)
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": lines}


def _notebook(cells: list[dict[str, Any]]) -> dict[str, Any]:
    """Source: nbformat 4.5, whose cells have ids."""
    named = [{**cell, "id": f"cell-{index}"} for index, cell in enumerate(cells)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": named, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
