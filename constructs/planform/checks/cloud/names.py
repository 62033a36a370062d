"""Names that Google Cloud accepts: one table by type and argument, and the one rule that reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from planform.checks.cloud.rule import Block, Context, Finding, Rule


class NameRule(Struct, frozen=True):
    """A name's shape: `says` completes the sentence "it must be ..."; `source` is where the API states it."""

    type: str
    argument: str
    pattern: str
    says: str
    source: str
    refused: str
    """A name of this type that the API refuses, for the tests."""


_RFC1035 = r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?"
_RFC1035_SAYS = "1 to 63 lower-case letters, digits and hyphens, a letter first and no hyphen last"
_RFC1035_40 = r"[a-z](?:[-a-z0-9]{0,38}[a-z0-9])?"
_RFC1035_40_SAYS = "1 to 40 lower-case letters, digits and hyphens, a letter first and no hyphen last"
_COMPUTE = "Compute Engine, naming resources; provider 7.45.0, argument name"
_COMPUTE_TYPES = (
    "google_compute_address",
    "google_compute_firewall",
    "google_compute_global_address",
    "google_compute_network",
    "google_compute_network_attachment",
    "google_compute_network_firewall_policy",
    "google_compute_network_peering",
    "google_compute_resource_policy",
    "google_compute_route",
    "google_compute_router",
    "google_compute_router_nat",
    "google_compute_security_policy",
    "google_compute_subnetwork",
)
_ID = r"[a-zA-Z0-9_-]"
_BUCKET_LABEL = r"[a-z0-9](?:[-_a-z0-9]{0,61}[a-z0-9])?"
_WORKLOAD_IDENTITY = r"(?!gcp-)[a-z0-9-]{4,32}"
_WORKLOAD_IDENTITY_SAYS = "4 to 32 lower-case letters, digits and hyphens, and not begin with `gcp-`"

