"""Putting a set of files in the place of a folder in one step, without touching what others keep there.

The files are written to a hidden folder beside the target, `.<name>.planform-new-<random>`, what users keep
in the target is linked into it, and the two folders change places by one system call. A run that ends before
that call has changed nothing; what it leaves beside the target is removed by the next run.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NoReturn

from planform.diagnostics import DiagnosticError, error

MARKER: Final = ".planform-output"
"""The file by which planform knows a folder of its own. It lists the files that planform wrote."""

_HEAD: Final = "# Written by planform, with the files below; anything else in this folder is left as it is.\n"
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_AT_CWD: Final = -100
_EXCHANGE: Final = 2


def written_files(folder: Path) -> tuple[str, ...] | None:
    """The paths that planform wrote into a folder, or None if it did not write the folder.

    A folder that a killed run left under its second name is put back first.
    """
    _restore(folder)
    try:
        text = folder.joinpath(MARKER).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    return tuple(line for line in text.splitlines() if line and not line.startswith("#"))


def foreign(folder: Path, summary: str) -> DiagnosticError:
    """The error for a folder that is not planform's."""
    remedy = f"name a folder that is new, empty or was written by planform (it then has a {MARKER})"
    return DiagnosticError([error("output/foreign-folder", summary, help=remedy)])


def replace_folder(folder: Path, files: Mapping[str, str | bytes], allow: Callable[[], object] = lambda: None) -> None:
    """Make a folder hold these files, text as UTF-8, and what it held that planform did not write.

    `allow` is called when all is written beside the folder: if it raises, the folder stays as it was.
    Errors: output/foreign-folder, output/in-use, output/no-space, output/not-writable, output/unsafe-path.
    """
    target = _real(folder)
    try:
        _restore(target)
        ours = _owned(target)
        _refuse_running(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target)
        with _staging(target) as stage:
            _fill(stage, files, target, ours)
            _carry(target, stage, ours)
            allow()
            _put_in_place(stage, target, ours)
    except OSError as fault:
        refuse(folder, fault, "name a folder that you may write to, and whose parent folder you may write to")


def change_folder(folder: Path, changes: Mapping[str, bytes | None]) -> None:
    """Change some files of a folder that planform wrote, one after another, and remove those that are None.

    Each file changes in one step, the folder does not: a run that is killed is finished by making the changes again.
    Errors: output/foreign-folder, output/in-use, output/no-space, output/not-writable, output/unsafe-path.
    """
    target = _real(folder)
    try:
        ours = _owned(target) - {MARKER}
        _refuse_running(target)
        _mark(target, sorted({*ours, *changes}))  # first, as a file that is not listed would be somebody else's
        for path, content in changes.items():
            place = target / path
            if path not in ours and os.path.lexists(place) and content is not None:
                _refuse_other(place, content)
            if content is None:
                place.unlink(missing_ok=True)
                _remove_empty(place.parent, target)
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                new = place.with_name(f".{place.name}.planform-new")
                new.write_bytes(content)
                new.replace(place)
        _mark(target, sorted({*ours, *changes} - {path for path, content in changes.items() if content is None}))
    except OSError as fault:
        refuse(folder, fault, "name a folder that you may write to")


def _refuse_other(place: Path, content: bytes) -> None:
    if not place.is_file() or place.is_symlink() or place.read_bytes() != content:
        raise _in_the_way(place)


def _remove_empty(folder: Path, target: Path) -> None:
    while folder != target and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _mark(folder: Path, paths: Iterable[str]) -> None:
    listing = "".join(f"{path}\n" for path in paths)
    folder.joinpath(MARKER).write_text(_HEAD + listing, "utf-8", newline="")


def _real(folder: Path) -> Path:
    if folder.is_symlink() and not folder.exists():
        fault = f"{folder} is a symbolic link to nothing"
        raise DiagnosticError([error("output/unsafe-path", fault, help="remove it, or name the real folder")])
    return Path(os.path.realpath(folder))


def _owned(target: Path) -> frozenset[str]:
    """The files in the target that are planform's to replace, the marker included."""
    if not os.path.lexists(target):
        return frozenset()
    if not target.is_dir():
        raise foreign(target, f"{target} is a file")
    ours = written_files(target)
    if ours is None and any(target.iterdir()):
        raise foreign(target, f"{target} has files that planform did not write")
    return frozenset({*(ours or ()), MARKER})


def _refuse_running(target: Path) -> None:
    """Terraform at work in a stack locks its local state, and would write the next one to a lost folder."""
    for lock in sorted(target.glob("stacks/*/.*.lock.info")):
        fault = f"terraform is at work in {lock.parent}"
        note = f"it holds the lock {lock.name} on the stack's local state"
        remedy = "wait for it to end; after a crash, `terraform force-unlock` there or delete the file"
        raise DiagnosticError([error("output/in-use", fault, notes=(note,), help=remedy)])


@contextlib.contextmanager
def _staging(target: Path) -> Iterator[Path]:
    stage = target.with_name(f".{target.name}.planform-new-{secrets.token_hex(4)}")
    stage.mkdir()
    try:
        with _locked(stage):
            yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _fill(stage: Path, files: Mapping[str, str | bytes], target: Path, ours: frozenset[str]) -> None:
    """Write the files. What is in the target as it should be is linked, which disks do many times sooner."""
    for folder in {path.rpartition("/")[0] for path in files}:
        (stage / folder).mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        content = text if isinstance(text, bytes) else text.encode()
        old, new = f"{target}/{path}", f"{stage}/{path}"  # joined as text, as there are many
        if not (path in ours and _is_still(old, content) and _linked(old, new)):
            with open(new, "wb") as file:  # noqa: PTH123
                file.write(content)
    _mark(stage, files)


