"""A tool that watches models and that the organisation already has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints

from planform.contracts.compute import Compute
from planform.contracts.model_observability import ModelKind, ModelMonitor, ModelMonitorRef, ModelObservability
from planform.contracts.network_policy import NetworkPolicies
from planform.contracts.secrets import Secrets
from planform.planes.component import Component
from planform.planes.observability.model_monitors import refuse_model
from planform.spec.settings import Settings
from planform.spec.units import KebabName

__all__ = ["ExistingModelObservability", "ExistingModelObservabilitySettings"]

SECRET = "model-observability"
Header = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,62}$"), Field(examples=["api_key"])]


class ExistingModelObservabilitySettings(Settings):
    """Where models send what they saw and said."""

    endpoint: str = Field(
        pattern=r"^https?://[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+(:[0-9]{2,5})?(/[A-Za-z0-9._/-]*)?$",
        description="Base address that takes OTLP by HTTP.",
        examples=["https://otlp.vendor.example"],
    )
    url: str = Field(
        pattern=r"^https://[a-z0-9.-]+(:[0-9]{2,5})?(/[A-Za-z0-9._~?=&/#+-]*)?$",
        description="Where people look.",
        examples=["https://app.vendor.example"],
    )
    headers: dict[Header, KebabName] = Field(
        default_factory=dict,
        description="Headers that it wants, to the secret of the platform's store that holds the value. Default: none.",
        examples=[{"api_key": "vendor-api-key"}],
    )


class ExistingModelObservability(Component):
    """A tool that is there already; monitors are made in it by hand.

    Provides: ModelObservability.
    Requires: with `headers` Compute and Secrets; NetworkPolicies, where they are there; these must know host names.
    Emits: in the scope of who asks an ExternalSecret and a rule for egress.
    Errors: contract/bad-name, contract/no-delivery, contract/no-host-rules, contract/other-monitor.
    """

    name = "existing"
    capability = "model_observability"
    provides = ModelObservability
    files_only = True
    Settings = ExistingModelObservabilitySettings
    settings: ExistingModelObservabilitySettings
    compute: Compute | None
    secrets: Secrets | None
    network_policy: NetworkPolicies | None

    def build(self) -> None:
        self._namespaces: set[str] = set()

    def model(
        self,
        name: str,
        *,
        kind: ModelKind,
        team: str,
        namespace: str,
        scope: object,
        monitors: Sequence[ModelMonitor] = ("drift", "performance"),
    ) -> ModelMonitorRef:
        """Let the pods of a model's namespace send."""
        refuse_model(self, name, kind, monitors)
        headers = self.settings.headers
        if namespace not in self._namespaces:
            self._namespaces.add(namespace)
            self._let_out(namespace, scope)
            if headers:
                self._deliver(namespace, scope)
        pairs = tuple((header, header) for header in headers)
        return ModelMonitorRef(self.settings.endpoint, name, self.settings.url, SECRET if headers else "", pairs)

    def _let_out(self, namespace: str, scope: object) -> None:
        address = urlsplit(self.settings.endpoint)
        if self.network_policy is not None and address.hostname:
            port = address.port or (443 if address.scheme == "https" else 80)
            self.network_policy.allow_egress(
                namespace, SECRET, scope=scope, pods={}, hosts=[address.hostname], ports=(port,)
            )

    def _deliver(self, namespace: str, scope: object) -> None:
        if self.secrets is None or self.compute is None:
            raise self.refuse(
                "contract/no-delivery",
                "the headers of `model_observability` are secrets, and nothing delivers them to a cluster",
                path=("headers",),
                help="add the slots `secrets` and `compute`",
            )
        held = {header: self.secrets.secret(name) for header, name in self.settings.headers.items()}
        self.secrets.deliver(SECRET, held, namespace=namespace, cluster=self.compute.cluster(), scope=scope)
