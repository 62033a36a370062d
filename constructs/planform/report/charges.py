"""What each type of resource is charged for: which SKU, how many of it, from how few to how many.

A charge has no price yet. Its quantity is None where only use decides, as for bytes that are stored. A type that is
neither in `CHARGES` nor known to be free gives one charge that no table prices, so that it is seen.

Source: the price pages of the services; the arguments' meaning from the providers' pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from msgspec import Struct

from planform.report.machines import Capacity, Recipe, machine_recipes, nodes_of, of_config
from planform.report.quantity import EACH, Quantity, decimal, first

__all__ = ["CHARGES", "Charge", "Resource", "charges_of", "is_free"]


class Resource(Struct, frozen=True):
    """A resource as its document has it, with the region that it is charged in."""

    type: str
    name: str
    body: Mapping[str, Any]
    region: str
    zones: int = 1

    @property
    def address(self) -> str:
        return f"{self.type}.{self.name}"


class Charge(Struct, frozen=True):
    """One thing that is charged: `item` in words, and `unit` of it.

    `recipes` are the ways to its price, the first that the table has all parts of counts; each is SKUs with how many of
    them make one unit. `quantity` is None where use decides.
    """

    item: str
    unit: str
    recipes: tuple[Recipe, ...]
    quantity: Quantity | None = None
    note: str = ""

    @classmethod
    def of(cls, item: str, unit: str, sku: str, quantity: Quantity | None = None, note: str = "") -> Charge:
        """A charge of a single SKU."""
        return cls(item, unit, (((sku, Decimal(1)),),), quantity, note)


Charges = Iterator[Charge]

_FREE = re.compile(
    r"google_\w+_iam_(member|binding|policy|custom_role|audit_config)|google_project_iam_\w+"
    r"|google_(project_service|service_account|project_service_identity|service_networking_connection|billing_budget)"
    r"|google_iam_\w+|google_org_policy_\w+"
    r"|google_compute_(network|subnetwork|route|router|network_attachment|firewall|shared_vpc_\w+|network_firewall_\w+)"
    r"|google_dns_(record_set|policy)|google_kms_(key_ring|crypto_key_version)|google_sql_(database|user)"
    r"|google_storage_(managed_folder|notification)|google_bigquery_(dataset_access|table)"
    r"|google_data_catalog_\w+|google_dataplex_(aspect_type|entry_type|entry_group|zone|asset)"
    r"|google_gke_hub_\w+|google_container_cluster_\w+|google_binary_authorization_policy"
    r"|google_logging_(project_sink|project_exclusion|metric)"
    r"|google_monitoring_(dashboard|notification_channel)"
    r"|google_vertex_ai_(feature_group|feature_group_feature|feature_online_store_featureview|tensorboard_experiment)"
    r"|google_artifact_registry_repository_\w+|google_secret_manager_secret_version"
    r"|google_cloudbuildv2_repository|google_managed_kafka_topic|google_alloydb_(cluster|user)"
    r"|google_gemini_\w+_(setting|binding)|google_gemini_repository_group"
    r"|aws_iam_\w+|aws_kms_alias"
)
"""What is not charged itself, or with what it belongs to: a table with its dataset, a topic with its cluster."""


def is_free(type_: str) -> bool:
    """Whether a type has no charge of its own."""
    return _FREE.fullmatch(type_) is not None


def charges_of(resource: Resource) -> Charges:
    """Everything that a resource is charged for."""
    rule = CHARGES.get(resource.type)
    if rule is not None:
        yield from rule(resource)
    elif not is_free(resource.type):
        yield Charge.of(
            "all of it", "month", f"other/{resource.type}", EACH, "planform knows no price rule for the type"
        )


# Kubernetes Engine and machines


def _cluster(resource: Resource) -> Charges:
    body = resource.body
    yield Charge.of("cluster management", "cluster", "gke/cluster", EACH)
    if body.get("enable_autopilot"):
        yield Charge.of("vCPUs that pods ask for", "vCPU-month", "gke/autopilot/vcpu")
        yield Charge.of("memory that pods ask for", "GiB-month", "gke/autopilot/gib")
    elif not body.get("remove_default_node_pool"):
        count = decimal(body.get("initial_node_count")) or Decimal(1)
        yield from _nodes(first(body, "node_config"), Quantity.exactly(count * resource.zones))


def _node_pool(resource: Resource) -> Charges:
    yield from _nodes(first(resource.body, "node_config"), nodes_of(resource.body, resource.zones))


def _nodes(config: Mapping[str, Any], nodes: Quantity) -> Charges:
    machine = of_config(config)
    mode = Capacity.of_config(config)
    if not machine.comes_with_chips:
        yield Charge(f"nodes {machine.name}, {mode.words}", "node", machine.recipes(mode), nodes, mode.note)
    if machine.accelerator and machine.accelerators:
        yield Charge.of(
            f"{machine.accelerator}, {mode.words}",
            "accelerator",
            f"accelerator/{machine.accelerator}/{mode.sku}",
            nodes * machine.accelerators,
            mode.note,
        )
    disk = first(config, "boot_disk")
    kind = str(disk.get("disk_type") or config.get("disk_type") or "pd-balanced")
    size = decimal(disk.get("size_gb") or config.get("disk_size_gb")) or Decimal(100)
    yield Charge.of(f"boot disks {kind}", "GiB", f"disk/{kind}", nodes * size)
    if machine.local_ssds:
        ssd = f"disk/local-ssd/{'spot' if mode is Capacity.SPOT else 'on_demand'}"
        yield Charge.of("local SSDs", "GiB", ssd, nodes * (machine.local_ssds * 375))


def _instance(resource: Resource) -> Charges:
    yield from _nodes(resource.body, EACH)


def _disk(resource: Resource) -> Charges:
    kind = str(resource.body.get("type") or "pd-standard").rpartition("/")[2]
    size = decimal(resource.body.get("size"))
    yield Charge.of(f"disk {kind}", "GiB", f"disk/{kind}", Quantity.exactly(size) if size else None)


def _workstations(resource: Resource) -> Charges:
    yield Charge.of("workstation cluster", "cluster", "workstations/cluster", EACH)


def _workstation(resource: Resource) -> Charges:
    host = first(first(resource.body, "host"), "gce_instance")
    name = str(host.get("machine_type") or "e2-standard-4")
    recipes = machine_recipes(name, Capacity.ON_DEMAND, more="workstations/vcpu")
    unit = "workstation"
    pool = decimal(host.get("pool_size"))
    if pool:
        yield Charge(f"workstations {name} kept ready", unit, recipes, Quantity.exactly(pool))
    yield Charge(f"workstations {name} that run", unit, recipes, None)
    for directory in resource.body.get("persistent_directories") or ():
        kind = str(first(directory, "gce_pd").get("disk_type") or "pd-standard")
        yield Charge.of(f"home disks {kind}", "GiB", f"disk/{kind}")


# Databases and data


def _sql(resource: Resource) -> Charges:
    settings = first(resource.body, "settings")
    tier = str(settings.get("tier") or "")
    edition = str(settings.get("edition") or "ENTERPRISE").lower()
    place = "regional" if settings.get("availability_type") == "REGIONAL" else "zonal"
    if settings.get("activation_policy") != "NEVER":
        yield Charge(f"instance {tier}, {place}", "instance", _sql_recipes(tier, edition, place), EACH)
    if "SQLSERVER" in str(resource.body.get("database_version")):
        yield Charge.of("licence", "instance", "sql/sqlserver-licence", EACH)
    kind = str(settings.get("disk_type") or "PD_SSD").lower()
    yield Charge.of(f"disk {kind}, {place}", "GiB", f"sql/{kind}/{place}", *_sql_disk(settings))
    yield Charge.of("backups", "GiB-month", "sql/backup")


def _sql_recipes(tier: str, edition: str, place: str) -> tuple[Recipe, ...]:
    exact: Recipe = ((f"sql/{edition}/{tier}/{place}", Decimal(1)),)
    custom = re.fullmatch(r"db-custom-(\d+)-(\d+)", tier)
    if not custom:
        return (exact,)
    cpus, gib = Decimal(custom[1]), Decimal(custom[2]) / 1024
    apart: Recipe = ((f"sql/{edition}/vcpu/{place}", cpus), (f"sql/{edition}/gib/{place}", gib))
    together: Recipe = ((f"sql/{edition}/vcpu_with_memory/{place}", cpus),)
    return (exact, apart, together) if gib == cpus * Decimal("3.75") else (exact, apart)


def _sql_disk(settings: Mapping[str, Any]) -> tuple[Quantity, str]:
    """The size as provisioned, up to where the disk may grow; without a limit nobody can tell how far."""
    size = decimal(settings.get("disk_size")) or Decimal(10)
    if settings.get("disk_autoresize") is False:
        return Quantity.exactly(size), ""
    limit = decimal(settings.get("disk_autoresize_limit"))
    if limit:
        return Quantity(size, max(size, limit)), ""
    return Quantity.exactly(size), "the disk grows without a limit"


def _alloydb(resource: Resource) -> Charges:
    cpus = decimal(first(resource.body, "machine_config").get("cpu_count")) or Decimal(2)
    nodes = decimal(first(resource.body, "read_pool_config").get("node_count")) or Decimal(1)
    if resource.body.get("availability_type") == "REGIONAL":
        nodes *= 2
    yield Charge.of("vCPUs with their memory", "vCPU", "alloydb/vcpu_with_memory", Quantity.exactly(cpus * nodes))
    yield Charge.of("storage and backups", "GiB-month", "alloydb/storage")


def _online_store(resource: Resource) -> Charges:
    scaling = first(first(resource.body, "bigtable"), "auto_scaling")
    if scaling:
        low = decimal(scaling.get("min_node_count")) or Decimal(1)
        nodes = Quantity(low, max(low, decimal(scaling.get("max_node_count"))))
        yield Charge.of("online serving nodes, Bigtable", "node", "vertex/online-store/bigtable-node", nodes)
    else:
        yield Charge.of("online serving nodes, optimized", "node", "vertex/online-store/optimized-node")
    yield Charge.of("served data", "GiB-month", "vertex/online-store/storage")


def _bigtable(resource: Resource) -> Charges:
    for cluster in resource.body.get("cluster") or ():
        scaling = first(cluster, "autoscaling_config")
        low = decimal(scaling.get("min_nodes")) or decimal(cluster.get("num_nodes")) or Decimal(1)
        nodes = Quantity(low, max(low, decimal(scaling.get("max_nodes"))))
        kind = str(cluster.get("storage_type") or "SSD").lower()
        yield Charge.of("nodes", "node", "bigtable/node", nodes)
        yield Charge.of(f"storage, {kind}", "GiB-month", f"bigtable/{kind}")


def _kafka(resource: Resource) -> Charges:
    capacity = first(resource.body, "capacity_config")
    gib = decimal(capacity.get("memory_bytes")) / 1024**3
    units = decimal(capacity.get("vcpu_count")) * Decimal("0.6") + gib * Decimal("0.1")
    yield Charge.of("compute units", "DCU", "kafka/dcu", Quantity.exactly(units))
    yield Charge.of("storage and replication", "GiB-month", "kafka/storage")


def _dynamodb(resource: Resource) -> Charges:
    body = resource.body
    if body.get("billing_mode") == "PAY_PER_REQUEST":
        yield Charge.of("writes", "1M requests", "dynamodb/writes")
        yield Charge.of("reads", "1M requests", "dynamodb/reads")
    else:
        for what, key in (("write", "write_capacity"), ("read", "read_capacity")):
            units = Quantity.exactly(decimal(body.get(key)) or Decimal(1))
            yield Charge.of(f"{what} capacity", "unit", f"dynamodb/{key}", units)
    yield Charge.of("items", "GiB-month", "dynamodb/storage")


# Storage, keys, network


def _bucket(resource: Resource) -> Charges:
    kind = str(resource.body.get("storage_class") or "STANDARD").lower()
    yield Charge.of(f"objects, {kind}", "GiB-month", f"storage/{kind}")
    yield Charge.of("requests and egress", "request", "storage/operations")


def _key(resource: Resource) -> Charges:
    """A key has one active version at first, and one more after each rotation: counted for the first year."""
    template = first(resource.body, "version_template")
    level = str(template.get("protection_level") or "SOFTWARE").lower().removesuffix("_vpc")
    if level == "hsm" and re.search(r"3072|4096|EC_|ED25519", str(template.get("algorithm") or "")):
        level = "hsm_large"
    seconds = re.match(r"\d+", str(resource.body.get("rotation_period") or ""))
    days = int(seconds[0]) // 86_400 if seconds else 0
    if resource.body.get("skip_initial_version_creation"):
        yield Charge.of(f"key versions, {level}", "version", f"kms/{level}")
    else:
        versions = Quantity(Decimal(1), Decimal(1 + (365 // days if days else 0)))
        yield Charge.of(f"key versions, {level}", "version", f"kms/{level}", versions)
    yield Charge.of("key operations", "10k operations", "kms/operations")


def _secret(resource: Resource) -> Charges:
    replicas = first(first(resource.body, "replication"), "user_managed").get("replicas") or (None,)
    note = f"in {len(replicas)} places" if len(replicas) > 1 else ""
    yield Charge.of("active versions", "version", "secret/version", None, note)
    yield Charge.of("access", "10k operations", "secret/access")


def _address(resource: Resource) -> Charges:
    if resource.body.get("address_type") != "INTERNAL":
        yield Charge.of("external address", "address", "address/in_use", EACH)


def _forwarding_rule(resource: Resource) -> Charges:
    private = not resource.body.get("load_balancing_scheme") and "target" in resource.body
    sku = "psc/endpoint" if private else "load-balancer/rule"
    yield Charge.of("endpoint" if private else "forwarding rule", "rule", sku, EACH)


def _usage(*items: tuple[str, str, str]) -> Callable[[Resource], Charges]:
    """A rule for what only use decides: item, unit and SKU of each."""

    def rule(resource: Resource) -> Charges:
        for item, unit, sku in items:
            yield Charge.of(item, unit, sku)

    return rule


def _each(item: str, unit: str, sku: str) -> Callable[[Resource], Charges]:
    """A rule for what costs the same all month."""

    def rule(resource: Resource) -> Charges:
        yield Charge.of(item, unit, sku, EACH)

    return rule


CHARGES: Mapping[str, Callable[[Resource], Charges]] = {
    "aws_dynamodb_table": _dynamodb,
    "aws_kms_key": _each("key", "key", "aws/kms"),
    "google_alloydb_instance": _alloydb,
    "google_artifact_registry_repository": _usage(("images and packages", "GiB-month", "registry/storage")),
    "google_bigquery_dataset": _usage(
        ("tables", "GiB-month", "bigquery/storage"), ("queries, on demand", "TiB", "bigquery/queries")
    ),
    "google_bigtable_instance": _bigtable,
    "google_cloudbuild_trigger": _usage(("builds", "minute", "build/minutes")),
    "google_cloudbuild_worker_pool": _usage(("builds", "minute", "build/private-minutes")),
    "google_compute_address": _address,
    "google_compute_disk": _disk,
    "google_compute_forwarding_rule": _forwarding_rule,
    "google_compute_global_address": _address,
    "google_compute_global_forwarding_rule": _forwarding_rule,
    "google_compute_instance": _instance,
    "google_compute_router_nat": _usage(("machines that use it", "VM-hour", "nat/vm"), ("data", "GiB", "nat/data")),
    "google_container_cluster": _cluster,
    "google_container_node_pool": _node_pool,
    "google_dataplex_entry": _usage(("metadata storage", "GiB-month", "dataplex/metadata")),
    "google_dataplex_lake": _usage(("discovery and metadata", "DCU-hour", "dataplex/dcu")),
    "google_dns_managed_zone": _each("zone", "zone", "dns/zone"),
    "google_firestore_database": _usage(
        ("documents", "GiB-month", "firestore/storage"), ("reads and writes", "100k requests", "firestore/operations")
    ),
    "google_gke_backup_backup_plan": _usage(
        ("protected pods", "pod-month", "gke/backup/pod"), ("backups", "GiB-month", "gke/backup/storage")
    ),
    "google_kms_crypto_key": _key,
    "google_logging_project_bucket_config": _usage(("ingestion", "GiB", "logging/ingestion")),
    "google_managed_kafka_cluster": _kafka,
    "google_monitoring_alert_policy": _usage(("conditions", "condition-month", "monitoring/condition")),
    "google_monitoring_uptime_check_config": _usage(("executions", "1k executions", "monitoring/uptime")),
    "google_pubsub_topic": _usage(("messages", "TiB", "pubsub/messages")),
    "google_secret_manager_secret": _secret,
    "google_sql_database_instance": _sql,
    "google_storage_bucket": _bucket,
    "google_vertex_ai_feature_online_store": _online_store,
    "google_vertex_ai_tensorboard": _usage(("experiments", "GiB-month", "vertex/tensorboard")),
    "google_workstations_workstation_cluster": _workstations,
    "google_workstations_workstation_config": _workstation,
}
"""The rule of each type, which says what a resource of it is charged for."""
