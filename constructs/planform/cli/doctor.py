"""planform doctor: what this machine has and lacks."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

from planform.cli.terminal import common, document

__all__ = ["command"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked for: `state` is ok, missing or broken; only a needed one fails the run."""

    name: str
    state: str
    about: str
    needed: bool = False


@click.command(name="doctor")
@common
def command(as_json: bool, quiet: bool, verbose: bool) -> None:
    """Say what this machine has and lacks for planform; exit code 1 when something that it needs is missing."""
    found = list(_findings())
    failed = any(finding.needed and finding.state != "ok" for finding in found)
    if as_json:
        document("doctor", findings=[asdict(finding) for finding in found])
    else:
        for finding in found:
            click.echo(f"{finding.state:<8}{finding.name:<14}{finding.about}")
    sys.exit(1 if failed else 0)


def _findings() -> Iterator[Finding]:
    yield Finding("python", "ok", platform.python_version(), needed=True)
    yield _engine()
    yield _node()
    yield _program("terraform", ("version",), "to validate, plan and apply what is written")
    yield _program("tofu", ("version",), "in terraform's place")
    yield _program("opa", ("version",), "the faster engine of policies")
    for name, use in (("cdktn", "the maintained fork of the engine"), ("kfp", "to compile pipelines")):
        yield _package(name, use)
    configuration = os.environ.get("TF_CLI_CONFIG_FILE")
    if configuration and not Path(configuration).exists():
        yield Finding("terraform", "broken", f"TF_CLI_CONFIG_FILE names {configuration}, which is not there")


def _engine() -> Finding:
    name = os.environ.get("PLANFORM_ENGINE") or "cdktf"
    if name == "native":
        return Finding("engine", "ok", "native, planform's own", needed=True)
    try:
        return Finding("engine", "ok", f"{name} {version(name)}", needed=True)
    except PackageNotFoundError:
        return Finding("engine", "missing", f"{name}: pip install {name}", needed=True)


def _node() -> Finding:
    started = subprocess.run(
        [sys.executable, "-c", "import planform.engine as e; print(e.NAME, e.VERSION)"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if started.returncode == 0:
        return Finding("node", "ok", f"the engine starts: {started.stdout.strip()}", needed=True)
    last = (started.stderr.strip().splitlines() or ["no output"])[-1]
    return Finding("node", "broken", last, needed=True)


def _program(name: str, arguments: tuple[str, ...], use: str) -> Finding:
    place = shutil.which(name)
    if place is None:
        return Finding(name, "missing", f"not on PATH; {use}")
    try:
        done = subprocess.run([place, *arguments], capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired) as trouble:
        return Finding(name, "broken", str(trouble))
    first = (done.stdout.strip().splitlines() or ["no output"])[0]
    return Finding(name, "ok" if done.returncode == 0 else "broken", first)


def _package(name: str, use: str) -> Finding:
    try:
        return Finding(name, "ok", version(name))
    except PackageNotFoundError:
        return Finding(name, "missing", f"pip install 'planform[{'pipelines' if name == 'kfp' else name}]': {use}")
