"""HashiCorp Vault, or OpenBao, that somebody runs: secrets in it, and who may read them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from pydantic import Field

from planform.contracts.compute import ClusterRef
from planform.contracts.secrets import SecretRef
from planform.files import File
from planform.planes.security.external_secrets import API, STORE, external_secret
from planform.planes.security.secret_delivery import READER
from planform.planes.security.secrets_in_cluster import SecretsInCluster
from planform.spec.settings import Settings

__all__ = ["Vault", "VaultSettings"]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,199}")
AUDIENCE = "vault"


class VaultSettings(Settings):
    """Which Vault, and where in it."""

    address: str = Field(
        pattern=r"^https://[a-z0-9.-]+(:[0-9]{2,5})?$",
        description="Address of the server, which the cluster must reach.",
        examples=["https://vault.acme.example:8200"],
    )
    vault_namespace: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$",
        description="Namespace in Vault Enterprise or HCP Vault. Default: none.",
        examples=["admin/ml"],
    )
    mount: str = Field(
        default="kv",
        pattern=r"^[a-z][a-z0-9-]*$",
        description="Path of the key-value engine, version 2, that holds the secrets. Default: kv.",
    )
    kubernetes_auth: str | None = Field(
        default=None,
        pattern=r"^[a-z][a-z0-9-]*$",
        description="Path of the authentication method by which the cluster's service accounts sign in."
        " Default: kubernetes-<platform>-<environment>.",
    )


class Vault(SecretsInCluster):
    """Secrets in a Vault server of the organisation; the cluster signs in with its service accounts' own tokens.

    A secret has the path `<mount>/<platform>-<environment>/<name>` and its value in the field `value`. Vault's own
    settings are code too: `setup.sh` enables the engine and the sign-in, and writes a policy and a role for each
    namespace that secrets are delivered to.
    What a person does: run the server; run setup.sh with an administrator's token, again whenever it changes; put
    values in with `vault kv put`. Readers outside the cluster are IAM members of Google, who need Vault's method `gcp`
    and a policy of their own: setup.sh lists them.

    Provides: Secrets and CopiesSecrets; `id` is the secret's path in the engine.
    Requires: GitOps, NetworkPolicies and Policies, optional: with them, secrets reach the cluster.
    Emits: the files policy-<namespace>.hcl and setup.sh; the Helm release external-secrets, SecretStore and
    ExternalSecret objects; no Terraform.
    Errors: contract/bad-name, contract/no-delivery.
    Source: Vault's pages on the key-value engine, version 2, and on Kubernetes authentication; External Secrets 2.9.0,
    provider vault; read 2026-11.
    """

    name = "vault"
    files_only = True
    Settings = VaultSettings
    settings: VaultSettings

    def build(self) -> None:
        super().build()
        self._readers: dict[str, set[str]] = {}
        self._policies: dict[str, File] = {}
        self._paths: dict[str, set[str]] = {}
        self._setup = File(self, "setup.sh", self._script())

    def secret(self, name: str, *, readers: Sequence[str] = (), purpose: str = "") -> SecretRef:
        """The secret's path; nothing is made, as an empty secret is none in Vault."""
        if not NAME.fullmatch(name):
            raise self.refuse(
                "contract/bad-name",
                f"`{name}` cannot be the name of a secret",
                help="use letters, digits, underscores and hyphens, at most 200",
            )
        self._readers.setdefault(name, set()).update(readers)
        self._setup.write(self._script())
        return SecretRef(id=f"{self.environment.prefix}/{name}", name=name)

    def _delivery(self, install: Callable[[], None]) -> Callable[..., str]:
        return partial(self._deliver, install)

    def _deliver(
        self,
        install: Callable[[], None],
        name: str,
        secrets: Mapping[str, SecretRef],
        *,
        namespace: str,
        cluster: ClusterRef,
        scope: object,
    ) -> str:
        install()
        if namespace not in self._paths:
            self._store(namespace)
        self._paths[namespace] |= {str(secret.id) for secret in secrets.values()}
        self._policies[namespace].write(self._policy(namespace))
        self._setup.write(self._script())
        remote = {key: {"key": str(secret.id), "property": "value"} for key, secret in secrets.items()}
        self.object(API, "ExternalSecret", name, namespace, scope=scope, spec=external_secret(name, remote))
        return name

    @property
    def _auth(self) -> str:
        return self.settings.kubernetes_auth or f"kubernetes-{self.environment.prefix}"

    def _store(self, namespace: str) -> None:
        self._paths[namespace] = set()
        self._policies[namespace] = File(self, f"policy-{namespace}.hcl", "")
        self.object("v1", "ServiceAccount", READER, namespace)
        account = {"name": READER, "audiences": [AUDIENCE]}
        auth = {"mountPath": self._auth, "role": self._role(namespace), "serviceAccountRef": account}
        provider = {
            "server": self.settings.address,
            "namespace": self.settings.vault_namespace,
            "path": self.settings.mount,
            "version": "v2",
            "auth": {"kubernetes": auth},
        }
        self.object(API, "SecretStore", STORE, namespace, spec={"provider": {"vault": provider}})

    def _role(self, namespace: str) -> str:
        return f"{self.environment.prefix}-{namespace}"

    def _policy(self, namespace: str) -> str:
        rule = 'path "{}/data/{}" {{\n  capabilities = ["read"]\n}}\n'
        return "\n".join(rule.format(self.settings.mount, path) for path in sorted(self._paths[namespace]))

    def _script(self) -> str:
        settings = self.settings
        lines = [
            "#!/bin/sh",
            "# What this environment needs in Vault; safe to run again.",
            "# Needs VAULT_TOKEN, KUBERNETES_HOST (the API server's address) and KUBERNETES_CA (a file with its CA).",
            "set -eu",
            'cd "$(dirname "$0")"',
            f"export VAULT_ADDR={settings.address}",
            *([f"export VAULT_NAMESPACE={settings.vault_namespace}"] if settings.vault_namespace else []),
            f"vault secrets list | grep -q '^{settings.mount}/' || vault secrets enable -path={settings.mount} kv-v2",
            f"vault auth list | grep -q '^{self._auth}/' || vault auth enable -path={self._auth} kubernetes",
            f'vault write auth/{self._auth}/config kubernetes_host="$KUBERNETES_HOST"'
            ' kubernetes_ca_cert=@"$KUBERNETES_CA"',
        ]
        for namespace in sorted(self._paths):
            role = self._role(namespace)
            lines.append(f"vault policy write {role} policy-{namespace}.hcl")
            lines.append(
                f"vault write auth/{self._auth}/role/{role} bound_service_account_names={READER}"
                f" bound_service_account_namespaces={namespace} audience={AUDIENCE} policies={role} ttl=1h"
            )
        for name, readers in sorted(self._readers.items()):
            lines.append(f"# {settings.mount}/{self.environment.prefix}/{name}: vault kv put -mount={settings.mount}"
                         f" {self.environment.prefix}/{name} value=-")  # fmt: skip
            lines += [f"#   read by {reader}" for reader in sorted(readers)]
        return "\n".join(lines) + "\n"
