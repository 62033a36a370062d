"""Answers with which the repositories of golden paths are rendered in tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

COMMON = {"team": "fraud", "description": 'Card "events" \\ and what\'s learned from them.'}
ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "ExperimentTracking": {
        **COMMON,
        "name": "fraud-notebook",
        "repository": "https://github.com/acme/fraud-notebook",
        "workload": "fraud",
        "experiment": "fraud-first",
        "tracking": "mlflow",
        "tracking_uri": "https://mlflow.acme.example",
    },
    "LanguageModelEndpoint": {
        **COMMON,
        "name": "answers-endpoint",
        "repository": "https://git.acme.example/fraud/answers-endpoint",
        "model": "answers",
    },
    "ModelEndpoint": {
        **COMMON,
        "name": "fraud-endpoint",
        "repository": "https://git.acme.example/fraud/fraud-endpoint",
        "model": "fraud",
        "inputs": {"features": {"type": "FP32", "shape": [4]}},
        "outputs": {"score": {"type": "FP32", "shape": [1]}},
        "batch": 32,
    },
    "TrainingPipeline": {
        **COMMON,
        "name": "fraud-training",
        "repository": "",
        "model": "fraud",
        "feature_group": "card",
        "features": {"amount": "float", "hour": "int", "foreign": "bool", "channel": "string"},
        "label": "fraud",
        "alias": "staging",
        "intended_use": "Orders payments for review by people, who don't take its word for it.",
        "out_of_scope": ["Refusing a payment without review"],
        "limitations": [],
        "scan_packages": ["guardian-client==2.1.0"],
    },
    "Transformation": {
        **COMMON,
        "name": "card-features",
        "repository": "https://github.com/acme/card-features",
        "topic": "cards",
        "dead_letter_topic": "cards-dead",
        "database": "features",
        "group": "card-features",
        "cpus": 0.5,
        "memory_mib": 512,
        "kafka_settings": {"security.protocol": "ssl", "ssl.ca.location": "/etc/kafka/ca.crt"},
    },
}
VERTEX_TRACKING = {
    **{name: value for name, value in ANSWERS["ExperimentTracking"].items() if name != "tracking_uri"},
    "tracking": "vertex",
    "region": "europe-west4",
}
