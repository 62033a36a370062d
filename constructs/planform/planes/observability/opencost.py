"""OpenCost: what each namespace of the cluster costs, as it happens."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic import Field

from planform.contracts.finops import FinOps
from planform.contracts.monitoring import Monitoring, Panel
from planform.contracts.services import Services
from planform.planes.cluster_component import ClusterComponent
from planform.planes.observability.cost_labels import cost_labels, write_taxonomy
from planform.planes.record_ids import record_id
from planform.spec.settings import Settings
from planform.spec.units import ProjectId
from planform.terraform.google import BigqueryDatasetIamMember, ProjectIamMember

__all__ = ["BillingExport", "OpenCost", "OpenCostSettings"]

NAMESPACE = "opencost"
PORT = 9003
PODS = {"app.kubernetes.io/name": "opencost", "app.kubernetes.io/instance": "opencost"}
HOURS = 730
"""Hours of a month, as clouds count them."""


class BillingExport(Settings):
    """The table of a detailed billing export that is there already."""

    project: ProjectId = Field(description="Project that holds the export.")
    dataset: str = Field(pattern=r"^[A-Za-z0-9_]{1,1024}$", description="Its dataset.", examples=["billing_export"])
    table: str = Field(
        pattern=r"^gcp_billing_export_(resource_)?v1_[0-9A-F]{6}_[0-9A-F]{6}_[0-9A-F]{6}$",
        description="Its table.",
        examples=["gcp_billing_export_resource_v1_012345_6789AB_CDEF01"],
    )


class OpenCostSettings(Settings):
    """Settings of `opencost`."""

    billing_export: BillingExport | None = Field(
        default=None,
        description="Where costs outside of the cluster are read. Default: nowhere; the cluster's costs are shown.",
    )
    price_list: bool = Field(
        default=False,
        description="Read Google's price list with an API key, kept in the secret `<prefix>-opencost-pricing-key`."
        " Default: off; OpenCost's own prices.",
    )


class OpenCost(ClusterComponent):
    """OpenCost in the cluster, for costs by namespace and so by team, and on request of the billing export.

    It collects what runs by itself, and keeps 15 days; through managed Prometheus its queries would fail, which owns
    the label `namespace`. Its metrics of cost go to monitoring, where each team gets a dashboard and, with a budget,
    an alert. OpenCost acts on the whole cluster, so its namespace is not closed. Its user interface has no sign-in and
    is not published: `kubectl -n opencost port-forward svc/opencost 9090`.
    What a person does once: with `billing_export`, turns on the export; with `price_list`, puts an API key for the
    Cloud Billing API into the secret.

    Provides: FinOps.
    Requires: Services, Compute and GitOps; Secrets for `price_list`; Monitoring, if it is there, for dashboards.
    Emits: the Helm release opencost; with `billing_export` google_project_iam_member and
    google_bigquery_dataset_iam_member for its Kubernetes identity; `labels.yaml`.
    Errors: contract/no-delivery.
    Source: chart opencost 2.5.17 (OpenCost 1.120.1), OpenCost's pages on Google Cloud and managed Prometheus, read
    2026-11.
    """

    name = "opencost"
    capability = "finops"
    provides = FinOps
    apis = ("bigquery.googleapis.com", "cloudbilling.googleapis.com")
    Settings = OpenCostSettings
    settings: OpenCostSettings
    services: Services
    monitoring: Monitoring | None

    def build(self) -> None:
        self._teams: set[str] = set()
        self.operator_namespace(NAMESPACE)
        if self.settings.price_list:
            self.secret(
                "opencost", {"pricing-key": "API key by which OpenCost reads Google Cloud's price list"}, NAMESPACE
            )
        if self.settings.billing_export is not None:
            self._read_export(self.settings.billing_export)
        self.chart("opencost", NAMESPACE, self._values())
        write_taxonomy(self)
        if self.monitoring is not None:
            self._watch(self.monitoring)

    def cost_labels(self) -> Sequence[str]:
        """planform's own labels, and those that the blueprint puts on everything."""
        return cost_labels(self.environment)

    def team(self, name: str, *, namespace: str, owners: Sequence[str], budget_usd_month: float | None = None) -> None:
        """A dashboard of the team's namespace, and an alert at what it may spend."""
        if self.monitoring is None or name in self._teams:
            return
        self._teams.add(name)
        cost = _cost_of(namespace)
        self.monitoring.dashboard(
            f"cost-of-{name}",
            title=f"Costs of {name} in the cluster",
            panels=(
                Panel("US dollars a month at this rate", f"{HOURS} * ({cost})"),
                Panel("vCPUs held", f'sum(container_cpu_allocation{{exported_namespace="{namespace}"}})'),
                Panel(
                    "Memory held", f'sum(container_memory_allocation_bytes{{exported_namespace="{namespace}"}})', "By"
                ),
                Panel("GPUs held", f'sum(container_gpu_allocation{{exported_namespace="{namespace}"}})'),
            ),
            team=name,
        )
        if budget_usd_month is not None:
            self.monitoring.alert(
                f"cost-of-{name}",
                title=f"{name} costs more than {budget_usd_month:g} US dollars a month in the cluster, at this rate",
                query=f"{HOURS} * ({cost}) > {budget_usd_month:g}",
                minutes=720,
                team=name,
            )

    def _read_export(self, export: BillingExport) -> None:
        member = self.environment.kubernetes_principal(NAMESPACE, "opencost")
        ProjectIamMember(
            self, "opencost_bigquery_job_user", project=export.project, role="roles/bigquery.jobUser", member=member
        )
        BigqueryDatasetIamMember(
            self,
            record_id("opencost", export.dataset),
            project=export.project,
            dataset_id=export.dataset,
            role="roles/bigquery.dataViewer",
            member=member,
        )

    def _values(self) -> dict[str, Any]:
        key = {"secretKeyRef": {"name": "opencost", "key": "pricing-key"}}
        export = self.settings.billing_export
        return {
            "clusterName": str(self.compute.cluster().name),
            "serviceAccount": {"create": True, "name": "opencost"},
            "podLabels": self.labels,
            "podSecurityContext": {
                "runAsNonRoot": True,
                "runAsUser": 1001,
                "fsGroup": 1001,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "opencost": {
                "exporter": {
                    "defaultClusterId": str(self.compute.cluster().name),
                    "collectorDataSource": {"enabled": True},
                    "env": [{"name": "CLOUD_PROVIDER_API_KEY", "valueFrom": key}] if self.settings.price_list else [],
                    "resources": {"requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"memory": "2Gi"}},
                    "securityContext": _SAFE,
                },
                "mcp": {"enabled": False},
                "prometheus": {"internal": {"enabled": False}},
                "cloudCost": {"enabled": export is not None},
                "cloudIntegrationJSON": _integration(export) if export is not None else None,
                "ui": {
                    "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
                    "securityContext": _SAFE,
                },
            },
        }

    def _watch(self, monitoring: Monitoring) -> None:
        monitoring.scrape("opencost", namespace=NAMESPACE, scope=self, pods=PODS, port=PORT, seconds=60)
        nodes = f"{HOURS} * sum(node_total_hourly_cost)"
        monitoring.dashboard(
            "cluster-costs",
            title="Costs of the cluster",
            panels=(
                Panel("Nodes, US dollars a month at this rate", nodes),
                Panel("By type of machine", f"{HOURS} * sum by (instance_type) (node_total_hourly_cost)"),
                Panel("Volumes, US dollars an hour and GiB", "avg by (persistentvolume) (pv_hourly_cost)"),
                Panel("Load balancers, US dollars a month", f"{HOURS} * sum(kubecost_load_balancer_cost)"),
            ),
        )
        monitoring.alert(
            "opencost-silent", title="OpenCost sends no costs", query="absent(node_total_hourly_cost)", minutes=60
        )


def _cost_of(namespace: str) -> str:
    """US dollars an hour of what the pods of a namespace hold."""
    of = f'{{exported_namespace="{namespace}"}}'

    def priced(held: str, price: str) -> str:
        return f"(sum({held} * on (node) group_left () avg by (node) ({price})) or vector(0))"

    gib = 1024**3
    return " + ".join(
        (
            priced(f"container_cpu_allocation{of}", "node_cpu_hourly_cost"),
            priced(f"container_memory_allocation_bytes{of} / {gib}", "node_ram_hourly_cost"),
            priced(f"container_gpu_allocation{of}", "node_gpu_hourly_cost"),
        )
    )


def _integration(export: BillingExport) -> str:
    account = {
        "projectID": export.project,
        "dataset": export.dataset,
        "table": export.table,
        "authorizer": {"authorizerType": "GCPWorkloadIdentity"},
    }
    return json.dumps({"gcp": {"bigQuery": [account]}}, sort_keys=True)


_SAFE = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "privileged": False,
    "runAsNonRoot": True,
}
