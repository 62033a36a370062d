"""Artifact Registry repositories."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from planform.contracts.compute import Compute
from planform.contracts.keys import Keys
from planform.contracts.registry import Format, Registry, RepositoryRef
from planform.contracts.services import Services
from planform.planes.component import Component
from planform.planes.record_ids import principal_id, record_id
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import Days, Principal
from planform.terraform.expression import Known, template
from planform.terraform.google import (
    ArtifactRegistryRepository,
    ArtifactRegistryRepositoryIamMember,
)
from planform.terraform.record import Lifecycle

__all__ = ["ArtifactRegistry", "ArtifactRegistrySettings", "RepositorySettings"]

RepositoryName = Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$", examples=["images"])]
PUBLIC = {
    "docker-hub": ("docker", "DOCKER_HUB"),
    "pypi": ("python", "PYPI"),
    "npmjs": ("npm", "NPMJS"),
    "maven-central": ("maven", "MAVEN_CENTRAL"),
}
PROXIED = ("docker", "maven", "npm", "python")
SCANNED = ("docker", "maven", "npm", "python")
EVERYBODY = ("allUsers", "allAuthenticatedUsers")
SECONDS_OF_A_DAY = 86_400


class RepositorySettings(Settings):
    """One repository: of one's own, a cache in front of another registry, or several under one address."""

    format: Format = Field(default="docker", description="What it holds. Default: docker, which is also Helm charts.")
    description: str = Field(default="", max_length=1024, description="Shown in the console. Default: its name.")
    upstream: str | None = Field(
        default=None,
        pattern=r"^(docker-hub|pypi|npmjs|maven-central|https://[A-Za-z0-9][A-Za-z0-9.-]*\.[A-Za-z]{2,}(/[^\s?#]*)?)$",
        description="Makes it a cache in front of `docker-hub`, `pypi`, `npmjs`, `maven-central` or an https address."
        " Default: a repository of one's own.",
        examples=["docker-hub"],
    )
    combines: tuple[RepositoryName, ...] = Field(
        default=(),
        max_length=20,
        description="Makes it one address for several repositories of the same format, looked through in this order;"
        " one's own come before caches, so that nobody can slip in a public package of the same name. Default: none.",
        examples=[["python", "pypi"]],
    )
    immutable_tags: bool | None = Field(
        default=None,
        description="Whether a tag, once pushed, always means the same image. Default: true for docker.",
    )
    keep_recent: int = Field(
        default=10, ge=1, le=100, description="Versions of each package that cleaning up never takes. Default: 10."
    )
    delete_untagged_after_days: Days | None = Field(
        default=30, description="Delete images without a tag at this age, in days; null keeps them. Default: 30."
    )
    delete_after_days: Days | None = Field(
        default=None,
        description="Delete versions at this age, in days, tagged or not; of a cache, when they were fetched."
        " Default: never, and 90 for a cache.",
    )
    scanning: bool = Field(
        default=True, description="Whether what is pushed is scanned for known vulnerabilities. Default: true."
    )
    readers: tuple[Principal, ...] = Field(default=(), description="People and accounts that may pull. Default: none.")
    writers: tuple[Principal, ...] = Field(
        default=(), description="People and accounts that may pull and push. Default: none."
    )

    @property
    def mode(self) -> Literal["STANDARD_REPOSITORY", "REMOTE_REPOSITORY", "VIRTUAL_REPOSITORY"]:
        """The API's word for what kind of repository it is."""
        if self.upstream:
            return "REMOTE_REPOSITORY"
        return "VIRTUAL_REPOSITORY" if self.combines else "STANDARD_REPOSITORY"

    @property
    def tags_stay(self) -> bool:
        """Whether tags are immutable, with the default filled in."""
        own_images = self.format == "docker" and self.mode == "STANDARD_REPOSITORY"
        return own_images if self.immutable_tags is None else self.immutable_tags


class ArtifactRegistrySettings(Settings):
    """Repositories of the platform. One that something asks for and that is not written here gets the defaults."""

    repositories: dict[RepositoryName, RepositorySettings] = Field(
        default_factory=dict,
        description="Repositories by short name; platform and environment go before it."
        " Default: those that components ask for.",
        examples=[{"images": {}, "python": {"format": "python"}, "docker-hub": {"upstream": "docker-hub"}}],
    )


