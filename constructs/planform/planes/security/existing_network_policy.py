"""existing: network policies that the organisation writes with tools of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from planform.contracts.network_policy import NetworkPolicies
from planform.planes.component import Component

__all__ = ["ExistingNetworkPolicies"]


class ExistingNetworkPolicies(Component):
    """Rules that others write: planform writes none and closes nothing.

    Whoever writes them must let pods of the platform reach each other and what their components name, let Google's load
    balancers reach pages and models, and close the namespaces of teams, which are called as the teams are.

    Provides: NetworkPolicies.
    Requires: nothing.
    Emits: nothing.
    """

    name = "existing"
    capability = "network_policy"
    provides = NetworkPolicies
    files_only = True

    def isolate(self, namespace: str, *, scope: object) -> None:
        """Left to the organisation."""

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
        """Left to the organisation."""

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
        """Left to the organisation."""

    def exempt(self, namespace: str) -> None:
        """Left to the organisation."""
