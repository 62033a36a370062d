"""The output that is in a folder, of which some files are read and some are changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from planform.output.folder import change_folder, foreign, written_files
from planform.output.output import content_of

__all__ = ["Present"]


class Present(Mapping[str, "str | bytes"]):
    """Path to content of what planform wrote into a folder, each file read when it is asked for.

    Errors: output/foreign-folder, output/unsafe-path.
    """

    def __init__(self, folder: Path) -> None:
        paths = written_files(folder)
        if paths is None:
            raise foreign(folder, f"{folder} holds no output yet")
        self._folder = folder
        self._paths = dict.fromkeys(paths)

    def __getitem__(self, path: str) -> str | bytes:
        if path not in self._paths:
            raise KeyError(path)
        return content_of(self._folder, path)

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def change(self, files: Mapping[str, str | None]) -> None:
        """Write these files, and remove those that are None; no other file is touched."""
        contents = {path: None if text is None else text.encode() for path, text in files.items()}
        change_folder(self._folder, contents)
