"""Objects and Helm releases as light records: made in a construct, checked at once, kept by the nearest stack.

Like a Terraform record, an object is no construct and costs the engine nothing; its scope is looked up once. Text is
data: what a manifest says is what was written, and nothing in it is ever evaluated.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping
from itertools import islice
from types import FrameType
from typing import Any, cast

from msgspec import Struct, field
from msgspec.structs import replace

from planform import engine
from planform.diagnostics import Diagnostic, DiagnosticError, Location, error, suggest
from planform.engine_json import TOKEN
from planform.kubernetes.charts import Chart, charts
from planform.kubernetes.names import (
    annotation_faults,
    api_version_fault,
    group_of,
    kind_fault,
    label_faults,
    name_fault,
)
from planform.literals import looks_secret
from planform.terraform.arguments import Path, text_of
from planform.terraform.expression import Expression
from planform.terraform.source import line_of, shown_file, shown_line

__all__ = ["SYNC", "Delivered", "HelmRelease", "KubernetesObject", "Manifests", "Objects", "holders", "objects_of"]

SYNC = "sync"
"""The folder, beside those of the planes, whose files tell the GitOps tool of all others."""
_PLACE = "_planform_manifest_place"
_OBJECTS = "_planform_objects"
_MAKERS = (__name__.rpartition(".")[0], "planform.files")
"""Modules that make records for an author, whose own line is the source."""


class Manifests(Struct, frozen=True):
    """Where the objects of one component go: a construct carries it as `manifests`, and those inside it follow.

    `plane` is the plane's name, or `team-<team>`; the files are `kubernetes/<environment>/<plane>/<component>/...`.
    `charts` are versions that differ from the lock file, by name.
    """

    environment: str
    plane: str
    component: str
    owner: str = ""
    charts: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """`resource/kueue`: unique in an environment."""
        return f"{self.plane}/{self.component}"

    @property
    def folder(self) -> str:
        """The folder of its files in the output."""
        return f"kubernetes/{self.environment}/{self.plane}/{self.component}"


class _Place:
    """What the records of one construct share."""

    __slots__ = ("chain", "manifests", "objects", "path")

    def __init__(self, scope: Any) -> None:
        self.path: str = engine.path_of(scope)
        self.chain: tuple[Any, ...] = engine.lineage_of(scope)
        self.objects = _objects_in(_holder(scope, self.chain))
        self.manifests = next((found for each in self.chain if (found := _manifests(each))), self._alone())

    def origin(self) -> Location | None:
        return next((each.origin for each in self.chain if getattr(each, "origin", None) is not None), None)

    def _alone(self) -> Manifests:
        """In a stack of anybody's: the stack's name, and the construct's own."""
        stack, _, rest = self.path.partition("/")
        return Manifests(stack or "app", "objects", rest.partition("/")[0] or "objects")


def _manifests(scope: Any) -> Manifests | None:
    found = getattr(scope, "manifests", None)
    return found if isinstance(found, Manifests) else None


def _holder(scope: Any, chain: tuple[Any, ...]) -> Any:
    """The stack around; outside of every stack, the construct that is nearest to the root."""
    try:
        return engine.stack_of(scope)
    except DiagnosticError:
        return chain[-2] if len(chain) > 1 else chain[-1]


def _place_of(scope: Any) -> _Place:
    held = getattr(scope, "__dict__", {}).get(_PLACE)
    if held is None:
        held = _Place(scope)
        setattr(scope, _PLACE, held)
    return cast(_Place, held)


def _objects_in(holder: Any) -> Objects:
    held = holder.__dict__.get(_OBJECTS)
    if held is None:
        held = Objects()
        setattr(holder, _OBJECTS, held)
    return cast(Objects, held)


def objects_of(scope: Any) -> Objects:
    """The objects and releases of the stack that a construct is in."""
    return _place_of(scope).objects


def holders(app: Any) -> Iterator[tuple[str, Objects]]:
    """Name and objects of everything directly in an app that has any, in the order of the tree."""
    for child in app.node.children:
        held = child.__dict__.get(_OBJECTS)
        if held:
            yield engine.name_of(child), held