class ArtifactRegistry(Component):
    """Repositories on Artifact Registry: immutable tags, scanning, cleaning up, caches, customer-managed keys.

    Provides: Registry; the docker repository `images` is `R-docker.pkg.dev/P/<platform>-<environment>-images`.
    Readers get roles/artifactregistry.reader, writers roles/artifactregistry.writer. The environment's cluster, if
    there is one and its service account is known, may pull from every docker repository.
    Requires: nothing. With keys each repository is encrypted with a customer-managed key, which cannot be changed
    later: adding keys to a platform makes repositories anew.
    Emits: google_artifact_registry_repository, google_artifact_registry_repository_iam_member.
    Versions are kept whatever their age while they are among the `keep_recent` newest of their package. Images
    whose tags are immutable cannot be deleted while they have a tag.
    Errors: spec/repository-mix, spec/repository-upstream, spec/repository-order, spec/name-too-long,
    contract/bad-name, contract/immutable-tags, contract/other-format, contract/public-access, contract/read-only.
    Source: provider page of google_artifact_registry_repository; Artifact Registry's pages on repository modes,
    cleanup policies and tag immutability.
    """

    name = "artifact-registry"
    capability = "registry"
    provides = Registry
    apis = ("artifactregistry.googleapis.com", "containerscanning.googleapis.com")
    Settings = ArtifactRegistrySettings

    settings: ArtifactRegistrySettings
    services: Services
    compute: Compute | None
    keys: Keys | None

    @classmethod
    def check(cls, settings: ArtifactRegistrySettings, environment: Environment) -> Iterable[Fault]:
        for name, repository in settings.repositories.items():
            faults = [*_repository_faults(repository), *_combination_faults(name, settings)]
            for fault in faults:
                yield Fault(fault.code, fault.summary, ("repositories", name, *fault.path), fault.help, fault.label)
            if problem := _name_problem(name, environment):
                yield Fault(
                    "spec/name-too-long", problem, ("repositories", name), help="choose a shorter name", of_key=True
                )

    def build(self) -> None:
        self._repositories: dict[str, ArtifactRegistryRepository] = {}
        self._formats: dict[str, Format] = {}
        self._moving: set[str] = set()
        self._members: set[tuple[str, str, str]] = set()
        for name, repository in self.settings.repositories.items():
            self.repository(name, format=repository.format, readers=repository.readers, writers=repository.writers)

    def repository(
        self,
        name: str,
        *,
        format: Format = "docker",
        readers: Sequence[str] = (),
        writers: Sequence[str] = (),
        moving_tags: bool = False,
    ) -> RepositoryRef:
        """The repository, open to readers and writers."""
        if moving_tags and name not in self._repositories:
            self._moving.add(name)
        repository = self._repository(name, format)
        if moving_tags and self._settings(name).tags_stay:
            raise self.refuse(
                "contract/immutable-tags",
                f"tags of `{name}` must be able to move, and they are immutable",
                path=("repositories", name) if name in self.settings.repositories else (),
                help=f"write `{name}: {{format: {format}, immutable_tags: false}}` under `repositories`",
            )
        if writers and self._settings(name).mode != "STANDARD_REPOSITORY":
            raise self.refuse(
                "contract/read-only",
                f"nobody can push to `{name}`, which only passes on what other repositories hold",
                path=("repositories", name),
                help="ask for a repository without `upstream` and `combines`",
            )
        for member in writers:
            self._member(name, "writer", member)
        for member in readers:
            if (name, "writer", member) not in self._members:
                self._member(name, "reader", member)
        facts, full = self.environment, _full_name(name, self.environment)
        parts = (facts.project, facts.region)
        return RepositoryRef(
            id=Known(
                f"projects/{parts[0]}/locations/{parts[1]}/repositories/{full}",
                template("projects/{}/locations/{}/repositories/{}", *parts, repository.repository_id),
            ),
            name=Known(full, repository.repository_id),
            uri=Known(
                f"{parts[1]}-{format}.pkg.dev/{parts[0]}/{full}",
                template("{1}-{2}.pkg.dev/{0}/{3}", *parts, format, repository.repository_id),
            ),
        )

    def _settings(self, name: str) -> RepositorySettings:
        written = self.settings.repositories.get(name)
        return written or RepositorySettings(
            format=self._formats[name], immutable_tags=False if name in self._moving else None
        )

    def _repository(self, name: str, format: Format) -> ArtifactRegistryRepository:
        written = self.settings.repositories.get(name)
        has = self._formats.get(name) or (written.format if written else format)
        if has != format:
            raise self.refuse(
                "contract/other-format",
                f"repository `{name}` holds {has} packages, and {format} is asked for",
                path=("repositories", name) if written else (),
                help="give one of the two another name",
            )
        if name not in self._repositories:
            problem = None if written else _name_problem(name, self.environment)
            if problem:
                raise self.refuse("contract/bad-name", problem, help="ask for a repository by another name")
            self._formats[name] = format
            self._repositories[name] = self._make(name, self._settings(name))
            self._admit_nodes(name, format)
        return self._repositories[name]

    def _make(self, name: str, settings: RepositorySettings) -> ArtifactRegistryRepository:
        facts = self.environment
        key = None
        if self.keys:
            key = self.keys.key("registry", users=[facts.service_agent("gcp-sa-artifactregistry")]).id
        scanned = settings.scanning and settings.format in SCANNED and settings.mode != "VIRTUAL_REPOSITORY"
        virtual = settings.mode == "VIRTUAL_REPOSITORY"
        kept = facts.production and settings.mode == "STANDARD_REPOSITORY"
        return ArtifactRegistryRepository(
            self,
            record_id(name),
            repository_id=_full_name(name, facts),
            project=facts.project,
            location=facts.region,
            format=settings.format.upper(),
            mode=settings.mode,
            description=settings.description or name,
            kms_key_name=key,
            docker_config=[{"immutable_tags": settings.tags_stay}] if _has_tags_setting(settings) else None,
            cleanup_policies=None if virtual else list(_cleanup_policies(settings)),
            cleanup_policy_dry_run=None if virtual else False,
            vulnerability_scanning_config=[{"enablement_config": "INHERITED" if scanned else "DISABLED"}],
            remote_repository_config=_remote(settings) if settings.upstream else None,
            virtual_repository_config=self._virtual(settings) if virtual else None,
            labels=self.labels,
            deletion_policy="PREVENT" if kept else "DELETE",
            origin=self.at("repositories", name) if name in self.settings.repositories else None,
            lifecycle=Lifecycle(prevent_destroy=True) if kept else None,
        )

    def _virtual(self, settings: RepositorySettings) -> list[dict[str, Any]]:
        """Its members, the first with the highest priority."""
        policies = [
            {
                "id": name,
                "priority": (len(settings.combines) - place) * 10,
                "repository": self.repository(name, format=settings.format).id,
            }
            for place, name in enumerate(settings.combines)
        ]
        return [{"upstream_policies": policies}]

    def _admit_nodes(self, name: str, format: Format) -> None:
        nodes = self.compute.node_identity() if self.compute and format == "docker" else None
        if nodes:
            self._member(name, "reader", nodes.member)

    def _member(self, name: str, kind: Literal["reader", "writer"], member: str) -> None:
        if (name, kind, member) in self._members:
            return
        if member in EVERYBODY:
            raise self.refuse(
                "contract/public-access",
                f"`{member}` cannot have access to the repository `{name}`, which stays private",
                help="name groups, users and service accounts",
            )
        self._members.add((name, kind, member))
        ArtifactRegistryRepositoryIamMember(
            self,
            record_id(name, kind, principal_id(member, self.environment)),
            project=self.environment.project,
            location=self.environment.region,
            repository=self._repositories[name].name,
            role=f"roles/artifactregistry.{kind}",
            member=member,
            origin=self.at("repositories", name) if name in self.settings.repositories else None,
        )


