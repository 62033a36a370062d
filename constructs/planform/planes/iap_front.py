"""A web page of a component for people: a route of a shared gateway, behind Identity-Aware Proxy.

Source: GKE's page on Gateway policies (GCPBackendPolicy with `iap`, HealthCheckPolicy); IAP's page on conditions
(`request.host`); Gateway API v1; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, StringConstraints

from planform.kubernetes.record import KubernetesObject
from planform.planes.cluster_component import ClusterComponent
from planform.planes.front_ends import FRONT_ENDS
from planform.planes.record_ids import principal_id, record_id
from planform.spec.settings import Settings
from planform.spec.units import Principal
from planform.terraform.google import ProjectIamMember

__all__ = ["IapFront", "make_front"]

API = "iap.googleapis.com"
HOST = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$"
OBJECT = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"

ObjectName = Annotated[str, StringConstraints(pattern=OBJECT)]


class IapFront(Settings):
    """Where people open the page, and who may."""

    host: str = Field(pattern=HOST, description="Host name of the page.", examples=["mlflow.acme.example"])
    gateway: ObjectName = Field(
        description="The Gateway of the cluster that serves it, with a certificate for the host, and open to routes of"
        " other namespaces.",
        examples=["external"],
    )
    gateway_namespace: ObjectName = Field(description="Namespace of the Gateway.", examples=["gateway"])
    viewers: tuple[Principal, ...] = Field(
        default=(),
        description="Groups and people whom Identity-Aware Proxy lets through to this host. Default: those that"
        " may everywhere in the project.",
        examples=[["group:ml@acme.example"]],
    )


def make_front(
    component: ClusterComponent,
    front: IapFront,
    *,
    namespace: str,
    service: str,
    port: int,
    pods: Mapping[str, str],
    container_port: int,
    health: str,
) -> None:
    """The route, Identity-Aware Proxy on it, its health check, leave for Google's front ends, and for the viewers."""
    target = {"group": "", "kind": "Service", "name": service}

    def make(api: str, kind: str, name: str, **spec: object) -> None:
        KubernetesObject(component, api, kind, name, namespace=namespace, labels=component.labels, spec=spec)

    make(
        "gateway.networking.k8s.io/v1",
        "HTTPRoute",
        service,
        parentRefs=[{"name": front.gateway, "namespace": front.gateway_namespace}],
        hostnames=[front.host],
        rules=[{"backendRefs": [{"name": service, "port": port}]}],
    )
    make(
        "networking.gke.io/v1",
        "GCPBackendPolicy",
        service,
        default={"iap": {"enabled": True}, "logging": {"enabled": True}},
        targetRef=target,
    )
    check = {"type": "HTTP", "httpHealthCheck": {"port": container_port, "requestPath": health}}
    make("networking.gke.io/v1", "HealthCheckPolicy", service, default={"config": check}, targetRef=target)
    if component.network_policy is not None:
        component.network_policy.allow_ingress(
            namespace, "front-ends", scope=component, pods=pods, cidrs=FRONT_ENDS, ports=[container_port]
        )
    for viewer in front.viewers:
        ProjectIamMember(
            component,
            record_id(service, "viewer", principal_id(viewer, component.environment)),
            project=component.environment.project,
            role="roles/iap.httpsResourceAccessor",
            member=viewer,
            condition=[{"title": f"only-{service}", "expression": f'request.host == "{front.host}"'}],
        )