NAMES: tuple[NameRule, ...] = (
    *(NameRule(type_name, "name", _RFC1035, _RFC1035_SAYS, _COMPUTE, "Main_1") for type_name in _COMPUTE_TYPES),
    NameRule(
        "google_container_cluster",
        "name",
        _RFC1035_40,
        _RFC1035_40_SAYS,
        "GKE API v1, projects.locations.clusters, name",
        "a" * 41,
    ),
    NameRule(
        "google_container_node_pool",
        "name",
        _RFC1035_40,
        _RFC1035_40_SAYS,
        "GKE, add and manage node pools: names have at most 40 characters",
        "a" * 41,
    ),
    NameRule(
        "google_dns_managed_zone",
        "name",
        _RFC1035,
        _RFC1035_SAYS,
        "Cloud DNS API v1, managedZones, name",
        "Zone",
    ),
    NameRule(
        "google_sql_database_instance",
        "name",
        r"[a-z](?:[-a-z0-9]{0,95}[a-z0-9])?",
        "lower-case letters, digits and hyphens, a letter first; at most 98 characters with `project:` before it",
        "Cloud SQL, create instances, instance ID",
        "Acme_PG",
    ),
    NameRule(
        "google_alloydb_cluster",
        "cluster_id",
        _RFC1035,
        _RFC1035_SAYS,
        "AlloyDB API v1, projects.locations.clusters.create, clusterId (AIP-122)",
        "Main_1",
    ),
    NameRule(
        "google_alloydb_instance",
        "instance_id",
        _RFC1035,
        _RFC1035_SAYS,
        "AlloyDB API v1, projects.locations.clusters.instances.create, instanceId (AIP-122)",
        "Main_1",
    ),
    NameRule(
        "google_storage_bucket",
        "name",
        rf"(?!goog)(?!.*google)(?!.*g00gle)(?!\d+(?:\.\d+){{3}}$)(?=.{{3,222}}$)"
        rf"{_BUCKET_LABEL}(?:\.{_BUCKET_LABEL})*",
        "3 to 63 lower-case letters, digits, hyphens and underscores (222 with dots, 63 a part), a letter or digit "
        "first and last, no IP address, without the prefix `goog` and the word `google`",
        "Cloud Storage, bucket naming rules",
        "goog-models",
    ),
    NameRule(
        "google_artifact_registry_repository",
        "repository_id",
        _RFC1035,
        _RFC1035_SAYS,
        "Artifact Registry, create standard repositories, repository name",
        "My_Repo",
    ),
    NameRule(
        "google_service_account",
        "account_id",
        r"[a-z](?:[-a-z0-9]{4,28}[a-z0-9])",
        "6 to 30 lower-case letters, digits and hyphens, a letter first and no hyphen last",
        "IAM API v1, projects.serviceAccounts.create, accountId",
        "short",
    ),
    NameRule(
        "google_iam_workload_identity_pool",
        "workload_identity_pool_id",
        _WORKLOAD_IDENTITY,
        _WORKLOAD_IDENTITY_SAYS,
        "IAM API v1, projects.locations.workloadIdentityPools.create, workloadIdentityPoolId",
        "gcp-pool",
    ),
    NameRule(
        "google_iam_workload_identity_pool_provider",
        "workload_identity_pool_provider_id",
        _WORKLOAD_IDENTITY,
        _WORKLOAD_IDENTITY_SAYS,
        "IAM API v1, projects.locations.workloadIdentityPools.providers.create, workloadIdentityPoolProviderId",
        "gcp-github",
    ),
    NameRule(
        "google_project_iam_custom_role",
        "role_id",
        r"[a-zA-Z0-9_.]{3,64}",
        "3 to 64 letters, digits, underscores and dots",
        "IAM API v1, projects.roles.create, roleId",
        "my-role",
    ),
    NameRule(
        "google_kms_key_ring",
        "name",
        _ID + "{1,63}",
        "1 to 63 letters, digits, underscores and hyphens",
        "Cloud KMS API v1, projects.locations.keyRings.create, keyRingId",
        "ring.one",
    ),
    NameRule(
        "google_kms_crypto_key",
        "name",
        _ID + "{1,63}",
        "1 to 63 letters, digits, underscores and hyphens",
        "Cloud KMS API v1, projects.locations.keyRings.cryptoKeys.create, cryptoKeyId",
        "key.one",
    ),
    NameRule(
        "google_secret_manager_secret",
        "secret_id",
        _ID + "{1,255}",
        "1 to 255 letters, digits, underscores and hyphens",
        "Secret Manager API v1, projects.secrets.create, secretId",
        "db.password",
    ),
    NameRule(
        "google_secret_manager_regional_secret",
        "secret_id",
        _ID + "{1,255}",
        "1 to 255 letters, digits, underscores and hyphens",
        "Secret Manager API v1, projects.locations.secrets.create, secretId",
        "db.password",
    ),
)

_BY_TYPE = {rule.type: rule for rule in NAMES}


def _name(body: Block, context: Context) -> Iterator[Finding]:
    """Each service has its own alphabet and length for names, and most are refused only when they are created.

    Names are deterministic here, so a name that is too long or has a wrong character is known long before apply.
    """
    rule = _BY_TYPE[context.type]
    text = body.text(rule.argument)
    if text and not re.fullmatch(rule.pattern, text):
        yield Finding(
            rule.argument,
            f"{context.type} refuses the name `{text}`",
            f"it must be {rule.says} ({rule.source})",
        )


RULES = (
    Rule(
        code="cloud/name",
        types=tuple(sorted(_BY_TYPE)),
        title="a name that the service refuses",
        judge=_name,
        source="the API reference of each type, in the table of constructs/planform/checks/cloud/names.py (2026-08)",
        wrong={"cluster_id": "Main_Cluster", "location": "europe-west4"},
        right={"cluster_id": "main-cluster", "location": "europe-west4"},
    ),
)
