"""Network policies as Kubernetes itself defines them."""

from __future__ import annotations

from planform.contracts.gitops import GitOps
from planform.planes.security.namespace_isolation import NamespaceIsolation

__all__ = ["KubernetesNetworkPolicy"]


class KubernetesNetworkPolicy(NamespaceIsolation):
    """NetworkPolicy objects only, which every conforming cluster enforces; closed a namespace at a time.

    A namespace that is closed reaches itself, DNS, the metadata server for workload identity, and Google's APIs by
    their private addresses. Namespaces that nobody asks to close stay open, and rules for host names are refused.

    Provides: NetworkPolicies.
    Requires: GitOps.
    Emits: NetworkPolicy objects, beside the other objects of who asks.
    Errors: contract/no-host-rules.
    Source: Kubernetes' page on network policies; for addresses see namespace_isolation.py.
    """

    name = "kubernetes-network-policy"
    gitops: GitOps
