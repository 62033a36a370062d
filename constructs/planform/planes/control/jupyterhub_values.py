"""Values of the chart jupyterhub 4.4.0.

Source: the chart's values.yaml, values.schema.yaml and templates at 4.4.0, read 2026-11. The chart renders random
values for the cookie secret, the crypt key and the proxy's token where it is given none, so that no two renders would
be equal; it is given placeholders. The hub reads the first two from `hub.existingSecret` before its own Secret; the
third it takes from there by its configuration, and the proxy, a program of Node, from a variable, as tried with
configurable-http-proxy 5.1.0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from planform.contracts.database import DatabaseRef
from planform.planes.control.jupyterhub_sign_in import GitHubSignIn, GoogleSignIn
from planform.planes.control.jupyterhub_workspace import HOME, Workspace
from planform.planes.database_proxy import PORT

__all__ = ["CONFIG_FILES", "HUB_LABEL", "SERVER_LABEL", "ChartValues"]

COMPONENT = "app.kubernetes.io/component"
HUB_LABEL = (COMPONENT, "hub")
SERVER_LABEL = (COMPONENT, "singleuser-server")
PLACEHOLDER = "0" * 64
"""Stands where the chart would invent a secret; nothing reads it."""
TOKEN_KEY = "hub.config.ConfigurableHTTPProxy.auth_token"
CONFIG_FILES: Mapping[type, tuple[str, ...]] = {
    GoogleSignIn: ("google_groups", "proxy_token", "workspaces"),
    GitHubSignIn: ("github_teams", "proxy_token", "workspaces"),
}
"""The parts of the hub's configuration that are Python, by how people sign in."""


