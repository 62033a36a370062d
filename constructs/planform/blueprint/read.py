"""Files and folders -> documents; refuses what is too large, not text, or outside the folder named."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from planform.blueprint.compose import Budget, compose
from planform.blueprint.document import Document
from planform.diagnostics import Diagnostic, DiagnosticError, Location, error, shown, suggest

MAX_BYTES = 1024 * 1024
"""Bytes in one file: some hundred times a large platform."""

MAX_FILES = 10_000
"""Files of one folder."""

SUFFIXES = (".yaml", ".yml")


def read(*paths: str | os.PathLike[str]) -> tuple[Document, ...]:
    """The documents of files and folders, in the order named.

    Of a folder: every `*.yaml` and `*.yml` below it in order of path, hidden names left out. A file named
    twice is read once. Raises DiagnosticError with the faults of all files (codes `blueprint/...`).
    """
    faults: list[Diagnostic] = []
    documents: list[Document] = []
    budget = Budget()
    seen: set[str] = set()
    for path in paths:
        for file in _files(Path(path), faults):
            real = os.path.realpath(file)
            if real in seen:
                continue
            seen.add(real)
            text = _load(file, faults)
            if text is not None:
                found, wrong = compose(text, str(file), budget)
                documents += found
                faults += wrong
    if faults:
        raise DiagnosticError(faults)
    return tuple(documents)


def read_text(text: str, file: str = "<text>") -> tuple[Document, ...]:
    """The documents of a text, as `read` gives those of a file; `file` stands in their locations."""
    size = len(text.encode("utf-8", errors="surrogatepass"))
    if size > MAX_BYTES:
        raise DiagnosticError([_too_large(file, size)])
    documents, faults = compose(text, file, Budget())
    if faults:
        raise DiagnosticError(faults, sources={file: text})
    return tuple(documents)


# Which files


def _files(path: Path, faults: list[Diagnostic]) -> Iterator[Path]:
    try:
        is_folder = path.is_dir()
        exists = is_folder or path.exists()
    except (OSError, ValueError) as cause:
        faults.append(_unreadable(path, cause))
        return
    if not exists:
        faults.append(_not_found(path))
    elif is_folder:
        yield from _folder(path, faults)
    else:
        yield path


def _folder(folder: Path, faults: list[Diagnostic]) -> list[Path]:
    before = len(faults)
    files: list[Path] = []
    for here, folders, names in os.walk(folder, onerror=lambda cause: faults.append(_unreadable(folder, cause))):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            _is_inside(Path(here, name), folder, faults)
        for name in names:
            file = Path(here, name)
            if name.startswith(".") or file.suffix not in SUFFIXES or file.is_dir():
                continue
            if _is_inside(file, folder, faults):
                files.append(file)
        if len(files) > MAX_FILES:
            faults.append(_too_many_files(folder))
            return []
    if not files and len(faults) == before:
        faults.append(_no_yaml(folder))
    return sorted(files, key=lambda file: file.parts)


def _is_inside(path: Path, folder: Path, faults: list[Diagnostic]) -> bool:
    """Whether a path inside the folder still is when its link is followed; a link to elsewhere is a fault."""
    if not path.is_symlink() or Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
        return True
    faults.append(_outside(path, folder))
    return False


# One file


def _load(file: Path, faults: list[Diagnostic]) -> str | None:
    try:
        if not file.is_file():
            faults.append(_not_found(file) if file.is_symlink() else _not_regular(file))
            return None
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
            if len(data) > MAX_BYTES:
                faults.append(_too_large(str(file), os.fstat(stream.fileno()).st_size))
                return None
    except (OSError, ValueError) as cause:
        faults.append(_unreadable(file, cause))
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as cause:
        faults.append(_not_utf8(file, data, cause.start))
        return None


# Faults


def _name(path: str) -> str:
    return shown(path, 300)


def _whole(file: str | Path) -> Location:
    return Location(str(file), 0, 0)


def _not_found(path: Path) -> Diagnostic:
    parent = path.parent
    names: list[str] = []
    if parent.is_dir() and os.access(parent, os.R_OK | os.X_OK):
        names = [entry.name for entry in parent.iterdir() if entry.suffix in SUFFIXES]
    nearest = suggest(path.name, names)
    help = f"did you mean {_name(str(parent / nearest))}?" if nearest else "name a file or a folder that exists"
    return error("blueprint/not-found", f"no file or folder {_name(str(path))}", _whole(path), help=help)


def _unreadable(path: Path, cause: Exception) -> Diagnostic:
    where = getattr(cause, "filename", None) or path
    why = getattr(cause, "strerror", None) or str(cause)
    summary = f"{_name(str(where))} cannot be read: {why.lower()}"
    return error("blueprint/unreadable", summary, _whole(path), help="check its name and its permissions")


def _not_regular(path: Path) -> Diagnostic:
    summary = f"{_name(str(path))} is a device or a pipe"
    return error("blueprint/unreadable", summary, _whole(path), help="write the text to a file and name that")


def _outside(path: Path, folder: Path) -> Diagnostic:
    return error(
        "blueprint/outside-folder",
        f"{_name(str(path))} is a link to {_name(os.path.realpath(path))}, outside {_name(str(folder))}",
        _whole(path),
        help="put the file itself into the folder, or name its target on the command line",
    )


def _no_yaml(folder: Path) -> Diagnostic:
    summary = f"no *.yaml or *.yml in the folder {_name(str(folder))}"
    return error("blueprint/no-yaml", summary, _whole(folder), help="name the folder that holds the blueprint")


def _too_many_files(folder: Path) -> Diagnostic:
    summary = f"more than {MAX_FILES:,} YAML files in the folder {_name(str(folder))}"
    return error("blueprint/too-many-documents", summary, _whole(folder), help="name a folder further down")


def _too_large(file: str, size: int) -> Diagnostic:
    return error(
        "blueprint/too-large",
        f"{_name(file)} has {size:,} bytes, more than the {MAX_BYTES:,} that are read",
        _whole(file),
        help="divide the documents over several files",
    )


def _not_utf8(file: Path, data: bytes, start: int) -> Diagnostic:
    before = data[:start].decode("utf-8").removeprefix("\ufeff")
    column = len(before) - (before.rfind("\n") + 1) + 1
    at = Location(str(file), before.count("\n") + 1, column)
    return error(
        "blueprint/not-utf-8",
        f"the byte 0x{data[start]:02X} is not UTF-8",
        at,
        help="save the file as UTF-8",
    )
