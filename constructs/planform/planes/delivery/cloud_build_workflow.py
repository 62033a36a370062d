"""A workflow to the text of Cloud Build: one build, one service account, each step a container.

Jobs become steps of one build that share its folder, so what one hands on the next one finds. What Cloud Build has no
words for is refused, never left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from msgspec import Struct

from planform.contracts.ci import Job, Step, Tool, Workflow
from planform.contracts.identity import FederatedIdentity
from planform.kubernetes.images import images
from planform.kubernetes.writer import to_yaml
from planform.planes.delivery.workflow_faults import Unsayable, input_of
from planform.planes.delivery.workflow_secrets import place_of
from planform.planes.step_secrets import Held

__all__ = ["Build", "cloud_build_workflow"]

MOST_SECONDS = 86_400
SHARED: frozenset[Tool] = frozenset({"checkout", "download", "gcloud", "registry-login", "upload"})
"""Tools that need no step: the code is there, the folder is shared, and pushes are signed in."""
VERSIONED: Mapping[Tool, tuple[str, str]] = {
    "node": ("docker.io/library/node", "{}-bookworm"),
    "python": ("docker.io/library/python", "{}-bookworm"),
    "terraform": ("docker.io/hashicorp/terraform", "{}"),
}
"""Tools that are an image: its repository, and the tag of a version."""
_ONE_AT_A_TIME = """\
began="$(gcloud builds describe "$BUILD_ID" --region="$LOCATION" --format='value(createTime)')"
while [ -n "$(gcloud builds list --region="$LOCATION" --ongoing --format='value(id)' \\
  --filter="buildTriggerId=$TRIGGER_ID AND createTime<'$began'")" ]; do
  sleep 20
done
"""
_IMAGE_INPUTS = {name: name for name in ("build-args", "context", "file", "push", "tags", "target")}


class Build(Struct, frozen=True):
    """The file's text, whom the build acts as, and whether somebody has to agree before it starts."""

    text: str
    identity: FederatedIdentity | None
    approved: bool


def cloud_build_workflow(workflow: Workflow, *, project: str, worker_pool: str = "") -> Build:
    """The build of a workflow. Raises Unsayable."""
    identity = _identity(workflow)
    _ordered(workflow)
    secrets = _secrets(workflow, project)
    steps = [step for job in workflow.jobs for step in _job(job, project)]
    if not steps:
        raise Unsayable(f"the workflow `{workflow.name}` has no step that does anything", "give it a command")
    seconds = min(sum(job.minutes * max(1, _times(job)) for job in workflow.jobs) * 60, MOST_SECONDS)
    if workflow.one_at_a_time:
        steps.insert(0, _wait())
    options: dict[str, Any] = {"logging": "CLOUD_LOGGING_ONLY"}
    if worker_pool:
        options["pool"] = {"name": worker_pool}
    document: dict[str, Any] = {"steps": steps, "timeout": f"{seconds}s", "options": options}
    images = [tag for job in workflow.jobs for step in job.steps for tag in _pushed(step)]
    if images:
        document["images"] = images
    if secrets:
        document["availableSecrets"] = {
            "secretManager": [{"versionName": held.versioned, "env": variable} for variable, held in secrets.items()]
        }
    return Build(to_yaml(document), identity, any(job.environment for job in workflow.jobs))


def _secrets(workflow: Workflow, project: str) -> dict[str, Held]:
    """The build's secrets by the variable that each one fills."""
    found: dict[str, Held] = {}
    for secret in (secret for job in workflow.jobs for step in job.steps for secret in step.secrets.values()):
        held = place_of(secret, project)
        other = found.setdefault(_variable(held), held)
        if other != held:
            raise Unsayable(
                f"`{workflow.name}` reads two secrets that a build would keep in one variable, `{other.versioned}` and"
                f" `{held.versioned}`",
                "give one of them another name, or use github-actions",
            )
    return found


def _identity(workflow: Workflow) -> FederatedIdentity | None:
    found = {str(job.identity.identity.email): job.identity for job in workflow.jobs if job.identity is not None}
    if len(found) > 1:
        raise Unsayable(
            f"the jobs of `{workflow.name}` act as {' and '.join(sorted(found))}, and a build has one service account",
            "give all jobs one identity; for `terraform` write `compared: false`",
        )
    return next(iter(found.values()), None)


def _ordered(workflow: Workflow) -> None:
    """Steps run in the order that jobs are written in."""
    seen: set[str] = set()
    for job in workflow.jobs:
        late = [need for need in job.needs if need not in seen]
        if late:
            raise Unsayable(f"job `{job.name}` stands before `{late[0]}`, which it needs", "write it after that")
        seen.add(job.name)


