"""Kueue, with Kubeflow Trainer and KubeRay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from planform.contracts.batch_queue import BatchQueue, QueueRef
from planform.contracts.compute import AcceleratorPool, Compute
from planform.contracts.gitops import GitOps
from planform.contracts.network_policy import NetworkPolicies
from planform.contracts.policy import Policies
from planform.kubernetes.accelerators import CAPACITY_TAINTS, on_accelerator, resource_of
from planform.kubernetes.record import HelmRelease
from planform.kubernetes.writer import to_yaml
from planform.planes.component import Component
from planform.spec.settings import Settings
from planform.spec.units import Gib

__all__ = ["Kueue", "KueueSettings"]

API = "kueue.x-k8s.io/v1beta2"
NAMESPACE = "kueue-system"
TRAINER_NAMESPACE = "kubeflow-system"
RAY_NAMESPACE = "ray-system"
PLAIN = "plain"
"""The flavour of CPUs and memory, on whatever nodes have them."""
QUEUE = "default"
"""Jobs that name no queue wait in the one of this name, if their namespace has it."""
FIRST_SPENT = ("reservation", "spot", "flex_start", "queued", "on_demand")
"""Kinds of capacity in the order in which a team's quota is taken from them: paid for already, then cheap."""
_SEVEN_DAYS = "604800"

Limit = Annotated[int, Field(ge=1)]


