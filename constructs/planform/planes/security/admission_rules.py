"""planform's own rules in the cluster: constraint templates and constraints from the Rego that judged the blueprint."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import Field

from planform.kubernetes.record import KubernetesObject
from planform.planes.component import Component
from planform.planes.security.unchecked_namespaces import PolicySettings
from planform.rules.pack import shipped_pack
from planform.rules.template import API, CONSTRAINTS, Enforcement, admitted, constraint, kind, template
from planform.spec.environment import Environment

__all__ = ["AdmissionRules", "EnforcedPolicySettings", "admission_facts"]


class EnforcedPolicySettings(PolicySettings):
    """Settings of every admission controller that planform's rules are put into."""

    enforcement: Enforcement | None = Field(
        default=None,
        description="What happens to an object that planform's rules deny: `deny` refuses it, `warn` tells whoever"
        " brings it, `dryrun` only counts it in the audit; rules of severity medium and low refuse nothing here."
        " Default: deny in production, else dryrun.",
    )


def admission_facts(environment: Environment) -> dict[str, Any]:
    """The facts that rules about single objects may read."""
    return {
        "labels": dict(environment.labels),
        "name": environment.name,
        "platform": environment.platform,
        "production": environment.production,
        "project": environment.project,
        "project_number": environment.project_number,
        "region": environment.region,
        "regions": [environment.region],
    }


class AdmissionRules:
    """The objects of all rules that a cluster asks about, in the scope of an admission controller."""

    def __init__(self, owner: Component, enforcement: Enforcement | None, exempt: Iterable[str]) -> None:
        self._facts = admission_facts(owner.environment)
        self._enforcement: Enforcement = enforcement or ("deny" if owner.environment.production else "dryrun")
        pack = shipped_pack()
        self._constraints = {}
        for rule in admitted(pack):
            KubernetesObject(
                owner,
                API,
                "ConstraintTemplate",
                kind(rule).lower(),
                labels=owner.labels,
                annotations={"metadata.gatekeeper.sh/title": rule.title, "description": rule.why},
                spec=template(pack, rule),
            )
            self._constraints[rule] = KubernetesObject(
                owner,
                CONSTRAINTS,
                kind(rule),
                rule.id.replace("/", "."),
                labels=owner.labels,
                annotations={"planform.dev/remedy": rule.remedy},
                spec={},
            )
        self.exempt(exempt)

    def exempt(self, namespaces: Iterable[str]) -> None:
        """Let exactly these namespaces through."""
        for rule, made in self._constraints.items():
            made.body["spec"] = constraint(rule, self._facts, self._enforcement, sorted(namespaces))
