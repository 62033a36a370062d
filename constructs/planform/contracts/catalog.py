"""The contract of every capability, together."""

from __future__ import annotations

from planform.contracts.assistant import Assistant
from planform.contracts.batch_queue import BatchQueue
from planform.contracts.ci import Ci
from planform.contracts.code_analysis import CodeAnalysis
from planform.contracts.compute import Compute
from planform.contracts.data_quality import DataQuality
from planform.contracts.database import Database
from planform.contracts.feature_store import FeatureStore
from planform.contracts.finops import FinOps
from planform.contracts.gitops import GitOps
from planform.contracts.ide import Ide
from planform.contracts.identity import Identities
from planform.contracts.infrastructure import Infrastructure
from planform.contracts.key_value import KeyValue
from planform.contracts.keys import Keys
from planform.contracts.lineage_catalog import LineageCatalog
from planform.contracts.metadata import Metadata
from planform.contracts.model_observability import ModelObservability
from planform.contracts.model_registry import ModelRegistry
from planform.contracts.model_scanning import ModelScanning
from planform.contracts.model_server import ModelServer
from planform.contracts.monitoring import Monitoring
from planform.contracts.network_policy import NetworkPolicies
from planform.contracts.networking import Networking
from planform.contracts.notebooks import Notebooks
from planform.contracts.object_store import ObjectStore
from planform.contracts.orchestrator import Orchestrator
from planform.contracts.pipelines import Pipelines
from planform.contracts.policy import Policies
from planform.contracts.portal import Portal
from planform.contracts.registry import Registry
from planform.contracts.secrets import Secrets
from planform.contracts.services import Services
from planform.contracts.streaming import Streaming
from planform.contracts.tracing import Tracing
from planform.contracts.version_control import VersionControl
from planform.contracts.workload_spec import WorkloadSpecs

__all__ = ["CONTRACTS"]

CONTRACTS: dict[str, type] = {
    "assistant": Assistant,
    "batch_queue": BatchQueue,
    "ci": Ci,
    "code_analysis": CodeAnalysis,
    "compute": Compute,
    "data_quality": DataQuality,
    "database": Database,
    "feature_store": FeatureStore,
    "finops": FinOps,
    "gitops": GitOps,
    "ide": Ide,
    "identity": Identities,
    "infrastructure": Infrastructure,
    "key_value": KeyValue,
    "keys": Keys,
    "lineage_catalog": LineageCatalog,
    "metadata": Metadata,
    "model_observability": ModelObservability,
    "model_registry": ModelRegistry,
    "model_scanning": ModelScanning,
    "model_server": ModelServer,
    "monitoring": Monitoring,
    "network_policy": NetworkPolicies,
    "networking": Networking,
    "notebooks": Notebooks,
    "object_store": ObjectStore,
    "orchestrator": Orchestrator,
    "pipelines": Pipelines,
    "policy": Policies,
    "portal": Portal,
    "registry": Registry,
    "secrets": Secrets,
    "services": Services,
    "streaming": Streaming,
    "tracing": Tracing,
    "version_control": VersionControl,
    "workload_spec": WorkloadSpecs,
}
"""Capability to contract, for the capabilities that planform itself defines."""
