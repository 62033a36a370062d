"""existing: a Gatekeeper or Policy Controller that the organisation runs in the cluster."""

from __future__ import annotations

from planform.contracts.policy import Policies
from planform.planes.component import Component
from planform.planes.security.unchecked_namespaces import UNCHECKED, PolicySettings

__all__ = ["ExistingPolicies"]


class ExistingPolicySettings(PolicySettings):
    """Settings of `existing` for policy; intervals and limits are whoever runs it's to set."""


class ExistingPolicies(Component):
    """An admission controller that others run; planform only says what it would let through.

    Whoever runs it lets the namespaces of `exempted()` through, and installs the constraint templates that the
    platform's components write.

    Provides: Policies.
    Requires: nothing.
    Emits: nothing.
    """

    name = "existing"
    capability = "policy"
    provides = Policies
    files_only = True
    Settings = ExistingPolicySettings
    settings: ExistingPolicySettings

    def build(self) -> None:
        self._exempt = {*UNCHECKED, *self.settings.exempt}

    def exempt(self, namespace: str) -> None:
        """Note that a namespace has to be let through."""
        self._exempt.add(namespace)

    def exempted(self) -> tuple[str, ...]:
        """The namespaces that have to be let through, sorted."""
        return tuple(sorted(self._exempt))
