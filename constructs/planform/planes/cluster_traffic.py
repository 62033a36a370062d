"""Traffic between two closed namespaces: what the one may send and the other take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from planform.contracts.network_policy import NetworkPolicies
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
    network_policy.allow_egress(
        source,
        target,
        scope=component.within(scope),
        pods={},
        namespaces=[target],
        target_pods=pods,
        ports=ports,
    )
