"""Cloud Storage buckets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from planform.checks.cloud.rule import Block, Context, Finding, Rule, unknown_word

_ACTIONS = ("Delete", "SetStorageClass", "AbortIncompleteMultipartUpload")
_CLASSES = (
    "STANDARD",
    "NEARLINE",
    "COLDLINE",
    "ARCHIVE",
    "MULTI_REGIONAL",
    "REGIONAL",
    "DURABLE_REDUCED_AVAILABILITY",
)
_SOFT_DELETE = (604800, 7776000)
_REGION = re.compile(r"[A-Z]+-[A-Z]+\d+")
_MOST_RETENTION = 3_155_760_000


def _soft_delete(body: Block, _: Context) -> Iterator[Finding]:
    """Deleted objects are kept for 7 to 90 days, or with 0 not at all."""
    policy = body.block("soft_delete_policy")
    seconds = policy.number("retention_duration_seconds")
    least, most = _SOFT_DELETE
    if seconds is not None and seconds != 0 and not least <= seconds <= most:
        yield Finding(
            policy.at("retention_duration_seconds"),
            f"soft delete for {seconds:g} seconds",
            f"0, or {least} (7 days) to {most} (90 days)",
        )


def _lifecycle(body: Block, _: Context) -> Iterator[Finding]:
    """A lifecycle action is one of three words in mixed case, and SetStorageClass names the class to set."""
    for rule in body.blocks("lifecycle_rule"):
        action = rule.block("action")
        kind = action.text("type")
        yield from unknown_word(action, "type", _ACTIONS, "lifecycle action")
        if kind == "SetStorageClass" and action.absent("storage_class"):
            yield Finding(action.at("storage_class"), "SetStorageClass names no class", "set `storage_class`")
        yield from _storage_class(action)


def _class(body: Block, _: Context) -> Iterator[Finding]:
    """Storage classes are upper case: STANDARD, NEARLINE, COLDLINE, ARCHIVE, and the older names."""
    yield from _storage_class(body)


def _storage_class(block: Block) -> Iterator[Finding]:
    text = block.text("storage_class")
    if text and text.upper() not in _CLASSES:
        yield Finding(block.at("storage_class"), f"storage class `{text}` does not exist", "use STANDARD")


def _autoclass(body: Block, _: Context) -> Iterator[Finding]:
    """Autoclass chooses the storage class by itself: lifecycle rules that set one are refused beside it."""
    if not body.block("autoclass").flag("enabled"):
        return
    for rule in body.blocks("lifecycle_rule"):
        if rule.block("action").text("type") == "SetStorageClass":
            yield Finding(
                rule.block("action").at("type"),
                "SetStorageClass on a bucket with Autoclass",
                "drop the rule, or Autoclass",
            )


def _hierarchical(body: Block, _: Context) -> Iterator[Finding]:
    """Folders of a hierarchical namespace need uniform bucket-level access, and exclude versions of objects."""
    if not body.block("hierarchical_namespace").flag("enabled"):
        return
    path = "hierarchical_namespace[0].enabled"
    if body.flag("uniform_bucket_level_access") is False or body.absent("uniform_bucket_level_access"):
        yield Finding(path, "a hierarchical namespace without uniform access", "set `uniform_bucket_level_access`")
    if body.block("versioning").flag("enabled"):
        yield Finding(path, "a hierarchical namespace with object versioning", "drop `versioning`")


def _retention(body: Block, _: Context) -> Iterator[Finding]:
    """A retention period ends before a hundred years have passed."""
    policy = body.block("retention_policy")
    seconds = policy.number("retention_period")
    if seconds is not None and not 1 <= seconds < _MOST_RETENTION:
        yield Finding(
            policy.at("retention_period"),
            f"retention for {seconds:g} seconds",
            f"1 to {_MOST_RETENTION - 1} (100 years)",
        )


def _replication(body: Block, _: Context) -> Iterator[Finding]:
    """Turbo replication copies between the two regions of a dual-region; a single region has nothing to copy to."""
    location = (body.text("location") or "").upper()
    if not body.blocks("custom_placement_config") and _REGION.fullmatch(location) and body.given("rpo"):
        yield Finding("rpo", f"`rpo` in the single region {location}", "drop it, or use a dual-region")
    yield from unknown_word(body, "rpo", ("DEFAULT", "ASYNC_TURBO"), "recovery point objective")


def _placement(body: Block, _: Context) -> Iterator[Finding]:
    """A dual-region is two different regions, written with the continent that holds both as `location`."""
    for config in body.blocks("custom_placement_config"):
        value = config.value.get("data_locations")
        regions = [region.upper() for region in config.texts("data_locations")]
        if isinstance(value, list) and len(value) == len(regions) and len(set(regions)) != 2:
            yield Finding(config.at("data_locations"), "a dual-region of other than two regions", "name two regions")
        location = (body.text("location") or "").upper()
        if _REGION.fullmatch(location):
            yield Finding("location", f"a dual-region in the single region {location}", "use US, EU or ASIA")


def _public_access(body: Block, _: Context) -> Iterator[Finding]:
    """Public access prevention is `enforced` on the bucket or `inherited` from the organisation."""
    yield from unknown_word(body, "public_access_prevention", ("enforced", "inherited"), "public access prevention")


_TYPES = ("google_storage_bucket",)
_BUCKET: dict[str, object] = {"name": "acme-models", "location": "EUROPE-WEST4", "uniform_bucket_level_access": True}
_AUTOCLASS = _BUCKET | {"autoclass": [{"enabled": True}]}
_SOURCE = "provider 7.45.0, google_storage_bucket; Cloud Storage JSON API v1, buckets (2026-08)"


def _lifecycle_rule(**action: object) -> dict[str, object]:
    return {"lifecycle_rule": [{"action": [action], "condition": [{"age": 30}]}]}


RULES = (
    Rule(
        code="cloud/bucket-soft-delete",
        types=_TYPES,
        title="a soft delete period that is neither 0 nor 7 to 90 days",
        judge=_soft_delete,
        source=_SOURCE,
        wrong=_BUCKET | {"soft_delete_policy": [{"retention_duration_seconds": 3600}]},
        right=_BUCKET | {"soft_delete_policy": [{"retention_duration_seconds": 604800}]},
    ),
    Rule(
        code="cloud/bucket-lifecycle",
        types=_TYPES,
        title="a lifecycle action that Cloud Storage does not have",
        judge=_lifecycle,
        source=_SOURCE,
        wrong=_BUCKET | _lifecycle_rule(type="delete"),
        right=_BUCKET | _lifecycle_rule(type="Delete"),
    ),
    Rule(
        code="cloud/bucket-class",
        types=_TYPES,
        title="a storage class that does not exist",
        judge=_class,
        source=_SOURCE,
        wrong=_BUCKET | {"storage_class": "COLD"},
        right=_BUCKET | {"storage_class": "COLDLINE"},
    ),
    Rule(
        code="cloud/bucket-autoclass",
        types=_TYPES,
        title="Autoclass beside lifecycle rules that set a class",
        judge=_autoclass,
        source="Cloud Storage, Autoclass, restrictions (2026-08)",
        wrong=_BUCKET
        | {"autoclass": [{"enabled": True}]}
        | _lifecycle_rule(type="SetStorageClass", storage_class="COLDLINE"),
        right=_AUTOCLASS | _lifecycle_rule(type="Delete"),
    ),
    Rule(
        code="cloud/bucket-hierarchical-namespace",
        types=_TYPES,
        title="a hierarchical namespace with what it excludes",
        judge=_hierarchical,
        source="Cloud Storage, hierarchical namespace, limitations; provider 7.45.0 (2026-08)",
        wrong={"name": "acme-models", "location": "EUROPE-WEST4", "hierarchical_namespace": [{"enabled": True}]},
        right=_BUCKET | {"hierarchical_namespace": [{"enabled": True}]},
    ),
    Rule(
        code="cloud/bucket-retention",
        types=_TYPES,
        title="a retention period beyond a hundred years",
        judge=_retention,
        source=_SOURCE,
        wrong=_BUCKET | {"retention_policy": [{"retention_period": 4_000_000_000}]},
        right=_BUCKET | {"retention_policy": [{"retention_period": 86400}]},
    ),
    Rule(
        code="cloud/bucket-replication",
        types=_TYPES,
        title="a replication objective in a single region",
        judge=_replication,
        source="provider 7.45.0, google_storage_bucket, rpo; Cloud Storage, turbo replication (2026-08)",
        wrong=_BUCKET | {"rpo": "ASYNC_TURBO"},
        right=_BUCKET | {"location": "EUR4", "rpo": "ASYNC_TURBO"},
    ),
    Rule(
        code="cloud/bucket-dual-region",
        types=_TYPES,
        title="a dual-region that is not two regions",
        judge=_placement,
        source="Cloud Storage, configurable dual-regions; provider 7.45.0, custom_placement_config (2026-08)",
        wrong=_BUCKET | {"location": "EU", "custom_placement_config": [{"data_locations": ["EUROPE-WEST4"]}]},
        right=_BUCKET
        | {"location": "EU", "custom_placement_config": [{"data_locations": ["EUROPE-WEST4", "EUROPE-WEST1"]}]},
    ),
    Rule(
        code="cloud/bucket-public-access",
        types=_TYPES,
        title="a public access prevention that does not exist",
        judge=_public_access,
        source=_SOURCE,
        wrong=_BUCKET | {"public_access_prevention": "yes"},
        right=_BUCKET | {"public_access_prevention": "enforced"},
    ),
)
