"""portal: where practitioners find what there is, and ask for more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from planform.contracts.delivers_files import DeliversFiles

__all__ = ["Portal"]


@runtime_checkable
class Portal(DeliversFiles, Protocol):
    """A developer portal: a catalog of entities in Backstage's form, and templates that people fill in."""

    def url(self) -> str | None:
        """Where people open it; None where planform does not know."""

    def publish(self, entity: Mapping[str, Any], *, files: Mapping[str, str] | None = None) -> str:
        """Add an entity (Component, Resource, System, Group, Template, ...) to the catalog.

        `files` are what a template needs beside itself, by relative path. Returns the entity's reference, such as
        `template:default/notebook-workspace`. The same entity again is the same. Domains, groups and templates may be
        shared by environments, so their names have none in them; other names begin with the environment's prefix.
        """