class Objects:
    """What one stack delivers: objects, releases and files in the order in which they were made."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, ...], Delivered] = {}

    def __iter__(self) -> Iterator[KubernetesObject]:
        return (each for each in self._held.values() if isinstance(each, KubernetesObject))

    def __len__(self) -> int:
        return len(self._held)

    @property
    def releases(self) -> tuple[HelmRelease, ...]:
        """The Helm releases."""
        return tuple(each for each in self._held.values() if isinstance(each, HelmRelease))

    @property
    def delivered(self) -> tuple[Delivered, ...]:
        """Objects, releases and files."""
        return tuple(self._held.values())

    def since(self, count: int) -> list[Delivered]:
        """What was made after the first `count`."""
        return [*islice(reversed(self._held.values()), len(self._held) - count)][::-1]

    def add(self, record: Delivered) -> None:
        """Keep a record. Errors: kubernetes/duplicate-object, which names both sources."""
        other = self._held.setdefault(record.key, record)
        if other is not record:
            raise DiagnosticError([duplicate(record, other)])


def duplicate(new: Delivered, old: Delivered) -> Diagnostic:
    """The fault of two records that would be one object in the cluster."""
    notes = [f"made before at {old.source}" + (f" ({old.construct_path})" if old.construct_path else "")]
    for each, word in ((old, "the first"), (new, "this one")):
        if each.origin is not None:
            notes.append(f"{word} was built for {each.origin}")
    return error(
        "kubernetes/duplicate-object",
        f"{new.title} is there twice in one environment",
        new.at,
        notes=notes,
        help="give one of the two another name or namespace",
    )


class Delivered:
    """What is delivered, to a cluster or a repository. `key` is its identity there; `source` the author's line."""

    __slots__ = ("_code", "_instruction", "construct_path", "key", "manifests", "name", "namespace", "origin")

    def __init__(self, scope: Any, name: str, namespace: str | None, origin: Location | None) -> None:
        place = _place_of(scope)
        frame = _caller()
        self._code = frame.f_code
        self._instruction = frame.f_lasti
        self.name = str(name)
        self.namespace = None if namespace is None else str(namespace)
        self.origin = origin if origin is not None else place.origin()
        self.construct_path = f"{place.path}/{self.name}" if place.path else self.name
        self.manifests = place.manifests
        self.key: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What people call it."""
        raise AssertionError(f"{type(self).__name__} has no title")

    @property
    def source(self) -> str:
        """`file.py:12`."""
        return shown_line(self._code, self._instruction)

    @property
    def at(self) -> Location:
        """The author's line, with the construct path."""
        line = line_of(self._code, self._instruction)
        return Location(shown_file(self._code.co_filename), line, 0, path=self.construct_path)

    def _fault(self, code: str, summary: str, help: str) -> Diagnostic:
        notes = (f"built for {self.origin}",) if self.origin is not None else ()
        return error(code, f"{self.title}: {summary}", self.at, notes=notes, help=help)


class KubernetesObject(Delivered):
    """One object, which becomes one file.

    `body` is everything beside apiVersion, kind and metadata: `spec=`, `data=`, `rules=`. None leaves a field out.
    Errors: kubernetes/bad-name, kubernetes/bad-label, kubernetes/bad-value, kubernetes/terraform-value,
    kubernetes/secret-with-data, kubernetes/duplicate-object; all faults of an object at once.
    """

    __slots__ = ("annotations", "api_version", "body", "group", "kind", "labels")

    def __init__(
        self,
        scope: Any,
        api_version: str,
        kind: str,
        name: str,
        *,
        namespace: str | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        origin: Location | None = None,
        **body: Any,
    ) -> None:
        super().__init__(scope, name, namespace, origin)
        self.api_version, self.kind, self.group = api_version, kind, group_of(api_version)
        faults = [*self._name_faults(), *self._metadata_faults(labels or {}, annotations or {})]
        seen = _Reading()
        self.labels = dict(sorted((key, str(value)) for key, value in (labels or {}).items()))
        self.annotations = dict(sorted((key, str(value)) for key, value in (annotations or {}).items()))
        self.body: dict[str, Any] = seen.plain(body, ())
        faults += [self._fault(*fault) for fault in seen.faults]
        faults += self._secret_faults()
        if faults:
            raise DiagnosticError(faults)
        self.key = (self.group, self.kind, self.namespace or "", self.name)
        _place_of(scope).objects.add(self)

    @property
    def title(self) -> str:
        where = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {where}{self.name}"

    @property
    def document(self) -> dict[str, Any]:
        """The object as Kubernetes reads it."""
        metadata: dict[str, Any] = {"name": self.name}
        if self.namespace:
            metadata["namespace"] = self.namespace
        if self.labels:
            metadata["labels"] = self.labels
        if self.annotations:
            metadata["annotations"] = self.annotations
        return {"apiVersion": self.api_version, "kind": self.kind, "metadata": metadata, **self.body}

    def _name_faults(self) -> Iterator[Diagnostic]:
        found = [api_version_fault(self.api_version), kind_fault(self.kind)]
        found.append(name_fault(self.name, self.group, self.kind))
        if self.namespace is not None:
            found.append(name_fault(self.namespace))
        for each in found:
            if each:
                yield self._fault("kubernetes/bad-name", each, "write it as Kubernetes' page on object names has it")

    def _metadata_faults(self, labels: Mapping[str, str], annotations: Mapping[str, str]) -> Iterator[Diagnostic]:
        for each in (*label_faults(labels), *annotation_faults(annotations)):
            yield self._fault("kubernetes/bad-label", each, "shorten it, or leave out what is not allowed")

    def _secret_faults(self) -> Iterator[Diagnostic]:
        if (self.group, self.kind) == ("", "Secret") and (self.body.get("data") or self.body.get("stringData")):
            yield self._fault(
                "kubernetes/secret-with-data",
                "its data would be readable in the repository and in every review",
                "keep the value in the platform's secret store and let an ExternalSecret or a mounted volume bring it",
            )


