"""Secrets in Secret Manager: the containers and their readers, never a value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from planform.contracts.keys import KeyRef, Keys
from planform.contracts.secrets import SecretRef
from planform.contracts.services import Services
from planform.diagnostics import Location
from planform.planes.record_ids import principal_id, record_id
from planform.planes.security.external_secrets import ExternalSecrets
from planform.planes.security.gke_secret_sync import GkeSecretSync
from planform.planes.security.secrets_in_cluster import SecretsInCluster
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import Days, KebabName, Principal
from planform.terraform.expression import Known
from planform.terraform.google import SecretManagerSecret, SecretManagerSecretIamMember
from planform.terraform.record import Lifecycle

__all__ = ["SecretManager", "SecretManagerSettings", "SecretSettings"]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
NAME_LENGTH = 255
READER = "roles/secretmanager.secretAccessor"


class SecretSettings(Settings):
    """A secret that people need and no component asks for."""

    purpose: str = Field(
        default="", max_length=200, description="What it is for; written on the secret. Default: none."
    )
    readers: tuple[Principal, ...] = Field(
        default=(), description="Who may read the value. Default: nobody but those that components grant it to."
    )


class SecretManagerSettings(Settings):
    """Where secrets are kept, and which there are besides those that components ask for."""

    replication: Literal["regional", "automatic"] = Field(
        default="regional",
        description="`regional` keeps values in the environment's region alone, `automatic` where Google decides;"
        " it can never change for a secret. With a keys slot both are encrypted with a customer key, in the region or"
        " in `global`. Default: regional.",
    )
    destroy_after_days: Annotated[Days, Field(le=1000)] = Field(
        default=7,
        description="Days for which a destroyed version can still be restored, 1 to 1000. Default: 7.",
    )
    delivery: Literal["external-secrets", "gke"] = Field(
        default="external-secrets",
        description="What brings secrets into the cluster: the External Secrets operator, or GKE itself, for which the"
        " cluster needs `secret_sync`. Default: external-secrets.",
    )
    secrets: dict[KebabName, SecretSettings] = Field(
        default_factory=dict,
        description="Secrets by name, for API keys of third parties and the like. Default: none.",
        examples=[{"honeycomb-api-key": {"readers": ["group:sre@acme.example"]}}],
    )


class SecretManager(SecretsInCluster):
    """Secret Manager: a secret for each name that is asked for, empty until somebody puts a value in.

    Provides: Secrets and CopiesSecrets; values never pass through Terraform: `gcloud secrets versions add` or a
    rotation job adds them.
    Requires: Services; Keys, optional: with it, every secret is encrypted with a customer key. GitOps, NetworkPolicies
    and Policies, optional: with them, secrets reach the cluster.
    Emits: google_secret_manager_secret, google_secret_manager_secret_iam_member for each reader. In production a
    secret cannot be destroyed. For what is delivered: the Helm release external-secrets, SecretStore and
    ExternalSecret objects, or SecretProviderClass and SecretSync objects.
    Errors: contract/bad-name, contract/no-delivery, spec/name-too-long.
    Source: Secret Manager, secret ids have 1 to 255 letters, digits, underscores and hyphens; customer keys of
    automatic replication are in `global`, of user-managed replication in each region of a replica.
    """

    name = "secret-manager"
    apis = ("secretmanager.googleapis.com",)
    Settings = SecretManagerSettings
    settings: SecretManagerSettings
    services: Services
    keys: Keys | None

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        for name in settings.secrets:
            if len(f"{environment.prefix}-{name}") > NAME_LENGTH:
                yield Fault(
                    "spec/name-too-long",
                    f"`{environment.prefix}-{name}` has more than {NAME_LENGTH} characters",
                    ("secrets", name),
                    help="shorten the name of the secret, the platform or the environment",
                    of_key=True,
                )

    def build(self) -> None:
        super().build()
        self._secrets: dict[str, SecretManagerSecret] = {}
        self._grants: dict[tuple[str, str], SecretManagerSecretIamMember] = {}
        for name, settings in self.settings.secrets.items():
            self._ask(name, settings.readers, settings.purpose, self.at("secrets", name))

    def secret(self, name: str, *, readers: Sequence[str] = (), purpose: str = "") -> SecretRef:
        """The secret `name`, made empty; its cloud name starts with the environment's prefix."""
        if not NAME.fullmatch(name) or len(f"{self.environment.prefix}-{name}") > NAME_LENGTH:
            raise self.refuse(
                "contract/bad-name",
                f"`{name}` cannot be the name of a secret",
                help="use letters, digits, underscores and hyphens, at most 255 with the environment's prefix",
            )
        return self._ask(name, readers, purpose, self.origin)

    def _delivery(self, install: Callable[[], None]) -> Callable[..., str]:
        way = GkeSecretSync(self) if self.settings.delivery == "gke" else ExternalSecrets(self, install)
        return way.deliver

    def _ask(self, name: str, readers: Sequence[str], purpose: str, origin: Location | None) -> SecretRef:
        cloud_name = f"{self.environment.prefix}-{name}"
        secret = self._secrets.get(name) or self._make(name, cloud_name, purpose, origin)
        for reader in readers:
            self._grant(name, secret, reader, origin)
        return SecretRef(
            id=Known(f"projects/{self.environment.project}/secrets/{cloud_name}", secret.id),
            name=Known(cloud_name, secret.secret_id),
        )

    def _make(self, name: str, cloud_name: str, purpose: str, origin: Location | None) -> SecretManagerSecret:
        production = self.environment.production
        secret = SecretManagerSecret(
            self,
            record_id(name),
            project=self.environment.project,
            secret_id=cloud_name,
            replication=[self._replication()],
            annotations={"purpose": purpose} if purpose else None,
            labels=self.labels,
            version_destroy_ttl=f"{self.settings.destroy_after_days * 86400}s",
            deletion_protection=production,
            lifecycle=Lifecycle(prevent_destroy=True) if production else None,
            origin=origin,
        )
        self._secrets[name] = secret
        return secret

    def _replication(self) -> dict[str, Any]:
        region = self.environment.region
        if self.settings.replication == "regional":
            encryption = self._encryption(region)
            return {"user_managed": [{"replicas": [{"location": region, **encryption}]}]}
        return {"auto": [self._encryption("global")]}

    def _encryption(self, location: str) -> dict[str, Any]:
        if self.keys is None:
            return {}
        agent = self.environment.service_agent("gcp-sa-secretmanager")
        key: KeyRef = self.keys.key("secrets", users=[agent], location=location)
        return {"customer_managed_encryption": [{"kms_key_name": key.id}]}

    def _grant(self, name: str, secret: SecretManagerSecret, reader: str, origin: Location | None) -> None:
        if (name, reader) not in self._grants:
            self._grants[name, reader] = SecretManagerSecretIamMember(
                self,
                f"{record_id(name)}_reader_{principal_id(reader, self.environment)}",
                project=self.environment.project,
                secret_id=secret.id,
                role=READER,
                member=reader,
                origin=origin,
            )
