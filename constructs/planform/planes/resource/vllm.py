"""vLLM, a server of language models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from planform.contracts.monitoring import Panel
from planform.planes.resource.model_pod import AskedModel, ServingSettings
from planform.planes.resource.model_serving import ModelServing, ServerMetrics
from planform.spec.units import Gib

__all__ = ["Vllm", "VllmSettings"]


class VllmSettings(ServingSettings):
    """Settings of `vllm`."""

    cpus: Annotated[int, Field(ge=1, le=200)] = Field(
        default=6, description="vCPUs that each server asks for. Default: 6."
    )
    memory_gib: Gib = Field(default=24, description="Memory of each server. Default: 24 GiB.")
    cache_gib: Gib = Field(
        default=80, description="Disk of the node that holds a model's files once they were read. Default: 80 GiB."
    )
    max_model_len: Annotated[int, Field(ge=256)] | None = Field(
        default=None, description="Tokens of a request and its answer. Default: what the model was made for."
    )
    gpu_memory_percent: Annotated[int, Field(ge=10, le=98)] = Field(
        default=90, description="How much of a GPU's memory weights and cache may take. Default: 90."
    )


class Vllm(ModelServing):
    """vLLM behind the API of OpenAI: `/v1/chat/completions`, with the endpoint's name as `model`.

    The folder of a model is one as Hugging Face has them: config.json, a tokenizer and safetensors. It is mounted from
    the bucket, and nothing is fetched from a hub. `count` GPUs of a node share one model (tensor parallel). A server
    starts within half an hour, or is started anew.
    Canary, service accounts and the Gateway are as with `triton`.

    Provides: ModelServer; protocol `openai`, at port 8000. There is no API key; who may come, network policies say.
    Requires: Compute, GitOps; Identities, NetworkPolicies, Policies, Monitoring and Tracing, optional.
    Emits: as `triton`.
    Errors: contract/bad-name, contract/bad-value, contract/model-format, contract/no-accelerator,
    contract/canary-share.
    Source: vLLM 0.32.0: its pages on `vllm serve`, on metrics and on OpenTelemetry. Read 2026-11.
    """

    name = "vllm"
    Settings = VllmSettings
    settings: VllmSettings

    FORMATS = ("safetensors", "pytorch")
    PROTOCOL = "openai"
    PORT = 8000
    METRICS_PORT = 8000
    HEALTH = "/health"
    LIVE = "/health"
    NEEDS_GPU = True

    def container(self, asked: AskedModel) -> dict[str, Any]:
        """The server with this one model."""
        length = self.settings.max_model_len
        return {
            "name": "vllm",
            "image": self.image("vllm"),
            "command": ["vllm", "serve"],
            "args": [
                f"/models/{asked.name}",
                f"--served-model-name={asked.name}",
                f"--port={self.PORT}",
                f"--tensor-parallel-size={asked.count}",
                f"--gpu-memory-utilization={self.settings.gpu_memory_percent / 100}",
                *([f"--max-model-len={length}"] if length else []),
                *self._traces(),
            ],
            "env": [{"name": name, "value": value} for name, value in self._variables(asked).items()],
            "ports": [{"name": "http", "containerPort": self.PORT}],
        }

    def metrics(self, asked: AskedModel) -> ServerMetrics:
        """By model and namespace; failures are those of HTTP, as the engine counts none."""
        of = f'{{model_name="{asked.name}",namespace="{asked.namespace}"}}'
        inside = of[1:-1]
        took = f"vllm:e2e_request_latency_seconds_sum{of}"
        slow = f"sum by (le) (rate(vllm:e2e_request_latency_seconds_bucket{of}[5m]))"
        pods = f'namespace="{asked.namespace}",pod=~"{asked.name}-.*"'
        return ServerMetrics(
            answered=f"vllm:request_success_total{{{inside}}}",
            failed=f'http_requests_total{{{pods},status="5xx"}}',
            seconds=took,
            latency=f"histogram_quantile(0.95, {slow})",
            waiting=f'vllm:num_requests_waiting{{model_name="{asked.name}"}}',
        )

    def panels(self, asked: AskedModel) -> Sequence[Panel]:
        """What is particular to language models."""
        of = f'{{model_name="{asked.name}",namespace="{asked.namespace}"}}'
        first = f"sum by (le) (rate(vllm:time_to_first_token_seconds_bucket{of}[5m]))"
        return [
            Panel("Cache of keys and values in use", f"avg(vllm:kv_cache_usage_perc{of}) * 100", "%"),
            Panel("Time to the first token, 95th percentile", f"histogram_quantile(0.95, {first})", "s"),
            Panel("Tokens written a second", f"sum(rate(vllm:generation_tokens_total{of}[5m]))"),
        ]

    def _variables(self, asked: AskedModel) -> dict[str, str]:
        """Caches go to the one place that can be written; the hub is never asked; no usage is reported."""
        return {
            "HF_HUB_OFFLINE": "1",
            "HOME": "/tmp",
            "TORCHINDUCTOR_CACHE_DIR": "/tmp/inductor",
            "TRITON_CACHE_DIR": "/tmp/triton",
            "USER": "vllm",
            "VLLM_CACHE_ROOT": "/tmp/vllm",
            "VLLM_NO_USAGE_STATS": "1",
            **({"OTEL_SERVICE_NAME": asked.name} if self.tracing is not None else {}),
        }

    def _traces(self) -> list[str]:
        return [f"--otlp-traces-endpoint={self.tracing.collector().grpc}"] if self.tracing is not None else []
