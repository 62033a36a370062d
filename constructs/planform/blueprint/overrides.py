"""A platform and one environment's overrides -> that environment's platform."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from planform.blueprint.document import Document, Mark, Path
from planform.diagnostics import Diagnostic, DiagnosticError, Location, error, shown, suggest

OVERRIDABLE = ("backend", "labels", "layout", "planes", "region", "teams")
"""Fields of the platform that an environment may override, under the same names."""

PLANE_FIELDS = ("owner",)
"""Keys of a plane that are fields; every other key is a slot."""


def for_environment(document: Document, name: str) -> Document:
    """The platform as environment `name` has it: `environments.<name>` merged over the fields it overrides.

    Maps merge, scalars and lists replace, null removes. Every slot that is a name becomes `{use: name}`; an
    override that uses another component takes nothing of the settings of the slot that it replaces. A value
    has the position of its last writer; a map that both wrote keeps the platform's, and what null removed
    answers with the null's line. `environments` itself stays as it is.

    Raises DiagnosticError: blueprint/unknown-environment, blueprint/environment-not-a-mapping.
    """
    override = _environment(document, name)
    merge = _Merge(document.marks)
    value: dict[str, Any] = {}
    for key, field in document.value.items():
        value[key] = merge.slots(field, (key,)) if key == "planes" else field
    for key in OVERRIDABLE:
        if key in override:
            field = override[key]
            source: Path = ("environments", name, key)
            if key == "planes":
                field = merge.slots(field, source)
            merge.key(value, (), source, key, field)
    return Document(document.file, value, merge.marks)


def with_overrides(document: Document, name: str, kept: Collection[str]) -> Document:
    """A workload as environment `name` has it: `environments.<name>` merged over its keys, except those of `kept`.

    What stands there for a kept key is not merged; whoever judges the document says so.
    """
    override = document.value["environments"].get(name)
    if not isinstance(override, dict):
        return document
    merge = _Merge(document.marks)
    value = dict(document.value)
    for key, field in override.items():
        if key not in kept:
            merge.key(value, (), ("environments", name, key), key, field)
    return Document(document.file, value, merge.marks)


def with_presets(document: Document, presets: Document) -> Document:
    """A document laid over `presets` of another: what it does not say has the preset's value and place."""
    given = {path[1:]: mark for path, mark in presets.marks.items() if path[:1] == ("presets",) and len(path) > 1}
    value = _laid_over(document.value, presets.value["presets"])
    return Document(document.file, value, {**given, **document.marks})


def _laid_over(value: Any, below: Any) -> Any:
    if not (isinstance(value, dict) and isinstance(below, dict)):
        return value
    merged = {key: _laid_over(value[key], item) if key in value else item for key, item in below.items()}
    return {**merged, **{key: item for key, item in value.items() if key not in below}}


def _environment(document: Document, name: str) -> dict[str, Any]:
    environments = document.value.get("environments")
    names = list(environments) if isinstance(environments, dict) else []
    if not isinstance(environments, dict) or name not in environments:
        raise DiagnosticError([_unknown(document.key_at("environments"), name, names)])
    override = environments[name]
    if override is None:
        return {}
    if not isinstance(override, dict):
        at = document.at("environments", name)
        raise DiagnosticError(
            [
                error(
                    "blueprint/environment-not-a-mapping",
                    f"environment {shown(name)} is {shown(override)} and not a mapping",
                    at,
                    help="write its fields below it: `project: ...` and `project_number: ...`",
                )
            ]
        )
    return override


def _unknown(at: Location, name: str, names: list[str]) -> Diagnostic:
    nearest = suggest(name, names)
    known = ", ".join(names)
    return error(
        "blueprint/unknown-environment",
        f"no environment {shown(name)} in this platform",
        at,
        label=f"did you mean {shown(nearest)}?" if nearest else "",
        help=f"environments here: {known}" if names else "add it under `environments:`, with its `project`",
    )


class _Merge:
    """Values merged from one path onto another, and the marks of the result."""

    def __init__(self, marks: Mapping[Path, Mark]) -> None:
        self.marks = dict(marks)

    def slots(self, planes: Any, path: Path) -> Any:
        """The planes with every slot that is a name written as a mapping; `use` has the name's marks."""
        if not isinstance(planes, dict):
            return planes
        result = dict(planes)
        for plane, fields in planes.items():
            if isinstance(fields, dict):
                result[plane] = {
                    slot: self._slot(value, (*path, plane, slot)) if slot not in PLANE_FIELDS else value
                    for slot, value in fields.items()
                }
        return result

    def _slot(self, value: Any, path: Path) -> Any:
        if not isinstance(value, str):
            return value
        self.marks[(*path, "use")] = self.marks[path]
        return {"use": value}

    def key(self, target: dict[str, Any], at: Path, source: Path, key: str, value: Any) -> None:
        """Writes one key of an override, found at `source`, into the map `target` at `at`."""
        path = (*at, key)
        present = target.get(key)
        if value is None:
            self._forget(present, path)
            target.pop(key, None)
            self.marks[path] = self.marks[source]
        elif isinstance(value, dict) and isinstance(present, dict) and not _replaces(path, value, present):
            target[key] = dict(present)
            for below, item in value.items():
                self.key(target[key], path, (*source, below), below, item)
        else:
            self._forget(present, path)
            target[key] = self._copy(value, source, path)

    def _forget(self, value: Any, path: Path) -> None:
        self.marks.pop(path, None)
        for key, item in _items(value):
            self._forget(item, (*path, key))

    def _copy(self, value: Any, source: Path, path: Path) -> Any:
        """The value, its nulls left out of maps, with its marks moved from `source` to `path`."""
        self.marks[path] = self.marks[source]
        if isinstance(value, dict):
            kept = {key: item for key, item in value.items() if item is not None}
            return {key: self._copy(item, (*source, key), (*path, key)) for key, item in kept.items()}
        if isinstance(value, list):
            return [self._copy_item(item, (*source, i), (*path, i)) for i, item in enumerate(value)]
        return value

    def _copy_item(self, item: Any, source: Path, path: Path) -> Any:
        if item is None:
            self.marks[path] = self.marks[source]
            return None
        return self._copy(item, source, path)


def _items(value: Any) -> Iterable[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()


def _replaces(path: Path, override: dict[str, Any], present: dict[str, Any]) -> bool:
    """Whether the override puts another component into a slot."""
    if len(path) != 3 or path[0] != "planes" or path[2] in PLANE_FIELDS:
        return False
    return "use" in override and "use" in present and override["use"] != present["use"]
