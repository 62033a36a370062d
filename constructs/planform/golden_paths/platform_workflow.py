"""A workload's workflow in the platform's repository: one for each environment, run as the team's keyless CI."""

from __future__ import annotations

from collections.abc import Sequence

from planform.contracts.ci import Ci, Job, Step, Trigger, Workflow
from planform.contracts.identity import FederatedIdentity, Identities
from planform.contracts.version_control import VersionControl
from planform.files import RepositoryFile
from planform.golden_paths.path import Path
from planform.spec.platform import kebab

__all__ = ["team_ci", "write_workflow"]


def team_ci(
    path: Path, identity: Identities, control: VersionControl, repository: str = ""
) -> FederatedIdentity | None:
    """What a team's jobs in this environment act as; the deployment environment that they enter is made.

    `repository` is OWNER/NAME, the platform's own by default. None where the platform trusts no CI.
    """
    platform = control.platform_repository()
    gate = control.gate(platform, path.environment.name) if not repository else path.environment.name
    return identity.ci(f"ci-{path.team}", repository=repository or platform.full_name, environment=gate)


def write_workflow(
    path: Path, ci: Ci, identity: FederatedIdentity | None, title: str, steps: Sequence[Step], *, trigger: Trigger
) -> str:
    """Write the workflow of a workload, and return its name: `dataset-transactions-dev`."""
    environment = path.environment.name
    name = f"{kebab(path.kind)}-{path.name}-{environment}"
    job = Job("run", (Step("Check out the repository", tool="checkout"), *steps), identity=identity,
              environment=environment)  # fmt: skip
    workflow = Workflow(name, f"{title} {path.name} ({environment})", trigger, (job,), one_at_a_time=name)
    for file, text in ci.render(workflow).items():
        RepositoryFile(path, file, text)
    return name
