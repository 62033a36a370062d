"""Provider schemas that a project adds: from a file, or from Terraform itself."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from planform.diagnostics import DiagnosticError, error, shown
from planform.terraform.schema import PROJECT_FOLDER, SUFFIX, bad_schema, pack, project_folder

MOST_BYTES = 512 * 1024 * 1024
"""Bytes of a schema that are read; the largest provider's has some 60 MB."""

SECONDS = 600
"""Time for one Terraform command: `init` may load a provider of some hundred MB."""

_WANTED = re.compile(
    r"((?P<host>[a-z0-9.-]+\.[a-z]+)/)?(?P<source>[a-z0-9][a-z0-9_-]*/[a-z0-9][a-z0-9_-]*)@(?P<version>\d+\.\d+\.\d+[\w.+-]*)"
)


def add_provider(
    wanted: str, *, from_file: str | os.PathLike[str] | None = None, out: str | os.PathLike[str] | None = None
) -> Path:
    """Pack the schema of `SOURCE@VERSION` (hashicorp/google@7.45.0) into a folder and return the file's path.

    The schema comes from `from_file`, the output of `terraform providers schema -json`, plain or gzipped; without it
    Terraform is run in a temporary folder. The folder `out` is the project's `.planform/providers` unless one is given.
    Errors: terraform/bad-provider, terraform/bad-schema, terraform/no-terraform, terraform/command-failed.
    """
    match = _WANTED.fullmatch(wanted)
    if match is None:
        help = "write source and version: hashicorp/google@7.45.0"
        raise DiagnosticError([error("terraform/bad-provider", f"{shown(wanted)} names no provider", help=help)])
    source, version = match["source"], match["version"]
    address = f"{match['host']}/{source}" if match["host"] else source
    schema = _of_terraform(address, version) if from_file is None else _of_file(Path(from_file))
    file = "terraform providers schema" if from_file is None else str(from_file)
    packed = pack(schema, source=source, version=version, file=file)
    place = Path(out) if out is not None else project_folder() or Path.cwd() / PROJECT_FOLDER
    return _write(place / f"{source.split('/')[1]}{SUFFIX}", packed)


def _write(path: Path, data: bytes) -> Path:
    """Whole or not at all, also when two runs write it at once."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".new", delete=False) as stream:
            stream.write(data)
        Path(stream.name).chmod(0o644)
        Path(stream.name).replace(path)
    except OSError as fault:
        raise bad_schema(str(path), f"cannot be written: {fault.strerror}") from fault
    return path


def _of_file(path: Path) -> Mapping[str, Any]:
    try:
        with path.open("rb") as stream:
            start = stream.read(2)
        with gzip.open(path) if start == b"\x1f\x8b" else path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except (OSError, EOFError) as fault:
        raise bad_schema(str(path), f"cannot be read: {getattr(fault, 'strerror', None) or fault}") from fault
    if len(data) > MOST_BYTES:
        raise bad_schema(str(path), f"larger than {MOST_BYTES} bytes")
    return _parsed(data, str(path))


def _parsed(data: bytes, file: str) -> Mapping[str, Any]:
    try:
        schema = json.loads(data)
    except (ValueError, RecursionError) as fault:
        raise bad_schema(file, f"is no JSON: {fault}") from fault
    if not isinstance(schema, dict):
        raise bad_schema(file, "is no JSON object")
    return schema


def _of_terraform(address: str, version: str) -> Mapping[str, Any]:
    command = shutil.which("terraform")
    if command is None:
        help = "install Terraform, or give its output of `terraform providers schema -json` with --from-file"
        raise DiagnosticError([error("terraform/no-terraform", "`terraform` is not on PATH", help=help)])
    name = address.rsplit("/", 1)[1]
    document = {"terraform": {"required_providers": {name: {"source": address, "version": version}}}}
    with tempfile.TemporaryDirectory(prefix="planform-") as folder:
        Path(folder, "main.tf.json").write_text(json.dumps(document), encoding="utf-8")
        _run([command, "init", "-backend=false", "-input=false", "-no-color"], folder)
        return _parsed(_run([command, "providers", "schema", "-json"], folder), "terraform providers schema")


def _run(command: list[str], folder: str) -> bytes:
    shown_command = " ".join(["terraform", *command[1:3]])
    try:
        done = subprocess.run(
            command, cwd=folder, env=_environment(), capture_output=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise _failed(shown_command, str(fault)) from fault
    if done.returncode:
        raise _failed(shown_command, (done.stderr or done.stdout).decode(errors="replace"))
    return done.stdout


def _failed(command: str, output: str) -> DiagnosticError:
    lines = [line.strip(" │╷╵\t") for line in output.splitlines()]
    said = [line for line in lines if line][:8]
    help = "see that Terraform can load the provider, or give a schema made elsewhere with --from-file"
    return DiagnosticError([error("terraform/command-failed", f"`{command}` failed", notes=said, help=help)])


def _environment() -> dict[str, str]:
    """The user's environment; a TF_CLI_CONFIG_FILE that is not there would hide locally installed providers."""
    environment = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    named = environment.get("TF_CLI_CONFIG_FILE")
    if named and not Path(named).is_file():
        del environment["TF_CLI_CONFIG_FILE"]
    return environment
