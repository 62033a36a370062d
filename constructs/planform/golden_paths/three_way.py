"""A three-way merge: what a team changed and what a template changed since both were the same.

Written on the standard library's difflib, because the packages that do this are under the GPL, which planform's licence
does not go with, and because `git merge-file` would make a program of git a need of the library.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from msgspec import Struct

__all__ = ["Merged", "merge", "merge_text"]

OURS, BASE, THEIRS = "<<<<<<< yours\n", "=======\n", ">>>>>>> template\n"


class Merged(Struct, frozen=True):
    """Files by path, the paths of those in which somebody has to decide, and of those of the team's that go."""

    files: dict[str, str]
    conflicts: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


def merge(base: Mapping[str, str], ours: Mapping[str, str], theirs: Mapping[str, str]) -> Merged:
    """Files of a team (`ours`) and of a template (`theirs`), which both come from `base`.

    A file that one side left alone follows the other side, its removal too. A file that one removed and the other
    changed stays, and is a conflict.
    """
    files: dict[str, str] = {}
    conflicts, removed = [], []
    for path in sorted({*base, *ours, *theirs}):
        before, mine, new = base.get(path), ours.get(path), theirs.get(path)
        if new in (mine, before):
            kept, clean = mine, True
        elif mine == before:
            kept, clean = new, True
        elif mine is None or new is None:
            kept, clean = mine if new is None else new, False
        else:
            kept, clean = merge_text(before or "", mine, new)
        if kept is not None:
            files[path] = kept
        elif mine is not None:
            removed.append(path)
        if not clean:
            conflicts.append(path)
    return Merged(files, tuple(conflicts), tuple(removed))


def merge_text(base: str, ours: str, theirs: str) -> tuple[str, bool]:
    """The merged text, and whether it is without conflict markers."""
    before, mine, new = (text.splitlines(keepends=True) for text in (base, ours, theirs))
    merged: list[str] = []
    clean = True
    at = our = their = 0
    for start, our_start, their_start, length in _stable(before, mine, new):
        piece, fine = _chunk(before[at:start], mine[our:our_start], new[their:their_start])
        merged += piece
        clean = clean and fine
        merged += before[start : start + length]
        at, our, their = start + length, our_start + length, their_start + length
    return "".join(merged), clean


def _chunk(base: list[str], ours: list[str], theirs: list[str]) -> tuple[list[str], bool]:
    """Lines between two stretches that all three have."""
    if theirs in (ours, base):
        return ours, True
    if ours == base:
        return theirs, True
    return [OURS, *_ended(ours), BASE, *_ended(theirs), THEIRS], False


def _ended(lines: list[str]) -> list[str]:
    """The lines, the last one with its end: a marker has to begin a line."""
    return [line if line.endswith("\n") else f"{line}\n" for line in lines]


def _stable(base: list[str], ours: list[str], theirs: list[str]) -> Iterator[tuple[int, int, int, int]]:
    """Stretches of the base that both sides kept: where they start in each, and their length; the last one is empty."""
    mine, new = _matches(base, ours), _matches(base, theirs)
    one = other = 0
    while one < len(mine) and other < len(new):
        (a, our, size), (b, their, extent) = mine[one], new[other]
        start, end = max(a, b), min(a + size, b + extent)
        if start < end:
            yield start, our + start - a, their + start - b, end - start
        one, other = (one + 1, other) if a + size < b + extent else (one, other + 1)
    yield len(base), len(ours), len(theirs), 0


def _matches(base: list[str], side: list[str]) -> list[difflib.Match]:
    return difflib.SequenceMatcher(None, base, side, autojunk=False).get_matching_blocks()[:-1]
