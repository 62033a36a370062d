"""What only the whole knows of a platform, for its portal: who owns what, and what depends on what.

Source: Backstage's page on the system model: a Domain holds Systems, which hold Components and Resources; each has an
owner, a Group. Read 2026-11.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from planform.contracts.compute import Compute
from planform.contracts.database import Database
from planform.contracts.portal import Portal
from planform.planes.component import Component
from planform.planes.wiring import Slot
from planform.spec.platform import EnvironmentSpec

__all__ = ["platform_entities", "publish_platform"]

API = "backstage.io/v1alpha1"


def publish_platform(spec: EnvironmentSpec, slots: Sequence[Slot], components: Mapping[str, Component]) -> None:
    """Tell the portal, where the environment has one, of the platform, its planes, components and teams."""
    portal = components.get("portal")
    if isinstance(portal, Portal):
        for entity in platform_entities(spec, slots, components):
            portal.publish(entity)


def platform_entities(
    spec: EnvironmentSpec, slots: Sequence[Slot], components: Mapping[str, Component]
) -> Iterator[dict[str, Any]]:
    """A Domain for the platform, a Group for each team and each owner of a plane, a System for each plane, a Component
    for each filled slot, and Resources for the cluster and the database server; the portal's owner has the Domain.
    """
    facts = spec.environment
    for name in sorted({*(plane.owner for plane in spec.planes.values()), *spec.teams}):
        yield _group(name, spec)
    portal = next(plane for plane in spec.planes.values() if "portal" in plane.slots)
    yield _entity("Domain", facts.platform, f"The platform {facts.platform}.", owner=f"group:default/{portal.owner}")
    for _, plane in sorted(spec.planes.items()):
        system = f"{facts.prefix}-{plane.name.replace('_', '-')}"
        text = f"The plane {plane.name} in the environment {facts.name}."
        owner = f"group:default/{plane.owner}"
        yield _entity("System", system, text, title=plane.name, owner=owner, domain=facts.platform)
    for slot in sorted(slots, key=lambda each: each.filled.capability):
        yield from _slot(spec, slot, components[slot.filled.capability])


def _group(name: str, spec: EnvironmentSpec) -> dict[str, Any]:
    team = spec.teams.get(name)
    mail = (
        next((owner.partition(":")[2] for owner in team.owners if owner.startswith("group:")), None) if team else None
    )
    profile = {"displayName": name, **({"email": mail} if mail else {})}
    text = f"Works on {spec.environment.platform}." if team else f"Owns planes of {spec.environment.platform}."
    return _entity("Group", name, text, type="team", profile=profile, children=[])


def _slot(spec: EnvironmentSpec, slot: Slot, component: Component) -> Iterator[dict[str, Any]]:
    facts, filled = spec.environment, slot.filled
    owner = f"group:default/{slot.plane.owner}"
    system = f"{facts.prefix}-{slot.plane.name.replace('_', '-')}"
    resource = _resource(filled.capability, component)
    needs = [f"component:default/{_name(spec, need.capability)}" for need in slot.needs]
    if resource is not None:
        type, cloud_name = resource
        name, text = f"{facts.prefix}-{type}", f"Made by {filled.component}."
        yield _entity("Resource", name, text, title=cloud_name, type=type, owner=owner, system=system)
        needs.append(f"resource:default/{name}")
    yield _entity(
        "Component",
        _name(spec, filled.capability),
        (inspect.getdoc(component) or "").partition("\n")[0],
        title=f"{filled.capability}: {filled.component}",
        type="platform-component",
        lifecycle="production" if facts.production else "experimental",
        owner=owner,
        system=system,
        dependsOn=needs,
    )


def _resource(capability: str, component: Component) -> tuple[str, str] | None:
    """Type and name of the thing that a component is known by in the cloud."""
    if capability == "compute" and isinstance(component, Compute):
        return "kubernetes-cluster", str(component.cluster().name)
    if capability == "database" and isinstance(component, Database):
        return "postgresql-server", component.server().connection_name.replace("/", ":").rpartition(":")[2]
    return None


def _name(spec: EnvironmentSpec, capability: str) -> str:
    return f"{spec.environment.prefix}-{capability.replace('_', '-')}"


def _entity(kind: str, name: str, description: str, *, title: str = "", **spec: Any) -> dict[str, Any]:
    metadata = {"name": name, **({"title": title} if title else {}), "description": description}
    return {"apiVersion": API, "kind": kind, "metadata": metadata, "spec": spec}
