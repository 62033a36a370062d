"""ModelEndpoint: one version of a registered model, served, scaled, guarded and watched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StringConstraints

from planform.contracts.ci import Ci, Step
from planform.contracts.compute import Compute
from planform.contracts.ide import Ide
from planform.contracts.identity import Identities
from planform.contracts.model_observability import ModelKind, ModelMonitor, ModelObservability
from planform.contracts.model_registry import ModelRef, ModelRegistry
from planform.contracts.model_scanning import ModelScanning
from planform.contracts.model_server import EndpointRef, ModelServer
from planform.contracts.monitoring import Monitoring
from planform.contracts.network_policy import NetworkPolicies
from planform.contracts.orchestrator import Orchestrator
from planform.contracts.portal import Portal
from planform.contracts.registry import Registry
from planform.contracts.secrets import Secrets
from planform.contracts.tracing import Tracing
from planform.contracts.version_control import CodeRepository, VersionControl
from planform.contracts.workload_spec import Container, WorkloadResource, WorkloadSpecs
from planform.contracts.workload_spec import Workload as ScoreWorkload
from planform.diagnostics import suggest
from planform.golden_paths.accelerated import has_accelerator, no_accelerator
from planform.golden_paths.application_repository import COMMIT, acting_identity, deliver, keep, make_repository
from planform.golden_paths.entity import show
from planform.golden_paths.model_scan import no_scan_gate, scan_steps
from planform.golden_paths.path import Path
from planform.planes.teams import WORKLOAD
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import KebabName
from planform.spec.workload import AcceleratorAsk, ApplicationWorkload, Reference

__all__ = ["ModelEndpoint", "ModelEndpointSettings"]

BURN = 14.4
"""Times too fast: two of a hundred parts of a month's error budget in an hour. Source: the SRE Workbook, chapter 5."""
_PER_SECOND = {"_us": 1_000_000, "_ms": 1000}
"""What the name of a latency metric says of its unit; seconds where it says nothing of these."""

_OF_VERTEX = """\
named="$(curl --fail-with-body --silent --show-error \\
  --header "Authorization: Bearer $(gcloud auth print-access-token)" \\
  "https://$REGION-aiplatform.googleapis.com/v1/$REGISTRY/models/$MODEL@$ALIAS" \\
  | python -c 'import json, sys; print(json.load(sys.stdin)["versionId"])')"
if [ "$named" != "$VERSION" ]; then
  echo "alias $ALIAS of $MODEL names version $named, not $VERSION"
  exit 1
fi
"""
_OF_MLFLOW = """\
python -m pip install --quiet mlflow-skinny==3.15.1
python - <<'PROGRAM'
import os, sys
from mlflow import MlflowClient

client = MlflowClient(tracking_uri=os.environ["REGISTRY"])
named = client.get_model_version_by_alias(os.environ["MODEL"], os.environ["ALIAS"]).version
if str(named) != os.environ["VERSION"]:
    sys.exit(f"the alias names version {named}, not {os.environ['VERSION']}")
PROGRAM
"""


TEMPLATES = {"kserve-v2": "ModelEndpoint", "openai": "LanguageModelEndpoint"}
"""The templates of the service, by what it speaks with the model server."""
TensorName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_./:-]{0,99}$")]


class Tensor(Settings):
    """One input or output of a model."""

    type: Literal["BOOL", "INT32", "INT64", "FP32", "FP64", "BYTES"] = Field(
        default="FP32", description="Type of its values, by the Open Inference Protocol's name. Default: FP32."
    )
    shape: tuple[Annotated[int, Field(ge=-1, le=1_000_000)], ...] = Field(
        default=(1,), description="Dimensions of one row; -1 is of any size. Default: 1.", examples=[[4]]
    )


class Canary(Settings):
    """Another version that some of the requests go to."""

    version: str = Field(pattern=r"^[1-9][0-9]{0,8}$", description="Its number.", examples=["4"])
    percent: int = Field(ge=1, le=50, description="Share of the requests.")


class Objective(Settings):
    """What callers may count on."""

    percent: float = Field(
        default=99.5, ge=90, le=99.99, description="Requests without error, within the latency. Default: 99.5."
    )
    latency_ms: int = Field(default=300, ge=1, le=600_000, description="Latency, in milliseconds. Default: 300.")


