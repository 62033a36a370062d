"""existing: pipelines that the organisation runs already."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from planform.contracts.ci import Step
from planform.contracts.identity import Identity
from planform.contracts.pipelines import Pipelines, PipelineSpace, PipelinesRef
from planform.planes.component import Component
from planform.planes.delivery.pipeline_submission import (
    KFP,
    VERTEX,
    install,
    kubeflow_program,
    parameters_text,
    vertex_program,
)
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import KebabName

__all__ = ["ExistingPipelines", "ExistingPipelinesSettings", "ExistingPipelineTeam"]

_EMAIL = r"^[a-z][a-z0-9-]{4,28}[a-z0-9]@[a-z][a-z0-9.-]+\.iam\.gserviceaccount\.com$"
_FOLDER = r"^gs://[a-z0-9][a-z0-9._-]{1,61}[a-z0-9](/[A-Za-z0-9._=-]+)*$"


class ExistingPipelineTeam(Settings):
    """What one team has there."""

    root: str = Field(pattern=_FOLDER, description="Folder of its artefacts.", examples=["gs://acme-runs/fraud"])
    namespace: str = Field(
        default="",
        pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?$",
        description="For kubeflow: its namespace. Default: none.",
    )
    service_account: str = Field(
        default="default",
        pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$",
        description="For kubeflow: what its steps run as. Default: default.",
    )
    identity: str | None = Field(
        default=None,
        pattern=_EMAIL,
        description="For vertex: e-mail of the service account that its runs act as. Default: none.",
        examples=["runs-fraud@acme-ml.iam.gserviceaccount.com"],
    )


class ExistingPipelinesSettings(Settings):
    """The service that runs pipelines, and what each team has there."""

    engine: Literal["kubeflow", "vertex"] = Field(description="What runs the pipelines.")
    endpoint: str = Field(
        pattern=r"^(https?://)?[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._/-]*)?$",
        description="What CI dials: for kubeflow the API's address, for vertex REGION-aiplatform.googleapis.com.",
        examples=["https://pipelines.acme.example"],
    )
    root: str = Field(pattern=_FOLDER, description="Folder of artefacts.", examples=["gs://acme-runs"])
    url: str = Field(
        default="",
        pattern=r"^(https://[A-Za-z0-9.-]+(/[A-Za-z0-9._/?=&-]*)?)?$",
        description="Where people look. Default: unknown.",
    )
    teams: dict[KebabName, ExistingPipelineTeam] = Field(
        description="What each team has there.",
        examples=[{"fraud": {"root": "gs://acme-runs/fraud", "namespace": "fraud"}}],
    )
    token_secret: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9_-]{0,255}$",
        description="For kubeflow: the secret of the platform's store with a token for the API. Default: none.",
    )
    project: str = Field(
        default="",
        pattern=r"^([a-z][a-z0-9-]{4,28}[a-z0-9])?$",
        description="For vertex: the project of the runs. Default: the environment's.",
    )
    templates: str = Field(
        default="",
        pattern=r"^([a-z0-9-]+-kfp\.pkg\.dev/[a-z0-9-]+/[a-z0-9-]+)?$",
        description="For vertex: the repository that compiled pipelines are uploaded to. Default: none.",
        examples=["europe-west4-kfp.pkg.dev/acme-ml/pipelines"],
    )


class ExistingPipelines(Component):
    """The organisation's Kubeflow Pipelines or Vertex AI project; planform makes nothing there.

    Whoever owns it lets each team's identity run and write its folder.

    Provides: Pipelines, for the teams that the settings name.
    Requires: nothing.
    Emits: nothing.
    Errors: contract/not-named.
    """

    name = "existing"
    capability = "pipelines"
    provides = Pipelines
    Settings = ExistingPipelinesSettings
    settings: ExistingPipelinesSettings

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        vertex = settings.engine == "vertex"
        for name, held in (("token_secret", not vertex), ("project", vertex), ("templates", vertex)):
            if getattr(settings, name) and not held:
                yield Fault(
                    "spec/unused-setting",
                    f"`{name}` says nothing of pipelines on {settings.engine}",
                    (name,),
                    help=f"delete {name}, or correct `engine`",
                )

    def service(self) -> PipelinesRef:
        """The service that the settings name."""
        settings = self.settings
        return PipelinesRef(settings.engine, settings.endpoint, settings.root, settings.url)

    def team(self, name: str, *, namespace: str = "", identity: Identity | None = None) -> PipelineSpace:
        """What the settings say of the team."""
        held = self.settings.teams.get(name)
        if held is None:
            raise self._unnamed(f"pipelines of team `{name}` are asked for", f"`{name}` under `teams`")
        return PipelineSpace(
            root=held.root,
            namespace=held.namespace or namespace,
            service_account=held.service_account if self.settings.engine == "kubeflow" else "",
            identity=_identity(held.identity) if held.identity else identity,
        )

    def submit(
        self,
        name: str,
        *,
        package: str,
        team: str,
        parameters: Mapping[str, str] | None = None,
        schedule: str = "",
    ) -> Sequence[Step]:
        """Upload and start, with what the settings name."""
        space = self.team(team)
        common = {
            "PACKAGE": package,
            "PARAMETERS": parameters_text(parameters),
            "PIPELINE": name,
            "ROOT": space.root,
            "SCHEDULE": schedule,
        }
        title = "Start the pipeline" if not schedule else "Schedule the pipeline"
        if self.settings.engine == "kubeflow":
            return install(KFP), self._kubeflow(title, common, space)
        return install(VERTEX, KFP), self._vertex(title, common, space, team)

    def _kubeflow(self, title: str, common: Mapping[str, str], space: PipelineSpace) -> Step:
        settings = self.settings
        if not settings.token_secret:
            raise self._unnamed("CI has to sign in to the API", "the secret with its token, under `token_secret`")
        variables = {
            **common,
            "ENDPOINT": settings.endpoint if "://" in settings.endpoint else f"https://{settings.endpoint}",
            "NAMESPACE": space.namespace,
            "SERVICE_ACCOUNT": space.service_account,
        }
        secrets = {"KFP_TOKEN": settings.token_secret}
        return Step(title, run=_COMMIT + kubeflow_program(), variables=variables, secrets=secrets)

    def _vertex(self, title: str, common: Mapping[str, str], space: PipelineSpace, team: str) -> Step:
        facts, settings = self.environment, self.settings
        if not settings.templates:
            raise self._unnamed("CI uploads compiled pipelines", "a repository for them, under `templates`")
        if space.identity is None:
            raise self._unnamed(f"runs of team `{team}` act as somebody", f"`identity` under `teams.{team}`")
        variables = {
            **common,
            "ATTACHMENT": "",
            "KEY": "",
            "LABELS": json.dumps({"environment": facts.name, "managed_by": "planform", "team": team}),
            "PROJECT": settings.project or facts.project,
            "REGION": settings.endpoint.removesuffix("-aiplatform.googleapis.com"),
            "SERVICE_ACCOUNT": str(space.identity.email),
            "TEMPLATES": f"https://{settings.templates}",
        }
        return Step(title, run=_COMMIT + vertex_program(), variables=variables)

    def _unnamed(self, need: str, missing: str) -> Exception:
        return self.refuse(
            "contract/not-named", f"{need}, and `existing` does not say how", help=f"name {missing} of `pipelines`"
        )


_COMMIT = """\
set -eu
COMMIT="$(git rev-parse --short=12 HEAD)"
export COMMIT
"""


def _identity(email: str) -> Identity:
    project = email.partition("@")[2].partition(".")[0]
    return Identity(email, f"serviceAccount:{email}", f"projects/{project}/serviceAccounts/{email}")
