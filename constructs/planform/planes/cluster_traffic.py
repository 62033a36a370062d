"""Traffic between two closed namespaces: what the one may send and the other take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from planform.contracts.network_policy import NetworkPolicies
from planform.engine import Construct
from planform.kubernetes.record import KubernetesObject
from planform.planes.component import Component

__all__ = ["let_reach"]


def let_reach(
    component: Component,
    network_policy: NetworkPolicies | None,
    *,
    source: str,
    target: str,
    pods: Mapping[str, str],
    ports: Sequence[int],
    scope: object,
) -> None:
    """Let every pod of the namespace `source` reach the pods with these labels in `target`.

    The half in `source` is made in `scope`, that of who asks; the half in `target` is the component's own. Where
    nothing closes namespaces, nothing is made.
    """
    if network_policy is None or source == target:
        return
    network_policy.allow_ingress(target, f"from-{source}", scope=component, pods=pods, namespaces=[source], ports=ports)
    to: dict[str, Any] = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": target}},
        "podSelector": {"matchLabels": dict(pods)},
    }
    KubernetesObject(
        scope if isinstance(scope, Construct) else component,
        "networking.k8s.io/v1",
        "NetworkPolicy",
        f"egress-{target}",
        namespace=source,
        labels=component.labels,
        spec={
            "podSelector": {},
            "policyTypes": ["Egress"],
            "egress": [{"to": [to], "ports": [{"port": port, "protocol": "TCP"} for port in ports]}],
        },
    )
