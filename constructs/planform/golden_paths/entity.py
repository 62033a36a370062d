"""What the portal's catalog says of a workload."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planform.contracts.portal import Portal
from planform.golden_paths.path import Path
from planform.spec.platform import kebab

__all__ = ["show", "workload_entity"]


def show(path: Path, portal: Portal, plane: str, *, links: Mapping[str, str] | None = None, type: str = "") -> None:
    """Tell the portal of a workload, as part of what happens in a plane."""
    reference = portal.publish(workload_entity(path, links=links, type=type))
    path.finds(plane, f"name: {reference.rpartition('/')[2]}", inside=f"repository/portal/{path.environment.name}/")


def workload_entity(path: Path, *, links: Mapping[str, str] | None = None, type: str = "") -> dict[str, Any]:
    """A Component of the team's, with where people look at it; its name ends with the workload's kind."""
    facts = path.environment
    found = [{"title": title, "url": url} for title, url in (links or {}).items() if url]
    return {
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Component",
        "metadata": {
            "name": f"{facts.name}-{path.name}-{kebab(path.kind)}"[:63],
            "title": f"{path.title} {path.name} ({facts.name})",
            "description": f"{path.title} of team {path.team} in {facts.name}.",
            **({"links": found} if found else {}),
        },
        "spec": {
            "type": type or kebab(path.kind),
            "lifecycle": "production" if facts.production else "experimental",
            "owner": f"group:default/{path.team}",
        },
    }
