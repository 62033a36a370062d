"""The labels that costs are split by: the same words on everything in the cloud and in the cluster."""

from __future__ import annotations

from planform.files import File
from planform.planes.component import Component
from planform.spec.environment import Environment

__all__ = ["IN_CLUSTER", "cost_labels", "write_taxonomy"]

_MEANT = {
    "component": "the technology that made it, such as `cloud-sql`",
    "environment": "the environment that it belongs to",
    "managed_by": "`planform` on everything that is made here; what lacks it was made by hand",
    "plane": "the plane that it belongs to",
    "team": "the team that pays for it",
}
IN_CLUSTER = "k8s-namespace"
"""The label by which GKE's cost allocation splits the cluster; a team's namespace has the team's name."""


def cost_labels(environment: Environment) -> tuple[str, ...]:
    """Keys, sorted: planform's own, and those that the blueprint puts on everything."""
    return tuple(sorted({*_MEANT, *environment.labels}))


def write_taxonomy(owner: Component) -> None:
    """`labels.yaml`: what each label says, for those who make dimensions of them in another tool."""
    environment = owner.environment
    labels = [
        {"key": key, "says": _MEANT.get(key, f"`{environment.labels.get(key)}`, as the blueprint has it")}
        for key in cost_labels(environment)
    ]
    cluster = {"key": IN_CLUSTER, "says": "the namespace in the cluster; a team's has the team's name"}
    File(owner, "labels.yaml", {"labels": labels, "in_the_cluster": [cluster]})
