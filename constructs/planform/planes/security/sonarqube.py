"""SonarQube Server in the cluster, and what it holds of the platform's repositories."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from planform.contracts.ci import Step
from planform.contracts.code_analysis import AnalysisRef, CodeAnalysis
from planform.contracts.database import Database, DatabaseRef
from planform.contracts.identity import Identities
from planform.contracts.monitoring import Monitoring, Panel
from planform.contracts.secrets import SecretRef, Secrets
from planform.contracts.version_control import CodeRepository
from planform.planes.cluster_component import ClusterComponent
from planform.planes.database_proxy import METRICS_PORT, PORT, PRIVATE_RANGES, database_port, database_proxy
from planform.planes.front_ends import FRONT_ENDS
from planform.planes.once import OnceSettings, makes_shared
from planform.planes.record_ids import record_id
from planform.planes.security.quality_gate import GATE, LANGUAGES, Metric, Severity, conditions, gate_faults
from planform.planes.step_secrets import in_step
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import Cidr, Days, Gib
from planform.terraform.record import Lifecycle
from planform.terraform.sonarqube import (
    GithubBinding,
    Group,
    NewCodePeriods,
    Permissions,
    PermissionTemplate,
    Project,
    ProjectMainBranch,
    Qualitygate,
    QualitygateProjectAssociation,
    Qualityprofile,
    QualityprofileActivateRule,
    QualityprofileProjectAssociation,
    SonarqubeProvider,
)

__all__ = ["GatewaySettings", "Sonarqube", "SonarqubeSettings"]

NAME = "sonarqube"
SERVER_PORT = 9000
VERSIONS = {"community": "26.7", "developer": "2026.4", "enterprise": "2026.4"}
"""What the chart installs of each edition; told to the provider, which then asks no server when it starts."""
SCANNERS = "ci-scanners"
EXCLUDED = ["data/**", "models/**"]
UNTESTED = ["notebooks/**", "tests/**"]
PEOPLE = ["codeviewer", "issueadmin", "securityhotspotadmin", "user"]
ObjectName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
Rule = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*:[A-Za-z0-9_-]+$"), Field(examples=["python:S6985"])]


class GatewaySettings(Settings):
    """The cluster's Gateway that serves the host, made by others, with a certificate for it."""

    name: ObjectName = Field(description="Name of the Gateway.", examples=["internal"])
    namespace: ObjectName = Field(description="Its namespace.", examples=["gateway"])
    proxy_cidr: Cidr | None = Field(
        default=None,
        description="Range of the proxy-only subnet, from which an internal Gateway calls. Default: none; a public"
        " Gateway calls from Google's own ranges.",
    )


class SonarqubeSettings(OnceSettings):
    """Settings of `sonarqube`."""

    host: str = Field(
        pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$",
        description="Host name that people, jobs of CI and Terraform reach the server at.",
        examples=["sonarqube.acme.example"],
    )
    gateway: GatewaySettings | None = Field(
        default=None, description="Gateway that serves the host. Default: none, so somebody routes the host by hand."
    )
    edition: Literal["community", "developer", "enterprise"] = Field(
        default="developer",
        description="`community` is free, and knows neither pull requests nor branches; the others need a licence."
        " Default: developer.",
    )
    gate: Annotated[dict[Metric, Annotated[float, Field(ge=0, le=100)]], Field(min_length=1)] = Field(
        default=dict(GATE),
        description="The quality gate: metric of new code to what just passes; percentages, counts, or grades from 1 to"
        " 4. Default: 80 % of new code covered, 3 % duplicated, all hotspots reviewed, no new issue.",
    )
    rules: dict[Rule, Severity] = Field(
        default={"python:S6985": "blocker", "pythonsecurity:S5135": "blocker"},
        description="Python rules switched on beside those of Sonar way, with their severity; those of `pythonsecurity`"
        " only where the edition has them. Default: unsafe torch.load, and unpickling what an attacker wrote.",
    )
    github_app: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_-]{1,200}$",
        description="Key of the GitHub App that an administrator has set up in the server, by which it writes findings"
        " onto pull requests. Default: none.",
        examples=["github-acme"],
    )
    new_code_days: Annotated[Days, Field(le=90)] = Field(
        default=30,
        description="How long code is new in the community edition, 1 to 90 days; the others compare with the main"
        " branch. Default: 30.",
    )
    node_pool: ObjectName | None = Field(
        default=None,
        description="Pool whose machines have `vm.max_map_count` of 524288 or more, for a faster search. Default: any"
        " machine, with files read instead of mapped.",
    )
    disk_gib: Gib = Field(default=50, description="Disk for indexes, which can be built anew. Default: 50 GiB.")
    memory_gib: Annotated[Gib, Field(ge=4, le=64)] = Field(
        default=6, description="Memory of the server, 4 to 64 GiB. Default: 6 GiB."
    )


