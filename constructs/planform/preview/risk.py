"""How dangerous a verdict is, and why: what keeps data, what restarts, which accelerators go away.

The lists come from the providers' documentation of each type: whether destroying it destroys what users put in, and
which updates make the service restart machines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from planform.preview.changes import Action, Attribute, Risk, Verdict, is_empty

__all__ = ["STATEFUL", "gravity", "judge"]

STATEFUL: Mapping[str, str] = {
    # Google Cloud
    "google_alloydb_backup": "a backup",
    "google_alloydb_cluster": "databases",
    "google_alloydb_instance": "the databases' primary",
    "google_artifact_registry_repository": "images and packages",
    "google_backup_dr_backup_vault": "backups",
    "google_bigquery_dataset": "tables",
    "google_bigquery_table": "rows",
    "google_bigtable_instance": "tables",
    "google_bigtable_table": "rows",
    "google_compute_disk": "a disk",
    "google_compute_instance": "a machine with its boot disk",
    "google_compute_region_disk": "a disk",
    "google_compute_snapshot": "a snapshot",
    "google_container_cluster": "workloads and their volumes",
    "google_dataplex_aspect_type": "the aspects of this type",
    "google_dataplex_entry_group": "catalogue entries",
    "google_dataplex_glossary": "terms",
    "google_filestore_backup": "a backup",
    "google_filestore_instance": "files",
    "google_firestore_database": "documents",
    "google_kms_crypto_key": "a key, and with it all data encrypted with it",
    "google_kms_crypto_key_version": "a key version, and with it all data encrypted with it",
    "google_kms_key_ring": "keys",
    "google_logging_project_bucket_config": "logs",
    "google_lustre_instance": "files",
    "google_managed_kafka_cluster": "topics and their messages",
    "google_managed_kafka_topic": "messages",
    "google_memorystore_instance": "cached data",
    "google_netapp_volume": "files",
    "google_parallelstore_instance": "files",
    "google_project": "a whole project",
    "google_pubsub_subscription": "messages that are not acknowledged",
    "google_pubsub_topic": "retained messages",
    "google_redis_cluster": "cached data",
    "google_redis_instance": "cached data",
    "google_secret_manager_regional_secret": "secret values",
    "google_secret_manager_regional_secret_version": "a secret value",
    "google_secret_manager_secret": "secret values",
    "google_secret_manager_secret_version": "a secret value",
    "google_sourcerepo_repository": "a repository",
    "google_spanner_database": "rows",
    "google_spanner_instance": "databases",
    "google_sql_database": "tables",
    "google_sql_database_instance": "databases",
    "google_storage_bucket": "objects",
    "google_storage_bucket_object": "an object",
    "google_storage_folder": "objects",
    "google_storage_managed_folder": "objects",
    "google_vertex_ai_dataset": "a dataset",
    "google_vertex_ai_feature_group": "features",
    "google_vertex_ai_feature_online_store": "served features",
    "google_vertex_ai_featurestore": "features",
    "google_vertex_ai_index": "vectors",
    "google_vertex_ai_metadata_store": "metadata of runs",
    "google_vertex_ai_tensorboard": "experiments",
    "google_workbench_instance": "notebooks and their disk",
    # Amazon Web Services
    "aws_db_instance": "databases",
    "aws_dynamodb_table": "items",
    "aws_ebs_volume": "a disk",
    "aws_ecr_repository": "images",
    "aws_efs_file_system": "files",
    "aws_instance": "a machine with its root disk",
    "aws_kms_key": "a key, and with it all data encrypted with it",
    "aws_rds_cluster": "databases",
    "aws_s3_bucket": "objects",
    "aws_secretsmanager_secret": "secret values",
    "aws_sqs_queue": "messages",
    # GitHub and Kubernetes
    "github_repository": "a repository with its issues",
    "kubernetes_namespace": "everything in the namespace",
    "kubernetes_namespace_v1": "everything in the namespace",
    "kubernetes_persistent_volume_claim": "a volume",
    "kubernetes_persistent_volume_claim_v1": "a volume",
    "Namespace": "everything in the namespace",
    "PersistentVolume": "a volume",
    "PersistentVolumeClaim": "a volume",
    "StatefulSet": "volumes, where their claims are deleted with it",
    "CustomResourceDefinition": "every object of the kind",
}
"""Types that keep something which does not come back when the resource is made again, and what that is."""

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