def _is_still(place: str, content: bytes) -> bool:
    try:
        facts = os.lstat(place)
        return stat.S_ISREG(facts.st_mode) and facts.st_size == len(content) and Path(place).read_bytes() == content
    except OSError:
        return False


def _linked(source: str | Path, place: str | Path) -> bool:
    """Give a file another name; False where the disk or the system has no such links, and it has to be copied."""
    try:
        os.link(source, place, follow_symlinks=False)
    except (OSError, NotImplementedError):
        return False
    return True


def _carry(target: Path, stage: Path, ours: frozenset[str]) -> None:
    """Link what is not planform's into the new folder; links share files, so the old folder stays whole."""
    if not target.is_dir():
        return
    shutil.copymode(target, stage)
    for source, path in _others(target, ours):
        place = stage / path
        if os.path.lexists(place):
            _refuse_collision(source, place)
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        _link(source, place)


def _others(target: Path, ours: frozenset[str]) -> Iterator[tuple[Path, str]]:
    """All that is not planform's under a folder: files, links and folders with nothing in them."""
    for parent, folders, names in os.walk(target):
        within = Path(parent).relative_to(target).as_posix()
        before = "" if within == "." else f"{within}/"
        links = [name for name in folders if Path(parent, name).is_symlink()]
        if before and not folders and not names and within not in ours:
            yield Path(parent), within
        for name in (*names, *links):
            if before + name not in ours:
                yield Path(parent, name), before + name


def _refuse_collision(source: Path, place: Path) -> None:
    if source.is_dir() and not source.is_symlink() and place.is_dir():
        return
    if source.is_symlink():
        fault = f"{source} is a symbolic link where planform has to write"
        raise DiagnosticError([error("output/unsafe-path", fault, help="remove the link")])
    if source.is_file() and place.is_file() and source.read_bytes() == place.read_bytes():
        return
    raise _in_the_way(source)


def _in_the_way(place: Path) -> DiagnosticError:
    fault = f"{place} is in the way, and planform did not write it"
    help = "move it elsewhere; planform replaces only files of its own"
    return DiagnosticError([error("output/foreign-folder", fault, help=help)])


def _link(source: Path, place: Path) -> None:
    if source.is_dir() and not source.is_symlink():
        place.mkdir(exist_ok=True)
        return
    if not _linked(source, place):
        shutil.copy2(source, place, follow_symlinks=False)


def _put_in_place(stage: Path, target: Path, ours: frozenset[str]) -> None:
    """Let the new folder take the target's place; `stage` then is the old one, which its maker removes."""
    if not target.exists() or not any(target.iterdir()):
        stage.rename(target)
        return
    try:
        _exchange(stage, target)
    except OSError:
        _exchange_in_two_steps(stage, target)
    rescue(stage, target, ours)


def _exchange(one: Path, other: Path) -> None:
    """Let two folders change names in one step: renameat2(2) of Linux, renamex_np(2) of macOS."""
    import ctypes  # here, as most runs need it not

    library: Any = ctypes.CDLL(None, use_errno=True) if os.name == "posix" else None
    first, second = os.fsencode(one), os.fsencode(other)
    if sys.platform == "linux" and hasattr(library, "renameat2"):
        result = library.renameat2(_AT_CWD, first, _AT_CWD, second, _EXCHANGE)
    elif sys.platform == "darwin" and hasattr(library, "renamex_np"):
        result = library.renamex_np(first, second, _EXCHANGE)
    else:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _exchange_in_two_steps(stage: Path, target: Path) -> None:
    """For systems without the call. A run killed between the steps is mended by `_restore` at the next."""
    aside = _aside(target)
    target.rename(aside)
    try:
        stage.rename(target)
    except OSError:
        aside.rename(target)
        raise
    aside.rename(stage)


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.planform-old")


def _restore(target: Path) -> None:
    if not os.path.lexists(target) and _aside(target).is_dir():
        with contextlib.suppress(OSError):
            _aside(target).rename(target)


def rescue(old: Path, new: Path, ours: frozenset[str]) -> None:
    """Bring over what came to the old folder after it was linked, such as a state just written."""
    for source, path in list(_others(old, ours)):
        place = new / path
        if source.is_dir() and not source.is_symlink():
            continue
        if not os.path.lexists(place) or source.lstat().st_mtime_ns > place.lstat().st_mtime_ns:
            place.parent.mkdir(parents=True, exist_ok=True)
            source.replace(place)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Mark a folder as in use; the system takes the mark back when the process ends, however it ends."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def _sweep(target: Path) -> None:
    """Remove what runs that were killed left beside the target."""
    if sys.platform == "win32":
        return
    import fcntl

    for left in target.parent.glob(f".{target.name}.planform-new-*"):
        with contextlib.suppress(OSError):
            handle = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(handle)


def refuse(place: Path, fault: OSError, remedy: str) -> NoReturn:
    """A place that cannot be written, as a diagnostic. Errors: output/no-space, output/not-writable."""
    above = fault.errno in (errno.EEXIST, errno.ENOTDIR)
    reason = "a folder above it is a file" if above else fault.strerror or str(fault)
    if fault.errno in _FULL:
        help = "make room, or name a place on another disk"
        raise DiagnosticError([error("output/no-space", f"no room to write {place}: {reason}", help=help)]) from None
    raise DiagnosticError([error("output/not-writable", f"{place} cannot be written: {reason}", help=remedy)]) from None
