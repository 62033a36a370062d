"""The auth proxy beside a pod: PostgreSQL on 127.0.0.1, signed in to by the pod's identity.

Source: Cloud SQL's and AlloyDB's pages on connecting from GKE, and the flags of cloud-sql-proxy 2.18.0 and
alloydb-auth-proxy 1.14.1, read 2026-11: the proxies dial port 3307 of a Cloud SQL instance and 5433 of an AlloyDB one.
"""

from __future__ import annotations

from typing import Any

from planform.kubernetes.images import image

__all__ = ["PORT", "database_proxy", "dialled_port"]

PORT = 5432
_HEALTH_PORT = 9801


def database_proxy(connection_name: str) -> dict[str, Any]:
    """The container, as an init container that stays: it is up before the others start and ends after them."""
    alloydb = _is_alloydb(connection_name)
    reach = [] if alloydb else ["--private-ip"]
    return {
        "name": "database-proxy",
        "image": image("alloydb-auth-proxy" if alloydb else "cloud-sql-proxy"),
        "restartPolicy": "Always",
        "args": [
            *reach,
            "--auto-iam-authn",
            "--structured-logs",
            "--address=127.0.0.1",
            f"--port={PORT}",
            "--health-check",
            "--http-address=0.0.0.0",
            f"--http-port={_HEALTH_PORT}",
            str(connection_name),
        ],
        "startupProbe": {
            "httpGet": {"path": "/startup", "port": _HEALTH_PORT},
            "periodSeconds": 1,
            "failureThreshold": 60,
        },
        "livenessProbe": {"httpGet": {"path": "/liveness", "port": _HEALTH_PORT}, "periodSeconds": 30},
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
        "securityContext": {
            "runAsNonRoot": True,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }


def dialled_port(connection_name: str) -> int:
    """The port of the server that the proxy calls."""
    return 5433 if _is_alloydb(connection_name) else 3307


def _is_alloydb(connection_name: str) -> bool:
    return connection_name.startswith("projects/")
