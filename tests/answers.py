"""Answers with which the repositories of golden paths are rendered in tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

COMMON = {"team": "fraud", "description": 'Card "events" \\ and what\'s learned from them.'}
ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "ExperimentTracking": {
        **COMMON,
        "name": "fraud-notebook",
        "repository": "acme/fraud-notebook",
        "experiment": "fraud-first",
        "tracking": "mlflow",
        "tracking_uri": "https://mlflow.acme.example",
        "project": "acme-ai-dev",
        "region": "europe-west4",
        "artifacts": "gs://acme-ai-dev-experiments/fraud",
    },
    "ModelEndpoint": {
        **COMMON,
        "name": "fraud-endpoint",
        "repository": "acme/fraud-endpoint",
        "model": "fraud",
        "format": "onnx",
        "inputs": {"features": {"type": "FP32", "shape": [4]}},
        "outputs": {"score": {"type": "FP32", "shape": [1]}},
        "batch": 32,
        "url": "http://fraud.team-fraud.svc:8000",
    },
    "TrainingPipeline": {
        **COMMON,
        "name": "fraud-training",
        "repository": "acme/fraud-training",
        "model": "fraud",
        "source": "bq://acme-ai-dev.features.card",
        "features": {"amount": "float", "hour": "int", "foreign": "bool", "channel": "string"},
        "label": "fraud",
        "image_repository": "europe-west4-docker.pkg.dev/acme-ai-dev/apps/fraud-training",
        "registry": "projects/acme-ai-dev/locations/europe-west4",
        "artifacts": "gs://acme-ai-dev-models/fraud",
        "alias": "staging",
    },
    "Transformation": {
        **COMMON,
        "name": "card-features",
        "repository": "acme/card-features",
        "topic": "cards",
        "dead_letter_topic": "cards-dead",
        "database": "features",
        "kafka_settings": {"security.protocol": "ssl", "ssl.ca.location": "/etc/kafka/ca.crt"},
    },
}
VERTEX_TRACKING = {**ANSWERS["ExperimentTracking"], "tracking": "vertex"}
