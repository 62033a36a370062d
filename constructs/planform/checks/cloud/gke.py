"""GKE clusters."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

from planform.checks.cloud.rule import Block, Context, Finding, Rule

_MONITORING = (
    "SYSTEM_COMPONENTS",
    "APISERVER",
    "SCHEDULER",
    "CONTROLLER_MANAGER",
    "STORAGE",
    "HPA",
    "POD",
    "DAEMONSET",
    "DEPLOYMENT",
    "STATEFULSET",
    "WORKLOADS",
    "KUBELET",
    "CADVISOR",
    "DCGM",
    "JOBSET",
)
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_FREQUENCIES = ("SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_RECURRENCE_PART = re.compile(r"[A-Z-]+=[^;=\s]+")
_MOST_OF_A_WEEKDAY = 14
_WINDOW_HOURS = 4
_HOURS_IN_92_DAYS = 48


def _autopilot(body: Block) -> bool:
    return body.flag("enable_autopilot") is True or body.unknown("enable_autopilot")


def _initial_node_count(body: Block, _: Context) -> Iterator[Finding]:
    """A Standard cluster is created with a node pool, even where that pool is removed at once.

    Without `initial_node_count` or an inline pool, the API refuses a cluster of zero nodes.
    """
    inline = not body.absent("node_pool")
    if body.absent("initial_node_count") and not inline and not _autopilot(body):
        yield Finding(
            "initial_node_count",
            "the cluster has neither `initial_node_count` nor a node pool",
            "set `initial_node_count` to 1, also together with `remove_default_node_pool`",
        )


def _node_version(body: Block, _: Context) -> Iterator[Finding]:
    """`node_version` is the version of the default pool, which does not remain; the provider refuses it at plan."""
    if body.given("node_version") and body.flag("remove_default_node_pool"):
        yield Finding(
            "node_version",
            "`node_version` together with `remove_default_node_pool`",
            "set `version` of the google_container_node_pool",
        )


def _skip_refresh(body: Block, _: Context) -> Iterator[Finding]:
    """Inline pools have to be read to be managed; the provider refuses the pair at plan."""
    if body.flag("skip_node_pool_refresh") and body.given("node_pool"):
        yield Finding(
            "skip_node_pool_refresh",
            "`skip_node_pool_refresh` together with inline node pools",
            "use google_container_node_pool",
        )


def _datapath(body: Block, _: Context) -> Iterator[Finding]:
    """Cilium cluster-wide and FQDN network policies are enforced by Dataplane V2, Calico by the legacy datapath.

    `datapath_provider` cannot be changed later. Autopilot clusters have Dataplane V2 always.
    """
    legacy = body.text("datapath_provider") in ("LEGACY_DATAPATH", "DATAPATH_PROVIDER_UNSPECIFIED") or body.absent(
        "datapath_provider"
    )
    for argument in ("enable_cilium_clusterwide_network_policy", "enable_fqdn_network_policy"):
        if body.flag(argument) and legacy and not _autopilot(body):
            yield Finding(argument, f"`{argument}` without Dataplane V2", 'set datapath_provider = "ADVANCED_DATAPATH"')
    if body.text("datapath_provider") == "ADVANCED_DATAPATH" and body.block("network_policy").flag("enabled"):
        yield Finding(
            "network_policy[0].enabled",
            "Calico network policy on Dataplane V2",
            "drop `network_policy`: Dataplane V2 enforces network policies itself",
        )


def _monitoring(body: Block, _: Context) -> Iterator[Finding]:
    """Metrics come from a fixed list of components; the provider checks the list for logging and not for metrics."""
    config = body.block("monitoring_config")
    for word in config.texts("enable_components"):
        if word not in _MONITORING:
            yield Finding(
                config.at("enable_components"),
                f"monitoring component `{word}` does not exist",
                f"components: {', '.join(_MONITORING)}",
            )


def _auto_provisioning(body: Block, _: Context) -> Iterator[Finding]:
    """Node auto-provisioning on a Standard cluster needs limits for `cpu` and `memory`."""
    config = body.block("cluster_autoscaling")
    if not config.flag("enabled") or _autopilot(body) or config.unknown("resource_limits"):
        return
    limits = config.blocks("resource_limits")
    if any(limit.unknown("resource_type") for limit in limits) or not (limits or config.absent("resource_limits")):
        return
    missing = sorted({"cpu", "memory"} - {limit.text("resource_type") or "" for limit in limits})
    if missing:
        yield Finding(
            config.at("resource_limits"),
            f"node auto-provisioning without a limit for {' and '.join(missing)}",
            "add `resource_limits` for `cpu` and `memory`",
        )
    for limit in limits:
        least, most = limit.number("minimum"), limit.number("maximum")
        if least is not None and most is not None and least > most:
            yield Finding(limit.at("minimum"), f"at least {least:g}, at most {most:g}", "swap the two")


def _workload_pool(body: Block, context: Context) -> Iterator[Finding]:
    """A cluster's workload identity pool is that of its own project: `PROJECT_ID.svc.id.goog`, no other."""
    config = body.block("workload_identity_config")
    pool, project = config.text("workload_pool"), context.project_of(body)
    if not pool:
        return
    if not pool.endswith(".svc.id.goog"):
        yield Finding(config.at("workload_pool"), f"`{pool}` is no workload pool", "use PROJECT_ID.svc.id.goog")
    elif project is not None and ":" not in project and pool != f"{project}.svc.id.goog":
        yield Finding(
            config.at("workload_pool"),
            f"`{pool}` is not the workload pool of project {project}",
            f"use {project}.svc.id.goog",
        )


