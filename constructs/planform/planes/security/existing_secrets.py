"""Secrets that the organisation already has in Secret Manager."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field, StringConstraints

from planform.contracts.compute import ClusterRef
from planform.contracts.gitops import GitOps
from planform.contracts.network_policy import NetworkPolicies
from planform.contracts.policy import Policies
from planform.contracts.secrets import SecretRef, Secrets
from planform.planes.component import Component
from planform.planes.security.external_secrets import ExternalSecrets, operator
from planform.planes.security.secret_copies import SecretCopies
from planform.spec.settings import Settings

__all__ = ["ExistingSecret", "ExistingSecrets", "ExistingSecretsSettings"]

SecretId = Annotated[
    str,
    StringConstraints(pattern=r"^projects/[a-z0-9][a-z0-9-]{4,28}[a-z0-9]/secrets/[A-Za-z0-9_-]{1,255}$"),
    Field(examples=["projects/acme-secrets/secrets/honeycomb-api-key"]),
]
SecretName = Annotated[str, StringConstraints(pattern=r"^[a-z]([a-z0-9-]*[a-z0-9])?$", max_length=100)]


class ExistingSecret(Settings):
    """Where a secret is, and which of its versions to use."""

    id: SecretId = Field(description="Resource name of the secret, `projects/PROJECT/secrets/NAME`.")
    version: str = Field(
        default="latest",
        pattern=r"^(latest|[1-9][0-9]*)$",
        description="Version to use: `latest` or a number, quoted. Default: latest.",
    )


class ExistingSecretsSettings(Settings):
    """Which secrets there are."""

    secrets: dict[SecretName, SecretId | ExistingSecret] = Field(
        default_factory=dict,
        description="Name that components ask for to the secret's id, or to a mapping with `id` and `version`."
        " Default: none, so asking for a secret is an error that names it.",
    )


class ExistingSecrets(Component):
    """Secrets made and filled by the organisation.

    Provides: Secrets and CopiesSecrets.
    Requires: nothing.
    Emits: nothing. Whoever owns a secret grants roles/secretmanager.secretAccessor on it to those who read it; the
    error for a secret that is not named lists them.
    Errors: contract/unknown-secret.
    Source: Secret Manager, access control with IAM.
    """

    name = "existing"
    capability = "secrets"
    provides = Secrets
    Settings = ExistingSecretsSettings
    settings: ExistingSecretsSettings
    gitops: GitOps | None
    network_policy: NetworkPolicies | None
    policy: Policies | None

    def build(self) -> None:
        self._in_cluster: ExternalSecrets | None = None
        self._copies: SecretCopies | None = None
        if self.gitops is not None:
            install = operator(self, self.gitops, self.network_policy, self.policy)
            self._in_cluster, self._copies = ExternalSecrets(self, install), SecretCopies(self, install)

    def secret(self, name: str, *, readers: Sequence[str] = (), purpose: str = "") -> SecretRef:
        """The named secret."""
        given = self.settings.secrets.get(name)
        if given is None:
            raise self.refuse(
                "contract/unknown-secret",
                f"`secrets` names no secret `{name}`" + (f", {purpose}" if purpose else ""),
                help=f"under `secrets` of the slot `secrets` add `{name}:` with the id of a secret"
                + (f" that {', '.join(readers)} may read" if readers else ""),
            )
        secret = given if isinstance(given, ExistingSecret) else ExistingSecret(id=given)
        return SecretRef(id=secret.id, name=secret.id.rpartition("/")[2], version=secret.version)

    def deliver(
        self, name: str, secrets: Mapping[str, SecretRef], *, namespace: str, cluster: ClusterRef, scope: object
    ) -> str:
        """A Kubernetes Secret, by External Secrets."""
        if self._in_cluster is None:
            raise self.refuse(
                "contract/no-delivery",
                f"the secret `{name}` is wanted in the cluster, and nothing delivers objects to it",
                help="add the slot `gitops`",
            )
        return self._in_cluster.deliver(name, secrets, namespace=namespace, cluster=cluster, scope=scope)

    def copy(
        self, name: str, keys: Mapping[str, tuple[str, str]], *, source: str, namespace: str, scope: object
    ) -> str:
        """A Kubernetes Secret as an operator made it in another namespace, by External Secrets."""
        if self._copies is None:
            raise self.refuse(
                "contract/no-delivery",
                f"the secret `{name}` is wanted in namespace `{namespace}`, and nothing delivers objects to it",
                help="add the slot `gitops`",
            )
        return self._copies.copy(name, keys, source=source, namespace=namespace, scope=scope)
