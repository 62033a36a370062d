"""What every component that runs in the cluster does alike: a namespace, a service account, charts and objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from planform.contracts.compute import Compute
from planform.contracts.gitops import GitOps
from planform.contracts.identity import Identities, Identity
from planform.contracts.network_policy import NetworkPolicies
from planform.contracts.policy import Policies
from planform.contracts.secrets import SecretRef, Secrets
from planform.kubernetes.record import HelmRelease
from planform.planes.component import Component

__all__ = ["ClusterComponent"]


class ClusterComponent(Component):
    """The base of components whose software runs in the cluster; a subclass may need more, and adds it.

    A namespace is either an `operator_namespace`, which acts on the whole cluster and which no network policy closes
    and no policy checks, or an `application_namespace`, closed but for what is asked for.
    """

    compute: Compute
    identity: Identities | None
    gitops: GitOps
    network_policy: NetworkPolicies | None
    policy: Policies | None
    secrets: Secrets | None

    @property
    def replicas(self) -> int:
        """Two in production, so that one may go; else one."""
        return 2 if self.environment.production else 1

    def operator_namespace(self, name: str) -> str:
        """The namespace of an operator."""
        self.gitops.namespace(name)
        if self.network_policy is not None:
            self.network_policy.exempt(name)
        if self.policy is not None:
            self.policy.exempt(name)
        return name

    def application_namespace(
        self,
        name: str,
        *,
        hosts: Sequence[str] = (),
        cidrs: Sequence[str] = (),
        ports: Sequence[int] = (443,),
        open_to: Mapping[str, Sequence[int]] | None = None,
    ) -> str:
        """The namespace of an application: its pods reach each other, Google's APIs, `hosts` and `cidrs` at `ports`.

        `open_to` is other namespace to the ports that its pods may reach here.
        """
        self.gitops.namespace(name)
        if self.network_policy is not None:
            self.network_policy.isolate(name, scope=self)
            if hosts or cidrs:
                self.network_policy.allow_egress(
                    name, self.name, scope=self, pods={}, hosts=hosts, cidrs=cidrs, ports=ports
                )
            for other, reached in (open_to or {}).items():
                self.network_policy.allow_ingress(
                    name, f"from-{other}", scope=self, pods={}, namespaces=[other], ports=reached
                )
        return name

    def service_account(self, namespace: str, name: str, identity: Identity | None = None, *, make: bool = True) -> str:
        """The Kubernetes service account, which acts as `identity`; with `make` off, a chart makes the object."""
        if make:
            annotations = {"iam.gke.io/gcp-service-account": identity.email} if identity else None
            self.object("v1", "ServiceAccount", name, namespace, annotations=annotations)
        if identity is not None and self.identity is not None:
            self.identity.bind_kubernetes(
                identity,
                namespace=namespace,
                service_account=name,
                workload_pool=self.compute.cluster().workload_pool,
                scope=self,
            )
        return name

    def secret(self, name: str, keys: Mapping[str, str], namespace: str) -> dict[str, SecretRef]:
        """The Kubernetes Secret `name` in a namespace: its keys to what each is for, kept in the platform's store.

        Each key is a secret `<name>-<key>` of the store, which a person or a job fills. Returns them by key.
        """
        if self.secrets is None:
            raise self.refuse(
                "contract/no-delivery",
                f"`{self.name}` needs the secret `{name}`, and the environment has no store for it",
                help="add the slot `secrets`",
            )
        held = {key: self.secrets.secret(f"{name}-{key}", purpose=purpose) for key, purpose in keys.items()}
        self.secrets.deliver(name, held, namespace=namespace, cluster=self.compute.cluster(), scope=self)
        return held

    def chart(self, chart: str, namespace: str, values: Mapping[str, Any], *, release: str = "") -> HelmRelease:
        """A chart of the lock file, installed under its own name or another."""
        return HelmRelease(self, release or chart, chart=chart, namespace=namespace, values=values)