def _wait() -> dict[str, Any]:
    """Earlier builds of the trigger end first."""
    facts = ("BUILD_ID", "LOCATION", "TRIGGER_ID")
    return {
        "id": "one at a time",
        "name": images()["cloud-sdk"].reference,
        "entrypoint": "sh",
        "args": ["-euc", _escaped(_ONE_AT_A_TIME)],
        "env": [f"{name}=${name}" for name in facts],
    }


def _times(job: Job) -> int:
    times = 1
    for values in job.matrix.values():
        times *= len(values)
    return times


def _job(job: Job, project: str) -> Iterator[dict[str, Any]]:
    if job.when:
        raise Unsayable(
            f"job `{job.name}` has a condition in GitHub's words", "leave `when` out, or use github-actions"
        )
    for values in product(*job.matrix.values()):
        held = {name.upper(): value for name, value in zip(job.matrix, values, strict=True)}
        image = images()["cloud-sdk"].reference
        for step in job.steps:
            image = _image(step, image)
            made = _step(step, image, held, project)
            if made is not None:
                yield {"id": " ".join((job.name, *held.values(), step.name)), **made}


def _image(step: Step, current: str) -> str:
    """The image of what follows: a tool that is an image takes the place of the one before."""
    if step.tool == "registry-login":
        return images()["docker-cli"].reference
    if step.tool is None or step.tool not in VERSIONED:
        return current
    version = step.inputs.get("version")
    if version is None:
        raise Unsayable(f"step `{step.name}` names no version of `{step.tool}`", "give the input `version`")
    repository, tag = VERSIONED[step.tool]
    return f"{repository}:{tag.format(version)}"


def _step(step: Step, image: str, held: Mapping[str, str], project: str) -> dict[str, Any] | None:
    if step.reads_requests:
        raise Unsayable(
            f"step `{step.name}` reads requests, and a build has no token of the repository's host",
            "leave it out; for `terraform` write `reviewed: false`",
        )
    if step.always:
        raise Unsayable(
            f"step `{step.name}` runs even after a failure, which no step of Cloud Build does", "leave it out"
        )
    variables = {**held, **step.variables}
    if any("${{" in value for value in variables.values()):
        raise Unsayable(f"step `{step.name}` has a variable in GitHub's words", "give it a plain value")
    if step.tool is None:
        made: dict[str, Any] = {"name": image, "entrypoint": "sh", "args": ["-euc", _escaped(step.run)]}
        if variables:
            made["env"] = [f"{name}={_escaped(value)}" for name, value in variables.items()]
        if step.secrets:
            kept = {name: _variable(place_of(secret, project)) for name, secret in step.secrets.items()}
            made["secretEnv"] = list(dict.fromkeys(kept.values()))
            renamed = "".join(f'export {name}="$${held}"\n' for name, held in kept.items() if name != held)
            made["args"] = ["-euc", renamed + _escaped(step.run)]
        return made
    if step.tool in SHARED or step.tool in VERSIONED:
        return None
    if step.tool == "cluster-credentials":
        given = {"--region" if name == "location" else f"--{name}": value for name, value in step.inputs.items()}
        cluster = given.pop("--cluster", given.pop("--cluster_name", ""))
        flags = [f"{name.replace('_id', '')}={value}" for name, value in given.items()]
        return {"name": images()["cloud-sdk"].reference, "entrypoint": "gcloud",
                "args": ["container", "clusters", "get-credentials", cluster, *flags]}  # fmt: skip
    if step.tool == "image-build":
        return {"name": images()["docker-cli"].reference, "args": _build(step, held)}
    raise Unsayable(f"Cloud Build has no `{step.tool}`, which step `{step.name}` uses", "use github-actions for it")


def _build(step: Step, held: Mapping[str, str]) -> list[str]:
    given = {input_of(step, _IMAGE_INPUTS, name): _filled(value, held) for name, value in step.inputs.items()}
    arguments = ["build", *(f"--tag={tag}" for tag in _listed(given.get("tags", "")))]
    arguments += [f"--build-arg={each}" for each in given.get("build-args", "").splitlines() if each]
    arguments += [f"--{name}={given[name]}" for name in ("file", "target") if name in given]
    return [*arguments, given.get("context", ".")]


def _pushed(step: Step) -> list[str]:
    pushes = step.tool == "image-build" and step.inputs.get("push") != "false"
    return _listed(step.inputs.get("tags", "")) if pushes else []


def _listed(tags: str) -> list[str]:
    """Tags are parted by commas, spaces or lines."""
    return re.findall(r"[^,\s]+", tags)


def _filled(text: str, held: Mapping[str, str]) -> str:
    return re.sub(r"\$\{([A-Z_][A-Z0-9_]*)\}", lambda found: held.get(found[1], found[0]), text)


def _escaped(text: str) -> str:
    """A dollar sign begins a substitution of Cloud Build's; two are one for the shell."""
    return text.replace("$", "$$")


def _variable(held: Held) -> str:
    return re.sub(r"[^A-Z0-9]", "_", held.name.upper())
