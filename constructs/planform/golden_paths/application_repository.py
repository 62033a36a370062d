"""The repository of a workload's own software, made once, and delivered to every environment that the document names.

One environment's stack writes the repository's first files, the software of its kind's templates among them, and each
sets what is its own as variables of its deployment environment there; so files name variables and are the same for all.
This asks of the host that it keeps variables for each environment, as GitHub does. From then on the files are the
team's; `planform path update` brings them what templates change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from planform.contracts.ci import Ci, Job, Step, Trigger, Workflow
from planform.contracts.ide import Ide
from planform.contracts.identity import FederatedIdentity, Identities, Identity
from planform.contracts.secrets import Secrets
from planform.contracts.version_control import CodeRepository, VersionControl
from planform.golden_paths.application import application, steps_of
from planform.golden_paths.path import Path

__all__ = ["COMMIT", "acting_identity", "deliver", "keep", "make_repository", "short_name"]

COMMIT = "${{ github.sha }}"
"""Ends the name of an image: the commit that the job runs at."""
PYTHON = "3.12"
WITH_VARIABLES = "github.com"
_OF_EACH = ("build-args",)
"""Inputs that a document may choose for each environment."""
_LATER = "github.event_name != 'pull_request'"
_ACTING = FederatedIdentity(
    "${vars.IDENTITY_PROVIDER}",
    Identity("${vars.SERVICE_ACCOUNT}", "serviceAccount:${vars.SERVICE_ACCOUNT}", "${vars.SERVICE_ACCOUNT}"),
)


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
    ide: Ide | None,
    answers: Mapping[str, Any] | None,
    identity: Identities | None = None,
    secrets: Secrets | None = None,
    files: Mapping[str, str] | None = None,
    plane: str = "delivery",
    templates: str = "",
) -> None:
    """Write the repository's first files, as part of what happens in `plane`.

    They are the software of its kind, or of `templates`, by `answers`, where there is one for them, `files` of the
    path's own, and a workflow that tests the software and then delivers by `steps`; without steps it only tests.
    """
    others = {**(ide.repository_files() if ide is not None else {}), **(files or {})}
    kind = templates or path.kind
    made = {**_software(path, kind, answers, repository, without=others), **others}
    path.finds(plane, f'"{repository.name}"', inside="stacks")
    acting = acting_identity(path, identity, repository) if steps and identity is not None else None
    if repository.host != WITH_VARIABLES and steps:
        path.without(plane, f"{repository.host} keeps no variables for each environment: its workflow is one's own")
    elif acting is None and steps:
        path.without(plane, "the platform trusts no CI: set `github` of the slot `identity`")
    else:
        shared = []
        if acting is not None:
            variables = _Variables(path, control, repository)
            variables.keep("IDENTITY_PROVIDER", str(acting.provider))
            variables.keep("SERVICE_ACCOUNT", str(acting.identity.email))
            _let_read(path, secrets, steps, acting)
            shared = [variables.portable(step) for step in steps]
        workflow = Workflow(
            "deliver",
            f"Deliver {path.name}" if steps else f"Test {path.name}",
            Trigger(pull_request=True, push=True, manual=True),
            (
                _tests(steps_of(kind) if answers is not None else ()),
                *(_deliveries(path.stages, shared) if steps else ()),
            ),
        )
        made |= ci.render(workflow, repository=repository)  # last, so that it runs once everything is there
    control.write(repository, made)


def keep(path: Path, answers: Mapping[str, Any] | None, *, templates: str = "") -> None:
    """The software as files of the output, where no repository is made for it: for its team to commit."""
    for name, text in _software(path, templates or path.kind, answers).items():
        path.file(f"repository/{name}", text)


def _software(
    path: Path,
    kind: str,
    answers: Mapping[str, Any] | None,
    repository: CodeRepository | None = None,
    *,
    without: Collection[str] = (),
) -> dict[str, str]:
    if answers is None:
        return {}
    common = {
        "description": path.settings.description or f"{path.title} {path.name} of team {path.team}.",
        "name": f"{path.name}-{path.repository}",
        "repository": repository.url if repository is not None else "",
        "team": path.team,
    }
    return application(kind, {**common, **answers}, without=sorted(without))


def _tests(steps: Sequence[Step]) -> Job:
    return Job(
        "test",
        (
            Step("Check out the repository", tool="checkout"),
            Step("Set up Python", tool="python", inputs={"version": PYTHON}),
            *steps,
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
            assert secrets is not None
            secrets.secret(short_name(path, secret), readers=[acting.identity.member])


def short_name(path: Path, secret: str) -> str:
    """What the store was asked for to get the secret with this name or id."""
    return secret.rpartition("/")[2].removeprefix(f"{path.environment.prefix}-")


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
        differs = name in _OF_EACH or any(fact in value for fact in (facts.project, facts.prefix, facts.region))
        return self._text(name.upper().replace("-", "_"), value) if differs else value
