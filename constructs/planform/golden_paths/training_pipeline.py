"""TrainingPipeline: a pipeline that makes versions of a model, from features to the registry."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StringConstraints

from planform.contracts.batch_queue import BatchQueue
from planform.contracts.ci import Ci, Step
from planform.contracts.compute import Compute
from planform.contracts.feature_store import FeatureGroupRef, FeatureStore
from planform.contracts.ide import Ide
from planform.contracts.identity import Identities
from planform.contracts.metadata import ExperimentRef, Metadata, MetadataClient
from planform.contracts.model_registry import ModelRef, ModelRegistry
from planform.contracts.model_scanning import ModelScanning
from planform.contracts.monitoring import Monitoring, Panel
from planform.contracts.network_policy import NetworkPolicies
from planform.contracts.pipelines import Pipelines
from planform.contracts.portal import Portal
from planform.contracts.registry import Registry
from planform.contracts.secrets import Secrets
from planform.contracts.version_control import CodeRepository, VersionControl
from planform.golden_paths.accelerated import has_accelerator, no_accelerator, nodes_in_one_pool
from planform.golden_paths.application_repository import (
    COMMIT,
    acting_identity,
    deliver,
    keep,
    make_repository,
    short_name,
)
from planform.golden_paths.entity import show
from planform.golden_paths.model_scan import no_scan_gate
from planform.golden_paths.path import Path
from planform.golden_paths.team_secrets import bring_secrets, secret_faults
from planform.kubernetes.accelerators import QUEUE, on_accelerator, resource_of
from planform.spec.cron import Schedule
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import KebabName
from planform.spec.workload import AcceleratorAsk, ApplicationWorkload, Reference

__all__ = ["TrainingPipeline", "TrainingPipelineSettings"]

Parameter = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Engine = Literal["trainer", "ray"]
_TITLES: Mapping[Engine, str] = {"trainer": "Kubeflow Trainer", "ray": "KubeRay"}
_JOBS: Mapping[Engine, tuple[str, str]] = {
    "trainer": ("trainer.kubeflow.org", "trainjobs"),
    "ray": ("ray.io", "rayjobs"),
}
_OF_EXISTING: Mapping[Engine, str] = {"trainer": "trainer: true", "ray": "ray: NAMESPACE-OF-ITS-OPERATOR"}
RAY_DASHBOARD = 8265
"""Port of a RayJob's head, by which KubeRay's operator starts the job and asks how it is."""
CAPACITIES = ("on_demand", "reservation", "spot", "flex_start", "queued")
PACKAGE = "build/pipeline.yaml"
"""Where the repository's own command writes the compiled pipeline."""
_COMPILE = """\
python -m pip install --quiet --editable .
python -m {module} --output "$PACKAGE"
"""
MLFLOW_PASSWORD = "MLFLOW_TRACKING_PASSWORD"
"""The variable that MLflow's client reads, and the key of the Secret that metadata brings for it."""


class ModelCard(Settings):
    """What every version's card says before anybody has trained it."""

    intended_use: str = Field(min_length=1, max_length=1000, description="What the model is for.")
    out_of_scope: tuple[str, ...] = Field(default=(), description="What it is not for. Default: nothing said.")
    limitations: tuple[str, ...] = Field(
        default=(), description="Where it is known to be wrong. Default: nothing said."
    )


class Evaluation(Settings):
    """What a new version must reach to be registered."""

    metric: str = Field(default="auc", pattern=r"^[a-z][a-z0-9_]*$", description="Name of the metric. Default: auc.")
    least: float = Field(default=0.7, description="Its least value. Default: 0.7.")
    gain: float = Field(
        default=0.0, description="How much better than the current model it must be. Default: as good, 0."
    )


