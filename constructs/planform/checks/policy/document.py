"""The one document that rules judge: facts, Terraform, Kubernetes objects and files; and where each came from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
import yaml
from msgspec import Struct, field
from msgspec.structs import replace

from planform.diagnostics import Location
from planform.files import File
from planform.kubernetes.record import KubernetesObject
from planform.plain_yaml import load_all
from planform.spec.platform import EnvironmentSpec
from planform.terraform.record import Records

__all__ = ["Judged", "facts_of", "judged", "with_plans"]


class Judged(Struct, frozen=True):
    """What rules judge. `records` and `made` know the blueprint's lines, of addresses by stack and of paths; `written`
    is what was compiled of stacks that are judged as planned.
    """

    facts: Mapping[str, Any]
    stacks: Mapping[str, Mapping[str, Any]]
    objects: tuple[Mapping[str, Any], ...] = ()
    files: tuple[Mapping[str, Any], ...] = ()
    records: Mapping[str, Records] = field(default_factory=dict)
    made: Mapping[str, KubernetesObject | File] = field(default_factory=dict)
    written: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def subjects(self) -> int:
        """How many things there are to judge."""
        return len(self.objects) + len(self.files) + sum(_resources(each) for each in self.stacks.values())

    def origin(self, stack: str, name: str) -> Location | None:
        """The blueprint's line of an address in a stack, or of a path, which has none."""
        if not stack:
            return self.made[name].origin if name in self.made else None
        return self.records[stack].origin_of(name) if stack in self.records else None

    def as_dict(self) -> dict[str, Any]:
        """The document, as docs/concepts/policies.md has it."""
        return {
            "facts": self.facts,
            "stacks": self.stacks,
            "objects": list(self.objects),
            "files": list(self.files),
        }

    def as_json(self, unread: Mapping[str, str] | None = None) -> bytes:
        """The same as JSON. `unread` are arguments by type that are left out, as no rule that is asked reads them."""
        document = self.as_dict()
        if unread:
            document["stacks"] = {name: _without(stack, unread) for name, stack in self.stacks.items()}
        try:
            return msgspec.json.encode(document)
        except UnicodeEncodeError:  # half of a surrogate pair, which only the standard library writes
            return json.dumps(document, separators=(",", ":")).encode()


def judged(
    specs: Sequence[EnvironmentSpec],
    stacks: Mapping[str, tuple[str, Mapping[str, Any], Records]],
    objects: Mapping[str, KubernetesObject],
    files: Mapping[str, File],
) -> Judged:
    """From what was compiled. `stacks` have their environment, document and records by name."""
    return Judged(
        facts={
            "environments": {spec.name: facts_of(spec) for spec in specs},
            "stacks": {name: environment for name, (environment, _, _) in stacks.items()},
        },
        stacks={name: _terraform(document) for name, (_, document, _) in stacks.items()},
        objects=tuple(
            {"path": path, "environment": each.manifests.environment, "object": each.document}
            for path, each in objects.items()
        ),
        files=tuple(_file(path, each) for path, each in files.items()),
        records={name: records for name, (_, _, records) in stacks.items()},
        made={**objects, **files},
    )


def with_plans(whole: Judged, plans: Mapping[str, Mapping[str, Any]]) -> Judged:
    """Real plans in place of the documents of their stacks; nothing else is judged with them."""
    stacks = {name: {"resource_changes": plan.get("resource_changes")} for name, plan in plans.items()}
    return replace(whole, stacks=stacks, objects=(), files=(), written=whole.stacks)


def facts_of(spec: EnvironmentSpec) -> dict[str, Any]:
    """What rules may ask of an environment."""
    environment = spec.environment
    return {
        "name": environment.name,
        "platform": environment.platform,
        "project": environment.project,
        "project_number": environment.project_number,
        "region": environment.region,
        "regions": [environment.region],
        "labels": dict(environment.labels),
        "production": environment.production,
        "slots": {slot.capability: slot.component for plane in spec.planes.values() for slot in plane.slots.values()},
        "teams": {name: team.model_dump(mode="json") for name, team in spec.teams.items()},
    }


def _terraform(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """A stack's document without the engine's notes, which no rule reads."""
    return {
        **{key: value for key, value in document.items() if key != "//"},
        "resource": {
            type_name: {name: _without_notes(body) for name, body in named.items()}
            for type_name, named in document.get("resource", {}).items()
        },
    }


def _without_notes(body: Any) -> Any:
    if not isinstance(body, dict):
        return body
    rest = body.copy()
    rest.pop("//", None)
    return rest


def _without(document: Mapping[str, Any], arguments: Mapping[str, str]) -> Mapping[str, Any]:
    resources: Mapping[str, Mapping[str, Any]] = document.get("resource", {})
    left = {
        type_name: {
            name: {**body, argument: None} if isinstance(body, dict) else body
            for name, body in resources[type_name].items()
        }
        for type_name, argument in arguments.items()
        if type_name in resources
    }
    return {**document, "resource": {**resources, **left}} if left else document


def _file(path: str, file: File) -> dict[str, Any]:
    environment = "" if path.startswith("repository/") else file.manifests.environment
    return {
        "path": path,
        "environment": environment,
        "text": file.text,
        "content": _content(path.rpartition(".")[2], file.text) if file.data is None else _plain(file.data),
    }


@lru_cache(maxsize=1024)  # environments have many files alike
def _content(ending: str, text: str) -> Any:
    """YAML and JSON as data; None for other files, and for a template that is no YAML before it is filled in."""
    if ending == "json":
        return _json(text)
    if ending not in ("yaml", "yml"):
        return None
    try:
        documents = list(load_all(text))
    except yaml.YAMLError:
        return None
    return _plain(documents[0] if len(documents) == 1 else documents)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _plain(value: Any) -> Any:
    """YAML as JSON, the way conftest has it: keys are text, so that a workflow's `on` is `true`, and so are dates."""
    if type(value) is str:  # most are, and the tests below take longer
        return value
    if isinstance(value, Mapping):
        return {key if type(key) is str else _key(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)


def _key(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def _resources(document: Mapping[str, Any]) -> int:
    if "resource_changes" in document:
        return sum(1 for change in _changes(document) if isinstance(change["change"].get("after"), dict))
    return sum(len(named) for named in document.get("resource", {}).values())


def _changes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for change in plan["resource_changes"] or ():
        if change.get("mode") == "managed":
            yield change
