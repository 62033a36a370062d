"""What the verbs share: their common flags, and how diagnostics reach the two streams."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from planform.diagnostics import Diagnostic, DiagnosticError, to_json, to_sarif, to_text

__all__ = ["common", "document", "fail", "only_reads", "progress", "show", "talk"]

F = TypeVar("F", bound=Callable[..., Any])


def common(verb: F) -> F:
    """`--json --quiet --verbose --no-color`, which mean the same everywhere."""
    for option in (
        click.option("--no-color", is_flag=True, expose_value=False, callback=_no_color, help="Never colour."),
        click.option("-v", "--verbose", is_flag=True, help="Say more."),
        click.option("-q", "--quiet", is_flag=True, help="Say only what is wrong."),
        click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, and nothing else."),
    ):
        verb = option(verb)
    return verb


def only_reads() -> None:
    """For verbs that read and compare: planform's own engine, so that Node is not started."""
    os.environ["PLANFORM_ENGINE"] = "native"


def show(diagnostics: Iterable[Diagnostic], *, sources: Mapping[str, str] | None = None) -> None:
    """Diagnostics as text on stderr."""
    text = to_text(tuple(diagnostics), sources=sources, color=_color())
    click.echo(text.rstrip("\n"), err=True, color=_color())


def document(verb: str, diagnostics: Iterable[Diagnostic] = (), **content: Any) -> None:
    """The one JSON document of a run on stdout."""
    click.echo(json.dumps({"planform": 1, "verb": verb, **content, **to_json(tuple(diagnostics))}, indent=2))


def fail(fault: DiagnosticError, verb: str, *, as_json: bool = False, sarif: bool = False) -> None:
    """End the run with exit code 1, in the form that was asked for."""
    if sarif:
        click.echo(json.dumps(to_sarif(fault.diagnostics), indent=2))
    elif as_json:
        document(verb, fault.diagnostics)
    else:
        show(fault.diagnostics, sources=fault.sources)
        count = len(fault.diagnostics)
        talk(f"\n{count} {'thing is' if count == 1 else 'things are'} wrong; nothing was written")
    sys.exit(1)


def talk(text: str, *, quiet: bool = False) -> None:
    """A line for people, on stderr."""
    if not quiet:
        click.echo(text, err=True)


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Say what is going on once a second has passed, on a terminal only."""
    started = time.monotonic()
    shown = False

    def say(text: str) -> None:
        nonlocal shown
        if not quiet and sys.stderr.isatty() and time.monotonic() - started > 1:
            shown = True
            click.echo(f"\r\x1b[2K{text}", err=True, nl=False)

    yield say
    if shown:
        click.echo("\r\x1b[2K", err=True, nl=False)


def _color() -> bool:
    return sys.stderr.isatty() and "NO_COLOR" not in os.environ


def _no_color(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        os.environ["NO_COLOR"] = "1"
