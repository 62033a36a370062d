"""What every orchestrator does alike: applications, and what the environment's components can give to each of them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, field
from pydantic import Field

from planform.contracts.compute import AcceleratorPool, Compute
from planform.contracts.database import Database
from planform.contracts.feature_store import FeatureStore
from planform.contracts.identity import Identities, Identity
from planform.contracts.key_value import KeyValue
from planform.contracts.object_store import ObjectStore
from planform.contracts.orchestrator import Orchestrator
from planform.contracts.secrets import SecretRef, Secrets
from planform.contracts.streaming import Streaming
from planform.diagnostics import suggest
from planform.planes.component import Component, Refused
from planform.planes.delivery.resource_types import RESOURCE_TYPES, output_fault, type_fault
from planform.planes.teams import WORKLOAD
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import KebabName

__all__ = ["Application", "ApplicationSettings", "ApplicationsSettings", "Offer", "OrchestratorComponent"]


class ApplicationSettings(Settings):
    """An application that people describe by hand, and what is made for it."""

    team: KebabName = Field(description="The team that it belongs to; its workloads run in that team's namespace.")
    topics: tuple[KebabName, ...] = Field(
        default=(), description="Topics that it reads and writes; a wish names one as its id. Default: none."
    )
    tables: dict[KebabName, str] = Field(
        default_factory=dict,
        description="Tables of the key-value store by name, with the name of their key. Default: none.",
        examples=[{"sessions": "user_id"}],
    )
    secrets: dict[KebabName, str] = Field(
        default_factory=dict,
        description="Secrets that it reads, kept in the platform's store under its name and theirs, with what each is"
        " for; a wish names one as its id. Default: none.",
        examples=[{"partner-api-key": "Calls to the partner's scoring service"}],
    )


class ApplicationsSettings(Settings):
    """Settings that every orchestrator has."""

    applications: dict[KebabName, ApplicationSettings] = Field(
        default_factory=dict,
        description="Applications besides those of golden paths, by name. Default: none.",
        examples=[{"checkout": {"team": "fraud"}}],
    )
    application_database: bool = Field(
        default=True,
        description="Make a database for each application, where the environment has a database server. Default: on.",
    )
    application_bucket: bool = Field(
        default=True, description="Make a bucket for each application, where the environment has buckets. Default: on."
    )


class Offer(Struct, frozen=True):
    """How a wish is met: fixed outputs for a type and class, for all applications or one, by any id or one.

    `secret` is the Kubernetes Secret of the application's namespace that has a secret's value under `value`.
    """

    type: str
    outputs: Mapping[str, str]
    class_: str = "default"
    application: str = ""
    id: str = ""
    secret: str = ""


class Application(Struct, frozen=True):
    """An application: its team, its namespace, and what its pods need to reach what they were given."""

    name: str
    team: str
    namespace: str
    identity: Identity | None
    variables: dict[str, str] = field(default_factory=dict)
    volumes: list[dict[str, Any]] = field(default_factory=list)
    mounts: list[dict[str, Any]] = field(default_factory=list)


class OrchestratorComponent(Component):
    """The base of the components that fill `orchestrator`.

    Each application gets a database and a bucket of its name, which its team's identity may use, and what its settings
    name. The types that are the same for all are offered once.
    """

    capability = "orchestrator"
    provides = Orchestrator

    compute: Compute
    identity: Identities | None
    database: Database | None
    object_store: ObjectStore | None
    streaming: Streaming | None
    key_value: KeyValue | None
    feature_store: FeatureStore | None
    secrets: Secrets | None

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterator[Fault]:
        for name, application in settings.applications.items():
            if len(f"{environment.project}-{name}") > 63:
                yield Fault(
                    "spec/name-too-long",
                    f"the bucket `{environment.project}-{name}` has more than 63 characters",
                    ("applications", name),
                    help="shorten the application's name",
                    of_key=True,
                )
            for key in application.secrets:
                if len(f"{name}-{key}") > 63:
                    yield Fault(
                        "spec/name-too-long",
                        f"the secret `{name}-{key}` has more than 63 characters",
                        ("applications", name, "secrets", key),
                        help="shorten the name of the secret or of the application",
                        of_key=True,
                    )

    def build(self) -> None:
        self._applications: dict[str, Application] = {}
        self._offers: dict[tuple[str, str, str, str], Offer] = {}
        self._start()
        for offer in self._common():
            self._add(offer)
        for name, settings in self.settings.applications.items():
            self.application(name, team=settings.team, namespace=settings.team)

    def application(self, name: str, *, team: str, namespace: str) -> str:
        """The application; asking again gives the same."""
        held = self._applications.get(name)
        if held is None:
            made = self._applications[name] = Application(name, team, namespace, self._identity(team))
            self._begin(made)
            for offer in self._own(made):
                self._add(offer)
        elif (held.team, held.namespace) != (team, namespace):
            raise self.refuse(
                "contract/other-team",
                f"the application `{name}` is of team `{held.team}` in namespace `{held.namespace}`, and is asked for"
                f" as one of `{team}` in `{namespace}`",
                help="ask for an application under another name",
            )
        return name

    def provide(
        self, type: str, *, outputs: Mapping[str, str], class_: str = "default", application: str = "", id: str = ""
    ) -> None:
        """Meet wishes with fixed values; a `secret` is named by `value`, its name in the platform's store."""
        for fault in (type_fault(type), *(output_fault(type, each) for each in outputs if type in RESOURCE_TYPES)):
            if fault is not None:
                raise Refused(fault)
        missing = [each for each in RESOURCE_TYPES[type].outputs if each not in outputs]
        if missing:
            raise self.refuse(
                "contract/unknown-output",
                f"a `{type}` is offered without {', '.join(f'`{each}`' for each in missing)}",
                help="give every output of the type, so that a wish is met alike everywhere",
            )
        held = self._known(application) if application else None
        if type == "secret":
            self._add(self._secret(held, id, outputs["value"]))
        else:
            self._add(Offer(type, dict(outputs), class_, application, id))

    @abstractmethod
    def deploy(self, application: str, *, workload: str, image: str) -> Any:
        """The steps by which CI deploys a workload."""

    @abstractmethod
    def _start(self) -> None:
        """Make what there is before any application."""

    @abstractmethod
    def _begin(self, application: Application) -> None:
        """Make what an application is for the orchestrator."""

    @abstractmethod
    def _offered(self, offer: Offer) -> None:
        """Make an offer known to the orchestrator."""

    def _known(self, application: str) -> Application:
        held = self._applications.get(application)
        if held is None:
            near = suggest(application, self._applications)
            raise self.refuse(
                "contract/unknown-application",
                f"no application is called `{application}`",
                help=f"did you mean `{near}`?" if near else "ask for the application first",
            )
        return held

    def _add(self, offer: Offer) -> None:
        key = (offer.type, offer.class_, offer.application, offer.id)
        held = self._offers.setdefault(key, offer)
        if held != offer:
            raise self.refuse(
                "contract/two-offers",
                f"wishes for `{offer.type}` of class `{offer.class_}` would be met in two ways",
                help="give one of the two another class or id, or offer it to one application",
            )
        if held is offer:
            self._offered(offer)

    def _identity(self, team: str) -> Identity | None:
        """The team's identity, which its pods act as; the same service account as the team's namespace has."""
        return (
            self.identity.service_account(f"team-{team}", purpose=f"Workloads of team {team}")
            if self.identity is not None
            else None
        )

    def _common(self) -> Iterator[Offer]:
        """What is the same for every application."""
        for pool in self.compute.accelerator_pools():
            yield Offer("gpu-pool", {"accelerator": pool.accelerator, "count": str(pool.count)}, pool.name)
        if self.feature_store is not None:
            store = self.feature_store.store()
            values = {"kind": store.kind, "offline": str(store.offline), "online": str(store.online)}
            yield Offer("feature-store", values)

    def _own(self, application: Application) -> Iterator[Offer]:
        """What is an application's own."""
        name, identity = application.name, application.identity
        email = identity.email if identity is not None else ""
        yield Offer("service-account", {"email": str(email), "name": WORKLOAD}, application=name)
        if self.database is not None and self.settings.application_database and identity is not None:
            held = self.database.database(name.replace("-", "_"), users=[identity])
            outputs = {
                "connection_name": str(held.connection_name),
                "host": "127.0.0.1",
                "name": str(held.database),
                "port": "5432",
                "username": held.users[0],
            }
            yield Offer("postgres", outputs, application=name)
        if self.object_store is not None and self.settings.application_bucket:
            bucket = self.object_store.bucket(name, writers=[identity.member] if identity is not None else ())
            yield Offer("bucket", {"name": str(bucket.name), "uri": str(bucket.uri)}, application=name)
        yield from self._settled(application)

    def _settled(self, application: Application) -> Iterator[Offer]:
        """What the settings name for an application."""
        settings = self.settings.applications.get(application.name)
        if settings is None:
            return
        yield from self._topics(application, settings)
        yield from self._tables(application, settings)
        for id, purpose in settings.secrets.items():
            yield self._secret(application, id, f"{application.name}-{id}", purpose)

    def _topics(self, application: Application, settings: ApplicationSettings) -> Iterator[Offer]:
        if not settings.topics:
            return
        if self.streaming is None:
            raise self._missing("topics", "streaming", application)
        made = {name: self.streaming.topic(name, team=application.team) for name in settings.topics}
        client = self.streaming.client(
            application.name,
            namespace=application.namespace,
            scope=self,
            reads=tuple(made.values()),
            writes=tuple(made.values()),
            service_account=WORKLOAD,
            identity=application.identity,
        )
        _mount(application, client.files)
        for name, each in made.items():
            values = {"bootstrap": str(client.bootstrap), "name": str(each.name)}
            yield Offer("topic", values, application=application.name, id=name)

    def _tables(self, application: Application, settings: ApplicationSettings) -> Iterator[Offer]:
        if not settings.tables:
            return
        if self.key_value is None:
            raise self._missing("tables", "key_value", application)
        made = {
            name: self.key_value.table(name, key=key, team=application.team) for name, key in settings.tables.items()
        }
        client = self.key_value.client(
            application.name,
            namespace=application.namespace,
            service_account=WORKLOAD,
            scope=self,
            identity=application.identity,
            writes=tuple(made.values()),
        )
        application.variables.update(client.variables)
        application.volumes.extend(dict(each) for each in client.volumes)
        application.mounts.extend(dict(each) for each in client.mounts)
        for name, each in made.items():
            values = {"engine": each.engine, "id": str(each.id), "name": str(each.name)}
            yield Offer("table", values, application=application.name, id=name)

    def _secret(self, application: Application | None, id: str, name: str, purpose: str = "") -> Offer:
        """A secret of the store, brought into the application's namespace."""
        if self.secrets is None or application is None or not id:
            raise self.refuse(
                "contract/no-delivery",
                f"the secret `{name}` is offered, and there is no store, no application or no id for it",
                help="add the slot `secrets`, and offer a secret to one application under an id",
            )
        held = self.secrets.secret(name, purpose=purpose)
        target = f"{application.name}-{id}"
        self._bring(application, target, held)
        return Offer("secret", {"value": str(held.name)}, "default", application.name, id, target)

    def _bring(self, application: Application, target: str, held: SecretRef) -> None:
        """Keep the Kubernetes Secret `target` of the application's namespace as the store has it, under `value`."""
        if self.secrets is not None:
            self.secrets.deliver(
                target, {"value": held}, namespace=application.namespace, cluster=self.compute.cluster(), scope=self
            )

    def _missing(self, setting: str, capability: str, application: Application) -> Refused:
        return self.refuse(
            "contract/unmet-requirement",
            f"the application `{application.name}` has `{setting}`, and the environment has no `{capability}`",
            path=("applications", application.name, setting),
            help=f"add the slot `{capability}`, or delete `{setting}`",
        )

    def _pools(self) -> dict[str, AcceleratorPool]:
        return {pool.name: pool for pool in self.compute.accelerator_pools()}


def _mount(application: Application, files: Mapping[str, tuple[str, str]]) -> None:
    """Mount each file of a Secret at its path."""
    for path, (secret, key) in files.items():
        volume = f"secret-{secret}"
        if volume not in [each["name"] for each in application.volumes]:
            application.volumes.append({"name": volume, "secret": {"secretName": secret, "defaultMode": 0o440}})
        application.mounts.append({"name": volume, "mountPath": path, "subPath": key, "readOnly": True})
