"""What servers of models do alike: a Deployment on accelerators, its model from a bucket, scaled by its own queue."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from msgspec import Struct
from msgspec.structs import replace

from planform.contracts.identity import Identity
from planform.contracts.model_server import EndpointRef, ModelServer
from planform.contracts.monitoring import Monitoring, Panel
from planform.contracts.tracing import Tracing
from planform.kubernetes.record import KubernetesObject
from planform.planes.cluster_component import ClusterComponent
from planform.planes.front_ends import FRONT_ENDS
from planform.planes.record_ids import record_id
from planform.planes.resource.model_gateway import health_check, host, route
from planform.planes.resource.model_pod import PRIORITY, AskedModel, ServingSettings, mounted, pod
from planform.terraform.google import StorageBucketIamMember

__all__ = ["ModelServing", "ServerMetrics"]

AUTOSCALER = "keda"
NAME = re.compile(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?")
MODEL = re.compile(r"gs://([a-z0-9][a-z0-9._-]{1,61}[a-z0-9])/([A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*)/?")
TRACK = "track"
"""The label that tells the pods of the canary from the others."""
STEADY = ("on_demand", "reservation")
"""Kinds of capacity that nobody takes away."""


class ServerMetrics(Struct, frozen=True):
    """Metrics of one endpoint in PromQL; `waiting` also as KEDA finds it in what a pod exposes."""

    answered: str
    failed: str
    seconds: str
    latency: str
    waiting: str


class ModelServing(ClusterComponent):
    """The base of the components that fill `model_server`.

    KEDA scales, not a plain HorizontalPodAutoscaler: what tells that servers of models are too few is their queue,
    which Kubernetes' own metrics do not have. KEDA asks the servers themselves, so it works with any monitoring or
    none, and no identity is granted anything.
    Source: KEDA 2.20.2, its scaler metrics-api with `format: prometheus` and its chart's values; GKE's page on the
    Cloud Storage FUSE CSI driver; Kubernetes' page on disruption budgets. Read 2026-11.
    """

    capability = "model_server"
    provides = ModelServer
    files_only = True
    settings: ServingSettings
    monitoring: Monitoring | None
    tracing: Tracing | None

    FORMATS: ClassVar[tuple[str, ...]]
    PROTOCOL: ClassVar[str]
    PORT: ClassVar[int]
    METRICS_PORT: ClassVar[int]
    HEALTH: ClassVar[str]
    LIVE: ClassVar[str]
    NEEDS_GPU: ClassVar[bool]

    def build(self) -> None:
        self._scraped: set[str] = set()
        self.operator_namespace(AUTOSCALER)
        self.object(
            "scheduling.k8s.io/v1",
            "PriorityClass",
            PRIORITY,
            value=100_000,
            preemptionPolicy="Never",
            description="Servers of models: before jobs in the line for nodes, and they displace nothing that runs.",
        )
        guarded = {"minAvailable": 1} if self.replicas > 1 else None
        self.chart(
            "keda",
            AUTOSCALER,
            {
                "operator": {"replicaCount": self.replicas},
                "metricsServer": {"replicaCount": self.replicas},
                "webhooks": {"replicaCount": self.replicas},
                # The control plane calls this port, and its usual one is not among those that private clusters open.
                "service": {"portHttpsTarget": 8443},
                "podDisruptionBudget": {"operator": guarded, "metricServer": guarded, "webhooks": guarded},
            },
        )

    def formats(self) -> Sequence[str]:
        """What it serves."""
        return self.FORMATS

    def endpoint(
        self,
        name: str,
        *,
        namespace: str,
        scope: object,
        model: str,
        team: str = "",
        format: str = "onnx",
        accelerator: str = "",
        count: int = 1,
        min_replicas: int = 1,
        max_replicas: int = 3,
        service_account: str = "",
        identity: Identity | None = None,
        canary: str = "",
        canary_percent: int = 0,
        cards: str = "",
    ) -> EndpointRef:
        """Servers of the model, and a name to reach them by."""
        self._refuse(name, format, accelerator, count, min_replicas, max_replicas)
        bucket, folder = self._files(name, model)
        place = self.within(scope)
        asked = AskedModel(
            name=name,
            namespace=namespace,
            place=place,
            bucket=bucket,
            folder=folder,
            accelerator=accelerator,
            count=count,
            min_replicas=min_replicas,
            max_replicas=max_replicas,
            service_account=service_account or name,
            team=team,
            cards=self._files(name, cards) if cards else None,
        )
        copies = self._canary_copies(asked, canary, canary_percent)
        if copies:
            asked = replace(asked, min_replicas=max(min_replicas, copies[0]))
        if not service_account:
            other = self._files(name, canary)[0] if canary else bucket
            self._account(asked, identity, {bucket, other, asked.cards[0] if asked.cards else bucket})
        self._serve(asked)
        if copies:
            self._serve_canary(asked, canary, copies[1])
        self._lead_to(asked, canary_percent)
        self._observe(asked)
        metrics = self.metrics(asked)
        return EndpointRef(
            name=name,
            namespace=namespace,
            url=self._url(asked),
            protocol=self.PROTOCOL,
            pods=tuple(self._selector(asked).items()),
            port=self.PORT,
            requests_metric=metrics.answered,
            errors_metric=metrics.failed,
            latency_metric=metrics.seconds,
        )

    def container(self, asked: AskedModel) -> dict[str, Any]:
        """The server's container but for what all have alike."""
        raise AssertionError(f"{type(self).__name__} has no container")

    def metrics(self, asked: AskedModel) -> ServerMetrics:
        """Its metrics."""
        raise AssertionError(f"{type(self).__name__} has no metrics")

    # What cannot be

    def _refuse(self, name: str, format: str, accelerator: str, count: int, least: int, most: int) -> None:
        if not NAME.fullmatch(name):
            raise self.refuse(
                "contract/bad-name",
                f"`{name}` cannot be the name of an endpoint",
                help="use lower case letters, digits and hyphens, at most 40",
            )
        if format not in self.FORMATS:
            raise self.refuse(
                "contract/model-format",
                f"`{self.name}` cannot serve `{name}`, which is of format `{format}`",
                help=f"bring it into one of {', '.join(self.FORMATS)}, or choose another `model_server`",
            )
        if not 1 <= least <= most:
            raise self.refuse(
                "contract/bad-value",
                f"endpoint `{name}` is asked for with {least} to {most} servers",
                help="ask for one at least, and for no fewer at most than at least",
            )
        self._refuse_accelerator(name, accelerator, count)

    def _refuse_accelerator(self, name: str, accelerator: str, count: int) -> None:
        if not accelerator and not self.NEEDS_GPU:
            return
        if not accelerator or accelerator.startswith("tpu"):
            raise self.refuse(
                "contract/no-accelerator",
                f"endpoint `{name}` asks for {accelerator or 'no accelerator'}, and `{self.name}` runs on NVIDIA GPUs",
                help=f"ask for one that the cluster has: {self._has()}",
            )
        pools = self.compute.accelerator_pools()
        if pools and not any(
            pool.accelerator == accelerator and pool.count >= count and pool.capacity in self._capacities
            for pool in pools
        ):
            raise self.refuse(
                "contract/no-accelerator",
                f"endpoint `{name}` asks for {count} of {accelerator} on a node, and no node pool for it has them",
                help=f"the cluster has {self._has()}; add a node pool to `compute`, or ask for one of these",
            )

    @property
    def _capacities(self) -> tuple[str, ...]:
        return (*STEADY, "spot", "flex_start") if self.settings.interruptible else STEADY

    def _has(self) -> str:
        pools = self.compute.accelerator_pools()
        said = [f"{pool.count} of {pool.accelerator} a node, {pool.capacity} ({pool.name})" for pool in pools]
        return "; ".join(said) or "whatever GKE has in the region"

    def _files(self, name: str, model: str) -> tuple[str, str]:
        found = MODEL.fullmatch(model)
        if found is None or ".." in model:
            raise self.refuse(
                "contract/bad-value",
                f"`{model}`, the files of endpoint `{name}`, is no folder of a bucket",
                help="write gs://BUCKET/FOLDER, with letters, digits, dots, hyphens and underscores",
            )
        return found[1], found[2]

    def _canary_copies(self, asked: AskedModel, canary: str, percent: int) -> tuple[int, int] | None:
        """How many servers the model needs at least, and how many the canary gets; its share is never exceeded."""
        if bool(canary) != bool(percent) or not 0 <= percent <= 50:
            raise self.refuse(
                "contract/bad-value",
                f"endpoint `{asked.name}` is asked for with {percent} percent for the canary `{canary}`",
                help="name a canary together with 1 to 50 percent, or neither",
            )
        if not canary:
            return None
        if self.settings.gateway is not None:
            return 1, 1
        most, needed = asked.max_replicas, max(asked.min_replicas, math.ceil(100 / percent) - 1)
        if needed > most:
            raise self.refuse(
                "contract/canary-share",
                f"{percent} percent for a canary take {needed} other servers of `{asked.name}`, and it may have {most}",
                help=f"let it have {needed}, ask for {math.ceil(100 / (most + 1))} percent or more, or set `gateway`,"
                " which splits exactly",
            )
        return needed, max(1, needed * percent // (100 - percent))

    # What is made

    def _account(self, asked: AskedModel, identity: Identity | None, buckets: set[str]) -> None:
        """A service account of its own, which may read the model's bucket."""
        annotations = {"iam.gke.io/gcp-service-account": identity.email} if identity else None
        self._object(asked, "v1", "ServiceAccount", asked.name, annotations=annotations)
        if identity is not None and self.identity is not None:
            pool = self.compute.cluster().workload_pool
            self.identity.bind_kubernetes(
                identity,
                namespace=asked.namespace,
                service_account=asked.name,
                workload_pool=pool,
                scope=asked.place,
            )
        member = identity.member if identity else self.environment.kubernetes_principal(asked.namespace, asked.name)
        for bucket in sorted(buckets):
            StorageBucketIamMember(
                asked.place,
                record_id(bucket, "reader", asked.namespace, asked.name),
                bucket=bucket,
                role="roles/storage.objectViewer",
                member=member,
            )

    def _serve(self, asked: AskedModel) -> None:
        scales = asked.min_replicas < asked.max_replicas
        self._deployment(asked, None if scales else asked.min_replicas)
        self._object(
            asked,
            "policy/v1",
            "PodDisruptionBudget",
            asked.name,
            spec={"maxUnavailable": 1, "selector": {"matchLabels": self._selector(asked)}},
        )
        if scales:
            self._scale(asked)

    def _serve_canary(self, asked: AskedModel, canary: str, copies: int) -> None:
        bucket, folder = self._files(asked.name, canary)
        self._deployment(replace(asked, bucket=bucket, folder=folder, track="canary"), copies)

    def _deployment(self, asked: AskedModel, replicas: int | None) -> None:
        labels = {**self._selector(asked), TRACK: asked.track}
        self._object(
            asked,
            "apps/v1",
            "Deployment",
            asked.object_name,
            spec={
                "replicas": replicas,
                "revisionHistoryLimit": 3,
                "progressDeadlineSeconds": 2400,
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": {**self._labels(asked), **labels}, "annotations": mounted(self.settings)},
                    "spec": self._pod(asked),
                },
            },
        )

    def _pod(self, asked: AskedModel) -> dict[str, Any]:
        ready, live = ({"httpGet": {"path": path, "port": "http"}} for path in (self.HEALTH, self.LIVE))
        server = {
            **self.container(asked),
            "startupProbe": {**ready, "periodSeconds": 10, "failureThreshold": 180},
            "readinessProbe": {**ready, "periodSeconds": 5, "failureThreshold": 3},
            "livenessProbe": {**live, "periodSeconds": 15, "timeoutSeconds": 5, "failureThreshold": 4},
        }
        return pod(asked, self.settings, server, selector=self._selector(asked), capacities=self._capacities)

    def _scale(self, asked: AskedModel) -> None:
        waiting = {
            "url": f"http://{asked.host}:{self.METRICS_PORT}/metrics",
            "format": "prometheus",
            "valueLocation": self.metrics(asked).waiting,
            "aggregateFromKubeServiceEndpoints": "true",
            "aggregationType": "sum",
            "targetValue": str(self.settings.waiting_requests),
        }
        down = [{"type": "Pods", "value": 1, "periodSeconds": 300}]
        up = [{"type": "Pods", "value": 2, "periodSeconds": 60}]
        behaviour = {
            "scaleUp": {"stabilizationWindowSeconds": 30, "policies": up},
            "scaleDown": {"stabilizationWindowSeconds": 600, "policies": down},
        }
        self._object(
            asked,
            "keda.sh/v1alpha1",
            "ScaledObject",
            asked.name,
            spec={
                "scaleTargetRef": {"name": asked.object_name},
                "minReplicaCount": asked.min_replicas,
                "maxReplicaCount": asked.max_replicas,
                "pollingInterval": 15,
                # Without an answer the number stays, and is one at least.
                "fallback": {
                    "failureThreshold": 4,
                    "replicas": asked.min_replicas,
                    "behavior": "currentReplicasIfHigher",
                },
                "advanced": {"horizontalPodAutoscalerConfig": {"behavior": behaviour}},
                "triggers": [{"type": "metrics-api", "metricType": "AverageValue", "metadata": waiting}],
            },
        )
        if self.network_policy is not None:
            self.network_policy.allow_ingress(
                asked.namespace,
                f"{asked.name}-from-{AUTOSCALER}",
                scope=asked.place,
                pods=self._selector(asked),
                namespaces=[AUTOSCALER],
                ports=[self.METRICS_PORT],
            )

    # How it is reached

    def ports(self) -> list[dict[str, Any]]:
        """The ports of its Service."""
        return [{"name": "http", "port": self.PORT, "targetPort": "http"}]

    def _lead_to(self, asked: AskedModel, percent: int) -> None:
        gateway, selector = self.settings.gateway, self._selector(asked)
        if gateway is None:
            self._object(asked, "v1", "Service", asked.name, spec={"selector": selector, "ports": self.ports()})
            return
        shares = {"stable": 100 - percent, **({"canary": percent} if percent else {})}
        weights = {replace(asked, track=track).object_name: weight for track, weight in shares.items()}
        for service, track in zip(weights, shares, strict=True):
            spec = {"selector": {**selector, TRACK: track}, "ports": self.ports()}
            self._object(asked, "v1", "Service", service, spec=spec)
            self._object(asked, *health_check(service, self.PORT, self.HEALTH))
        self._object(asked, *route(gateway, asked.name, asked.namespace, weights, self.PORT))
        if self.network_policy is not None:
            self.network_policy.allow_ingress(
                asked.namespace,
                f"{asked.name}-from-gateway",
                scope=asked.place,
                pods=selector,
                cidrs=[*FRONT_ENDS, gateway.proxy_cidr],
                ports=[self.PORT],
            )

    def _url(self, asked: AskedModel) -> str:
        gateway = self.settings.gateway
        if gateway is None:
            return f"http://{asked.host}:{self.PORT}"
        return f"https://{host(gateway, asked.name, asked.namespace)}"

    # How it is watched

    def _observe(self, asked: AskedModel) -> None:
        title, team = f"Model {asked.name} in {asked.namespace}", asked.team or self.place.team
        if self.tracing is not None:
            self.tracing.reach(asked.namespace, scope=asked.place)
            self.tracing.service(asked.name, title=title, team=team)
        if self.monitoring is None:
            return
        metrics, id = self.metrics(asked), f"model-{asked.namespace}-{asked.name}"
        self.monitoring.scrape(
            id,
            namespace=asked.namespace,
            scope=asked.place,
            pods=self._selector(asked),
            port=self.METRICS_PORT,
            seconds=15,
        )
        answered, failed = f"sum(rate({metrics.answered}[5m]))", f"sum(rate({metrics.failed}[5m]))"
        panels = [
            Panel("Requests a second", answered),
            Panel("Failures a second", failed),
            Panel("Latency", metrics.latency, "s"),
            Panel("Requests waiting", f"sum({metrics.waiting})"),
            *self.panels(asked),
        ]
        self.monitoring.dashboard(id, title=title, panels=panels, team=team)
        self.monitoring.alert(
            f"{id}-failures",
            title=f"{title} fails more than 1 request in 20",
            query=f"{failed} / ({answered} + {failed}) > 0.05",
            minutes=10,
            severity="page" if self.environment.production else "ticket",
            team=team,
        )
        self.monitoring.alert(
            f"{id}-queue",
            title=f"{title} has more waiting than {asked.max_replicas} servers should have",
            query=f"sum({metrics.waiting}) > {asked.max_replicas * self.settings.waiting_requests * 2}",
            minutes=15,
            team=team,
        )

    def panels(self, asked: AskedModel) -> Sequence[Panel]:
        """Further charts."""
        return ()

    def _selector(self, asked: AskedModel) -> dict[str, str]:
        return {"app.kubernetes.io/name": self.name, "app.kubernetes.io/instance": asked.name}

    def _labels(self, asked: AskedModel) -> dict[str, str]:
        return {**self.labels, **({"team": asked.team} if asked.team else {})}

    def _object(
        self,
        asked: AskedModel,
        api_version: str,
        kind: str,
        name: str,
        spec: Mapping[str, Any] | None = None,
        *,
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        KubernetesObject(
            asked.place,
            api_version,
            kind,
            name,
            namespace=asked.namespace,
            labels={**self._labels(asked), **self._selector(asked)},
            annotations=annotations,
            spec=spec,
        )
