"""A rule's metadata, read from the comments of its Rego file.

A rule is one file, `<plane>/<rule>.rego`, of package `rules.<plane>.<rule>`; docs/concepts/policies.md has the form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import yaml
from msgspec import Struct
from msgspec.structs import asdict
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from planform.diagnostics import Diagnostic, DiagnosticError, Location, error, in_order

__all__ = ["Pack", "Rule", "read_pack", "rego_files", "rule_files"]

Severity = Literal["critical", "high", "medium", "low"]
Subject = Literal["terraform", "kubernetes", "file"]

WORKLOADS: tuple[Mapping[str, Any], ...] = (
    {"apiGroups": [""], "kinds": ["Pod", "ReplicationController"]},
    {"apiGroups": ["apps"], "kinds": ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"]},
    {"apiGroups": ["batch"], "kinds": ["Job", "CronJob"]},
)
"""What `match: workloads` stands for: pods, and the objects that make them."""

FACTS = ("labels", "name", "platform", "production", "project", "project_number", "region", "regions", "slots", "teams")
"""What a rule may ask of an environment."""

_PACKAGE = re.compile(r"^package\s+(\S+)", re.MULTILINE)
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_FACT = re.compile(r"facts\.of\([a-z_]+\)\.([a-z_]+)")


class _Custom(BaseModel):
    """The part of the metadata that is planform's own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*/[a-z][a-z0-9-]*$")
    severity: Severity
    subject: Subject
    remedy: str = Field(min_length=10)
    frameworks: tuple[str, ...] = ()
    waivable: bool
    in_plans: bool = True
    match: Literal["workloads"] | tuple[dict[str, list[str]], ...] | None = None
    facts: tuple[str, ...] = ()

    @field_validator("in_plans")
    @classmethod
    def _of_terraform(cls, in_plans: bool, info: ValidationInfo) -> bool:
        if not in_plans and info.data.get("subject", "terraform") != "terraform":
            raise ValueError("it is for rules about Terraform resources")
        return in_plans

    @field_validator("facts")
    @classmethod
    def _known(cls, facts: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [fact for fact in facts if fact not in FACTS]
        if unknown:
            raise ValueError(f"there is no fact {', '.join(unknown)}; facts: {', '.join(FACTS)}")
        return facts


class _Metadata(BaseModel):
    """A METADATA block, as `opa inspect --annotations` reads it too."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(min_length=10)
    description: str = Field(min_length=40)
    custom: _Custom


class Rule(Struct, frozen=True, eq=False):
    """One rule: what its metadata says.

    `match` are the kinds that an admission controller asks the rule about; none, and the rule is for the compiler
    alone. `in_plans` says whether real plans show what it reads; they have no `lifecycle`. `facts` are what it reads
    about the environment. `file` is relative to the folder of its pack.
    """

    id: str
    title: str
    why: str
    severity: Severity
    subject: Subject
    remedy: str
    frameworks: tuple[str, ...]
    waivable: bool
    in_plans: bool
    match: tuple[Mapping[str, Any], ...]
    facts: tuple[str, ...]
    file: str

    @property
    def code(self) -> str:
        """The code of its findings: `policy/resource/public-bucket`."""
        return f"policy/{self.id}"

    @property
    def plane(self) -> str:
        """The first part of its id."""
        return self.id.partition("/")[0]

    @property
    def denies(self) -> bool:
        """Whether a finding stops a run; those of severity `low` are warnings."""
        return self.severity != "low"

    def as_dict(self) -> dict[str, Any]:
        """For the index of a pack, and for `--json`."""
        return asdict(self)

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> Rule:
        """Back from the index."""
        lists = {name: tuple(entry[name]) for name in ("frameworks", "match", "facts")}
        return cls(**{**entry, **lists})


class Pack(Struct, frozen=True, dict=True):
    """The rules of one folder, in the order of their ids."""

    folder: Path
    rules: tuple[Rule, ...]

    @cached_property
    def by_id(self) -> Mapping[str, Rule]:
        """The rules by id."""
        return {rule.id: rule for rule in self.rules}

    def text(self, rule: Rule) -> str:
        """A rule's Rego."""
        return (self.folder / rule.file).read_text("utf-8")

    def files(self) -> tuple[Path, ...]:
        """All Rego of the folder but tests."""
        return tuple(rego_files(self.folder))

    def library(self) -> Mapping[str, str]:
        """The Rego of `lib/`, by the name of the file without its ending."""
        return {path.stem: path.read_text("utf-8") for path in rego_files(self.folder / "lib")}


def rule_files(folder: Path) -> Iterator[Path]:
    """The files of a folder that are to hold a rule each: neither tests, nor `lib/`, nor `main.rego`."""
    for path in rego_files(folder):
        if path.relative_to(folder).parts[0] not in ("lib", "main.rego"):
            yield path


def read_pack(folder: Path) -> Pack:
    """The rules of a folder. Errors: policy/bad-metadata, policy/no-metadata, policy/duplicate-rule; all at once."""
    rules: dict[str, Rule] = {}
    faults: list[Diagnostic] = []
    for path in rule_files(folder):
        found = _rule(path, folder)
        if not isinstance(found, Rule):
            faults += found
            continue
        other = rules.setdefault(found.id, found)
        if other is not found:
            faults.append(
                error(
                    "policy/duplicate-rule",
                    f"two rules have the id `{found.id}`",
                    _line_of(path, path.read_text("utf-8"), rf"id:\s*{re.escape(found.id)}"),
                    notes=(f"the other is {folder / other.file}",),
                    help="rename one of the two: its file, its package and its id",
                )
            )
    if faults:
        raise DiagnosticError(in_order(faults))
    return Pack(folder, tuple(sorted(rules.values(), key=lambda rule: rule.id)))


def rego_files(folder: Path) -> list[Path]:
    """All Rego of a folder but tests."""
    return sorted(path for path in folder.rglob("*.rego") if not path.name.endswith("_test.rego"))


def _rule(path: Path, folder: Path) -> Rule | list[Diagnostic]:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as trouble:
        return [error("policy/rego", f"{path.name} cannot be read: {trouble}", Location(str(path), 0, 0),
                      help="save it as UTF-8, readable for whoever runs planform")]  # fmt: skip
    package = _PACKAGE.search(text)
    block, first = _block(text[: package.start()] if package else text)
    if not block:
        return [
            error(
                "policy/no-metadata",
                f"{path.name} has no METADATA block before its package",
                Location(str(path), 1, 0),
                help="`planform policy new PLANE/RULE` writes a rule with all that is needed",
            )
        ]
    try:
        metadata = _Metadata.model_validate(yaml.safe_load(block))
    except yaml.YAMLError as trouble:
        mark = getattr(trouble, "problem_mark", None)
        line = first + (mark.line if mark else 0)
        return [_bad(path, line, f"the metadata is no YAML: {getattr(trouble, 'problem', trouble)}")]
    except ValidationError as trouble:
        return [_bad(path, _at(text, each["loc"], first), _said(each)) for each in trouble.errors()]
    rule = _of(metadata, path.relative_to(folder).as_posix())
    return [*_faults(rule, path, text, package[1] if package else "")] or rule


def _of(metadata: _Metadata, file: str) -> Rule:
    custom = metadata.custom
    match = WORKLOADS if custom.match == "workloads" else (custom.match or ())
    return Rule(
        id=custom.id,
        title=metadata.title,
        why=" ".join(metadata.description.split()),
        severity=custom.severity,
        subject=custom.subject,
        remedy=custom.remedy,
        frameworks=custom.frameworks,
        waivable=custom.waivable,
        in_plans=custom.subject == "terraform" and custom.in_plans,
        match=match,
        facts=custom.facts,
        file=file,
    )


def _faults(rule: Rule, path: Path, text: str, package: str) -> Iterator[Diagnostic]:
    plane, _, name = rule.id.partition("/")
    wanted = f"rules.{plane.replace('-', '_')}.{name.replace('-', '_')}"
    if package != wanted:
        yield error(
            "policy/bad-metadata",
            f"rule `{rule.id}` is in package `{package}`",
            _line_of(path, text, r"^package\b"),
            help=f"write `package {wanted}`, or change the id",
        )
    if not all(_NAME.fullmatch(part) for part in (path.parent.name, path.stem)) or (
        f"{path.parent.name}.{path.stem}" != wanted.removeprefix("rules.")
    ):
        yield _bad(path, 1, f"rule `{rule.id}` is in the file {rule.file}")
    if rule.match and rule.subject != "kubernetes":
        yield _bad(path, 1, "`match` is for rules about Kubernetes objects")
    beyond = [fact for fact in rule.facts if fact in ("slots", "teams")]
    if rule.match and beyond:
        yield _bad(path, 1, f"rule `{rule.id}` has `match`, and no cluster knows the fact `{beyond[0]}`")
    for fact in sorted({*_FACT.findall(text)} ^ {*rule.facts}):
        at = 1 + text[: text.find(f".{fact}")].count("\n") if fact not in rule.facts else 1
        verb = "reads the fact" if fact not in rule.facts else "declares and does not read the fact"
        yield _bad(path, at, f"rule `{rule.id}` {verb} `{fact}`")


def _bad(path: Path, line: int, summary: str) -> Diagnostic:
    help = "docs/concepts/policies.md has the form of a rule"
    return error("policy/bad-metadata", summary, Location(str(path), line, 0), help=help)


def _said(fault: Any) -> str:
    place = ".".join(str(part) for part in fault["loc"])
    return f"`{place}`: {fault['msg'][0].lower()}{fault['msg'][1:]}"


def _block(head: str) -> tuple[str, int]:
    """The text of the METADATA block without its comment marks, and the number of its first line."""
    lines: list[str] = []
    first = 0
    for number, line in enumerate(head.splitlines(), 1):
        if line.strip() == "# METADATA":
            lines, first = [], number + 1
        elif first and line.startswith("#"):
            lines.append(line[2:])
    return "\n".join(lines), first


def _at(text: str, path: Iterable[str | int], first: int) -> int:
    """The line of the key that a fault is about, or of the nearest one around it that is written."""
    line = first
    for part in path:
        found = re.search(rf"(?m)^#\s+{re.escape(str(part))}:", text)
        if found is None:
            break
        line = 1 + text[: found.start() + 1].count("\n")
    return line


def _line_of(path: Path, text: str, pattern: str) -> Location:
    found = re.search(pattern, text, re.MULTILINE)
    return Location(str(path), 1 + text[: found.start()].count("\n") if found else 1, 0)