class KueueSettings(Settings):
    """Settings of `kueue`."""

    team_cpus: Limit = Field(default=64, description="vCPUs that each team's jobs may hold at once. Default: 64.")
    team_memory_gib: Gib = Field(
        default=256, description="Memory that each team's jobs may hold at once. Default: 256 GiB."
    )
    borrowing: bool = Field(
        default=True,
        description="Whether a team may use what others leave idle, and gives it back when they want it. Default: on.",
    )
    priorities: dict[Annotated[str, StringConstraints(pattern=r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$")], int] = Field(
        default={"production": 1000, "standard": 500, "exploration": 100},
        min_length=1,
        description="Priority classes of jobs; a higher number goes first, and may displace a lower one of its team."
        " Default: production 1000, standard 500, exploration 100.",
    )
    trainer: bool = Field(
        default=True, description="Install Kubeflow Trainer, for distributed training of one model. Default: on."
    )
    ray: bool = Field(
        default=True,
        description="Install the KubeRay operator; turn it off where the cluster has `ray_operator`. Default: on.",
    )


class Kueue(Component):
    """Kueue: quota of accelerators by team, what is idle lent to others by fair share, jobs started as a whole.

    One flavour for each node pool with accelerators, bound to it by GKE's node pool label, and one for CPUs and memory
    anywhere; one cluster queue for each team, all in one cohort. A team's quota of an accelerator is spread over the
    pools that have it, those already paid for or cheap first, and ends where the pools end. A job of a team's
    namespace that names no queue waits in its queue `default`. Pools with queued capacity admit a job once Google
    has all of its machines.

    Provides: BatchQueue; `most` is a team's quota, and with `borrowing` what all pools have.
    Requires: Compute, for its pools with accelerators; GitOps; NetworkPolicies and Policies, if they are there, which
    leave the operators' namespaces alone.
    Emits: the Helm releases kueue, kubeflow-trainer and kuberay-operator; ResourceFlavor, Cohort, ClusterQueue,
    LocalQueue, WorkloadPriorityClass and for queued capacity AdmissionCheck and ProvisioningRequestConfig objects.
    Errors: contract/other-queue, kubernetes/bad-name.
    Source: Kueue 0.19.2, API v1beta2 and its chart's values; charts of Kubeflow Trainer 2.3.0 and KubeRay 1.7.0, read
    2026-11-21.
    """

    name = "kueue"
    capability = "batch_queue"
    provides = BatchQueue
    files_only = True
    Settings = KueueSettings
    settings: KueueSettings
    compute: Compute
    gitops: GitOps
    network_policy: NetworkPolicies | None
    policy: Policies | None

    def build(self) -> None:
        self._queues: dict[str, QueueRef] = {}
        self._pools = sorted(self.compute.accelerator_pools(), key=lambda pool: FIRST_SPENT.index(pool.capacity))
        self._install()
        self._flavours()
        self.object(API, "Cohort", self._cohort)
        for name, value in self.settings.priorities.items():
            self.object(API, "WorkloadPriorityClass", name, value=value, description=f"Jobs of class {name}.")

    def team(
        self, name: str, *, namespace: str, scope: object, accelerators: Mapping[str, int] | None = None
    ) -> QueueRef:
        """The team's queue; asking again gives the same."""
        held = self._queues.get(name)
        if held is None:
            held = self._queues[name] = self._team(name, namespace, scope, dict(accelerators or {}))
        elif held.namespace != namespace:
            raise self.refuse(
                "contract/other-queue",
                f"team `{name}` has its queue in namespace `{held.namespace}`, and one in `{namespace}` is asked for",
                help="ask for a queue under another name",
            )
        return held

    def engines(self) -> dict[str, str | None]:
        """What is installed, Trainer with its own runtimes."""
        found: dict[str, str | None] = {"trainer": None} if self.settings.trainer else {}
        return {**found, "ray": RAY_NAMESPACE} if self.settings.ray else found

    def priorities(self) -> dict[str, int]:
        """The priority classes."""
        return dict(self.settings.priorities)

    @property
    def _cohort(self) -> str:
        return self.environment.platform

    def _install(self) -> None:
        self._operator(NAMESPACE, "kueue", self._values())
        if self.settings.trainer:
            runtimes = {"runtimes": {"defaultEnabled": True}, "manager": {"replicas": self._replicas}}
            self._operator(TRAINER_NAMESPACE, "kubeflow-trainer", runtimes)
        if self.settings.ray:
            # One operator at a time is active, a second waits to take over.
            ray = {"replicas": self._replicas, "leaderElectionEnabled": True, "singleNamespaceInstall": False}
            self._operator(RAY_NAMESPACE, "kuberay-operator", ray)

    def _operator(self, namespace: str, chart: str, values: Mapping[str, Any]) -> None:
        self.gitops.namespace(namespace)
        if self.network_policy is not None:
            self.network_policy.exempt(namespace)
        if self.policy is not None:
            self.policy.exempt(namespace)
        HelmRelease(self, chart, chart=chart, namespace=namespace, values=values)

    @property
    def _replicas(self) -> int:
        return 2 if self.environment.production else 1

    def _values(self) -> dict[str, Any]:
        jobs = ["batch/job", "jobset.x-k8s.io/jobset", "pod"]
        jobs += ["trainer.kubeflow.org/trainjob"] if self.settings.trainer else []
        jobs += ["ray.io/raycluster", "ray.io/rayjob", "ray.io/rayservice"] if self.settings.ray else []
        configuration: dict[str, Any] = {
            "apiVersion": "config.kueue.x-k8s.io/v1beta2",
            "kind": "Configuration",
            "health": {"healthProbeBindAddress": ":8081"},
            "metrics": {"bindAddress": ":8443", "enableClusterQueueResources": True},
            "webhook": {"port": 9443},
            "leaderElection": {"leaderElect": True, "resourceName": "c1f6bfd2.kueue.x-k8s.io"},
            "clientConnection": {"qps": 50, "burst": 100},
            "waitForPodsReady": {"timeout": "15m", "blockAdmission": False},
            "integrations": {"frameworks": sorted(jobs)},
            "fairSharing": {"preemptionStrategies": ["LessThanOrEqualToFinalShare", "LessThanInitialShare"]},
        }
        return {
            "controllerManager": {
                "replicas": self._replicas,
                "podDisruptionBudget": {"enabled": True, "minAvailable": 1} if self._replicas > 1 else None,
            },
            "managerConfig": {"controllerManagerConfigYaml": to_yaml(configuration)},
        }

    def _flavours(self) -> None:
        self.object(API, "ResourceFlavor", PLAIN)
        for pool in self._pools:
            taints = [resource_of(pool.accelerator), CAPACITY_TAINTS.get(pool.capacity)]
            # By the second label Kueue sees that a job which asks for another accelerator does not fit.
            labels = {"cloud.google.com/gke-nodepool": pool.name, **on_accelerator(pool.accelerator)["nodeSelector"]}
            spec = {
                "nodeLabels": labels,
                "tolerations": [
                    {"key": key, "operator": "Exists", "effect": "NoSchedule"} for key in taints if key is not None
                ],
            }
            self.object(API, "ResourceFlavor", _flavour(pool), spec=spec)
        if self._queued:
            self._provisioning()

    @property
    def _queued(self) -> list[str]:
        return [_flavour(pool) for pool in self._pools if pool.capacity == "queued"]

    def _provisioning(self) -> None:
        name = "queued"
        self.object(
            API,
            "ProvisioningRequestConfig",
            name,
            spec={
                "provisioningClassName": "queued-provisioning.gke.io",
                "managedResources": sorted({resource_of(p.accelerator) for p in self._pools if p.capacity == "queued"}),
                "parameters": {"maxRunDurationSeconds": _SEVEN_DAYS},
                "retryStrategy": {"backoffLimitCount": 3, "backoffBaseSeconds": 60, "backoffMaxSeconds": 1800},
            },
        )
        self.object(
            API,
            "AdmissionCheck",
            name,
            spec={
                "controllerName": "kueue.x-k8s.io/provisioning-request",
                "parameters": {"apiGroup": "kueue.x-k8s.io", "kind": "ProvisioningRequestConfig", "name": name},
            },
        )

    def _team(self, name: str, namespace: str, scope: object, accelerators: dict[str, int]) -> QueueRef:
        share = self._share(accelerators)
        checks = {"admissionChecks": [{"name": "queued", "onFlavors": self._queued}]} if self._queued else None
        self.object(
            API,
            "ClusterQueue",
            name,
            spec={
                "cohortName": self._cohort,
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
                "queueingStrategy": "BestEffortFIFO",
                "flavorFungibility": {"whenCanBorrow": "TryNextFlavor", "whenCanPreempt": "TryNextFlavor"},
                "preemption": {"reclaimWithinCohort": "Any", "withinClusterQueue": "LowerPriority"},
                "fairSharing": {"weight": "1"},
                "resourceGroups": [self._plain_group(), *self._accelerator_groups(share)],
                "admissionChecksStrategy": checks,
            },
        )
        self.object(API, "LocalQueue", QUEUE, namespace, scope=scope, spec={"clusterQueue": name})
        return QueueRef(QUEUE, namespace, self._most(share))

    def _share(self, accelerators: dict[str, int]) -> dict[str, int]:
        """How many of each pool's accelerators are the team's own, by the pool's name."""
        left, share = dict(accelerators), {}
        for pool in self._pools:
            share[pool.name] = min(left.get(pool.accelerator, 0), pool.count * pool.max_nodes)
            left[pool.accelerator] = left.get(pool.accelerator, 0) - share[pool.name]
        return share

    def _most(self, share: Mapping[str, int]) -> dict[str, int]:
        most: dict[str, int] = {}
        for pool in self._pools:
            resource = resource_of(pool.accelerator)
            count = pool.count * pool.max_nodes if self.settings.borrowing else share[pool.name]
            most[resource] = most.get(resource, 0) + count
        return most

    def _plain_group(self) -> dict[str, Any]:
        quotas: dict[str, int | str] = {"cpu": self.settings.team_cpus, "memory": f"{self.settings.team_memory_gib}Gi"}
        resources = [self._quota(resource, quota) for resource, quota in quotas.items()]
        return {"coveredResources": list(quotas), "flavors": [{"name": PLAIN, "resources": resources}]}

    def _accelerator_groups(self, share: Mapping[str, int]) -> Iterable[dict[str, Any]]:
        """A resource stands in one group with all its flavours, in the order in which they are tried."""
        for resource in dict.fromkeys(resource_of(pool.accelerator) for pool in self._pools):
            flavours = [
                {"name": _flavour(pool), "resources": [self._quota(resource, share[pool.name])]}
                for pool in self._pools
                if resource_of(pool.accelerator) == resource
            ]
            yield {"coveredResources": [resource], "flavors": flavours}

    def _quota(self, resource: str, quota: int | str) -> dict[str, Any]:
        return {"name": resource, "nominalQuota": quota, "borrowingLimit": None if self.settings.borrowing else 0}


def _flavour(pool: AcceleratorPool) -> str:
    return f"pool-{pool.name}"
