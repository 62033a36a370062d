"""What holds for many types alike: labels, and the provider's deletion policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from planform.checks.cloud.rule import Block, Context, Finding, Rule, literal, unknown_word

_LABELS: Mapping[str, tuple[str, ...]] = {
    "google_storage_bucket": ("labels",),
    "google_alloydb_backup": ("labels",),
    "google_alloydb_cluster": ("labels",),
    "google_alloydb_instance": ("labels",),
    "google_artifact_registry_repository": ("labels",),
    "google_compute_address": ("labels",),
    "google_compute_global_address": ("labels",),
    "google_container_cluster": ("resource_labels", "node_config.resource_labels"),
    "google_container_node_pool": ("node_config.resource_labels",),
    "google_dns_managed_zone": ("labels",),
    "google_kms_crypto_key": ("labels",),
    "google_secret_manager_regional_secret": ("labels",),
    "google_secret_manager_secret": ("labels",),
    "google_sql_database_instance": ("settings.user_labels",),
}

_DELETION_POLICIES = ("DELETE", "PREVENT", "ABANDON")
_WITH_DELETION_POLICY = (
    "google_alloydb_instance",
    "google_artifact_registry_repository",
    "google_compute_address",
    "google_compute_firewall",
    "google_compute_global_address",
    "google_compute_network",
    "google_compute_route",
    "google_compute_router",
    "google_compute_router_nat",
    "google_compute_subnetwork",
    "google_container_cluster",
    "google_container_node_pool",
    "google_dns_managed_zone",
    "google_dns_record_set",
    "google_kms_crypto_key",
    "google_secret_manager_secret",
    "google_service_account",
    "google_sql_database",
    "google_sql_database_instance",
    "google_sql_user",
    "google_storage_bucket",
)


@lru_cache(maxsize=1024)  # most resources have the labels of others
def _label_fault(key: str, value: str) -> str | None:
    if not 1 <= len(key) <= 63 or not key[0].isalpha() or not _alphabet(key):
        return f"`{key}` is no label key"
    if len(value) > 63 or not _alphabet(value):
        return f"`{value}` is no value of the label `{key}`"
    return None


def _alphabet(text: str) -> bool:
    return text == text.lower() and all(sign.isalnum() or sign in "_-" for sign in text)


def _labels(body: Block, context: Context) -> Iterator[Finding]:
    """Labels are lower case: letters of any script, digits, underscores and hyphens, at most 63 characters each.

    A key begins with a letter, and a resource has at most 64 labels. A display name, an e-mail address or a date
    with colons is none; descriptions and annotations are the places for these.
    """
    for path in _LABELS[context.type]:
        outer, _, argument = path.rpartition(".")
        for block in body.blocks(outer) if outer else (body,):
            yield from _labels_of(block, argument)


def _labels_of(block: Block, argument: str) -> Iterator[Finding]:
    value = block.value.get(argument)
    if not isinstance(value, Mapping):
        return
    if len(value) > 64:
        yield Finding(block.at(argument), f"{len(value)} labels are too many", "a resource takes at most 64 labels")
    for key, entry in value.items():
        known = literal(key), literal(entry) if entry is not None else ""
        fault = _label_fault(known[0] or "", known[1] or "") if known[0] is not None else None
        if fault is not None:
            yield Finding(
                f"{block.at(argument)}.{key}",
                fault,
                "use lower-case letters, digits, `_` and `-`, at most 63 characters, a letter first in a key",
            )


def _deletion_policy(body: Block, _: Context) -> Iterator[Finding]:
    """The provider compares `deletion_policy` with three words and takes any other for DELETE.

    A misspelt PREVENT therefore protects nothing, and nobody is told.
    """
    yield from unknown_word(body, "deletion_policy", _DELETION_POLICIES, "deletion policy")


RULES = (
    Rule(
        code="cloud/label",
        types=tuple(_LABELS),
        title="a label with a character or a length that labels do not have",
        judge=_labels,
        source="Resource Manager, creating and managing labels, requirements for labels (2026-08)",
        wrong={"name": "acme-models", "location": "EU", "labels": {"team": "ML Platform"}},
        right={"name": "acme-models", "location": "EU", "labels": {"team": "ml-platform"}},
    ),
    Rule(
        code="cloud/deletion-policy",
        types=_WITH_DELETION_POLICY,
        title="a deletion policy that the provider does not know",
        judge=_deletion_policy,
        source="hashicorp/google 7.45.0, argument deletion_policy: DELETE, PREVENT or ABANDON",
        wrong={"cluster": "projects/p/locations/l/clusters/c", "instance_id": "primary", "deletion_policy": "KEEP"},
        right={"cluster": "projects/p/locations/l/clusters/c", "instance_id": "primary", "deletion_policy": "PREVENT"},
    ),
)
