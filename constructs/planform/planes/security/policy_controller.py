"""Policy Controller, Google's managed Gatekeeper."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from planform.contracts.policy import Policies
from planform.contracts.services import Services
from planform.planes.component import Component
from planform.planes.security.admission_rules import AdmissionRules, EnforcedPolicySettings
from planform.planes.security.unchecked_namespaces import UNCHECKED
from planform.terraform.google import GkeHubFeature

__all__ = ["PolicyController", "PolicyControllerSettings"]

Bundle = Literal[
    "cis-gke-v1.5.0",
    "cis-k8s-v1.5.1",
    "cost-reliability-v2023",
    "nist-sp-800-190",
    "nist-sp-800-53-r5",
    "nsa-cisa-k8s-v1.2",
    "pci-dss-v4.0",
    "policy-essentials-v2022",
    "pss-baseline-v2022",
    "pss-restricted-v2022",
]


class PolicyControllerSettings(EnforcedPolicySettings):
    """Settings of `policy-controller`."""

    bundles: tuple[Bundle, ...] = Field(
        default=("pss-baseline-v2022", "policy-essentials-v2022"),
        description="Google's bundles of constraints that are installed and audited."
        " Default: pss-baseline-v2022 and policy-essentials-v2022.",
    )
    mutation: bool = Field(default=False, description="Whether mutators may fill in fields. Default: off.")


class PolicyController(Component):
    """Policy Controller for every cluster that joins the fleet of the environment's project.

    It is switched on for the fleet before a cluster is there, so it needs nothing of the cluster, and the security
    plane can be applied first. A cluster that was in the fleet before takes the fleet's settings over once
    `gcloud container fleet policycontroller enable` or the console's "sync to fleet settings" is run for it. The same
    constraint templates serve it as Gatekeeper; do not use both.

    Provides: Policies.
    Requires: Services.
    Emits: google_gke_hub_feature; a constraint template and a constraint for each of planform's rules about objects.
    Errors: none of its own.
    Source: provider page of google_gke_hub_feature 7.45.0; Google's page on policy bundles, read 2026-11.
    """

    name = "policy-controller"
    capability = "policy"
    provides = Policies
    apis = ("anthospolicycontroller.googleapis.com", "gkehub.googleapis.com")
    Settings = PolicyControllerSettings
    settings: PolicyControllerSettings
    services: Services

    def build(self) -> None:
        self._exempt = {*UNCHECKED, *self.settings.exempt}
        self._feature = GkeHubFeature(
            self,
            self.id,
            name="policycontroller",
            project=self.environment.project,
            location="global",
            labels=self.labels,
            fleet_default_member_config=self._for_members(),
        )
        self._rules = AdmissionRules(self, self.settings.enforcement, self._exempt)

    def exempt(self, namespace: str) -> None:
        """Let a namespace through."""
        self._exempt.add(namespace)
        self._feature.body["fleet_default_member_config"] = self._for_members()
        self._rules.exempt(self._exempt)

    def exempted(self) -> tuple[str, ...]:
        """The namespaces that are let through, sorted."""
        return tuple(sorted(self._exempt))

    def _for_members(self) -> list[dict[str, Any]]:
        settings, exempted = self.settings, list(self.exempted())
        config = {
            "install_spec": "INSTALL_SPEC_ENABLED",
            "audit_interval_seconds": settings.audit_interval_seconds,
            "constraint_violation_limit": settings.violations_limit,
            "log_denies_enabled": True,
            "mutation_enabled": settings.mutation,
            "referential_rules_enabled": True,
            "exemptable_namespaces": exempted,
            "monitoring": [{"backends": ["CLOUD_MONITORING", "PROMETHEUS"]}],
            "policy_content": [
                {
                    "template_library": [{"installation": "ALL"}],
                    "bundles": [
                        {"bundle": bundle, "exempted_namespaces": exempted} for bundle in sorted(set(settings.bundles))
                    ],
                }
            ],
        }
        return [{"policycontroller": [{"policy_controller_hub_config": [config]}]}]
