"""Secrets that the organisation already has in Secret Manager."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

from pydantic import Field, StringConstraints

from planform.contracts.secrets import SecretRef
from planform.planes.security.external_secrets import ExternalSecrets
from planform.planes.security.secrets_in_cluster import SecretsInCluster
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


class ExistingSecrets(SecretsInCluster):
    """Secrets made and filled by the organisation.

    Provides: Secrets and CopiesSecrets.
    Requires: GitOps, NetworkPolicies and Policies, optional: with them, secrets reach the cluster.
    Emits: nothing for who reads outside the cluster: whoever owns a secret grants them
    roles/secretmanager.secretAccessor on it, and the error for a secret that is not named lists them. For what is
    delivered: google_secret_manager_secret_iam_member for the namespace's reader, the Helm release external-secrets,
    SecretStore and ExternalSecret objects.
    Errors: contract/no-delivery, contract/unknown-secret.
    Source: Secret Manager, access control with IAM.
    """

    name = "existing"
    Settings = ExistingSecretsSettings
    settings: ExistingSecretsSettings

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

    def _delivery(self, install: Callable[[], None]) -> Callable[..., str]:
        return ExternalSecrets(self, install).deliver
