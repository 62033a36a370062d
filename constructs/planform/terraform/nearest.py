"""The argument that was probably meant, looked for in the whole block tree of a type."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from planform.terraform.naming import snake
from planform.terraform.schema import Block

Path = tuple[str, ...]

MOST_PATHS = 20_000
"""Paths of one type that are compared; the largest type of the shipped providers has fewer but for recursive ones."""

_SAME = {
    "gpu": "accelerator",
    "gpus": "accelerator",
    "tag": "label",
    "tags": "labels",
    "region": "location",
    "acl": "access",
    "enable": "enabled",
}
"""Words of other tools and people for the provider's."""


def nearest_argument(root: Block, where: Path, word: str) -> Path | None:
    """The path of the argument nearest to `word`, which was written in the block at `where`; None when none is.

    Tried in order: the same name in snake case, a close name in the same block, the same name in another block, a path
    made of the same words (`gpu_count`: `guest_accelerator.count`), a less close name.
    """
    block = _descend(root, where)
    if block is None or len(word) > 100:
        return None
    wanted = snake(word)
    here = block.settable()
    known = _renamed(wanted)
    for name in (wanted, known):
        if name in here:
            return (*where, name)
    close = difflib.get_close_matches(wanted, here, n=1, cutoff=0.78)
    if close:
        return (*where, close[0])
    everywhere = [path for path in _paths(root) if path[:-1] != where]
    found = _best(where, [path for path in everywhere if path[-1] in (wanted, known)])
    found = found or _best(where, [path for path in everywhere if _made_of(wanted, _relative(where, path))])
    if found:
        return found
    close = difflib.get_close_matches(wanted, here, n=1, cutoff=0.6)
    if close:
        return (*where, close[0])
    leaves = difflib.get_close_matches(wanted, {path[-1] for path in everywhere}, n=1, cutoff=0.8)
    return _best(where, [path for path in everywhere if path[-1] in leaves])


def _descend(block: Block, where: Path) -> Block | None:
    inner: Block | None = block
    for name in where:
        if inner is None:
            return None
        if name in inner.blocks:
            inner = inner.blocks[name].block
        else:
            attribute = inner.attributes.get(name)
            inner = attribute.nested if attribute else None
    return inner


def _paths(root: Block) -> Iterator[Path]:
    """All paths that may be written, the short ones first, each block type once on the way down."""
    queue: list[tuple[Path, Block, tuple[int, ...]]] = [((), root, (id(root),))]
    count = 0
    while queue and count < MOST_PATHS:
        where, block, above = queue.pop(0)
        for name in block.settable():
            count += 1
            yield (*where, name)
            inner = block.blocks[name].block if name in block.blocks else block.attributes[name].nested
            if inner is not None and id(inner) not in above:
                queue.append(((*where, name), inner, (*above, id(inner))))


def _best(where: Path, paths: list[Path]) -> Path | None:
    """The path that shares most with `where`, then the shortest."""
    return min(paths, key=lambda path: (-_shared(where, path), len(path), path), default=None)


def _shared(where: Path, path: Path) -> int:
    same = 0
    for mine, theirs in zip(where, path, strict=False):
        if mine != theirs:
            break
        same += 1
    return same


def _relative(where: Path, path: Path) -> Path:
    return path[_shared(where, path) :]


def _renamed(word: str) -> str:
    return "_".join(_SAME.get(part, part) for part in word.split("_"))


def _made_of(word: str, path: Path) -> bool:
    """Whether a path is made of the words of a name, other words of the path aside."""
    parts = set(_renamed(word).split("_"))
    held = {part for name in path for part in _renamed(name).split("_")}
    return len(parts) > 1 and parts <= held
