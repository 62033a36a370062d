"""Transformation: a job that reads events, changes them, and writes them to a database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from planform.contracts.ci import Ci, Step
from planform.contracts.compute import Compute
from planform.contracts.database import Database, DatabaseRef
from planform.contracts.ide import Ide
from planform.contracts.identity import Identities
from planform.contracts.monitoring import Monitoring, Panel
from planform.contracts.network_policy import NetworkPolicies
from planform.contracts.portal import Portal
from planform.contracts.registry import Registry
from planform.contracts.secrets import Secrets
from planform.contracts.streaming import StreamClient, Streaming
from planform.contracts.version_control import CodeRepository, VersionControl
from planform.golden_paths.application import kafka_variables
from planform.golden_paths.application_repository import COMMIT, acting_identity, deliver, keep, make_repository
from planform.golden_paths.entity import show
from planform.golden_paths.path import Path
from planform.planes.database_proxy import PORT, PRIVATE_RANGES, database_port, database_proxy
from planform.planes.teams import WORKLOAD
from planform.spec.fault import Fault
from planform.spec.units import KebabName
from planform.spec.workload import ApplicationWorkload, Reference

__all__ = ["Transformation", "TransformationSettings"]

METRICS_PORT = 9400
API = "rbac.authorization.k8s.io"
CLUSTER_VIEWER = "roles/container.clusterViewer"
_RESTART = """\
if [ -n "$VERSION" ]; then
  echo "the blueprint names version $VERSION, which runs until it names another"
  exit 0
