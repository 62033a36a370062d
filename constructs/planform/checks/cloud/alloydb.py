"""AlloyDB clusters, instances and users."""

from __future__ import annotations

import re
from collections.abc import Iterator

from planform.checks.cloud.rule import Block, Context, Finding, Rule

_CLUSTER_ID = re.compile(r"projects/[^/]+/locations/[^/]+/clusters/[^/]+")
_DURATION = re.compile(r"\d+(?:\.\d{1,9})?s")


def _secondary(body: Block, _: Context) -> Iterator[Finding]:
    """A secondary cluster names its primary in `secondary_config`; a primary cluster has no such block."""
    secondary, primary = body.text("cluster_type") == "SECONDARY", body.absent("cluster_type")
    if secondary and body.absent("secondary_config"):
        yield Finding("secondary_config", "a SECONDARY cluster without its primary", "add `secondary_config`")
    if (primary or body.text("cluster_type") == "PRIMARY") and body.blocks("secondary_config"):
        yield Finding("secondary_config", "a PRIMARY cluster with `secondary_config`", "set cluster_type SECONDARY")


def _backups(body: Block, _: Context) -> Iterator[Finding]:
    """Continuous backups reach back 1 to 35 days.

    Automated ones start at a full hour, in a window of five minutes or more.
    """
    window = body.block("continuous_backup_config")
    days = window.number("recovery_window_days")
    if days is not None and not 1 <= days <= 35:
        yield Finding(window.at("recovery_window_days"), f"a recovery window of {days:g} days", "1 to 35")
    policy = body.block("automated_backup_policy")
    for block, argument in (
        (policy, "backup_window"),
        (policy.block("time_based_retention"), "retention_period"),
    ):
        text = block.text(argument)
        if text and not _DURATION.fullmatch(text):
            yield Finding(block.at(argument), f"`{text}` is no duration", 'write seconds: "3600s"')
        elif argument == "backup_window" and text and float(text[:-1]) < 300:
            yield Finding(block.at(argument), f"a backup window of {text}", "300s or more")
    for start in policy.block("weekly_schedule").blocks("start_times"):
        for argument in ("minutes", "seconds", "nanos"):
            if start.number(argument):
                yield Finding(start.at(argument), "a backup that does not start at a full hour", f"set {argument} to 0")


def _read_pool(body: Block, _: Context) -> Iterator[Finding]:
    """A read pool says how many nodes it has; with one node it can only be ZONAL."""
    if body.text("instance_type") != "READ_POOL":
        return
    if body.absent("read_pool_config"):
        yield Finding("read_pool_config", "a read pool without its size", "add `read_pool_config` with `node_count`")
    if body.block("read_pool_config").number("node_count") == 1 and body.text("availability_type") == "REGIONAL":
        yield Finding("availability_type", "a REGIONAL read pool of one node", "use ZONAL, or two nodes")


def _zone(body: Block, _: Context) -> Iterator[Finding]:
    """A REGIONAL instance, which is the default, spans zones, so a zone can be chosen for a ZONAL one only."""
    regional = body.text("availability_type") == "REGIONAL"
    if regional and body.given("gce_zone"):
        yield Finding("gce_zone", "a zone for a REGIONAL instance", "drop it, or set availability_type ZONAL")


def _insights(body: Block, _: Context) -> Iterator[Finding]:
    """Query insights keep 256 to 4500 bytes of a query and 0 to 20 plans a minute."""
    insights = body.block("query_insights_config")
    for argument, least, most in (("query_string_length", 256, 4500), ("query_plans_per_minute", 0, 20)):
        number = insights.number(argument)
        if number is not None and not least <= number <= most:
            yield Finding(insights.at(argument), f"`{argument}` is {number:g}", f"{least} to {most}")


def _cluster(body: Block, _: Context) -> Iterator[Finding]:
    """Instances and users name their cluster by its whole resource name: its id alone gives a wrong URL."""
    text = body.text("cluster")
    if text and not _CLUSTER_ID.fullmatch(text):
        yield Finding(
            "cluster", f"`{text}` is no cluster name", "write projects/PROJECT/locations/REGION/clusters/CLUSTER"
        )


_CLUSTERS = ("google_alloydb_cluster",)
_INSTANCES = ("google_alloydb_instance",)
_NAME = "projects/acme-dev/locations/europe-west4/clusters/main"
_BODY: dict[str, object] = {"cluster_id": "main", "location": "europe-west4"}
_POOL: dict[str, object] = {"cluster": _NAME, "instance_id": "read", "instance_type": "READ_POOL"}
_PRIMARY: dict[str, object] = {"cluster": _NAME, "instance_id": "primary", "instance_type": "PRIMARY"}
_SOURCE = "provider 7.45.0, google_alloydb_cluster; AlloyDB API v1, Cluster (2026-08)"
_INSTANCE_SOURCE = "provider 7.45.0, google_alloydb_instance; AlloyDB API v1, Instance (2026-08)"

RULES = (
    Rule(
        code="cloud/alloydb-secondary",
        types=_CLUSTERS,
        title="a secondary cluster without its primary",
        judge=_secondary,
        source=_SOURCE,
        wrong=_BODY | {"cluster_type": "SECONDARY"},
        right=_BODY | {"cluster_type": "SECONDARY", "secondary_config": [{"primary_cluster_name": _NAME}]},
    ),
    Rule(
        code="cloud/alloydb-backup",
        types=_CLUSTERS,
        title="backups beyond what AlloyDB keeps",
        judge=_backups,
        source=_SOURCE,
        wrong=_BODY | {"continuous_backup_config": [{"recovery_window_days": 60}]},
        right=_BODY
        | {
            "continuous_backup_config": [{"recovery_window_days": 35}],
            "automated_backup_policy": [
                {"backup_window": "1800s", "weekly_schedule": [{"start_times": [{"hours": 2, "minutes": 0}]}]}
            ],
        },
    ),
    Rule(
        code="cloud/alloydb-read-pool",
        types=_INSTANCES,
        title="a read pool without a fitting size",
        judge=_read_pool,
        source=_INSTANCE_SOURCE,
        wrong=_POOL,
        right=_POOL | {"read_pool_config": [{"node_count": 2}]},
    ),
    Rule(
        code="cloud/alloydb-zone",
        types=_INSTANCES,
        title="a zone for a regional instance",
        judge=_zone,
        source=_INSTANCE_SOURCE,
        wrong=_PRIMARY | {"availability_type": "REGIONAL", "gce_zone": "europe-west4-a"},
        right=_PRIMARY | {"availability_type": "ZONAL", "gce_zone": "europe-west4-a"},
    ),
    Rule(
        code="cloud/alloydb-query-insights",
        types=_INSTANCES,
        title="query insights beyond their limits",
        judge=_insights,
        source=_INSTANCE_SOURCE,
        wrong=_PRIMARY | {"query_insights_config": [{"query_string_length": 9999}]},
        right=_PRIMARY | {"query_insights_config": [{"query_string_length": 4500}]},
    ),
    Rule(
        code="cloud/alloydb-cluster-name",
        types=(*_INSTANCES, "google_alloydb_user"),
        title="a cluster named by its id alone",
        judge=_cluster,
        source=_INSTANCE_SOURCE,
        wrong=_PRIMARY | {"cluster": "main"},
        right=_PRIMARY,
    ),
)