def _full_name(name: str, environment: Environment) -> str:
    return f"{environment.prefix}-{name}"


def _name_problem(name: str, environment: Environment) -> str:
    full = _full_name(name, environment)
    if not re.fullmatch(r"[a-z]([a-z0-9-]*[a-z0-9])?", name):
        return f"`{name}` cannot be part of a repository's name: lower case letters, digits and inner hyphens only"
    if len(full) > 63:
        return f"repository name `{full}` has {len(full)} characters, and 63 is the most"
    return ""


def _has_tags_setting(settings: RepositorySettings) -> bool:
    return settings.format == "docker" and settings.mode == "STANDARD_REPOSITORY"


def _cleanup_policies(settings: RepositorySettings) -> Iterator[dict[str, Any]]:
    cache = settings.mode == "REMOTE_REPOSITORY"
    if not cache:
        kept = [{"keep_count": settings.keep_recent}]
        yield {"id": "keep-recent", "action": "KEEP", "most_recent_versions": kept}
    if settings.format == "docker" and settings.delete_untagged_after_days:
        yield _deletion("delete-untagged", "UNTAGGED", settings.delete_untagged_after_days)
    age = settings.delete_after_days or (90 if cache else None)
    if age:
        yield _deletion("delete-old", "ANY", age)


def _deletion(id: str, tag_state: str, days: int) -> dict[str, Any]:
    condition = {"tag_state": tag_state, "older_than": f"{days * SECONDS_OF_A_DAY}s"}
    return {"id": id, "action": "DELETE", "condition": [condition]}


