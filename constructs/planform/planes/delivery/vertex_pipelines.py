"""Vertex AI Pipelines: runs without a cluster."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import Field

from planform.contracts.ci import Step
from planform.contracts.identity import Identities, Identity
from planform.contracts.keys import Keys
from planform.contracts.networking import Networking
from planform.contracts.object_store import ObjectStore
from planform.contracts.pipelines import Pipelines, PipelineSpace, PipelinesRef
from planform.contracts.registry import Registry, RepositoryRef
from planform.contracts.services import Services
from planform.planes.component import Component
from planform.planes.delivery.pipeline_submission import KFP, VERTEX, install, parameters_text, vertex_program
from planform.planes.record_ids import principal_id, record_id
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import KebabName, Principal
from planform.terraform.expression import Known
from planform.terraform.google import ComputeNetworkAttachment, ProjectIamMember, ServiceAccountIamMember
from planform.terraform.record import Lifecycle

__all__ = ["VertexPipelines", "VertexPipelinesSettings"]

RUNNER_ROLES = ("roles/aiplatform.user", "roles/logging.logWriter")
AGENT_ROLES = ("roles/compute.networkAdmin", "roles/dns.peer")


class VertexPipelinesSettings(Settings):
    """Settings of `vertex-pipelines`."""

    teams: tuple[KebabName, ...] = Field(
        default=(), description="Teams whose pipelines may run, besides those that golden paths ask for. Default: none."
    )
    submitters: tuple[Principal, ...] = Field(
        default=(),
        description="Who may start any team's pipelines as that team's identity, such as a group of engineers; they"
        " also need roles/aiplatform.user. Default: each team's own identity alone.",
        examples=[["group:ml-platform@acme.example"]],
    )
    private_network: bool = Field(
        default=False,
        description="Let steps reach the platform's network, through a network attachment (Private Service Connect"
        " interface). Default: off; steps reach Google's APIs and the Internet from Google's side.",
    )


class VertexPipelines(Component):
    """Vertex AI Pipelines: a bucket and an identity for each team, a registry of templates, no servers.

    Runs act as the team's own service account, `team-<team>`, which may use Vertex AI and write its bucket and nothing
    else; Vertex AI has no finer right than a project's, so teams see each other's runs.
    Runs are no Terraform resources, and neither are their schedules here: an apply would undo what a team changed.
    `submit` uploads the compiled pipeline to Artifact Registry and starts or schedules it by the API.
    Runs leave their lineage in the project's ML Metadata store `default`, which the first run makes; the key of that
    run is the store's for good.
    What a person does: nothing, but once in a project make Vertex AI's service agent, `gcloud beta services identity
    create --service aiplatform.googleapis.com`, before the first apply.

    Provides: Pipelines; `submit` needs a job whose identity is the team's, or one of `submitters`.
    Requires: Identities, ObjectStore, Registry, Services; Keys, optional: runs are then encrypted with a customer key;
    Networking, for `private_network`.
    Emits: google_service_account_iam_member; with `private_network` google_compute_network_attachment and
    google_project_iam_member; what the asked components emit.
    Errors: contract/unmet-requirement, spec/name-too-long.
    Source: google-cloud-aiplatform 2.7.0, PipelineJob and Schedule of aiplatform_v1; Vertex AI's pages on service
    accounts for pipelines and on Private Service Connect interfaces; google_vertex_ai_schedule is deprecated in
    provider 7.45.0; read 2026-11-25.
    """

    name = "vertex-pipelines"
    capability = "pipelines"
    provides = Pipelines
    apis = ("aiplatform.googleapis.com", "compute.googleapis.com")
    Settings = VertexPipelinesSettings
    settings: VertexPipelinesSettings
    services: Services
    identity: Identities
    object_store: ObjectStore
    registry: Registry
    keys: Keys | None
    networking: Networking | None

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        for index, team in enumerate(settings.teams):
            if len(f"{environment.project}-pipelines-{team}") > 63:
                yield Fault(
                    "spec/name-too-long",
                    f"the bucket `{environment.project}-pipelines-{team}` has more than 63 characters",
                    ("teams", index),
                    help="shorten the team's name",
                )

    def build(self) -> None:
        facts = self.environment
        self._teams: dict[str, PipelineSpace] = {}
        self._root = self.object_store.bucket("pipelines")
        agent = facts.service_agent("gcp-sa-aiplatform")
        self._key = str(self.keys.key("pipelines", users=[agent]).id) if self.keys is not None else ""
        self._attachment = self._attach(agent) if self.settings.private_network else ""
        self._templates()
        for team in self.settings.teams:
            self.team(team)

    def service(self) -> PipelinesRef:
        """Vertex AI in the environment's region."""
        facts = self.environment
        return PipelinesRef(
            engine="vertex",
            endpoint=f"{facts.region}-aiplatform.googleapis.com",
            root=str(self._root.uri),
            url=f"https://console.cloud.google.com/vertex-ai/pipelines?project={facts.project}",
        )

    def team(self, name: str, *, namespace: str = "", identity: Identity | None = None) -> PipelineSpace:
        """The team's bucket, and its identity as the runner; the namespace says nothing outside of a cluster."""
        if name not in self._teams:
            runner = self._runner(name, identity)
            bucket = self.object_store.bucket(f"pipelines-{name}", writers=[runner.member])
            self._templates(runner)
            self._acts(name, runner)
            self._teams[name] = PipelineSpace(f"{bucket.uri}/runs", identity=runner)
        return self._teams[name]

    def submit(
        self,
        name: str,
        *,
        package: str,
        team: str,
        parameters: Mapping[str, str] | None = None,
        schedule: str = "",
    ) -> Sequence[Step]:
        """Upload the template, and start or schedule it by the API."""
        facts, space = self.environment, self.team(team)
        if space.identity is None:
            raise TypeError(f"team {team} has no identity")
        labels = {"environment": facts.name, "managed_by": "planform", "team": team}
        return (
            install(VERTEX, KFP),
            Step(
                "Start the pipeline" if not schedule else "Schedule the pipeline",
                run=_COMMIT + vertex_program(),
                variables={
                    "ATTACHMENT": str(self._attachment),
                    "KEY": self._key,
                    "LABELS": json.dumps(labels),
                    "PACKAGE": package,
                    "PARAMETERS": parameters_text(parameters),
                    "PIPELINE": name,
                    "PROJECT": facts.project,
                    "REGION": facts.region,
                    "ROOT": space.root,
                    "SCHEDULE": schedule,
                    "SERVICE_ACCOUNT": str(space.identity.email),
                    "TEMPLATES": f"https://{self._templates().uri}",
                },
            ),
        )

    def _runner(self, team: str, identity: Identity | None) -> Identity:
        """The team's identity, or the one that is given, with the roles of a runner; those of others have their own."""
        account = str(identity.email).partition("@")[0] if identity is not None else f"team-{team}"
        if identity is not None and identity.email != self.environment.service_account(account):
            return identity
        return self.identity.service_account(account, roles=RUNNER_ROLES, purpose=f"Workloads of team {team}")

    def _templates(self, runner: Identity | None = None) -> RepositoryRef:
        members = [runner.member] if runner is not None else []
        return self.registry.repository("pipelines", format="kfp", readers=members, writers=members)

    def _acts(self, team: str, runner: Identity) -> None:
        """Vertex AI acts as the runner, on behalf of those who may ask for it."""
        agent = self.environment.service_agent("gcp-sa-aiplatform")
        self._member(team, "agent", runner, "roles/iam.serviceAccountTokenCreator", agent)
        for submitter in (str(runner.member), *self.settings.submitters):
            short = principal_id(submitter, self.environment)
            self._member(team, short, runner, "roles/iam.serviceAccountUser", submitter)

    def _member(self, team: str, short: str, runner: Identity, role: str, member: str) -> None:
        ServiceAccountIamMember(
            self,
            record_id("team", team, short),
            service_account_id=runner.id,
            role=role,
            member=member,
        )

    def _attach(self, agent: str) -> Known:
        """Where steps enter the network; Vertex AI accepts itself, so its entries are its own."""
        if self.networking is None:
            raise self.refuse(
                "contract/unmet-requirement",
                "`private_network` is on, and the environment has no `networking`",
                path=("private_network",),
                help="add the slot `networking`, or delete `private_network`",
            )
        facts, name = self.environment, f"{self.environment.prefix}-pipelines"
        for role in AGENT_ROLES:
            ProjectIamMember(
                self,
                record_id("vertex_agent", role.removeprefix("roles/")),
                project=facts.project,
                role=role,
                member=agent,
            )
        attachment = ComputeNetworkAttachment(
            self,
            record_id(self.id),
            name=name,
            project=facts.project,
            region=facts.region,
            description="Steps of Vertex AI Pipelines",
            connection_preference="ACCEPT_MANUAL",
            subnetworks=[self.networking.subnet().id],
            producer_accept_lists=[],
            lifecycle=Lifecycle(ignore_changes=["producer_accept_lists"]),
        )
        return Known(f"projects/{facts.project}/regions/{facts.region}/networkAttachments/{name}", attachment.id)


_COMMIT = """\
set -eu
COMMIT="$(git rev-parse --short=12 HEAD)"
export COMMIT
"""
