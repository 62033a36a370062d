"""A workflow to the text of GitHub Actions: pinned actions, least permissions, no key, no identity for forks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from planform.contracts.ci import Job, Step, Tool, Trigger, Workflow
from planform.contracts.version_control import CodeRepository
from planform.kubernetes.writer import to_yaml
from planform.planes.delivery.actions import uses, with_tags
from planform.planes.delivery.workflow_faults import Unsayable, input_of
from planform.planes.delivery.workflow_secrets import place_of
from planform.planes.step_secrets import LATEST

__all__ = ["HEADER", "github_workflows"]

HEADER = "# Written by planform from the blueprint: change that, not this file.\n"
NOT_A_FORK = "github.event.pull_request.head.repo.fork != true"
_COMMENT = "comment"
"""The artifact in which a preview is handed on, and the folder that it is unpacked to."""
_DONE = "github.event.workflow_run"
_JOB = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,99}")
_VARIABLE = re.compile(r"\$\{([A-Z_][A-Z0-9_]*)\}")
_OF_ENVIRONMENT = re.compile(r"\$\{vars\.([A-Z_][A-Z0-9_]*)\}")
"""A variable of the deployment environment that a job enters, as contracts write it."""
_VERDICT = """\
case " $RESULTS " in
  *" failure "* | *" cancelled "*) echo "not every job went well: $RESULTS"; exit 1 ;;
