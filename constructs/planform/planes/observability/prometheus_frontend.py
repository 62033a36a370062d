"""The frontend of managed Prometheus: its query interface inside the cluster, for tools that speak Prometheus."""

from __future__ import annotations

from typing import Any

from planform.planes.cluster_component import ClusterComponent

__all__ = ["PORT", "SERVICE", "serve_prometheus"]

SERVICE, PORT = "prometheus", 9090


def serve_prometheus(owner: ClusterComponent, namespace: str, service_account: str, replicas: int) -> str:
    """Its deployment and service; returns the address. `service_account` must act as somebody who may read metrics.

    Source: GoogleCloudPlatform/prometheus-engine, examples/frontend.yaml at v0.15.3, read 2026-11.
    """
    labels = {"app.kubernetes.io/name": SERVICE}
    container = {
        "name": "frontend",
        "image": owner.image("prometheus-frontend"),
        "args": [f"--web.listen-address=:{PORT}", f"--query.project-id={owner.environment.project}"],
        "ports": [{"name": "web", "containerPort": PORT}],
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
        "livenessProbe": {"httpGet": {"path": "/-/healthy", "port": "web"}},
        "readinessProbe": {"httpGet": {"path": "/-/ready", "port": "web"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    pod: dict[str, Any] = {
        "serviceAccountName": service_account,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 1000,
            "runAsGroup": 1000,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
    }
    owner.object(
        "apps/v1",
        "Deployment",
        SERVICE,
        namespace,
        spec={
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": {**owner.labels, **labels}}, "spec": pod},
        },
    )
    ports = [{"name": "web", "port": PORT, "targetPort": "web"}]
    owner.object("v1", "Service", SERVICE, namespace, spec={"selector": labels, "ports": ports})
    if replicas > 1:
        spec = {"minAvailable": 1, "selector": {"matchLabels": labels}}
        owner.object("policy/v1", "PodDisruptionBudget", SERVICE, namespace, spec=spec)
    return f"http://{SERVICE}.{namespace}.svc:{PORT}"
