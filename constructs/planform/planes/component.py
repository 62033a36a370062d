"""What a component is: one technology that fills one slot."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar, Union, get_args, get_origin, get_type_hints

from msgspec import Struct

from planform.contracts.services import Services
from planform.diagnostics import DiagnosticError, Location, error
from planform.engine import Construct
from planform.kubernetes.images import image
from planform.kubernetes.record import KubernetesObject, Manifests
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings as BaseSettings
from planform.terraform.record import Resource

__all__ = ["Component", "Need", "Place", "Refused", "needs_of"]


class Refused(Exception):
    """Raised by a component that cannot do what it is asked; carries the fault for whoever knows the line."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.summary)
        self.fault = fault


class Need(Struct, frozen=True):
    """A capability that a component asks something of, and the contract that it speaks."""

    capability: str
    contract: type
    optional: bool


class Place(Struct, frozen=True):
    """Where a component stands in a platform: its plane, that plane's owner, and its slot in the blueprint."""

    plane: str = ""
    team: str = ""
    at: Callable[..., Location | None] = lambda *path: None


class Component(Construct):  # type: ignore[misc, unused-ignore]
    """One technology in one slot. A subclass is metadata and `build`.

    `name` is what a blueprint writes, `capability` the slot that it fills, `provides` the contract it keeps,
    `apis` the Google APIs that its resources need, `Settings` what a blueprint may set. `files_only` says that it makes
    no Terraform records, so that its stack need not wait for those of its providers; `names_only` are the capabilities
    that it only speaks of by name, so that it need not wait for theirs. `own_stack` says that its records are a state
    of their own, `<stack of the plane>-<capability>`, because they can be applied only long after the rest of the
    plane: what is inside a server that runs in the cluster. What it needs of others is written as annotations:
    `keys: Keys` must be there, `keys: Keys | None` may be; the attribute's name is the capability.

    Alone, in anybody's stack, it is made the same way as in a platform:
    `Gcs(stack, "object_store", GcsSettings(), environment=environment, services=ExistingServices(...))`.

    Raises DiagnosticError with everything that is wrong with its settings.
    """

    name: ClassVar[str]
    capability: ClassVar[str]
    provides: ClassVar[type]
    apis: ClassVar[tuple[str, ...]] = ()
    files_only: ClassVar[bool] = False
    names_only: ClassVar[tuple[str, ...]] = ()
    own_stack: ClassVar[bool] = False
    Settings: ClassVar[type[BaseSettings]] = BaseSettings

    settings: Any

    def __init__(
        self,
        scope: Any,  # any engine's construct: a consumer's stack is not of planform's own type
        id: str,
        settings: BaseSettings | None = None,
        *,
        environment: Environment,
        place: Place | None = None,
        **needs: object,
    ) -> None:
        super().__init__(scope, id)
        self.id = id
        self.environment = environment
        self.place = place or Place()
        self.settings = self.Settings() if settings is None else settings
        self.origin = self.place.at()
        self.depends_on: Sequence[Resource] = ()
        self.manifests = self._manifests()
        self._receive(needs)
        if place is None:
            refuse_all(self.check(self.settings, environment), f"{type(self).__name__} {id!r}")
        services = needs.get("services")
        if isinstance(services, Services):
            self.depends_on = services.enable(*self.apis)
        self.build()

    @classmethod
    def needs(cls) -> tuple[Need, ...]:
        """What this component asks of others, in the order it is written."""
        return needs_of(cls)

    @classmethod
    def applied(cls, settings: Any, environment: Environment) -> bool:
        """Whether it makes Terraform records in this environment, and so needs a stack."""
        return not cls.files_only

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        """Everything about the settings that only the environment's facts can tell to be wrong."""
        return ()

    @classmethod
    def cautions(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        """What may be wrong with the settings, as far as unconfirmed facts tell: warnings, not errors."""
        return ()

    def build(self) -> None:
        """Make the records."""

    def finish(self) -> None:
        """Make what depends on everything that was asked; called once, when all components are built.

        Whoever composes a component by hand calls it last.
        """

    @property
    def labels(self) -> dict[str, str]:
        """Labels of everything that this component makes: who owns it and who pays for it."""
        facts = self.environment
        own = {"component": self.name, "environment": facts.name, "managed_by": "planform"}
        if self.place.plane:
            own["plane"] = self.place.plane.replace("_", "-")
        if self.place.team:
            own["team"] = self.place.team
        return dict(sorted({**facts.labels, **own}.items()))

    def _manifests(self) -> Manifests:
        """Where its Kubernetes objects are written, under the plane that owns it."""
        name = getattr(self, "name", self.id)
        plane = self.place.plane.replace("_", "-") or "platform"
        folder = f"existing-{self.capability}" if name == "existing" else name
        return Manifests(self.environment.name, plane, folder, self.place.team, self.environment.charts)

    def image(self, name: str) -> str:
        """The reference of an image of the lock file, at the platform's version or the lock's."""
        return image(name, self.environment.images)

    def image_parts(self, name: str) -> tuple[str, str]:
        """The same as its repository and its version, for charts that take them apart."""
        repository, _, version = self.image(name).partition(":")
        return repository, version

    def at(self, *path: str | int) -> Location | None:
        """The blueprint position of one of the settings, for the records made from it."""
        return self.place.at(*path)

    def within(self, scope: Any) -> Construct:
        """Where what was asked is made: the scope of who asks, or the component itself where that is none."""
        return scope if isinstance(scope, Construct) else self

    def object(
        self, api_version: str, kind: str, name: str, namespace: str | None = None, *, scope: Any = None, **body: Any
    ) -> None:
        """A Kubernetes object with the component's labels; `body` is everything beside its metadata."""
        KubernetesObject(self.within(scope), api_version, kind, name, namespace=namespace, labels=self.labels, **body)

    def refuse(self, code: str, summary: str, *, path: tuple[str | int, ...] = (), help: str = "") -> Refused:
        """The exception to raise when an ask cannot be met."""
        return Refused(Fault(code, summary, path=path, help=help))

    def _receive(self, given: Mapping[str, Any]) -> None:
        wanted = {need.capability: need for need in self.needs()}
        for capability in given.keys() - wanted.keys():
            raise TypeError(f"{type(self).__name__} asks nothing of `{capability}`; it needs {sorted(wanted)}")
        for need in wanted.values():
            value = given.get(need.capability)
            if value is None and not need.optional:
                raise TypeError(f"{type(self).__name__} needs `{need.capability}`, a {need.contract.__name__}")
            if value is not None and not isinstance(value, need.contract):
                raise TypeError(
                    f"`{need.capability}` of {type(self).__name__} must be a {need.contract.__name__},"
                    f" not {type(value).__name__}"
                )
            setattr(self, need.capability, value)


def refuse_all(faults: Iterable[Fault], subject: str) -> None:
    """Raise every fault at once, for a component that was made in code."""
    found = [
        error(
            fault.code,
            fault.summary,
            notes=(f"in {'.'.join(map(str, (subject, *fault.path)))}",),
            help=fault.help,
        )
        for fault in faults
    ]
    if found:
        raise DiagnosticError(found)


_NOT_NEEDS = frozenset(
    ("settings", "name", "capability", "provides", "apis", "files_only", "names_only", "own_stack", "Settings")
)


def needs_of(cls: type) -> tuple[Need, ...]:
    """What a class asks of the environment's components, as its annotations say."""
    return _needs(cls)


@cache
def _needs(cls: type) -> tuple[Need, ...]:
    needs = []
    for attribute, hint in get_type_hints(cls).items():
        if attribute in _NOT_NEEDS or get_origin(hint) is ClassVar:
            continue
        options = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
        contracts = [option for option in options if getattr(option, "_is_protocol", False)]
        if contracts:
            needs.append(Need(attribute, contracts[0], optional=type(None) in options))
    return tuple(needs)