class HelmRelease(Delivered):
    """One Helm chart, installed under `name` into `namespace` with `values`, at the platform's or the lock's version.

    It becomes a RootSync, an Application, or whatever else the platform's GitOps tool has for charts.
    Errors: kubernetes/unknown-chart, kubernetes/bad-name, kubernetes/bad-value, kubernetes/terraform-value,
    kubernetes/duplicate-object.
    """

    __slots__ = ("chart", "values")

    def __init__(
        self,
        scope: Any,
        name: str,
        *,
        chart: str,
        namespace: str,
        values: Mapping[str, Any] | None = None,
        origin: Location | None = None,
    ) -> None:
        super().__init__(scope, name, namespace, origin)
        faults = [
            self._fault("kubernetes/bad-name", each, "use lower case letters, digits and hyphens, 53 at most")
            for each in (_release_name_fault(self.name), name_fault(str(namespace)))
            if each
        ]
        known = charts()
        if chart not in known:
            near = suggest(chart, known)
            meant = f"did you mean `{near}`? " if near else ""
            help = f"{meant}charts.yaml has {', '.join(known)}"
            faults.append(self._fault("kubernetes/unknown-chart", f"no chart `{chart}` is in the lock file", help))
        seen = _Reading()
        self.values: dict[str, Any] = seen.plain(values or {}, ((), "values"))
        faults += [self._fault(*fault) for fault in seen.faults]
        if faults:
            raise DiagnosticError(faults)
        self.chart: Chart = replace(known[chart], version=self.manifests.charts.get(chart, known[chart].version))
        self.key = ("helm", self.namespace or "", self.name)
        _place_of(scope).objects.add(self)

    @property
    def title(self) -> str:
        return f"Helm release {self.namespace}/{self.name}"


def _release_name_fault(name: str) -> str:
    if len(name) > 53:
        return f"`{name}` has {len(name)} characters, and Helm allows 53"
    return name_fault(name)


class _Reading:
    """From what an author wrote to plain values; None in a mapping leaves the key out, as in Terraform's records."""

    def __init__(self) -> None:
        self.faults: list[tuple[str, str, str]] = []

    def plain(self, value: Any, path: Path) -> Any:
        if type(value) is str and TOKEN not in value:  # nearly all are
            return self._text(value, path)
        if type(value) is dict:
            return self._mapping(value, path)
        if value is None or value is True or value is False:
            return value
        if isinstance(value, Expression) or engine.is_token(value):
            self._fault(
                "kubernetes/terraform-value",
                f"`{text_of(path)}` is a value of Terraform, known only after apply",
                "use a value that is known at compile time: a contract's, or one made from the blueprint's names",
            )
        elif isinstance(value, str):
            return self._text(str(value), path)
        elif isinstance(value, (list, tuple)):
            return [self.plain(each, (path, index)) for index, each in enumerate(value)]
        elif isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
            return value
        elif isinstance(value, Mapping):
            return self._mapping(value, path)
        else:
            self._fault(
                "kubernetes/bad-value",
                f"`{text_of(path)}` is {value!r:.60}, which JSON cannot say",
                "use text, numbers, booleans, lists and mappings",
            )
        return None

    def _mapping(self, value: Mapping[Any, Any], path: Path) -> dict[str, Any]:
        found = {}
        for key, item in value.items():
            if not isinstance(key, str) or len(key) > 500:
                self._fault(
                    "kubernetes/bad-value", f"`{text_of(path)}` has the key {key!r:.60}", "use a text as the key"
                )
            if item is not None:
                name = str(key)
                found[name] = self.plain(item, (path, name))
        return found

    def _text(self, text: str, path: Path) -> str:
        kind = looks_secret(text)
        if kind:
            self._fault(
                "kubernetes/secret-with-data",
                f"`{text_of(path)}` holds what looks like {kind}",
                "keep the value in the platform's secret store, name it here, and revoke this one",
            )
            return ""
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            self._fault("kubernetes/bad-value", f"`{text_of(path)}` is no valid Unicode", "remove the lone surrogate")
            return ""
        return text

    def _fault(self, code: str, summary: str, help: str) -> None:
        self.faults.append((code, summary, help))


def _caller() -> FrameType:
    """The nearest frame outside the modules that make records."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(_MAKERS):
        frame = frame.f_back
    return frame
