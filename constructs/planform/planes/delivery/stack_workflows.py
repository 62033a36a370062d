"""The workflows that plan and apply an environment's stacks: what was reviewed is compiled, planned, compared, applied.

The output is committed beside the blueprint, so a pull request shows both. A preview of all environments is the one
comment on it, with a digest of what each is to be; the change is planned there by an identity that can only read. After
the merge that digest is compared with what the merge made, the change is planned once more by the same identity, and an
identity that can write applies it if it comes to the same change.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from planform.contracts.ci import Job, Step, Trigger, Workflow
from planform.contracts.gitops import ManifestSource
from planform.contracts.identity import FederatedIdentity
from planform.contracts.infrastructure import StackFacts

__all__ = ["Delivery", "Gate", "apply_workflow", "plan_workflow", "preview_workflow"]

PREVIEW = "preview"
"""The workflow that previews, and the check that says how it went."""
INSTALL = 'python -m pip install --quiet "$PLANFORM"\n'
SUMMARY = '"${GITHUB_STEP_SUMMARY:-/dev/stdout}"'
CHANGE = (
    '[.resource_changes[]? | select(.change.actions | inside(["no-op", "read"]) | not)'
    " | {address, actions: .change.actions, before: .change.before, after: .change.after}]"
)


class Gate(Struct, frozen=True):
    """Who applies a stack: an identity, and the protected deployment environment that its job enters."""

    environment: str
    identity: FederatedIdentity


class Delivery(Struct, frozen=True):
    """Everything that the workflows of one environment are made from."""

    environment: str
    prefix: str
    stacks: tuple[StackFacts, ...]
    plan: FederatedIdentity
    gates: Mapping[str, Gate]
    """By stack."""
    deliverer: Gate
    blueprint: str
    output: str
    branch: str
    planform: str
    python: str
    terraform: str
    compared: bool
    reviewed: bool
    manifests: ManifestSource | None = None
    variables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By provider: variables that configure it."""
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By provider: variables whose values are secrets of the platform's store."""
    minutes: int = 60

    def folder(self, stack: str) -> str:
        """Where a stack is in the repository."""
        return f"{self.output}/stacks/{stack}"

    def is_keyed(self, stack: StackFacts) -> bool:
        """Whether a provider of the stack needs a secret, which the identity that plans may not read."""
        return any(provider in self.secrets for provider in stack.providers)


def plan_workflow(given: Delivery) -> Workflow:
    """On pull requests: compile, compare with what is committed, plan each stack."""
    name = f"{given.environment}-plan"
    trigger = Trigger(pull_request=True)
    return Workflow(name, f"Plan {given.environment}", trigger, (_planned(given), *_plans(given, handed_on=False)))


def preview_workflow(given: Delivery, *, terraform: str) -> Workflow:
    """On pull requests: what the change does to all environments, as the one comment; the same for each environment.

    `terraform` is the version that asks the providers, "" where documents alone are compared. Nothing that environments
    may have in a way of their own goes in here.
    """
    steps = (
        Step("Check out", tool="checkout", inputs={"depth": "0"}),
        *((Step("Terraform", tool="terraform", inputs={"version": terraform}),) if terraform else ()),
        *_planform(given),
        Step("Preview", _PREVIEW, variables={"BLUEPRINT": given.blueprint}),
        Step("Comment", tool="comment", always=True,
             inputs={"path": "preview/preview.md", "python": given.python, "planform": given.planform}),
    )  # fmt: skip
    return Workflow(PREVIEW, "Preview", Trigger(pull_request=True), (Job("changes", steps, minutes=30),))


def apply_workflow(given: Delivery) -> Workflow:
    """After a merge: plan once more, apply in order, hand the manifests to the cluster."""
    name = f"{given.environment}-apply"
    paths = (f"{given.output}/stacks/{given.prefix}*/**", f"{given.output}/kubernetes/{given.environment}/**")
    plans = _plans(given, handed_on=True) if given.compared else ()
    jobs = [_merged(given), *plans]
    ready = tuple(job.name for job in jobs)
    applies = _applies(given, ready)
    jobs += applies
    if given.manifests is not None and given.manifests.kind == "oci":
        jobs.append(_manifests(given, given.manifests, tuple(job.name for job in applies) or ready))
    trigger = Trigger(push=True, manual=True, paths=paths)
    return Workflow(name, f"Apply {given.environment}", trigger, tuple(jobs), one_at_a_time=name)


def _planned(given: Delivery) -> Job:
    """Without an identity: this runs what whoever wrote the pull request has put there."""
    steps = (Step("Check out", tool="checkout"), *_planform(given), _compiled(given))
    if not given.reviewed:
        steps = (replace(steps[0], inputs={"depth": "0"}), *steps[1:], _told(given))
    return Job("compile", steps, minutes=20)


