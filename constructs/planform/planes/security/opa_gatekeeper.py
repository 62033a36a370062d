"""OPA Gatekeeper, from its own chart."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from planform.contracts.gitops import GitOps
from planform.contracts.network_policy import NetworkPolicies
from planform.contracts.policy import Policies
from planform.kubernetes.record import HelmRelease, KubernetesObject
from planform.planes.component import Component
from planform.planes.security.admission_rules import AdmissionRules, EnforcedPolicySettings
from planform.planes.security.unchecked_namespaces import UNCHECKED

__all__ = ["OpaGatekeeper", "OpaGatekeeperSettings"]

NAMESPACE = "gatekeeper-system"
IGNORE = "admission.gatekeeper.sh/ignore"
_REFERRED = (("", "Namespace"), ("networking.k8s.io", "NetworkPolicy"))


class OpaGatekeeperSettings(EnforcedPolicySettings):
    """Settings of `opa-gatekeeper`."""

    on_failure: Literal["fail", "ignore"] | None = Field(
        default=None,
        description="What happens to a change while Gatekeeper cannot be reached: `fail` refuses it, `ignore` lets it"
        " through. Default: fail in production, else ignore.",
    )
    mutation: bool = Field(default=True, description="Whether mutators may fill in fields. Default: on.")
    replicas: int | None = Field(
        default=None, ge=1, le=9, description="Admission pods. Default: 3 in production, else 1."
    )


class OpaGatekeeper(Component):
    """Gatekeeper in the cluster: policies in Rego or CEL judge what is admitted, and what is there already.

    planform's own rules about objects are among them, from the Rego that judges the blueprint. Constraint templates
    and constraints of others are objects of whoever has a policy; they are delivered after the chart, and
    each constraint is tried again until its template has made its kind. Namespaces and network policies are known to
    policies that compare objects. Do not use it beside Policy Controller, which is the same software.

    Provides: Policies.
    Requires: GitOps; NetworkPolicies, if it is there, which leaves the namespace gatekeeper-system alone.
    Emits: the Helm release gatekeeper, its Config object, a template and a constraint for each rule; the
    namespace is asked of GitOps.
    Errors: none of its own.
    Source: values of the chart gatekeeper 3.23.0, read 2026-11-21.
    """

    name = "opa-gatekeeper"
    capability = "policy"
    provides = Policies
    files_only = True
    Settings = OpaGatekeeperSettings
    settings: OpaGatekeeperSettings
    gitops: GitOps
    network_policy: NetworkPolicies | None

    def build(self) -> None:
        self._exempt = {*UNCHECKED, self.gitops.home(), *self.settings.exempt}
        self.gitops.namespace(NAMESPACE, labels={IGNORE: "no-self-managing"})
        if self.network_policy is not None:
            self.network_policy.exempt(NAMESPACE)
        self._release = HelmRelease(self, "gatekeeper", chart="gatekeeper", namespace=NAMESPACE, values=self._values())
        self._config = KubernetesObject(
            self,
            "config.gatekeeper.sh/v1alpha1",
            "Config",
            "config",
            namespace=NAMESPACE,
            labels=self.labels,
            spec=self._spec(),
        )
        self._rules = AdmissionRules(self, self.settings.enforcement, self._exempt)

    def exempt(self, namespace: str) -> None:
        """Let a namespace through."""
        self._exempt.add(namespace)
        self._release.values = self._values()
        self._config.body["spec"] = self._spec()
        self._rules.exempt(self._exempt)

    def exempted(self) -> tuple[str, ...]:
        """The namespaces that are let through, sorted."""
        return tuple(sorted(self._exempt))

    def _values(self) -> dict[str, Any]:
        settings, production = self.settings, self.environment.production
        on_failure = settings.on_failure or ("fail" if production else "ignore")
        return {
            "replicas": settings.replicas or (3 if production else 1),
            "auditInterval": settings.audit_interval_seconds,
            "constraintViolationsLimit": settings.violations_limit,
            "auditFromCache": False,
            "disableMutation": not settings.mutation,
            "validatingWebhookFailurePolicy": on_failure.capitalize(),
            "validatingWebhookTimeoutSeconds": 5,
            "logDenies": True,
            "enableK8sNativeValidation": True,
            "controllerManager": {"exemptNamespaces": list(self.exempted())},
            # A GitOps tool renders the chart and runs no hooks of Helm; the namespace has its label already.
            "postInstall": {"labelNamespace": {"enabled": False}, "probeWebhook": {"enabled": False}},
            "postUpgrade": {"labelNamespace": {"enabled": False}},
            "preUninstall": {"deleteWebhookConfigurations": {"enabled": False}},
        }

    def _spec(self) -> dict[str, Any]:
        return {
            "match": [{"excludedNamespaces": list(self.exempted()), "processes": ["*"]}],
            "sync": {"syncOnly": [{"group": group, "version": "v1", "kind": kind} for group, kind in _REFERRED]},
        }
