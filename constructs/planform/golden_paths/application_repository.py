"""The repository of a workload's own software, made once, and delivered to every environment that the document names.

One environment's stack writes the repository's first files, and each sets what is its own as variables of its
deployment environment there; so a workflow names variables and is the same for all. This asks of the host that it keeps
variables for each environment, as GitHub does. From then on the files are the team's, and the software is from the
start: the workflow installs it with its extra `test` and runs pytest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from planform.contracts.ci import Ci, Job, Step, Trigger, Workflow
from planform.contracts.ide import Ide
from planform.contracts.identity import FederatedIdentity, Identities, Identity
from planform.contracts.secrets import Secrets
from planform.contracts.version_control import CodeRepository, VersionControl
from planform.golden_paths.path import Path

__all__ = ["COMMIT", "acting_identity", "deliver", "make_repository"]

COMMIT = "${{ github.sha }}"
"""Ends the name of an image: the commit that the job runs at."""
PYTHON = "3.12"
WITH_VARIABLES = "github.com"
_LATER = "github.event_name != 'pull_request'"
_ACTING = FederatedIdentity(
    "${vars.IDENTITY_PROVIDER}",
    Identity("${vars.SERVICE_ACCOUNT}", "serviceAccount:${vars.SERVICE_ACCOUNT}", "${vars.SERVICE_ACCOUNT}"),
)
_TEST = """\
python -m pip install --quiet --editable '.[test]'
python -m pytest --quiet
"""


def make_repository(path: Path, control: VersionControl) -> CodeRepository:
    """The repository `<name>-<ending>` of the workload's team."""
    return control.repository(
        f"{path.name}-{path.repository}", team=path.team, purpose=f"{path.title} {path.name} of team {path.team}"
    )


def acting_identity(path: Path, identity: Identities, repository: CodeRepository) -> FederatedIdentity | None:
    """What the repository's jobs in this environment act as: the team's own identity, without a key."""
    return identity.ci(f"team-{path.team}", repository=repository.full_name, environment=path.environment.name)


def deliver(
    path: Path,
    repository: CodeRepository,
    steps: Sequence[Step],
    *,
    control: VersionControl,
    ci: Ci,
    identity: Identities,
    secrets: Secrets | None,
    ide: Ide | None,
    files: Mapping[str, str],
) -> None:
    """Write the repository's first files, such as a workflow that tests and then delivers by `steps`."""
    if repository.host != WITH_VARIABLES:
        path.without(
            "delivery", f"{repository.host} keeps no variables for each environment: its workflow is one's own"
        )
        return
    acting = acting_identity(path, identity, repository)
    if acting is None:
        path.without("delivery", "the platform trusts no CI: set `github` of the slot `identity`")
        return
    variables = _Variables(path, control, repository)
    variables.keep("IDENTITY_PROVIDER", str(acting.provider))
    variables.keep("SERVICE_ACCOUNT", str(acting.identity.email))
    _let_read(path, secrets, steps, acting)
    shared = [variables.portable(step) for step in steps]
    workflow = Workflow(
        "deliver",
        f"Deliver {path.name}",
        Trigger(pull_request=True, push=True, manual=True),
        (_tests(), *_deliveries(path.settings.bound, shared)),
    )
    made = {**(ide.repository_files() if ide is not None else {}), **files}
    path.finds("delivery", f'"{repository.name}"', inside="stacks")
    control.write(repository, {**made, **ci.render(workflow, repository=repository)})


def _tests() -> Job:
    return Job(
        "test",
        (
            Step("Check out the repository", tool="checkout"),
            Step("Set up Python", tool="python", inputs={"version": PYTHON}),
            Step("Test", run=_TEST),
        ),
        minutes=20,
    )


def _deliveries(environments: Sequence[str], steps: Sequence[Step]) -> list[Job]:
    """One job for each environment, each after the one before."""
    before = "test"
    jobs = []
    for name in environments:
        checkout = Step("Check out the repository", tool="checkout")
        python = Step("Set up Python", tool="python", inputs={"version": PYTHON})
        jobs.append(
            Job(
                f"deliver-{name}",
                (checkout, python, *steps),
                needs=(before,),
                identity=_ACTING,
                environment=name,
                minutes=90,
                when=_LATER,
            )
        )
        before = f"deliver-{name}"
    return jobs


def _let_read(path: Path, secrets: Secrets | None, steps: Sequence[Step], acting: FederatedIdentity) -> None:
    for step in steps:
        for secret in step.secrets.values() if secrets is not None else ():
            short = secret.rpartition("/")[2].removeprefix(f"{path.environment.prefix}-")
            assert secrets is not None
            secrets.secret(short, readers=[acting.identity.member])


class _Variables:
    """What differs between environments, kept as variables of this one."""

    def __init__(self, path: Path, control: VersionControl, repository: CodeRepository) -> None:
        self._path = path
        self._control = control
        self._repository = repository
        self._asked: Counter[str] = Counter()

    def keep(self, name: str, value: str) -> str:
        """The mark of a variable with this value; what is asked for again under one name has a number, so that names
        never hang on values, which differ. What is empty is not set, which a job sees as empty.
        """
        self._asked[name] += 1
        free = name if self._asked[name] == 1 else f"{name}_{self._asked[name]}"
        if value:
            self._control.variable(self._repository, free, value)
        return f"${{vars.{free}}}"

    def portable(self, step: Step) -> Step:
        """A step that says the same in every environment."""
        return replace(
            step,
            variables={name: self._text(name, value) for name, value in step.variables.items()},
            inputs={name: self._input(name, value) for name, value in step.inputs.items()},
            secrets={name: self.keep(f"SECRET_{name}", value) for name, value in step.secrets.items()},
        )

    def _text(self, name: str, value: str) -> str:
        if value.endswith(COMMIT):
            return self._text(name, value.removesuffix(COMMIT)) + COMMIT
        return self.keep(name, value)

    def _input(self, name: str, value: str) -> str:
        facts = self._path.environment
        known = any(fact in value for fact in (facts.project, facts.prefix, facts.region))
        return self._text(name.upper().replace("-", "_"), value) if known else value
