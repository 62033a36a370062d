"""NVIDIA Triton Inference Server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from planform.contracts.monitoring import Panel
from planform.planes.resource.model_pod import AskedModel, ServingSettings
from planform.planes.resource.model_serving import ModelServing, ServerMetrics

__all__ = ["Triton", "TritonSettings"]


class TritonSettings(ServingSettings):
    """Settings of `triton`."""


class Triton(ModelServing):
    """Triton: models of several frameworks on GPUs, or on CPUs where no accelerator is asked for.

    The folder of a model is what Triton calls a model's directory: numbered versions (`1/model.onnx`) and, where the
    server cannot work it out, `config.pbtxt`. It is mounted from the bucket, read-only, with a cache on the node's
    disk; exactly this one model is loaded, and the server leaves if it cannot.

    A canary is a second Deployment of the other folder. Without `gateway`, one Service leads to the pods of both, and
    the canary's share of requests is its share of pods: never more than was asked, and less as the model scales up.
    With `gateway`, an HTTPRoute splits exactly by weight.

    Where no `service_account` is given the endpoint gets one of its own, which may read the model's bucket; otherwise
    whoever asks lets theirs read it. Callers of other namespaces are let in by whoever owns them.
    By hand: the first pod waits for the model's files; put them into the folder, and it starts.

    Provides: ModelServer; protocol `kserve-v2`, HTTP at 8000 and gRPC at 8001.
    Requires: Compute, GitOps; Identities, NetworkPolicies, Policies, Monitoring and Tracing, optional.
    Emits: the Helm release keda; for each endpoint Deployment, Service, PodDisruptionBudget, ScaledObject,
    ServiceAccount, HTTPRoute and HealthCheckPolicy objects, and google_storage_bucket_iam_member.
    Errors: contract/bad-name, contract/bad-value, contract/model-format, contract/no-accelerator,
    contract/canary-share.
    Source: Triton 2.71.0, container 26.07: its pages on model repositories, metrics and traces. Read 2026-11.
    """

    name = "triton"
    Settings = TritonSettings
    settings: TritonSettings

    FORMATS = ("onnx", "pytorch", "tensorrt", "openvino", "python")
    PROTOCOL = "kserve-v2"
    PORT = 8000
    METRICS_PORT = 8002
    HEALTH = "/v2/health/ready"
    LIVE = "/v2/health/live"
    NEEDS_GPU = False

    def container(self, asked: AskedModel) -> dict[str, Any]:
        """The server with this one model."""
        return {
            "name": "triton",
            "image": self.image("triton"),
            "command": ["tritonserver"],
            "args": [
                "--model-repository=/models",
                "--model-control-mode=explicit",
                f"--load-model={asked.name}",
                "--strict-readiness=true",
                "--exit-on-error=true",
                "--exit-timeout-secs=60",
                *self._traces(asked),
            ],
            "ports": [
                {"name": "http", "containerPort": 8000},
                {"name": "grpc", "containerPort": 8001},
                {"name": "metrics", "containerPort": self.METRICS_PORT},
            ],
        }

    def ports(self) -> list[dict[str, Any]]:
        """KEDA finds a pod's metrics by the Service's port of the same number."""
        return [
            {"name": "http", "port": 8000, "targetPort": "http"},
            {"name": "grpc", "port": 8001, "targetPort": "grpc", "appProtocol": "kubernetes.io/h2c"},
            {"name": "metrics", "port": self.METRICS_PORT, "targetPort": "metrics"},
        ]

    def metrics(self, asked: AskedModel) -> ServerMetrics:
        """By model and namespace; KEDA reads a single pod, which has this one model."""
        of = f'{{model="{asked.name}",namespace="{asked.namespace}"}}'
        took, answered = f"nv_inference_request_duration_us{of}", f"nv_inference_request_success{of}"
        return ServerMetrics(
            answered=answered,
            failed=f"nv_inference_request_failure{of}",
            seconds=took,
            latency=f"sum(rate({took}[5m])) / sum(rate({answered}[5m])) / 1e6",
            waiting=f'nv_inference_pending_request_count{{model="{asked.name}"}}',
        )

    def panels(self, asked: AskedModel) -> Sequence[Panel]:
        """How busy the GPUs are."""
        used = f'avg(nv_gpu_utilization{{namespace="{asked.namespace}"}}) * 100'
        return [Panel("GPU utilization", used, "%")] if asked.accelerator else []

    def _traces(self, asked: AskedModel) -> list[str]:
        if self.tracing is None:
            return []
        settings = (
            "mode=opentelemetry",
            f"opentelemetry,url={self.tracing.collector().http}/v1/traces",
            f"opentelemetry,resource=service.name={asked.name}",
            "rate=100",
            "level=TIMESTAMPS",
        )
        return [f"--trace-config={setting}" for setting in settings]
