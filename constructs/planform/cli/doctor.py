"""planform doctor: what this machine has and lacks."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from msgspec import Struct
from msgspec.structs import asdict

from planform import __version__
from planform.cli.terminal import Run, common

__all__ = ["command"]


class Finding(Struct, frozen=True):
    """One thing that was looked for: `state` is ok, absent or broken; only a needed one fails the run."""

    name: str
    state: str
    about: str
    needed: bool = False
    help: str = ""


@click.command(name="doctor")
@common
def command(run: Run) -> None:
    """Say what this machine has and lacks. Exit code 1: something that planform needs does not work.

    planform writes with its engine `native`; `cdktf`, which runs in Node, is for apps of one's own. PLANFORM_ENGINE
    chooses one for all.

    \b
    Examples:
      planform doctor
      PLANFORM_ENGINE=cdktn planform doctor
    """
    found = list(_findings(run))
    failed = [finding for finding in found if finding.needed and finding.state != "ok"]
    if run.as_json:
        run.document(ok=not failed, findings=[asdict(finding) for finding in found])
    else:
        for finding in found:
            run.data(f"{finding.state:<8}{finding.name:<18}{finding.about}")
            if finding.help:
                run.data(f"{'':<26}{finding.help}")
        run.talk("planform works here" if not failed else f"planform does not work here: mend {failed[0].name}")
    sys.exit(1 if failed else 0)


def _findings(run: Run) -> Iterator[Finding]:
    yield Finding("planform", "ok", __version__, needed=True)
    yield Finding("python", "ok", f"{platform.python_version()} {sys.executable}", needed=True)
    for name, needed in _engines():
        with run.step(f"starting {name}"):
            engine = _engine(name, needed=needed)
        yield engine
    with run.step("asking terraform for its version"):
        terraform = _terraform()
    yield terraform
    configuration = os.environ.get("TF_CLI_CONFIG_FILE")
    if configuration and not Path(configuration).is_file():
        about = f"TF_CLI_CONFIG_FILE names {configuration}, which is no file"
        help = "unset it: Terraform only warns, and then finds no local providers"
        yield Finding("terraform config", "broken", about, help=help)


def _engines() -> tuple[tuple[str, bool], ...]:
    """The engine that the user chose; else the one of `planform synth`, and the one of apps, which not all have."""
    chosen = os.environ.get("PLANFORM_ENGINE")
    return ((chosen, True),) if chosen else (("native", True), ("cdktf", False))


def _engine(name: str, *, needed: bool) -> Finding:
    """Start an engine in a process of its own, as a verb would."""
    code = (
        "from planform.diagnostics import DiagnosticError\n"
        "try:\n    import planform.engine as e; print(e.NAME, e.VERSION)\n"
        "except DiagnosticError as fault:\n    d = fault.diagnostics[0]; print(d.summary); print(d.help); exit(1)"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PLANFORM_ENGINE": name},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    except subprocess.TimeoutExpired:
        help = "set JSII_NODE to a Node 22 or 24 that runs here, or set PLANFORM_ENGINE=native"
        return Finding("engine", "broken", f"{name} did not start within a minute", needed=needed, help=help)
    said = [*done.stdout.strip().splitlines(), "", ""]
    if done.returncode == 0:
        return Finding("engine", "ok", said[0], needed=needed)
    trouble = said[0] or (done.stderr.strip().splitlines() or ["no output"])[-1]
    return Finding("engine", "broken", trouble, needed=needed, help=said[1])


def _terraform() -> Finding:
    """Terraform or OpenTofu, whichever is here; planform itself needs neither."""
    for name in ("terraform", "tofu"):
        place = shutil.which(name)
        if place is not None:
            return _version(name, place)
    about = "not on PATH; neither is tofu"
    return Finding("terraform", "absent", about, help="install one of them to plan and apply what planform writes")


def _version(name: str, place: str) -> Finding:
    try:
        done = subprocess.run([place, "version"], capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired) as trouble:
        return Finding(name, "broken", f"{place}: {trouble}")
    first = (done.stdout.strip().splitlines() or [f"{place} said nothing"])[0]
    return Finding(name, "ok" if done.returncode == 0 else "broken", first)
