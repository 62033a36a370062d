"""One side of a preview: blueprint documents from files here, or from a git revision, without a checkout.

Of a revision, only blueprint files are read, as bytes, through git's own object store: no file of the repository is
written anywhere, no hook, filter or program of it runs, and a link or a submodule is refused, not followed.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from msgspec import Struct

from planform.blueprint.document import Document
from planform.blueprint.read import MAX_BYTES, MAX_FILES, SUFFIXES, read, read_text
from planform.diagnostics import Diagnostic, DiagnosticError, Location, error, shown

__all__ = ["Side", "from_files", "from_revision", "merge_base"]

SECONDS = 60
MOST_BYTES = 64 * 1024 * 1024
"""Bytes of all blueprint files of one revision together."""

_UNKNOWN = "it is no path here, and no revision that git knows"
_LINK, _SUBMODULE = "120000", "160000"


class Side(Struct, frozen=True):
    """A blueprint as it is on one side, and the name by which people know that side."""

    name: str
    documents: tuple[Document, ...]
    sources: Mapping[str, str]


def from_files(*paths: str | os.PathLike[str]) -> Side:
    """Files or folders as they are now. Raises DiagnosticError (codes `blueprint/...`)."""
    return Side(", ".join(map(str, paths)), read(*paths), {})


def from_revision(revision: str, *paths: str, repository: str | os.PathLike[str] = ".") -> Side:
    """The blueprint files under some paths of a git revision.

    Paths are relative to the folder `repository`, which is anywhere in a work tree.
    Raises DiagnosticError (codes `preview/...` and `blueprint/...`).
    """
    commit = _git(repository, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}", what=revision)
    name = f"{revision} ({commit[:10].decode()})"
    faults: list[Diagnostic] = []
    documents: list[Document] = []
    sources: dict[str, str] = {}
    total = 0
    for path in paths:
        for file, object_id, size in _listed(repository, commit.decode().strip(), path, faults):
            total += size
            if size > MAX_BYTES or total > MOST_BYTES:
                faults.append(_too_large(file, size))
                continue
            try:
                text = _git(repository, "cat-file", "blob", object_id, what=file).decode("utf-8")
                sources[file] = text
                documents += read_text(text, file)
            except UnicodeDecodeError:
                faults.append(error("blueprint/not-utf-8", f"{shown(file)} is not UTF-8", Location(file, 0, 0),
                                    help="save the file as UTF-8"))  # fmt: skip
            except DiagnosticError as fault:
                faults += fault.diagnostics
    if not documents and not faults:
        where = ", ".join(paths)
        faults.append(error("preview/no-blueprint", f"{shown(revision)} has no *.yaml or *.yml under {shown(where)}",
                            help="name the folder of the blueprint with --blueprint"))  # fmt: skip
    if faults:
        raise DiagnosticError([_in(fault, revision) for fault in faults], sources=sources)
    return Side(name, tuple(documents), sources)


def merge_base(*branches: str, repository: str | os.PathLike[str] = ".") -> str:
    """The commit where HEAD left the first of some branches that is there. Raises DiagnosticError."""
    _git(repository, "rev-parse", "--git-dir", what="the main branch")
    for branch in branches:
        try:
            return _git(repository, "merge-base", "--end-of-options", branch, "HEAD", what=branch).decode().strip()
        except DiagnosticError:
            continue
    why = f"HEAD came from none of {', '.join(branches)}, or they are not here"
    raise DiagnosticError([_no_revision("the main branch", why)])


def _listed(
    repository: str | os.PathLike[str], commit: str, path: str, faults: list[Diagnostic]
) -> Iterable[tuple[str, str, int]]:
    """File, object and size of each blueprint file under a path of a commit."""
    wanted = PurePosixPath(os.path.relpath(Path(repository, path), repository).replace(os.sep, "/"))
    if ".." in wanted.parts:
        faults.append(error("preview/outside-repository", f"{shown(path)} is outside the repository",
                            help="name a path inside it"))  # fmt: skip
        return []
    entries = _git(repository, "ls-tree", "-r", "-l", "-z", commit, "--", f"{wanted}", what=path)
    found: list[tuple[str, str, int]] = []
    for entry in filter(None, entries.split(b"\0")):
        mode, _, object_id, size, *_ = entry.partition(b"\t")[0].decode().split()
        file = os.fsdecode(entry.partition(b"\t")[2])
        parts = PurePosixPath(file).relative_to(wanted).parts if PurePosixPath(file) != wanted else ()
        if any(part.startswith(".") for part in parts):
            continue
        if mode == _SUBMODULE or (mode == _LINK and (PurePosixPath(file).suffix in SUFFIXES or not parts)):
            faults.append(_not_followed(file, "a submodule" if mode == _SUBMODULE else "a symbolic link"))
        elif mode != _LINK and (PurePosixPath(file).suffix in SUFFIXES or not parts):
            found.append((file, object_id, int(size)))
    if len(found) > MAX_FILES:
        faults.append(error("blueprint/too-many-documents", f"more than {MAX_FILES:,} YAML files under {shown(path)}",
                            help="name a folder further down"))  # fmt: skip
        return []
    return sorted(found)


def _git(repository: str | os.PathLike[str], *arguments: str, what: str) -> bytes:
    """A reading command of git that runs nothing of the repository's and calls nobody."""
    settings = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "protocol.allow=never")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0"}
    environment |= {"GIT_NO_REPLACE_OBJECTS": "1", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["git", "--no-pager", *settings, *arguments],
            cwd=repository, env=environment, capture_output=True, timeout=SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired, ValueError) as fault:
        raise DiagnosticError([_no_revision(what, str(fault))]) from fault
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["git gives no reason"]
        why = lines[0].removeprefix("fatal: ")
        raise DiagnosticError([_no_revision(what, _UNKNOWN if why == "Needed a single revision" else why)])
    return done.stdout.strip() if arguments[0] in ("rev-parse", "merge-base") else done.stdout


def _in(fault: Diagnostic, revision: str) -> Diagnostic:
    notes = (*fault.notes, f"in the revision {shown(revision)}")
    return Diagnostic(fault.code, fault.severity, fault.summary, fault.at, fault.label, notes, fault.help)


def _no_revision(what: str, why: str) -> Diagnostic:
    help = "name a commit, branch or tag of this repository, or a folder or file that is here"
    return error("preview/no-revision", f"cannot read {shown(what)}: {why}", help=help)


def _not_followed(file: str, what: str) -> Diagnostic:
    return error(
        "preview/not-a-file",
        f"{shown(file)} is {what}",
        Location(file, 0, 0),
        help="put the file itself into the blueprint's folder",
    )


def _too_large(file: str, size: int) -> Diagnostic:
    return error(
        "blueprint/too-large",
        f"{shown(file)} has {size:,} bytes, more than the {MAX_BYTES:,} that are read",
        Location(file, 0, 0),
        help="divide the documents over several files",
    )
