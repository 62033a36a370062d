"""One typed interface per capability: what other components may ask of it, and the values they get back.

A contract is a Protocol; a component that provides it simply has its methods. Asking may make records in
the provider's own stack: `keys.key("database", users=[...])` creates a key where keys live and returns its
name. Every value is known at compile time, computed from the names that planform itself gives, so it is a
reference in the stack that owns the resource and a literal everywhere else.
"""

from __future__ import annotations

from planform.contracts.batch_queue import BatchQueue, QueueRef
from planform.contracts.compute import AcceleratorPool, ClusterRef, Compute, MembershipRef
from planform.contracts.database import Database, DatabaseRef, DatabaseServerRef
from planform.contracts.delivers_files import DeliversFiles, delivers_files
from planform.contracts.gitops import GitOps, ManifestSource
from planform.contracts.identity import FederatedIdentity, Identities, Identity
from planform.contracts.keys import KeyRef, Keys
from planform.contracts.network_policy import NetworkPolicies
from planform.contracts.networking import Networking, NetworkRef, PrivateServicesRef, SubnetRef
from planform.contracts.object_store import BucketRef, ObjectStore
from planform.contracts.policy import Policies
from planform.contracts.registry import Registry, RepositoryRef
from planform.contracts.secrets import SecretRef, Secrets
from planform.contracts.services import Services

__all__ = [
    "CONTRACTS",
    "AcceleratorPool",
    "BatchQueue",
    "BucketRef",
    "ClusterRef",
    "Compute",
    "Database",
    "DatabaseRef",
    "DatabaseServerRef",
    "DeliversFiles",
    "FederatedIdentity",
    "GitOps",
    "Identities",
    "Identity",
    "KeyRef",
    "Keys",
    "ManifestSource",
    "MembershipRef",
    "NetworkPolicies",
    "NetworkRef",
    "Networking",
    "ObjectStore",
    "Policies",
    "PrivateServicesRef",
    "QueueRef",
    "Registry",
    "RepositoryRef",
    "SecretRef",
    "Secrets",
    "Services",
    "SubnetRef",
    "delivers_files",
]

CONTRACTS: dict[str, type] = {
    "batch_queue": BatchQueue,
    "compute": Compute,
    "database": Database,
    "gitops": GitOps,
    "identity": Identities,
    "keys": Keys,
    "network_policy": NetworkPolicies,
    "networking": Networking,
    "object_store": ObjectStore,
    "policy": Policies,
    "registry": Registry,
    "secrets": Secrets,
    "services": Services,
}
"""Capability to contract, for the capabilities that planform itself defines."""
