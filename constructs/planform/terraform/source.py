"""Where in the author's Python a record was written."""

from __future__ import annotations

import sys
from pathlib import Path
from types import CodeType, FrameType

from planform.diagnostics import Location

_INSIDE = f"{__name__.rpartition('.')[0]}."


def caller_frame() -> FrameType:
    """The nearest frame outside `planform.terraform`."""
    frame = sys._getframe(1)
    while frame.f_back is not None and f"{frame.f_globals.get('__name__', '')}.".startswith(_INSIDE):
        frame = frame.f_back
    return frame


def caller(path: str = "") -> Location:
    """The line of the nearest frame outside `planform.terraform`; `path` is what it was about."""
    frame = caller_frame()
    return Location(shown_file(frame.f_code.co_filename), frame.f_lineno, 0, path=path)


def shown_line(code: CodeType, instruction: int) -> str:
    """`file.py:12` of an instruction, looked for when it is asked: a frame reads all its function's lines for it."""
    return f"{shown_file(code.co_filename)}:{line_of(code, instruction)}"


def line_of(code: CodeType, instruction: int) -> int:
    """The line of an instruction, as a frame's `f_lasti` has it."""
    for start, end, line in code.co_lines():
        if start <= instruction < end and line is not None:
            return line
    return code.co_firstlineno


def shown_file(file: str) -> str:
    """A file's name as people know it: from the working directory, else from the folder it is imported from."""
    path = Path(file)
    for root in [Path.cwd(), *(Path(entry) for entry in sorted(sys.path, key=len, reverse=True) if entry)]:
        if path.is_relative_to(root):
            return path.relative_to(root).as_posix()
    return file
