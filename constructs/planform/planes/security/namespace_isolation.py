"""What every network policy component writes in Kubernetes' own words: a namespace closed but for what all need.

Source: Kubernetes' page on network policies; GKE's pages on network policies with workload identity and with
NodeLocal DNSCache, for the addresses, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from planform.contracts.network_policy import NetworkPolicies
from planform.kubernetes.record import KubernetesObject
from planform.planes.component import Component

__all__ = ["DNS_CACHE", "GOOGLE_APIS", "METADATA", "NamespaceIsolation"]

API = "networking.k8s.io/v1"
METADATA = "169.254.169.254/32"
DNS_CACHE = "169.254.20.10/32"
GOOGLE_APIS = ("199.36.153.4/30", "199.36.153.8/30", "34.126.0.0/18")
"""restricted and private.googleapis.com, and the range of direct connectivity to storage."""


class NamespaceIsolation(Component):
    """The base of the components that fill `network_policy`: NetworkPolicy objects, a namespace at a time."""

    capability = "network_policy"
    provides = NetworkPolicies
    files_only = True

    def build(self) -> None:
        self._exempt: set[str] = set()

    def isolate(self, namespace: str, *, scope: object) -> None:
        """Close a namespace but for itself, names, identity and Google's APIs."""
        own: dict[str, Any] = {"podSelector": {}}
        self._policy(scope, namespace, "default-deny", {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})
        self._policy(
            scope,
            namespace,
            "allow-same-namespace",
            {
                "podSelector": {},
                "policyTypes": ["Ingress", "Egress"],
                "ingress": [{"from": [own]}],
                "egress": [{"to": [own]}],
            },
        )
        self._policy(
            scope, namespace, "allow-platform", {"podSelector": {}, "policyTypes": ["Egress"], "egress": _NEEDED_BY_ALL}
        )

    def allow_egress(
        self,
        namespace: str,
        name: str,
        *,
        scope: object,
        pods: Mapping[str, str],
        hosts: Sequence[str] = (),
        cidrs: Sequence[str] = (),
        ports: Sequence[int] = (443,),
        namespaces: Sequence[str] = (),
        target_pods: Mapping[str, str] | None = None,
    ) -> None:
        """Let pods reach ranges and namespaces, and hosts where the data plane knows names."""
        if namespace in self._exempt:
            return  # a policy closes the pods that it selects, and these are open
        if hosts:
            self._hosts(scope, namespace, name, pods, hosts, ports)
        if cidrs or namespaces:
            rule = {"to": _peers(cidrs, namespaces, target_pods), "ports": _tcp(ports)}
            spec = {"podSelector": {"matchLabels": dict(pods)}, "policyTypes": ["Egress"], "egress": [rule]}
            self._policy(scope, namespace, f"egress-{name}", spec)

    def allow_ingress(
        self,
        namespace: str,
        name: str,
        *,
        scope: object,
        pods: Mapping[str, str],
        ports: Sequence[int | str],
        namespaces: Sequence[str] = (),
        cidrs: Sequence[str] = (),
    ) -> None:
        """Let ranges and pods of other namespaces in."""
        if namespace in self._exempt or not (cidrs or namespaces):
            return  # from nobody at all means from everybody
        rule = {"from": _peers(cidrs, namespaces), "ports": _tcp(ports)}
        spec = {"podSelector": {"matchLabels": dict(pods)}, "policyTypes": ["Ingress"], "ingress": [rule]}
        self._policy(scope, namespace, f"ingress-{name}", spec)

    def exempt(self, namespace: str) -> None:
        """Nothing closes the namespace: it is not asked for, and no rule about one of its pods is written."""
        self._exempt.add(namespace)

    def _hosts(
        self,
        scope: object,
        namespace: str,
        name: str,
        pods: Mapping[str, str],
        hosts: Sequence[str],
        ports: Sequence[int],
    ) -> None:
        raise self.refuse(
            "contract/no-host-rules",
            f"`{name}` has to reach {', '.join(hosts)}, and this network policy knows addresses only",
            help="choose `cilium`, or name their address ranges in `addresses` of the slot `network_policy`",
        )

    def _policy(self, scope: object, namespace: str, name: str, spec: Mapping[str, Any]) -> None:
        place = self.within(scope)
        KubernetesObject(place, API, "NetworkPolicy", name, namespace=namespace, labels=self.labels, spec=dict(spec))


def _peers(
    cidrs: Sequence[str], namespaces: Sequence[str], pods: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    some = {"podSelector": {"matchLabels": dict(pods)}} if pods else {}
    return [
        *({"ipBlock": {"cidr": cidr}} for cidr in cidrs),
        *({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": each}}, **some} for each in namespaces),
    ]


def _tcp(ports: Sequence[int | str]) -> list[dict[str, Any]]:
    return [{"port": port, "protocol": "TCP"} for port in ports]


_DNS = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]
_NEEDED_BY_ALL: list[dict[str, Any]] = [
    {
        "to": [
            {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
                "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
            },
            {"ipBlock": {"cidr": DNS_CACHE}},
            {"ipBlock": {"cidr": METADATA}},
        ],
        "ports": _DNS,
    },
    {"to": [{"ipBlock": {"cidr": METADATA}}], "ports": _tcp((80, 988))},
    {"to": [{"ipBlock": {"cidr": cidr}} for cidr in GOOGLE_APIS], "ports": _tcp((443,))},
]
