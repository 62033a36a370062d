"""The platform's secrets that a workflow's steps name, where they are, and who reads them."""

from __future__ import annotations

from planform.contracts.ci import Workflow
from planform.contracts.secrets import Secrets
from planform.planes.delivery.workflow_faults import Unsayable
from planform.planes.step_secrets import ELSEWHERE, Held, held_at
from planform.spec.environment import Environment

__all__ = ["let_read", "place_of"]


def place_of(secret: str, project: str) -> Held:
    """Where a step's secret is; a bare name is one of `project`. Raises Unsayable for what is kept elsewhere."""
    held = held_at(secret, project)
    if held is None:
        raise Unsayable(f"CI would have to read `{secret}`, which is no secret of Secret Manager", ELSEWHERE)
    return held


def let_read(secrets: Secrets | None, workflow: Workflow, environment: Environment) -> None:
    """Let each job's identity read what its steps name, as far as that is the platform's own."""
    if secrets is None:
        return
    for job in workflow.jobs:
        if job.identity is None:
            continue
        named = {_own(secret, environment) for step in job.steps for secret in step.secrets.values()} - {""}
        for name in sorted(named):
            secrets.secret(name, readers=[job.identity.identity.member])


def _own(secret: str, environment: Environment) -> str:
    """The name by which the platform knows a secret that it made; empty for others, and for variables of a host."""
    held, prefix = held_at(secret, environment.project), f"{environment.prefix}-"
    if held is None or held.project != environment.project or not held.name.startswith(prefix):
        return ""
    return held.name.removeprefix(prefix)
