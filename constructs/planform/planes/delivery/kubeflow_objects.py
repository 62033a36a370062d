"""The pods of Kubeflow Pipelines, in planform's own words: what each container runs, may and needs.

Source: manifests/kustomize of kubeflow/pipelines at tag 2.17.0, read 2026-11-25: base/pipeline, base/metadata,
base/installs/multi-user.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from planform.planes.component import Component

__all__ = [
    "FRONT",
    "PORTS",
    "USER_HEADER",
    "USER_PREFIX",
    "container",
    "database_proxy",
    "deployment",
    "from_secret",
    "front_configuration",
    "metadata_configuration",
    "service",
    "token_volume",
]

USER_HEADER = "x-goog-authenticated-user-email"
USER_PREFIX = "accounts.google.com:"
"""How Identity-Aware Proxy names who asks."""
AUDIENCE = "pipelines.kubeflow.org"
FRONT = "ml-pipeline-front"
PORTS = {"http": 9888, "grpc": 9887, "trusted": 9886}
"""Where the front listens: without the header of who asks, and with it for the user interface alone."""
_SAFE = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def container(
    owner: Component,
    name: str,
    locked: str,
    *,
    env: Sequence[Mapping[str, Any]] = (),
    ports: Mapping[str, int] | None = None,
    probe: Mapping[str, Any] | None = None,
    cpu: str = "50m",
    memory: str = "256Mi",
    most_memory: str = "",
    read_only: bool = True,
    **more: Any,
) -> dict[str, Any]:
    """A container that may do nothing in particular; `probe` says that it is ready and alive."""
    body: dict[str, Any] = {
        "name": name,
        "image": owner.image(locked),
        "imagePullPolicy": "IfNotPresent",
        "env": [dict(each) for each in env] or None,
        "ports": [{"name": key, "containerPort": port} for key, port in (ports or {}).items()] or None,
        "resources": {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": most_memory or memory}},
        "securityContext": {**_SAFE, "readOnlyRootFilesystem": read_only},
        **more,
    }
    if probe is not None:
        body["readinessProbe"] = {**probe, "periodSeconds": 5, "timeoutSeconds": 2}
        body["livenessProbe"] = {**probe, "periodSeconds": 10, "timeoutSeconds": 2, "failureThreshold": 6}
    return {key: value for key, value in body.items() if value is not None}


def deployment(
    app: str,
    containers: Sequence[Mapping[str, Any]],
    *,
    labels: Mapping[str, str],
    service_account: str,
    replicas: int = 1,
    sidecars: Sequence[Mapping[str, Any]] = (),
    volumes: Sequence[Mapping[str, Any]] = (),
    recreate: bool = False,
) -> dict[str, Any]:
    """The spec of a Deployment; sidecars start first and go on running."""
    pod = {
        "serviceAccountName": service_account,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "initContainers": [{**each, "restartPolicy": "Always"} for each in sidecars] or None,
        "containers": [dict(each) for each in containers],
        "volumes": [dict(each) for each in volumes] or None,
    }
    return {
        "replicas": replicas,
        # Two controllers at a time would do everything twice, as they elect no leader.
        "strategy": {"type": "Recreate"} if recreate else None,
        "selector": {"matchLabels": {"app": app}},
        "template": {"metadata": {"labels": {**labels, "app": app}}, "spec": pod},
    }


def service(app: str, ports: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
    """The spec of a Service: name to port and the pod's port."""
    return {
        "selector": {"app": app},
        "ports": [
            {"name": name, "port": port, "targetPort": target, "protocol": "TCP"}
            for name, (port, target) in ports.items()
        ],
    }


