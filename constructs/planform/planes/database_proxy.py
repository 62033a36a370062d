"""The auth proxy beside a pod: PostgreSQL on a local port, signed in to as the pod's own identity, without a password.

Source: Cloud SQL Auth Proxy 2.25 and AlloyDB Auth Proxy 1.14, their flags, read 2026-11; the proxy dials port 3307 of
Cloud SQL and 5433 of AlloyDB on the private address. Kubernetes' page on sidecar containers (1.29 and later).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from planform.contracts.database import DatabaseRef
from planform.planes.component import Component

__all__ = ["METRICS_PORT", "PORT", "PRIVATE_RANGES", "database_port", "database_proxy", "database_uri"]

PORT = 5432
METRICS_PORT = 9801
PRIVATE_RANGES = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
"""Where a database's private address may be; the range that Google takes it from is known only after apply."""


def is_alloydb(connection_name: str) -> bool:
    """Whether the server is AlloyDB, by the form of what its proxy dials."""
    return connection_name.startswith("projects/")


def database_port(connection_name: str) -> int:
    """The port that the proxy dials, for network rules."""
    return 5433 if is_alloydb(connection_name) else 3307


def database_proxy(
    owner: Component, connection_name: str, *, sidecar: bool = True, address: str = "127.0.0.1"
) -> dict[str, Any]:
    """The proxy's container: a sidecar among the init containers, which is ready before and stops after the others.

    With `sidecar` off it is a pod's own container, and `address` may open it to other pods.
    """
    alloydb = is_alloydb(connection_name)
    flags = [
        "--auto-iam-authn",
        *(() if alloydb else ("--private-ip",)),
        "--structured-logs",
        "--exit-zero-on-sigterm",
        f"--address={address}",
        f"--port={PORT}",
        "--health-check",
        "--prometheus",
        "--http-address=0.0.0.0",
        f"--http-port={METRICS_PORT}",
        str(connection_name),
    ]
    return {
        "name": "database-proxy",
        "image": owner.image("alloydb-auth-proxy" if alloydb else "cloud-sql-proxy"),
        "args": flags,
        "restartPolicy": "Always" if sidecar else None,
        "ports": [{"name": "proxy-metrics", "containerPort": METRICS_PORT}],
        "startupProbe": {
            "httpGet": {"path": "/startup", "port": METRICS_PORT},
            "periodSeconds": 1,
            "failureThreshold": 60,
        },
        "livenessProbe": {"httpGet": {"path": "/liveness", "port": METRICS_PORT}, "periodSeconds": 30},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
        },
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
    }


def database_uri(ref: DatabaseRef, user: str, *, driver: str = "", host: str = "127.0.0.1") -> str:
    """`postgresql://mlflow%40acme-ai-dev.iam@127.0.0.1:5432/mlflow`: no password, as the proxy signs in."""
    scheme = f"postgresql+{driver}" if driver else "postgresql"
    return f"{scheme}://{quote(user, safe='')}@{host}:{PORT}/{ref.database}"
