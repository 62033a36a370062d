"""secrets: a store for secret values, which never pass through Terraform state or a manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct

from planform.contracts.compute import ClusterRef

__all__ = ["CopiesSecrets", "SecretRef", "Secrets"]


class SecretRef(Struct, frozen=True):
    """Where a secret is kept, never what it is.

    `id` is `projects/P/secrets/N`, or the path in another store; `version` is `latest` or a number.
    """

    id: str
    name: str
    version: str = "latest"


@runtime_checkable
class Secrets(Protocol):
    """Named secrets with their readers; the values are put in by people or rotated by jobs, outside Terraform."""

    def secret(self, name: str, *, readers: Sequence[str] = (), purpose: str = "") -> SecretRef:
        """The secret `name`, made empty on first use. `readers` are the IAM members that may read its value."""

    def deliver(
        self, name: str, secrets: Mapping[str, SecretRef], *, namespace: str, cluster: ClusterRef, scope: object
    ) -> str:
        """Keep the Kubernetes Secret `name` of a namespace as the store has it; `secrets` is its key to the secret.

        What lets the namespace read the values is made in `scope`, whose stack must come after the cluster's. Returns
        `name`. Only references reach a manifest, never a value.
        """


@runtime_checkable
class CopiesSecrets(Protocol):
    """What a store may also do: bring Secrets that an operator makes in one namespace to another one."""

    def copy(
        self, name: str, keys: Mapping[str, tuple[str, str]], *, source: str, namespace: str, scope: object
    ) -> str:
        """Keep the Kubernetes Secret `name` of a namespace as Secrets of the namespace `source` have it.

        `keys` is its key to (Secret, key) there. Whatever does so may read these Secrets of `source` and no others.
        Returns `name`.
        """
