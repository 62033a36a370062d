"""A catalog in Backstage's form, as files of the platform's repository: what every portal here does alike.

Source: Backstage's pages on the descriptor format of catalog entities and on template writing, and the schemas of
@backstage/catalog-model 1.10.1 and @backstage/plugin-scaffolder-common 2.3.0, read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from planform.files import RepositoryFile, RepositoryStream
from planform.planes.component import Component

__all__ = ["API", "SHARED", "BackstageCatalog", "entity_problems", "entity_reference"]

API = "backstage.io/v1alpha1"
SCAFFOLDER = "scaffolder.backstage.io/v1beta3"
SHARED = frozenset(("Domain", "Group", "Template", "User"))
"""Kinds that are the same in every environment: who people are, and what they may ask for."""
_REQUIRED = {
    "API": ("type", "lifecycle", "owner", "definition"),
    "Component": ("type", "lifecycle", "owner"),
    "Domain": ("owner",),
    "Group": ("type", "children"),
    "Location": ("targets",),
    "Resource": ("type", "owner"),
    "System": ("owner",),
    "Template": ("type", "steps"),
    "User": ("memberOf",),
}
"""Kinds, and what the `spec` of each must have."""
_NAME = re.compile(r"(?=.{1,63}$)([A-Za-z0-9][A-Za-z0-9_.-]*)?[A-Za-z0-9]")
_NAMESPACE = re.compile(r"(?=.{1,63}$)[a-z0-9]+(-[a-z0-9]+)*")
_TAG = re.compile(r"(?=.{1,63}$)[a-z0-9+#]+(-[a-z0-9+#]+)*")


class BackstageCatalog:
    """What was published to one portal: `portal/<environment>/catalog-info.yaml`, and a folder for what has files.

    An entity with files, and every template, has a folder of its own, `templates/<name>` or `<kind>s/<name>`, which a
    Location in catalog-info.yaml names. `left_out` are kinds that somebody else writes.
    """

    def __init__(self, owner: Component, *, left_out: Collection[str] = ()) -> None:
        self._owner = owner
        self._left_out = frozenset(left_out)
        self._published: dict[str, tuple[Mapping[str, Any], dict[str, str]]] = {}
        self._file: RepositoryStream | None = None

    @property
    def path(self) -> str:
        """Where the catalog is in the platform's repository."""
        return f"{self._folder}/catalog-info.yaml"

    def publish(self, entity: Mapping[str, Any], files: Mapping[str, str] | None = None) -> str:
        """Write an entity once. Errors: contract/bad-entity, contract/other-entity."""
        for problem in entity_problems(entity):
            raise self._owner.refuse(
                "contract/bad-entity",
                f"an entity cannot be published: {problem}",
                help="write it as Backstage's page on the descriptor format has it; names have 63 characters at most",
            )
        reference, given = entity_reference(entity), (entity, dict(files or {}))
        if self._published.setdefault(reference, given) != given:
            raise self._owner.refuse(
                "contract/other-entity",
                f"`{reference}` is published twice, with different content",
                help="give one of the two another name",
            )
        if self._published[reference] is given and entity["kind"] not in self._left_out:
            self._write(entity, given[1])
        return reference

    @property
    def _folder(self) -> str:
        return f"portal/{self._owner.environment.name}"

    def _write(self, entity: Mapping[str, Any], files: Mapping[str, str]) -> None:
        if entity["kind"] != "Template" and not files:
            self._append(entity)
            return
        kind, name = entity["kind"].lower(), entity["metadata"]["name"]
        folder, file = f"{kind}s/{name}", "template.yaml" if kind == "template" else "catalog-info.yaml"
        RepositoryFile(self._owner, f"{self._folder}/{folder}/{file}", entity)
        for path, text in files.items():
            RepositoryFile(self._owner, f"{self._folder}/{folder}/{path}", text)
        location = {"name": f"{kind}-{name}", "description": f"Where the {kind} {name} is."}
        self._append(
            {"apiVersion": API, "kind": "Location", "metadata": location, "spec": {"targets": [f"./{folder}/{file}"]}}
        )

    def _append(self, entity: Mapping[str, Any]) -> None:
        if self._file is None:
            self._file = RepositoryStream(self._owner, self.path, entity)
        else:
            self._file.append(entity)


def entity_reference(entity: Mapping[str, Any]) -> str:
    """`template:default/notebook-workspace`."""
    metadata = entity["metadata"]
    return f"{entity['kind'].lower()}:{metadata.get('namespace', 'default')}/{metadata['name']}"


def entity_problems(entity: Mapping[str, Any]) -> Iterator[str]:
    """What Backstage would refuse, as far as it is common: version, kind, names, and what a kind must say."""
    kind, metadata, spec = entity.get("kind"), entity.get("metadata"), entity.get("spec")
    if kind not in _REQUIRED:
        yield f"there is no kind `{kind}`; kinds are {', '.join(_REQUIRED)}"
        return
    version = SCAFFOLDER if kind == "Template" else API
    if entity.get("apiVersion") != version:
        yield f"a {kind} has the apiVersion {version}"
    if not isinstance(metadata, Mapping) or not isinstance(spec, Mapping):
        yield f"a {kind} has `metadata` and `spec`"
        return
    foreign = sorted(entity.keys() - {"apiVersion", "kind", "metadata", "spec"})
    if foreign:
        yield f"a {kind} has no `{foreign[0]}`"
    if not _NAME.fullmatch(str(metadata.get("name", ""))):
        yield f"`{metadata.get('name')}` is no name: at most 63 letters and digits, with `-_.` between them"
    if not _NAMESPACE.fullmatch(str(metadata.get("namespace", "default"))):
        yield f"`{metadata.get('namespace')}` is no namespace: lower case letters and digits, with single hyphens"
    for tag in metadata.get("tags", ()):
        if not _TAG.fullmatch(str(tag)):
            yield f"`{tag}` is no tag: lower case letters, digits and `+#`, with single hyphens"
    for field in _REQUIRED[kind]:
        if field not in spec:
            yield f"the {kind} `{metadata.get('name')}` has no `spec.{field}`"
