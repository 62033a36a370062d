"""gke-autopilot: a GKE cluster whose nodes come and go with the pods."""

from __future__ import annotations

from typing import Any

from planform.contracts.compute import AcceleratorPool
from planform.planes.resource.cluster import NODE_SCOPES, Cluster, ClusterSettings

__all__ = ["GkeAutopilot", "GkeAutopilotSettings"]


class GkeAutopilotSettings(ClusterSettings):
    """Settings of `gke-autopilot`; machines and accelerators are asked for by pods, not set here."""


class GkeAutopilot(Cluster):
    """GKE Autopilot: a regional private cluster where Google runs the nodes and pods are charged, not machines.

    Accelerators come by what a pod asks for (`cloud.google.com/gke-accelerator`) or by a compute class; there are no
    node pools. Security and access are those of `gke`.

    Provides: Compute; `accelerator_pools()` is empty.
    Requires: Services; Networking, whose subnetwork has ranges for pods and services; Identities; Keys, if it is
    there, for Kubernetes secrets, boot disks, backups and event topics.
    Emits: google_container_cluster, google_binary_authorization_policy, in production google_gke_backup_backup_plan,
    on request google_pubsub_topic.
    Errors: those of cluster.py and cluster_maintenance.py.
    Source: provider page of google_container_cluster 7.45.0, whose conflicts with enable_autopilot were tried.
    """

    name = "gke-autopilot"
    Settings = GkeAutopilotSettings
    settings: GkeAutopilotSettings

    def accelerator_pools(self) -> tuple[AcceleratorPool, ...]:
        """None: nodes with accelerators are made for the pods that ask for them."""
        return ()

    def _own(self) -> dict[str, Any]:
        defaults: dict[str, Any] = {
            "service_account": self.node_account.email,
            "oauth_scopes": NODE_SCOPES,
        }
        key = self._boot_disk_key()
        if key is not None:
            defaults["boot_disk_kms_key"] = key.id
        return {
            "enable_autopilot": True,
            "cluster_autoscaling": [{"auto_provisioning_defaults": [defaults]}],
        }
