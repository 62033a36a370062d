"""The base of what fills `secrets`: its way into the cluster, which only a cluster with GitOps has."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping

from planform.contracts.compute import ClusterRef
from planform.contracts.gitops import GitOps
from planform.contracts.network_policy import NetworkPolicies
from planform.contracts.policy import Policies
from planform.contracts.secrets import SecretRef, Secrets
from planform.planes.component import Component
from planform.planes.security.external_secrets import operator
from planform.planes.security.secret_copies import SecretCopies

__all__ = ["SecretsInCluster"]


class SecretsInCluster(Component):
    """A subclass says how its secrets are delivered; copies between namespaces are the same for all."""

    capability = "secrets"
    provides = Secrets
    gitops: GitOps | None
    network_policy: NetworkPolicies | None
    policy: Policies | None

    def build(self) -> None:
        self._ways: tuple[Callable[..., str], Callable[..., str]] | None = None
        if self.gitops is not None:
            install = operator(self, self.gitops, self.network_policy, self.policy)
            self._ways = self._delivery(install), SecretCopies(self, install).copy

    @abstractmethod
    def _delivery(self, install: Callable[[], None]) -> Callable[..., str]:
        """A function with the arguments of `deliver`; `install` brings External Secrets, if it needs that."""

    def deliver(
        self, name: str, secrets: Mapping[str, SecretRef], *, namespace: str, cluster: ClusterRef, scope: object
    ) -> str:
        """A Kubernetes Secret. Errors: contract/no-delivery."""
        deliver, _ = self._in_cluster(name, namespace)
        return deliver(name, secrets, namespace=namespace, cluster=cluster, scope=scope)

    def copy(
        self, name: str, keys: Mapping[str, tuple[str, str]], *, source: str, namespace: str, scope: object
    ) -> str:
        """A Kubernetes Secret as an operator made it in another namespace. Errors: contract/no-delivery."""
        _, copy = self._in_cluster(name, namespace)
        return copy(name, keys, source=source, namespace=namespace, scope=scope)

    def _in_cluster(self, name: str, namespace: str) -> tuple[Callable[..., str], Callable[..., str]]:
        if self._ways is None:
            raise self.refuse(
                "contract/no-delivery",
                f"the secret `{name}` is wanted in namespace `{namespace}`, and nothing delivers objects to it",
                help="add the slot `gitops`",
            )
        return self._ways
