"""How dangerous a verdict is, and why: what keeps data, what restarts, which accelerators go away.

The list of restarts comes from the providers' documentation of each type: which updates make the service restart
machines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from planform.preview.changes import Action, Attribute, Risk, Verdict, is_empty
from planform.terraform.stateful import STATEFUL

__all__ = ["gravity", "judge"]

_GRAVE = re.compile(r"(_sql_|alloydb|spanner|firestore|bigtable|rds|_db_|dynamodb|database)")

RESTARTS: tuple[tuple[str, str, str], ...] = (
    (
        "google_container_node_pool",
        r"version|node_config\[0\]\.(?!(labels|taint|tags|resource_labels|resource_manager_tags)\b).*",
        "nodes are made anew one after another, and their pods move",
    ),
    ("google_container_node_pool", r"node_locations.*", "nodes move between zones"),
    (
        "google_container_cluster",
        r"min_master_version|node_version|node_config\[0\].*|datapath_provider|release_channel.*",
        "the control plane or its nodes are upgraded",
    ),
    (
        "google_sql_database_instance",
        r"settings\[0\]\.(tier|edition|availability_type|database_flags.*|ip_configuration.*|data_cache_config.*)"
        r"|database_version",
        "the instance restarts, and connections break",
    ),
    ("google_alloydb_instance", r"machine_config.*|database_flags.*", "the instance restarts, and connections break"),
    ("google_redis_instance", r"memory_size_gb|redis_version|tier", "connections break for a moment"),
    ("google_memorystore_instance", r"node_type|shard_count|engine_version", "connections break for a moment"),
    ("google_managed_kafka_cluster", r"capacity_config.*", "brokers restart one after another"),
    ("google_bigtable_instance", r"cluster.*", "nodes are added or taken away"),
    ("google_cloud_run_v2_service", r"template.*", "a new revision takes over"),
    ("google_workstations_workstation_config", r"host.*|container.*", "workstations get it when they start again"),
    ("aws_db_instance", r"instance_class|engine_version", "the instance restarts, and connections break"),
    ("Deployment", r"spec\.template.*", "pods are made anew one after another"),
    ("StatefulSet", r"spec\.template.*", "pods are made anew one after another"),
    ("DaemonSet", r"spec\.template.*", "pods are made anew one after another"),
)
"""Type, attribute and consequence of updates that interrupt."""

_RESTARTS = tuple((kind, re.compile(pattern), why) for kind, pattern, why in RESTARTS)
_TPU = re.compile(r"ct\w+-")
_ACCELERATED = re.compile(r"(a2|a3|a4|a4x|g2|g4)-")
_DESTROYS = (Action.DESTROY, Action.REPLACE)


def judge(verdict: Verdict, *, production: bool = False) -> tuple[Risk, tuple[str, ...]]:
    """The risk of a verdict and the reasons for it, in words; `production` where the environment is said to be."""
    found = list(_reasons(verdict))
    risk = min((risk for risk, _ in found), key=lambda each: each.rank, default=Risk.NONE)
    reasons = [text for level, text in found if text and level is risk]
    reasons += [text for level, text in found if text and level is not risk]
    if production and risk in (Risk.DATA_LOSS, Risk.REPLACE):
        reasons.append("in production")
    if verdict.guard and verdict.action in (*_DESTROYS, Action.UNDECIDED):
        reasons.append(f"`{verdict.guard}` stands in the way: the apply is refused while it is set")
    return risk, tuple(dict.fromkeys(reasons))


def gravity(type_: str) -> int:
    """Which of two losses is shown first: databases before what else keeps data, that before the rest."""
    return 2 if type_ in STATEFUL and _GRAVE.search(type_) else int(type_ in STATEFUL)


def _reasons(verdict: Verdict) -> Iterator[tuple[Risk, str]]:
    action = verdict.action
    holds = STATEFUL.get(verdict.type)
    if action in _DESTROYS or action is Action.UNDECIDED:
        yield from _gone(verdict, holds)
    if action in (Action.UPDATE, Action.UNDECIDED):
        yield Risk.IN_PLACE, ""
        yield from _updates(verdict)
    if action is Action.FORGET:
        yield Risk.IN_PLACE, "leaves the state and stays in the cloud: nobody manages it from then on"
    if action is Action.NOOP:
        yield from ((Risk.NONE, f"{each.path} concerns Terraform alone") for each in verdict.attributes)
        if any(each.path == "lifecycle.prevent_destroy" and not each.after for each in verdict.attributes):
            yield Risk.NONE, "from now on a later change can destroy it"
    if action is Action.MOVE and any(verdict.attributes):
        yield Risk.IN_PLACE, "moves and changes"
        yield from _updates(verdict)
    if verdict.type == "terraform.backend" and action is not Action.CREATE:
        yield Risk.REPLACE, "the state is looked for elsewhere: without `init -migrate-state` all of it is made again"


def _gone(verdict: Verdict, holds: str | None) -> Iterator[tuple[Risk, str]]:
    if verdict.action is Action.UNDECIDED:
        if holds:
            yield Risk.IN_PLACE, f"whether this replaces it could not be told; if so, {holds} are lost"
        else:
            yield Risk.IN_PLACE, "whether this replaces it could not be told"
        return
    if verdict.kind == "file":
        yield Risk.NONE, ""
        return
    what = "destroys" if verdict.action is Action.DESTROY else "replaces"
    if holds:
        yield Risk.DATA_LOSS, f"{what} what keeps {holds}"
    elif verdict.type.startswith("terraform.") or "." in verdict.type:
        yield Risk.NONE, ""
    else:
        yield Risk.REPLACE, "goes away, and nothing in it has to be kept" if verdict.action is Action.DESTROY else ""
    outage = _accelerators(verdict)
    if outage:
        until = "are gone" if verdict.action is Action.DESTROY else "are away until new nodes are there"
        yield Risk.REPLACE, f"accelerator outage: {outage} {until}"


def _updates(verdict: Verdict) -> Iterator[tuple[Risk, str]]:
    for attribute in verdict.attributes:
        for kind, pattern, why in _RESTARTS:
            if kind == verdict.type and pattern.fullmatch(attribute.path):
                yield Risk.ROLLING, f"{attribute.path}: {why}"
                outage = _accelerators(verdict)
                if outage:
                    yield Risk.ROLLING, f"accelerator outage: {outage} are away while their nodes are made anew"
        yield from _deletes(verdict, attribute)


def _deletes(verdict: Verdict, attribute: Attribute) -> Iterator[tuple[Risk, str]]:
    """Updates that leave the resource and delete what is in it."""
    kind, path, after = verdict.type, attribute.path, attribute.after
    if kind == "google_storage_bucket" and path.startswith("lifecycle_rule"):
        rules = verdict.body.get("lifecycle_rule") or []
        if not is_empty(after) and any(_action(rule) == "Delete" for rule in rules):
            yield Risk.DATA_LOSS, f"{path}: objects that match a rule are deleted"
    if kind == "google_artifact_registry_repository" and path.startswith("cleanup_policies"):
        policies = verdict.body.get("cleanup_policies") or []
        if not is_empty(after) and any(policy.get("action") == "DELETE" for policy in policies):
            yield Risk.DATA_LOSS, f"{path}: versions that match a policy are deleted"
    if kind == "google_bigquery_table" and path == "expiration_time" and not is_empty(after):
        yield Risk.DATA_LOSS, f"{path}: the table is deleted then"
    if kind == "google_bigquery_dataset" and path.startswith("default_") and path.endswith("expiration_ms"):
        yield Risk.IN_PLACE, f"{path}: new tables are deleted after that time"
    if kind == "aws_dynamodb_table" and path.startswith("ttl") and after is True:
        yield Risk.DATA_LOSS, f"{path}: items past their time are deleted"
    if path.rpartition(".")[2] in ("deletion_protection", "deletion_protection_enabled") and is_empty(after):
        yield Risk.IN_PLACE, f"{path}: from now on it can be destroyed"


def _action(rule: Mapping[str, Any]) -> str:
    action = rule.get("action") or [{}]
    first = action[0] if isinstance(action, list) else action
    return str(first.get("type", ""))


def _accelerators(verdict: Verdict) -> str:
    """The accelerators of a node pool or machine: `up to 16 nvidia-h100-80gb`; empty where there are none."""
    if verdict.type not in ("google_container_node_pool", "google_compute_instance"):
        return ""
    holder = verdict.body
    config = (verdict.body.get("node_config") or [{}])[0] if verdict.type == "google_container_node_pool" else holder
    machine = str(config.get("machine_type", ""))
    cards = config.get("guest_accelerator") or []
    kind = str(cards[0].get("type", "")) if cards else ""
    if not kind and not (_TPU.match(machine) or _ACCELERATED.match(machine)):
        return ""
    count = _number(cards[0].get("count")) if cards else 1
    nodes = _nodes(holder)
    name = kind or f"machines {machine} with accelerators"
    return f"up to {count * nodes} {name}" if nodes else f"all {name}"


def _nodes(pool: Mapping[str, Any]) -> int:
    scaling = (pool.get("autoscaling") or [{}])[0]
    most = scaling.get("total_max_node_count") or scaling.get("max_node_count") or pool.get("node_count") or 0
    return _number(most)


def _number(value: Any) -> int:
    return int(value) if isinstance(value, int | float) or str(value).isdigit() else 0
