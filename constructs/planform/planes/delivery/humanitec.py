"""Humanitec's Platform Orchestrator, which resolves wishes in its own service."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import Field

from planform.contracts.ci import Step
from planform.contracts.gitops import GitOps
from planform.contracts.secrets import SecretRef
from planform.contracts.services import Services
from planform.planes.delivery.orchestration import Application, ApplicationsSettings, Offer, OrchestratorComponent
from planform.planes.delivery.resource_types import RESOURCE_TYPES
from planform.planes.once import OnceSettings, makes_shared
from planform.planes.record_ids import record_id
from planform.planes.step_secrets import in_step
from planform.planes.teams import WORKLOAD
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.terraform.expression import Expression, escape, expr
from planform.terraform.google import (
    IamWorkloadIdentityPool,
    IamWorkloadIdentityPoolProvider,
    ProjectIamMember,
    ServiceAccountIamMember,
)
from planform.terraform.humanitec import Application as HumanitecApplication
from planform.terraform.humanitec import Environment as HumanitecEnvironment
from planform.terraform.humanitec import (
    EnvironmentType,
    HumanitecProvider,
    ResourceAccount,
    ResourceDefinition,
    ResourceDefinitionCriteria,
    ResourceType,
    Secretstore,
)

__all__ = ["Humanitec", "HumanitecSettings"]

ISSUER = "https://idtoken.humanitec.io"
POOL = "humanitec"
IDENTITY = "humanitec"
TOKEN_SECRET = "humanitec-token"
CLI_VERSION = "0.36.2"
BUILT_IN = ("dns", "route")
"""Types that Humanitec has itself, with the ingress that it makes of them; planform offers none of its own."""


class HumanitecSettings(ApplicationsSettings, OnceSettings):
    """Settings of `humanitec`."""

    organization: str = Field(
        pattern=r"^[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?$",
        description="Id of the organisation at Humanitec.",
        examples=["acme"],
    )
    load_balancer: str = Field(
        default="",
        pattern=r"^([0-9]{1,3}(\.[0-9]{1,3}){3}|[a-z0-9-]+(\.[a-z0-9-]+)+)?$",
        description="Address or name of the cluster's ingress, for Humanitec's own `dns` and `route`. Default: none.",
        examples=["203.0.113.10"],
    )
    agent: str = Field(
        default="",
        pattern=r"^([a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?)?$",
        description="Id of the Humanitec agent in the cluster, by which the control plane is reached without being"
        " public. Default: none; the control plane is reached from Humanitec's addresses.",
        examples=["gke-agent"],
    )


class Humanitec(OrchestratorComponent):
    """Humanitec, first generation: resource definitions, each chosen by environment and application.

    Each environment is an environment type there, and has definitions for its cluster, its namespaces, its workloads'
    service account, and every type that it can serve; what a definition gives is known at compile time (the driver
    `humanitec/echo`), so Humanitec itself creates nothing in the cloud and needs no right there but to deploy. It signs
    in to Google Cloud without a key: a workload identity pool trusts its tokens for this one account.
    What the organisation has once, applications and resource types, one environment makes. Types are the organisation's
    own, `<organization>/<type>`, for Humanitec's built-in ones of the same name have other outputs; `deploy` rewrites
    the Score file's types. `dns` and `route` are Humanitec's own and are left to definitions of the organisation.
    Nothing is put beside a workload here: it dials a database by its `connection_name`, with a connector of Google's.
    What a person does: subscribe; put a service user's token into HUMANITEC_TOKEN where Terraform runs and into the
    secret humanitec-token for CI; with `agent`, register and install it; for secrets, install the Humanitec Operator
    and let its service account read them: the store is named by the environment, values stay in Secret Manager.
    State of things, 2026-11: the provider's last release is 1.9.1 of 2025-10-03. The second generation has another
    provider, humanitec/platform-orchestrator 2.14.0, marked deprecated in favour of
    stellwerk-labs/platform-orchestrator 1.0.1, whose modules are OpenTofu code that it runs; nothing public says how
    long either service is offered. So this is one of two orchestrators, and moving to `score-k8s` changes no Score
    file.

    Provides: Orchestrator; `deploy` reads score.yaml at the top of the repository, which must be checked out.
    Requires: Compute, Identities, Services; for each type, whoever serves it.
    Emits: humanitec_environment_type, _resource_account, _resource_definition, _resource_definition_criteria,
    _environment, _secretstore; in one environment _application and _resource_type; google_iam_workload_identity_pool
    with a provider, google_service_account_iam_member and google_project_iam_member.
    Errors: contract/no-delivery, contract/other-team, contract/two-offers, contract/unknown-application,
    contract/unknown-output, contract/unknown-resource-type, contract/workflow, spec/name-too-long.
    Source: provider humanitec/humanitec 1.9.1 and its docs; Humanitec's reference architecture for Google Cloud, for
    the cloud account gcp-identity; humctl 0.36.2; read 2026-11-25.
    """

    name = "humanitec"
    apis = ("iam.googleapis.com", "iamcredentials.googleapis.com", "sts.googleapis.com", "container.googleapis.com")
    Settings = HumanitecSettings
    settings: HumanitecSettings
    services: Services
    gitops: GitOps | None

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterator[Fault]:
        yield from super().check(settings, environment)
        for name in settings.applications:
            if len(f"{environment.prefix}-{name}-k8s-service-account") > 100:
                yield Fault(
                    "spec/name-too-long",
                    f"the id `{environment.prefix}-{name}-k8s-service-account` has more than 100 characters",
                    ("applications", name),
                    help="shorten the application's name",
                    of_key=True,
                )

    def deploy(self, application: str, *, workload: str, image: str) -> Sequence[Step]:
        """Install humctl, name the types as the organisation has them, deploy and wait."""
        self._known(application)
        if self.secrets is None:
            raise self.refuse(
                "contract/no-delivery",
                f"CI deploys with the secret `{TOKEN_SECRET}`, and the environment has no store for it",
                help="add the slot `secrets`",
            )
        token = self.secrets.secret(TOKEN_SECRET, purpose="Token of a service user of Humanitec, for deployments")
        owned = [name for name in RESOURCE_TYPES if name not in BUILT_IN]
        return (
            Step("Install humctl", run=_INSTALL, variables={"HUMCTL_VERSION": CLI_VERSION}),
            Step(
                "Deploy the workload",
                run=_DEPLOY,
                variables={
                    "HUMANITEC_APP": application,
                    "HUMANITEC_ENV": self.environment.name,
                    "HUMANITEC_ORG": self.settings.organization,
                    "IMAGE": image,
                    "MESSAGE": f"Deploy {application}/{workload} to {self.environment.name}",
                    "OWNED_TYPES": " ".join(owned),
                },
                secrets={"HUMANITEC_TOKEN": in_step(self, token)},
            ),
        )

    def _start(self) -> None:
        HumanitecProvider(self, "humanitec", org_id=self.settings.organization)
        self._shared = makes_shared(self.settings, self.environment)
        self._type = EnvironmentType(
            self,
            record_id(self.environment.name),
            id=self.environment.name,
            description=f"{self.environment.prefix}, in {self.environment.project}",
        )
        if self._shared:
            self._make_types()
        self._account = self._sign_in()
        self._cluster()
        self._store = self._make_store() if self.secrets is not None else None

    def _begin(self, application: Application) -> None:
        """The application, its place in this environment, its namespace, and what its workloads run as."""
        made = (
            HumanitecApplication(self, record_id(application.name), id=application.name, name=application.name)
            if self._shared
            else None
        )
        HumanitecEnvironment(
            self,
            record_id(application.name),
            app_id=made.id if made is not None else application.name,
            id=self.environment.name,
            name=self.environment.name,
            type=self._type.id,
        )
        namespace = {"namespace": application.namespace}
        self._define(f"{application.name}-k8s-namespace", "k8s-namespace", namespace, application=application.name)
        account = {"name": WORKLOAD}
        self._define(
            f"{application.name}-k8s-service-account", "k8s-service-account", account, application=application.name
        )
        update = [{"op": "add", "path": "/spec/serviceAccountName", "value": WORKLOAD}]
        outputs = {"templates": {"init": "", "outputs": f"update: {json.dumps(update)}\n"}}
        self._define(
            f"{application.name}-workload",
            "workload",
            outputs,
            driver="humanitec/template",
            application=application.name,
        )

    def _offered(self, offer: Offer) -> None:
        if offer.type in BUILT_IN:
            values, type = dict(offer.outputs), offer.type
        else:
            values, type = dict(offer.outputs), f"{self.settings.organization}/{offer.type}"
        name = "-".join(
            part
            for part in (
                offer.application,
                offer.type,
                offer.class_ if offer.class_ != "default" else "",
                offer.id,
            )
            if part
        )
        references = None
        if offer.secret:
            references, values = {"value": {"store": self._store_id, "ref": values["value"]}}, {}
        self._define(
            name,
            type,
            values,
            references=references,
            application=offer.application,
            class_=offer.class_,
            id=offer.id,
        )

    def _bring(self, application: Application, target: str, held: SecretRef) -> None:
        """Humanitec's operator reads the store itself."""

    def _make_types(self) -> None:
        for name, facts in RESOURCE_TYPES.items():
            if name in BUILT_IN:
                continue
            place = "secrets" if name == "secret" else "values"
            outputs = {output: {"type": "string", "title": output} for output in facts.outputs}
            inner = {"type": "object", "properties": outputs, "required": list(facts.outputs)}
            params = {param: {"title": param} for param in facts.params}
            inputs = {"type": "object", "properties": params, "additionalProperties": False}
            ResourceType(
                self,
                record_id(name),
                id=f"{self.settings.organization}/{name}",
                name=name,
                category="platform",
                use="direct",
                inputs_schema=json.dumps({"type": "object", "properties": {"values": inputs}}),
                outputs_schema=json.dumps({"type": "object", "properties": {place: inner}, "required": [place]}),
            )

    def _sign_in(self) -> ResourceAccount:
        """A cloud account without a key: Humanitec's token for this account is exchanged for the service account."""
        if self.identity is None:
            raise self.refuse(
                "contract/unmet-requirement",
                "`humanitec` signs in as a service account",
                help="add the slot `identity`",
            )
        facts = self.environment
        account_id = facts.prefix
        subject = f"{self.settings.organization}/{account_id}"
        identity = self.identity.service_account(IDENTITY, purpose="Humanitec: deploys workloads to the cluster")
        ProjectIamMember(
            self,
            "humanitec_cluster",
            project=facts.project,
            role="roles/container.developer",
            member=identity.member,
        )
        pool = IamWorkloadIdentityPool(
            self,
            POOL,
            project=facts.project,
            workload_identity_pool_id=POOL,
            display_name="Humanitec",
            description="Trusts Humanitec's tokens for one cloud account",
        )
        path = f"projects/{facts.project_number}/locations/global/workloadIdentityPools/{POOL}"
        audience = f"//iam.googleapis.com/{path}/providers/{POOL}"
        provider = IamWorkloadIdentityPoolProvider(
            self,
            POOL,
            project=facts.project,
            workload_identity_pool_id=pool.workload_identity_pool_id,
            workload_identity_pool_provider_id=POOL,
            display_name="Humanitec",
            attribute_mapping={"google.subject": "assertion.sub"},
            attribute_condition=f'assertion.sub == "{subject}"',
            oidc=[{"issuer_uri": ISSUER, "allowed_audiences": [audience]}],
        )
        grant = ServiceAccountIamMember(
            self,
            POOL,
            service_account_id=identity.id,
            role="roles/iam.workloadIdentityUser",
            member=f"principal://iam.googleapis.com/{path}/subject/{subject}",
            depends_on=[provider],
        )
        credentials = {"gcp_service_account": str(identity.email), "gcp_audience": audience}
        return ResourceAccount(
            self,
            record_id(self.environment.name),
            id=account_id,
            name=f"{facts.prefix}, without a key",
            type="gcp-identity",
            credentials=_names(credentials),
            depends_on=[grant],
        )

    def _cluster(self) -> None:
        cluster = self.compute.cluster()
        values = {
            "name": str(cluster.name),
            "project_id": str(cluster.id).split("/")[1],
            "zone": str(cluster.location),
        }
        if self.settings.load_balancer:
            values["loadbalancer"] = self.settings.load_balancer
        references = None
        if self.settings.agent:
            agent = {"id": self.settings.agent}
            self._define("agent", "agent", agent, driver="humanitec/agent", id="agent")
            references = {"agent_url": {"value": "${resources['agent#agent'].outputs.url}"}}
        self._define(
            "cluster",
            "k8s-cluster",
            values,
            driver="humanitec/k8s-cluster-gke",
            account=self._account.id,
            references=references,
        )

    def _make_store(self) -> Secretstore:
        return Secretstore(
            self,
            record_id(self.environment.name),
            id=self._store_id,
            primary=False,
            gcpsm={"project_id": self.environment.project},
        )

    @property
    def _store_id(self) -> str:
        return f"{self.environment.prefix}-secrets"

    def _define(
        self,
        name: str,
        type: str,
        values: Mapping[str, Any],
        *,
        driver: str = "humanitec/echo",
        account: Expression | None = None,
        references: Mapping[str, Any] | None = None,
        application: str = "",
        class_: str = "default",
        id: str = "",
    ) -> None:
        """A definition and the one rule by which it is chosen: this environment, an application, a class, an id."""
        full = f"{self.environment.prefix}-{name}"
        inputs: dict[str, Any] = {"values_string": json.dumps(dict(values))}
        if references is not None:
            inputs["secret_refs"] = _names(references)
        definition = ResourceDefinition(
            self,
            record_id(name),
            id=full,
            name=full,
            type=type,
            driver_type=driver,
            driver_account=account,
            driver_inputs=inputs,
        )
        criteria: dict[str, Any] = {"env_type": self._type.id}
        if application:
            criteria["app_id"] = application
        if class_ != "default":
            criteria["class"] = class_
        if id:
            criteria["res_id"] = id
        ResourceDefinitionCriteria(self, record_id(name), resource_definition_id=definition.id, **criteria)


def _names(value: Mapping[str, Any]) -> Expression:
    """Names for an argument that the provider keeps for secrets, and that takes no literal therefore."""
    return expr(f"jsonencode({escape(json.dumps(dict(value)))})")


_INSTALL = """\
set -eu
archive="cli_${HUMCTL_VERSION}_linux_amd64.tar.gz"
mkdir -p "$HOME/.local/bin"
curl --fail --silent --show-error --location \\
  "https://github.com/humanitec/cli/releases/download/v${HUMCTL_VERSION}/$archive" \\
  | tar -xz -C "$HOME/.local/bin" humctl
"""
_DEPLOY = """\
set -eu
export PATH="$HOME/.local/bin:$PATH"
cp score.yaml humanitec.score.yaml
for type in $OWNED_TYPES; do
  sed --in-place --regexp-extended "s|^( +type:) +\\"?$type\\"?$|\\1 $HUMANITEC_ORG/$type|" humanitec.score.yaml
done
humctl score deploy --org "$HUMANITEC_ORG" --app "$HUMANITEC_APP" --env "$HUMANITEC_ENV" \\
  --file humanitec.score.yaml --image "$IMAGE" --message "$MESSAGE" --wait
"""
