"""Loki for logs and Tempo for traces, each one process that keeps its data in a bucket; and who brings the logs.

Source: values of the charts loki 18.11.0 (Loki 3.7.6, monolithic), tempo 2.2.4 (Tempo 2.10.8, single binary) and
opentelemetry-collector 0.170.0 of grafana-community and open-telemetry, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["LOKI_PORT", "TEMPO_GRPC", "TEMPO_PORT", "log_collector_values", "loki_values", "tempo_values"]

LOKI_PORT, TEMPO_PORT, TEMPO_GRPC = 3100, 3200, 4317
_ACTS_AS = "iam.gke.io/gcp-service-account"
_OFF: Mapping[str, Any] = {"enabled": False}


def loki_values(bucket: str, email: str, retention_days: int, labels: Mapping[str, str]) -> dict[str, Any]:
    """One Loki with an index and chunks in the bucket, and a disk for what is not there yet."""
    return {
        "deploymentMode": "Monolithic",
        "fullnameOverride": "loki",
        "commonLabels": dict(labels),
        "loki": {
            "auth_enabled": False,
            "commonConfig": {"replication_factor": 1},
            "storage": {"type": "gcs", "bucketNames": {"chunks": bucket, "ruler": bucket}},
            "schemaConfig": {
                "configs": [
                    {
                        "from": "2026-01-01",
                        "store": "tsdb",
                        "object_store": "gcs",
                        "schema": "v13",
                        "index": {"prefix": "loki_index_", "period": "24h"},
                    }
                ]
            },
            "limits_config": {"retention_period": f"{retention_days * 24}h", "allow_structured_metadata": True},
            "compactor": {"retention_enabled": True, "delete_request_store": "gcs"},
            "analytics": {"reporting_enabled": False},
        },
        "serviceAccount": {"create": True, "name": "loki", "annotations": {_ACTS_AS: email}},
        "singleBinary": {
            "replicas": 1,
            "resources": {"requests": {"cpu": "500m", "memory": "2Gi"}, "limits": {"memory": "4Gi"}},
            "persistence": {"enabled": True, "size": "20Gi"},
        },
        **{each: {"replicas": 0} for each in ("backend", "read", "write")},
        **{each: dict(_OFF) for each in ("chunksCache", "resultsCache", "gateway", "lokiCanary", "minio", "test")},
        "sidecar": {"rules": dict(_OFF)},
    }


def tempo_values(bucket: str, email: str, retention_days: int, labels: Mapping[str, str]) -> dict[str, Any]:
    """One Tempo that takes OTLP and keeps blocks in the bucket."""
    return {
        "fullnameOverride": "tempo",
        "podLabels": dict(labels),
        "tempo": {
            "reportingEnabled": False,
            "retention": f"{retention_days * 24}h",
            "receivers": {
                "otlp": {
                    "protocols": {"grpc": {"endpoint": f"0.0.0.0:{TEMPO_GRPC}"}, "http": {"endpoint": "0.0.0.0:4318"}}
                }
            },
            "storage": {"trace": {"backend": "gcs", "gcs": {"bucket_name": bucket}, "wal": {"path": "/var/tempo/wal"}}},
            "resources": {"requests": {"cpu": "250m", "memory": "1Gi"}, "limits": {"memory": "3Gi"}},
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            },
        },
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "runAsGroup": 10001,
            "fsGroup": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "serviceAccount": {"create": True, "name": "tempo", "annotations": {_ACTS_AS: email}},
        "persistence": {"enabled": True, "size": "10Gi"},
    }


def log_collector_values(endpoint: str, labels: Mapping[str, str], image: tuple[str, str]) -> dict[str, Any]:
    """A collector on each node, which reads the files of containers and sends them to Loki.

    Only root may read these files; it may do nothing else. `image` is the collector's repository and version.
    """
    return {
        "fullnameOverride": "log-collector",
        "mode": "daemonset",
        "image": {"repository": image[0], "tag": image[1]},
        "presets": {"logsCollection": {"enabled": True}, "kubernetesAttributes": {"enabled": True}},
        "podLabels": dict(labels),
        "tolerations": [{"operator": "Exists"}],
        "resources": {"requests": {"cpu": "50m", "memory": "256Mi"}, "limits": {"memory": "512Mi"}},
        "podSecurityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
        "securityContext": {
            "runAsUser": 0,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"], "add": ["DAC_READ_SEARCH"]},
        },
        "ports": {
            name: dict(_OFF)
            for name in ("otlp", "otlp-http", "jaeger-compact", "jaeger-thrift", "jaeger-grpc", "zipkin")
        },
        "config": {
            "exporters": {"otlp_http/loki": {"endpoint": endpoint, "compression": "gzip"}},
            "service": {"pipelines": {"logs": {"exporters": ["otlp_http/loki"]}}},
        },
    }
