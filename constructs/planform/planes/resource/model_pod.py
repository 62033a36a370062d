"""The pod of a served model: where it runs, what it may use, and its model's folder mounted from the bucket.

Source: GKE's page on the Cloud Storage FUSE CSI driver, whose volumes init containers can mount from GKE 1.29 on, and
the attributes of its volumes; Kubernetes' page on the restricted profile of pods. Read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Struct
from pydantic import Field

from planform.engine import Construct
from planform.kubernetes.accelerators import on_accelerator, resource_of
from planform.planes.resource.model_gateway import GatewaySettings
from planform.spec.settings import Settings
from planform.spec.units import Gib

__all__ = ["PRIORITY", "AskedModel", "ServingSettings", "mounted", "pod"]

PRIORITY = "model-serving"
DRIVER = "gcsfuse.csi.storage.gke.io"
USER = 1000
CARDS = "/cards"
PROOF = """\
import json, sys

card, scan = (json.load(open(path, encoding="utf-8")) for path in sys.argv[1:])
if not card:
    sys.exit("the card of this version is empty")
if scan["verdict"] != "passed":
    sys.exit("the scan of this version did not pass")
"""
"""Ends with 0 for a version that has a card and a verdict that passed, and with nothing else for any other."""
_CONFINED: Mapping[str, Any] = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


class ServingSettings(Settings):
    """Settings that servers of models share."""

    cpus: Annotated[int, Field(ge=1, le=200)] = Field(
        default=2, description="vCPUs that each server asks for. Default: 2."
    )
    memory_gib: Gib = Field(default=12, description="Memory of each server. Default: 12 GiB.")
    cache_gib: Gib = Field(
        default=40, description="Disk of the node that holds a model's files once they were read. Default: 40 GiB."
    )
    waiting_requests: Annotated[int, Field(ge=1)] = Field(
        default=8, description="Requests that may wait for each server before another is added. Default: 8."
    )
    interruptible: bool = Field(
        default=False,
        description="Whether models may also run on nodes that Google takes away, as Spot. Default: off.",
    )
    gateway: GatewaySettings | None = Field(
        default=None,
        description="Gateway that leads to endpoints. Default: none; they are Services, and a canary gets its share of"
        " requests by its share of servers.",
    )


class AskedModel(Struct, frozen=True):
    """One endpoint as it was asked for, and the place that its objects are made in.

    `cards` are the bucket and the folder of the model's cards, where its servers ask for them.
    """

    name: str
    namespace: str
    place: Construct
    bucket: str
    folder: str
    accelerator: str
    count: int
    min_replicas: int
    max_replicas: int
    service_account: str
    team: str
    track: str = "stable"
    cards: tuple[str, str] | None = None

    @property
    def version(self) -> str:
        """The last part of its folder."""
        return self.folder.rpartition("/")[2]

    @property
    def object_name(self) -> str:
        """The name of its Deployment."""
        return self.name if self.track == "stable" else f"{self.name}-{self.track}"

    @property
    def host(self) -> str:
        """The name of its Service in the cluster."""
        return f"{self.name}.{self.namespace}.svc"


def mounted(settings: ServingSettings) -> dict[str, str]:
    """How the sidecar that mounts the bucket is sized: it may use what the node has."""
    return {
        "gke-gcsfuse/volumes": "true",
        "gke-gcsfuse/cpu-limit": "0",
        "gke-gcsfuse/memory-limit": "0",
        "gke-gcsfuse/ephemeral-storage-limit": f"{settings.cache_gib + 5}Gi",
    }


def pod(
    asked: AskedModel,
    settings: ServingSettings,
    server: Mapping[str, Any],
    *,
    selector: Mapping[str, str],
    capacities: tuple[str, ...],
) -> dict[str, Any]:
    """The spec of a pod: nobody's root, nothing written but scratch, the model read-only."""
    spread = {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": dict(selector)},
    }
    return {
        "serviceAccountName": asked.service_account,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "priorityClassName": PRIORITY,
        "terminationGracePeriodSeconds": 90,
        **on_accelerator(asked.accelerator, capacities=capacities),
        "topologySpreadConstraints": [spread],
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "initContainers": [_proof(asked, server)] if asked.cards is not None else None,
        "containers": [_container(asked, settings, server)],
        "volumes": [
            _model_volume(asked, settings),
            *([_volume("cards", *asked.cards)] if asked.cards is not None else []),
            {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "2Gi"}},
            {"name": "tmp", "emptyDir": {"sizeLimit": "8Gi"}},
        ],
    }


def _model_volume(asked: AskedModel, settings: ServingSettings) -> dict[str, Any]:
    cached = {
        "fileCacheCapacity": f"{settings.cache_gib}Gi",
        "fileCacheForRangeRead": "true",
        "metadataCacheTTLSeconds": "-1",
    }
    return _volume("model", asked.bucket, asked.folder, cached)


def _volume(name: str, bucket: str, folder: str, more: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A folder of a bucket, read-only."""
    options = f"implicit-dirs,only-dir={folder},uid={USER},gid={USER}"
    attributes = {"bucketName": bucket, "mountOptions": options, **(more or {})}
    return {"name": name, "csi": {"driver": DRIVER, "readOnly": True, "volumeAttributes": attributes}}


def _proof(asked: AskedModel, server: Mapping[str, Any]) -> dict[str, Any]:
    """What ends before the server starts, or keeps it from starting; in the server's image, which is there anyway."""
    files = [f"{CARDS}/{asked.version}.json", f"{CARDS}/{asked.version}.scan.json"]
    return {
        "name": "proof",
        "image": server["image"],
        "command": ["python3", "-c", PROOF, *files],
        "resources": {
            "requests": {"cpu": "100m", "memory": "128Mi", "ephemeral-storage": "100Mi"},
            "limits": {"memory": "128Mi", "ephemeral-storage": "100Mi"},
        },
        "securityContext": _CONFINED,
        "volumeMounts": [{"name": "cards", "mountPath": CARDS, "readOnly": True}],
    }


def _container(asked: AskedModel, settings: ServingSettings, server: Mapping[str, Any]) -> dict[str, Any]:
    memory = f"{settings.memory_gib}Gi"
    gpus = {resource_of(asked.accelerator): str(asked.count)} if asked.accelerator else {}
    return {
        **server,
        "resources": {
            "requests": {
                "cpu": str(settings.cpus),
                "memory": memory,
                "ephemeral-storage": "10Gi",
                **gpus,
            },
            "limits": {"memory": memory, "ephemeral-storage": "10Gi", **gpus},
        },
        "securityContext": _CONFINED,
        "volumeMounts": [
            {"name": "model", "mountPath": f"/models/{asked.name}", "readOnly": True},
            {"name": "shm", "mountPath": "/dev/shm"},
            {"name": "tmp", "mountPath": "/tmp"},
        ],
    }
