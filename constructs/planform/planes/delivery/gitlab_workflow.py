"""A workflow to the text of GitLab CI: jobs in an image each, signed in by an ID token of GitLab, without a key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from planform.contracts.ci import Job, Step, Tool, Workflow
from planform.contracts.identity import FederatedIdentity
from planform.kubernetes.images import images
from planform.kubernetes.writer import to_yaml
from planform.planes.delivery.workflow_faults import Unsayable
from planform.planes.delivery.workflow_secrets import place_of

__all__ = ["gitlab_workflow"]

_VERSIONED: Mapping[Tool, tuple[str, str]] = {
    "node": ("docker.io/library/node", "{}-bookworm"),
    "python": ("docker.io/library/python", "{}-bookworm"),
    "terraform": ("docker.io/hashicorp/terraform", "{}"),
}
_NOTHING: frozenset[Tool] = frozenset({"checkout", "download", "gcloud"})
"""Tools that need no line: the code is there, artifacts come from jobs that are needed, the image has gcloud."""
_SAME_PROJECT = "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID"
_TOKEN = "${CI_PROJECT_DIR}/.google-token"
_CREDENTIALS = "${CI_PROJECT_DIR}/.google-credentials.json"


def gitlab_workflow(workflow: Workflow, *, project: str) -> str:
    """The text of `.gitlab/ci/<name>.yml`, which `.gitlab-ci.yml` includes. Raises Unsayable."""
    return to_yaml({f"{workflow.name} {job.name}": _job(job, workflow, project) for job in workflow.jobs})


def _job(job: Job, workflow: Workflow, project: str) -> dict[str, Any]:
    if job.when:
        raise Unsayable(f"job `{job.name}` has a condition in GitHub's words", "leave `when` out")
    image = _image(job)
    made: dict[str, Any] = {"image": {"name": image, "entrypoint": [""]}, "timeout": f"{job.minutes} minutes"}
    made["rules"] = list(_rules(job, workflow))
    made["needs"] = [{"job": f"{workflow.name} {need}"} for need in job.needs]
    depth = next((step.inputs["depth"] for step in job.steps if "depth" in step.inputs), "")
    if depth:
        made["variables"] = {"GIT_DEPTH": depth}
    if job.environment:
        made["environment"] = {"name": job.environment}
    if workflow.one_at_a_time:
        made["resource_group"] = f"{workflow.one_at_a_time}-{job.name}"
    if job.matrix:
        made["parallel"] = {"matrix": [{name.upper(): list(values) for name, values in job.matrix.items()}]}
    if job.identity is not None:
        made["id_tokens"] = {"GOOGLE_TOKEN": {"aud": f"https://iam.googleapis.com/{job.identity.provider}"}}
        made["before_script"] = _sign_in(job.identity)
    made["script"] = [line for step in job.steps if not step.always for line in _lines(step, image, job, project)]
    after = [line for step in job.steps if step.always for line in _lines(step, image, job, project)]
    if not made["script"]:
        raise Unsayable(f"job `{job.name}` has no step that does anything", "give it a command")
    uploads = [step for step in job.steps if step.tool in ("upload", "comment")]
    if uploads:
        kept = {"when": "always"} if any(step.always for step in uploads) else {}
        made["artifacts"] = {"paths": [_kept(step) for step in uploads], "expire_in": "30 days", **kept}
    return {**made, **({"after_script": after} if after else {})}


def _rules(job: Job, workflow: Workflow) -> Iterator[dict[str, Any]]:
    trigger, changed = workflow.trigger, {"changes": list(workflow.trigger.paths)} if workflow.trigger.paths else {}
    if trigger.pull_request:
        trusted = f" && {_SAME_PROJECT}" if job.identity is not None else ""
        yield {"if": f'$CI_PIPELINE_SOURCE == "merge_request_event"{trusted}', **changed}
    if trigger.push:
        yield {"if": '$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH', **changed}
    if trigger.manual:
        yield {"if": '$CI_PIPELINE_SOURCE == "web" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH'}
    if trigger.schedule:
        raise Unsayable(f"`{workflow.name}` runs on a schedule, which GitLab keeps outside of files", "leave it out")
    if trigger.after:
        raise Unsayable(f"`{workflow.name}` runs after another workflow", "make it a job of that one, which `needs` it")
    if not (trigger.pull_request or trigger.push or trigger.manual):
        raise Unsayable(f"nothing starts the workflow `{workflow.name}`", "give its trigger an event")


def _image(job: Job) -> str:
    wanted = [step for step in job.steps if step.tool in _VERSIONED]
    if len(wanted) > 1:
        names = " and ".join(f"`{step.tool}`" for step in wanted)
        raise Unsayable(f"job `{job.name}` needs {names}, and a job of GitLab runs in one image", "make two jobs of it")
    for step in wanted:
        if step.tool is not None and "version" in step.inputs:
            repository, tag = _VERSIONED[step.tool]
            return f"{repository}:{tag.format(step.inputs['version'])}"
        raise Unsayable(f"step `{step.name}` names no version of `{step.tool}`", "give the input `version`")
    return images()["cloud-sdk"].reference


def _sign_in(identity: FederatedIdentity) -> list[str]:
    """What Google's libraries and Terraform need to trade the job's token for one of the service account."""
    account = f"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{identity.identity.email}"
    config = {
        "type": "external_account",
        "audience": f"//iam.googleapis.com/{identity.provider}",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "service_account_impersonation_url": f"{account}:generateAccessToken",
        "credential_source": {"file": ".google-token"},
    }
    return [
        f'printf %s "$GOOGLE_TOKEN" > "{_TOKEN}"',
        f'printf %s \'{json.dumps(config)}\' | sed "s|.google-token|{_TOKEN}|" > "{_CREDENTIALS}"',
        f'export GOOGLE_APPLICATION_CREDENTIALS="{_CREDENTIALS}"',
        f'export CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE="{_CREDENTIALS}"',
    ]


def _lines(step: Step, image: str, job: Job, project: str) -> Iterator[str]:
    if step.tool == "upload" or step.tool in _NOTHING or step.tool in _VERSIONED:
        return
    if step.tool == "comment":
        yield f'# {step.name}\nplanform comment {step.inputs["path"]} --request "$CI_MERGE_REQUEST_IID"\n'
        return
    if step.tool is not None:
        raise Unsayable(
            f"GitLab CI has no `{step.tool}` here, which step `{step.name}` uses", "use github-actions for it"
        )
    if any("${{" in value for value in step.variables.values()):
        raise Unsayable(f"step `{step.name}` has a variable in GitHub's words", "give it a plain value")
    if step.secrets and (job.identity is None or image != images()["cloud-sdk"].reference):
        raise Unsayable(
            f"step `{step.name}` reads secrets, which only a job with an identity and no other tool can",
            "read them in a job of their own",
        )
    yield from (f"export {name}={_quoted(value)}" for name, value in step.variables.items())
    for name, secret in step.secrets.items():
        held = place_of(secret, project)
        place = f"--secret={held.name} --project={held.project}"
        yield f'export {name}="$(gcloud secrets versions access {held.version} {place})"'
    yield f"# {step.name}\n{step.run}"


def _kept(step: Step) -> str:
    """What an upload keeps; of a comment its folder, where the whole report is beside it."""
    path = step.inputs.get("path", "")
    return path.rpartition("/")[0] if step.tool == "comment" else path


def _quoted(value: str) -> str:
    return "'" + re.sub("'", "'\\''", value) + "'"
