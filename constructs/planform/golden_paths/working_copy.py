"""An application repository on disk, of which an update reads some files and writes what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from planform.diagnostics import DiagnosticError, error
from planform.golden_paths.three_way import Merged

__all__ = ["WorkingCopy"]


class WorkingCopy(Mapping[str, str]):
    """Path to text of the files below a folder, each read when it is asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, path: str) -> str:
        place = self._folder / path
        if not place.is_file():
            raise KeyError(path)
        return place.read_bytes().decode("utf-8", "surrogateescape")  # bytes that are no text survive

    def __iter__(self) -> Iterator[str]:
        files = (path for path in sorted(self._folder.rglob("*")) if path.is_file())
        return (path.relative_to(self._folder).as_posix() for path in files)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def changes(self, merged: Merged) -> dict[str, str]:
        """Path to `conflict`, `new`, `changed` or `removed`, of what is not as the merge has it.

        Errors: path/unsafe-path, where a link leads out of the folder.
        """
        found = dict.fromkeys(merged.removed, "removed")
        for path, text in merged.files.items():
            if path not in self:
                found[path] = "new"
            elif self[path] != text:
                found[path] = "changed"
        found |= dict.fromkeys(merged.conflicts, "conflict")
        root, help = self._folder.resolve(), "put a file or a folder of the repository in the place of the link"
        faults = [
            error("path/unsafe-path", f"{path} leads out of {self._folder}", help=help)
            for path in found
            if not (self._folder / path).resolve().is_relative_to(root)
        ]
        if faults:
            raise DiagnosticError(faults)
        return dict(sorted(found.items()))

    def write(self, merged: Merged) -> None:
        """Make the files what the merge has."""
        for path in self.changes(merged):
            place, text = self._folder / path, merged.files.get(path)
            if text is None:
                place.unlink(missing_ok=True)
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(text.encode("utf-8", "surrogateescape"))