def from_secret(variable: str, secret: str, key: str) -> dict[str, Any]:
    """A variable whose value is in a Secret."""
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def token_volume(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A token for the API server in the pod, and its mount; the file has the volume's name."""
    source = {"serviceAccountToken": {"path": name, "expirationSeconds": 3600, "audience": AUDIENCE}}
    volume = {"name": name, "projected": {"sources": [source]}}
    return volume, {"name": name, "mountPath": "/var/run/secrets/kubeflow/tokens", "readOnly": True}


def database_proxy(owner: Component, connection_name: str) -> dict[str, Any]:
    """The auth proxy beside whoever needs the database; it encrypts and authorizes, the password signs in."""
    made = container(
        owner,
        "database-proxy",
        "cloud-sql-proxy",
        cpu="20m",
        memory="64Mi",
        most_memory="128Mi",
        args=[
            "--private-ip",
            "--structured-logs",
            "--health-check",
            "--http-address=0.0.0.0",
            "--port=3306",
            connection_name,
        ],
    )
    return {
        **made,
        "startupProbe": {"httpGet": {"path": "/startup", "port": 9090}, "periodSeconds": 1, "failureThreshold": 60},
        "livenessProbe": {"httpGet": {"path": "/liveness", "port": 9090}, "periodSeconds": 10, "failureThreshold": 6},
    }


def front_configuration() -> dict[str, Any]:
    """Envoy before the API server: it takes the header of who asks from all but the user interface.

    Whoever sends that header is believed, so nobody else may: pods of teams sign in by their tokens.
    """
    return _envoy(
        [
            _listener("http", PORTS["http"], "api-http", untrusted=True),
            _listener("grpc", PORTS["grpc"], "api-grpc", untrusted=True),
            _listener("trusted", PORTS["trusted"], "api-http", untrusted=False),
        ],
        [_cluster("api-http", "127.0.0.1", 8888), _cluster("api-grpc", "127.0.0.1", 8887, grpc=True)],
    )


def metadata_configuration() -> dict[str, Any]:
    """Envoy before ML Metadata: browsers speak gRPC-Web, the server gRPC."""
    listener = _listener("web", 9090, "metadata", untrusted=False, web=True)
    return _envoy([listener], [_cluster("metadata", "metadata-grpc-service", 8080, grpc=True)])


def _envoy(listeners: Sequence[Mapping[str, Any]], clusters: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"static_resources": {"listeners": list(listeners), "clusters": list(clusters)}}


def _listener(name: str, port: int, cluster: str, *, untrusted: bool, web: bool = False) -> dict[str, Any]:
    # Uploads and watched logs take as long as they take.
    route = {"match": {"prefix": "/"}, "route": {"cluster": cluster, "timeout": "0s"}}
    routes: dict[str, Any] = {
        "name": name,
        "virtual_hosts": [{"name": name, "domains": ["*"], "routes": [route]}],
    }
    if untrusted:
        routes["request_headers_to_remove"] = [USER_HEADER]
    filters = [_filter("grpc_web", "grpc_web.v3.GrpcWeb")] if web else []
    manager = {
        "@type": f"{_TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "codec_type": "AUTO",
        "stat_prefix": name,
        "route_config": routes,
        "http_filters": [*filters, _filter("router", "router.v3.Router")],
    }
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    return {
        "name": name,
        "address": {"socket_address": {"address": "0.0.0.0", "port_value": port}},
        "filter_chains": [chain],
    }


def _filter(name: str, type: str) -> dict[str, Any]:
    return {"name": f"envoy.filters.http.{name}", "typed_config": {"@type": f"{_TYPES}.filters.http.{type}"}}


def _cluster(name: str, host: str, port: int, *, grpc: bool = False) -> dict[str, Any]:
    address = {"socket_address": {"address": host, "port_value": port}}
    cluster: dict[str, Any] = {
        "name": name,
        "type": "LOGICAL_DNS",
        "connect_timeout": "30s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
    }
    if grpc:
        options = {
            "@type": f"{_TYPES}.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": {"http2_protocol_options": {}},
        }
        cluster["typed_extension_protocol_options"] = {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options
        }
    return cluster


_TYPES = "type.googleapis.com/envoy.extensions"
