"""network_policy: who may talk to whom in the cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from planform.contracts.delivers_files import DeliversFiles

__all__ = ["NetworkPolicies"]


@runtime_checkable
class NetworkPolicies(DeliversFiles, Protocol):
    """Nothing may talk to anything unless it is allowed. The objects are made in the scope of who asks."""

    def isolate(self, namespace: str, *, scope: object) -> None:
        """Close a namespace: its pods reach each other, names, their identity and Google's APIs, and nothing else."""

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
        """Let the pods with these labels reach hosts (`api.example.com`, `*.example.com`), ranges, and the pods of
        other namespaces (those with the labels `target_pods`, or all), by TCP.
        """

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
        """Let the pods of other namespaces, and ranges, reach the pods with these labels by TCP, at ports by number or
        name.
        """

    def exempt(self, namespace: str) -> None:
        """Leave a namespace of the platform alone: an operator's, which talks to the API server and all pods."""
