"""The function that `--app module:function` names: found, called, and its faults told as the user's, not planform's."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from planform.diagnostics import Diagnostic, DiagnosticError, Location, error
from planform.engine import App
from planform.spec.platform import EnvironmentSpec

__all__ = ["Compose", "own_app"]

Compose = Callable[[Sequence[EnvironmentSpec]], App]


def own_app(target: str) -> Compose:
    """The function, wrapped so that all it raises is a DiagnosticError with the line of the user's own code.

    It is looked for in the current folder, then on Python's path. Errors: app/not-found, app/failed.
    """
    module_name, _, name = target.partition(":")
    if not module_name or not name:
        raise DiagnosticError([_not_found(target, "it is not of the form MODULE:FUNCTION")])
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    with _told(target):
        function = getattr(_module(target, module_name), name, None)
    if not callable(function):
        problem = "is not there" if function is None else f"is no function but of type {type(function).__name__}"
        raise DiagnosticError([_not_found(target, f"`{name}` {problem}")])

    def compose(specs: Sequence[EnvironmentSpec]) -> App:
        with _told(target):
            app = function(specs)
        if not isinstance(app, App):
            raise DiagnosticError([_no_app_returned(target, app)])
        return app

    return compose


def _module(target: str, name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as fault:
        if fault.name and (name == fault.name or name.startswith(f"{fault.name}.")):
            raise DiagnosticError([_not_found(target, f"there is no module `{fault.name}` here")]) from None
        raise


@contextmanager
def _told(target: str) -> Iterator[None]:
    try:
        yield
    except DiagnosticError:
        raise
    except Exception as fault:
        raise DiagnosticError([_failed(target, fault)]) from fault


def _failed(target: str, fault: Exception) -> Diagnostic:
    frames = [frame for frame in traceback.extract_tb(fault.__traceback__) if _is_own(frame.filename)]
    notes = [f"called at {_short(frame.filename)}:{frame.lineno} in {frame.name}" for frame in reversed(frames[:-1])]
    at = _place(frames[-1]) if frames else None
    if isinstance(fault, SyntaxError) and fault.filename:
        at = Location(_short(fault.filename), fault.lineno or 0, fault.offset or 0)
    said = (str(fault).strip().splitlines() or [""])[0]
    raised = f"{type(fault).__name__}: {said}" if said else type(fault).__name__
    return error(
        "app/failed",
        f"`--app {target}` raised {raised}",
        at,
        notes=notes[:5],
        help="mend this code: it is your own, planform only calls it",
    )


def _no_app_returned(target: str, got: object) -> Diagnostic:
    return error(
        "app/failed",
        f"`--app {target}` returned {type(got).__name__}, not an App",
        help="end the function with `return app`, where `app = App()` and `from planform.engine import App`",
    )


def _not_found(target: str, problem: str) -> Diagnostic:
    return error(
        "app/not-found",
        f"`--app {target}` cannot be used: {problem}",
        help="name a module and a function that takes the environments' specs and returns an App: `stacks:build`",
    )


def _place(frame: traceback.FrameSummary) -> Location:
    column = frame.colno + 1 if frame.colno is not None else 0
    same_line = frame.end_colno is not None and frame.end_lineno == frame.lineno
    end = frame.end_colno + 1 if same_line and frame.end_colno is not None else None
    return Location(_short(frame.filename), frame.lineno or 0, column, end)


def _is_own(file: str) -> bool:
    """Code below the current folder that is neither planform's nor installed."""
    path = Path(file)
    inside = path.is_relative_to(Path.cwd()) and "site-packages" not in path.parts
    return inside and not path.is_relative_to(Path(__file__).parent)


def _short(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file
