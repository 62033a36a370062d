"""Services (APIs) of a project, and the projects that share a VPC."""

from __future__ import annotations

import re
from collections.abc import Iterator

from planform.checks.cloud.rule import Block, Context, Finding, Rule

_SERVICE = re.compile(r"[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)*\.(?:googleapis\.com|goog|com)")


def _service(body: Block, _: Context) -> Iterator[Finding]:
    """A service is the host name of its API, in lower case: container.googleapis.com."""
    text = body.text("service")
    if text and not _SERVICE.fullmatch(text):
        yield Finding("service", f"`{text}` is no service", "write the API's host name: container.googleapis.com")


def _shared_vpc(body: Block, _: Context) -> Iterator[Finding]:
    """A project takes its networks from another one: host and service project of a shared VPC differ."""
    host, service = body.text("host_project"), body.text("service_project")
    if host and host == service:
        yield Finding("service_project", f"`{host}` is host and service project", "name another service project")


RULES = (
    Rule(
        code="cloud/service-name",
        types=("google_project_service",),
        title="a service that is no host name",
        judge=_service,
        source="Service Usage API v1, services (2026-08)",
        wrong={"project": "acme-dev", "service": "Container.googleapis.com"},
        right={"project": "acme-dev", "service": "container.googleapis.com"},
    ),
    Rule(
        code="cloud/shared-vpc-project",
        types=("google_compute_shared_vpc_service_project",),
        title="a project that shares its VPC with itself",
        judge=_shared_vpc,
        source="VPC, shared VPC, host and service projects (2026-08)",
        wrong={"host_project": "acme-network", "service_project": "acme-network"},
        right={"host_project": "acme-network", "service_project": "acme-dev"},
    ),
)