class Sonarqube(ClusterComponent):
    """SonarQube: findings and a quality gate for every repository, and a step of CI that waits for the gate.

    The server runs once for the organisation, in the environment that makes what is shared. It signs in to its
    database as its own identity, through the auth proxy and without a password. No container is privileged. Its
    metrics need a passcode that Prometheus cannot send, so what is watched is the pod and its way to the database.

    Its Terraform records are inside the running server, so they have a stack of their own, applied when the server is
    up, by somebody who reaches its host, with SONAR_TOKEN in the environment: a user token of an administrator.
    By hand, once: a passcode of one's own making into the secret sonarqube-monitoring-passcode; the password of
    `admin`, which is `admin` at first; the licence; sign-in by the organisation's identity provider, whose groups are
    called as the teams are. For each repository: a project analysis token into the secret sonar-token-<repository>,
    which no Terraform makes, as it would stay in the state. Runners of CI must reach the host.

    Provides: CodeAnalysis; `check` is the one that the server writes onto pull requests with `github_app`, else "".
    Requires: Compute, GitOps, Database, Identities, Secrets; NetworkPolicies and Policies, optional; Monitoring,
    optional: scrapes, a dashboard and alerts.
    Emits: the Helm release sonarqube, a closed namespace; sonarqube_project and what belongs to it, _qualitygate,
    _qualityprofile, _permission_template, _group.
    Errors: spec/gate-condition, spec/unused-setting, contract/unknown-language, contract/bad-name,
    contract/workflow.
    Source: values and templates of the chart sonarqube 2026.4.0; provider pages of jdamata/sonarqube 0.16.21, which
    calls nobody at start when version and edition are told; SonarQube's page on pre-installation, for
    `node.store.allow_mmap`; read 2026-11.
    """

    name = NAME
    capability = "code_analysis"
    provides = CodeAnalysis
    own_stack = True
    Settings = SonarqubeSettings
    settings: SonarqubeSettings
    database: Database
    identity: Identities
    secrets: Secrets
    monitoring: Monitoring | None

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        yield from gate_faults(settings.gate)
        if settings.edition == "community" and settings.github_app:
            yield Fault(
                "spec/unused-setting",
                "the community edition knows no pull requests, so it has no use for a GitHub App",
                ("github_app",),
                help="delete `github_app`, or choose another edition",
            )

    @classmethod
    def applied(cls, settings: Any, environment: Environment) -> bool:
        return makes_shared(settings, environment)

    def build(self) -> None:
        self._shared = makes_shared(self.settings, self.environment)
        self._held: dict[str, tuple[AnalysisRef, str, SecretRef]] = {}
        self._teams: dict[str, Group] = {}
        if self._shared:
            self._server()
            self._content()

    def project(self, repository: CodeRepository, *, language: str = "python", team: str = "") -> AnalysisRef:
        """The repository's project; its gate is the platform's."""
        key = f"{repository.owner}_{repository.name}"
        if key in self._held:
            return self._held[key][0]
        if language not in LANGUAGES:
            raise self.refuse(
                "contract/unknown-language",
                f"`{repository.full_name}` is in `{language}`, which SonarQube is not asked to look into",
                help=f"languages are {', '.join(LANGUAGES)}",
            )
        check = "SonarQube Code Analysis" if self._decorates(repository) else ""
        analysis = AnalysisRef(key, f"{self._url}/dashboard?id={key}", check)
        self._held[key] = (analysis, language, self._token(repository.name))
        if self._shared:
            self._project(key, repository, LANGUAGES[language], team)
        return analysis

    def steps(self, analysis: AnalysisRef) -> Sequence[Step]:
        """The scan, which fails when the gate does."""
        if analysis.key not in self._held:
            raise self.refuse(
                "contract/bad-name", f"no project `{analysis.key}` was asked for", help="ask for the project first"
            )
        _, language, token = self._held[analysis.key]
        arguments = {
            "sonar.projectKey": analysis.key,
            "sonar.qualitygate.wait": "true",
            "sonar.qualitygate.timeout": "600",
        }
        if language == "python":
            arguments["sonar.python.coverage.reportPaths"] = "coverage.xml"
        return (
            Step(
                "Analyse with SonarQube and wait for its gate",
                tool="sonar-scan",
                inputs={"args": " ".join(f"-D{name}={value}" for name, value in arguments.items())},
                variables={"SONAR_HOST_URL": self._url},
                secrets={"SONAR_TOKEN": in_step(self, token)},
            ),
        )

    @property
    def _url(self) -> str:
        return f"https://{self.settings.host}"

    @property
    def _full(self) -> bool:
        return self.settings.edition != "community"

    def _decorates(self, repository: CodeRepository) -> bool:
        return self.settings.github_app is not None and repository.host == "github.com"

    def _token(self, repository: str) -> SecretRef:
        """The secret with the project's token, which jobs of CI may read."""
        plan = self.identity.plan()
        readers = [plan.identity.member] if plan is not None else []
        purpose = f"Token by which CI sends analyses of {repository} to SonarQube"
        return self.secrets.secret(f"sonar-token-{repository.replace('.', '-')}", readers=readers, purpose=purpose)

    def _server(self) -> None:
        identity = self.identity.service_account(NAME, purpose="SonarQube, at its database")
        database = self.database.database(NAME, users=[identity])
        port = database_port(database.connection_name)
        namespace = self.application_namespace(NAME, cidrs=PRIVATE_RANGES, ports=(port,))
        self.service_account(namespace, NAME, identity)
        passcode = {"monitoring-passcode": "Passcode of SonarQube's own health checks: any long random text"}
        self.secret(NAME, passcode, namespace)
        self.chart(NAME, namespace, self._values(database))
        if self.settings.gateway is not None:
            self._front(namespace, self.settings.gateway)
        if self.monitoring is not None:
            self._watch(self.monitoring, namespace, "alloydbconn" if port == 5433 else "cloudsqlconn")

    def _values(self, database: DatabaseRef) -> dict[str, Any]:
        settings = self.settings
        return {
            "fullnameOverride": NAME,
            "image": {"repository": "docker.io/library/sonarqube"},  # with the host, by which clusters let it in
            "deploymentType": "StatefulSet",
            "replicaCount": 1,
            "edition": settings.edition if self._full else "",
            "community": {"enabled": not self._full},
            "serviceAccount": {"create": False, "name": NAME},
            "monitoringPasscodeSecretName": NAME,
            "monitoringPasscodeSecretKey": "monitoring-passcode",
            "jdbcOverwrite": {
                "enabled": True,
                "jdbcUrl": f"jdbc:postgresql://127.0.0.1:{PORT}/{database.database}",
                "jdbcUsername": database.users[0],
                # The proxy signs in, so no password is ever asked for; the chart wants a Secret all the same.
                "jdbcSecretName": NAME,
                "jdbcSecretPasswordKey": "monitoring-passcode",
            },
            "extraInitContainers": [database_proxy(self, database.connection_name)],
            "initSysctl": {"enabled": False},
            "initFs": {"enabled": False},
            "elasticsearch": {"configureNode": False, "bootstrapChecks": settings.node_pool is not None},
            "persistence": {"enabled": True, "storageClass": "premium-rwo", "size": f"{settings.disk_gib}Gi"},
            "resources": {
                "requests": {"cpu": "1", "memory": f"{settings.memory_gib}Gi", "ephemeral-storage": "4Gi"},
                "limits": {"memory": f"{settings.memory_gib}Gi", "ephemeral-storage": "20Gi"},
            },
            "nodeSelector": {"cloud.google.com/gke-nodepool": settings.node_pool} if settings.node_pool else {},
            "podLabels": self.labels,
            "sonarProperties": self._properties(),
            "httproute": self._route(),
            "prometheusExporter": {"enabled": False},  # it would fetch a program from the internet at each start
            "tests": {"enabled": False},
        }

    def _properties(self) -> dict[str, str]:
        properties = {
            "sonar.core.serverBaseURL": self._url,
            "sonar.forceAuthentication": "true",
            "sonar.telemetry.enable": "false",
            "sonar.updatecenter.activate": "false",
        }
        if self.settings.node_pool is None:
            properties["sonar.search.javaAdditionalOpts"] = "-Dnode.store.allow_mmap=false"
        return properties

    def _route(self) -> dict[str, Any]:
        gateway = self.settings.gateway
        if gateway is None:
            return {"enabled": False}
        return {
            "enabled": True,
            "gateway": gateway.name,
            "gatewayNamespace": gateway.namespace,
            "hostnames": [self.settings.host],
        }

    def _front(self, namespace: str, gateway: GatewaySettings) -> None:
        """What lets the Gateway's load balancer in, and tells it when the server is well."""
        check = {"port": SERVER_PORT, "requestPath": "/api/system/status"}
        self.object(
            "networking.gke.io/v1",
            "HealthCheckPolicy",
            NAME,
            namespace,
            spec={
                "default": {"config": {"type": "HTTP", "httpHealthCheck": check}},
                "targetRef": {"group": "", "kind": "Service", "name": NAME},
            },
        )
        if self.network_policy is None:
            return
        sources = [*FRONT_ENDS, *([gateway.proxy_cidr] if gateway.proxy_cidr else [])]
        self.network_policy.allow_ingress(
            namespace, "front-ends", scope=self, pods={"app": NAME}, cidrs=sources, ports=[SERVER_PORT]
        )

    def _watch(self, monitoring: Monitoring, namespace: str, proxy: str) -> None:
        up = f'up{{namespace="{namespace}"}}'
        failures = f'{proxy}_dial_failure_count{{namespace="{namespace}"}}'
        monitoring.scrape(NAME, namespace=namespace, scope=self, pods={"app": NAME}, port=METRICS_PORT)
        monitoring.dashboard(
            NAME,
            title="SonarQube",
            panels=[
                Panel("Up", f"sum({up})"),
                Panel("Connections to its database", f'{proxy}_open_connections{{namespace="{namespace}"}}'),
                Panel("Failed connections", f"sum(rate({failures}[5m]))", "1/s"),
            ],
            team=self.place.team,
        )
        monitoring.alert(
            "sonarqube-down",
            title="SonarQube is down, so no pull request can be merged that waits for its gate",
            query=f"absent({up}) or sum({up}) < 1",
            minutes=15,
            team=self.place.team,
            runbook=f"kubectl -n {namespace} describe pod -l app={NAME}",
        )
        monitoring.alert(
            "sonarqube-database",
            title="SonarQube cannot reach its database",
            query=f"sum(rate({failures}[5m])) > 0",
            minutes=15,
            team=self.place.team,
            runbook=f"kubectl -n {namespace} logs -l app={NAME} -c database-proxy",
        )

    def _content(self) -> None:
        """What all projects share."""
        edition = self.settings.edition
        SonarqubeProvider(
            self, NAME, host=self._url, installed_version=VERSIONS[edition], installed_edition=edition.capitalize()
        )
        self._gate = Qualitygate(
            self, "platform", name=f"{self.environment.platform} platform", condition=conditions(self.settings.gate)
        )
        self._profile = Qualityprofile(
            self, "python", name=f"{self.environment.platform} Python", language="py", parent="Sonar way"
        )
        for rule, severity in sorted(self.settings.rules.items()):
            if self._full or not rule.startswith("pythonsecurity:"):
                QualityprofileActivateRule(
                    self, record_id(rule), key=self._profile["key"], rule=rule, severity=severity.upper()
                )
        scanners = Group(self, "scanners", name=SCANNERS, description="Service accounts that send analyses.")
        self._template = PermissionTemplate(
            self,
            "platform",
            name=f"{self.environment.platform} private",
            description="Projects are seen by their teams alone.",
            default=True,
        )
        self._grant = Permissions(
            self,
            "template_scanners",
            group_name=scanners.name,
            template_id=self._template.id,
            permissions=["codeviewer", "scan", "user"],
        )

    def _project(self, key: str, repository: CodeRepository, language: str, team: str) -> None:
        id = record_id(repository.name)
        project = Project(
            self,
            id,
            name=repository.full_name,
            project=key,
            visibility="private",
            tags=sorted({self.environment.platform, *([team] if team else [])}),
            setting=[
                {"key": "sonar.coverage.exclusions", "values": UNTESTED},
                {"key": "sonar.exclusions", "values": EXCLUDED},
            ],
            depends_on=[self._template, self._grant],
            lifecycle=Lifecycle(prevent_destroy=True) if self.environment.production else None,
        )
        branch = ProjectMainBranch(self, id, project=project.project, name=repository.branch)
        if self._full:
            NewCodePeriods(self, id, project=project.project, type="REFERENCE_BRANCH", value=branch.name)
        else:
            days = str(self.settings.new_code_days)
            NewCodePeriods(self, id, project=project.project, type="NUMBER_OF_DAYS", value=days, depends_on=[branch])
        QualitygateProjectAssociation(self, id, gatename=self._gate.name, projectkey=project.project)
        if language == "py":
            QualityprofileProjectAssociation(
                self, id, quality_profile=self._profile.name, project=project.project, language=language
            )
        if team:
            group = self._team(team)
            Permissions(self, id, group_name=group.name, project_key=project.project, permissions=PEOPLE)
        if self.settings.github_app is not None and self._decorates(repository):
            GithubBinding(
                self,
                id,
                alm_setting=self.settings.github_app,
                project=project.project,
                repository=repository.full_name,
                summary_comment_enabled="true",
            )

    def _team(self, name: str) -> Group:
        if name not in self._teams:
            description = "A team of the platform; the identity provider has a group of this name."
            self._teams[name] = Group(self, record_id("team", name), name=name, description=description)
        return self._teams[name]
