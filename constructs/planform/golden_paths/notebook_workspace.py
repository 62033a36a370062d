"""NotebookWorkspace: a notebook with the accelerator that was asked for, as the team, and stopped when idle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from planform.contracts.compute import Compute
from planform.contracts.finops import FinOps
from planform.contracts.identity import Identities
from planform.contracts.monitoring import Monitoring, Panel
from planform.contracts.network_policy import NetworkPolicies
from planform.contracts.notebooks import NotebookProfile, NotebookRef, Notebooks
from planform.contracts.object_store import BucketRef, ObjectStore
from planform.contracts.orchestrator import Orchestrator
from planform.contracts.portal import Portal
from planform.contracts.secrets import Secrets
from planform.contracts.workload_spec import Container, WorkloadResource, WorkloadSpecs
from planform.contracts.workload_spec import Workload as ScoreWorkload
from planform.golden_paths.accelerated import missing_accelerator
from planform.golden_paths.entity import show
from planform.golden_paths.path import Path
from planform.golden_paths.team_secrets import bring_secrets, secret_faults
from planform.kubernetes.record import SYNC
from planform.spec.fault import Fault
from planform.spec.units import Gib, KebabName, Principal
from planform.spec.workload import AcceleratorAsk, Reference, Workload

__all__ = ["NotebookWorkspace", "NotebookWorkspaceSettings"]

Host = Annotated[
    str, StringConstraints(pattern=r"^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$")
]


class NotebookWorkspaceSettings(Workload):
    """A notebook for people of one team."""

    kind: Literal["NotebookWorkspace"] = Field(description="What this document describes.")
    users: tuple[Principal, ...] = Field(default=(), description="Who may start it. Default: the team's owners.")
    size: KebabName | None = Field(
        default=None, description="One of the platform's sizes. Default: the first without an accelerator."
    )
    accelerator: AcceleratorAsk | None = Field(
        default=None, description="Accelerators instead of a size: the smallest size that has them. Default: none."
    )
    disk_gib: Annotated[Gib, Field(le=2000)] = Field(
        default=20, description="Each person's own volume, which stays when the notebook stops, in GiB. Default: 20."
    )
    datasets: tuple[KebabName, ...] = Field(
        default=(), description="Datasets in buckets that are mounted, by the names of their documents. Default: none."
    )
    secrets: dict[KebabName, Annotated[str, Field(min_length=1, max_length=200)]] = Field(
        default_factory=dict,
        description="Secrets of the platform's store that the notebook has as environment variables, by name, with what"
        " each is for. Default: none.",
        examples=[{"partner-api-key": "Calls to the partner's scoring service"}],
    )
    hosts: tuple[Host, ...] = Field(
        default=(), description="Hosts outside that the notebook may reach, by HTTPS. Default: none."
    )
    idle_minutes: int = Field(
        default=60, ge=10, le=1440, description="Minutes without work after which it stops. Default: 60."
    )

    @model_validator(mode="after")
    def _one_size(self) -> NotebookWorkspaceSettings:
        if self.size is not None and self.accelerator is not None:
            raise PydanticCustomError(
                "workload/size-and-accelerator",
                "a notebook has a `size` or an `accelerator`, not both",
                {"help": "keep one of the two: a size says its accelerator itself"},
            )
        return self

    def holds(self) -> Mapping[str, int]:
        """What all of its people hold when they work at once is not known; one notebook is what the team asks for."""
        return {self.accelerator.type: self.accelerator.count} if self.accelerator else {}

    def refers(self) -> Iterator[Reference]:
        for index, name in enumerate(self.datasets):
            yield Reference("dataset", name, ("datasets", index))


class NotebookWorkspace(Path):
    """A notebook in the team's namespace, with its accelerator, its volumes, its secrets and its limits.

    The workspace acts as the team's identity, counts against the team's quota and waits in its queue. Its folder in
    a bucket is the team's own; datasets are mounted beside it as their classification lets the team.
    """

    kind = "NotebookWorkspace"
    persona = "data scientist"
    title = "Notebook workspace"
    table: ClassVar[Mapping[str, str]] = {
        "control": "requested in Backstage",
        "delivery": "the orchestrator provisions it from a standard template",
        "resource": "a notebook pod with the accelerator that was asked for, persistent storage and mounted buckets",
        "security": "credentials injected from the secret store; policies isolate it (namespace, egress, identity)",
        "observability": "logs and metrics for usage; idle shutdown and cost labels",
    }
    choices: ClassVar[Mapping[str, str]] = {"datasets": "dataset"}
    Settings = NotebookWorkspaceSettings
    settings: NotebookWorkspaceSettings
    notebooks: Notebooks
    object_store: ObjectStore
    identity: Identities
    compute: Compute
    secrets: Secrets | None
    network_policy: NetworkPolicies | None
    monitoring: Monitoring | None
    finops: FinOps | None
    orchestrator: Orchestrator | None
    workload_spec: WorkloadSpecs | None
    portal: Portal | None

    @classmethod
    def options(cls, components: Mapping[str, Any]) -> Mapping[str, Sequence[str]]:
        def size(each: NotebookProfile) -> tuple[str, int, int, int, str]:
            return (each.accelerator, each.count, each.cpus, each.memory_gib, each.name)

        profiles = sorted(components["notebooks"].profiles(), key=size)
        found = dict.fromkeys(each.accelerator for each in profiles if each.accelerator)
        return {"size": [each.name for each in profiles], "accelerator.type": [*found]}

    def check(self) -> Iterator[Fault]:
        profiles = self.notebooks.profiles()
        if self.settings.size is not None and self.settings.size not in [each.name for each in profiles]:
            yield Fault(
                "workload/unknown-size",
                f"the platform's notebooks have no size `{self.settings.size}`",
                ("size",),
                help=f"sizes: {', '.join(each.name for each in profiles)}",
            )
        wanted = self.settings.accelerator
        if wanted is not None and self._with_accelerator(wanted) is None:
            has = [f"{each.count} {each.accelerator}" for each in profiles if each.accelerator]
            yield missing_accelerator(self.environment.name, has, wanted)
        yield from secret_faults(self, self.secrets)

    def build(self) -> None:
        profile = self._profile()
        with self.row("resource"):
            buckets = self._buckets()
        with self.row("security"):
            secret = bring_secrets(self, self.secrets, self.compute, f"notebook-{self.name}")
        with self.row("resource"):
            made = self._workspace(profile, buckets, secret)
        self.finds("resource", f"{self.team}-{self.name}")
        self._fence(made)
        self._provision(profile)
        self._watch(made)
        self._show(made)

    def _profile(self) -> NotebookProfile:
        profiles, settings = self.notebooks.profiles(), self.settings
        if settings.accelerator is not None:
            found = self._with_accelerator(settings.accelerator)
        else:
            found = next(
                (p for p in profiles if (p.name == settings.size if settings.size else not p.accelerator)), None
            )
        if found is None:
            raise self.refuse(
                "workload/unknown-size",
                "the platform's notebooks have no size without an accelerator",
                path=("name",),
                help=f"write `size:` with one of {', '.join(each.name for each in profiles)}",
            )
        return found

    def _with_accelerator(self, wanted: AcceleratorAsk) -> NotebookProfile | None:
        fitting = [p for p in self.notebooks.profiles() if p.accelerator == wanted.type and p.count >= wanted.count]
        return min(fitting, key=lambda profile: (profile.count, profile.cpus), default=None)

    def _buckets(self) -> list[BucketRef]:
        own = self.object_store.bucket(f"notebooks-{self.team}", writers=self.members)
        shared = [self.given("dataset", name).bucket for name in self.settings.datasets]
        return [own, *(each for each in shared if each is not None)]

    def _workspace(self, profile: NotebookProfile, buckets: Sequence[BucketRef], secret: str) -> NotebookRef:
        return self.notebooks.workspace(
            self.name,
            team=self.team,
            users=self.settings.users or self.space.team.owners,
            profile=profile.name,
            scope=self,
            identity=self.identity_of_team,
            disk_gib=self.settings.disk_gib,
            buckets=buckets,
            idle_minutes=self.settings.idle_minutes,
            secret=secret,
        )

    def _fence(self, made: NotebookRef) -> None:
        if self.network_policy is None:
            self.lacks("security", "network_policy")
            return
        if not made.pods:
            self.without("security", "the notebook runs outside the cluster: the network's rules hold for it")
            if self.settings.hosts:
                raise self.refuse(
                    "workload/outside-cluster",
                    f"`hosts` is for notebooks in the cluster, and those of environment `{self.environment.name}` run"
                    " outside",
                    path=("hosts",),
                    help="delete the line, or choose `jupyterhub`",
                )
            return
        self.finds("security", f"namespace: {self.namespace}", inside=f"{self.space_folder}networkpolicy-")
        if self.settings.hosts:
            with self.row("security"):
                self.network_policy.allow_egress(
                    self.namespace, f"notebook-{self.name}", scope=self, pods=made.pods, hosts=self.settings.hosts
                )

    def _provision(self, profile: NotebookProfile) -> None:
        with self.row("delivery"):
            if self.orchestrator is not None:
                self.orchestrator.application(f"{self.name}-notebook", team=self.team, namespace=self.namespace)
            else:
                self.lacks("delivery", "orchestrator")
            if self.workload_spec is not None:
                for path, text in self.workload_spec.render(self._score(profile)).items():
                    self.file(path, text)
            else:
                self.lacks("delivery", "workload_spec")

    def _score(self, profile: NotebookProfile) -> ScoreWorkload:
        """The same workspace as whoever describes workloads sees it: what it is, and what it wishes for."""
        resources = {
            "identity": WorkloadResource("service-account"),
            "files": WorkloadResource("bucket"),
            "home": WorkloadResource("volume", params={"size": f"{self.settings.disk_gib}Gi"}),
        }
        if profile.accelerator:
            resources["accelerator"] = WorkloadResource("gpu-pool", profile.name, params={"count": profile.count})
        container = Container(
            "notebook",
            variables={"BUCKET": "${resources.files.uri}", "IDENTITY": "${resources.identity.email}"},
            cpus=profile.cpus,
            memory_mib=profile.memory_gib * 1024,
            health_path="/api",
            health_port=8888,
            volumes={"/home/jovyan": "home"},
        )
        return ScoreWorkload(self.name, (container,), ports={"http": 8888}, resources=resources)

    def _watch(self, made: NotebookRef) -> None:
        self.finds("observability", f"{self.settings.idle_minutes} idle minutes")
        if self.finops is not None:
            self.finds("observability", f"team: {self.team}", inside=f"kubernetes/{self.environment.name}/{SYNC}/")
        if self.monitoring is None:
            self.lacks("observability", "monitoring")
            return
        if not made.pods:
            self.without("observability", "the notebook is no pod of the cluster: its machine is watched, not it")
            return
        pods = f'monitored_resource="k8s_container",namespace_name="{self.namespace}",pod_name=~".*{self.name}.*"'
        cpu = f"sum(rate(kubernetes_io:container_cpu_core_usage_time{{{pods}}}[5m]))"
        panels = [
            Panel("CPU in use, cores", cpu),
            Panel("Memory in use", f"sum(kubernetes_io:container_memory_used_bytes{{{pods}}})", "By"),
            Panel("Notebooks running", f"count(kubernetes_io:container_uptime{{{pods}}})"),
            Panel("Lines of logs a second", f"sum(rate(logging_googleapis_com:log_entry_count{{{pods}}}[5m]))"),
        ]
        if self.settings.accelerator is not None or self._profile().accelerator:
            used = f"avg(kubernetes_io:container_accelerator_duty_cycle{{{pods}}})"
            panels.append(Panel("Accelerators in use", used, "%"))
        id = f"notebook-{self.name}"
        with self.row("observability"):
            self.monitoring.dashboard(id, title=f"Notebook {self.name}", panels=panels, team=self.team)
            hours = max(24, self.settings.idle_minutes // 30)
            self.monitoring.alert(
                f"{id}-long",
                title=f"Notebook {self.name} has run for {hours} hours",
                query=f"max(kubernetes_io:container_uptime{{{pods}}}) > {hours * 3600}",
                minutes=30,
                team=self.team,
            )

    def _show(self, made: NotebookRef) -> None:
        if self.portal is None:
            self.lacks("control", "portal")
            return
        show(self, self.portal, "control", links={"Open the notebook": made.url})
        templates = f"repository/portal/{self.environment.name}/templates/"
        self.finds("control", "name: notebook-workspace", inside=templates)
