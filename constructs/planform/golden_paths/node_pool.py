"""NodePool: machines with accelerators, added to the cluster by a pull request, and who may use them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from planform.contracts.compute import AcceleratorPool, Compute
from planform.contracts.finops import FinOps
from planform.contracts.gitops import GitOps
from planform.contracts.infrastructure import Infrastructure
from planform.contracts.monitoring import Monitoring, Panel
from planform.contracts.orchestrator import Orchestrator
from planform.contracts.portal import Portal
from planform.diagnostics import suggest
from planform.golden_paths.entity import show
from planform.golden_paths.path import Path
from planform.kubernetes.record import KubernetesObject
from planform.spec.fault import Fault
from planform.spec.units import KebabName
from planform.spec.workload import Workload

__all__ = ["NodePool", "NodePoolSettings"]

ADMISSION = "admissionregistration.k8s.io/v1"
POOL_LABEL = "cloud.google.com/gke-nodepool"


class NodePoolSettings(Workload):
    """A pool of machines for the teams that it names."""

    kind: Literal["NodePool"] = Field(description="What this document describes.")
    pool: dict[str, Any] = Field(
        min_length=1,
        description="A node pool as the slot `compute` has it under `node_pools`; it is one there, under this name.",
        examples=[{"machine_type": "g2-standard-8", "accelerator": "nvidia-l4", "max_nodes": 4}],
    )
    teams: tuple[KebabName, ...] = Field(
        default=(), description="Teams whose pods may ask for it, besides its own. Default: its own team alone."
    )

    declares = ("node pool",)
    adds = ("compute", "node_pools", "pool")


class NodePool(Path):
    """A node pool of the cluster, with a rule of admission for the teams that may ask for it by name.

    Its settings are those of `compute`, judged there and shown at their lines here.
    """

    kind = "NodePool"
    persona = "platform engineer"
    title = "Node pool"
    table: ClassVar[Mapping[str, str]] = {
        "delivery": "Terraform by pull request, applied by CI",
        "data": "orchestrator rules let workloads target the pool",
        "resource": "nodes with accelerators",
        "security": "policies say who may use it",
        "observability": "accelerator metrics in monitoring; its cost tracked",
    }
    Settings = NodePoolSettings
    settings: NodePoolSettings
    compute: Compute
    gitops: GitOps
    orchestrator: Orchestrator | None
    infrastructure: Infrastructure | None
    monitoring: Monitoring | None
    finops: FinOps | None
    portal: Portal | None

    def check(self) -> Iterator[Fault]:
        for index, name in enumerate(self.settings.teams):
            if name not in self.teams:
                near = suggest(name, self.teams)
                yield Fault(
                    "workload/unknown-team",
                    f"environment `{self.environment.name}` has no team `{name}`",
                    ("teams", index),
                    label=f"did you mean `{near}`?" if near else "",
                    help=f"teams: {', '.join(self.teams)}",
                )

    def build(self) -> None:
        made = self._made()
        address = f'"name": "{self.name}"'
        self.finds("resource", address, inside="stacks")
        if self.infrastructure is not None:
            workflows = f"repository/.github/workflows/{self.environment.name}-apply"
            self.finds("delivery", f"{self.environment.prefix}-", inside=workflows)
        else:
            self.lacks("delivery", "infrastructure")
        if self.orchestrator is not None and made is not None:
            self.finds("data", f"gpu_pool_{self.name.replace('-', '_')}", inside="stacks")
        elif self.orchestrator is None:
            self.lacks("data", "orchestrator")
        else:
            self.without("data", "the pool has no accelerators, so that no workload has to name it")
        with self.row("security"):
            self._guard()
        self._watch(made)
        if self.portal is not None:
            show(self, self.portal, "observability", type="node-pool")

    def _made(self) -> AcceleratorPool | None:
        return next((each for each in self.compute.accelerator_pools() if each.name == self.name), None)

    def _guard(self) -> None:
        """Pods that name the pool are refused outside of the namespaces of its teams."""
        name = f"node-pool-{self.name}"
        allowed = ", ".join(f'"{each}"' for each in dict.fromkeys((self.team, *self.settings.teams)))
        named = f'has(object.spec.nodeSelector) && "{POOL_LABEL}" in object.spec.nodeSelector'
        rule = f'!({named}) || object.spec.nodeSelector["{POOL_LABEL}"] != "{self.name}"'
        pods = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
        self._cluster_object(
            "ValidatingAdmissionPolicy",
            name,
            {
                "failurePolicy": "Fail",
                "matchConstraints": {"resourceRules": [pods]},
                "validations": [
                    {
                        "expression": f"{rule} || request.namespace in [{allowed}]",
                        "message": f"node pool {self.name} is for {allowed.replace(chr(34), '')}",
                    }
                ],
            },
        )
        self._cluster_object(
            "ValidatingAdmissionPolicyBinding", name, {"policyName": name, "validationActions": ["Deny", "Audit"]}
        )

    def _cluster_object(self, kind: str, name: str, spec: Mapping[str, Any]) -> None:
        KubernetesObject(self, ADMISSION, kind, name, labels=self.labels, spec=dict(spec))

    def _watch(self, made: AcceleratorPool | None) -> None:
        if self.finops is None:
            self.lacks("observability", "finops")
        if self.monitoring is None:
            self.lacks("observability", "monitoring")
            return
        nodes = f'monitored_resource="k8s_node",node_name=~"gke-.*-{self.name}-.*"'
        panels: Sequence[Panel] = (
            Panel("Machines", f"count(kubernetes_io:node_cpu_total_cores{{{nodes}}})"),
            Panel("Accelerators in use", f"avg(kubernetes_io:node_accelerator_duty_cycle{{{nodes}}})", "%"),
            Panel("CPU in use", f"avg(kubernetes_io:node_cpu_allocatable_utilization{{{nodes}}}) * 100", "%"),
        )
        with self.row("observability"):
            self.monitoring.dashboard(
                f"node-pool-{self.name}", title=f"Node pool {self.name}", panels=panels, team=self.team
            )
            most = made.max_nodes if made is not None else 0
            if most:
                self.monitoring.alert(
                    f"node-pool-{self.name}-full",
                    title=f"Node pool {self.name} has all of its {most} machines",
                    query=f"count(kubernetes_io:node_cpu_total_cores{{{nodes}}}) >= {most}",
                    minutes=30,
                    team=self.team,
                )
