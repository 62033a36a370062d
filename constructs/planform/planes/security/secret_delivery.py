"""How values of Secret Manager become Kubernetes Secrets: read with an identity of the namespace that wants them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

from planform.contracts.compute import ClusterRef
from planform.contracts.secrets import SecretRef
from planform.engine import Construct
from planform.planes.component import Component
from planform.planes.record_ids import record_id
from planform.terraform.google import SecretManagerSecretIamMember

__all__ = ["READER", "SecretDelivery"]

READER = "secret-reader"
"""The Kubernetes service account by which a namespace reads its secrets; no pod runs as it."""


class SecretDelivery:
    """The base of the ways: for each namespace a service account, and for it the right to read what is delivered.

    The right is a record in the scope of who asks, as the account's principal exists once the project has a cluster.
    """

    def __init__(self, owner: Component) -> None:
        self._owner = owner
        self._namespaces: set[str] = set()
        self._granted: set[tuple[str, str]] = set()

    def deliver(
        self, name: str, secrets: Mapping[str, SecretRef], *, namespace: str, cluster: ClusterRef, scope: object
    ) -> str:
        """The objects in the scope of who asks, and the right to read what they name."""
        place = self._owner.within(scope)
        if namespace not in self._namespaces:
            self._namespaces.add(namespace)
            self._owner.object("v1", "ServiceAccount", READER, namespace)
            self._prepare(namespace, cluster)
        for secret in secrets.values():
            self._grant(secret, namespace, place)
        self._write(place, name, secrets, namespace)
        return name

    @abstractmethod
    def _prepare(self, namespace: str, cluster: ClusterRef) -> None:
        """What a namespace needs once."""

    @abstractmethod
    def _write(self, place: Construct, name: str, secrets: Mapping[str, SecretRef], namespace: str) -> None:
        """The objects of one Kubernetes Secret."""

    def _grant(self, secret: SecretRef, namespace: str, place: Construct) -> None:
        if (str(secret.id), namespace) in self._granted:
            return
        self._granted.add((str(secret.id), namespace))
        environment = self._owner.environment
        short = str(secret.name).removeprefix(f"{environment.prefix}-")
        SecretManagerSecretIamMember(
            place,
            f"{record_id(short)}_reader_{record_id(namespace)}",
            project=str(secret.id).split("/")[1],
            secret_id=secret.id,
            role="roles/secretmanager.secretAccessor",
            member=environment.kubernetes_principal(namespace, READER),
        )
