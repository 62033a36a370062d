"""Costs: one budget for a team, an export that exists once, and readers without keys."""

from __future__ import annotations

import json
from typing import Any

import pytest

from planform.blueprint.read import read_text
from planform.pipeline import Compilation, compile_documents
from planform.planes.observability.cost_views import of_team

HEAD = """\
planform: 1
kind: Platform
name: acme-ai
organization: {domain: acme.example, billing_account: 000000-AAAAAA-BBBBBB}
region: europe-west4
labels: {cost_center: ai-platform}
environments:
  dev: {project: acme-ai-dev, project_number: "111111111111"}
  prod: {project: acme-ai-prod, project_number: "222222222222", production: true}
teams:
  fraud: {owners: ["group:fraud-ml@acme.example"], budget_usd_month: 4000}
planes:
  security: {services: project-services, identity: iam, secrets: secret-manager}
  resource: {networking: vpc, compute: gke, object_store: gcs}
  delivery: {gitops: {use: argo-cd, git: {repository: https://github.com/acme/ai-platform}}}
  observability:
    monitoring: cloud-monitoring
"""
FLEXERA = 'use: flexera, organization_id: "35123"'


def compiled(finops: str = "") -> Compilation:
    slot = f"    finops: {{{finops}}}\n" if finops else ""
    return compile_documents(read_text(HEAD + slot, "platform.yaml"))


def resources(found: Compilation, kind: str, stack: str = "") -> dict[str, dict[str, Any]]:
    """Every resource of a kind by `stack/name`."""
    return {
        f"{path.split('/')[1]}/{name}": body
        for path, text in found.output.files.items()
        if path.endswith(f"{stack}/cdk.tf.json")
        for name, body in json.loads(str(text)).get("resource", {}).get(kind, {}).items()
    }


def files(found: Compilation, environment: str) -> dict[str, str]:
    start = f"files/{environment}/observability/"
    return {path.split("/")[-1]: str(text) for path, text in found.output.files.items() if path.startswith(start)}


@pytest.mark.parametrize("finops", ["", FLEXERA, "use: opencost", "use: existing"])
def test_a_team_has_one_budget_in_an_environment(finops: str) -> None:
    budgets = resources(compiled(finops), "google_billing_budget")
    assert sorted(budgets) == ["acme-ai-dev-team-fraud/team_fraud", "acme-ai-prod-team-fraud/team_fraud"]


def test_each_environment_has_its_own_budget() -> None:
    budgets = resources(compiled(f"{FLEXERA}, budget_usd_month: 9000"), "google_billing_budget", "-observability")
    filters = {name: budget["budget_filter"][0]["projects"] for name, budget in budgets.items()}
    assert filters == {
        "acme-ai-dev-observability/environment": ["projects/111111111111"],
        "acme-ai-prod-observability/environment": ["projects/222222222222"],
    }


def test_the_export_exists_once() -> None:
    found = compiled(FLEXERA)
    assert list(resources(found, "google_bigquery_dataset")) == ["acme-ai-prod-observability/billing_export"]
    assert "bill-connect.json" in files(found, "prod")
    assert "bill-connect.json" not in files(found, "dev")
    assert "labels.yaml" in files(found, "dev")


def test_the_reader_has_no_key() -> None:
    found = compiled(f"{FLEXERA}, reader: {{account: '123456789012', role: finops}}")
    assert resources(found, "google_service_account_key") == {}
    assert "privateKey" not in files(found, "prod")["bill-connect.json"]
    (provider,) = resources(found, "google_iam_workload_identity_pool_provider").values()
    assert provider["attribute_condition"] == "attribute.aws_role == 'arn:aws:sts::123456789012:assumed-role/finops'"
    members = [
        each["member"] for each in resources(found, "google_service_account_iam_member", "prod-observability").values()
    ]
    assert any(
        member.endswith("/attribute.aws_role/arn:aws:sts::123456789012:assumed-role/finops") for member in members
    )


def test_views_come_with_the_table_and_their_readers_see_no_more() -> None:
    before = compiled(FLEXERA)
    assert resources(before, "google_bigquery_table") == {}
    assert "cost_of_team_fraud.sql" in files(before, "prod")
    after = compiled(f"{FLEXERA}, export_is_on: true")
    (reader,) = resources(after, "google_bigquery_table_iam_member").values()
    assert reader["member"] == "group:fraud-ml@acme.example"
    assert reader["table_id"] == "${google_bigquery_table.cost_of_team_fraud.table_id}"
    readers = {each["member"] for each in resources(after, "google_bigquery_dataset_iam_member").values()}
    assert not any(member.startswith("group:") for member in readers)


def test_a_team_is_known_by_its_label_and_by_its_namespace() -> None:
    query = of_team("p.d.t", "fraud", "fraud-space", None)
    assert '(label.key = "team" AND label.value = "fraud")' in query
    assert '(label.key = "k8s-namespace" AND label.value = "fraud-space")' in query
    assert "GROUP BY 1, 2, 3, 4, 5, 6\n" in query


def test_opencost_shows_a_team_its_costs_and_tells_it_of_too_many() -> None:
    alerts = resources(compiled("use: opencost"), "google_monitoring_alert_policy", "dev-observability")
    alert = alerts["acme-ai-dev-observability/cost_of_fraud"]["conditions"][0]["condition_prometheus_query_language"][0]
    assert alert["query"].endswith("> 4000")
    assert 'exported_namespace="fraud"' in alert["query"]
    assert alert["labels"]["team"] == "fraud"
