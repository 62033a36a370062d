"""What a release wrote, kept under tests/releases/<version> so that later versions are held to it.

Blueprints as they were, their output and ledger as `output.json.xz`, `digests.txt` for a person to read, and
`changes.yaml`: what later versions change in it, each with its reason. `python3 dev.py release` writes one.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from planform import __version__
from planform.blueprint.document import Document
from planform.blueprint.read import read, read_text
from planform.ledger.document import empty, text
from planform.output.output import Output
from planform.pipeline import compile_documents
from planform.preview.changes import Action, Verdict
from planform.preview.structure import STACK_FILE, compare, resources_of

ROOT = Path(__file__).resolve().parent.parent
RELEASES = ROOT / "tests" / "releases"
BLUEPRINTS = ("minimal.yaml", "reference")
CHANGES = """\
# What later versions change in the output of this release, and why. Patterns are those of file names:
#   - {blueprint: reference, in: acme-ai-*-data, address: google_storage_bucket.raw, action: move,
#      moved: google_storage_bucket.raw_bucket, reason: the id says what it is}
# `moved` is the address before: the `moved` block that the new version ships, by `renamed_from` or ledger/moves.yaml.
[]
"""


class Listed(BaseModel):
    """Changes that a later version is known to make."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    blueprint: str
    place: str = Field(alias="in")
    address: str
    action: Action
    moved: str = ""
    reason: str = Field(min_length=10)

    def meets(self, blueprint: str, verdict: Verdict) -> bool:
        """Whether it is about this change: a move only with the address that it moves from."""
        return (
            verdict.action is self.action
            and fnmatchcase(blueprint, self.blueprint)
            and fnmatchcase(verdict.stack, self.place)
            and fnmatchcase(verdict.address, self.address)
            and fnmatchcase(verdict.previous_address, self.moved)
        )


@dataclass(frozen=True)
class Release:
    """What one version wrote, and how that changes by this one."""

    folder: Path

    @property
    def version(self) -> str:
        return self.folder.name

    @cached_property
    def kept(self) -> Mapping[str, Mapping[str, Any]]:
        """Blueprint to its `files` and its `ledger`."""
        found: Mapping[str, Mapping[str, Any]] = json.loads(
            lzma.decompress((self.folder / "output.json.xz").read_bytes())
        )
        return found

    @cached_property
    def listed(self) -> tuple[Listed, ...]:
        return tuple(map(Listed.model_validate, yaml.safe_load((self.folder / "changes.yaml").read_text()) or ()))

    def documents(self, blueprint: str) -> tuple[Document, ...]:
        """A blueprint as it was, with the ledger that a user of that version has."""
        return (*read(self.folder / blueprint), *read_text(self.kept[blueprint]["ledger"], "addresses.yaml"))

    def verdicts(self, blueprint: str) -> tuple[Verdict, ...]:
        """What this version would change for a user who upgrades."""
        now = compile_documents(self.documents(blueprint)).output
        return tuple(compare(Output(self.kept[blueprint]["files"]), now))

    def unlisted(self) -> Iterator[str]:
        """Changes that changes.yaml does not list, and lines of it that meet no change."""
        unused = set(self.listed)
        for blueprint in BLUEPRINTS:
            for verdict in self.verdicts(blueprint):
                met = {each for each in self.listed if each.meets(blueprint, verdict)}
                unused -= met
                if not met:
                    before = f" from {verdict.previous_address}" if verdict.previous_address else ""
                    yield f"{blueprint}: {verdict.action} {verdict.address}{before} in {verdict.stack}"
        yield from (f"meets no change: {each}" for each in sorted(map(repr, unused)))

    def write(self) -> None:
        """Keep what this version writes; what is listed already stays."""
        self.folder.mkdir(parents=True, exist_ok=True)
        kept = {}
        for blueprint in BLUEPRINTS:
            source, target = ROOT / "blueprints" / blueprint, self.folder / blueprint
            if source.is_dir():
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(source, target)
            else:
                shutil.copy(source, target)
            compiled = compile_documents(read(target), ledger=empty(), may_lose=True)
            assert compiled.keeping is not None
            files = {path: _bare(path, content) for path, content in compiled.output.files.items()}
            kept[blueprint] = {"ledger": text(compiled.keeping.wanted), "files": files}
        packed = json.dumps(kept, sort_keys=True, separators=(",", ":")).encode()
        (self.folder / "output.json.xz").write_bytes(lzma.compress(packed, preset=9 | lzma.PRESET_EXTREME))
        (self.folder / "digests.txt").write_text("".join(digests(kept)))
        changes = self.folder / "changes.yaml"
        if not changes.exists():
            changes.write_text(CHANGES)


def digests(kept: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """A line for each stack, and one for all other files: what, how many, SHA-256."""
    for blueprint, held in kept.items():
        others = {}
        for path, content in held["files"].items():
            if path.endswith(f"/{STACK_FILE}"):
                count = len(resources_of(json.loads(content)))
                yield f"{blueprint} {path.split('/')[-2]} {count} resources {_digest(content)}\n"
            else:
                others[path] = content
        yield f"{blueprint} other {len(others)} files {_digest(json.dumps(others, sort_keys=True))}\n"


def released() -> tuple[str, ...]:
    """The versions that CHANGELOG.md calls released, the newest first."""
    return tuple(re.findall(r"^## (\d+\.\d+\.\d+)$", (ROOT / "CHANGELOG.md").read_text(), re.M))


def _digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _bare(path: str, content: str | bytes) -> str:
    """A file without what only says where each resource comes from."""
    assert isinstance(content, str), f"{path} is not text"
    if not path.endswith(f"/{STACK_FILE}"):
        return content
    return json.dumps(_without_notes(json.loads(content)), separators=(",", ":"))


def _without_notes(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_notes(each) for key, each in value.items() if key != "//"}
    return [_without_notes(each) for each in value] if isinstance(value, list) else value


if __name__ == "__main__":
    Release(RELEASES / __version__).write()
