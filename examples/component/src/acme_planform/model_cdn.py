"""model-cdn: models for devices at the edge, in a plane and a capability that planform itself does not have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from pydantic import Field

from planform.contracts.object_store import ObjectStore
from planform.contracts.services import Services
from planform.planes.component import Component
from planform.planes.record_ids import record_id
from planform.spec.settings import Settings
from planform.terraform.google import ComputeBackendBucket

__all__ = ["EdgeDelivery", "ModelCdn", "ModelCdnSettings", "ReleaseRef"]


@dataclass(frozen=True, slots=True)
class ReleaseRef:
    """Where a release of a model is put for devices to fetch: `folder` is `gs://...`."""

    folder: str


@runtime_checkable
class EdgeDelivery(Protocol):
    """The contract of the capability `edge_delivery`, Acme's own."""

    def release(self, model: str) -> ReleaseRef:
        """Where the releases of a model go."""


class ModelCdnSettings(Settings):
    """Settings of `model-cdn`."""

    cache_hours: int = Field(default=24, ge=1, le=8760, description="Hours that a release is cached. Default: 24.")


class ModelCdn(Component):
    """A bucket of the platform behind Cloud CDN, which devices fetch models from by signed URLs.

    Provides: EdgeDelivery.
    Requires: ObjectStore, Services.
    Emits: google_compute_backend_bucket; the bucket is asked of the object store.
    Source: provider page of google_compute_backend_bucket 7.45.0; names have at most 63 characters.
    """

    name = "model-cdn"
    capability = "edge_delivery"
    provides = EdgeDelivery
    apis = ("compute.googleapis.com",)
    Settings = ModelCdnSettings
    settings: ModelCdnSettings
    services: Services
    object_store: ObjectStore

    def build(self) -> None:
        self._bucket = self.object_store.bucket("edge-models")
        seconds = self.settings.cache_hours * 3600
        ComputeBackendBucket(
            self,
            record_id("edge-models"),
            name=f"{self.environment.prefix}-edge-models",
            project=self.environment.project,
            bucket_name=self._bucket.name,
            enable_cdn=True,
            cdn_policy=[{"cache_mode": "FORCE_CACHE_ALL", "default_ttl": seconds, "client_ttl": seconds}],
        )

    def release(self, model: str) -> ReleaseRef:
        """A folder of the bucket."""
        return ReleaseRef(f"{self._bucket.uri}/{model}")
