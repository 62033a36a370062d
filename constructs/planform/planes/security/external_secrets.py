"""External Secrets Operator: values of a secret store as Kubernetes Secrets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

from planform.contracts.compute import ClusterRef
from planform.contracts.gitops import GitOps
from planform.contracts.network_policy import NetworkPolicies
from planform.contracts.policy import Policies
from planform.contracts.secrets import SecretRef
from planform.engine import Construct
from planform.kubernetes.record import HelmRelease
from planform.planes.component import Component
from planform.planes.security.secret_delivery import READER, SecretDelivery

__all__ = ["API", "STORE", "ExternalSecrets", "external_secret", "operator"]

API = "external-secrets.io/v1"
NAMESPACE = "external-secrets"
STORE = "platform"
"""The store of each namespace that has secrets."""


class ExternalSecrets(SecretDelivery):
    """The operator, installed with the first secret that is delivered, and one store for each namespace.

    Source: External Secrets 2.9.0, API external-secrets.io/v1, read 2026-11-21; workload identity by the Kubernetes
    service account's own principal, without a Google service account.
    """

    def __init__(self, owner: Component, install: Callable[[], None]) -> None:
        super().__init__(owner)
        self._install = install

    def _prepare(self, namespace: str, cluster: ClusterRef) -> None:
        self._install()
        identity = {
            "clusterProjectID": cluster.id.split("/")[1],
            "clusterLocation": str(cluster.location),
            "clusterName": str(cluster.name),
            "serviceAccountRef": {"name": READER},
        }
        provider = {"projectID": self._owner.environment.project, "auth": {"workloadIdentity": identity}}
        self._owner.object(API, "SecretStore", STORE, namespace, spec={"provider": {"gcpsm": provider}})

    def _write(self, place: Construct, name: str, secrets: Mapping[str, SecretRef], namespace: str) -> None:
        remote = {
            key: {"key": _remote(secret, self._owner.environment.project), "version": secret.version}
            for key, secret in secrets.items()
        }
        self._owner.object(API, "ExternalSecret", name, namespace, scope=place, spec=external_secret(name, remote))


def external_secret(name: str, remote: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """The spec of an ExternalSecret: key of the Kubernetes Secret to what is fetched for it."""
    return {
        "refreshInterval": "1h",
        "secretStoreRef": {"kind": "SecretStore", "name": STORE},
        "target": {"name": name, "creationPolicy": "Owner", "deletionPolicy": "Retain"},
        "data": [{"secretKey": key, "remoteRef": dict(each)} for key, each in remote.items()],
    }


def operator(
    owner: Component, gitops: GitOps, network_policy: NetworkPolicies | None, policy: Policies | None
) -> Callable[[], None]:
    """What installs the operator when it is first called, and does nothing afterwards."""
    return cache(partial(_install, owner, gitops, network_policy, policy))


def _install(owner: Component, gitops: GitOps, network_policy: NetworkPolicies | None, policy: Policies | None) -> None:
    """The operator in a namespace of its own; teams may not point secrets of their own at somebody else's store."""
    gitops.namespace(NAMESPACE)
    if network_policy is not None:
        network_policy.exempt(NAMESPACE)
    if policy is not None:
        policy.exempt(NAMESPACE)
    production = owner.environment.production
    values = {
        "installCRDs": True,
        "replicaCount": 2 if production else 1,
        "leaderElect": production,
        "podDisruptionBudget": {"enabled": production, "minAvailable": 1},
        "rbac": {"aggregateToEdit": False, "aggregateToView": False},
        "processClusterStore": False,
        "processClusterExternalSecret": False,
        "processPushSecret": False,
        "processClusterPushSecret": False,
    }
    HelmRelease(owner, NAMESPACE, chart="external-secrets", namespace=NAMESPACE, values=values)


def _remote(secret: SecretRef, project: str) -> str:
    """The short name of a secret of the environment's own project, else the whole one."""
    return str(secret.name) if str(secret.id).split("/")[1] == project else str(secret.id)
