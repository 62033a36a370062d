"""What a golden path is: one kind of workload document, and what it makes in each plane."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, ClassVar

from planform.contracts.identity import Identity
from planform.engine import Construct
from planform.files import File
from planform.golden_paths.rows import Ledger, Mark, Row
from planform.kubernetes.images import image
from planform.kubernetes.record import KubernetesObject, Manifests
from planform.planes.component import Need, Refused, needs_of
from planform.planes.teams import TeamSpace
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.platform import WorkloadSpec, kebab
from planform.spec.workload import Workload

__all__ = ["Path"]

_is_a = lru_cache(maxsize=1024)(isinstance)
"""Every workload asks the same of the same components, and a protocol looks at each of its members."""


class Path(Construct):  # type: ignore[misc, unused-ignore]
    """One workload in one environment. A subclass is metadata, a table and `build`.

    `kind` is what a document writes, `persona` who writes it, `table` what must happen in each plane, `Settings` the
    document's model. `title` is for people. What it needs of the environment's components is written as annotations,
    as a component's needs are. `repository` ends the name of its application repository; "" where it has none.
    `choices` are settings that name what other documents declare, to the sort of it.
    It stands in its team's space: its objects are delivered with the team's, in a folder of its own.
    """

    kind: ClassVar[str]
    persona: ClassVar[str]
    title: ClassVar[str]
    table: ClassVar[Mapping[str, str]]
    Settings: ClassVar[type[Workload]]
    repository: ClassVar[str] = ""
    choices: ClassVar[Mapping[str, str]] = {}

    settings: Any

    def __init__(
        self,
        space: TeamSpace,
        spec: WorkloadSpec,
        *,
        environment: Environment,
        teams: Sequence[str],
        siblings: Sequence[str],
        components: Mapping[str, object],
        ledger: Ledger,
        given: dict[tuple[str, str], Any],
    ) -> None:
        super().__init__(space, spec.id)
        self.id = spec.id
        self.space = space
        self.spec = spec
        self.settings = spec.settings
        self.name = spec.settings.name
        self.team = spec.settings.team
        self.environment = environment
        self.teams = teams
        self.stages = tuple(name for name in siblings if name in self.settings.bound)
        """Where it is, in the order in which a version gets there: production last."""
        self.origin = spec.origin("name")
        self.manifests = Manifests(environment.name, f"team-{self.team}", self.id, self.team, environment.charts)
        self._rows = {plane: Row(plane, must) for plane, must in self.table.items()}
        self._ledger = ledger
        self._given = given
        self.followed_by: set[str] = set()
        self._missing = [*self._receive(components)]

    def image(self, name: str) -> str:
        """The reference of an image of the lock file, at the platform's version or the lock's."""
        return image(name, self.environment.images)

    @classmethod
    def needs(cls) -> tuple[Need, ...]:
        """What it asks of the environment's components."""
        return needs_of(cls)

    @classmethod
    def options(cls, components: Mapping[str, Any]) -> Mapping[str, Sequence[str]]:
        """What the environment really has to choose from, by the dotted path of a setting: the order is fixed."""
        return {}

    @classmethod
    def unavailable(cls, components: Mapping[str, Any]) -> Collection[str]:
        """Settings that no document can have in the environment, which its form leaves out."""
        return ()

    def check(self) -> Iterator[Fault]:
        """Everything about the document that only the environment's components can tell to be wrong."""
        return iter(())

    def faults(self) -> Iterator[Fault]:
        """What `check` finds, and what is missing to build it at all."""
        if self._missing:
            yield from self._missing
        else:
            yield from self.check()

    @abstractmethod
    def build(self) -> None:
        """Make what each plane needs, each thing inside `with self.row(plane):`."""

    @property
    def rows(self) -> tuple[Row, ...]:
        """What was done, plane by plane."""
        return tuple(self._rows.values())

    @property
    def labels(self) -> dict[str, str]:
        """The team's labels, and whose of its things this is: costs are split by them."""
        return dict(
            sorted(
                {**self.space.labels, "component": kebab(self.kind), "plane": "teams", "workload": self.name}.items()
            )
        )

    @property
    def namespace(self) -> str:
        """The team's namespace."""
        return self.space.namespace or self.team

    @property
    def identity_of_team(self) -> Identity | None:
        """What the team's pods act as."""
        return self.space.identity

    @property
    def members(self) -> tuple[str, ...]:
        """The team's identity as an IAM member, for what its pods may do."""
        return (self.space.identity.member,) if self.space.identity is not None else ()

    @property
    def space_folder(self) -> str:
        """The folder of what every team has, such as its network policies."""
        return f"{self.space.manifests.folder}/"

    @contextmanager
    def row(self, plane: str) -> Iterator[Row]:
        """What is made inside makes this plane's line of the table true."""
        row, before = self._rows[plane], self._ledger.moment()
        yield row
        row.made += self._ledger.since(before)

    def finds(self, plane: str, text: str, *, inside: str = "kubernetes") -> None:
        """The output will have this text: in `kubernetes`, `files` or `stacks` of the environment, in `repository`, or
        in the files whose path begins with `inside`.
        """
        facts = self.environment
        known = {"repository": "repository/", "stacks": f"stacks/{facts.prefix}"}
        folder = inside if "/" in inside else known.get(inside, f"{inside}/{facts.name}/")
        self._rows[plane].marks.append(Mark(folder, text))

    def lacks(self, plane: str, capability: str) -> None:
        """Nothing can be made in this plane, or less, as the environment has no such component."""
        self.without(plane, f"environment `{self.environment.name}` has no `{capability}`")

    def without(self, plane: str, why: str) -> None:
        """Why nothing, or less, is made in this plane."""
        self._rows[plane].lacks.append(why)

    def before(self, capability: str) -> None:
        """The stack of this component must be applied after the team's: it names what is made here."""
        self.followed_by.add(capability)

    def give(self, sort: str, value: Any, name: str = "") -> None:
        """What other workloads that refer to this one get."""
        self._given[sort, name or self.name] = value

    def given(self, sort: str, name: str) -> Any:
        """What another document declares; a reference that nobody declares was refused before."""
        return self._given[sort, name]

    def manifest(self, api_version: str, kind: str, name: str, **body: Any) -> None:
        """An object in the team's namespace with the workload's labels."""
        KubernetesObject(self, api_version, kind, name, namespace=self.namespace, labels=self.labels, **body)

    def file(self, path: str, text: str) -> None:
        """A file of its folder in the output."""
        File(self, path, text)

    def refuse(self, code: str, summary: str, *, path: tuple[str | int, ...] = (), help: str = "") -> Refused:
        """The exception to raise when the document asks for what cannot be."""
        return Refused(Fault(code, summary, path=path, help=help))

    def _receive(self, components: Mapping[str, object]) -> Iterator[Fault]:
        for need in self.needs():
            found = components.get(need.capability)
            fits = _is_a(found, need.contract)
            if not fits and not need.optional:
                yield Fault(
                    "workload/missing-capability",
                    f"a {self.kind} needs `{need.capability}`, and environment `{self.environment.name}` has none",
                    ("kind",),
                    help=f"fill the slot `{need.capability}` there, or leave the environment out of `environments`",
                )
            setattr(self, need.capability, found if fits else None)