esac
"""


class ActionTool(Struct, frozen=True):
    """An action that is a tool: our inputs by its names for them, and what is always given."""

    action: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)


TOOLS: Mapping[Tool, ActionTool] = {
    "checkout": ActionTool(
        "actions/checkout",
        {"ref": "ref", "depth": "fetch-depth", "repository": "repository", "path": "path"},
        {"persist-credentials": False},
    ),
    "python": ActionTool("actions/setup-python", {"version": "python-version"}),
    "node": ActionTool("actions/setup-node", {"version": "node-version"}),
    "terraform": ActionTool(
        "hashicorp/setup-terraform", {"version": "terraform_version"}, {"terraform_wrapper": False}
    ),
    "gcloud": ActionTool(
        "google-github-actions/setup-gcloud", {"version": "version", "components": "install_components"}
    ),
    "cluster-credentials": ActionTool(
        "google-github-actions/get-gke-credentials",
        {"cluster": "cluster_name", "location": "location", "project": "project_id"},
    ),
    "registry-login": ActionTool(
        "docker/login-action",
        {"registry": "registry"},
        {"username": "oauth2accesstoken", "password": "${{ steps.auth.outputs.access_token }}"},
    ),
    "image-build": ActionTool(
        "docker/build-push-action",
        {name: name for name in ("build-args", "context", "file", "push", "tags", "target")},
        {"provenance": "mode=max", "sbom": True},
    ),
    "upload": ActionTool(
        "actions/upload-artifact",
        {"name": "name", "path": "path", "days": "retention-days"},
        {"if-no-files-found": "error"},
    ),
    "download": ActionTool(
        "actions/download-artifact",
        {
            "merge": "merge-multiple",
            "name": "name",
            "path": "path",
            "pattern": "pattern",
            "run": "run-id",
            "token": "github-token",
        },
    ),
    "codeql-init": ActionTool(
        "github/codeql-action/init", {"languages": "languages", "queries": "queries", "build_mode": "build-mode"}
    ),
    "codeql-analyze": ActionTool("github/codeql-action/analyze", {"category": "category"}),
    "sonar-scan": ActionTool("SonarSource/sonarqube-scan-action", {"args": "args", "directory": "projectBaseDir"}),
    "score": ActionTool(
        "score-spec/setup-score", {"tool": "file", "version": "version"}, {"token": "${{ github.token }}"}
    ),
}
_BEFORE: Mapping[Tool, str] = {"image-build": "docker/setup-buildx-action"}
_PERMISSIONS: Mapping[Tool, Mapping[str, str]] = {
    "codeql-analyze": {"actions": "read", "security-events": "write"},
}


def github_workflows(
    workflow: Workflow, repository: CodeRepository, *, project: str, runs_on: str
) -> Mapping[str, str]:
    """The text of `.github/workflows/<name>.yml`, and of the one that comments for it, by path.

    What runs on a pull request may not write, as it may be from a fork; so a step that comments hands its file on, and
    a workflow of the default branch, which runs nothing of the request, takes it from there.
    `project` is where secrets are that are named without one.
    Raises Unsayable with what GitHub Actions has no words for.
    """
    commenting = [step for job in workflow.jobs for step in job.steps if step.tool == "comment"]
    jobs = tuple(replace(job, steps=tuple(map(_handed_on, job.steps))) for job in workflow.jobs)
    made = [replace(workflow, jobs=jobs), *(_comment(workflow, step) for step in commenting)]
    return {
        f".github/workflows/{each.name}.yml": _text(each, repository, project=project, runs_on=runs_on) for each in made
    }


def _handed_on(step: Step) -> Step:
    if step.tool != "comment":
        return step
    return replace(step, tool="upload", inputs={"name": _COMMENT, "path": step.inputs["path"].rpartition("/")[0]})


def _comment(workflow: Workflow, step: Step) -> Workflow:
    """Which request it is, GitHub says, by the commit that is its head; nothing in the file decides it."""
    token, commit = "${{ github.token }}", f"${{{{ {_DONE}.head_sha }}}}"
    handed_on = {"name": _COMMENT, "path": _COMMENT, "run": f"${{{{ {_DONE}.id }}}}", "token": token}
    steps = (
        Step("Preview", tool="download", inputs=handed_on),
        Step("Python", tool="python", inputs={"version": step.inputs["python"]}),
        Step(
            "Keep the one comment",
            'python -m pip install --quiet "$PLANFORM"\nplanform comment "$FILE" --commit "$COMMIT"\n',
            variables={
                "COMMIT": commit,
                "FILE": f"{_COMMENT}/{step.inputs['path'].rpartition('/')[2]}",
                "GITHUB_TOKEN": token,
                "PLANFORM": step.inputs["planform"],
            },
        ),
    )
    job = Job("comment", steps, permissions={"actions": "read", "pull-requests": "write"}, minutes=10,
              when=f"{_DONE}.event == 'pull_request' && {_DONE}.conclusion != 'cancelled'")  # fmt: skip
    name = f"{workflow.name}-{_COMMENT}"
    return Workflow(name, f"{workflow.title}: comment", Trigger(after=workflow.title), (job,), f"{name}-{commit}")


def _text(workflow: Workflow, repository: CodeRepository, *, project: str, runs_on: str) -> str:
    jobs = {job.name: _job(job, workflow, project, runs_on) for job in workflow.jobs}
    if workflow.trigger.pull_request:
        jobs["verdict"] = _verdict(workflow, runs_on)
    document: dict[str, Any] = {
        "name": workflow.title,
        "on": _triggers(workflow, repository.branch),
        "permissions": {},
        "concurrency": _concurrency(workflow),
        "defaults": {"run": {"shell": "bash"}},
        "jobs": jobs,
    }
    return with_tags(to_yaml(document))


def _triggers(workflow: Workflow, branch: str) -> dict[str, Any]:
    trigger = workflow.trigger
    watched: dict[str, Any] = {"branches": [branch]} | ({"paths": list(trigger.paths)} if trigger.paths else {})
    found: dict[str, Any] = {}
    if trigger.pull_request:
        found["pull_request"] = watched
    if trigger.push:
        found["push"] = watched
    if trigger.schedule:
        found["schedule"] = [{"cron": trigger.schedule}]
    if trigger.manual:
        found["workflow_dispatch"] = {}
    if trigger.after:
        found["workflow_run"] = {"workflows": [trigger.after], "types": ["completed"]}
    if not found:
        raise Unsayable(f"nothing starts the workflow `{workflow.name}`", "give its trigger an event")
    return found


def _concurrency(workflow: Workflow) -> dict[str, Any]:
    if workflow.one_at_a_time:
        return {"group": workflow.one_at_a_time, "cancel-in-progress": False}
    return {
        "group": f"{workflow.name}-${{{{ github.ref }}}}",
        "cancel-in-progress": "${{ github.event_name == 'pull_request' }}",
    }


def _job(job: Job, workflow: Workflow, project: str, runs_on: str) -> dict[str, Any]:
    if not _JOB.fullmatch(job.name) or job.name == "verdict":
        help = "use letters, digits, hyphens and underscores, beginning with a letter; `verdict` is taken"
        raise Unsayable(f"`{job.name}` cannot be the name of a job", help)
    conditions = [NOT_A_FORK] if job.identity is not None and workflow.trigger.pull_request else []
    conditions += [job.when] if job.when else []
    made: dict[str, Any] = {"name": f"{workflow.name} {job.name}", "runs-on": runs_on, "timeout-minutes": job.minutes}
    if job.needs:
        made["needs"] = list(job.needs)
    if conditions:
        made["if"] = " && ".join(f"({each})" for each in conditions) if len(conditions) > 1 else conditions[0]
    if job.environment:
        made["environment"] = job.environment
    made["permissions"] = _permissions(job)
    if job.matrix:
        made["strategy"] = {"fail-fast": False, "matrix": {name: list(values) for name, values in job.matrix.items()}}
        if job.parallel:
            made["strategy"]["max-parallel"] = job.parallel
        made["env"] = {name.upper(): f"${{{{ matrix.{name} }}}}" for name in job.matrix}
    return {**made, "steps": list(_steps(job, project))}


def _permissions(job: Job) -> dict[str, str]:
    found = {"contents": "read"} if any(step.tool == "checkout" for step in job.steps) else {}
    if job.identity is not None:
        found["id-token"] = "write"
    for step in job.steps:
        found |= _PERMISSIONS.get(step.tool, {}) if step.tool else {}
        found |= {"pull-requests": "read"} if step.reads_requests else {}
    return dict(sorted({**found, **job.permissions}.items()))


def _steps(job: Job, project: str) -> Iterator[dict[str, Any]]:
    """The job's steps; signing in comes after the checkout, which would clear what it leaves."""
    signed_in = job.identity is None
    for index, step in enumerate(job.steps):
        if not signed_in and step.tool != "checkout":
            yield _sign_in(job)
            signed_in = True
        yield from _step(step, index, job, project)


