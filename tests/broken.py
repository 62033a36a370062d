"""What is broken in the compiled reference so that a rule finds it: `breaks` of `tests/policies/<plane>.<rule>.yaml`,
in the form that docs/concepts/policies.md describes; and the forms in which the same platform can reach a rule.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from msgspec.structs import replace

from planform.checks.policy.document import Judged

__all__ = ["CASES", "Break", "as_objects", "as_plan", "breaks"]

CASES = Path(__file__).parent / "policies"


@dataclass(frozen=True)
class Break:
    """One entry of `breaks`: what to change, and the names of what the rule then finds, sorted."""

    rule: str
    number: int
    change: Mapping[str, Any]
    finds: tuple[str, ...]

    @property
    def id(self) -> str:
        return f"{self.rule}-{self.number}"

    @property
    def objects(self) -> list[Any]:
        """The Kubernetes objects that are added."""
        return [each for path, each in self.change.get("add", {}).items() if path.startswith("kubernetes/")]

    def review(self, object: Any, judged: Judged) -> dict[str, Any]:
        """What the cluster of the objects' environment asks about one of them."""
        (environment,) = {path.split("/")[1] for path in self.change["add"] if path.startswith("kubernetes/")}
        return {"review": {"object": object}, "parameters": {"facts": judged.facts["environments"][environment]}}

    def alone(self, judged: Judged) -> Judged:
        """The fault in the part of the platform that it can concern: its stacks, or all objects of its environments."""
        places = [*self.change.get("break", {}), *self.change.get("add", {}), *self.change.get("drop", ())]
        roots = {place.partition("/")[0] for place in places}
        environments = {place.split("/")[1] for place in places if place.startswith("kubernetes/")}
        part = replace(
            judged,
            stacks={name: document for name, document in judged.stacks.items() if name in roots},
            objects=tuple(each for each in judged.objects if each["environment"] in environments),
            files=judged.files if roots & {"repository", "files"} else (),
        )
        return self.applied(part)

    def applied(self, judged: Judged) -> Judged:
        """The platform with the fault in it."""
        stacks = dict(judged.stacks)
        touched = {place.partition("/")[0] for kind in ("break", "add") for place in self.change.get(kind, {})}
        stacks |= {name: copy.deepcopy(stacks[name]) for name in touched & stacks.keys()}
        for place, values in self.change.get("break", {}).items():
            stack, _, address = place.partition("/")
            type_name, name = address.split(".")
            for path, value in values.items():
                _set(stacks[stack]["resource"][type_name][name], path, value)
        objects, files = list(judged.objects), list(judged.files)
        for place, value in self.change.get("add", {}).items():
            first, _, rest = place.partition("/")
            if first == "kubernetes":
                objects.append({"path": place, "environment": rest.partition("/")[0], "object": value})
            elif first in ("repository", "files"):
                environment = "" if first == "repository" else rest.partition("/")[0]
                files.append({"path": place, "environment": environment, "text": "", "content": value})
            else:
                type_name, name = rest.split(".")
                stacks[first]["resource"].setdefault(type_name, {})[name] = value
        for path in self.change.get("drop", ()):
            objects.remove(next(each for each in objects if each["path"] == path))
        return replace(judged, stacks=stacks, objects=tuple(objects), files=tuple(files))


def breaks() -> Iterator[Break]:
    """Every entry of every rule."""
    for path in sorted(CASES.glob("*.yaml")):
        for number, entry in enumerate(yaml.safe_load(path.read_text())["breaks"], 1):
            yield Break(path.stem.replace(".", "/", 1), number, entry, tuple(sorted(entry["finds"])))


def _set(body: Any, path: str, value: Any) -> None:
    """Set what a dotted path leads to; null removes it. A step that does not exist is a fault of the case."""
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in steps:
        body = body[step]
    if value is None:
        del body[last]
    else:
        body[last] = value


def as_plan(judged: Judged) -> Judged:
    """The same stacks as `terraform show -json` has them: `false` is null, and what refers to another is unknown."""
    return replace(judged, stacks={name: _plan(document) for name, document in judged.stacks.items()})


def _plan(document: Mapping[str, Any]) -> dict[str, Any]:
    changes = []
    for type_name, named in document.get("resource", {}).items():
        for name, body in named.items():
            meta = ("lifecycle", "depends_on", "provider", "count", "for_each")
            after, unknown = _planned({key: value for key, value in body.items() if key not in meta})
            change = {"actions": ["create"], "before": None, "after": after, "after_unknown": unknown}
            place = {"address": f"{type_name}.{name}", "mode": "managed", "type": type_name, "name": name}
            changes.append({**place, "change": change})
    return {"format_version": "1.2", "resource_changes": changes}


def _planned(value: Any) -> tuple[Any, Any]:
    """A value as planned, and what of it is unknown."""
    if isinstance(value, Mapping):
        pairs = {key: _planned(item) for key, item in value.items()}
        known = {key: after for key, (after, unknown) in pairs.items() if unknown is not True}
        return known, {key: unknown for key, (_, unknown) in pairs.items() if unknown}
    if isinstance(value, list):
        pairs_ = [_planned(each) for each in value]
        return [after for after, _ in pairs_], [unknown or False for _, unknown in pairs_]
    if isinstance(value, str) and "${" in value:
        return None, True
    return (None if value is False else value), False


def as_objects(judged: Judged) -> Judged:
    """The same stacks with every block that stands once as an object, as other writers of Terraform JSON have it."""
    return replace(judged, stacks={name: _unlisted(document) for name, document in judged.stacks.items()})


def _unlisted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _unlisted(item) for key, item in value.items()}
    if isinstance(value, list):
        return _unlisted(value[0]) if len(value) == 1 and isinstance(value[0], Mapping) else [*map(_unlisted, value)]
    return value