class ModelEndpointSettings(ApplicationWorkload):
    """A model that answers requests."""

    kind: Literal["ModelEndpoint"] = Field(description="What this document describes.")
    model: KebabName = Field(description="The model, by the name that a pipeline or an experiment gives it.")
    version: str = Field(
        pattern=r"^[1-9][0-9]{0,8}$",
        description="Version that is served. Rolling back is writing the one before.",
        examples=["3"],
    )
    alias: str | None = Field(
        default=None,
        pattern=r"^[a-z][a-zA-Z0-9-]{0,62}$",
        description="Alias that the registry must have on the version before it is delivered. Default: the last one in"
        " the order of promotion.",
        examples=["production"],
    )
    format: str = Field(default="onnx", pattern=r"^[a-z0-9_-]+$", description="Format of its files. Default: onnx.")
    accelerator: AcceleratorAsk | None = Field(
        default=None, description="Accelerators of each server. Default: none, where the model server can do without."
    )
    min_replicas: int = Field(default=1, ge=1, le=100, description="Servers at least. Default: 1.")
    max_replicas: int = Field(default=3, ge=1, le=100, description="Servers at most; they scale by load. Default: 3.")
    canary: Canary | None = Field(default=None, description="A version that is tried beside it. Default: none.")
    clients: tuple[KebabName, ...] = Field(
        default=(), description="Other teams whose workloads may call it. Default: only its own team's."
    )
    objective: Objective = Field(
        default_factory=Objective, description="What callers may count on. Default: see there."
    )
    inputs: dict[TensorName, Tensor] = Field(
        default_factory=lambda: {"features": Tensor(shape=(-1,))},
        min_length=1,
        description="What the model takes. Default: `features`, a row of numbers.",
        examples=[{"features": {"shape": [4]}}],
    )
    outputs: dict[TensorName, Tensor] = Field(
        default_factory=lambda: {"score": Tensor()},
        min_length=1,
        description="What it gives. Default: `score`, one number.",
        examples=[{"score": {}}],
    )
    batch: int = Field(
        default=32, ge=0, le=100_000, description="Rows in one request at most; 0 for none of its own. Default: 32."
    )
    type: ModelKind = Field(default="classification", description="What its answers are. Default: classification.")
    monitors: tuple[ModelMonitor, ...] = Field(
        default=("drift", "performance"),
        min_length=1,
        description="What is watched of its answers. Default: drift, performance.",
    )

    declares = ("endpoint",)

    def holds(self) -> Mapping[str, int]:
        """As many as it may scale to."""
        if self.accelerator is None:
            return {}
        canary = 1 if self.canary else 0
        return {self.accelerator.type: self.accelerator.count * (self.max_replicas + canary)}

    def refers(self) -> Iterator[Reference]:
        yield Reference("model", self.model, ("model",))


