"""One workspace as the hub's configuration has it: who may start it, and what its pod is like.

Source: KubeSpawner 7.0.0, `kubespawner_override`, whose mappings are merged and whose other values replace; GKE's
page on the Cloud Storage FUSE CSI driver, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct

from planform.contracts.notebooks import NotebookProfile
from planform.kubernetes.accelerators import QUEUE, on_accelerator, resource_of

__all__ = ["HOME", "WORKSPACE", "SlotOfPool", "Workspace"]

HOME = "/home/jovyan"
WORKSPACE = "workspace"
"""The label of a server that says which workspace it is of."""
NODE_POOL = "cloud.google.com/gke-nodepool"
ANY_CAPACITY = ("spot", "flex_start", "queued")


class SlotOfPool(Struct, frozen=True):
    """The node pool that a size is of, and how its machines are had."""

    name: str
    capacity: str


class Workspace(Struct, frozen=True, dict=True):
    """Everything that the hub must know. `files` are paths whose texts are in the ConfigMap notebooks-assistant."""

    slug: str
    name: str
    team: str
    users: tuple[str, ...]
    size: NotebookProfile
    pool: SlotOfPool | None
    service_account: str
    image: str
    storage_class: str
    disk_gib: int
    buckets: tuple[str, ...]
    idle_minutes: int
    queue: str
    variables: Mapping[str, str]
    files: tuple[str, ...]
    labels: Mapping[str, str]
    secret: str = ""

    @property
    def mounts(self) -> dict[str, str]:
        """The folder of each bucket."""
        return {bucket: f"{HOME}/buckets/{bucket}" for bucket in self.buckets}

    @cached_property
    def document(self) -> dict[str, Any]:
        """As an element of `custom.workspaces`; made once, as the values are made anew with each workspace."""
        return {
            "slug": self.slug,
            "display_name": f"{self.name} ({self.team})",
            "description": self._description(),
            "users": list(self.users),
            "home": f"home-{self.name}-{{username}}",
            "kubespawner_override": self._override(),
        }

    def _description(self) -> str:
        size = self.size
        extra = f", {size.count} {size.accelerator}" if size.accelerator else ""
        return f"{size.cpus} vCPUs, {size.memory_gib} GiB{extra}; stops after {self.idle_minutes} idle minutes"

    def _override(self) -> dict[str, Any]:
        idle = self.idle_minutes * 60
        size, placed = self.size, self._placed()
        return {
            "namespace": self.team,
            "service_account": self.service_account,
            "image": self.image,
            "args": [
                f"--ServerApp.shutdown_no_activity_timeout={idle}",
                f"--MappingKernelManager.cull_idle_timeout={idle}",
                "--MappingKernelManager.cull_interval=60",
            ],
            "cpu_guarantee": size.cpus,
            "cpu_limit": size.cpus,
            "mem_guarantee": f"{size.memory_gib}G",
            "mem_limit": f"{size.memory_gib}G",
            "extra_resource_limits": {resource_of(size.accelerator): str(size.count)} if size.accelerator else {},
            "node_selector": placed.get("nodeSelector", {}),
            "tolerations": placed.get("tolerations", []),
            "extra_labels": {
                **self.labels,
                "team": self.team,
                WORKSPACE: self.slug,
                **({QUEUE: self.queue} if self.queue else {}),
            },
            "extra_annotations": {"gke-gcsfuse/volumes": "true"} if self.buckets else {},
            "storage_class": self.storage_class,
            "storage_capacity": f"{self.disk_gib}Gi",
            "storage_extra_labels": {**self.labels, "team": self.team},
            "environment": dict(self.variables),
            "extra_container_config": {"envFrom": [{"secretRef": {"name": self.secret}}]} if self.secret else {},
            "volumes": {**self._bucket_volumes(), **self._file_volumes()},
            "volume_mounts": {**self._bucket_mounts(), **self._file_mounts()},
        }

    def _placed(self) -> dict[str, Any]:
        if self.pool is None:
            return on_accelerator(self.size.accelerator, capacities=ANY_CAPACITY)
        placed = on_accelerator(self.size.accelerator, capacities=(self.pool.capacity,))
        return {**placed, "nodeSelector": {**placed["nodeSelector"], NODE_POOL: self.pool.name}}

    def _bucket_volumes(self) -> dict[str, Any]:
        return {
            f"bucket-{index}": {
                "name": f"bucket-{index}",
                "csi": {
                    "driver": "gcsfuse.csi.storage.gke.io",
                    "volumeAttributes": {"bucketName": bucket, "mountOptions": "implicit-dirs,uid=1000,gid=100"},
                },
            }
            for index, bucket in enumerate(self.buckets)
        }

    def _bucket_mounts(self) -> dict[str, Any]:
        return {
            f"bucket-{index}": {"name": f"bucket-{index}", "mountPath": self.mounts[bucket]}
            for index, bucket in enumerate(self.buckets)
        }

    def _file_volumes(self) -> dict[str, Any]:
        if not self.files:
            return {}
        return {"assistant": {"name": "assistant", "configMap": {"name": "notebooks-assistant"}}}

    def _file_mounts(self) -> dict[str, Any]:
        return {
            f"assistant-{index}": {
                "name": "assistant",
                "mountPath": path,
                "subPath": path.rpartition("/")[2],
                "readOnly": True,
            }
            for index, path in enumerate(self.files)
        }
