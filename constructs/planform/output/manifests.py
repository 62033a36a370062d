"""Kubernetes objects to files: one object a file, by environment, plane and component."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from planform.kubernetes.record import Delivered, KubernetesObject, holders
from planform.kubernetes.writer import to_yaml

__all__ = ["manifests", "objects", "paths_of"]


def manifests(app: Any) -> dict[str, str]:
    """The files of every object in an app: `kubernetes/<environment>/<plane>/<component>/<kind>-<name>.yaml`.

    Where two objects of a component have the same kind and name, their files have the namespace or the API group
    in the name too.
    """
    return files_of(record for _, held in holders(app) for record in held.delivered)


def objects(app: Any) -> dict[str, KubernetesObject]:
    """The objects by the path of their file."""
    return dict(sorted(_named(record for _, held in holders(app) for record in held.delivered)))


def paths_of(app: Any) -> dict[int, str]:
    """The file of every object, by the object's id."""
    return {id(each): path for path, each in _named(each for _, held in holders(app) for each in held.delivered)}


def files_of(delivered: Iterable[Delivered]) -> dict[str, str]:
    """The same for some records; Helm releases have no file of their own, the GitOps tool's objects stand for them."""
    return dict(sorted((path, to_yaml(each.document)) for path, each in _named(delivered)))


def _named(delivered: Iterable[Delivered]) -> Iterator[tuple[str, KubernetesObject]]:
    objects = [each for each in delivered if isinstance(each, KubernetesObject)]
    waiting = objects
    for depth in range(3):
        named = [(_path(each, depth), each) for each in waiting]
        times = Counter(path.casefold() for path, _ in named)
        yield from ((path, each) for path, each in named if times[path.casefold()] == 1 or depth == 2)
        waiting = [each for path, each in named if times[path.casefold()] > 1]


def _path(each: KubernetesObject, depth: int) -> str:
    parts = [each.kind.lower(), each.name, each.namespace or "", each.group]
    name = "-".join(part.replace(":", "_") for part in parts[: 2 + depth] if part)
    return f"{each.manifests.folder}/{name}.yaml"
