"""GoldenPath: a kind of an organisation's own, made of another kind by presets, without Python."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from planform.contracts.monitoring import Monitoring, Panel
from planform.contracts.orchestrator import Orchestrator
from planform.contracts.portal import Portal
from planform.contracts.version_control import VersionControl
from planform.contracts.workload_spec import Container, WorkloadResource, WorkloadSpecs
from planform.contracts.workload_spec import Workload as ScoreWorkload
from planform.golden_paths.own import camel
from planform.golden_paths.path import Path
from planform.kubernetes.writer import to_yaml
from planform.spec.settings import Settings
from planform.spec.workload import COMMON, Workload

__all__ = ["GoldenPath", "GoldenPathSettings"]


class Chart(Settings):
    """One chart of the dashboard that all workloads of the path share."""

    title: str = Field(min_length=1, max_length=100, description="What it shows.")
    query: str = Field(min_length=1, max_length=2000, description="PromQL.")
    unit: str = Field(default="1", max_length=10, description="Unit of its values. Default: 1.")


class GoldenPathSettings(Workload):
    """A kind of one's own, called as its document in capitals: `spot-fine-tuning` makes `SpotFineTuning`."""

    kind: Literal["GoldenPath"] = Field(description="What this document describes.")
    title: str = Field(min_length=1, max_length=100, description="What people see in the portal.")
    base: str = Field(pattern=r"^[A-Z][A-Za-z]+$", description="The kind that it is made of.", examples=["Dataset"])
    presets: dict[str, Any] = Field(
        default_factory=dict, description="Settings of the base kind that its documents have without writing them."
    )
    fixed: tuple[str, ...] = Field(default=(), description="Settings that its documents may not write. Default: none.")
    free: tuple[str, ...] | None = Field(
        default=None, description="The only settings that its documents may write. Default: all that are not `fixed`."
    )
    dashboard: tuple[Chart, ...] = Field(
        default=(), description="Charts that all of its workloads share. Default: how many containers run in all."
    )

    declares = ("golden path",)

    @model_validator(mode="after")
    def _presets_its_own(self) -> GoldenPathSettings:
        common = [key for key in (*self.presets, *self.fixed) if key in COMMON]
        both = sorted(set(self.fixed) & set(self.free or ()))
        if common or both:
            raise PydanticCustomError(
                "workload/presets",
                "{what}",
                {
                    "what": f"`{common[0]}` is every document's own" if common else f"`{both[0]}` is fixed and free",
                    "help": "take it out of `presets` and `fixed`" if common else "keep one of the two",
                },
            )
        return self


class GoldenPath(Path):
    """A kind of one's own: template, schema, command line and page like those of planform's kinds.

    Its documents are those of the base kind with the presets under them; what they make is what the base kind makes.
    """

    kind = "GoldenPath"
    persona = "platform engineer"
    title = "Golden path"
    table: ClassVar[Mapping[str, str]] = {
        "control": "a new template published to the portal",
        "delivery": "a workload file for the workload, Terraform for infrastructure, orchestrator wiring",
        "resource": "declared bindings: the base kind, what is preset, fixed and free",
        "security": "what its workloads act as, and the paths of their secrets",
        "observability": "a dashboard that all of its workloads share",
    }
    Settings = GoldenPathSettings
    settings: GoldenPathSettings
    portal: Portal | None
    version_control: VersionControl | None
    workload_spec: WorkloadSpecs | None
    orchestrator: Orchestrator | None
    monitoring: Monitoring | None

    def build(self) -> None:
        templates = f"repository/portal/{self.environment.name}/templates/{self.name}/"
        if self.portal is None or self.version_control is None:
            self.lacks("control", "portal" if self.portal is None else "version_control")
        else:
            self.finds("control", f"name: {self.name}", inside=templates)
        self._wire()
        with self.row("resource"):
            self.file("bindings.yaml", to_yaml(self._bindings()))
        with self.row("security"):
            self.file("access.yaml", to_yaml(self._access()))
        self._watch()

    def _wire(self) -> None:
        with self.row("delivery"):
            if self.workload_spec is None:
                self.lacks("delivery", "workload_spec")
            else:
                for path, text in self.workload_spec.render(self._score()).items():
                    self.file(path, text)
            if self.orchestrator is None:
                self.lacks("delivery", "orchestrator")
            else:
                self.orchestrator.application(f"{self.name}-path", team=self.team, namespace=self.namespace)

    def _score(self) -> ScoreWorkload:
        accelerator = self.settings.presets.get("accelerator")
        resources = {"identity": WorkloadResource("service-account"), "files": WorkloadResource("bucket")}
        container = Container(
            "workload",
            variables={
                "BUCKET": "${resources.files.uri}",
                "IDENTITY": "${resources.identity.email}",
                **({"ACCELERATOR": str(accelerator["type"])} if isinstance(accelerator, Mapping) else {}),
            },
        )
        return ScoreWorkload(self.name, (container,), resources=resources)

    def _bindings(self) -> dict[str, Any]:
        return {
            "kind": camel(self.name),
            "base": self.settings.base,
            "presets": json.loads(json.dumps(self.settings.presets, sort_keys=True)),
            "fixed": [*self.settings.fixed],
            "free": [*self.settings.free] if self.settings.free is not None else "all others",
        }

    def _access(self) -> dict[str, Any]:
        """What a workload of this path acts as, and where its secrets are."""
        secrets = self.settings.presets.get("secrets", {})
        return {
            "identity": f"the service account team-<team> of {self.environment.project}, for the base kind's own roles",
            "secrets": {name: f"{self.environment.prefix}-<team>-{name}" for name in sorted(secrets)}
            if isinstance(secrets, Mapping)
            else {},
        }

    def _watch(self) -> None:
        if self.monitoring is None:
            self.lacks("observability", "monitoring")
            return
        running = 'count(kubernetes_io:container_uptime{monitored_resource="k8s_container"})'
        panels = [Panel(chart.title, chart.query, chart.unit) for chart in self.settings.dashboard]
        with self.row("observability"):
            self.monitoring.dashboard(
                f"path-{self.name}",
                title=self.settings.title,
                panels=panels or [Panel("Containers running, of all workloads", running)],
                team=self.team,
            )
