"""Network policies as Kubernetes itself defines them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field, StringConstraints

from planform.contracts.gitops import GitOps
from planform.planes.security.namespace_isolation import NamespaceIsolation
from planform.spec.settings import Settings
from planform.spec.units import Cidr

__all__ = ["KubernetesNetworkPolicy", "KubernetesNetworkPolicySettings"]

OTHERS = "*"
Host = Annotated[
    str, StringConstraints(pattern=r"^(\*|(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+)$")
]


class KubernetesNetworkPolicySettings(Settings):
    """Settings of `kubernetes-network-policy`."""

    addresses: dict[Host, tuple[Cidr, ...]] = Field(
        default_factory=dict,
        description="Host that components have to reach to the ranges that stand for it, as its owner publishes them;"
        " `*` for every other host. Default: none, so that a component that needs a host is refused.",
        examples=[{"api.honeycomb.io": ["203.0.113.0/24"], "*": ["0.0.0.0/0"]}],
    )


class KubernetesNetworkPolicy(NamespaceIsolation):
    """NetworkPolicy objects only, which every conforming cluster enforces; closed a namespace at a time.

    A namespace that is closed reaches itself, DNS, the metadata server for workload identity, and Google's APIs by
    their private addresses. Namespaces that nobody asks to close stay open. Host names mean nothing to such a policy:
    a host stands for the ranges that `addresses` names, and pods may reach all of those, whoever answers there.

    Provides: NetworkPolicies.
    Requires: GitOps.
    Emits: NetworkPolicy objects, beside the other objects of who asks.
    Errors: contract/no-host-rules.
    Source: Kubernetes' page on network policies; for addresses see namespace_isolation.py.
    """

    name = "kubernetes-network-policy"
    Settings = KubernetesNetworkPolicySettings
    settings: KubernetesNetworkPolicySettings
    gitops: GitOps

    def _hosts(
        self,
        scope: object,
        namespace: str,
        name: str,
        pods: Mapping[str, str],
        hosts: Sequence[str],
        ports: Sequence[int],
    ) -> None:
        addresses = self.settings.addresses
        unknown = [host for host in hosts if host not in addresses and OTHERS not in addresses]
        if unknown:
            super()._hosts(scope, namespace, name, pods, unknown, ports)
        ranges = sorted({cidr for host in hosts for cidr in addresses.get(host, addresses.get(OTHERS, ()))})
        self.allow_egress(namespace, f"{name}-hosts", scope=scope, pods=pods, cidrs=ranges, ports=ports)
