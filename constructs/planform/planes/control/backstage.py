"""Backstage, the developer portal, on the platform's cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from planform.contracts.database import Database
from planform.contracts.identity import Identities, Identity
from planform.contracts.monitoring import Monitoring, Panel
from planform.contracts.networking import Networking
from planform.contracts.object_store import ObjectStore
from planform.contracts.portal import Portal
from planform.contracts.registry import Registry
from planform.contracts.secrets import Secrets
from planform.contracts.services import Services
from planform.contracts.tracing import Tracing
from planform.contracts.version_control import CodeRepository, VersionControl
from planform.planes.cluster_component import ClusterComponent
from planform.planes.control.backstage_app_config import GITHUB, SECRETS, BackstageFacts, app_config
from planform.planes.control.backstage_catalog import BackstageCatalog
from planform.planes.control.backstage_settings import BackstageSettings, GatewaySettings, address_faults
from planform.planes.database_proxy import database_port, database_proxy
from planform.planes.front_ends import FRONT_ENDS
from planform.spec.environment import Environment
from planform.spec.fault import Fault

__all__ = ["Backstage"]

NAME = "backstage"
"""Of its namespace, its service accounts, its database, its Secret and its objects."""
PORT = 7007
GITHUB_HOSTS = ("api.github.com", "codeload.github.com", "github.com", "raw.githubusercontent.com")
_SHOWN = {
    "": ["events", "limitranges", "pods", "pods/log", "resourcequotas", "services"],
    "apps": ["daemonsets", "deployments", "replicasets", "statefulsets"],
    "autoscaling": ["horizontalpodautoscalers"],
    "batch": ["cronjobs", "jobs"],
    "networking.k8s.io": ["ingresses"],
}
"""What the Kubernetes plugin shows of workloads: no Secrets and no ConfigMaps."""


class Backstage(ClusterComponent):
    """Backstage from an image of the platform's own, with its catalog and templates in the platform's repository.

    The database is PostgreSQL behind the auth proxy, signed in to as the pod's service account; people sign in by
    GitHub or through Identity-Aware Proxy; permissions are on. The catalog is `portal/<environment>/catalog-info.yaml`
    of the repository: the platform, its planes, components and teams, and whatever components publish. It shows
    workloads of the cluster, read-only and without secrets.
    What a person does: build the image (plugins are compiled in: auth-backend-module-github-provider or
    -gcp-iap-provider, catalog-backend-module-github, -github-org, kubernetes, techdocs with googleGcs, the permission
    policy, and instrumentation.js for metrics and traces) and push it to the repository that the image's name begins
    with; make a GitHub App with the callback `https://<host>/api/auth/github/handler/frame`, and put its credentials
    and two random values into the secrets `<platform>-<environment>-backstage-...`; point the host's DNS record at
    the Gateway's address. For Identity-Aware Proxy, deploy with `sign_in: github` first and read the audience then.
    With `kubernetes-network-policy` give `github_cidrs`; its pods then see no workloads of the cluster.

    Provides: Portal.
    Requires: Services, Compute, GitOps, Identities, Secrets, Database; Registry or `image`; ObjectStore, optional, for
    TechDocs, whose pages a pipeline writes; VersionControl, optional, for where the repository is.
    Emits: the Helm release backstage with its app-config, ExternalSecret, ServiceAccount, ClusterRole, Gateway and
    HTTPRoute, files of the repository under `portal/`; google_service_account_iam_member and readers of secrets.
    Errors: contract/bad-entity, contract/no-image, contract/not-named, contract/other-entity, spec/portal-address,
    spec/unused-setting.
    Source: chart backstage 2.8.2 and its values; GKE's pages on securing a Gateway, on Gateway policies and on
    Identity-Aware Proxy; Backstage's tutorial on OpenTelemetry for the port of metrics. Read 2026-11.
    """

    name = "backstage"
    capability = "portal"
    provides = Portal
    Settings = BackstageSettings
    settings: BackstageSettings
    services: Services
    identity: Identities
    secrets: Secrets
    database: Database
    networking: Networking | None
    object_store: ObjectStore | None
    registry: Registry | None
    version_control: VersionControl | None
    monitoring: Monitoring | None
    tracing: Tracing | None

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        yield from address_faults(settings)

    def build(self) -> None:
        self._catalog = BackstageCatalog(self, left_out=("Group",) if self.settings.teams_from_github else ())
        identity = self.identity.service_account(NAME, purpose="The developer portal")
        held = self.database.database(NAME, users=[identity])
        self.application_namespace(NAME)
        self._reach(held.connection_name)
        self.service_account(NAME, NAME, identity)
        self.secret(NAME, SECRETS, NAME)
        self._show_workloads()
        self._observe()
        facts = self._facts(identity, held.database)
        self.chart(NAME, NAME, self._values(facts, held.connection_name))
        if self.settings.gateway is not None:
            self._expose(self.settings.gateway)

    def url(self) -> str | None:
        """`https://<host>`."""
        return f"https://{self.settings.host}"

    def publish(self, entity: Mapping[str, Any], *, files: Mapping[str, str] | None = None) -> str:
        """Write the entity into the repository that the portal reads."""
        return self._catalog.publish(entity, files)

    def _facts(self, identity: Identity, database: str) -> BackstageFacts:
        settings, environment = self.settings, self.environment
        repository = self._repository
        docs = self.object_store.bucket("techdocs", readers=[identity.member]) if self.object_store else None
        return BackstageFacts(
            title=settings.title or environment.platform,
            company=environment.organization.domain if environment.organization else environment.platform,
            url=f"https://{settings.host}",
            database=database,
            database_user=identity.database_user,
            cluster=self.compute.cluster().name,
            catalog_url=settings.catalog_url or self._catalog_url(repository),
            github_host=repository.host if repository else GITHUB,
            github_organization=settings.github_organization or (repository.owner if repository else ""),
            iap_audience=settings.iap_audience or "",
            docs_bucket=docs.name if docs else "",
            project=environment.project,
        )

    @property
    def _repository(self) -> CodeRepository | None:
        return self.version_control.platform_repository() if self.version_control else None

    def _catalog_url(self, repository: CodeRepository | None) -> str:
        if repository is not None:
            return f"{repository.url}/blob/{repository.branch}/{self._catalog.path}"
        source = self.gitops.source()
        if source.kind != "git":
            raise self.refuse(
                "contract/not-named",
                "nobody told in which repository the portal finds its catalog",
                help="add `catalog_url` to the portal's settings, or the slot `version_control`",
            )
        return f"{source.url}/blob/{source.revision}/{self._catalog.path}"

    def _image(self) -> dict[str, Any]:
        """The parts that the chart puts together again."""
        image = self.settings.image
        if image is None:
            if self.registry is None:
                raise self.refuse(
                    "contract/no-image",
                    "the portal's image is one of the platform's own, and nobody told where it is",
                    help="fill the slot `registry`, or write the image under `image`",
                )
            image = f"{self.registry.repository('portal').uri}/{NAME}:{self.settings.version}"
        name, _, digest = image.partition("@")
        registry, _, path = name.partition("/")
        repository, _, tag = path.partition(":")
        return {
            "registry": registry,
            "repository": repository,
            "tag": tag or "by-digest",
            "digest": digest or None,
            "pullPolicy": "IfNotPresent",
        }

    def _values(self, facts: BackstageFacts, connection_name: str) -> dict[str, Any]:
        return {
            "fullnameOverride": NAME,
            "commonLabels": self.labels,
            "serviceAccount": {"create": False, "name": NAME},
            "backstage": {
                "replicas": self.replicas,
                "image": self._image(),
                # Plugins migrate their schemas when they start: one new pod at a time, and none beside an old one more.
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
                "pdb": {"create": self.replicas > 1, "minAvailable": 1 if self.replicas > 1 else None},
                "podLabels": self.labels,
                "extraEnvVars": self._variables(),
                "extraPorts": [{"name": "metrics", "containerPort": self.settings.metrics_port, "protocol": "TCP"}],
                "initContainers": [database_proxy(self, connection_name)],
                "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"memory": "2Gi"}},
                "startupProbe": {"periodSeconds": 10, "failureThreshold": 60},
                "podSecurityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": 1000,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                # The app plugin writes its configuration into the files that it serves, so the root stays writable.
                "containerSecurityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
                "topologySpreadConstraints": self._spread(),
                "appConfig": app_config(facts),
            },
            "httpRoute": self._route(),
            "postgresql": {"enabled": False},
        }

    def _variables(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = [
            {"name": key.replace("-", "_").upper(), "valueFrom": {"secretKeyRef": {"name": NAME, "key": key}}}
            for key in SECRETS
        ]
        if self.tracing is not None:
            traced = {
                "OTEL_EXPORTER_OTLP_ENDPOINT": self.tracing.collector().http,
                "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
                "OTEL_RESOURCE_ATTRIBUTES": f"deployment.environment.name={self.environment.name}",
                "OTEL_SERVICE_NAME": NAME,
            }
            found += [{"name": name, "value": value} for name, value in traced.items()]
        return found

    def _spread(self) -> list[dict[str, Any]]:
        if self.replicas == 1:
            return []
        return [
            {
                "maxSkew": 1,
                "topologyKey": "topology.kubernetes.io/zone",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": _PODS},
            }
        ]

    def _route(self) -> dict[str, Any]:
        gateway = self.settings.gateway
        if gateway is None:
            return {"enabled": False}
        parent = {"name": gateway.name or NAME, "namespace": gateway.namespace if gateway.name else NAME}
        listener = gateway.listener if gateway.name else "https"
        return {
            "enabled": True,
            "parentRefs": [{**parent, "sectionName": listener}],
            "hostnames": [self.settings.host],
        }

    def _expose(self, gateway: GatewaySettings) -> None:
        if gateway.name is None:
            self.object("gateway.networking.k8s.io/v1", "Gateway", NAME, NAME, spec=self._own_gateway(gateway))
        service = {"group": "", "kind": "Service", "name": NAME}
        probe = {"port": PORT, "requestPath": "/.backstage/health/v1/readiness"}
        self.object(
            "networking.gke.io/v1",
            "HealthCheckPolicy",
            NAME,
            NAME,
            spec={"default": {"config": {"type": "HTTP", "httpHealthCheck": probe}}, "targetRef": service},
        )
        if self.settings.sign_in == "iap":
            policy = {"default": {"iap": {"enabled": True}}, "targetRef": service}
            self.object("networking.gke.io/v1", "GCPBackendPolicy", NAME, NAME, spec=policy)
        if self.network_policy is not None:
            sources = [*FRONT_ENDS, gateway.proxy_cidr]
            self.network_policy.allow_ingress(
                NAME, "load-balancer", scope=self, pods=_PODS, cidrs=sources, ports=[PORT]
            )

    def _own_gateway(self, gateway: GatewaySettings) -> dict[str, Any]:
        tls = {"mode": "Terminate", "options": {"networking.gke.io/cert-manager-certs": gateway.certificate}}
        listener = {
            "name": "https",
            "protocol": "HTTPS",
            "port": 443,
            "hostname": self.settings.host,
            "tls": tls,
            "allowedRoutes": {"namespaces": {"from": "Same"}},
        }
        return {"gatewayClassName": "gke-l7-rilb", "listeners": [listener]}

    def _reach(self, connection_name: str) -> None:
        """GitHub and the database server; its address is one of the network's."""
        if self.network_policy is None:
            return
        repository = self._repository
        names = GITHUB_HOSTS if repository is None or repository.host == GITHUB else (repository.host,)
        hosts, cidrs = ((), self.settings.github_cidrs) if self.settings.github_cidrs else (names, ())
        self.network_policy.allow_egress(NAME, "github", scope=self, pods={}, hosts=hosts, cidrs=cidrs)
        ranges = self.networking.cidrs() if self.networking is not None else ()
        if ranges:
            port = database_port(connection_name)
            self.network_policy.allow_egress(NAME, "database", scope=self, pods={}, cidrs=ranges, ports=(port,))

    def _show_workloads(self) -> None:
        api, name = "rbac.authorization.k8s.io", "backstage-read-only"
        rules = [
            {"apiGroups": [group], "resources": kinds, "verbs": ["get", "list", "watch"]}
            for group, kinds in _SHOWN.items()
        ]
        self.object(f"{api}/v1", "ClusterRole", name, rules=rules)
        self.object(
            f"{api}/v1",
            "ClusterRoleBinding",
            name,
            subjects=[{"kind": "ServiceAccount", "name": NAME, "namespace": NAME}],
            roleRef={"apiGroup": api, "kind": "ClusterRole", "name": name},
        )

    def _observe(self) -> None:
        team = self.place.team
        if self.tracing is not None:
            self.tracing.reach(NAME, scope=self)
            self.tracing.service(NAME, title="Developer portal", team=team, latency_ms=2000)
        if self.monitoring is None:
            return
        self.monitoring.scrape(NAME, namespace=NAME, scope=self, pods=_PODS, port=self.settings.metrics_port)
        self.monitoring.dashboard(NAME, title="Developer portal", panels=_PANELS, team=team)
        self.monitoring.alert(
            "backstage-down",
            title="The developer portal is down",
            query='absent(up{namespace="backstage"}) or sum(up{namespace="backstage"}) < 1',
            minutes=10,
            severity="page" if self.environment.production else "ticket",
            team=team,
        )
        self.monitoring.alert(
            "backstage-tasks-failing",
            title="Templates of the developer portal fail",
            query='sum(increase(scaffolder_task_count_total{namespace="backstage",result="failed"}[1h])) > 3',
            team=team,
        )


_PODS = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/component": NAME}
_PANELS = (
    Panel("Replicas that answer", 'sum(up{namespace="backstage"})'),
    Panel("Entities in the catalog", 'sum by (kind) (catalog_entities_count{namespace="backstage"})'),
    Panel("Entities processed", 'sum(rate(catalog_processed_entities_count_total{namespace="backstage"}[5m]))'),
    Panel(
        "Templates run, by result",
        'sum by (result) (increase(scaffolder_task_count_total{namespace="backstage"}[1h]))',
    ),
)