def _sign_in(job: Job) -> dict[str, Any]:
    assert job.identity is not None
    given = {
        "workload_identity_provider": _with_variables(str(job.identity.provider)),
        "service_account": _with_variables(str(job.identity.identity.email)),
    }
    if any(step.tool == "registry-login" for step in job.steps):
        given["token_format"] = "access_token"
    return {"name": "Sign in to Google Cloud", "id": "auth", "uses": uses("google-github-actions/auth"), "with": given}


def _step(step: Step, index: int, job: Job, project: str) -> Iterator[dict[str, Any]]:
    if step.secrets:
        yield _fetch(step, index, job, project)
    if step.tool is not None and step.tool in _BEFORE:
        before = _BEFORE[step.tool]
        yield {"name": before.rpartition("/")[2], "uses": uses(before)}
    if (step.tool is None) == (not step.run):
        raise Unsayable(f"step `{step.name}` has to be either a command or a tool", "write `run` or `tool`")
    if step.tool == "registry-login" and job.identity is None:
        raise Unsayable(f"step `{step.name}` signs in to a registry, and its job has no identity", "give it one")
    made: dict[str, Any] = {"name": step.name}
    if step.always:
        made["if"] = "always()"
    environment = {
        **{name: _with_variables(value) for name, value in step.variables.items()},
        **{name: f"${{{{ steps.secrets-{index}.outputs.{name} }}}}" for name in step.secrets},
        **({"GITHUB_TOKEN": "${{ github.token }}"} if step.reads_requests else {}),
    }
    if environment:
        made["env"] = dict(environment)
    if step.tool is None:
        if "${{" in step.run:
            help = "give it to the step as a variable, where no shell reads it as code"
            raise Unsayable(f"step `{step.name}` has an expression of GitHub's inside a command", help)
        yield {**made, "run": step.run}
        return
    tool = TOOLS[step.tool]
    given = {input_of(step, tool.inputs, name): _value(value) for name, value in step.inputs.items()}
    made["uses"] = uses(tool.action)
    if tool.fixed or given:
        made["with"] = {**tool.fixed, **given}
    yield made


def _fetch(step: Step, index: int, job: Job, project: str) -> dict[str, Any]:
    if job.identity is None:
        raise Unsayable(f"step `{step.name}` reads secrets, and job `{job.name}` has no identity to", "give it one")
    names = {variable: _place(secret, project) for variable, secret in step.secrets.items()}
    return {
        "name": f"Secrets for: {step.name}",
        "id": f"secrets-{index}",
        "uses": uses("google-github-actions/get-secretmanager-secrets"),
        "with": {"secrets": "".join(f"{variable}:{secret}\n" for variable, secret in names.items())},
    }


def _place(secret: str, project: str) -> str:
    if _OF_ENVIRONMENT.fullmatch(secret):
        return _with_variables(secret)
    held = place_of(secret, project)
    return held.secret if held.version == LATEST else held.versioned


def _value(text: str) -> Any:
    """An input; `${NAME}` is a variable of the job, and GitHub's inputs are texts that look like what they mean."""
    if text in ("true", "false"):
        return text == "true"
    return _VARIABLE.sub(lambda found: f"${{{{ env.{found[1]} }}}}", _with_variables(str(text)))


def _with_variables(text: str) -> str:
    return _OF_ENVIRONMENT.sub(lambda found: f"${{{{ vars.{found[1]} }}}}", text)


def _verdict(workflow: Workflow, runs_on: str) -> dict[str, Any]:
    """One check for a ruleset to require, which a job that was skipped does not hold up."""
    return {
        "name": workflow.name,
        "runs-on": runs_on,
        "timeout-minutes": 5,
        "needs": [job.name for job in workflow.jobs],
        "if": "always()",
        "permissions": {},
        "steps": [
            {
                "name": "All jobs went well",
                "env": {"RESULTS": "${{ join(needs.*.result, ' ') }}"},
                "run": _VERDICT,
            }
        ],
    }