class Distributed(Settings):
    """Several nodes in the place of one pod that trains."""

    engine: Engine = Field(
        default="trainer",
        description="What trains on them: `trainer`, a TrainJob of Kubeflow Trainer, or `ray`, a RayJob of KubeRay."
        " Default: trainer.",
    )
    nodes: int = Field(
        ge=2, le=256, description="Pods that train one model together, each with `accelerator`.", examples=[4]
    )


class TrainingPipelineSettings(ApplicationWorkload):
    """A pipeline of one team that trains one model."""

    kind: Literal["TrainingPipeline"] = Field(description="What this document describes.")
    model: KebabName = Field(description="The model that it makes versions of; it is made.")
    features: KebabName = Field(
        description="Features that it trains on: a Dataset with a `feature_group`, by its document's name."
    )
    label: str = Field(
        default="label", pattern=r"^[a-z][a-z0-9_]*$", description="Column that it learns to predict. Default: label."
    )
    accelerator: AcceleratorAsk | None = Field(
        default=None, description="Accelerators of the step that trains. Default: none."
    )
    distributed: Distributed | None = Field(
        default=None, description="Train on several nodes, not in one pod, by Kubeflow Trainer or Ray. Default: none."
    )
    schedule: Schedule | None = Field(
        default=None, description="When it runs, cron, UTC. Default: at each commit alone."
    )
    parameters: dict[Parameter, str] = Field(
        default_factory=dict,
        description="Parameters of the step that trains, as text. Default: none.",
        examples=[{"max_depth": "6"}],
    )
    card: ModelCard = Field(description="What every version's card says.")
    evaluation: Evaluation = Field(
        default_factory=Evaluation, description="What a version must reach. Default: see there."
    )
    secrets: dict[KebabName, Annotated[str, Field(min_length=1, max_length=200)]] = Field(
        default_factory=dict, description="Secrets that its steps read, with what each is for. Default: none."
    )

    declares = ("pipeline",)

    def holds(self) -> Mapping[str, int]:
        nodes = self.distributed.nodes if self.distributed else 1
        return {self.accelerator.type: self.accelerator.count * nodes} if self.accelerator else {}

    def gives(self) -> Iterator[tuple[str, str]]:
        yield from super().gives()
        yield "model", self.model

    def refers(self) -> Iterator[Reference]:
        yield Reference("feature group", self.features, ("features",))


