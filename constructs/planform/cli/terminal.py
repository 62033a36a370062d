"""What the verbs share: their common flags, and the only ways to the two streams.

Data goes to stdout, talk to stderr. With `--json`, stdout holds one document and stderr nothing.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import click
from msgspec import Struct, field

from planform.diagnostics import Diagnostic, DiagnosticError, to_json, to_sarif, to_text

__all__ = ["Run", "common", "only_reads", "the_engine_of", "write", "write_file"]

PATIENCE = 1.0
"""Seconds without a word; then a terminal is shown what is being done."""


class Run(Struct):
    """One run of a verb: how it was asked to speak."""

    verb: str
    as_json: bool
    quiet: bool
    verbose: bool
    as_sarif: bool = False
    writes: bool = False
    started: float = field(default_factory=time.perf_counter)

    def data(self, text: str) -> None:
        """What was asked for, on stdout."""
        write(text)

    def document(self, diagnostics: Iterable[Diagnostic] = (), **content: Any) -> None:
        """The one JSON document of a run, on stdout: `version`, `verb`, what the verb says, `diagnostics`."""
        found = to_json(tuple(diagnostics))
        version = found.pop("version")
        write(json.dumps({"version": version, "verb": self.verb, **content, **found}, indent=2))

    def sarif(self, diagnostics: Iterable[Diagnostic]) -> None:
        """The same findings for code scanning, on stdout."""
        write(json.dumps(to_sarif(tuple(diagnostics)), indent=2))

    def talk(self, text: str) -> None:
        """A line for people, on stderr."""
        if not (self.quiet or self.as_json or self.as_sarif):
            click.echo(text, err=True)

    def show(self, diagnostics: Iterable[Diagnostic], *, sources: Mapping[str, str] | None = None) -> None:
        """Diagnostics for people, on stderr, also when quiet."""
        found = tuple(diagnostics)
        if found and not (self.as_json or self.as_sarif):
            text = to_text(found, sources=sources, color=_color())
            click.echo(text.rstrip("\n"), err=True, color=_color())

    def fail(self, fault: DiagnosticError) -> NoReturn:
        """End the run with exit code 1, in the form that was asked for."""
        if self.as_sarif:
            self.sarif(fault.diagnostics)
        elif self.as_json:
            self.document(fault.diagnostics)
        else:
            self.show(fault.diagnostics, sources=fault.sources)
            self.talk(f"\n{_tally(fault.diagnostics, self.writes)}")
        sys.exit(1)

    @contextmanager
    def step(self, doing: str) -> Iterator[None]:
        """Something that may take a while: told on a terminal once a second has passed, and timed with `--verbose`."""
        started = time.perf_counter()
        with self._told_late(doing):
            yield
        if self.verbose:
            self.talk(f"{doing}: {time.perf_counter() - started:.2f} s")

    @contextmanager
    def _told_late(self, doing: str) -> Iterator[None]:
        if self.quiet or self.as_json or self.as_sarif or not _is_terminal():
            yield
            return
        shown = threading.Event()

        def tell() -> None:
            click.echo(f"\r\x1b[2K{doing} ...", err=True, nl=False)
            shown.set()

        timer = threading.Timer(max(0.0, self.started + PATIENCE - time.perf_counter()), tell)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()
            if shown.is_set():
                click.echo("\r\x1b[2K", err=True, nl=False)


def common(verb: Callable[..., None]) -> Callable[..., None]:
    """Add `--json --quiet --verbose --no-color`, and hand them over as one `Run`; a DiagnosticError ends the run."""

    @functools.wraps(verb)
    def with_run(*, as_json: bool, quiet: bool, verbose: bool, **arguments: Any) -> None:
        path = click.get_current_context().command_path
        run = Run(path.partition(" ")[2], as_json, quiet, verbose)
        try:
            verb(run, **arguments)
        except DiagnosticError as fault:
            run.fail(fault)

    for option in (
        click.option("--no-color", is_flag=True, expose_value=False, callback=_no_color, help="Never colour."),
        click.option("-v", "--verbose", is_flag=True, help="Say on stderr how long each step took."),
        click.option("-q", "--quiet", is_flag=True, help="Say nothing on stderr but what is wrong."),
        click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout and nothing else."),
    ):
        with_run = option(with_run)
    return with_run


def only_reads() -> None:
    """For verbs that read and compare: planform's own engine, so that Node is not started."""
    os.environ["PLANFORM_ENGINE"] = "native"


def the_engine_of(app: str | None) -> None:
    """The engine of a verb that only reads: planform's own, unless an app of the user's may need the real one."""
    if app is None:
        only_reads()


def write(text: str) -> None:
    """Text on stdout. Where nobody reads it any more, as after `| head`, the run ends as if by SIGPIPE."""
    try:
        click.echo(text)
    except OSError as trouble:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left in the buffer goes nowhere
        if isinstance(trouble, BrokenPipeError):
            sys.exit(141)
        raise click.ClickException(f"standard output cannot be written: {trouble.strerror}") from None


def write_file(place: Path, text: str) -> None:
    """Text as a file, in a folder that is made where it is not there. Errors: output/no-space, output/not-writable."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8", newline="")
    except OSError as fault:
        from planform.output.folder import refuse

        refuse(place, fault, "name a file that is no folder, in a folder that you may write to")


def _tally(diagnostics: Iterable[Diagnostic], writes: bool) -> str:
    """`2 errors, 1 warning; nothing was written; more: planform explain spec/unknown-key`."""
    found = tuple(diagnostics)
    counts = Counter(str(each.severity) for each in found)
    parts = [", ".join(f"{count} {_plural(name, count)}" for name, count in counts.items())]
    if writes:
        parts.append("nothing was written")
    return "; ".join([*parts, f"more: planform explain {found[0].code}"])


def _plural(severity: str, count: int) -> str:
    return severity if count == 1 or severity == "denied" else f"{severity}s"


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def _color() -> bool:
    return _is_terminal() and not os.environ.get("NO_COLOR")


def _no_color(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        os.environ["NO_COLOR"] = "1"
