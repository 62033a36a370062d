"""One typed interface per capability: what other components may ask of it, and the values they get back.

A contract is a Protocol; a component that provides it simply has its methods. Asking may make records in
the provider's own stack: `keys.key("database", users=[...])` creates a key where keys live and returns its
name. Every value is known at compile time, computed from the names that planform itself gives, so it is a
reference in the stack that owns the resource and a literal everywhere else.
"""

from __future__ import annotations

from planform.contracts.assistant import Assistant
from planform.contracts.batch_queue import BatchQueue, QueueRef
from planform.contracts.ci import Ci, Job, Step, Tool, Trigger, Workflow
from planform.contracts.code_analysis import AnalysisRef, CodeAnalysis
from planform.contracts.compute import AcceleratorPool, ClusterRef, Compute, MembershipRef
from planform.contracts.data_quality import DataQuality, QualityCheck
from planform.contracts.database import Database, DatabaseRef, DatabaseServerRef
from planform.contracts.delivers_files import DeliversFiles, delivers_files
from planform.contracts.feature_store import FeatureGroupRef, FeatureStore, FeatureStoreRef, FeatureType, FeatureViewRef
from planform.contracts.finops import FinOps
from planform.contracts.gitops import GitOps, ManifestSource
from planform.contracts.ide import Ide, IdeRef
from planform.contracts.identity import FederatedIdentity, Identities, Identity
from planform.contracts.infrastructure import Infrastructure, StackFacts
from planform.contracts.key_value import KeyValue, KeyValueClient, TableRef
from planform.contracts.keys import KeyRef, Keys
from planform.contracts.lineage_catalog import CatalogEntry, LineageCatalog
from planform.contracts.metadata import ExperimentRef, Metadata, MetadataClient, MetadataRef
from planform.contracts.model_observability import ModelKind, ModelMonitor, ModelMonitorRef, ModelObservability
from planform.contracts.model_registry import ModelRef, ModelRegistry, ModelRegistryRef
from planform.contracts.model_scanning import ModelScanning, ScanGate
from planform.contracts.model_server import EndpointRef, ModelServer
from planform.contracts.monitoring import Monitoring, Panel, Severity
from planform.contracts.network_policy import NetworkPolicies
from planform.contracts.networking import Networking, NetworkRef, PrivateServicesRef, SubnetRef
from planform.contracts.notebooks import NotebookProfile, NotebookRef, Notebooks
from planform.contracts.object_store import BucketRef, ObjectStore
from planform.contracts.orchestrator import Orchestrator
from planform.contracts.pipelines import Pipelines, PipelineSpace, PipelinesRef
from planform.contracts.policy import Policies
from planform.contracts.portal import Portal
from planform.contracts.registry import Format, Registry, RepositoryRef
from planform.contracts.secrets import CopiesSecrets, SecretRef, Secrets
from planform.contracts.services import Services
from planform.contracts.streaming import StreamClient, Streaming, StreamRef, TopicRef
from planform.contracts.tracing import OtlpEndpoint, Tracing
from planform.contracts.version_control import CodeRepository, VersionControl
from planform.contracts.workload_spec import Container, Workload, WorkloadResource, WorkloadSpecs

__all__ = [
    "CONTRACTS",
    "AcceleratorPool",
    "AnalysisRef",
    "Assistant",
    "BatchQueue",
    "BucketRef",
    "CatalogEntry",
    "Ci",
    "ClusterRef",
    "CodeAnalysis",
    "CodeRepository",
    "Compute",
    "Container",
    "CopiesSecrets",
    "DataQuality",
    "Database",
    "DatabaseRef",
    "DatabaseServerRef",
    "DeliversFiles",
    "EndpointRef",
    "ExperimentRef",
    "FeatureGroupRef",
    "FeatureStore",
    "FeatureStoreRef",
    "FeatureType",
    "FeatureViewRef",
    "FederatedIdentity",
    "FinOps",
    "Format",
    "GitOps",
    "Ide",
    "IdeRef",
    "Identities",
    "Identity",
    "Infrastructure",
    "Job",
    "KeyRef",
    "KeyValue",
    "KeyValueClient",
    "Keys",
    "LineageCatalog",
    "ManifestSource",
    "MembershipRef",
    "Metadata",
    "MetadataClient",
    "MetadataRef",
    "ModelKind",
    "ModelMonitor",
    "ModelMonitorRef",
    "ModelObservability",
    "ModelRef",
    "ModelRegistry",
    "ModelRegistryRef",
    "ModelScanning",
    "ModelServer",
    "Monitoring",
    "NetworkPolicies",
    "NetworkRef",
    "Networking",
    "NotebookProfile",
    "NotebookRef",
    "Notebooks",
    "ObjectStore",
    "Orchestrator",
    "OtlpEndpoint",
    "Panel",
    "PipelineSpace",
    "Pipelines",
    "PipelinesRef",
    "Policies",
    "Portal",
    "PrivateServicesRef",
    "QualityCheck",
    "QueueRef",
    "Registry",
    "RepositoryRef",
    "ScanGate",
    "SecretRef",
    "Secrets",
    "Services",
    "Severity",
    "StackFacts",
    "Step",
    "StreamClient",
    "StreamRef",
    "Streaming",
    "SubnetRef",
    "TableRef",
    "Tool",
    "TopicRef",
    "Tracing",
    "Trigger",
    "VersionControl",
    "Workflow",
    "Workload",
    "WorkloadResource",
    "WorkloadSpecs",
    "delivers_files",
]

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