class TrainingPipeline(Path):
    """A pipeline on the platform's engine: from the feature store over training and the scanner to the registry.

    What its steps have to know of the platform is in the ConfigMap `pipeline-<name>` of the team's namespace, and for
    Vertex AI, whose steps are not in the cluster, in variables of the job that compiles it: where features, experiment
    and model are, the label, what a version must reach, the gate before registration, the queue and the nodes. The
    repository's first files are a pipeline with that gate before everything that loads a model; at each commit CI
    builds the image of its steps, compiles it with `python -m <package>.pipeline --output FILE`, and starts it or sets
    its schedule.

    With `distributed`, the step that trains makes a TrainJob of Kubeflow Trainer or a RayJob of KubeRay in the team's
    namespace, and waits for it. The job waits in the team's queue as a whole and starts when all of its nodes can. The
    service account of the steps gets leave to make it. KubeRay's operator is let in to the head of a RayJob, which
    takes orders by a token alone; the image of the steps has Ray only where they need it.
    """

    kind = "TrainingPipeline"
    persona = "ML engineer"
    title = "Training pipeline"
    table: ClassVar[Mapping[str, str]] = {
        "delivery": "the pipeline in a repository; CI compiles it and runs it on the platform's engine",
        "data": "pulls features from the feature store; logs to the metadata store and the model registry, with a card",
        "resource": "accelerators for the step that trains: queue, capacity mode; several nodes by Trainer or Ray",
        "security": "credentials from the secret store; the scanning gate before registration",
        "observability": "execution, logs and usage in monitoring and the engine's user interface",
    }
    choices: ClassVar[Mapping[str, str]] = {"features": "feature group"}
    repository = "pipeline"
    Settings = TrainingPipelineSettings
    settings: TrainingPipelineSettings
    pipelines: Pipelines
    feature_store: FeatureStore
    metadata: Metadata
    model_registry: ModelRegistry
    identity: Identities
    compute: Compute
    registry: Registry | None
    model_scanning: ModelScanning | None
    batch_queue: BatchQueue | None
    network_policy: NetworkPolicies | None
    secrets: Secrets | None
    monitoring: Monitoring | None
    ci: Ci | None
    version_control: VersionControl | None
    ide: Ide | None
    portal: Portal | None

    @classmethod
    def options(cls, components: Mapping[str, Any]) -> Mapping[str, Sequence[str]]:
        pools = components["compute"].accelerator_pools()
        return {
            "accelerator.type": sorted({each.accelerator for each in pools}),
            "distributed.engine": sorted(_engines(components.get("batch_queue"))),
        }

    @classmethod
    def unavailable(cls, components: Mapping[str, Any]) -> Collection[str]:
        return () if _engines(components.get("batch_queue")) else ("distributed",)

    def check(self) -> Iterator[Fault]:
        if self.model_scanning is None:
            yield no_scan_gate(self.environment.name, self.settings.model, "registered")
        yield from secret_faults(self, self.secrets)
        for key in ("accelerator", "distributed", "secrets") if not self._in_cluster else ():
            if getattr(self.settings, key):
                yield Fault(
                    "workload/outside-cluster",
                    f"`{key}` is for steps in the cluster, and pipelines of `{self.environment.name}` run on Vertex AI",
                    (key,),
                    help="let the step's own code ask Vertex AI or Secret Manager, or choose `kubeflow-pipelines`",
                )
        if self.settings.accelerator is not None and not has_accelerator(self.compute, self.settings.accelerator):
            yield no_accelerator(self.environment.name, self.compute, self.settings.accelerator)
        elif self.settings.distributed is not None and self._in_cluster:
            yield from self._node_faults(self.settings.distributed)

    def _node_faults(self, asked: Distributed) -> Iterator[Fault]:
        """Whether the environment can train on so many nodes."""
        there, nodes = _engines(self.batch_queue), asked.nodes
        if asked.engine not in there:
            setting = _OF_EXISTING[asked.engine]
            instead = f"write `engine: {min(there)}`, " if there else ""
            yield Fault(
                "workload/no-trainer",
                f"environment `{self.environment.name}` has no {_TITLES[asked.engine]}, which trains on several nodes",
                ("distributed", "engine") if "engine" in asked.model_fields_set else ("distributed",),
                help=f"{instead}fill the slot `batch_queue` by `kueue`, or `existing` with `{setting}`,"
                " or delete the line",
            )
        wanted = self.settings.accelerator
        room = nodes_in_one_pool(self.compute, wanted) if wanted is not None else None
        if wanted is not None and room is not None and room < nodes:
            yield Fault(
                "workload/no-accelerator",
                f"no pool of environment `{self.environment.name}` has room for {nodes} nodes with {wanted.count}"
                f" {wanted.type} each",
                ("distributed", "nodes"),
                help=f"the largest has room for {room}: ask for so many, or raise its `max_nodes`",
            )

    def build(self) -> None:
        with self.row("delivery"):
            self._runs = self.pipelines.team(self.team, namespace=self.namespace, identity=self.identity_of_team)
        with self.row("data"):
            group, experiment, model = self._data()
        with self.row("security"):
            secret = bring_secrets(self, self.secrets, self.compute, f"pipeline-{self.name}")
        client = self.metadata.reach(self.namespace, team=self.team, scope=self)
        facts = self._facts(group, experiment, model, secret, client)
        if self._in_cluster:
            with self.row("resource"):
                self.manifest("v1", "ConfigMap", f"pipeline-{self.name}", data=facts)
                if self.settings.distributed is not None:
                    self._let_train(self.settings.distributed.engine)
            self._place()
            self.finds("security", "SCAN_GATE", inside=f"{self.manifests.folder}/configmap-pipeline-")
            with self.row("security"):
                secrets = self._secret_variables(secret, client)
            told = {
                "CONFIG_MAP": f"pipeline-{self.name}",
                "PLACEMENT": facts["PLACEMENT"],
                "SECRETS": json.dumps(secrets, sort_keys=True),
            }
            self._deliver(group, model, told)
        else:
            self.without("resource", "Vertex AI has machines of its own for each step")
            self._deliver(group, model, facts)
            self.finds("security", '"SCAN_GATE"', inside="stacks")
        self._watch(experiment)

    def _data(self) -> tuple[FeatureGroupRef, ExperimentRef, ModelRef]:
        wanted: FeatureGroupRef = self.given("feature group", self.settings.features)
        group = self.feature_store.group(wanted.name, entity="", features={}, readers=self.members)
        self.feature_store.reach(self.namespace, scope=self)
        experiment = self.metadata.experiment(self.name, team=self.team, writers=self.members)
        model = self.model_registry.model(self.settings.model, team=self.team, publishers=self.members)
        self.give("model", (self.team, model), self.settings.model)
        self.give("pipeline", self.name)
        card = {**self.settings.card.model_dump(), "team": self.team, "model": model.name}
        self.file("model-card.json", json.dumps(card, indent=2) + "\n")
        return group, experiment, model

    def _let_train(self, engine: Engine) -> None:
        """Leave for the steps to make jobs of the engine and see how they end, and for its operator to ask them."""
        api, name = "rbac.authorization.k8s.io", f"pipeline-{self.name}-nodes"
        group, kind = _JOBS[engine]
        rule = {"apiGroups": [group], "resources": [kind], "verbs": ["create", "get"]}
        self.manifest(f"{api}/v1", "Role", name, rules=[rule])
        self.manifest(
            f"{api}/v1",
            "RoleBinding",
            name,
            roleRef={"apiGroup": api, "kind": "Role", "name": name},
            subjects=[
                {"kind": "ServiceAccount", "name": self._runs.service_account, "namespace": self._runs.namespace}
            ],
        )
        operator = _engines(self.batch_queue)[engine]
        if operator is not None and self.network_policy is not None:
            self.network_policy.allow_ingress(
                self.namespace,
                name,
                scope=self,
                pods={"ray.io/node-type": "head", "workload": self.name},
                ports=[RAY_DASHBOARD],
                namespaces=[operator],
            )

    @property
    def _in_cluster(self) -> bool:
        return self.pipelines.service().engine == "kubeflow"

    def _secret_variables(self, secret: str, client: MetadataClient) -> dict[str, list[str]]:
        """Secrets of the namespace, each with the variables that steps get of it."""
        found = {secret: [each.upper().replace("-", "_") for each in sorted(self.settings.secrets)]} if secret else {}
        gate = self.model_scanning.gate() if self.model_scanning is not None else None
        if gate is not None and gate.secrets and self.secrets is not None:
            held = {
                variable: self.secrets.secret(short_name(self, name), readers=self.members)
                for variable, name in gate.secrets.items()
            }
            delivered = self.secrets.deliver(
                f"scan-{self.name}", held, namespace=self.namespace, cluster=self.compute.cluster(), scope=self
            )
            found[delivered] = [*gate.secrets]
        if client.secret and self.metadata.store().kind == "mlflow":
            found[client.secret] = [MLFLOW_PASSWORD]
        return found

    def _facts(
        self,
        group: FeatureGroupRef,
        experiment: ExperimentRef,
        model: ModelRef,
        secret: str,
        client: MetadataClient,
    ) -> dict[str, str]:
        """Everything that a step has to know, as variables."""
        store, registry = self.metadata.store(), self.model_registry.registry()
        return {
            **client.variables,
            "ENTITY": group.entity,
            "EVALUATION": self.settings.evaluation.model_dump_json(),
            "EXPERIMENT": experiment.name,
            "FEATURES": str(group.source),
            "LABEL": self.settings.label,
            "METADATA_KIND": store.kind,
            "METADATA_URI": str(store.uri),
            "MODEL": model.name,
            "MODEL_ARTIFACTS": str(model.artifacts),
            "MODEL_CARDS": str(model.cards),
            "PLACEMENT": json.dumps(self._placement(), sort_keys=True),
            "REGISTRY_KIND": registry.kind,
            "REGISTRY_URI": str(registry.uri),
            "SCAN_GATE": json.dumps(self._gate(), sort_keys=True),
            "SECRET": secret,
        }

    def _gate(self) -> dict[str, Any]:
        if self.model_scanning is None:
            return {}
        gate = self.model_scanning.gate()
        return {
            "command": list(gate.command),
            "image": gate.image,
            "packages": list(gate.packages),
            "safe_formats": list(self.model_scanning.safe_formats()),
            "secrets": dict(gate.secrets),
            "variables": dict(gate.variables),
        }

    def _placement(self) -> dict[str, Any]:
        """Where the step that trains runs: nodes by their accelerator and capacity, and the team's queue."""
        wanted = self.settings.accelerator
        pools = self.compute.accelerator_pools()
        capacities = {each.capacity for each in pools if wanted is not None and each.accelerator == wanted.type}
        placed = dict(
            on_accelerator(wanted.type, capacities=tuple(capacity for capacity in CAPACITIES if capacity in capacities))
            if wanted is not None
            else {}
        )
        queue = self.space.queue
        labels = {**self.labels, **({QUEUE: queue.name} if queue is not None else {})}
        asked = {"accelerators": wanted.count, "resource": resource_of(wanted.type)} if wanted is not None else {}
        return {**placed, "labels": labels, "accelerators": 0, **asked, **self._nodes()}

    def _nodes(self) -> dict[str, Any]:
        """What the job of several nodes says besides, where there is to be one."""
        if self.settings.distributed is None:
            return {}
        return {
            "engine": self.settings.distributed.engine,
            "namespace": self.namespace,
            "nodes": self.settings.distributed.nodes,
            "service_account": self._runs.service_account,
        }

    def _place(self) -> None:
        if self.space.queue is not None:
            self.finds("resource", "kind: LocalQueue", inside=self.space_folder)
        else:
            self.lacks("resource", "batch_queue")

    def _deliver(self, group: FeatureGroupRef, model: ModelRef, told: Mapping[str, str]) -> None:
        with self.row("delivery"):
            answers = self._answers(group, model)
            if self.ci is None or self.version_control is None or self.registry is None:
                for capability in ("ci", "version_control", "registry"):
                    if getattr(self, capability) is None:
                        self.lacks("delivery", capability)
                keep(self, answers)
                return
            repository = make_repository(self, self.version_control)
            image = self._image(self.registry, repository)
            module = f"{repository.name.replace('-', '_')}.pipeline"
            variables = {"PACKAGE": PACKAGE, "PIPELINE_IMAGE": image, **told}
            steps = [
                Step("Sign in to the registry", tool="registry-login", inputs={"registry": image.partition("/")[0]}),
                Step("Build and push the image", tool="image-build", inputs=self._built(image)),
                Step("Compile the pipeline", run=_COMPILE.format(module=module), variables=variables),
                *self.pipelines.submit(
                    self.name,
                    package=PACKAGE,
                    team=self.team,
                    parameters=self._parameters(group, model),
                    schedule=self.settings.schedule or "",
                ),
            ]
            deliver(
                self,
                repository,
                steps,
                control=self.version_control,
                ci=self.ci,
                identity=self.identity,
                secrets=self.secrets,
                ide=self.ide,
                answers=answers,
            )

    def _image(self, registry: Registry, repository: CodeRepository) -> str:
        """The image of the steps, which CI builds and whatever runs the pipeline reads."""
        acting, nodes = acting_identity(self, self.identity, repository), self.compute.node_identity()
        images = registry.repository(
            f"team-{self.team}",
            writers=[acting.identity.member] if acting is not None else [],
            readers=[*self.members, *([nodes.member] if nodes is not None else [])],
        )
        return f"{images.uri}/{repository.name}:{COMMIT}"

    def _built(self, image: str) -> dict[str, str]:
        by_ray = self.settings.distributed is not None and self.settings.distributed.engine == "ray"
        return {"build-args": f"EXTRAS=cloud{',ray' if by_ray else ''}", "push": "true", "tags": image}

    def _answers(self, group: FeatureGroupRef, model: ModelRef) -> dict[str, Any]:
        """What the repository's templates ask for: the same in every environment."""
        packages = self.model_scanning.gate().packages if self.model_scanning is not None else ()
        return {
            "alias": self.model_registry.registry().aliases[0],
            "feature_group": self.settings.features,
            "features": dict(group.features),
            "label": self.settings.label,
            "model": model.name,
            **{name: _in_one_line(text) for name, text in self.settings.card.model_dump().items()},
            "scan_packages": [each for each in packages if not each.startswith("modelscan==")],
        }

    def _parameters(self, group: FeatureGroupRef, model: ModelRef) -> dict[str, str]:
        """What its pipeline is started with in this environment."""
        registry, evaluation = self.model_registry.registry(), self.settings.evaluation
        return {
            "alias": registry.aliases[0],
            "artifacts": str(model.artifacts),
            "card_folder": str(model.cards),
            "gain": str(evaluation.gain),
            "least": str(evaluation.least),
            "metric": evaluation.metric,
            "model_name": model.name,
            "parameters": json.dumps(self.settings.parameters, sort_keys=True),
            "registry": str(registry.uri),
            "source": str(group.source),
        }

    def _watch(self, experiment: ExperimentRef) -> None:
        service = self.pipelines.service()
        if self.portal is not None:
            links = {"Runs": service.url, "Experiment": experiment.url}
            show(self, self.portal, "observability", links=links, type="pipeline")
        if self.monitoring is None:
            self.lacks("observability", "monitoring")
            return
        if not self._in_cluster:
            self.without("observability", "the steps are no pods of the cluster: Vertex AI shows their runs itself")
            return
        pods = f'monitored_resource="k8s_container",namespace_name="{self.namespace}",pod_name=~"{self.name}-.*"'
        failed = f'sum(kube_pod_status_phase{{namespace="{self.namespace}",pod=~"{self.name}-.*",phase="Failed"}})'
        panels = [
            Panel("Steps running", f"count(kubernetes_io:container_uptime{{{pods}}})"),
            Panel("Steps that failed", failed),
            Panel("CPU in use, cores", f"sum(rate(kubernetes_io:container_cpu_core_usage_time{{{pods}}}[5m]))"),
            Panel("Accelerators in use", f"avg(kubernetes_io:container_accelerator_duty_cycle{{{pods}}})", "%"),
            Panel("Lines of logs a second", f"sum(rate(logging_googleapis_com:log_entry_count{{{pods}}}[5m]))"),
        ]
        id = f"pipeline-{self.name}"
        with self.row("observability"):
            self.monitoring.dashboard(id, title=f"Pipeline {self.name}", panels=panels, team=self.team)
            self.monitoring.alert(
                f"{id}-failed",
                title=f"A step of pipeline {self.name} failed",
                query=f"{failed} > 0",
                minutes=5,
                team=self.team,
            )


def _engines(queue: object) -> Mapping[str, str | None]:
    """What trains on several nodes, where there is a queue for its jobs."""
    return queue.engines() if isinstance(queue, BatchQueue) else {}


def _in_one_line(value: Any) -> Any:
    """A text, or each of several, without line breaks."""
    return " ".join(value.split()) if isinstance(value, str) else [_in_one_line(each) for each in value]