def _merged(given: Delivery) -> Job:
    """Nothing is planned or applied, and nobody's identity taken on, before this went well."""
    steps = (Step("Check out", tool="checkout"), *_planform(given), _compiled(given))
    if given.reviewed:
        facts = {"BLUEPRINT": given.blueprint, "BRANCH": given.branch, "TARGET": given.environment}
        steps = (*steps, Step("Compare with what was reviewed", _REVIEWED, variables=facts, reads_requests=True))
    return Job("compile", steps, minutes=20)


def _planform(given: Delivery) -> tuple[Step, ...]:
    return (
        Step("Python", tool="python", inputs={"version": given.python}),
        Step("Install planform", INSTALL, variables={"PLANFORM": given.planform}),
    )


def _compiled(given: Delivery) -> Step:
    return Step("Compile", _COMPILE, variables={"BLUEPRINT": given.blueprint, "OUTPUT": given.output})


def _told(given: Delivery) -> Step:
    """The preview of one environment in the run's summary, where there is no comment."""
    compared = {"BASE": f"origin/{given.branch}", "BLUEPRINT": given.blueprint, "TARGET": given.environment}
    return Step("Preview", _TOLD, variables=compared)


def _plans(given: Delivery, *, handed_on: bool) -> tuple[Job, ...]:
    """One run for each stack; those with keyed providers are planned without their keys."""
    open_stacks = tuple(stack.name for stack in given.stacks if not given.is_keyed(stack))
    keyed = tuple(stack.name for stack in given.stacks if given.is_keyed(stack))
    jobs = []
    if open_stacks:
        plan = (Step("Plan", _plan(given, keyed=False)), Step("Say what changes", _SHOW))
        steps = (*_tools(given), *plan, *(_handed_on() if handed_on else ()))
        jobs.append(Job("plan", steps, ("compile",), given.plan, matrix={"stack": open_stacks}, parallel=4,
                        minutes=given.minutes))  # fmt: skip
    if keyed:
        variables = {name: "offline" for each in given.secrets.values() for name in each if name not in _CALLS_HOME}
        variables["TF_VAR_offline"] = "true"
        steps = (*_tools(given), Step("Plan without keys", _plan(given, keyed=True), variables=variables),
                 Step("Say what changes", _SHOW))  # fmt: skip
        jobs.append(Job("plan-offline", steps, ("compile",),
                        given.plan, matrix={"stack": keyed}, parallel=4, minutes=given.minutes))  # fmt: skip
    return tuple(jobs)


def _handed_on() -> tuple[Step, ...]:
    upload = Step("Hand the change on", tool="upload",
                  inputs={"name": "change-${STACK}", "path": "changes/${STACK}.sha256", "days": "30"})  # fmt: skip
    return (Step("Know the change again", _DIGEST), upload)


def _applies(given: Delivery, ready: tuple[str, ...]) -> list[Job]:
    """One job for all stacks with the same gate and neighbours in the order, else one for each gate's run of stacks."""
    jobs: list[Job] = []
    gates = {given.gates[stack.name].environment for stack in given.stacks}
    if len(gates) <= 1:
        groups = [list(given.stacks)] if given.stacks else []
        names = ["apply"]
    else:
        groups = [[stack] for stack in given.stacks]
        names = [f"apply-{stack.name.removeprefix(f'{given.prefix}-')}" for stack in given.stacks]
    job_of = {stack.name: name for name, group in zip(names, groups, strict=False) for stack in group}
    for name, group in zip(names, groups, strict=False):
        gate = given.gates[group[0].name]
        before = {job_of[other] for stack in group for other in stack.after if other in job_of} - {name}
        steps = [*_tools(given)]
        if given.compared and any(not given.is_keyed(stack) for stack in group):
            fetch = {"pattern": "change-*", "path": "changes", "merge": "true"}
            steps.append(Step("Changes as they were planned", tool="download", inputs=fetch))
        steps += [_apply(given, stack) for stack in group]
        needs = (*ready, *sorted(before))
        jobs.append(
            Job(name, tuple(steps), needs, gate.identity, gate.environment, minutes=given.minutes * min(len(group), 4))
        )
    return jobs


def _apply(given: Delivery, stack: StackFacts) -> Step:
    compared = given.compared and not given.is_keyed(stack)
    script = _APPLY_COMPARED if compared else _APPLY
    providers = [provider for provider in stack.providers if provider in {*given.variables, *given.secrets}]
    variables = {"STACK": stack.name, "FOLDER": given.folder(stack.name)}
    secrets: dict[str, str] = {}
    for provider in providers:
        variables |= given.variables.get(provider, {})
        secrets |= given.secrets.get(provider, {})
    return Step(f"Apply {stack.name}", script, variables=variables, secrets=secrets)


