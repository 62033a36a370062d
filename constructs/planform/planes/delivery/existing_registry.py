"""Repositories that the organisation already has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from planform.contracts.registry import Format, Registry, RepositoryRef
from planform.planes.component import Component
from planform.spec.settings import Settings
from planform.spec.units import ProjectId

__all__ = ["ExistingRegistry", "ExistingRegistrySettings", "ExistingRepository"]


class ExistingRepository(Settings):
    """One repository of Artifact Registry."""

    name: str = Field(pattern=r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", description="Its id.", examples=["ml-images"])
    format: Format = Field(default="docker", description="What it holds. Default: docker.")
    project: ProjectId | None = Field(default=None, description="Project it is in. Default: the environment's.")
    location: str | None = Field(
        default=None,
        pattern=r"^([a-z]+-[a-z]+[0-9]+|us|europe|asia)$",
        description="Region or multi-region it is in. Default: the environment's region.",
    )


class ExistingRegistrySettings(Settings):
    """Which repository stands for which name."""

    repositories: dict[Annotated[str, Field(min_length=1, max_length=63)], ExistingRepository] = Field(
        description="Names that components ask for, such as `images`, to repositories.",
        examples=[{"images": {"name": "ml-images", "project": "acme-delivery"}}],
    )


class ExistingRegistry(Component):
    """Repositories that are there already; planform makes nothing and changes nothing.

    Provides: Registry, for the names in `repositories`; ids and addresses follow from name, project and location.
    Requires: nothing.
    Emits: nothing. Whoever owns the repositories gives each reader (the service account of the cluster's nodes
    too) roles/artifactregistry.reader and each writer roles/artifactregistry.writer.
    Errors: contract/not-named, contract/other-format.
    """

    name = "existing"
    capability = "registry"
    provides = Registry
    Settings = ExistingRegistrySettings

    settings: ExistingRegistrySettings

    def repository(
        self,
        name: str,
        *,
        format: Format = "docker",
        readers: Sequence[str] = (),
        writers: Sequence[str] = (),
        moving_tags: bool = False,
    ) -> RepositoryRef:
        """The repository that the settings name; readers and writers are for its owner to let in."""
        found = self.settings.repositories.get(name)
        if found is None:
            raise self.refuse(
                "contract/not-named",
                f"a repository `{name}` is asked for, and `existing` names none",
                path=("repositories",),
                help=f"add `{name}: {{name: ID-OF-YOUR-REPOSITORY, format: {format}}}` to `repositories`",
            )
        if found.format != format:
            raise self.refuse(
                "contract/other-format",
                f"repository `{name}` holds {found.format} packages, and {format} is asked for",
                path=("repositories", name),
                help="name a repository of that format, or correct `format`",
            )
        project = found.project or self.environment.project
        location = found.location or self.environment.region
        return RepositoryRef(
            id=f"projects/{project}/locations/{location}/repositories/{found.name}",
            name=found.name,
            uri=f"{location}-{format}.pkg.dev/{project}/{found.name}",
        )