class ChartValues(Struct, frozen=True):
    """All but the workspaces, which come one by one."""

    namespace: str
    url: str
    host: str
    gateway: Mapping[str, str] | None
    sign_in: GoogleSignIn | GitHubSignIn
    domain: str
    administrators: Sequence[str]
    service_account: str
    email: str
    secret: str
    database: DatabaseRef | None
    database_proxy: Mapping[str, Any] | None
    image: str
    longest_hours: int
    servers_per_person: int
    open_metrics: bool
    labels: Mapping[str, str]
    configuration: Mapping[str, str]

    def document(self, workspaces: Sequence[Workspace]) -> dict[str, Any]:
        """With these workspaces."""
        principals = {user for workspace in workspaces for user in workspace.users} | set(self.administrators)
        return {
            "custom": {
                **self.sign_in.custom(principals),
                "workspaces": [workspace.document for workspace in workspaces],
            },
            "hub": self._hub(principals),
            "proxy": self._proxy(),
            "singleuser": self._singleuser(),
            # The cluster's own scheduler and autoscaler place servers; nodes pull an image when it is wanted.
            "scheduling": {
                "userScheduler": {"enabled": False},
                "userPlaceholder": {"enabled": False},
                "podPriority": {"enabled": False},
            },
            "prePuller": {"hook": {"enabled": False}, "continuous": {"enabled": False}},
            "cull": self._cull(workspaces),
            "httpRoute": self._route(),
        }

    def _hub(self, principals: set[str]) -> dict[str, Any]:
        return {
            "revisionHistoryLimit": 3,
            "config": self._configuration(principals),
            "extraConfig": dict(self.configuration),
            "extraEnv": {
                "OAUTH_CLIENT_ID": self._from_secret("oauth-client-id"),
                "OAUTH_CLIENT_SECRET": self._from_secret("oauth-client-secret"),
            },
            "existingSecret": self.secret,
            "cookieSecret": PLACEHOLDER,
            "allowNamedServers": True,
            "namedServerLimitPerUser": self.servers_per_person,
            "authenticatePrometheus": not self.open_metrics,
            "labels": dict(self.labels),
            "networkPolicy": {"enabled": False},
            "serviceAccount": {
                "create": True,
                "name": self.service_account,
                "annotations": {"iam.gke.io/gcp-service-account": self.email},
            },
            "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
            **self._database(),
        }

    def _configuration(self, principals: set[str]) -> dict[str, Any]:
        given = self.sign_in.configuration(self.url, self.domain)
        (authenticator,) = (name for name in given if name != "JupyterHub")
        return {
            "CryptKeeper": {"keys": [PLACEHOLDER]},
            "JupyterHub": {
                **given["JupyterHub"],
                "admin_access": False,
                "cookie_max_age_days": 1,
                # Servers are in other namespaces, where the short name is nobody.
                "hub_connect_url": f"http://hub.{self.namespace}.svc.cluster.local:8081",
            },
            authenticator: {
                **given[authenticator],
                "manage_groups": True,
                "allowed_groups": sorted(principals),
                "admin_groups": sorted(self.administrators),
            },
            "KubeSpawner": {
                "automount_service_account_token": False,
                "container_security_context": {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"]},
                    "runAsNonRoot": True,
                },
                "pod_security_context": {"seccompProfile": {"type": "RuntimeDefault"}},
                "delete_pvc": False,
                "http_timeout": 120,
                "start_timeout": 1200,
            },
        }

    def _database(self) -> dict[str, Any]:
        if self.database is None:
            return {"db": {"type": "sqlite-pvc"}}
        user = quote(self.database.users[0], safe="")
        url = f"postgresql+psycopg2://{user}@127.0.0.1:{PORT}/{self.database.database}"
        return {
            "db": {"type": "postgres", "url": url, "upgrade": True},
            "initContainers": [self.database_proxy],
        }

    def _proxy(self) -> dict[str, Any]:
        return {
            "secretToken": PLACEHOLDER,
            "service": {"type": "ClusterIP"},
            "labels": dict(self.labels),
            "chp": {
                "extraEnv": {
                    "HUB_PROXY_TOKEN": self._from_secret(TOKEN_KEY),
                    # The chart sets the variable that the proxy reads to its own token, and no value can change that
                    # or the command; a variable that is there twice is refused by server-side apply. So Node puts
                    # the right one in place before the proxy starts.
                    "NODE_OPTIONS": "--import=data:text/javascript,"
                    "process.env.CONFIGPROXY_AUTH_TOKEN=process.env.HUB_PROXY_TOKEN",
                },
                "networkPolicy": {"enabled": False},
                "resources": {"requests": {"cpu": "200m", "memory": "256Mi"}, "limits": {"memory": "256Mi"}},
            },
        }

    def _singleuser(self) -> dict[str, Any]:
        repository, tag = _parts(self.image)
        return {
            "image": {"name": repository, "tag": tag},
            "defaultUrl": "/lab",
            "startTimeout": 1200,
            "storage": {"type": "dynamic", "homeMountPath": HOME},
            # A rule of iptables would need a privileged container, and would cut workload identity off.
            "cloudMetadata": {"blockWithIptables": False},
            "networkPolicy": {"enabled": False},
        }

    def _cull(self, workspaces: Sequence[Workspace]) -> dict[str, Any]:
        """Each server ends itself when idle; the hub ends what does not, once the most patient would have."""
        longest = max((workspace.idle_minutes for workspace in workspaces), default=60)
        return {
            "enabled": True,
            "every": 300,
            "maxAge": self.longest_hours * 3600,
            "removeNamedServers": True,
            "timeout": (longest + 10) * 60,
        }

    def _route(self) -> dict[str, Any]:
        if self.gateway is None:
            return {"enabled": False}
        return {"enabled": True, "hostnames": [self.host], "gateway": dict(self.gateway)}

    def _from_secret(self, key: str) -> dict[str, Any]:
        return {"valueFrom": {"secretKeyRef": {"name": self.secret, "key": key}}}


def _parts(image: str) -> tuple[str, str]:
    """Name and tag of an image, as the chart wants them, and joins them by a colon."""
    name, colon, rest = image.rpartition(":")
    return (name, rest) if colon else (image, "")
