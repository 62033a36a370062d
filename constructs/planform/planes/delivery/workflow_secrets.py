"""The platform's secrets that a workflow's steps name, and who reads them."""

from __future__ import annotations

from planform.contracts.ci import Workflow
from planform.contracts.secrets import Secrets
from planform.spec.environment import Environment

__all__ = ["let_read"]


def let_read(secrets: Secrets | None, workflow: Workflow, environment: Environment) -> None:
    """Let each job's identity read what its steps name, as far as that is the platform's own."""
    if secrets is None:
        return
    own = f"{environment.prefix}-"
    for job in workflow.jobs:
        names = {secret.rpartition("/secrets/")[2] for step in job.steps for secret in step.secrets.values()}
        for name in sorted(name for name in names if name.startswith(own)):
            if job.identity is not None:
                secrets.secret(name.removeprefix(own), readers=[job.identity.identity.member])
