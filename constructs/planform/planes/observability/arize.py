"""Arize AX: drift, performance and quality of models, as a service."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, StringConstraints

from planform.contracts.ci import Ci, Job, Step, Trigger, Workflow
from planform.contracts.compute import Compute
from planform.contracts.identity import Identities
from planform.contracts.model_observability import ModelKind, ModelMonitor, ModelMonitorRef, ModelObservability
from planform.contracts.network_policy import NetworkPolicies
from planform.contracts.secrets import SecretRef, Secrets
from planform.files import File, RepositoryFile
from planform.planes.component import Component
from planform.planes.observability.arize_monitors import PROGRAM, monitor_input
from planform.planes.observability.model_monitors import ModelName, WatchedModel, monitor_faults, refuse_model
from planform.planes.step_secrets import in_step
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings

__all__ = ["Arize", "ArizeSettings"]

SUFFIX = {"us": "arize.com", "eu": "eu-west-1a.arize.com", "ca": "ca-central-1a.arize.com"}
"""The end of every host name, by the region that keeps the data."""
SECRET = "arize"
HEADERS = (("space_id", "space-id"), ("api_key", "api-key"))
CONTENT = (
    "input.value",
    "output.value",
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "llm.input_messages",
    "llm.output_messages",
)
"""Attributes of a span that hold what people wrote and models answered."""

Email = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$", max_length=254)
]


class ArizeSettings(Settings):
    """Settings of `arize`."""

    organization: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$",
        description="Name of the organization in Arize, which a person made.",
        examples=["Acme"],
    )
    region: Literal["us", "eu", "ca"] | None = Field(
        default=None,
        description="Where Arize keeps the data: `us`, `eu` or `ca`; the account is of one of them."
        " Default: eu for an environment in Europe, ca in Canada, else us.",
    )
    alert_emails: tuple[Email, ...] = Field(
        default=(),
        description="Who is told by e-mail when a monitor triggers. Default: nobody.",
        examples=[["ml@acme.example"]],
    )
    window_hours: int = Field(
        default=72,
        ge=1,
        le=720,
        description="Hours of data that a monitor judges at a time. Default: 72.",
        json_schema_extra={"unit": "hours"},
    )
    content: bool = Field(
        default=False,
        description="Whether the collector sends what people wrote and models answered too. Default: false.",
    )
    models: dict[ModelName, WatchedModel] = Field(
        default_factory=dict,
        description="Models to watch that no component serves. Default: those that components ask for.",
    )


class Arize(Component):
    """Arize AX, with a space for each team of an environment and monitors as code.

    No Terraform provider of Arize's own exists. The files `spaces.json` and `monitors/<model>.json` hold what its
    GraphQL API takes; `apply_monitors.py` beside them makes the account follow, and with a CI a workflow runs it when
    they change. A monitor of drift compares by population stability index, one of performance by the metric of the
    model's kind, one of hallucination the score of an evaluator; limits that nobody can know beforehand are learned.
    Pods of a model send OTLP straight to Arize, with the key and space of their team from a Kubernetes Secret;
    `collector-exporter.yaml` is for a collector that should send instead, without contents unless `content` is on.
    What a person does: make the organization and, for each space, an API key; put them and the space's id into the
    secrets `arize-<team>-api-key` and `arize-<team>-space-id`, a service key with all spaces into `arize-ci-api-key`;
    set up sign-in, alert integrations beyond e-mail, and for hallucination an evaluator of that name in the space.

    Provides: ModelObservability; the endpoint takes OTLP by HTTP.
    Requires: Compute, Secrets; Ci, Identities and NetworkPolicies, where they are there; these must know host names.
    Emits: files; in the scope of who asks an ExternalSecret and a rule for egress. No Terraform.
    Errors: contract/bad-name, contract/no-host-rules, contract/other-monitor, contract/workflow,
    spec/model-monitor.
    Source: Arize's pages on OpenTelemetry (hosts by region, headers space_id and api_key) and its GraphQL reference,
    read 2026-11.
    """

    name = "arize"
    capability = "model_observability"
    provides = ModelObservability
    files_only = True
    Settings = ArizeSettings
    settings: ArizeSettings
    compute: Compute
    secrets: Secrets
    network_policy: NetworkPolicies | None
    identity: Identities | None
    ci: Ci | None

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        yield from monitor_faults(settings.models.items())

    def build(self) -> None:
        self._teams: dict[str, dict[str, SecretRef]] = {}
        self._namespaces: set[str] = set()
        self._monitors: dict[str, File] = {}
        self._spaces = File(self, "spaces.json", self._spaces_text())
        File(self, "apply_monitors.py", PROGRAM)
        File(self, "collector-exporter.yaml", self._exporter())
        self._workflow()
        for name, wanted in self.settings.models.items():
            self._watch(name, wanted.kind, wanted.team, wanted.monitors)

    def model(
        self,
        name: str,
        *,
        kind: ModelKind,
        team: str,
        namespace: str,
        scope: object,
        monitors: Sequence[ModelMonitor] = ("drift", "performance"),
    ) -> ModelMonitorRef:
        """Watch a model, and let the pods of its namespace send to Arize with their team's key."""
        refuse_model(self, name, kind, monitors)
        keys = self._watch(name, kind, team, monitors)
        if namespace not in self._namespaces:
            self._namespaces.add(namespace)
            self.secrets.deliver(SECRET, keys, namespace=namespace, cluster=self.compute.cluster(), scope=scope)
            if self.network_policy is not None:
                self.network_policy.allow_egress(namespace, self.name, scope=scope, pods={}, hosts=[self._host("otlp")])
        return ModelMonitorRef(f"https://{self._host('otlp')}", name, f"https://{self._host('app')}", SECRET, HEADERS)

    def _host(self, service: str) -> str:
        region = self.settings.region or _nearest(self.environment.region)
        return f"{service}.{SUFFIX[region]}"

    def _watch(self, name: str, kind: ModelKind, team: str, monitors: Sequence[ModelMonitor]) -> dict[str, SecretRef]:
        """Write the monitors of a model; what a later ask adds, or says otherwise, counts."""
        if team not in self._teams:
            ask = self.secrets.secret
            self._teams[team] = {
                "space-id": ask(f"arize-{team}-space-id", purpose=f"Id of the space {self._space(team)} in Arize"),
                "api-key": ask(f"arize-{team}-api-key", purpose=f"Key of the space {self._space(team)} in Arize"),
            }
            self._spaces.write(self._spaces_text())
        document = {
            "space": self._space(team),
            "model": name,
            "kind": kind,
            "monitors": [
                monitor_input(
                    name,
                    kind,
                    each,
                    window_hours=self.settings.window_hours,
                    contacts=self.settings.alert_emails,
                )
                for each in dict.fromkeys(monitors)
            ],
        }
        text = json.dumps(document, indent=2) + "\n"
        if name in self._monitors:
            self._monitors[name].write(text)
        else:
            self._monitors[name] = File(self, f"monitors/{name}.json", text)
        return self._teams[team]

    def _space(self, team: str) -> str:
        return f"{self.environment.prefix}-{team}"

    def _spaces_text(self) -> str:
        spaces = [self._space(team) for team in sorted(self._teams)]
        api = f"https://{self._host('app')}/graphql"
        held = {"organization": self.settings.organization, "api": api, "spaces": spaces}
        return json.dumps(held, indent=2) + "\n"

    def _exporter(self) -> str:
        """The part of a collector's configuration that sends to Arize; the key comes from its environment."""
        headers = {"space_id": "${env:ARIZE_SPACE_ID}", "api_key": "${env:ARIZE_API_KEY}"}
        part: dict[str, Any] = {
            "exporters": {"otlp_http/arize": {"endpoint": f"https://{self._host('otlp')}", "headers": headers}}
        }
        if not self.settings.content:
            actions = [{"key": key, "action": "delete"} for key in CONTENT]
            part["processors"] = {"attributes/arize": {"actions": actions}}
        return yaml.safe_dump(part, sort_keys=True)

    def _workflow(self) -> None:
        applies = self.identity.apply() if self.identity is not None else None
        if self.ci is None or (self.identity is not None and applies is None):
            return  # a job without an identity cannot read the key: a person runs the program
        environment = self.environment
        readers = [applies.identity.member] if applies else []
        key = self.secrets.secret("arize-ci-api-key", readers=readers, purpose="Lets CI keep monitors in Arize")
        folder = f"files/{environment.name}/{self.manifests.plane}/{self.manifests.component}"
        run = f'python "$(find . -path "*/{folder}/apply_monitors.py" -print -quit)"'
        steps = (
            Step("Check out", tool="checkout"),
            Step("Set up Python", tool="python", inputs={"version": "3.12"}),
            Step("Apply monitors", run=run, secrets={"ARIZE_API_KEY": in_step(self, key)}),
        )
        workflow = Workflow(
            name=f"arize-monitors-{environment.name}",
            title=f"Monitors in Arize ({environment.name})",
            trigger=Trigger(push=True, manual=True, paths=(f"**/{folder}/**",)),
            jobs=(Job("apply", steps, identity=applies, environment=environment.name, minutes=10),),
            one_at_a_time=f"arize-{environment.name}",
        )
        for path, text in self.ci.render(workflow).items():
            RepositoryFile(self, path, text)


def _nearest(region: str) -> Literal["us", "eu", "ca"]:
    if region.startswith("europe-"):
        return "eu"
    return "ca" if region.startswith("northamerica-northeast") else "us"
