"""JupyterHub on the platform's cluster."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from planform.contracts.assistant import Assistant
from planform.contracts.batch_queue import BatchQueue
from planform.contracts.database import Database
from planform.contracts.identity import Identities, Identity
from planform.contracts.monitoring import Monitoring, Panel
from planform.contracts.notebooks import NotebookProfile, NotebookRef, Notebooks
from planform.contracts.object_store import BucketRef
from planform.contracts.secrets import Secrets
from planform.contracts.services import Services
from planform.contracts.tracing import Tracing
from planform.engine import Construct
from planform.kubernetes.record import KubernetesObject
from planform.planes.cluster_component import ClusterComponent
from planform.planes.control.jupyterhub_sign_in import GitHubSignIn, GoogleSignIn
from planform.planes.control.jupyterhub_values import CONFIG_FILES, HUB_LABEL, SERVER_LABEL, ChartValues
from planform.planes.control.jupyterhub_workspace import WORKSPACE, SlotOfPool, Workspace
from planform.planes.control.notebook_sizes import DEFAULT_SIZES, NotebookSize, of_pools, size_faults
from planform.planes.database_proxy import database_proxy
from planform.planes.teams import WORKLOAD
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import Gib, KebabName, Principal

__all__ = ["GatewayRef", "JupyterHub", "JupyterHubSettings"]

NAMESPACE = "jupyterhub"
HUB = "hub"
HUB_PORT = 8081
SERVER_PORT = 8888
SECRET = "jupyterhub-hub"
SECRETS = {
    "hub.config.JupyterHub.cookie_secret": ("jupyterhub-cookie-secret", "signs cookies: openssl rand -hex 32"),
    "hub.config.CryptKeeper.keys": ("jupyterhub-crypt-key", "encrypts sign-ins: openssl rand -hex 32"),
    "hub.config.ConfigurableHTTPProxy.auth_token": (
        "jupyterhub-proxy-token",
        "between hub and proxy: openssl rand -hex 32",
    ),
    "oauth-client-id": ("jupyterhub-oauth-client-id", "id of the OAuth client that people sign in through"),
    "oauth-client-secret": ("jupyterhub-oauth-client-secret", "secret of that OAuth client"),
}
"""Keys of the hub's Secret, as its configuration looks for them, to the platform's secrets, without a line break."""

Host = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$", max_length=253),
]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
PinnedImage = Annotated[
    str,
    StringConstraints(
        pattern=r"^[a-z0-9.-]+\.[a-z]+(/[a-z0-9._-]+)+(:[A-Za-z0-9_.-]*[0-9][A-Za-z0-9_.-]*|@sha256:[0-9a-f]{64})$"
    ),
]
"""With its host, and a digest or a tag that has a number."""


class GatewayRef(Settings):
    """A Gateway of the cluster that is there already."""

    name: Name = Field(description="Its name.")
    namespace: Name = Field(description="Its namespace, which lets routes of others in.")


class JupyterHubSettings(Settings):
    """Settings of `jupyterhub`."""

    host: Host = Field(description="Host name that people open, by HTTPS.", examples=["notebooks.acme.example"])
    gateway: GatewayRef | None = Field(
        default=None,
        description="The Gateway that brings the host's requests. Default: none; the Service proxy-public is reached"
        " by port forwarding, or by what the organisation puts before it.",
    )
    google: GoogleSignIn | None = Field(
        default=None, description="Sign-in by Google. Default: that, for accounts of the organisation's domain."
    )
    github: GitHubSignIn | None = Field(default=None, description="Sign-in by GitHub instead. Default: none.")
    administrators: tuple[Principal, ...] = Field(
        default=(),
        description="Who may see who is there and stop their servers, without entering them. Default: nobody.",
    )
    sizes: dict[KebabName, NotebookSize] = Field(
        default_factory=dict,
        description="Sizes by name, besides one for each node pool with accelerators, called as the pool. Default:"
        " small (2 vCPUs, 8 GiB), medium (4, 16) and large (8, 32).",
        examples=[{"l4-pair": {"cpus": 16, "memory_gib": 64, "accelerator": "nvidia-l4", "count": 2}}],
    )
    accelerator_cpus: int = Field(
        default=4, ge=1, le=64, description="vCPUs with each accelerator of a pool. Default: 4."
    )
    accelerator_memory_gib: Annotated[Gib, Field(le=1024)] = Field(
        default=16, description="Memory with each accelerator of a pool, in GiB. Default: 16."
    )
    image: PinnedImage | None = Field(
        default=None,
        description="Image of notebooks without accelerators, pinned. Default: Jupyter's scipy-notebook of the lock"
        " file. An assistant runs only in an image that has it.",
    )
    accelerator_image: PinnedImage | None = Field(
        default=None,
        description="Image of notebooks with accelerators, pinned. Default: Jupyter's pytorch-notebook with CUDA 12.",
    )
    storage_class: Name = Field(default="premium-rwo", description="Storage class of homes. Default: premium-rwo.")
    longest_hours: int = Field(
        default=168, ge=1, le=2000, description="Hours after which a server stops even if busy. Default: 168."
    )
    servers_per_person: int = Field(
        default=3, ge=1, le=20, description="Servers that a person may run beside the first. Default: 3."
    )


class JupyterHub(ClusterComponent):
    """JupyterHub: a workspace is a kind of server for a team's people, which runs in the team's namespace.

    A server runs as the namespace's service account `workload`, so it acts as the team's identity in the cloud, counts
    against the team's quota, waits in the team's queue, and is fenced by the team's network rules. Each person's home
    is a volume of its own for each workspace, made on first start and kept; buckets are folders below `buckets` in it.
    Servers stop when nobody works in them. The hub's namespace is an operator's: it calls the API server, may make pods
    and claims in the namespaces of teams with workspaces, and holds no server of anybody.
    Cookie secret, crypt key, the proxy's token and the OAuth client are in the platform's store; what stands for them
    in the chart's values only keeps the chart from inventing others at each render, and nothing reads it.
    With `monitoring`, the hub's metrics are open to whoever reaches the hub; they name nobody.
    What a person does once: make an OAuth client of type web application with the redirect
    https://HOST/hub/oauth_callback; put the five secrets into the store, `openssl rand -hex 32` for the first three,
    each without a line break; for Google, give the service account `jupyterhub` the role Groups Reader in the Admin
    console, so that the hub can ask who is in a group; bring HOST to the Gateway. Membership is read at sign-in, once a
    day.

    Provides: Notebooks; `url` starts the workspace's server, `mounts` are folders in it.
    Requires: Compute, GitOps, Identities, Secrets, Services; Database, optional: else the hub's own database is on a
    volume; BatchQueue, optional, whose queue for the team must be asked for by the team's space first; Assistant,
    optional: its files and variables are in every server, and the team's identity may call its models; Tracing,
    Monitoring, NetworkPolicies and Policies, optional.
    Emits: the Helm release jupyterhub, its namespace, network policies, an ExternalSecret, with `gateway` a
    HealthCheckPolicy and a GCPBackendPolicy; the right to act as its service account; in the scope of a workspace a
    Role and RoleBinding for the hub, and network policies.
    Errors: contract/bad-name, contract/cannot-sign-in, contract/unknown-profile, spec/missing-key, spec/unused-setting.
    Source: chart jupyterhub 4.4.0 with JupyterHub 5.5.0, KubeSpawner 7.0.0 (a profile may choose the namespace) and
    OAuthenticator 17.4; GKE's page on the Cloud Storage FUSE CSI driver; Cloud Identity's Groups API; read 2026-11.
    """

    name = "jupyterhub"
    capability = "notebooks"
    provides = Notebooks
    apis = ("cloudidentity.googleapis.com",)
    Settings = JupyterHubSettings
    settings: JupyterHubSettings
    identity: Identities
    secrets: Secrets
    services: Services
    database: Database | None
    batch_queue: BatchQueue | None
    assistant: Assistant | None
    tracing: Tracing | None
    monitoring: Monitoring | None

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        yield from size_faults(settings.sizes)
        if settings.github is not None and settings.google is not None:
            yield Fault(
                "spec/unused-setting",
                "people sign in by GitHub, and `google` says nothing",
                ("google",),
                help="delete `google`, or `github`",
            )
        domains = settings.google.domains if settings.google else ()
        if settings.github is None and environment.organization is None and not domains:
            yield Fault(
                "spec/missing-key",
                "sign-in by Google needs a domain, and the platform has no organisation",
                help="write `google: {domains: [acme.example]}`, or the platform's `organization`",
            )

    def build(self) -> None:
        self._workspaces: dict[str, Workspace] = {}
        self._teams: set[str] = set()
        self._sizes = {name: size.profile(name) for name, size in {**DEFAULT_SIZES, **self.settings.sizes}.items()}
        self._pools: dict[str, SlotOfPool] = {}
        self._offer_pools()
        self.operator_namespace(NAMESPACE)
        self._identity = self.identity.service_account("jupyterhub", purpose="JupyterHub's hub")
        self.service_account(NAMESPACE, HUB, self._identity, make=False)
        self._keep_secrets()
        self._fence()
        if self.settings.gateway is not None:
            self._answer_gateway()
        self._values = self._chart_values()
        self._release = self.chart("jupyterhub", NAMESPACE, self._values.document(()))
        if self.monitoring is not None:
            self._watch(self.monitoring)

    def profiles(self) -> Sequence[NotebookProfile]:
        """Sizes of the settings, then one for each pool with accelerators."""
        return tuple(self._sizes.values())

    def workspace(
        self,
        name: str,
        *,
        team: str,
        users: Sequence[str],
        profile: str,
        scope: object,
        identity: Identity | None = None,
        disk_gib: int = 20,
        buckets: Sequence[BucketRef] = (),
        idle_minutes: int = 60,
        secret: str = "",
    ) -> NotebookRef:
        """A kind of server in the team's namespace, for these users alone."""
        slug = f"{team}-{name}"
        self._refuse_ask(name, slug, users, profile)
        place = self.within(scope)
        self._enter(team, place)
        made = Workspace(
            slug=slug,
            name=name,
            team=team,
            users=tuple(dict.fromkeys(users)),
            size=self._sizes[profile],
            pool=self._pools.get(profile),
            service_account=self._account(name, team, identity, place),
            image=self._image(self._sizes[profile]),
            storage_class=self.settings.storage_class,
            disk_gib=disk_gib,
            buckets=tuple(str(bucket.name) for bucket in buckets),
            idle_minutes=idle_minutes,
            queue=self._queue(team, place),
            variables=self.assistant.variables() if self.assistant else {},
            files=tuple(self.assistant.files()) if self.assistant else (),
            labels={key: value for key, value in self.labels.items() if key != "component"},
            secret=secret,
        )
        self._workspaces[slug] = made
        self._release.values = self._values.document(tuple(self._workspaces.values()))
        url = f"https://{self.settings.host}/hub/spawn?profile={slug}"
        return NotebookRef(name, url, made.mounts, {WORKSPACE: slug})

    def _offer_pools(self) -> None:
        found = of_pools(
            self.compute.accelerator_pools(),
            cpus=self.settings.accelerator_cpus,
            memory_gib=self.settings.accelerator_memory_gib,
        )
        for pool, size in found:
            # Queued machines come for jobs that wait in a queue only.
            if size.name not in self._sizes and (pool.capacity != "queued" or self.batch_queue is not None):
                self._sizes[size.name] = size
                self._pools[size.name] = SlotOfPool(pool.name, pool.capacity)

    def _keep_secrets(self) -> None:
        held = {key: self.secrets.secret(name, purpose=purpose) for key, (name, purpose) in SECRETS.items()}
        self.secrets.deliver(SECRET, held, namespace=NAMESPACE, cluster=self.compute.cluster(), scope=self)

    def _fence(self) -> None:
        """Who may come in; what goes out is an operator's business. The chart's own rules know one namespace only."""
        server = {"namespaceSelector": {}, "podSelector": {"matchLabels": {SERVER_LABEL[0]: SERVER_LABEL[1]}}}
        proxy = {"podSelector": {"matchLabels": {"app.kubernetes.io/component": "proxy"}}}
        hub = {"podSelector": {"matchLabels": {HUB_LABEL[0]: HUB_LABEL[1]}}}
        to_hub: dict[str, Any] = {"ports": [_tcp(HUB_PORT)]}
        if self.monitoring is None:  # else its collector comes too, from a namespace of its component's choice
            to_hub["from"] = [proxy, server]
        self._ingress("hub", {HUB_LABEL[0]: HUB_LABEL[1]}, [to_hub])
        to_proxy = [{"ports": [_tcp(8000)]}, {"from": [hub], "ports": [_tcp(8001)]}]
        self._ingress("proxy", {"app.kubernetes.io/component": "proxy"}, to_proxy)

    def _ingress(self, name: str, pods: Mapping[str, str], rules: Sequence[Mapping[str, Any]]) -> None:
        spec = {"podSelector": {"matchLabels": pods}, "policyTypes": ["Ingress"], "ingress": list(rules)}
        self.object("networking.k8s.io/v1", "NetworkPolicy", name, NAMESPACE, spec=spec)

    def _answer_gateway(self) -> None:
        """The load balancer asks for health where the hub gives it, and lets a kernel's connection live for a day."""
        service = {"group": "", "kind": "Service", "name": "proxy-public"}
        health = {"config": {"type": "HTTP", "httpHealthCheck": {"requestPath": "/hub/health"}}}
        for kind, default in (("HealthCheckPolicy", health), ("GCPBackendPolicy", {"timeoutSec": 86_400})):
            self.object(
                "networking.gke.io/v1", kind, "proxy-public", NAMESPACE, spec={"default": default, "targetRef": service}
            )

    def _chart_values(self) -> ChartValues:
        reference = self.database.database("jupyterhub", users=[self._identity]) if self.database else None
        sign_in = self.settings.github or self.settings.google or GoogleSignIn()
        organization = self.environment.organization
        return ChartValues(
            namespace=NAMESPACE,
            url=f"https://{self.settings.host}",
            host=self.settings.host,
            gateway=self.settings.gateway.model_dump() if self.settings.gateway else None,
            sign_in=sign_in,
            domain=organization.domain if organization else "",
            administrators=self.settings.administrators,
            service_account=HUB,
            email=str(self._identity.email),
            secret=SECRET,
            database=reference,
            database_proxy=database_proxy(self, str(reference.connection_name)) if reference else None,
            image=self.settings.image or self.image("jupyter-scipy"),
            longest_hours=self.settings.longest_hours,
            servers_per_person=self.settings.servers_per_person,
            open_metrics=self.monitoring is not None,
            labels={key: value for key, value in self.labels.items() if key != "component"},
            configuration={name: _configuration(name) for name in CONFIG_FILES[type(sign_in)]},
        )

    def _refuse_ask(self, name: str, slug: str, users: Sequence[str], profile: str) -> None:
        if not re.fullmatch(r"[a-z]([a-z0-9-]*[a-z0-9])?", name) or len(slug) > 40 or slug in self._workspaces:
            taken = slug in self._workspaces
            raise self.refuse(
                "contract/bad-name",
                f"`{name}` is the name of another workspace" if taken else f"`{name}` cannot name a workspace",
                help="use lower case letters, digits and inner hyphens, at most 40 with the team's name, each once",
            )
        if profile not in self._sizes:
            raise self.refuse(
                "contract/unknown-profile",
                f"workspace `{name}` asks for the size `{profile}`, which the notebooks do not have",
                help=f"choose one of {', '.join(sorted(self._sizes))}, or add it to `sizes`",
            )
        sign_in = self.settings.github or self.settings.google or GoogleSignIn()
        for user in users:
            if not sign_in.knows(user):
                raise self.refuse(
                    "contract/cannot-sign-in",
                    f"workspace `{name}` is for `{user}`, who cannot sign in",
                    help=f"add `{user}` to `github.teams` or `github.logins`"
                    if self.settings.github
                    else "name users and groups",
                )

    def _enter(self, team: str, place: Construct) -> None:
        """Once for each team: the hub may start servers in its namespace, and they and the hub may talk."""
        if team in self._teams:
            return
        self._teams.add(team)
        self._let_start(team, place)
        pods = {SERVER_LABEL[0]: SERVER_LABEL[1]}
        if self.network_policy is not None:
            self.network_policy.allow_ingress(
                team, "notebooks", scope=place, pods=pods, namespaces=[NAMESPACE], ports=[SERVER_PORT]
            )
            self.network_policy.allow_egress(
                team,
                "notebooks",
                scope=place,
                pods=pods,
                namespaces=[NAMESPACE],
                target_pods={HUB_LABEL[0]: HUB_LABEL[1]},
                ports=[HUB_PORT],
            )
        if self.assistant is not None:
            self._bring_assistant(self.assistant, team, place)

    def _let_start(self, team: str, place: Construct) -> None:
        api = "rbac.authorization.k8s.io"
        rules = [
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["create", "delete", "get", "list", "watch"]},
            {"apiGroups": [""], "resources": ["persistentvolumeclaims"], "verbs": ["create", "get"]},
            {"apiGroups": [""], "resources": ["events"], "verbs": ["get", "list", "watch"]},
        ]
        self._in_team(place, f"{api}/v1", "Role", "notebooks", team, rules=rules)
        self._in_team(
            place,
            f"{api}/v1",
            "RoleBinding",
            "notebooks",
            team,
            subjects=[{"kind": "ServiceAccount", "name": HUB, "namespace": NAMESPACE}],
            roleRef={"apiGroup": api, "kind": "Role", "name": "notebooks"},
        )

    def _bring_assistant(self, assistant: Assistant, team: str, place: Construct) -> None:
        data = {path.rpartition("/")[2]: text for path, text in assistant.files().items()}
        if data:
            self._in_team(place, "v1", "ConfigMap", "notebooks-assistant", team, data=data)
        if self.tracing is not None:
            self.tracing.reach(team, scope=place)

    def _in_team(self, place: Construct, api_version: str, kind: str, name: str, team: str, **body: Any) -> None:
        labels = {**self.labels, "team": team}
        KubernetesObject(place, api_version, kind, name, namespace=team, labels=labels, **body)

    def _account(self, name: str, team: str, identity: Identity | None, place: Construct) -> str:
        """The team's own service account, or one that acts as the identity that is asked for."""
        teams_own = self.identity.service_account(f"team-{team}")
        acting = identity or teams_own
        if self.assistant is not None:
            self.assistant.admit(acting.member)
        if acting.email == teams_own.email:
            return WORKLOAD
        account = f"notebook-{name}"
        annotations = {"iam.gke.io/gcp-service-account": str(acting.email)}
        self._in_team(place, "v1", "ServiceAccount", account, team, annotations=annotations)
        self.identity.bind_kubernetes(
            acting,
            namespace=team,
            service_account=account,
            workload_pool=self.compute.cluster().workload_pool,
            scope=place,
        )
        return account

    def _queue(self, team: str, place: Construct) -> str:
        return self.batch_queue.team(team, namespace=team, scope=place).name if self.batch_queue is not None else ""

    def _image(self, size: NotebookProfile) -> str:
        if size.accelerator:
            return self.settings.accelerator_image or self.image("jupyter-pytorch")
        return self.settings.image or self.image("jupyter-scipy")

    def _watch(self, monitoring: Monitoring) -> None:
        monitoring.scrape(
            "jupyterhub",
            namespace=NAMESPACE,
            scope=self,
            pods={HUB_LABEL[0]: HUB_LABEL[1]},
            port=HUB_PORT,
            path="/hub/metrics",
        )
        started = "rate(jupyterhub_server_spawn_duration_seconds_count"
        panels = (
            Panel("Servers running", "sum(jupyterhub_running_servers)"),
            Panel("People active in 24 hours", 'max(jupyterhub_active_users{period="24h"})'),
            Panel(
                "Time to start, 95 of 100",
                "histogram_quantile(0.95, sum by (le)"
                ' (rate(jupyterhub_server_spawn_duration_seconds_bucket{status="success"}[1h])))',
                "s",
            ),
            Panel("Starts by result", f"sum by (status) ({started}[1h])) * 3600"),
        )
        monitoring.dashboard("notebooks", title="Notebooks", panels=panels, team=self.place.team)
        monitoring.alert(
            "notebooks-hub-down",
            title="JupyterHub's hub gives no metrics",
            query="absent(jupyterhub_running_servers) == 1",
            minutes=10,
            severity="page",
            team=self.place.team,
        )
        monitoring.alert(
            "notebooks-starts-fail",
            title="One in five notebook servers does not start",
            query=f'sum({started}{{status!="success"}}[30m])) / sum({started}[30m])) > 0.2',
            minutes=15,
            team=self.place.team,
        )


def _configuration(name: str) -> str:
    """A part of the hub's configuration, which is Python and runs in the hub."""
    return (Path(__file__).parent / "jupyterhub_config" / f"{name}.py.txt").read_text("utf-8")


def _tcp(port: int) -> dict[str, Any]:
    return {"port": port, "protocol": "TCP"}
