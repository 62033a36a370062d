"""GKE's own copying of Secret Manager's values into Kubernetes Secrets, without an operator to run."""

from __future__ import annotations

from collections.abc import Mapping

from planform.contracts.compute import ClusterRef
from planform.contracts.secrets import SecretRef
from planform.engine import Construct
from planform.kubernetes.writer import to_yaml
from planform.planes.component import Refused
from planform.planes.security.secret_delivery import READER, SecretDelivery
from planform.spec.fault import Fault

__all__ = ["GkeSecretSync"]


class GkeSecretSync(SecretDelivery):
    """A SecretProviderClass and a SecretSync for each Kubernetes Secret.

    Source: Secret Manager's page on synchronising secrets to Kubernetes Secrets, read 2026-11: GKE 1.34 or newer,
    the provider `gke`, API secret-sync.gke.io/v1.
    """

    def _prepare(self, namespace: str, cluster: ClusterRef) -> None:
        if not cluster.secret_sync:
            raise Refused(
                Fault(
                    "contract/no-delivery",
                    f"secrets are to be copied by GKE, and the cluster {cluster.name} does not do that",
                    ("delivery",),
                    help="write `secret_sync: true` in the settings of the slot `compute`, or"
                    " `delivery: external-secrets` here",
                )
            )

    def _write(self, place: Construct, name: str, secrets: Mapping[str, SecretRef], namespace: str) -> None:
        fetched = [
            {"resourceName": f"{secret.id}/versions/{secret.version}", "path": key} for key, secret in secrets.items()
        ]
        lines = to_yaml({"secrets": fetched}).partition("\n")[2]
        self._owner.object(
            "secrets-store.csi.x-k8s.io/v1",
            "SecretProviderClass",
            name,
            namespace,
            scope=place,
            spec={"provider": "gke", "parameters": {"secrets": lines}},
        )
        copied = [{"sourcePath": key, "targetKey": key} for key in secrets]
        self._owner.object(
            "secret-sync.gke.io/v1",
            "SecretSync",
            name,
            namespace,
            scope=place,
            spec={
                "serviceAccountName": READER,
                "secretProviderClassName": name,
                "secretObject": {"type": "Opaque", "data": copied},
            },
        )
