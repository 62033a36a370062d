"""Namespaces that an admission controller lets through: what GKE and the GitOps tools run is nobody's to change."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from planform.spec.settings import Settings

__all__ = ["UNCHECKED", "PolicySettings"]

UNCHECKED = (
    "argocd",
    "config-management-monitoring",
    "config-management-system",
    "gatekeeper-system",
    "gke-gmp-system",
    "gke-managed-cim",
    "gke-managed-system",
    "gmp-public",
    "gmp-system",
    "kube-node-lease",
    "kube-public",
    "kube-system",
    "resource-group-system",
)


class PolicySettings(Settings):
    """Settings that every admission controller for Gatekeeper's policies has."""

    exempt: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")], ...] = Field(
        default=(),
        description="Namespaces that are let through, besides GKE's own and those of the platform's operators."
        " Default: none.",
        examples=[["legacy"]],
    )
    audit_interval_seconds: int = Field(
        default=300,
        ge=10,
        le=86400,
        description="Seconds between two checks of what is in the cluster already. Default: 300.",
        json_schema_extra={"unit": "seconds"},
    )
    violations_limit: int = Field(
        default=100, ge=1, le=1000, description="Violations that one constraint's status lists at most. Default: 100."
    )
