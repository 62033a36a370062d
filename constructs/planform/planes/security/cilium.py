"""Cilium, as GKE's Dataplane V2 runs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from planform.contracts.gitops import GitOps
from planform.kubernetes.record import KubernetesObject
from planform.planes.security.namespace_isolation import DNS_CACHE, GOOGLE_APIS, METADATA, NamespaceIsolation
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings

__all__ = ["Cilium", "CiliumSettings"]

NAMESPACE_OF_POD = "k8s:io.kubernetes.pod.namespace"
OF_THE_CLUSTER = (
    "config-management-monitoring",
    "config-management-system",
    "gke-gmp-system",
    "gke-managed-cim",
    "gke-managed-system",
    "gmp-public",
    "gmp-system",
    "kube-node-lease",
    "kube-public",
    "kube-system",
    "resource-group-system",
)
"""Namespaces that GKE fills; they are never closed."""
MOST_HOSTS = 50
"""Addresses that GKE lets one FQDNNetworkPolicy come to; each host is one at least."""

Namespace = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
Host = Annotated[
    str,
    StringConstraints(pattern=r"^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$"),
    Field(examples=["api.honeycomb.io"]),
]


class CiliumSettings(Settings):
    """Settings of `cilium`."""

    default_deny: bool = Field(
        default=True,
        description="Close every namespace of the cluster but those exempted, also ones that planform does not make."
        " Default: on.",
    )
    exempt: tuple[Namespace, ...] = Field(
        default=(),
        description="Namespaces that the cluster-wide rules leave alone, besides GKE's own and those of the platform's"
        " operators. Default: none.",
        examples=[["legacy"]],
    )
    egress_hosts: tuple[Host, ...] = Field(
        default=(),
        max_length=MOST_HOSTS,
        description="Hosts that pods of every closed namespace may reach by HTTPS; `*.` stands for one label."
        " Default: none.",
        examples=[["api.vendor.example", "files.vendor.example"]],
    )


class Cilium(NamespaceIsolation):
    """Dataplane V2: a cluster closed by default, namespaces closed each for itself, egress by host name.

    The cluster-wide policy selects every pod outside the exempt namespaces and lets it reach the API server, DNS, the
    metadata server for workload identity and Google's APIs by their private addresses. Pods of exempt namespaces
    (GKE's own, the GitOps tool's and the operators') are not selected. What a workload needs beyond that is asked
    for: NetworkPolicy for addresses and namespaces, FQDNNetworkPolicy for host names.
    GKE offers no namespaced CiliumNetworkPolicy and no rules for HTTP; none is written. The cluster must have
    Dataplane V2 with cluster-wide and FQDN policies on, as `gke` and `gke-autopilot` do; Hubble is theirs too.

    Provides: NetworkPolicies.
    Requires: GitOps.
    Emits: CiliumClusterwideNetworkPolicy, NetworkPolicy and FQDNNetworkPolicy objects.
    Errors: contract/too-many-hosts, spec/unused-setting.
    Source: GKE's pages on cluster-wide and on FQDN network policies, read 2026-11: at most 50 addresses a policy.
    """

    name = "cilium"
    Settings = CiliumSettings
    settings: CiliumSettings
    gitops: GitOps

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        if settings.exempt and not settings.default_deny:
            yield Fault(
                "spec/unused-setting",
                "`exempt` says nothing where no cluster-wide rule is",
                ("exempt",),
                help="delete exempt, or `default_deny: false`",
            )

    def build(self) -> None:
        self._exempt = {*OF_THE_CLUSTER, self.gitops.home(), *self.settings.exempt}
        self._closed: KubernetesObject | None = None
        if self.settings.default_deny:
            self._closed = KubernetesObject(
                self,
                "cilium.io/v2",
                "CiliumClusterwideNetworkPolicy",
                "platform-default-deny",
                labels=self.labels,
                spec=self._default_deny(),
            )

    def exempt(self, namespace: str) -> None:
        """Leave a namespace out of the cluster-wide rules."""
        self._exempt.add(namespace)
        if self._closed is not None:
            self._closed.body["spec"] = self._default_deny()

    def isolate(self, namespace: str, *, scope: object) -> None:
        """Close a namespace, and let it reach the hosts that all may."""
        super().isolate(namespace, scope=scope)
        if self.settings.egress_hosts:
            self._hosts(scope, namespace, "all", {}, self.settings.egress_hosts, (443,))

    def _hosts(
        self,
        scope: object,
        namespace: str,
        name: str,
        pods: Mapping[str, str],
        hosts: Sequence[str],
        ports: Sequence[int],
    ) -> None:
        if len(hosts) > MOST_HOSTS:
            raise self.refuse(
                "contract/too-many-hosts",
                f"`{name}` names {len(hosts)} hosts, and one policy may come to {MOST_HOSTS} addresses",
                help="ask for several rules with fewer hosts each, or for address ranges",
            )
        KubernetesObject(
            self.within(scope),
            "networking.gke.io/v1alpha1",
            "FQDNNetworkPolicy",
            f"egress-{name}",
            namespace=namespace,
            labels=self.labels,
            spec={
                "podSelector": {"matchLabels": dict(pods)} if pods else {},
                "egress": [
                    {
                        "matches": [{"pattern" if host.startswith("*") else "name": host} for host in hosts],
                        "ports": [{"port": port, "protocol": "TCP"} for port in ports],
                    }
                ],
            },
        )

    def _default_deny(self) -> dict[str, Any]:
        return {
            "description": "Pods reach the API server, DNS, the metadata server and Google's APIs.",
            "endpointSelector": {
                "matchExpressions": [
                    {"key": NAMESPACE_OF_POD, "operator": "NotIn", "values": sorted(self._exempt)},
                ]
            },
            "ingress": [{"fromEntities": ["host", "remote-node"]}],
            "egress": [
                {"toEntities": ["kube-apiserver"]},
                {
                    "toEndpoints": [{"matchLabels": {NAMESPACE_OF_POD: "kube-system", "k8s-app": "kube-dns"}}],
                    "toPorts": [{"ports": [{"port": "53", "protocol": "ANY"}]}],
                },
                {
                    "toCIDRSet": [{"cidr": DNS_CACHE}, {"cidr": METADATA}],
                    "toPorts": [{"ports": [{"port": "53", "protocol": "ANY"}]}],
                },
                {
                    "toCIDRSet": [{"cidr": METADATA}],
                    "toPorts": [{"ports": [{"port": "80", "protocol": "TCP"}, {"port": "988", "protocol": "TCP"}]}],
                },
                {
                    "toCIDRSet": [{"cidr": cidr} for cidr in GOOGLE_APIS],
                    "toPorts": [{"ports": [{"port": "443", "protocol": "TCP"}]}],
                },
            ],
        }