def _manifests(given: Delivery, source: ManifestSource, needs: tuple[str, ...]) -> Job:
    variables = {
        "FOLDER": f"{given.output}/kubernetes/{given.environment}",
        "IMAGE": f"{source.url}:{source.revision}",
        "REGISTRY": source.url.partition("/")[0],
    }
    steps = (
        Step("Check out", tool="checkout"),
        Step("Sign in to the registry", tool="registry-login", inputs={"registry": variables["REGISTRY"]}),
        Step("Hand the manifests to the cluster", _PUSH, variables=variables),
    )
    gate = given.deliverer
    return Job("manifests", steps, needs, gate.identity, gate.environment, minutes=15)


def _tools(given: Delivery) -> tuple[Step, ...]:
    return (
        Step("Check out", tool="checkout"),
        Step("Terraform", tool="terraform", inputs={"version": given.terraform}),
    )


def _plan(given: Delivery, *, keyed: bool) -> str:
    flags = " -refresh=false" if keyed else ""
    folder = shlex.quote(f"{given.output}/stacks")
    return (
        f'terraform -chdir={folder}/"$STACK" init -input=false -no-color\n'
        f'terraform -chdir={folder}/"$STACK" plan -input=false -no-color -lock=false{flags} -out=tfplan\n'
        "mkdir -p changes\n"
        f'terraform -chdir={folder}/"$STACK" show -no-color tfplan > "changes/$STACK.txt"\n'
        f'terraform -chdir={folder}/"$STACK" show -json tfplan > "changes/$STACK.json"\n'
    )


_CALLS_HOME = ("GITHUB_TOKEN", "GITHUB_APP_PEM_FILE")
"""With one of these, made up or not, the provider asks its service who it is."""

_COMPILE = """\
planform synth "$BLUEPRINT" --out "$OUTPUT"
if [ -n "$(git status --porcelain -- "$OUTPUT")" ]; then
  git status --short -- "$OUTPUT"
  echo "the committed output is not what the blueprint compiles to: run planform synth, and commit what it writes"
  exit 1
fi
if [ -d "$OUTPUT/repository" ]; then
  (cd "$OUTPUT/repository" && find . -type f) | while read -r file; do
    cmp "$OUTPUT/repository/$file" "$file" || exit 1
  done
fi
"""
_PREVIEW = f"""\
code=0
planform preview "${{CI_MERGE_REQUEST_DIFF_BASE_SHA:-HEAD^1}}" HEAD --blueprint "$BLUEPRINT" \\
  --out preview/preview.md --out preview/preview.html --fail-on data-loss --fail-on-denial || code=$?
cat preview/preview.md >> {SUMMARY}
exit "$code"
"""
"""What GitHub checks out for a pull request is its merge, whose first parent is the branch as it is."""
_REVIEWED = """\
planform reviewed "$BLUEPRINT" --env "$TARGET" --branch "$BRANCH" --commit "$(git rev-parse HEAD)"
"""
_TOLD = f"""\
if git rev-parse --verify --quiet "$BASE" > /dev/null; then
  planform preview "$BASE" HEAD --blueprint "$BLUEPRINT" --env "$TARGET" --structure --format markdown >> {SUMMARY}
fi
"""
_SHOW = f"""\
{{
  echo "### $STACK"
  echo '```'
  head -c 900000 "changes/$STACK.txt"
  echo '```'
}} >> {SUMMARY}
"""
_DIGEST = f"""\
jq --sort-keys '{CHANGE}' "changes/$STACK.json" | sha256sum | cut -d ' ' -f 1 > "changes/$STACK.sha256"
"""
_APPLY = """\
terraform -chdir="$FOLDER" init -input=false -no-color
terraform -chdir="$FOLDER" plan -input=false -no-color -lock-timeout=5m -out=tfplan
terraform -chdir="$FOLDER" apply -input=false -no-color -lock-timeout=5m tfplan
"""
_APPLY_COMPARED = f"""\
terraform -chdir="$FOLDER" init -input=false -no-color
terraform -chdir="$FOLDER" plan -input=false -no-color -lock-timeout=5m -out=tfplan
terraform -chdir="$FOLDER" show -json tfplan > tfplan.json
change="$(jq --sort-keys '{CHANGE}' tfplan.json | sha256sum | cut -d ' ' -f 1)"
if [ "$change" != "$(cat "changes/$STACK.sha256")" ]; then
  echo "$STACK would change in another way than was planned after the merge: look at it, and run this once more"
  exit 1
fi
terraform -chdir="$FOLDER" apply -input=false -no-color -lock-timeout=5m tfplan
"""
_PUSH = """\
printf 'FROM scratch\\nCOPY . /\\n' | docker build --quiet --file - --tag "$IMAGE" "$FOLDER"
docker push "$IMAGE"
"""
