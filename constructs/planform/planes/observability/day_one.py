"""The dashboards and alerts that an environment has before anybody asks for one: its cluster, database and queue.

Queries are over managed Prometheus: DCGM, kube-state and system metrics as GKE's monitoring components send them, and
metrics of Cloud Monitoring by their PromQL names (the first slash becomes a colon, what is no letter an underscore).
Source: GKE's pages on DCGM, kube-state and system metrics, Google Cloud's list of metrics for Cloud SQL and AlloyDB,
Kueue's page on metrics, read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from planform.contracts.compute import Compute
from planform.contracts.database import Database
from planform.contracts.monitoring import Panel, Severity

__all__ = ["Watch", "WatchedAlert", "of_database", "of_cluster", "of_queue"]

_ALLOYDB = re.compile(r"projects/[^/]+/locations/[^/]+/clusters/(?P<cluster>[^/]+)/instances/[^/]+")


class WatchedAlert(Struct, frozen=True):
    """An alert as monitoring's contract takes it."""

    name: str
    title: str
    query: str
    minutes: int = 5
    severity: Severity = "ticket"


class Watch(Struct, frozen=True):
    """What is watched of one thing: a dashboard and its alerts."""

    name: str
    title: str
    panels: tuple[Panel, ...]
    alerts: tuple[WatchedAlert, ...]


def of_cluster(compute: Compute) -> Iterator[Watch]:
    """Pods and nodes of the cluster, and its GPUs where it has any, or may make some on demand."""
    name = str(compute.cluster().name)
    yield _pods(name)
    pools = compute.accelerator_pools()
    if not pools or any(not pool.accelerator.startswith("tpu") for pool in pools):
        yield _gpus(name)


def _pods(cluster: str) -> Watch:
    at = f'cluster="{cluster}"'
    of = f'cluster_name="{cluster}"'
    unschedulable = f"sum by (namespace) (kube_pod_status_unschedulable{{{at}}})"
    crashing = f'sum by (namespace, pod) (kube_pod_container_status_waiting_reason{{{at},reason="CrashLoopBackOff"}})'
    cpu = f'kubernetes_io:node_cpu_allocatable_utilization{{monitored_resource="k8s_node",{of}}}'
    memory = f'kubernetes_io:node_memory_allocatable_utilization{{monitored_resource="k8s_node",{of}}}'
    volumes = f'kubernetes_io:pod_volume_utilization{{monitored_resource="k8s_pod",{of}}}'
    nodes = f'count(kubernetes_io:node_cpu_total_cores{{monitored_resource="k8s_node",{of}}})'
    return Watch(
        "cluster",
        f"Cluster {cluster}",
        (
            Panel("Nodes", nodes),
            Panel("Pods without a node, by namespace", unschedulable),
            Panel("CPU in use, of what nodes can give", f"avg({cpu})", "10^2.%"),
            Panel("Memory in use, of what nodes can give", f"avg({memory})", "10^2.%"),
            Panel("Containers that crash in a loop", crashing),
            Panel("Fullest volumes", f"topk(10, {volumes})", "10^2.%"),
        ),
        (
            WatchedAlert("pods-pending", "Pods find no node for 30 minutes", f"{unschedulable} > 0", 30),
            WatchedAlert("pods-crashing", "A container crashes in a loop", f"{crashing} > 0", 15),
            WatchedAlert("volume-full", "A volume is 90 percent full", f"{volumes} > 0.9", 15),
        ),
    )


def _gpus(cluster: str) -> Watch:
    at = f'{{cluster="{cluster}"}}'
    used = f"DCGM_FI_DEV_FB_USED{at}"
    errors = f"max by (UUID, modelName) (max_over_time(DCGM_FI_DEV_XID_ERRORS{at}[5m]))"
    idle = f"avg by (namespace, pod) (avg_over_time(DCGM_FI_DEV_GPU_UTIL{at}[1h]))"
    return Watch(
        "gpus",
        f"GPUs of {cluster}",
        (
            Panel("Utilisation, by model", f"avg by (modelName) (DCGM_FI_DEV_GPU_UTIL{at})", "%"),
            Panel("Utilisation over an hour, by pod", idle, "%"),
            Panel("GPU memory in use, by pod", f"sum by (namespace, pod) ({used})", "MiBy"),
            Panel("Temperature, hottest by model", f"max by (modelName) (DCGM_FI_DEV_GPU_TEMP{at})", "Cel"),
            Panel("Last hardware error (XID)", errors),
            Panel("Tensor cores at work", f"avg by (namespace, pod) (DCGM_FI_PROF_PIPE_TENSOR_ACTIVE{at})", "10^2.%"),
        ),
        (
            WatchedAlert("gpu-xid", "A GPU reports a hardware error (XID)", f"{errors} > 0", 0, "page"),
            WatchedAlert("gpu-idle", "A pod holds GPUs and uses less than 15 percent of them", f"{idle} < 15", 60),
            WatchedAlert(
                "gpu-memory",
                "GPU memory is 95 percent full",
                f"max by (namespace, pod) ({used} / ({used} + DCGM_FI_DEV_FB_FREE{at})) > 0.95",
                15,
            ),
        ),
    )


