"""How a Gateway leads to served models: a route that splits by weight, and health checks.

Source: the Gateway API's page on traffic splitting; GKE's pages on Gateway and on health check policies. Read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from planform.spec.settings import Settings
from planform.spec.units import Cidr, KebabName

__all__ = ["GatewaySettings", "health_check", "host", "route"]

Made = tuple[str, str, str, dict[str, Any]]
"""API version, kind, name and spec of an object."""


class GatewaySettings(Settings):
    """A Gateway of the organisation, which splits requests exactly and is reached from outside the cluster."""

    name: KebabName = Field(description="Name of the Gateway.", examples=["internal"])
    namespace: KebabName = Field(description="Its namespace; it must take routes of all.", examples=["gateways"])
    domain: str = Field(
        pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$",
        description="Domain of endpoints, which become <name>-<namespace>.<domain>; its certificate and its DNS are the"
        " Gateway's.",
        examples=["models.acme.example"],
    )
    proxy_cidr: Cidr = Field(
        description="Range that the Gateway's proxies send from: the proxy-only subnetwork.", examples=["10.129.0.0/23"]
    )


def host(gateway: GatewaySettings, name: str, namespace: str) -> str:
    """One label below the Gateway's domain, as a wildcard certificate wants it."""
    return f"{name}-{namespace}.{gateway.domain}"


def route(gateway: GatewaySettings, name: str, namespace: str, weights: Mapping[str, int], port: int) -> Made:
    """From the host to Services, by weight."""
    backends = [{"name": service, "port": port, "weight": weight} for service, weight in weights.items()]
    spec = {
        "parentRefs": [{"name": gateway.name, "namespace": gateway.namespace}],
        "hostnames": [host(gateway, name, namespace)],
        "rules": [{"backendRefs": backends}],
    }
    return "gateway.networking.k8s.io/v1", "HTTPRoute", name, spec


def health_check(service: str, port: int, path: str) -> Made:
    """What the load balancer asks a Service's pods; without it, it asks for `/`."""
    check = {"type": "HTTP", "httpHealthCheck": {"port": port, "requestPath": path}}
    spec = {
        "default": {"checkIntervalSec": 10, "timeoutSec": 5, "config": check},
        "targetRef": {"group": "", "kind": "Service", "name": service},
    }
    return "networking.gke.io/v1", "HealthCheckPolicy", service, spec