def _remote(settings: RepositorySettings) -> list[dict[str, Any]]:
    source = settings.upstream or ""
    if source in PUBLIC:
        upstream: dict[str, Any] = {"public_repository": PUBLIC[source][1]}
    else:
        upstream = {"custom_repository": [{"uri": source}]}
    return [{"description": f"Cache of {source}", f"{settings.format}_repository": [upstream]}]


def _repository_faults(repository: RepositorySettings) -> Iterator[Fault]:
    if repository.upstream and repository.combines:
        yield Fault(
            "spec/repository-mix",
            "a repository is a cache or a combination of others, not both",
            ("combines",),
            help="delete `upstream` or `combines`; a third repository can combine the two",
        )
    if repository.mode != "STANDARD_REPOSITORY":
        yield from _passing_on_faults(repository)
    if repository.immutable_tags and not _has_tags_setting(repository):
        yield Fault(
            "spec/repository-mix",
            "only docker repositories of one's own have immutable tags",
            ("immutable_tags",),
            help="delete the line",
        )
    if repository.tags_stay and _has_tags_setting(repository) and repository.delete_after_days:
        yield Fault(
            "spec/repository-mix",
            "images whose tags are immutable cannot be deleted by age while they have a tag",
            ("delete_after_days",),
            help="delete the line and let `delete_untagged_after_days` clean up, or write `immutable_tags: false`",
        )


def _passing_on_faults(repository: RepositorySettings) -> Iterator[Fault]:
    field = "upstream" if repository.upstream else "combines"
    if repository.format not in PROXIED:
        yield Fault(
            "spec/repository-mix",
            f"a {repository.format} repository cannot have `{field}`",
            (field,),
            help=f"only {', '.join(PROXIED)} can",
        )
    if repository.writers:
        yield Fault(
            "spec/repository-mix",
            f"nobody can push to a repository with `{field}`",
            ("writers",),
            help="name the writers in a repository without it",
        )
    of = PUBLIC.get(repository.upstream or "", (repository.format,))[0]
    if of != repository.format:
        yield Fault(
            "spec/repository-upstream",
            f"`{repository.upstream}` holds {of} packages, and this repository {repository.format} ones",
            ("upstream",),
            help=f"write `format: {of}`",
        )


def _combination_faults(name: str, settings: ArtifactRegistrySettings) -> Iterator[Fault]:
    repository, cache = settings.repositories[name], None
    for place, member in enumerate(repository.combines):
        found, path = settings.repositories.get(member), ("combines", place)
        if found is None:
            yield Fault(
                "spec/repository-upstream",
                f"there is no repository `{member}` here",
                path,
                help="add it to `repositories`",
            )
        elif found.combines:
            yield Fault(
                "spec/repository-upstream",
                f"`{member}` is itself a combination",
                path,
                help="delete it from the list" if member == name else f"name its members: {', '.join(found.combines)}",
            )
        elif found.format != repository.format:
            yield Fault(
                "spec/repository-upstream",
                f"`{member}` holds {found.format} packages, and `{name}` {repository.format} ones",
                path,
                help="combine repositories of one format",
            )
        elif found.upstream:
            cache = member
        elif cache:
            yield Fault(
                "spec/repository-order",
                f"`{member}` comes after the cache `{cache}`, so a public package of the same name would win",
                path,
                help="write one's own repositories first",
            )
    if len(set(repository.combines)) != len(repository.combines):
        yield Fault("spec/repository-upstream", "a repository is combined twice", ("combines",), help="write each once")
