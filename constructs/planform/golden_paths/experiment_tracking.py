"""ExperimentTracking: an experiment that a team logs to, with its files, its model and a repository to start from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from pydantic import Field

from planform.contracts.ci import Ci
from planform.contracts.ide import Ide
from planform.contracts.metadata import ExperimentRef, Metadata
from planform.contracts.model_registry import ModelRegistry
from planform.contracts.pipelines import Pipelines
from planform.contracts.portal import Portal
from planform.contracts.version_control import VersionControl
from planform.golden_paths.application_repository import deliver, keep, make_repository
from planform.golden_paths.entity import show
from planform.golden_paths.path import Path
from planform.spec.units import KebabName
from planform.spec.workload import ApplicationWorkload, Reference

__all__ = ["ExperimentTracking", "ExperimentTrackingSettings"]


class ExperimentTrackingSettings(ApplicationWorkload):
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

    Its repository's first files are a notebook that logs a run with parameters and metrics, and what it uses for that;
    CI tests them. Which environment runs go to is told by variables: in the cluster by the ConfigMap
    `experiment-<name>`.
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
    repository = "experiment"
    Settings = ExperimentTrackingSettings
    settings: ExperimentTrackingSettings
    metadata: Metadata
    model_registry: ModelRegistry | None
    pipelines: Pipelines | None
    portal: Portal | None
    ci: Ci | None
    version_control: VersionControl | None
    ide: Ide | None

    def build(self) -> None:
        with self.row("resource"):
            experiment = self.metadata.experiment(self.name, team=self.team)
        self.give("experiment", experiment)
        with self.row("security"):
            self.metadata.experiment(self.name, team=self.team, writers=self.members)
        if not self.members:
            self.without("security", "the team has no identity here, as its environment has no cluster")
        with self.row("data"):
            self._reach(experiment)
            self._register()
        with self.row("control"):
            self._start(experiment)
        with self.row("observability"):
            self._show(experiment)

    def _reach(self, experiment: ExperimentRef) -> None:
        client = self.metadata.reach(self.namespace, team=self.team, scope=self)
        facts = {**client.variables, "ARTIFACTS": str(experiment.artifacts), "EXPERIMENT": str(experiment.name)}
        self.manifest("v1", "ConfigMap", f"experiment-{self.name}", data=dict(sorted(facts.items())))

    def _start(self, experiment: ExperimentRef) -> None:
        store = self.metadata.store()
        place = {"tracking_uri": str(store.uri)} if store.kind == "mlflow" else {"region": self.environment.region}
        answers = {"experiment": str(experiment.name), "tracking": store.kind, "workload": self.name, **place}
        if self.ci is None or self.version_control is None:
            self.lacks("control", "ci" if self.ci is None else "version_control")
            keep(self, answers)
            return
        deliver(
            self,
            make_repository(self, self.version_control),
            (),
            control=self.version_control,
            ci=self.ci,
            ide=self.ide,
            answers=answers,
            plane="control",
        )

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
