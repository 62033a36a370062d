"""What a team has in an environment: a namespace with its limits, who may do what in it, an identity, a budget."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, get_args, get_type_hints

from msgspec import Struct

from planform.contracts.batch_queue import BatchQueue, QueueRef
from planform.contracts.compute import Compute
from planform.contracts.finops import FinOps
from planform.contracts.gitops import GitOps
from planform.contracts.ide import Ide, IdeRef
from planform.contracts.identity import Identities, Identity
from planform.contracts.network_policy import NetworkPolicies
from planform.contracts.services import Services
from planform.diagnostics import Location
from planform.engine import Construct, stack_of
from planform.kubernetes.accelerators import RESOURCES, resource_of
from planform.kubernetes.record import KubernetesObject, Manifests
from planform.planes.component import Refused
from planform.planes.month_budget import month_budget
from planform.planes.record_ids import principal_id, record_id
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.platform import Team
from planform.terraform.google import ProjectIamMember

__all__ = ["WORKLOAD", "TeamSpace", "TeamTools"]

BUDGET_API = "billingbudgets.googleapis.com"
IDENTITY_ROLES = ("roles/logging.logWriter", "roles/monitoring.metricWriter")
WORKLOAD = "workload"
"""The service account that a team's pods run as, in its namespace."""
_TAKEN = ("default", "kube-", "gke-", "gmp-", "config-management-", "gatekeeper-", "istio-", "asm-")
_JOB_KINDS = {
    "jobset.x-k8s.io": ["jobsets"],
    "ray.io": ["rayclusters", "rayjobs", "rayservices"],
    "trainer.kubeflow.org": ["trainjobs", "trainingruntimes"],
}
_READ = ["get", "list", "watch"]
_THRESHOLDS = ((0.5, "CURRENT_SPEND"), (0.9, "CURRENT_SPEND"), (1.0, "CURRENT_SPEND"), (1.0, "FORECASTED_SPEND"))


class TeamTools(Struct, frozen=True):
    """What the environment has for teams; each may be missing."""

    compute: Compute | None = None
    identity: Identities | None = None
    gitops: GitOps | None = None
    network_policy: NetworkPolicies | None = None
    batch_queue: BatchQueue | None = None
    services: Services | None = None
    ide: Ide | None = None
    finops: FinOps | None = None

    @classmethod
    def of(cls, filled: Mapping[str, object]) -> TeamTools:
        """From components by capability."""
        contracts = {name: get_args(hint)[0] for name, hint in get_type_hints(cls).items()}
        held: dict[str, Any] = {
            name: filled[name] for name, each in contracts.items() if isinstance(filled.get(name), each)
        }
        return cls(**held)


