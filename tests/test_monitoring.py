"""Monitoring: what is asked for is readable, reaches who should know, and is the same wherever it is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from planform.contracts.monitoring import Monitoring, Panel
from planform.engine import App, TerraformStack
from planform.kubernetes import objects_of
from planform.planes.component import Component, Refused
from planform.planes.observability.cloud_monitoring import CloudMonitoring, CloudMonitoringSettings
from planform.planes.observability.existing_monitoring import ExistingMonitoring, ExistingMonitoringSettings
from planform.planes.observability.promql import burns, comparison_fault, query_fault, selector_fault
from planform.planes.resource.existing_compute import ExistingCompute, ExistingComputeSettings
from planform.planes.resource.existing_database import ExistingDatabase, ExistingDatabaseSettings
from planform.planes.security.existing_services import ExistingServices
from planform.planes.security.kubernetes_network_policy import KubernetesNetworkPolicy
from planform.spec.environment import Environment
from planform.spec.faults import parse
from planform.terraform.record import records_of

DEV = Environment(
    platform="acme-ai", name="dev", project="acme-ai-dev", project_number="111111111111", region="europe-west4"
)
PODS = {"app": "triton"}
ONCALL = {"oncall": {"email": "oncall@acme.example", "severities": ["ticket"]}}
PAGER = {"pager": {"existing": "projects/acme-ai-dev/notificationChannels/7", "severities": ["page"]}}
FRAUD = {"fraud": {"email": "fraud@acme.example", "teams": ["fraud"]}}


def cloud(settings: Mapping[str, Any] | None = None, **needs: Any) -> CloudMonitoring:
    scope = TerraformStack(App(), "acme-ai-dev-observability")
    read = parse(CloudMonitoringSettings, {"day_one": False, **(settings or {})})
    assert isinstance(read, CloudMonitoringSettings), read
    services = ExistingServices(scope, "services", environment=DEV)
    return CloudMonitoring(scope, "monitoring", read, environment=DEV, services=services, **needs)


def existing(collector: str, **settings: Any) -> ExistingMonitoring:
    scope = TerraformStack(App(), "acme-ai-dev-observability")
    read = parse(ExistingMonitoringSettings, {"collector": collector, **settings})
    assert isinstance(read, ExistingMonitoringSettings), read
    return ExistingMonitoring(scope, "monitoring", read, environment=DEV)


def made(component: Component, kind: str) -> dict[str, Any]:
    return dict(records_of(component).document().get("resource", {}).get(kind, {}))


def files(component: Component) -> dict[str, str]:
    return {each.name: each.text for each in objects_of(component).delivered if hasattr(each, "text")}


def condition(policy: Mapping[str, Any]) -> dict[str, Any]:
    return dict(policy["conditions"][0]["condition_prometheus_query_language"][0])


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("up", ""),
        ('sum(rate(x_total{path=~"/a(b|c)}"}[5m])) by (le)', ""),
        ("x{a='}',b=`\\`}", ""),
        ("", "it is empty"),
        ("sum(up", "`)` is missing"),
        ("sum(up))", "`)` closes nothing"),
        ("rate(up[5m)", "`)` closes nothing"),
        ('up{a="b}', 'a text that begins with " does not end'),
    ],
)
def test_a_query_that_cannot_be_read_is_known(query: str, fault: str) -> None:
    assert query_fault(query) == fault


@pytest.mark.parametrize("query", ["up < 1", "up == bool 1", "absent(up)", "a unless b", "(a > 0) and on (x) b"])
def test_an_alert_compares(query: str) -> None:
    assert comparison_fault(query) == ""


@pytest.mark.parametrize("query", ["up", 'up{a=~"b"}', 'up{a!="<"}', "sum(absentees)"])
def test_an_alert_that_compares_nothing_is_known(query: str) -> None:
    assert "compares nothing" in comparison_fault(query)


def test_a_selector_is_one_metric() -> None:
    assert selector_fault('http_requests_total{code!~"5.."}') == ""
    assert "no metric with selectors" in selector_fault("a / b")


def test_a_budget_that_burns_is_told_of_in_proportion() -> None:
    found = {burn.window: burn for burn in burns("good", "all", 99.9, 28)}
    assert {window: burn.severity for window, burn in found.items()} == {"1h": "page", "6h": "page"}
    # 2 percent of the budget of 28 days in one hour: 13.44 times too fast, of 0.001 that may be bad.
    assert found["1h"].rate == 13.44
    assert found["1h"].query.count("> 0.01344") == 2
    assert "[5m]" in found["1h"].query


def test_no_alert_waits_for_more_than_everything_to_fail() -> None:
    limits = [burn.query.rpartition("> ")[2] for burn in burns("good", "all", 90, 30)]
    assert limits
    assert all(float(limit) < 1 for limit in limits)


def test_an_alert_goes_to_its_team_or_else_to_the_platform_by_severity() -> None:
    monitoring = cloud({"channels": {**ONCALL, **PAGER, **FRAUD}})
    for name, team, severity in (("a", "", "ticket"), ("b", "", "page"), ("c", "fraud", "page"), ("d", "x", "page")):
        monitoring.alert(name, title=name, query="up < 1", team=team, severity=severity)  # type: ignore[arg-type]
    told = {
        name: policy["notification_channels"]
        for name, policy in made(monitoring, "google_monitoring_alert_policy").items()
    }
    assert told == {
        "a": ["${google_monitoring_notification_channel.oncall.name}"],
        "b": ["projects/acme-ai-dev/notificationChannels/7"],
        "c": ["${google_monitoring_notification_channel.fraud.name}"],
        "d": ["projects/acme-ai-dev/notificationChannels/7"],
    }


def test_an_alert_is_one_that_the_api_takes_before_its_metric_is_there() -> None:
    monitoring = cloud()
    monitoring.alert("slow", title="Slow", query="latency > 1", minutes=7, runbook="https://docs.acme.example/slow")
    policy = made(monitoring, "google_monitoring_alert_policy")["slow"]
    assert condition(policy)["disable_metric_validation"] is True
    assert condition(policy)["duration"] == "420s"
    assert policy["documentation"][0]["links"] == [{"display_name": "Runbook", "url": "https://docs.acme.example/slow"}]
    assert "notification_channels" not in policy


def test_a_condition_on_logs_has_a_rate_limit() -> None:
    compute = ExistingCompute(
        TerraformStack(App(), "other"), "compute", ExistingComputeSettings(cluster="shared"), environment=DEV
    )
    policies = made(cloud({"day_one": True}, compute=compute), "google_monitoring_alert_policy")
    assert "condition_matched_log" in policies["pool_full"]["conditions"][0]
    assert policies["pool_full"]["alert_strategy"][0]["notification_rate_limit"] == [{"period": "3600s"}]
    assert {"pods_pending", "gpu_xid"} <= policies.keys()
    assert not any(name.startswith("database") for name in policies)


@pytest.mark.parametrize(
    ("connection", "selector"),
    [
        ("acme-ai-dev:europe-west4:pg", 'database_id=~"acme-ai-dev:pg(-.*)?"'),
        ("projects/acme-ai-dev/locations/europe-west4/clusters/pg/instances/pg-1", 'cluster_id="pg"'),
    ],
)
def test_day_one_watches_the_database_that_is_there(connection: str, selector: str) -> None:
    settings = ExistingDatabaseSettings(connection_name=connection, version="17", databases={})
    database = ExistingDatabase(TerraformStack(App(), "other"), "database", settings, environment=DEV)
    policies = made(cloud({"day_one": True}, database=database), "google_monitoring_alert_policy")
    assert selector in condition(policies["database_connections"])["query"]


def test_logs_are_kept_once() -> None:
    monitoring = cloud({"logs": {"audit_retention_days": 400}})
    sinks = made(monitoring, "google_logging_project_sink")
    exclusions = made(monitoring, "google_logging_project_exclusion")
    assert {name: sink["filter"] for name, sink in sinks.items()} == {
        name: exclusion["filter"] for name, exclusion in exclusions.items()
    }
    buckets = made(monitoring, "google_logging_project_bucket_config")
    assert {bucket["location"] for bucket in buckets.values()} == {"europe-west4"}
    assert {name: bucket["retention_days"] for name, bucket in buckets.items()} == {
        "audit_logs": 400,
        "platform_logs": 30,
    }


def test_logs_may_stay_where_google_keeps_them() -> None:
    monitoring = cloud({"logs": {"regional": False, "retention_days": 60}})
    assert made(monitoring, "google_logging_project_sink") == {}
    assert made(monitoring, "google_logging_project_bucket_config")["default_logs"]["bucket_id"] == "_Default"


def test_a_metric_of_logs_takes_each_label_from_a_field() -> None:
    metric = {"filter": "x", "value": "jsonPayload.ms", "labels": {"model": "jsonPayload.model"}}
    found = made(cloud({"log_metrics": {"latency": metric}}), "google_logging_metric")["latency"]
    assert found["value_extractor"] == "EXTRACT(jsonPayload.ms)"
    assert found["metric_descriptor"][0]["value_type"] == "DISTRIBUTION"
    assert [each["key"] for each in found["metric_descriptor"][0]["labels"]] == list(found["label_extractors"])


def test_collectors_are_let_in_where_pods_are_scraped() -> None:
    scope = TerraformStack(App(), "acme-ai-dev-observability")
    gitops = _gitops(scope)
    rules = KubernetesNetworkPolicy(scope, "network_policy", environment=DEV, gitops=gitops)
    rules.exempt("kueue-system")
    monitoring = cloud(network_policy=rules)
    for namespace in ("serving", "kueue-system"):
        monitoring.scrape("triton", namespace=namespace, scope=scope, pods=PODS, port="metrics")
    objects = {(each.kind, each.namespace): each.body["spec"] for each in objects_of(scope)}
    assert objects["PodMonitoring", "serving"]["endpoints"] == [
        {"port": "metrics", "path": "/metrics", "interval": "30s"}
    ]
    assert objects["NetworkPolicy", "serving"]["ingress"][0]["ports"] == [{"port": "metrics", "protocol": "TCP"}]
    # A policy there would close pods that are open to all, such as those of webhooks.
    assert ("NetworkPolicy", "kueue-system") not in objects


def _gitops(scope: TerraformStack) -> Component:
    from planform.planes.delivery.existing_gitops import ExistingGitOps, ExistingGitOpsSettings

    settings = parse(
        ExistingGitOpsSettings, {"tool": "config-sync", "git": {"repository": "https://github.com/acme/platform"}}
    )
    assert isinstance(settings, ExistingGitOpsSettings)
    return ExistingGitOps(scope, "gitops", settings, environment=DEV)


@pytest.mark.parametrize("monitoring", [cloud(), existing("managed-prometheus")], ids=["cloud", "existing"])
def test_what_cannot_be_watched_is_refused(monitoring: Monitoring) -> None:
    with pytest.raises(Refused) as refused:
        monitoring.alert("x", title="X", query="sum(up")
    assert refused.value.fault.code == "contract/query"
    with pytest.raises(Refused) as refused:
        monitoring.alert("x", title="X", query="up < 1", minutes=1441)
    assert refused.value.fault.code == "contract/alert-minutes"
    with pytest.raises(Refused) as refused:
        monitoring.objective("x", title="X", good="a", total="b", percent=100)
    assert refused.value.fault.code == "contract/objective"
    with pytest.raises(Refused) as refused:
        monitoring.objective("x", title="X", good="a / b", total="b", percent=99)
    assert refused.value.fault.code == "contract/query"


def test_a_swap_keeps_every_query() -> None:
    here, there = cloud(), existing("prometheus-operator")
    for monitoring in (here, there):
        monitoring.objective("api", title="API", good='a_total{code!~"5.."}', total="a_total", percent=99.5)
        monitoring.dashboard("api", title="API", panels=[Panel("Memory", "used_bytes", "By")])
    policies = made(here, "google_monitoring_alert_policy").values()
    rules = [yaml.safe_load(text) for name, text in files(there).items() if name.startswith("rules/")]
    assert sorted(condition(each)["query"] for each in policies) == sorted(
        each["groups"][0]["rules"][0]["expr"] for each in rules
    )
    shown = json.loads(files(there)["dashboards/api.json"])
    (panel,) = shown["panels"]
    assert [target["expr"] for target in panel["targets"]] == ["used_bytes"]
    assert panel["fieldConfig"]["defaults"] == {"unit": "bytes"}


def test_the_operators_own_object_says_what_to_scrape() -> None:
    monitoring = existing("prometheus-operator", labels={"release": "prometheus"})
    monitoring.scrape("triton", namespace="serving", scope=None, pods=PODS, port=8002)
    (found,) = objects_of(monitoring)
    assert (found.api_version, found.kind) == ("monitoring.coreos.com/v1", "PodMonitor")
    assert found.labels["release"] == "prometheus"
    assert found.body["spec"]["podMetricsEndpoints"] == [{"path": "/metrics", "interval": "30s", "portNumber": 8002}]