class ModelEndpoint(Path):
    """A version of a model on the platform's model server, and beside it the service that its callers need.

    The version's folder in the registry is what is served. CI lets no version through whose files do not pass the
    scanner, or that the registry's alias does not name; in production its servers do not start without the version's
    card and a verdict that passed beside it. Its pods run as the team's identity, which may read the model.
    """

    kind = "ModelEndpoint"
    persona = "ML engineer"
    title = "Model endpoint"
    table: ClassVar[Mapping[str, str]] = {
        "delivery": "a commit triggers CI to deploy; images from the registry",
        "resource": "the model server pulls the version from the model registry; autoscaling; canary and rollback",
        "security": "endpoint protected by IAM; network policies restrict its pods; only scanned models",
        "observability": "latency, throughput, errors; traces; drift monitors; an objective",
    }
    choices: ClassVar[Mapping[str, str]] = {"model": "model"}
    repository = "endpoint"
    Settings = ModelEndpointSettings
    settings: ModelEndpointSettings
    model_server: ModelServer
    model_registry: ModelRegistry
    identity: Identities
    compute: Compute
    model_scanning: ModelScanning | None
    network_policy: NetworkPolicies | None
    monitoring: Monitoring | None
    tracing: Tracing | None
    model_observability: ModelObservability | None
    orchestrator: Orchestrator | None
    workload_spec: WorkloadSpecs | None
    registry: Registry | None
    ci: Ci | None
    version_control: VersionControl | None
    secrets: Secrets | None
    ide: Ide | None
    portal: Portal | None

    @classmethod
    def options(cls, components: Mapping[str, Any]) -> Mapping[str, Sequence[str]]:
        pools = components["compute"].accelerator_pools()
        return {
            "accelerator.type": sorted({each.accelerator for each in pools}),
            "alias": [*components["model_registry"].registry().aliases],
            "format": [*components["model_server"].formats()],
        }

    def check(self) -> Iterator[Fault]:
        if self.model_scanning is None:
            yield no_scan_gate(self.environment.name, self.settings.model, "served")
        formats = self.model_server.formats()
        if self.settings.format not in formats:
            near = suggest(self.settings.format, formats)
            yield Fault(
                "workload/unknown-format",
                f"the platform's model server serves no `{self.settings.format}`",
                ("format",),
                label=f"did you mean `{near}`?" if near else "",
                help=f"formats: {', '.join(formats)}",
            )
        aliases = self.model_registry.registry().aliases
        if self.settings.alias is not None and self.settings.alias not in aliases:
            yield Fault(
                "workload/unknown-alias",
                f"the model registry has no alias `{self.settings.alias}`",
                ("alias",),
                help=f"aliases, in the order of promotion: {', '.join(aliases)}",
            )
        if self.settings.accelerator is not None and not has_accelerator(self.compute, self.settings.accelerator):
            yield no_accelerator(self.environment.name, self.compute, self.settings.accelerator)

    def build(self) -> None:
        with self.row("security"):
            model = self._model()
        if self.tracing is not None:
            objective = self.settings.objective
            with self.row("observability"):
                self.tracing.service(
                    self.name,
                    title=f"Endpoint {self.name}",
                    team=self.team,
                    latency_ms=objective.latency_ms,
                    percent=objective.percent,
                )
        with self.row("resource"):
            made = self._serve(model)
        self.give("endpoint", made)
        self._fence(made)
        self._watch(made)
        self._deliver(model, made)
        if self.portal is not None:
            show(self, self.portal, "observability", links={"Model": model.url}, type="model-endpoint")

    def _model(self) -> ModelRef:
        """The model, whose owner is the team that declared it; this team's identity may read it."""
        declared: tuple[str, ModelRef] = self.given("model", self.settings.model)
        owner, _ = declared
        return self.model_registry.model(self.settings.model, team=owner, readers=self.members)

    def _serve(self, model: ModelRef) -> EndpointRef:
        settings = self.settings
        accelerator = settings.accelerator
        return self.model_server.endpoint(
            self.name,
            namespace=self.namespace,
            scope=self,
            model=f"{model.artifacts}/{settings.version}",
            team=self.team,
            format=settings.format,
            accelerator=accelerator.type if accelerator else "",
            count=accelerator.count if accelerator else 1,
            min_replicas=settings.min_replicas,
            max_replicas=settings.max_replicas,
            service_account=WORKLOAD,
            identity=self.identity_of_team,
            canary=f"{model.artifacts}/{settings.canary.version}" if settings.canary else "",
            canary_percent=settings.canary.percent if settings.canary else 0,
            cards=str(model.cards) if self.environment.production else "",
        )

    def _fence(self, made: EndpointRef) -> None:
        if self.network_policy is None:
            self.lacks("security", "network_policy")
            return
        if made.namespace != self.namespace:
            self.without("security", f"namespace `{made.namespace}` of its servers is closed by whoever runs them")
            if self.settings.clients:
                raise self.refuse(
                    "workload/outside-cluster",
                    f"`clients` is for servers in the team's namespace, and those of `{self.name}` are in"
                    f" `{made.namespace}`",
                    path=("clients",),
                    help="delete the line and ask whoever runs the server",
                )
            return
        self.finds("security", f"namespace: {self.namespace}", inside=f"{self.space_folder}networkpolicy-")
        if self.settings.clients:
            with self.row("security"):
                self.network_policy.allow_ingress(
                    self.namespace,
                    f"endpoint-{self.name}",
                    scope=self,
                    pods=dict(made.pods),
                    namespaces=self.settings.clients,
                    ports=[made.port],
                )

    def _watch(self, made: EndpointRef) -> None:
        with self.row("observability"):
            if self.monitoring is not None:
                self._budget(self.monitoring, made)
            if self.model_observability is not None:
                self.model_observability.model(
                    self.name,
                    kind=self.settings.type,
                    team=self.team,
                    namespace=self.namespace,
                    scope=self,
                    monitors=self.settings.monitors,
                )
        for capability in ("monitoring", "tracing", "model_observability"):
            if getattr(self, capability) is None:
                self.lacks("observability", capability)

    def _budget(self, monitoring: Monitoring, made: EndpointRef) -> None:
        """The objective, as alerts on error budget and latency; the server counts answers and failures apart."""
        allowed = 1 - self.settings.objective.percent / 100

        def share(window: str) -> str:
            failed = f"sum(rate({made.errors_metric}[{window}]))"
            return f"({failed} / (sum(rate({made.requests_metric}[{window}])) + {failed}))"

        monitoring.alert(
            f"endpoint-{self.name}-budget",
            title=f"Endpoint {self.name}: the error budget of {self.settings.objective.percent:g} percent burns fast",
            query=f"{share('1h')} > {BURN * allowed:.6g} and {share('5m')} > {BURN * allowed:.6g}",
            minutes=2,
            severity="page" if self.environment.production else "ticket",
            team=self.team,
        )
        took = f"sum(rate({made.latency_metric}[10m])) / sum(rate({made.requests_metric}[10m]))"
        per_second = next((many for end, many in _PER_SECOND.items() if end in made.latency_metric), 1)
        latency = self.settings.objective.latency_ms
        monitoring.alert(
            f"endpoint-{self.name}-slow",
            title=f"Endpoint {self.name}: answers take longer than {latency} ms on average",
            query=f"{took} > {latency / 1000 * per_second:g}",
            minutes=10,
            team=self.team,
        )

    # How it is delivered

    def _deliver(self, model: ModelRef, made: EndpointRef) -> None:
        missing = [
            each for each in ("ci", "version_control", "registry", "orchestrator") if getattr(self, each) is None
        ]
        for capability in missing:
            self.lacks("delivery", capability)
        answers, templates = self._answers(made), TEMPLATES.get(made.protocol, "")
        if self.ci is None or self.version_control is None or missing:
            with self.row("delivery"):
                keep(self, answers, templates=templates)
            return
        with self.row("delivery"):
            repository = make_repository(self, self.version_control)
            serves = answers is not None
            steps = [*self._guard(model), *(self._rollout(repository) if serves else ())]
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
                templates=templates,
                files=self._score(made) if serves else {},
            )
        if self.model_scanning is not None:
            stack = f"stacks/{self.environment.prefix}"
            self.finds("security", f"{model.artifacts}/{self.settings.version}", inside=stack)

    def _answers(self, made: EndpointRef) -> dict[str, Any] | None:
        """What the repository's templates ask for; None where they do not know the model server's protocol."""
        if made.protocol not in TEMPLATES:
            known = " or ".join(f"`{each}`" for each in TEMPLATES)
            self.without(
                "delivery", f"the service is one's own, as the model server speaks `{made.protocol}`, not {known}"
            )
            return None
        if made.protocol == "openai":
            return {"model": self.name}
        signature = self.settings.model_dump(mode="json", include={"inputs", "outputs", "batch"})
        return {**signature, "model": self.name}

    def _guard(self, model: ModelRef) -> list[Step]:
        """What stops a version: an alias that names another one, and the scanner."""
        gate = self.model_scanning.gate() if self.model_scanning is not None else None
        scanned = scan_steps(gate, f"{model.artifacts}/{self.settings.version}") if gate is not None else []
        return [self._promoted(model), *scanned]

    def _promoted(self, model: ModelRef) -> Step:
        """Source: Vertex AI API v1, models.get with `@<alias>`; MLflow's get_model_version_by_alias; read 2026-11."""
        registry = self.model_registry.registry()
        variables = {
            "ALIAS": self.settings.alias or registry.aliases[-1],
            "MODEL": model.name,
            "REGISTRY": str(registry.uri),
            "VERSION": self.settings.version,
        }
        if registry.kind == "vertex":
            variables["REGION"] = str(registry.uri).rpartition("/")[2]
        run = _OF_VERTEX if registry.kind == "vertex" else _OF_MLFLOW
        return Step("Compare with the registry's alias", run=run, variables=variables)

    def _rollout(self, repository: CodeRepository) -> Iterator[Step]:
        assert self.registry is not None and self.orchestrator is not None
        acting = acting_identity(self, self.identity, repository)
        nodes = self.compute.node_identity()
        images = self.registry.repository(
            f"team-{self.team}",
            writers=[acting.identity.member] if acting is not None else [],
            readers=[nodes.member] if nodes is not None else [],
        )
        image = f"{images.uri}/{self.name}:{COMMIT}"
        host = str(images.uri).partition("/")[0]
        yield Step("Sign in to the registry", tool="registry-login", inputs={"registry": host})
        yield Step("Build and push the image", tool="image-build", inputs={"push": "true", "tags": image})
        application = self.orchestrator.application(f"{self.name}-endpoint", team=self.team, namespace=self.namespace)
        yield from self.orchestrator.deploy(application, workload=self.name, image=image)

    def _score(self, made: EndpointRef) -> Mapping[str, str]:
        if self.workload_spec is None:
            return {}
        container = Container(
            "service", variables={"MODEL_URL": made.url, "MODEL": self.name}, health_path="/healthz", health_port=8080
        )
        resources = {"identity": WorkloadResource("service-account")}
        return self.workload_spec.render(
            ScoreWorkload(self.name, (container,), ports={"http": 8080}, resources=resources)
        )