fi
kubectl --namespace "$NAMESPACE" rollout restart "deployment/$DEPLOYMENT"
kubectl --namespace "$NAMESPACE" rollout status "deployment/$DEPLOYMENT" --timeout=10m
"""


class TransformationSettings(ApplicationWorkload):
    """A job that runs for as long as there are events."""

    kind: Literal["Transformation"] = Field(description="What this document describes.")
    topic: KebabName = Field(description="Topic that it reads; it is made.")
    partitions: int = Field(default=3, ge=1, le=200, description="Partitions of the topic. Default: 3.")
    output: KebabName = Field(description="Dataset in a database that it writes, by its document's name.")
    version: str | None = Field(
        default=None,
        pattern=r"^[0-9a-f]{40}$",
        description="Commit of its repository whose image runs. Rolling back is writing the one before. Default: the"
        " last one, which production does not allow.",
        examples=["5f2b0c9d1e7a4836b2d4f0c1a9e8d7c6b5a43210"],
    )
    replicas: int = Field(default=1, ge=1, le=50, description="Copies; more than partitions are idle. Default: 1.")
    lag_events: int = Field(
        default=10_000, ge=1, description="Events behind at which its team is told. Default: 10000."
    )
    cpus: float = Field(default=0.5, gt=0, le=16, description="CPU of each copy, in cores. Default: 0.5.")
    memory_mib: int = Field(default=512, ge=64, le=65536, description="Memory of each copy, in MiB. Default: 512.")

    declares = ("transformation",)

    def refers(self) -> Iterator[Reference]:
        yield Reference("dataset", self.output, ("output",))


class Transformation(Path):
    """A consumer of a topic in the team's namespace, whose image CI builds from the team's repository.

    It signs in to the database as the team's identity, without a password, and to the event bus as the bus has it. CI
    pushes an image of each commit, under a tag that cannot be moved. Where the document names no `version`, CI also
    moves the tag of the environment and restarts the job, to try things out with: nobody can say later what ran. The
    repository's first files are a job that counts each event once; events that it cannot read go to the topic
    `<name>-dead-letter`.
    """

    kind = "Transformation"
    persona = "data engineer"
    title = "Transformation"
    table: ClassVar[Mapping[str, str]] = {
        "delivery": "a containerized Python job in a repository, image in the registry, deployed by CI",
        "resource": "a job in the cluster reads the event bus, transforms, writes a database",
        "security": "secrets for the event bus and the database injected, or keyless",
        "observability": "logs and run status in monitoring, alerts on lag and failure",
    }
    choices: ClassVar[Mapping[str, str]] = {"output": "dataset"}
    repository = "job"
    Settings = TransformationSettings
    settings: TransformationSettings
    streaming: Streaming
    database: Database
    registry: Registry
    identity: Identities
    compute: Compute
    network_policy: NetworkPolicies | None
    monitoring: Monitoring | None
    ci: Ci | None
    version_control: VersionControl | None
    secrets: Secrets | None
    ide: Ide | None
    portal: Portal | None

    def check(self) -> Iterator[Fault]:
        if self.identity_of_team is None:
            yield Fault(
                "workload/missing-capability",
                f"a Transformation runs in a cluster, and team `{self.team}` has no identity in"
                f" `{self.environment.name}`",
                ("kind",),
                help="fill the slots `compute` and `gitops` there",
            )

    def build(self) -> None:
        database = self._database()
        with self.row("security"):
            client = self._client()
            self._fence(database)
        with self.row("resource"):
            self._run(client, database)
        self._deliver(client, database)
        self._watch()
        if self.portal is not None:
            show(self, self.portal, "observability", type="job")

    def _database(self) -> DatabaseRef:
        """The output's database, with this team's identity let in."""
        wanted = self.given("dataset", self.settings.output)
        if not wanted.database:
            raise self.refuse(
                "workload/dataset-place",
                f"dataset `{self.settings.output}` is in no database, and a Transformation writes one",
                path=("output",),
                help="name a dataset with `database: {table: NAME}`",
            )
        assert self.identity_of_team is not None
        with self.row("security"):
            return self.database.database(wanted.database, users=[self.identity_of_team])

    def _client(self) -> StreamClient:
        topic = self.streaming.topic(self.settings.topic, partitions=self.settings.partitions, team=self.team)
        refused = self.streaming.topic(self._dead_letters, team=self.team)
        return self.streaming.client(
            self.name,
            namespace=self.namespace,
            scope=self,
            reads=[topic],
            writes=[refused],
            group=self.name,
            service_account=WORKLOAD,
            identity=self.identity_of_team,
        )

    def _fence(self, database: DatabaseRef) -> None:
        if self.network_policy is None:
            self.lacks("security", "network_policy")
            return
        self.network_policy.allow_egress(
            self.namespace,
            f"transformation-{self.name}",
            scope=self,
            pods=self._selector,
            cidrs=PRIVATE_RANGES,
            ports=[database_port(str(database.connection_name))],
        )

    @property
    def _dead_letters(self) -> str:
        return f"{self.name}-dead-letter"

    @property
    def _selector(self) -> dict[str, str]:
        return {"app.kubernetes.io/name": self.name, "app.kubernetes.io/component": "transformation"}

    def _images(self, *, moving: bool) -> str:
        """The image's name in one of two repositories: tags move in one of them and stay in the other."""
        nodes = self.compute.node_identity()
        held = self.registry.repository(
            f"jobs-{self.team}" if moving else f"team-{self.team}",
            readers=[nodes.member] if nodes is not None else [],
            writers=self.members,
            moving_tags=moving,
        )
        return f"{held.uri}/{self.name}"

    @property
    def _image(self) -> str:
        """What runs: the commit that the document names, or what CI pushed last for the environment."""
        if self.settings.version is not None:
            return f"{self._images(moving=False)}:{self.settings.version}"
        return f"{self._images(moving=True)}:{self.environment.name}"

    def _run(self, client: StreamClient, database: DatabaseRef) -> None:
        secrets = sorted({secret for secret, _ in client.files.values()})
        volumes: list[dict[str, Any]] = [
            {"name": secret, "secret": {"secretName": secret, "defaultMode": 0o440}} for secret in secrets
        ]
        mounts = [
            {"name": secret, "mountPath": path, "subPath": key, "readOnly": True}
            for path, (secret, key) in client.files.items()
        ]
        pod = {
            "serviceAccountName": WORKLOAD,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 10001,
                "fsGroup": 10001,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "terminationGracePeriodSeconds": 60,
            "initContainers": [database_proxy(self, str(database.connection_name))],
            "containers": [self._container(client, database, mounts)],
            "volumes": [*volumes, {"name": "scratch", "emptyDir": {}}],
        }
        self.manifest(
            "apps/v1",
            "Deployment",
            self.name,
            spec={
                "replicas": self.settings.replicas,
                "selector": {"matchLabels": self._selector},
                "template": {"metadata": {"labels": {**self.labels, **self._selector}}, "spec": pod},
            },
        )
        if self.settings.replicas > 1:
            spec = {"maxUnavailable": 1, "selector": {"matchLabels": self._selector}}
            self.manifest("policy/v1", "PodDisruptionBudget", self.name, spec=spec)

    def _container(self, client: StreamClient, database: DatabaseRef, mounts: list[dict[str, Any]]) -> dict[str, Any]:
        assert self.identity_of_team is not None
        variables = {
            "DATABASE_HOST": "127.0.0.1",
            "DATABASE_NAME": str(database.database),
            "DATABASE_PORT": str(PORT),
            "DATABASE_USER": self.identity_of_team.database_user,
            "DEAD_LETTER_TOPIC": self._dead_letters,
            "METRICS_PORT": str(METRICS_PORT),
            **kafka_variables({**client.settings, "bootstrap.servers": client.bootstrap, "group.id": self.name}),
            "SOURCE_TOPIC": self.settings.topic,
        }
        return {
            "name": "job",
            "image": self._image,
            "imagePullPolicy": "Always" if self.settings.version is None else "IfNotPresent",
            "env": [{"name": name, "value": value} for name, value in variables.items()],
            "ports": [{"name": "metrics", "containerPort": METRICS_PORT}],
            "livenessProbe": {"httpGet": {"path": "/healthz", "port": "metrics"}, "periodSeconds": 30},
            "readinessProbe": {"httpGet": {"path": "/healthz", "port": "metrics"}, "periodSeconds": 10},
            "resources": {
                "requests": {"cpu": f"{round(self.settings.cpus * 1000)}m", "memory": f"{self.settings.memory_mib}Mi"},
                "limits": {"memory": f"{self.settings.memory_mib}Mi"},
            },
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "readOnlyRootFilesystem": True,
            },
            "volumeMounts": [*mounts, {"name": "scratch", "mountPath": "/tmp"}],
        }

    def _deliver(self, client: StreamClient, database: DatabaseRef) -> None:
        answers = {
            "cpus": self.settings.cpus,
            "database": str(database.database),
            "dead_letter_topic": self._dead_letters,
            "group": self.name,
            "kafka_settings": {name: value for name, value in client.settings.items() if name != "group.id"},
            "memory_mib": self.settings.memory_mib,
            "topic": self.settings.topic,
        }
        if self.ci is None or self.version_control is None:
            self.lacks("delivery", "ci" if self.ci is None else "version_control")
            with self.row("delivery"):
                keep(self, answers)
            return
        with self.row("delivery"):
            repository = make_repository(self, self.version_control)
            self._let_restart(repository)
            deliver(
                self,
                repository,
                [*self._rollout()],
                control=self.version_control,
                ci=self.ci,
                identity=self.identity,
                secrets=self.secrets,
                ide=self.ide,
                answers=answers,
            )

    def _rollout(self) -> Iterator[Step]:
        cluster = self.compute.cluster()
        fixed = self._images(moving=False)
        tags = [*([self._image] if self.settings.version is None else []), f"{fixed}:{COMMIT}"]
        host = fixed.partition("/")[0]
        place = {"cluster": str(cluster.name), "location": str(cluster.location), "project": self.environment.project}
        yield Step("Sign in to the registry", tool="registry-login", inputs={"registry": host})
        yield Step("Build and push the image", tool="image-build", inputs={"push": "true", "tags": ",".join(tags)})
        yield Step("Sign in to the cluster", tool="cluster-credentials", inputs=place)
        version = self.settings.version or ""
        variables = {"DEPLOYMENT": self.name, "NAMESPACE": self.namespace, "VERSION": version}
        yield Step("Restart the job", run=_RESTART, variables=variables)

    def _let_restart(self, repository: CodeRepository) -> None:
        """CI may restart this one job, and see how that goes, where no version says what runs."""
        acting = acting_identity(self, self.identity, repository)
        if acting is None:
            return
        self.identity.service_account(f"team-{self.team}", roles=(CLUSTER_VIEWER,))
        if self.settings.version is not None:
            return
        name = f"restart-{self.name}"
        apps = {"apiGroups": ["apps"], "resources": ["deployments"]}
        rules = [
            {**apps, "resourceNames": [self.name], "verbs": ["get", "patch"]},
            {**apps, "verbs": ["list", "watch"]},
            {"apiGroups": ["apps"], "resources": ["replicasets"], "verbs": ["list"]},
        ]
        self.manifest(f"{API}/v1", "Role", name, rules=rules)
        self.manifest(
            f"{API}/v1",
            "RoleBinding",
            name,
            roleRef={"apiGroup": API, "kind": "Role", "name": name},
            subjects=[{"apiGroup": API, "kind": "User", "name": str(acting.identity.email)}],
        )

    def _watch(self) -> None:
        if self.monitoring is None:
            self.lacks("observability", "monitoring")
            return
        at = f'namespace="{self.namespace}",pod=~"{self.name}-[a-z0-9]+-[a-z0-9]+"'
        of, dead = f"{{{at}}}", f'{{{at},outcome="dead"}}'
        id = f"transformation-{self.name}"
        behind = f"sum(transformation_lag_events{of})"
        # A job that fails ends at once, before anybody could collect a count of it.
        crashing = f'sum(kube_pod_container_status_waiting_reason{{{at},reason="CrashLoopBackOff"}})'
        with self.row("observability"):
            self.monitoring.scrape(
                id, namespace=self.namespace, scope=self, pods=self._selector, port=METRICS_PORT, seconds=30
            )
            panels = [
                Panel("Events behind", behind),
                Panel("Events a second", f"sum(rate(transformation_events_total{of}[5m]))"),
                Panel("Copies that fail again and again", crashing),
                Panel("Dead letters a second", f"sum(rate(transformation_events_total{dead}[5m]))"),
            ]
            title = f"Transformation {self.name}"
            self.monitoring.dashboard(id, title=title, panels=panels, team=self.team)
            self.monitoring.alert(
                f"{id}-lag",
                title=f"{title} is {self.settings.lag_events} events behind",
                query=f"{behind} > {self.settings.lag_events}",
                minutes=10,
                team=self.team,
            )
            self.monitoring.alert(
                f"{id}-failing", title=f"{title} fails", query=f"{crashing} > 0", minutes=5, team=self.team
            )
            self.monitoring.alert(
                f"{id}-down",
                title=f"{title} does not run",
                query=f"absent(transformation_events_total{of})",
                minutes=10,
                severity="page" if self.environment.production else "ticket",
                team=self.team,
            )
