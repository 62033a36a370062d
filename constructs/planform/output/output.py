"""All that was compiled, in memory: one immutable value that is compared, digested, written and read back."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import force_setattr

from planform.diagnostics import Diagnostic, DiagnosticError, error
from planform.engine_json import to_text
from planform.output.folder import MARKER, foreign, replace_folder, written_files

__all__ = ["MANIFEST", "Difference", "Output", "content_of", "refuse_paths"]

MANIFEST = "manifest.json"
"""The engine's list of stacks, at the top of every output."""


class Difference(Struct, frozen=True):
    """The paths by which one output differs from another, each tuple sorted."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


class Output(Struct, frozen=True):
    """Files by relative path with forward slashes, in the order of their paths; text is UTF-8.

    Errors: output/unsafe-path, for all paths that would leave the folder or stand in each other's way.
    """

    files: Mapping[str, str | bytes]

    def __post_init__(self) -> None:
        refuse_paths(self.files)
        force_setattr(self, "files", dict(sorted(self.files.items())))

    def digest(self) -> str:
        """SHA-256, in hexadecimal, of all paths and contents; equal for equal files and for nothing else."""
        result = hashlib.sha256()
        for path, content in self.files.items():
            for part in (path.encode(), _bytes(content)):
                result.update(len(part).to_bytes(8, "big") + part)
        return result.hexdigest()

    def difference(self, other: Output) -> Difference:
        """What is added, changed and removed on the way from this output to another."""
        here, there = self.files, other.files
        return Difference(
            added=tuple(path for path in there if path not in here),
            changed=tuple(path for path in there if path in here and _bytes(there[path]) != _bytes(here[path])),
            removed=tuple(path for path in here if path not in there),
        )

    def part(self, only: Iterable[str]) -> Output:
        """The files that are, or lie under, one of some paths, such as `stacks/acme-dev-data`."""
        chosen = tuple(only)
        return Output({path: text for path, text in self.files.items() if _is_under(path, chosen)})

    def write(
        self,
        folder: str | os.PathLike[str],
        *,
        only: Iterable[str] | None = None,
        allow: Callable[[], object] = lambda: None,
    ) -> None:
        """Make a folder hold this output, or the part of it under some paths; the rest then stays as it is.

        The new folder is made beside the old one and takes its place in one step, so that a run that is
        killed, or finds the disk full, leaves what was there. Files that planform did not write stay in
        place: Terraform's state, its lock file, `.terraform`, whatever else a user has put there. `allow` is called
        before that one step: if it raises, nothing has changed.

        Errors: output/foreign-folder, output/in-use, output/no-space, output/not-writable,
        output/unsafe-path.
        """
        target = Path(folder)
        complete = self if only is None else self._laid_over(target, tuple(only))
        replace_folder(target, complete.files, allow)

    def _laid_over(self, target: Path, only: tuple[str, ...]) -> Output:
        present = Output.read(target).files if written_files(target) is not None else {}
        kept = {path: text for path, text in present.items() if not _is_under(path, only) and path != MANIFEST}
        try:
            manifest = _merged_manifest(present.get(MANIFEST), self.files.get(MANIFEST), only)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise foreign(target, f"{target / MANIFEST} is not the manifest that planform wrote") from None
        return Output({**kept, **self.part(only).files, **manifest})

    @classmethod
    def read(cls, folder: str | os.PathLike[str]) -> Output:
        """The output in a folder that planform or `cdktf synth` wrote, without what users put there.

        Errors: output/foreign-folder, if neither wrote it or a file of it is missing; output/unsafe-path.
        """
        target = Path(folder)
        paths = written_files(target)
        if paths is None:
            paths = _manifest_files(target)
        refuse_paths(paths)
        return cls({path: content_of(target, path) for path in paths})


def refuse_paths(paths: Iterable[str]) -> None:
    """Errors: output/unsafe-path, for all paths that would leave the folder or stand in each other's way."""
    faults = _path_faults(paths)
    if faults:
        raise DiagnosticError(faults)


def _bytes(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode()


def content_of(folder: Path, path: str) -> str | bytes:
    """A file's content, if the file is inside the folder and no link stands on the way to it."""
    place = folder / path
    if any(Path(folder, *Path(path).parts[:depth]).is_symlink() for depth in range(1, len(Path(path).parts) + 1)):
        fault = f"{place} is reached by a symbolic link"
        raise DiagnosticError([error("output/unsafe-path", fault, help="put the real file there, or synth again")])
    try:
        content = place.read_bytes()
    except OSError as trouble:
        raise foreign(folder, f"{place} cannot be read: {trouble.strerror}") from None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content


def _manifest_files(folder: Path) -> tuple[str, ...]:
    try:
        stacks = json.loads(folder.joinpath(MANIFEST).read_bytes())["stacks"].values()
        return (MANIFEST, *(str(stack["synthesizedStackPath"]) for stack in stacks))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise foreign(folder, f"{folder} has neither {MARKER} nor the {MANIFEST} of an engine") from None


def _merged_manifest(old: str | bytes | None, new: str | bytes | None, only: tuple[str, ...]) -> dict[str, str]:
    """The manifest of a folder of which only a part is new: each stack's entry from where its files come."""
    if new is None:
        return {}
    kept = {name: entry for name, entry in _stacks(old).items() if not _is_part(entry, only)}
    made = {name: entry for name, entry in _stacks(new).items() if _is_part(entry, only)}
    return {MANIFEST: to_text({**json.loads(new), "stacks": {**kept, **made}})}


def _stacks(manifest: str | bytes | None) -> dict[str, dict[str, Any]]:
    stacks: dict[str, dict[str, Any]] = json.loads(manifest)["stacks"] if manifest else {}
    return stacks


def _is_part(entry: Mapping[str, Any], only: tuple[str, ...]) -> bool:
    return _is_under(str(entry["workingDirectory"]), only)


def _is_under(path: str, folders: tuple[str, ...]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)


def _path_faults(paths: Iterable[str]) -> list[Diagnostic]:
    faults: dict[str, str] = {}
    folded: dict[str, str] = {}
    folders: dict[str, str] = {}
    for path in sorted(paths):
        reason = _fault_of(path)
        twin = folded.setdefault(path.casefold(), path)
        if reason:
            faults[path] = reason
        elif twin != path:
            faults[path] = f"differs from `{twin}` in upper and lower case only"
        for end, character in enumerate(path):
            if character == "/":
                folders[path[:end].casefold()] = path
    for path in paths:
        if path.casefold() in folders:
            faults.setdefault(path, f"is a file, and `{folders[path.casefold()]}` needs a folder there")
    remedy = "rename what gives the file its name"
    return [error("output/unsafe-path", f"the path {path!r} {faults[path]}", help=remedy) for path in faults]


def _fault_of(path: str) -> str:
    parts = path.split("/")
    if not path or path.startswith("/") or path[1:2] == ":":
        return "is not relative to the output folder"
    if ".." in parts:
        return "leads out of the output folder"
    if "" in parts or "." in parts or not path.isprintable() or "\\" in path:
        return "has an empty, dotted or unprintable part, or a backslash"
    if any(len(part.encode("utf-8", "surrogatepass")) > 255 for part in parts):
        return "has a part of more than 255 bytes, which file systems refuse"
    return "is taken by planform itself" if path == MARKER else ""
