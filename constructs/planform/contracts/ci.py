"""ci: jobs that run when code changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol, runtime_checkable

from msgspec import Struct, field

from planform.contracts.delivers_files import DeliversFiles
from planform.contracts.identity import FederatedIdentity
from planform.contracts.version_control import CodeRepository

__all__ = ["Ci", "Job", "Step", "Tool", "Trigger", "Workflow"]

Tool = Literal[
    "checkout",
    "python",
    "node",
    "terraform",
    "gcloud",
    "cluster-credentials",
    "registry-login",
    "image-build",
    "upload",
    "download",
    "codeql-init",
    "codeql-analyze",
    "sonar-scan",
    "score",
    "comment",
]
"""What a step can use that every CI has in a way of its own; each CI component has a table of them.

`comment` keeps the preview at the input `path` as the one comment on the request, and its folder as an artifact, in a
job that has planform; `python` and `planform` are what that is installed with where it takes another job.
"""


class Step(Struct, frozen=True):
    """One step: a shell command in `run`, or a `tool` with its inputs.

    `variables` are environment variables; `secrets` are those of Secret Manager that become variables of the step, by
    variable: `projects/P/secrets/N`, `/versions/V` behind it for one version, or the name of one of the environment's
    own project. Both are names and references, never values. Inputs of a tool may name variables of the job as
    `${NAME}`. Where the host keeps variables for each deployment environment, as GitHub does, `${vars.NAME}` is the one
    of the environment that the job enters: in variables, inputs, secrets and in the job's identity.
    `reads_requests` gives it the CI's own token, to read requests and their comments with.
    """

    name: str
    run: str = ""
    tool: Tool | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    always: bool = False
    reads_requests: bool = False


class Job(Struct, frozen=True):
    """Steps on one machine. `identity` is taken on without a key; `environment` is the protected one that it enters.

    `matrix` runs the job once for each value of a variable, at most `parallel` at a time; steps see the value of
    `stack` as the environment variable STACK. `permissions` are those
    beyond reading the code, in GitHub's words, such as `pull-requests: write`. `when` is a condition in GitHub's words.
    """

    name: str
    steps: tuple[Step, ...]
    needs: tuple[str, ...] = ()
    identity: FederatedIdentity | None = None
    environment: str = ""
    matrix: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    parallel: int | None = None
    permissions: Mapping[str, str] = field(default_factory=dict)
    minutes: int = 30
    when: str = ""


class Trigger(Struct, frozen=True):
    """When a workflow runs: on pull requests, on pushes to the default branch, by hand, on a schedule (cron, UTC).

    `after` is the title of another workflow, which has come to its end; only GitHub has that.
    """

    pull_request: bool = False
    push: bool = False
    manual: bool = False
    schedule: str = ""
    paths: tuple[str, ...] = ()
    after: str = ""


class Workflow(Struct, frozen=True):
    """Jobs with what starts them. `one_at_a_time` names a group of which a single run is under way.

    On pull requests the workflow's name is also that of the one check that says how all of its jobs went.
    """

    name: str
    title: str
    trigger: Trigger
    jobs: tuple[Job, ...]
    one_at_a_time: str = ""


@runtime_checkable
class Ci(DeliversFiles, Protocol):
    """Continuous integration that takes on identities without keys."""

    def render(self, workflow: Workflow, *, repository: CodeRepository | None = None) -> Mapping[str, str]:
        """Path to text of the files that make a repository run this workflow; the platform's own without one.

        What has to exist beside the files, such as a trigger, is made.
        """

    def one_identity(self) -> bool:
        """Whether all jobs of a workflow act as one identity, instead of each as its own."""

    def one_tool(self) -> bool:
        """Whether a job has one tool, as the image that it runs in, and no other beside it."""

    def comments(self) -> bool:
        """Whether a job can comment on the request that it runs for, and read that after the merge."""
