"""One typed interface per capability: what other components may ask of it, and the values they get back.

A contract is a Protocol; a component that provides it simply has its methods. Asking may make records in
the provider's own stack: `keys.key("database", users=[...])` creates a key where keys live and returns its
name. Every value is known at compile time, computed from the names that planform itself gives, so it is a
reference in the stack that owns the resource and a literal everywhere else.
"""

from __future__ import annotations

from planform.contracts.compute import AcceleratorPool, ClusterRef, Compute
from planform.contracts.database import Database, DatabaseRef, DatabaseServerRef
from planform.contracts.identity import FederatedIdentity, Identities, Identity
from planform.contracts.keys import KeyRef, Keys
from planform.contracts.networking import Networking, NetworkRef, PrivateServicesRef, SubnetRef
from planform.contracts.object_store import BucketRef, ObjectStore
from planform.contracts.registry import Registry, RepositoryRef
from planform.contracts.secrets import SecretRef, Secrets
from planform.contracts.services import Services

__all__ = [
    "CONTRACTS",
    "AcceleratorPool",
    "BucketRef",
    "ClusterRef",
    "Compute",
    "Database",
    "DatabaseRef",
    "DatabaseServerRef",
    "FederatedIdentity",
    "Identities",
    "Identity",
    "KeyRef",
    "Keys",
    "NetworkRef",
    "Networking",
    "ObjectStore",
    "PrivateServicesRef",
    "Registry",
    "RepositoryRef",
    "SecretRef",
    "Secrets",
    "Services",
    "SubnetRef",
]

CONTRACTS: dict[str, type] = {
    "compute": Compute,
    "database": Database,
    "identity": Identities,
    "keys": Keys,
    "networking": Networking,
    "object_store": ObjectStore,
    "registry": Registry,
    "secrets": Secrets,
    "services": Services,
}
"""Capability to contract, for the capabilities that planform itself defines."""
