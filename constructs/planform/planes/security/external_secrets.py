"""External Secrets Operator: values of Secret Manager as Kubernetes Secrets, read with a namespace's own identity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planform.contracts.compute import ClusterRef
from planform.contracts.gitops import GitOps
from planform.contracts.network_policy import NetworkPolicies
from planform.contracts.policy import Policies
from planform.contracts.secrets import SecretRef
from planform.engine import Construct
from planform.kubernetes.record import HelmRelease, KubernetesObject
from planform.planes.component import Component
from planform.planes.record_ids import record_id
from planform.terraform.google import SecretManagerSecretIamMember

__all__ = ["ExternalSecrets"]

API = "external-secrets.io/v1"
NAMESPACE = "external-secrets"
COPIER = "secret-copier"
"""The Kubernetes service account by which a namespace reads what is copied to it; no pod runs as it."""
COPIED_EVERY = "5m"
READER = "secret-reader"
"""The Kubernetes service account by which a namespace reads its secrets; no pod runs as it."""
STORE = "platform"


class ExternalSecrets:
    """The operator, installed with the first secret that is delivered, and one store for each namespace.

    Source: External Secrets 2.9.0, API external-secrets.io/v1, read 2026-11-21; workload identity by the Kubernetes
    service account's own principal, without a Google service account. Copies go by its provider `kubernetes`, whose
    store is valid once its service account may get any Secret of the other namespace.
    """

    def __init__(
        self, owner: Component, gitops: GitOps, network_policy: NetworkPolicies | None, policy: Policies | None
    ) -> None:
        self._owner = owner
        self._gitops, self._network_policy, self._policy = gitops, network_policy, policy
        self._installed = False
        self._namespaces: set[str] = set()
        self._granted: set[tuple[str, str]] = set()
        self._copiers: set[tuple[str, str]] = set()

    def deliver(
        self, name: str, secrets: Mapping[str, SecretRef], *, namespace: str, cluster: ClusterRef, scope: object
    ) -> str:
        """An ExternalSecret in the scope of who asks, and the right to read what it names."""
        place = scope if isinstance(scope, Construct) else self._owner
        self._install()
        self._store(namespace, cluster)
        for secret in secrets.values():
            self._grant(secret, namespace, place)
        KubernetesObject(
            place,
            API,
            "ExternalSecret",
            name,
            namespace=namespace,
            labels=self._owner.labels,
            spec={
                "refreshInterval": "1h",
                "secretStoreRef": {"kind": "SecretStore", "name": STORE},
                "target": {"name": name, "creationPolicy": "Owner", "deletionPolicy": "Retain"},
                "data": [
                    {"secretKey": key, "remoteRef": {"key": str(secret.name), "version": secret.version}}
                    for key, secret in secrets.items()
                ],
            },
        )
        return name

    def copy(
        self, name: str, keys: Mapping[str, tuple[str, str]], *, source: str, namespace: str, scope: object
    ) -> str:
        """An ExternalSecret that reads another namespace, and the right to read there what it names."""
        place = scope if isinstance(scope, Construct) else self._owner
        self._install()
        self._copier(namespace, source)
        self._may_copy(name, sorted({secret for secret, _ in keys.values()}), source, namespace)
        KubernetesObject(
            place,
            API,
            "ExternalSecret",
            name,
            namespace=namespace,
            labels=self._owner.labels,
            spec={
                "refreshInterval": COPIED_EVERY,
                "secretStoreRef": {"kind": "SecretStore", "name": f"from-{source}"},
                "target": {"name": name, "creationPolicy": "Owner", "deletionPolicy": "Retain"},
                "data": [
                    {"secretKey": key, "remoteRef": {"key": secret, "property": property}}
                    for key, (secret, property) in keys.items()
                ],
            },
        )
        return name

    def _copier(self, namespace: str, source: str) -> None:
        """The store that is another namespace, read as a service account of this one."""
        common: dict[str, Any] = {"namespace": namespace, "labels": self._owner.labels}
        if not any(namespace == held for held, _ in self._copiers):
            KubernetesObject(self._owner, "v1", "ServiceAccount", COPIER, **common)
        if (namespace, source) in self._copiers:
            return
        self._copiers.add((namespace, source))
        # Kubernetes itself puts the authority of its API server into every namespace.
        authority = {"type": "ConfigMap", "name": "kube-root-ca.crt", "key": "ca.crt"}
        reading = {
            "remoteNamespace": source,
            "server": {"url": "https://kubernetes.default.svc", "caProvider": authority},
            "auth": {"serviceAccount": {"name": COPIER}},
        }
        spec = {"provider": {"kubernetes": reading}}
        KubernetesObject(self._owner, API, "SecretStore", f"from-{source}", **common, spec=spec)

    def _may_copy(self, name: str, secrets: list[str], source: str, namespace: str) -> None:
        group, role = "rbac.authorization.k8s.io", f"copy-{namespace}-{name}"
        common: dict[str, Any] = {"namespace": source, "labels": self._owner.labels}
        rule = {"apiGroups": [""], "resources": ["secrets"], "resourceNames": secrets, "verbs": ["get"]}
        KubernetesObject(self._owner, f"{group}/v1", "Role", role, **common, rules=[rule])
        KubernetesObject(
            self._owner,
            f"{group}/v1",
            "RoleBinding",
            role,
            **common,
            subjects=[{"kind": "ServiceAccount", "name": COPIER, "namespace": namespace}],
            roleRef={"apiGroup": group, "kind": "Role", "name": role},
        )

    def _install(self) -> None:
        if self._installed:
            return
        self._installed = True
        self._gitops.namespace(NAMESPACE)
        if self._network_policy is not None:
            self._network_policy.exempt(NAMESPACE)
        if self._policy is not None:
            self._policy.exempt(NAMESPACE)
        HelmRelease(self._owner, NAMESPACE, chart="external-secrets", namespace=NAMESPACE, values=self._values())

    def _values(self) -> dict[str, Any]:
        production = self._owner.environment.production
        return {
            "installCRDs": True,
            "replicaCount": 2 if production else 1,
            "leaderElect": production,
            "podDisruptionBudget": {"enabled": production, "minAvailable": 1},
            # Teams may not point a secret of their own at somebody else's store.
            "rbac": {"aggregateToEdit": False, "aggregateToView": False},
            "processClusterStore": False,
            "processClusterExternalSecret": False,
            "processPushSecret": False,
        }

    def _store(self, namespace: str, cluster: ClusterRef) -> None:
        if namespace in self._namespaces:
            return
        self._namespaces.add(namespace)
        common: dict[str, Any] = {"namespace": namespace, "labels": self._owner.labels}
        KubernetesObject(self._owner, "v1", "ServiceAccount", READER, **common)
        identity = {
            "clusterProjectID": cluster.id.split("/")[1],
            "clusterLocation": str(cluster.location),
            "clusterName": str(cluster.name),
            "serviceAccountRef": {"name": READER},
        }
        project = self._owner.environment.project
        KubernetesObject(
            self._owner,
            API,
            "SecretStore",
            STORE,
            **common,
            spec={"provider": {"gcpsm": {"projectID": project, "auth": {"workloadIdentity": identity}}}},
        )

    def _grant(self, secret: SecretRef, namespace: str, place: Construct) -> None:
        if (str(secret.id), namespace) in self._granted:
            return
        self._granted.add((str(secret.id), namespace))
        environment = self._owner.environment
        SecretManagerSecretIamMember(
            place,
            f"{record_id(str(secret.name).removeprefix(f'{environment.prefix}-'))}_reader_{record_id(namespace)}",
            project=environment.project,
            secret_id=secret.id,
            role="roles/secretmanager.secretAccessor",
            member=environment.kubernetes_principal(namespace, READER),
        )