def _encryption_key(body: Block, _: Context) -> Iterator[Finding]:
    """Encrypting the cluster's secrets in etcd takes a Cloud KMS key of the cluster's location."""
    config = body.block("database_encryption")
    if config.text("state") != "ENCRYPTED":
        return
    if config.absent("key_name"):
        yield Finding(config.at("key_name"), "ENCRYPTED without a key", "set `key_name` to the key's id")
    key, location = config.text("key_name"), body.text("location")
    parts = key.split("/") if key else []
    if location and len(parts) == 8 and parts[3] != _region(location):
        yield Finding(
            config.at("key_name"),
            f"the key is in {parts[3]}, the cluster in {location}",
            f"use a key in {_region(location)}",
        )


def _region(location: str) -> str:
    zone = re.fullmatch(r"([a-z]+-[a-z]+\d+)-[a-z]", location)
    return zone.group(1) if zone else location


def _groups(body: Block, _: Context) -> Iterator[Finding]:
    """RBAC by Google Groups works through one group of a fixed name, which contains the others."""
    config = body.block("authenticator_groups_config")
    group = config.text("security_group")
    if group and not re.fullmatch(r"gke-security-groups@[^@\s]+\.[^@\s]+", group):
        yield Finding(
            config.at("security_group"),
            f"`{group}` is not the security group that GKE expects",
            "use gke-security-groups@DOMAIN, with your groups as its members",
        )


def _recurrence(body: Block, _: Context) -> Iterator[Finding]:
    """A maintenance window repeats by an RFC 5545 rule, such as FREQ=WEEKLY;BYDAY=SA,SU."""
    for window in body.block("maintenance_policy").blocks("recurring_window"):
        text = window.text("recurrence")
        parts = [] if text is None else text.split(";")
        fields = dict(part.partition("=")[::2] for part in parts)
        sound = all(_RECURRENCE_PART.fullmatch(part) for part in parts) and fields.get("FREQ") in _FREQUENCIES
        if text and not sound:
            yield Finding(window.at("recurrence"), f"`{text}` is no recurrence rule", "write FREQ=WEEKLY;BYDAY=SA,SU")


