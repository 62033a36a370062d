"""Secrets that operators make in the cluster, copied to other namespaces: by External Secrets, with least rights."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from planform.planes.component import Component
from planform.planes.security.external_secrets import API

__all__ = ["SecretCopies"]

COPIER = "secret-copier"
"""The Kubernetes service account by which a namespace reads what is copied to it; no pod runs as it."""
EVERY = "5m"
_RBAC = "rbac.authorization.k8s.io"


class SecretCopies:
    """One store for each pair of namespaces, and in the source a role that may read the named Secrets alone.

    Source: External Secrets 2.9.0, provider kubernetes, read 2026-11; Kubernetes puts the authority of its API server
    into every namespace as the ConfigMap kube-root-ca.crt.
    """

    def __init__(self, owner: Component, install: Callable[[], None]) -> None:
        self._owner = owner
        self._install = install
        self._stores: set[tuple[str, str]] = set()

    def copy(
        self, name: str, keys: Mapping[str, tuple[str, str]], *, source: str, namespace: str, scope: object
    ) -> str:
        """An ExternalSecret that reads another namespace, and the right to read there what it names."""
        if not self._stores:
            self._install()
        self._store(namespace, source)
        self._allow(f"copy-{namespace}-{name}", sorted({secret for secret, _ in keys.values()}), source, namespace)
        spec = {
            "refreshInterval": EVERY,
            "secretStoreRef": {"kind": "SecretStore", "name": f"from-{source}"},
            "target": {"name": name, "creationPolicy": "Owner", "deletionPolicy": "Retain"},
            "data": [
                {"secretKey": key, "remoteRef": {"key": secret, "property": property}}
                for key, (secret, property) in keys.items()
            ],
        }
        self._owner.object(API, "ExternalSecret", name, namespace, scope=scope, spec=spec)
        return name

    def _store(self, namespace: str, source: str) -> None:
        if (namespace, source) in self._stores:
            return
        if namespace not in {held for held, _ in self._stores}:
            self._owner.object("v1", "ServiceAccount", COPIER, namespace)
        self._stores.add((namespace, source))
        authority = {"type": "ConfigMap", "name": "kube-root-ca.crt", "key": "ca.crt"}
        reading = {
            "remoteNamespace": source,
            "server": {"url": "https://kubernetes.default.svc", "caProvider": authority},
            "auth": {"serviceAccount": {"name": COPIER}},
        }
        spec = {"provider": {"kubernetes": reading}}
        self._owner.object(API, "SecretStore", f"from-{source}", namespace, spec=spec)

    def _allow(self, role: str, secrets: list[str], source: str, namespace: str) -> None:
        rule = {"apiGroups": [""], "resources": ["secrets"], "resourceNames": secrets, "verbs": ["get"]}
        self._owner.object(f"{_RBAC}/v1", "Role", role, source, rules=[rule])
        self._owner.object(
            f"{_RBAC}/v1",
            "RoleBinding",
            role,
            source,
            subjects=[{"kind": "ServiceAccount", "name": COPIER, "namespace": namespace}],
            roleRef={"apiGroup": _RBAC, "kind": "Role", "name": role},
        )
