"""Kubeflow Pipelines on the environment's own cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import Field

from planform.contracts.ci import Step
from planform.contracts.identity import Identities, Identity
from planform.contracts.keys import Keys
from planform.contracts.monitoring import Monitoring, Panel
from planform.contracts.networking import Networking
from planform.contracts.object_store import ObjectStore
from planform.contracts.pipelines import Pipelines, PipelineSpace, PipelinesRef
from planform.contracts.secrets import Secrets
from planform.contracts.services import Services
from planform.kubernetes.record import KubernetesObject
from planform.kubernetes.writer import to_yaml
from planform.planes.cluster_component import ClusterComponent
from planform.planes.delivery.gateway_settings import GatewaySettings
from planform.planes.delivery.kubeflow_access import CONTROLLERS, CRDS, EDIT, STEP, VIEW, binding
from planform.planes.delivery.kubeflow_database import KubeflowDatabase
from planform.planes.delivery.kubeflow_objects import (
    PORTS,
    USER_HEADER,
    USER_PREFIX,
    container,
    database_proxy,
    deployment,
    from_secret,
    front_configuration,
    metadata_configuration,
    service,
    token_volume,
)
from planform.planes.delivery.pipeline_submission import AUDIENCE, KFP, install, kubeflow_program, parameters_text
from planform.planes.front_ends import FRONT_ENDS
from planform.planes.teams import WORKLOAD
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import KebabName

__all__ = ["KubeflowPipelines", "KubeflowPipelinesSettings"]

NAMESPACE = "kubeflow"
ENGINE_NAMESPACE = "argo-workflows"
IDENTITY = "kubeflow-pipelines"
DATABASE_SECRET = "kubeflow-pipelines-database"
STORE_SECRET = "kubeflow-pipelines-object-store"
DATABASE_USER = "kfp"
SUBMITTER = "pipeline-submitter"
RBAC = "rbac.authorization.k8s.io"


class KubeflowPipelinesSettings(Settings):
    """Settings of `kubeflow-pipelines`."""

    teams: tuple[KebabName, ...] = Field(
        default=(), description="Teams whose pipelines may run, besides those that golden paths ask for. Default: none."
    )
    host: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$",
        description="Host name of the user interface, behind Identity-Aware Proxy; needs `gateway`. Default: no user"
        " interface; the API is reached by port forwarding.",
        examples=["pipelines.acme.example"],
    )
    gateway: GatewaySettings | None = Field(
        default=None,
        description="The Gateway, of one of GKE's external or regional application load balancer classes, that the user"
        " interface hangs on. Default: none.",
        examples=[{"name": "external", "namespace": "gateway-system"}],
    )
    database_tier: str = Field(
        default="db-custom-1-3840",
        pattern=r"^db-(custom-[1-9][0-9]?-[1-9][0-9]{3,5}|f1-micro|g1-small|n1-(standard|highmem)-[0-9]{1,2})$",
        description="Machine of the MySQL instance. Default: 1 vCPU and 3.75 GiB.",
        examples=["db-custom-2-7680"],
    )
    database_disk_gib: int = Field(
        default=20, ge=10, le=65536, description="Disk of the MySQL instance; it grows by itself. Default: 20 GiB."
    )
    high_availability: bool | None = Field(
        default=None, description="Keep a standby of the MySQL instance in another zone. Default: in production."
    )
    steps_as_user: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="User id that every step's container runs as, whatever its image says; images that install packages"
        " at start need root. Default: the image's own.",
        examples=[1000],
    )
    keep_workflows_hours: int = Field(
        default=24,
        ge=1,
        le=720,
        description="Hours that a finished workflow and its pods stay in the cluster; runs stay in the database."
        " Default: 24 hours.",
    )
    tensorboard: bool = Field(
        default=False,
        description="Let people start TensorBoard from the user interface, by a controller that makes Deployments and"
        " Services in every namespace. Default: off.",
    )


class KubeflowPipelines(ClusterComponent):
    """Kubeflow Pipelines 2.17 for several teams, lean: what version 2 of pipelines runs on, and no more.

    API server, persistence agent, scheduler, ML Metadata, the user interface, and Argo Workflows, which runs the steps
    in the team's own namespace as its service account `workload`. Left out: what only serves version 1 of pipelines
    (cache server and its deployer, metadata writer, visualization server), which the API server is told to refuse; the
    profile controller, whose work `team` does; the in-cluster MySQL and object store.
    Artefacts are in one bucket for each team, reached by workload identity. The API server keeps packages in a bucket
    of its own and speaks S3 to it, so it needs an HMAC key, by reference.
    The database is MySQL, on a Cloud SQL instance of this component's own: version 2.17.0 has a PostgreSQL overlay, but
    its API server builds every query in MySQL's dialect (client_manager.go, `NewMySQLDialect`), and knows the overlay's
    driver name not at all. It signs in by password, by reference, through the auth proxy: ML Metadata's client has no
    plugin for IAM's tokens.
    Who asks is said by Identity-Aware Proxy's header, or proven by a Kubernetes token for `pipelines.kubeflow.org`.
    An Envoy beside the API server takes that header off whatever does not come from the user interface, and network
    policies admit teams to that Envoy alone: without the slot `network_policy`, teams could speak for each other.
    ML Metadata has no sign-in: teams can read and write each other's lineage there.
    Who may do what are Kubernetes roles: whoever is bound to `edit` or `view` in a namespace, as a user and not by way
    of a group, which Kubeflow does not see.
    What a person does: make the MySQL user, `gcloud sql users create kfp --host=% --prompt-for-password --instance
    <prefix>-pipelines-mysql`, and put its password into the secret kubeflow-pipelines-database-password; make a key,
    `gcloud storage hmac create kubeflow-pipelines@<project>.iam.gserviceaccount.com`, and put its parts into the
    secrets kubeflow-pipelines-object-store-accesskey and -secretkey; with `host`, give users
    roles/iap.httpsResourceAccessor and point the name at the Gateway; open it once as https://HOST/?ns=TEAM, which
    chooses the namespace.

    Provides: Pipelines; `submit` needs a job whose identity is the team's, or may administer the cluster.
    Requires: Compute, GitOps, Identities, Networking with private services access, ObjectStore, Secrets; Keys,
    NetworkPolicies, Policies and Monitoring, if they are there.
    Emits: google_sql_database_instance, google_sql_database, IAM members; the Helm release argo-workflows;
    CustomResourceDefinition, Deployment, Service, ConfigMap, RBAC, ExternalSecret and NetworkPolicy objects.
    Errors: spec/no-gateway, spec/name-too-long, contract/no-delivery.
    Source: kubeflow/pipelines at tag 2.17.0, manifests/kustomize and backend; values of the chart argo-workflows
    1.0.14 (Argo Workflows 4.0.5); read 2026-11-25.
    """

    name = "kubeflow-pipelines"
    capability = "pipelines"
    provides = Pipelines
    apis = ("sqladmin.googleapis.com", "servicenetworking.googleapis.com")
    Settings = KubeflowPipelinesSettings
    settings: KubeflowPipelinesSettings
    identity: Identities
    secrets: Secrets
    services: Services
    networking: Networking
    object_store: ObjectStore
    keys: Keys | None
    monitoring: Monitoring | None

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        if bool(settings.host) != bool(settings.gateway):
            yield Fault(
                "spec/no-gateway",
                "a user interface is a host name on a Gateway, and one of the two is missing",
                ("host",) if settings.host else ("gateway",),
                help="write both `host` and `gateway`, or neither",
            )
        if len(f"{environment.project}:{environment.prefix}-pipelines-mysql") > 98:
            yield Fault(
                "spec/name-too-long",
                f"`{environment.project}:{environment.prefix}-pipelines-mysql` is longer than the 98 characters of an"
                " instance's name",
                help="shorten the platform's or the environment's name",
            )

    def build(self) -> None:
        self._teams: dict[str, PipelineSpace] = {}
        self._account = self.identity.service_account(
            IDENTITY, purpose="Kubeflow Pipelines: packages, artefacts, database"
        )
        self._packages = self.object_store.bucket("pipelines", writers=[self._account.member])
        self._database = self._make_database()
        self._namespace()
        self._engine()
        for name, spec in CRDS.items():
            self.object("apiextensions.k8s.io/v1", "CustomResourceDefinition", name, spec=spec)
        self._roles()
        self._metadata()
        self._api_server()
        self._agents()
        if self.settings.host and self.settings.gateway:
            self._user_interface(self.settings.host, self.settings.gateway)
        if self.monitoring is not None:
            self._observe(self.monitoring)
        for team in self.settings.teams:
            self.team(team)

    def service(self) -> PipelinesRef:
        """The API server, inside the cluster."""
        return PipelinesRef(
            engine="kubeflow",
            endpoint=f"http://ml-pipeline.{NAMESPACE}.svc:8888",
            root=str(self._packages.uri),
            url=f"https://{self.settings.host}" if self.settings.host else "",
        )

    def team(self, name: str, *, namespace: str = "", identity: Identity | None = None) -> PipelineSpace:
        """The team's bucket, and in its namespace what its runs need."""
        if name in self._teams:
            return self._teams[name]
        space = namespace or name
        acting = identity or self.identity.service_account(f"team-{name}", purpose=f"Workloads of team {name}")
        bucket = self.object_store.bucket(f"pipelines-{name}", writers=[acting.member], readers=[self._account.member])
        root = f"{bucket.uri}/runs"
        self._teams[name] = PipelineSpace(root, space, WORKLOAD, acting)
        self._runs_in(space, str(bucket.name), root)
        self._submits_from(space, acting)
        self._reaches(space)
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
        """Forward a port to the API server, and speak to it with a token of the team's submitter."""
        space, cluster = self.team(team), self.compute.cluster()
        sign_in = {"cluster": str(cluster.name), "location": str(cluster.location), "project": self._project}
        return (
            Step("Sign in to the cluster", tool="cluster-credentials", inputs=sign_in),
            install(KFP),
            Step(
                "Start the pipeline" if not schedule else "Schedule the pipeline",
                run=_FORWARD + kubeflow_program(),
                variables={
                    "ENDPOINT": "http://127.0.0.1:8888",
                    "NAMESPACE": space.namespace,
                    "PACKAGE": package,
                    "PARAMETERS": parameters_text(parameters),
                    "PIPELINE": name,
                    "ROOT": space.root,
                    "SCHEDULE": schedule,
                    "SERVICE_ACCOUNT": space.service_account,
                },
            ),
        )

    @property
    def _project(self) -> str:
        return str(self.compute.cluster().id).split("/")[1]

    def _make_database(self) -> KubeflowDatabase:
        settings, production = self.settings, self.environment.production
        made = KubeflowDatabase(
            self,
            networking=self.networking,
            keys=self.keys,
            tier=settings.database_tier,
            disk_gib=settings.database_disk_gib,
            high_availability=production if settings.high_availability is None else settings.high_availability,
        )
        made.admit("kubeflow", self._account.member)
        return made

    def _namespace(self) -> None:
        """Closed: pods reach each other, the control plane, and the database's proxy port in the private network."""
        self.application_namespace(NAMESPACE, cidrs=self.networking.cidrs(), ports=(443, 3307))
        self.secret(DATABASE_SECRET, {"password": "Password of the MySQL user kfp"}, NAMESPACE)
        purpose = "HMAC key of kubeflow-pipelines"
        self.secret(STORE_SECRET, {"accesskey": f"{purpose}: access id", "secretkey": f"{purpose}: secret"}, NAMESPACE)

    def _engine(self) -> None:
        """Argo Workflows for all namespaces; who may run workflows where, roles say."""
        self.operator_namespace(ENGINE_NAMESPACE)
        safe = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
        steps = {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        seconds = self.settings.keep_workflows_hours * 3600
        self.chart(
            "argo-workflows",
            ENGINE_NAMESPACE,
            {
                # The full definitions are fetched from GitHub by a job at installation.
                "crds": {"install": True, "keep": True, "full": False},
                "createAggregateRoles": False,
                "images": {"pullPolicy": "IfNotPresent"},
                "server": {"enabled": False},
                "workflow": {"serviceAccount": {"create": False}, "rbac": {"create": False}},
                "executor": {
                    "resources": {"requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"memory": "512Mi"}},
                    "securityContext": steps,
                },
                "controller": {
                    "replicas": self.replicas,
                    "pdb": {"enabled": True, "minAvailable": 1} if self.replicas > 1 else None,
                    "workflowNamespaces": [],
                    "clusterWorkflowTemplates": {"enabled": False},
                    "podSecurityContext": safe,
                    "resources": {"requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"memory": "1Gi"}},
                    "metricsConfig": {"enabled": True},
                    "workflowDefaults": {
                        "spec": {
                            "ttlStrategy": {"secondsAfterCompletion": seconds},
                            "podGC": {"strategy": "OnWorkflowCompletion", "deleteDelayDuration": "600s"},
                        }
                    },
                },
            },
        )

    def _roles(self) -> None:
        for account, rules in CONTROLLERS.items():
            if not self._runs(account):
                continue
            role = f"kubeflow-{account}"
            self.service_account(NAMESPACE, account, self._account if account in _WITH_IDENTITY else None)
            self.object(f"{RBAC}/v1", "ClusterRole", role, rules=rules)
            self.object(f"{RBAC}/v1", "ClusterRoleBinding", role, **binding("ClusterRole", role, account, NAMESPACE))
        for role, rules in (("edit", EDIT), ("view", VIEW)):
            labels = {**self.labels, f"{RBAC}/aggregate-to-{role}": "true"}
            self._labelled(f"{RBAC}/v1", "ClusterRole", f"kubeflow-pipelines-{role}", labels, rules=rules)
        self.object(f"{RBAC}/v1", "ClusterRole", "kubeflow-pipelines-step", rules=STEP)

    def _runs(self, account: str) -> bool:
        if account == "ml-pipeline-ui":
            return self.settings.host is not None
        return account != "ml-pipeline-viewer-crd" or self.settings.tensorboard

    def _metadata(self) -> None:
        """ML Metadata, where runs leave their lineage."""
        app = "metadata-grpc"
        self.service_account(NAMESPACE, app, self._account)
        server = container(
            self,
            "server",
            "ml-metadata-store-server",
            env=[from_secret("PASSWORD", DATABASE_SECRET, "password")],
            ports={"grpc": 8080},
            probe={"tcpSocket": {"port": "grpc"}},
            cpu="100m",
            memory="256Mi",
            most_memory="512Mi",
            read_only=False,
            command=["/bin/metadata_store_server"],
            args=[
                "--grpc_port=8080",
                "--mysql_config_host=127.0.0.1",
                "--mysql_config_port=3306",
                "--mysql_config_database=metadb",
                f"--mysql_config_user={DATABASE_USER}",
                "--mysql_config_password=$(PASSWORD)",
                "--enable_database_upgrade=true",
                "--grpc_channel_arguments=grpc.max_metadata_size=16384,grpc.max_receive_message_length=104857600"
                ",grpc.max_send_message_length=104857600",
            ],
        )
        self._deploy(app, [server], account=app, sidecars=[database_proxy(self, str(self._database.connection_name))])
        self._serve("metadata-grpc-service", app, {"grpc": (8080, 8080)})

    def _api_server(self) -> None:
        app = "ml-pipeline"
        self.object(
            "v1", "ConfigMap", "ml-pipeline-front", NAMESPACE, data={"envoy.yaml": to_yaml(front_configuration())}
        )
        front = container(
            self,
            "front",
            "kfp-metadata-envoy",
            ports=PORTS,
            probe={"tcpSocket": {"port": "http"}},
            memory="128Mi",
            args=["/etc/envoy/envoy.yaml"],
            volumeMounts=[{"name": "front", "mountPath": "/etc/envoy", "readOnly": True}],
        )
        healthy = {"httpGet": {"path": "/apis/v1beta1/healthz", "port": 8888}}
        server = container(
            self,
            "server",
            "kfp-api-server",
            env=self._api_environment(),
            ports={"api-http": 8888, "api-grpc": 8887},
            probe=healthy,
            cpu="250m",
            memory="512Mi",
            most_memory="1Gi",
            read_only=False,
            startupProbe={**healthy, "periodSeconds": 5, "failureThreshold": 60},
        )
        self._deploy(
            app,
            [server, front],
            account=app,
            replicas=self.replicas,
            sidecars=[database_proxy(self, str(self._database.connection_name))],
            volumes=[{"name": "front", "configMap": {"name": "ml-pipeline-front"}}],
        )
        self._serve(app, app, {"http": (8888, PORTS["http"]), "grpc": (8887, PORTS["grpc"])})
        self._serve("ml-pipeline-trusted", app, {"http": (8888, PORTS["trusted"])})

    def _api_environment(self) -> list[dict[str, Any]]:
        user = self.settings.steps_as_user
        plain = {
            "POD_NAMESPACE": NAMESPACE,
            "LOG_LEVEL": "info",
            "MULTIUSER": "true",
            "REQUIRE_NAMESPACE_FOR_PIPELINES": "true",
            "KUBEFLOW_USERID_HEADER": USER_HEADER,
            "KUBEFLOW_USERID_PREFIX": USER_PREFIX,
            "DEFAULTPIPELINERUNNERSERVICEACCOUNT": WORKLOAD,
            "BLOCK_V1_PIPELINES": "true",
            "AUTO_UPDATE_PIPELINE_DEFAULT_VERSION": "true",
            "V2_DRIVER_IMAGE": self.image("kfp-driver"),
            "V2_LAUNCHER_IMAGE": self.image("kfp-launcher"),
            "OBJECTSTORECONFIG_HOST": "storage.googleapis.com",
            "OBJECTSTORECONFIG_PORT": "443",
            "OBJECTSTORECONFIG_SECURE": "true",
            "OBJECTSTORECONFIG_REGION": "auto",
            "OBJECTSTORECONFIG_BUCKETNAME": str(self._packages.name),
            "DBCONFIG_MYSQLCONFIG_HOST": "127.0.0.1",
            "DBCONFIG_MYSQLCONFIG_PORT": "3306",
            "DBCONFIG_MYSQLCONFIG_DBNAME": "mlpipeline",
            "DBCONFIG_MYSQLCONFIG_USER": DATABASE_USER,
            "DBCONFIG_CONMAXLIFETIME": "120s",
        }
        if user is not None:
            plain |= {
                "DEFAULT_SECURITY_CONTEXT_RUN_AS_USER": str(user),
                "DEFAULT_SECURITY_CONTEXT_RUN_AS_NON_ROOT": "true",
            }
        return [
            *({"name": name, "value": value} for name, value in plain.items()),
            from_secret("DBCONFIG_MYSQLCONFIG_PASSWORD", DATABASE_SECRET, "password"),
            from_secret("OBJECTSTORECONFIG_ACCESSKEY", STORE_SECRET, "accesskey"),
            from_secret("OBJECTSTORECONFIG_SECRETACCESSKEY", STORE_SECRET, "secretkey"),
        ]

    def _agents(self) -> None:
        """What writes the state of workflows back, and what starts those that are due; both watch every namespace."""
        hours = {
            "TTL_SECONDS_AFTER_WORKFLOW_FINISH": str(self.settings.keep_workflows_hours * 3600),
            "NUM_WORKERS": "2",
        }
        self._agent("ml-pipeline-persistenceagent", "kfp-persistence-agent", "persistenceagent-sa-token", hours)
        clock = {"METRICS_PORT": "9090", "CRON_SCHEDULE_TIMEZONE": "UTC", "CLIENT_QPS": "10", "CLIENT_BURST": "20"}
        token = "scheduledworkflow-sa-token"
        self._agent("ml-pipeline-scheduledworkflow", "kfp-scheduled-workflow-controller", token, clock)
        if self.settings.tensorboard:
            self._agent("ml-pipeline-viewer-crd", "kfp-viewer-crd-controller", "", {"MAX_NUM_VIEWERS": "20"})

    def _agent(self, app: str, locked: str, token: str, variables: Mapping[str, str]) -> None:
        env = {"NAMESPACE": "", "LOG_LEVEL": "info", **variables}
        volumes, mounts = [], []
        if token:
            volume, mount = token_volume(token)
            volumes, mounts = [volume], [mount]
        made = container(
            self,
            "controller",
            locked,
            env=[{"name": name, "value": value} for name, value in env.items()],
            ports={"metrics": 9090} if "METRICS_PORT" in env else None,
            cpu="100m",
            memory="256Mi",
            most_memory="512Mi",
            volumeMounts=mounts or None,
        )
        self._deploy(app, [made], account=app, volumes=volumes, recreate=True)

    def _user_interface(self, host: str, gateway: GatewaySettings) -> None:
        web, app = "metadata-envoy", "ml-pipeline-ui"
        self.service_account(NAMESPACE, web)
        config = {"envoy.yaml": to_yaml(metadata_configuration())}
        self.object("v1", "ConfigMap", web, NAMESPACE, data=config)
        envoy = container(
            self,
            "envoy",
            "kfp-metadata-envoy",
            ports={"web": 9090},
            probe={"tcpSocket": {"port": "web"}},
            memory="128Mi",
            args=["/etc/envoy/envoy.yaml"],
            volumeMounts=[{"name": "config", "mountPath": "/etc/envoy", "readOnly": True}],
        )
        self._deploy(web, [envoy], account=web, volumes=[{"name": "config", "configMap": {"name": web}}])
        self._serve("metadata-envoy-service", web, {"web": (9090, 9090)})
        self.object("v1", "ConfigMap", app, NAMESPACE, data={"dashboard_lib.bundle.js": _NAMESPACE_CHOICE})
        self._deploy(
            app,
            [self._frontend()],
            account=app,
            replicas=self.replicas,
            volumes=[{"name": "choice", "configMap": {"name": app}}],
        )
        self._serve(app, app, {"http": (80, 3000)})
        self._expose(app, host, gateway)

    def _frontend(self) -> dict[str, Any]:
        variables = {
            "DEPLOYMENT": "KUBEFLOW",
            "HIDE_SIDENAV": "false",
            "ENABLE_AUTHZ": "true",
            "KUBEFLOW_USERID_HEADER": USER_HEADER,
            "KUBEFLOW_USERID_PREFIX": USER_PREFIX,
            "FRONTEND_SERVER_NAMESPACE": NAMESPACE,
            "ML_PIPELINE_SERVICE_HOST": "ml-pipeline-trusted",
            "ML_PIPELINE_SERVICE_PORT": "8888",
            "METADATA_ENVOY_SERVICE_SERVICE_HOST": "metadata-envoy-service",
            "METADATA_ENVOY_SERVICE_SERVICE_PORT": "9090",
            "DISABLE_GKE_METADATA": "true",
            "ALLOW_CUSTOM_VISUALIZATIONS": "false",
            "STREAM_LOGS_FROM_SERVER_API": "false",
        }
        return container(
            self,
            "ui",
            "kfp-frontend",
            env=[{"name": name, "value": value} for name, value in variables.items()],
            ports={"http": 3000},
            probe={"httpGet": {"path": "/apis/v1beta1/healthz", "port": "http"}},
            cpu="50m",
            memory="256Mi",
            most_memory="512Mi",
            read_only=False,
            volumeMounts=[
                {
                    "name": "choice",
                    "mountPath": "/client/dashboard_lib.bundle.js",
                    "subPath": "dashboard_lib.bundle.js",
                    "readOnly": True,
                }
            ],
        )

    def _expose(self, app: str, host: str, gateway: GatewaySettings) -> None:
        """On the Gateway, behind Identity-Aware Proxy with Google's own OAuth client."""
        target = {"group": "", "kind": "Service", "name": app}
        rules = [{"backendRefs": [{"name": app, "port": 80}]}]
        spec = {"parentRefs": [gateway.parent], "hostnames": [host], "rules": rules}
        self.object("gateway.networking.k8s.io/v1", "HTTPRoute", app, NAMESPACE, spec=spec)
        policy = {"default": {"iap": {"enabled": True}}, "targetRef": target}
        self.object("networking.gke.io/v1", "GCPBackendPolicy", app, NAMESPACE, spec=policy)
        check = {"type": "HTTP", "httpHealthCheck": {"port": 3000, "requestPath": "/apis/v1beta1/healthz"}}
        self.object(
            "networking.gke.io/v1",
            "HealthCheckPolicy",
            app,
            NAMESPACE,
            spec={"default": {"config": check}, "targetRef": target},
        )
        if self.network_policy is not None:
            self.network_policy.allow_ingress(
                NAMESPACE, "load-balancer", scope=self, pods={"app": app}, cidrs=FRONT_ENDS, ports=[3000]
            )

    def _runs_in(self, namespace: str, bucket: str, root: str) -> None:
        """Where drivers and launchers find the artefacts' root, and Argo its logs' place; and what steps may do."""
        self.object("v1", "ConfigMap", "kfp-launcher", namespace, data={"defaultPipelineRoot": root})
        host = f"metadata-grpc-service.{NAMESPACE}.svc.cluster.local"
        address = {"METADATA_GRPC_SERVICE_HOST": host, "METADATA_GRPC_SERVICE_PORT": "8080"}
        self.object("v1", "ConfigMap", "metadata-grpc-configmap", namespace, data=address)
        repository = {
            "archiveLogs": True,
            "gcs": {"bucket": bucket, "keyFormat": "logs/{{workflow.name}}/{{pod.name}}"},
        }
        self.object(
            "v1",
            "ConfigMap",
            "artifact-repositories",
            namespace,
            annotations={"workflows.argoproj.io/default-artifact-repository": "pipelines"},
            data={"pipelines": to_yaml(repository)},
        )
        body = binding("ClusterRole", "kubeflow-pipelines-step", WORKLOAD, namespace)
        self.object(f"{RBAC}/v1", "RoleBinding", "pipeline-step", namespace, **body)

    def _submits_from(self, namespace: str, identity: Identity) -> None:
        """A service account that may start runs, and leave for the team's identity to ask tokens of it."""
        self.object("v1", "ServiceAccount", SUBMITTER, namespace, automountServiceAccountToken=False)
        for role in ("edit", "view"):
            body = binding("ClusterRole", f"kubeflow-pipelines-{role}", SUBMITTER, namespace)
            self.object(f"{RBAC}/v1", "RoleBinding", f"{SUBMITTER}-{role}", namespace, **body)
        token = {
            "apiGroups": [""],
            "resources": ["serviceaccounts/token"],
            "resourceNames": [SUBMITTER],
            "verbs": ["create"],
        }
        self.object(f"{RBAC}/v1", "Role", f"{SUBMITTER}-token", namespace, rules=[token])
        self.object(
            f"{RBAC}/v1",
            "RoleBinding",
            f"{SUBMITTER}-token",
            namespace,
            roleRef={"apiGroup": RBAC, "kind": "Role", "name": f"{SUBMITTER}-token"},
            subjects=[{"apiGroup": RBAC, "kind": "User", "name": str(identity.email)}],
        )

    def _reaches(self, namespace: str) -> None:
        """Steps reach the front and ML Metadata; and the control plane, where Argo's executor reports."""
        if self.network_policy is None:
            return
        for pods, ports in (("ml-pipeline", (PORTS["http"], PORTS["grpc"])), ("metadata-grpc", (8080,))):
            self.network_policy.allow_ingress(
                NAMESPACE,
                f"{pods}-from-{namespace}",
                scope=self,
                pods={"app": pods},
                namespaces=[namespace],
                ports=ports,
            )
        self.network_policy.allow_egress(
            namespace, "pipelines-control-plane", scope=self, pods={}, cidrs=self.networking.cidrs(), ports=(443,)
        )
        reached = (PORTS["http"], PORTS["grpc"], 8080)
        self.network_policy.allow_egress(
            namespace, "pipelines", scope=self, pods={}, namespaces=[NAMESPACE], ports=reached
        )

    def _observe(self, monitoring: Monitoring) -> None:
        for app, port in (("ml-pipeline", 8888), ("ml-pipeline-scheduledworkflow", 9090)):
            monitoring.scrape(app, namespace=NAMESPACE, scope=self, pods={"app": app}, port=port)
        controller = {"app.kubernetes.io/name": "argo-workflows-workflow-controller"}
        monitoring.scrape("argo-workflows", namespace=ENGINE_NAMESPACE, scope=self, pods=controller, port=9090)
        monitoring.dashboard(
            "kubeflow-pipelines",
            title="Kubeflow Pipelines",
            panels=(
                Panel("Workflows by phase", "sum by (phase) (argo_workflows_gauge)"),
                Panel("Runs started", "sum(rate(run_server_create_requests[5m]))"),
                Panel("Runs held", "sum(run_server_run_count)"),
                Panel("Workflows waiting for the controller", "sum(argo_workflows_queue_depth_gauge)"),
            ),
        )
        monitoring.alert(
            "kubeflow-pipelines-down",
            title="No API server of Kubeflow Pipelines answers",
            query="absent(run_server_run_count) > 0",
            minutes=10,
            severity="page",
        )
        monitoring.alert(
            "kubeflow-pipelines-errors",
            title="Workflows end in errors of the platform, not of their steps",
            query='sum(argo_workflows_gauge{phase="Error"}) > 0',
            minutes=30,
        )

    def _deploy(
        self, app: str, containers: Sequence[Mapping[str, Any]], *, account: str, replicas: int = 1, **more: Any
    ) -> None:
        spec = deployment(app, containers, labels=self.labels, service_account=account, replicas=replicas, **more)
        self.object("apps/v1", "Deployment", app, NAMESPACE, spec=spec)
        if replicas > 1:
            guarded = {"minAvailable": 1, "selector": {"matchLabels": {"app": app}}}
            self.object("policy/v1", "PodDisruptionBudget", app, NAMESPACE, spec=guarded)

    def _serve(self, name: str, app: str, ports: Mapping[str, tuple[int, int]]) -> None:
        self.object("v1", "Service", name, NAMESPACE, spec=service(app, ports))

    def _labelled(self, api_version: str, kind: str, name: str, labels: Mapping[str, str], **body: Any) -> None:
        KubernetesObject(self, api_version, kind, name, labels=labels, **body)


_WITH_IDENTITY = ("ml-pipeline", "ml-pipeline-ui")
"""The API server dials the database; the user interface reads artefacts."""
_NAMESPACE_CHOICE = """\
// The user interface asks a dashboard for the namespace. Here the address names it, https://HOST/?ns=TEAM, once.
window.centraldashboard = {
  CentralDashboardEventHandler: {
    init: function (bind) {
      var named = new URLSearchParams(window.location.search).get("ns");
      if (named) { window.localStorage.setItem("pipelines-namespace", named); }
      var handler = {};
      bind(handler, false);
      var chosen = named || window.localStorage.getItem("pipelines-namespace");
      if (chosen && handler.onNamespaceSelected) { handler.onNamespaceSelected(chosen); }
    },
  },
};
"""
_FORWARD = f"""\
set -eu
KFP_TOKEN="$(kubectl -n "$NAMESPACE" create token {SUBMITTER} --audience={AUDIENCE} --duration=1h)"
COMMIT="$(git rev-parse --short=12 HEAD)"
export KFP_TOKEN COMMIT
kubectl -n {NAMESPACE} port-forward service/ml-pipeline 8888:8888 >/dev/null &
forward=$!
trap 'kill "$forward"' EXIT
for attempt in $(seq 30); do
  if curl --silent --fail --output /dev/null "$ENDPOINT/apis/v2beta1/healthz"; then break; fi
  sleep 2
done
"""