def _window(body: Block, _: Context) -> Iterator[Finding]:
    """GKE asks for 48 hours of maintenance in any 92 days, and counts windows of at least four hours only.

    For a weekly rule the most generous count is fourteen occurrences of a weekday in 92 days.
    """
    for window in body.block("maintenance_policy").blocks("recurring_window"):
        hours = _hours(window)
        if hours is None:
            continue
        if hours < _WINDOW_HOURS:
            yield Finding(
                window.at("end_time"),
                f"a maintenance window of {hours:g} h is too short",
                f"windows count from {_WINDOW_HOURS} hours",
            )
        elif (days := _days_a_week(window.text("recurrence"))) and (
            days * hours * _MOST_OF_A_WEEKDAY < _HOURS_IN_92_DAYS
        ):
            yield Finding(
                window.at("recurrence"),
                f"{days} windows a week of {hours:g} h leave less than {_HOURS_IN_92_DAYS} h in 92 days",
                "add days or lengthen the window",
            )


def _hours(window: Block) -> float | None:
    start, end = (_time(window.text(name)) for name in ("start_time", "end_time"))
    try:
        return (end - start).total_seconds() / 3600 if start and end else None
    except TypeError:
        return None


def _time(text: str | None) -> datetime.datetime | None:
    try:
        return datetime.datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


def _days_a_week(recurrence: str | None) -> int | None:
    fields = dict(part.partition("=")[::2] for part in (recurrence or "").split(";"))
    days = fields.get("BYDAY", "").split(",")
    weekly = set(fields) == {"FREQ", "BYDAY"} and fields["FREQ"] == "WEEKLY"
    return len(set(days)) if weekly and all(day in _DAYS for day in days) else None


_TYPES = ("google_container_cluster",)
_CLUSTER: dict[str, object] = {
    "name": "main",
    "location": "europe-west4",
    "project": "acme-dev",
    "initial_node_count": 1,
    "remove_default_node_pool": True,
}
_BARE: dict[str, object] = {"name": "main", "location": "europe-west4"}
_KEY = "projects/acme-dev/locations/europe-west4/keyRings/main/cryptoKeys/etcd"
_WEEKEND = {"start_time": "2026-01-03T03:00:00Z", "recurrence": "FREQ=WEEKLY;BYDAY=SA,SU"}
_GOOD_WINDOW = {"maintenance_policy": [{"recurring_window": [_WEEKEND | {"end_time": "2026-01-03T09:00:00Z"}]}]}


def _rule_of(window: dict[str, str]) -> dict[str, object]:
    return _CLUSTER | {"maintenance_policy": [{"recurring_window": [window]}]}