class TeamSpace(Construct):  # type: ignore[misc, unused-ignore]
    """One team in one environment. `admitted` are owners whom another team has let find the cluster already.

    With a cluster and a GitOps tool: the namespace of the team's name; a ResourceQuota with its accelerators and
    without public load balancers; a LimitRange; a RoleBinding of its owners to `edit`, and a Role for jobs and
    queues; isolation from other namespaces and a queue, where the platform has them; the service account `workload`.
    With identities: the service account `team-<team>`, which `workload` acts as. For the owners: leave to find the
    cluster. With an IDE: machines to write code on, which act as `team-<team>` too. With a billing account and
    `budget_usd_month`: a budget for what carries the label `team`; whoever applies it needs
    roles/billing.costsManager on the account, which planform does not grant. The platform's finops, if there is one, is
    told of the team and its budget, and makes none of its own.
    Groups of people reach the cluster's roles only through Google Groups for RBAC, which the cluster's settings name.
    Errors: spec/team-name.
    Source: Kubernetes' pages on resource quotas, limit ranges and default roles; provider page of
    google_billing_budget 7.45.0, one label a budget.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        team: Team,
        *,
        environment: Environment,
        tools: TeamTools,
        at: Callable[..., Location | None] = lambda *path: None,
        admitted: Collection[str] = (),
    ) -> None:
        super().__init__(scope, f"team-{name}")
        self._admitted = admitted
        self.name = name
        self.team = team
        self.environment = environment
        self.tools = tools
        self.manifests = Manifests(environment.name, f"team-{name}", "base", name, environment.charts)
        self.origin = at("teams", name)
        self._at = at
        self.namespace: str | None = None
        self.identity: Identity | None = None
        self.queue: QueueRef | None = None
        self.workstation: IdeRef | None = None
        self._refuse_name()
        self._build()

    @staticmethod
    def makes_resources(team: Team, environment: Environment, tools: TeamTools) -> bool:
        """Whether there will be anything in Terraform."""
        return _budget(team, environment) is not None or tools.compute is not None

    @property
    def labels(self) -> dict[str, str]:
        """Labels of everything that is the team's, in the cloud and in the cluster."""
        own = {"environment": self.environment.name, "managed_by": "planform", "team": self.name}
        return dict(sorted({**self.environment.labels, **own}.items()))

    def _build(self) -> None:
        if self.tools.compute is not None:
            self._admit_owners()
            if self.tools.identity is not None:
                purpose = f"Workloads of team {self.name}"
                self.identity = self.tools.identity.service_account(
                    f"team-{self.name}", roles=IDENTITY_ROLES, purpose=purpose
                )
            if self.tools.gitops is not None:
                self._space(self.tools.compute, self.tools.gitops)
        if self.tools.ide is not None:
            self.workstation = self.tools.ide.team(self.name, owners=self.team.owners, identity=self.identity)
        self._set_budget()
        if self.tools.finops is not None:
            amount = self.team.budget_usd_month
            self.tools.finops.team(self.name, namespace=self.name, owners=self.team.owners, budget_usd_month=amount)

    def _space(self, compute: Compute, gitops: GitOps) -> None:
        audit = {"pod-security.kubernetes.io/audit": "restricted"}
        self.namespace = gitops.namespace(self.name, labels=audit, owner=self.labels, origin=self.origin)
        if self.tools.batch_queue is not None:
            self.queue = self.tools.batch_queue.team(
                self.name, namespace=self.name, scope=self, accelerators=self.team.accelerators
            )
        self._limits()
        self._access()
        self._service_account(compute)
        if self.tools.network_policy is not None:
            self.tools.network_policy.isolate(self.name, scope=self)

    def _limits(self) -> None:
        hard = {"services.loadbalancers": "0", "services.nodeports": "0", "pods": "500"}
        hard |= {f"requests.{resource}": str(count) for resource, count in self._accelerators().items()}
        self._object("v1", "ResourceQuota", "quota", spec={"hard": hard}, origin=self._at("teams", self.name))
        limits = {
            "type": "Container",
            "defaultRequest": {"cpu": "250m", "memory": "512Mi"},
            "default": {"memory": "2Gi"},
        }
        self._object("v1", "LimitRange", "defaults", spec={"limits": [limits]})

    def _accelerators(self) -> dict[str, int]:
        """How many of each kind the namespace may hold: the team's own quota, and what its queue lets it borrow."""
        totals = dict.fromkeys(RESOURCES, 0)
        for accelerator, count in self.team.accelerators.items():
            totals[resource_of(accelerator)] += count
        for resource, count in (self.queue.most if self.queue else {}).items():
            totals[resource] = max(totals.get(resource, 0), count)
        return totals

    def _access(self) -> None:
        api, subjects = "rbac.authorization.k8s.io", [_subject(owner) for owner in self.team.owners]
        rules: list[dict[str, Any]] = [
            {"apiGroups": [group], "resources": kinds, "verbs": ["*"]} for group, kinds in _JOB_KINDS.items()
        ]
        rules.append({"apiGroups": ["kueue.x-k8s.io"], "resources": ["localqueues", "workloads"], "verbs": _READ})
        rules.append({"apiGroups": [""], "resources": ["resourcequotas", "limitranges"], "verbs": _READ})
        self._object(f"{api}/v1", "Role", "jobs", rules=rules)
        for name, role in (("owners-edit", ("ClusterRole", "edit")), ("owners-jobs", ("Role", "jobs"))):
            self._object(
                f"{api}/v1",
                "RoleBinding",
                name,
                origin=self._at("teams", self.name, "owners"),
                subjects=subjects,
                roleRef={"apiGroup": api, "kind": role[0], "name": role[1]},
            )

    def _service_account(self, compute: Compute) -> None:
        annotations = {"iam.gke.io/gcp-service-account": self.identity.email} if self.identity else None
        self._object("v1", "ServiceAccount", WORKLOAD, annotations=annotations)
        if self.identity is not None and self.tools.identity is not None:
            self.tools.identity.bind_kubernetes(
                self.identity,
                namespace=self.name,
                service_account=WORKLOAD,
                workload_pool=compute.cluster().workload_pool,
                scope=self,
            )

    def _object(self, api_version: str, kind: str, name: str, **body: Any) -> None:
        KubernetesObject(self, api_version, kind, name, namespace=self.name, labels=self.labels, **body)

    def _admit_owners(self) -> None:
        """Leave to find the cluster and sign in to it; what one may do there the namespace's roles say."""
        for owner in dict.fromkeys(self.team.owners):
            if owner in self._admitted:
                continue
            ProjectIamMember(
                self,
                record_id("team", self.name, principal_id(owner, self.environment)),
                project=self.environment.project,
                role="roles/container.clusterViewer",
                member=owner,
                origin=self._at("teams", self.name, "owners"),
            )

    def _set_budget(self) -> None:
        budget = _budget(self.team, self.environment)
        if budget is None:
            return
        account, amount = budget
        enabled = self.tools.services.enable(BUDGET_API) if self.tools.services is not None else ()
        month_budget(
            self,
            record_id("team", self.name),
            self.environment,
            account=account,
            title=f"team {self.name}",
            usd=amount,
            thresholds=_THRESHOLDS,
            labels={"team": self.name},
            depends_on=[record for record in enabled if record.stack is stack_of(self)],
            origin=self._at("teams", self.name, "budget_usd_month"),
        )

    def _refuse_name(self) -> None:
        for problem in _name_problems(self.name, self.tools):
            help = "rename the team; its namespace and its service account have its name"
            raise Refused(Fault("spec/team-name", problem, help=help))


def _name_problems(name: str, tools: TeamTools) -> Iterator[str]:
    if tools.gitops is not None and name.startswith(_TAKEN):
        yield f"`{name}` is, or begins like, a namespace of the cluster itself"
    if tools.identity is not None and len(name) > 25:
        yield f"`{name}` has {len(name)} characters, and the service account `team-{name}` may have 30"


def _budget(team: Team, environment: Environment) -> tuple[str, float] | None:
    account = environment.organization.billing_account if environment.organization else None
    return (account, team.budget_usd_month) if account and team.budget_usd_month else None


def _subject(principal: str) -> Mapping[str, str]:
    kind, _, name = principal.partition(":")
    return {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group" if kind == "group" else "User", "name": name}