def of_database(database: Database, connections: int) -> Watch:
    """The platform's database server, Cloud SQL or AlloyDB."""
    name = str(database.server().connection_name)
    alloydb = _ALLOYDB.fullmatch(name)
    return _alloydb(alloydb["cluster"]) if alloydb else _cloud_sql(name, connections)


def _cloud_sql(connection_name: str, connections: int) -> Watch:
    project, _, instance = connection_name.rsplit(":", 2)
    of = f'{{monitored_resource="cloudsql_database",database_id=~"{project}:{instance}(-.*)?"}}'

    def metric(name: str) -> str:
        return f"cloudsql_googleapis_com:database_{name}{of}"

    backends = f"sum by (database_id) ({metric('postgresql_num_backends')})"
    lag = f"max by (database_id) ({metric('replication_replica_lag')})"
    return Watch(
        "database",
        f"Database {instance}",
        (
            Panel("CPU", metric("cpu_utilization"), "10^2.%"),
            Panel("Memory", metric("memory_utilization"), "10^2.%"),
            Panel("Disk", metric("disk_utilization"), "10^2.%"),
            Panel("Connections", backends),
            Panel("Replicas behind by", lag, "s"),
        ),
        (
            WatchedAlert(
                "database-disk",
                "The database's disk is 90 percent full",
                f"{metric('disk_utilization')} > 0.9",
                10,
                "page",
            ),
            WatchedAlert(
                "database-connections", f"The database has {connections} connections", f"{backends} > {connections}", 10
            ),
            WatchedAlert(
                "database-cpu", "The database's CPU is 90 percent busy", f"{metric('cpu_utilization')} > 0.9", 30
            ),
            WatchedAlert("database-replication", "A replica is 5 minutes behind", f"{lag} > 300", 10),
        ),
    )


def _alloydb(cluster: str) -> Watch:
    of = f'{{monitored_resource="alloydb.googleapis.com/Instance",cluster_id="{cluster}"}}'

    def metric(name: str) -> str:
        return f"alloydb_googleapis_com:instance_{name}{of}"

    storage = (
        "alloydb_googleapis_com:cluster_storage_usage"
        f'{{monitored_resource="alloydb.googleapis.com/Cluster",cluster_id="{cluster}"}}'
    )
    share = f"{metric('postgres_total_connections')} / {metric('postgres_connections_limit')}"
    lag = metric("postgres_replication_maximum_lag")
    return Watch(
        "database",
        f"Database {cluster}",
        (
            Panel("CPU", metric("cpu_average_utilization"), "10^2.%"),
            Panel("Memory that is free at the least", metric("memory_min_available_memory"), "By"),
            Panel("Storage", storage, "By"),
            Panel("Connections, of what the server takes", share, "10^2.%"),
            Panel("Replicas behind by", lag, "ms"),
        ),
        (
            WatchedAlert(
                "database-connections", "The database has 80 percent of its connections", f"{share} > 0.8", 10, "page"
            ),
            WatchedAlert(
                "database-cpu",
                "The database's CPU is 90 percent busy",
                f"{metric('cpu_average_utilization')} > 0.9",
                30,
            ),
            WatchedAlert("database-replication", "A replica is 5 minutes behind", f"{lag} > 300000", 10),
        ),
    )


def of_queue() -> Watch:
    """Kueue: whose jobs wait, and whether any is ever let in."""
    waiting = 'sum by (cluster_queue) (kueue_pending_workloads{status="active"})'
    stuck = 'sum by (cluster_queue) (kueue_pending_workloads{status="inadmissible"})'
    admitted = "sum by (cluster_queue) (rate(kueue_admitted_workloads_total[6h]))"
    wait = "histogram_quantile(0.9, sum by (le, cluster_queue) (rate(kueue_admission_wait_time_seconds_bucket[1h])))"
    return Watch(
        "queues",
        "Queues of jobs",
        (
            Panel("Jobs that wait", waiting),
            Panel("Jobs that no quota can let in", stuck),
            Panel("Jobs let in, by the second", admitted),
            Panel("Nine in ten jobs wait less than", wait, "s"),
        ),
        (
            WatchedAlert(
                "queue-stuck",
                "Jobs wait, and none was let in for six hours",
                f"({waiting} > 0) unless ({admitted} > 0)",
                60,
            ),
        ),
    )