RULES = (
    Rule(
        code="cloud/gke-initial-node-count",
        types=_TYPES,
        title="a Standard cluster without a first node",
        judge=_initial_node_count,
        source="provider 7.45.0, google_container_cluster, initial_node_count (2026-08)",
        wrong=_BARE | {"remove_default_node_pool": True},
        right=_CLUSTER,
    ),
    Rule(
        code="cloud/gke-node-version",
        types=_TYPES,
        title="a version for a default pool that is removed",
        judge=_node_version,
        source="hashicorp/google 7.45.0: refused at plan",
        wrong=_CLUSTER | {"node_version": "1.33.1-gke.100"},
        right=_CLUSTER | {"min_master_version": "1.33"},
    ),
    Rule(
        code="cloud/gke-skip-refresh",
        types=_TYPES,
        title="inline node pools that are never read",
        judge=_skip_refresh,
        source="hashicorp/google 7.45.0: refused at plan",
        wrong=_BARE | {"skip_node_pool_refresh": True, "node_pool": [{"name": "main", "node_count": 1}]},
        right=_BARE | {"node_pool": [{"name": "main", "node_count": 1}]},
    ),
    Rule(
        code="cloud/gke-datapath",
        types=_TYPES,
        title="a network policy that the datapath cannot enforce",
        judge=_datapath,
        source="GKE, Dataplane V2; cluster-wide network policies; FQDN network policies (2026-08)",
        wrong=_CLUSTER | {"enable_fqdn_network_policy": True},
        right=_CLUSTER | {"enable_fqdn_network_policy": True, "datapath_provider": "ADVANCED_DATAPATH"},
    ),
    Rule(
        code="cloud/gke-monitoring-component",
        types=_TYPES,
        title="a monitoring component that GKE does not have",
        judge=_monitoring,
        source="provider 7.45.0, monitoring_config.enable_components; GKE API v1, MonitoringComponentConfig",
        wrong=_CLUSTER | {"monitoring_config": [{"enable_components": ["SYSTEM_COMPONENTS", "GPU"]}]},
        right=_CLUSTER | {"monitoring_config": [{"enable_components": ["SYSTEM_COMPONENTS", "DCGM"]}]},
    ),
    Rule(
        code="cloud/gke-auto-provisioning-limits",
        types=_TYPES,
        title="node auto-provisioning without limits",
        judge=_auto_provisioning,
        source="GKE, node auto-provisioning; provider 7.45.0, cluster_autoscaling.resource_limits (2026-08)",
        wrong=_CLUSTER | {"cluster_autoscaling": [{"enabled": True}]},
        right=_CLUSTER
        | {
            "cluster_autoscaling": [
                {
                    "enabled": True,
                    "resource_limits": [
                        {"resource_type": "cpu", "maximum": 200},
                        {"resource_type": "memory", "maximum": 1600},
                    ],
                }
            ]
        },
    ),
    Rule(
        code="cloud/gke-workload-pool",
        types=_TYPES,
        title="the workload identity pool of another project",
        judge=_workload_pool,
        source="GKE API v1, WorkloadIdentityConfig, workloadPool (2026-08)",
        wrong=_CLUSTER | {"workload_identity_config": [{"workload_pool": "other.svc.id.goog"}]},
        right=_CLUSTER | {"workload_identity_config": [{"workload_pool": "acme-dev.svc.id.goog"}]},
    ),
    Rule(
        code="cloud/gke-encryption-key",
        types=_TYPES,
        title="encrypted secrets without a key of the cluster's region",
        judge=_encryption_key,
        source="GKE, encrypt secrets at the application layer; API v1, DatabaseEncryption (2026-08)",
        wrong=_CLUSTER | {"database_encryption": [{"state": "ENCRYPTED"}]},
        right=_CLUSTER | {"database_encryption": [{"state": "ENCRYPTED", "key_name": _KEY}]},
    ),
    Rule(
        code="cloud/gke-groups",
        types=_TYPES,
        title="a security group of another name",
        judge=_groups,
        source="GKE, configure Google Groups for RBAC; provider 7.45.0, authenticator_groups_config",
        wrong=_CLUSTER | {"authenticator_groups_config": [{"security_group": "platform"}]},
        right=_CLUSTER | {"authenticator_groups_config": [{"security_group": "gke-security-groups@acme.example"}]},
    ),
    Rule(
        code="cloud/gke-recurrence",
        types=_TYPES,
        title="a maintenance window without a recurrence rule",
        judge=_recurrence,
        source="GKE API v1, RecurringTimeWindow, recurrence; RFC 5545, 3.8.5.3",
        wrong=_rule_of(_WEEKEND | {"end_time": "2026-01-03T09:00:00Z", "recurrence": "EVERY SATURDAY"}),
        right=_CLUSTER | _GOOD_WINDOW,
    ),
    Rule(
        code="cloud/gke-maintenance-window",
        types=_TYPES,
        title="too little time for maintenance",
        judge=_window,
        source="GKE, configure maintenance windows and exclusions, considerations (2026-08)",
        wrong=_rule_of(_WEEKEND | {"end_time": "2026-01-03T04:00:00Z"}),
        right=_CLUSTER | _GOOD_WINDOW,
    ),
)
