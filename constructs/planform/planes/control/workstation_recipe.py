"""The recipe of a workstation's image: Code OSS, with the assistant and its rules, and extensions for everybody.

Source: Cloud Workstations' pages on customising container images and on preconfigured base images, read 2026-11: what
lies in /etc/workstation-startup.d runs as root, in the order of names, when a machine starts; /home is its disk.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterable, Mapping

from planform.contracts.assistant import Assistant
from planform.planes.control.devcontainer import extensions_of, json_text
from planform.spec.environment import Environment

__all__ = ["platform_variables", "recipe", "recipe_tag"]

FOLDER = "workstation"
_STARTUP = "/etc/workstation-startup.d/120-extensions.sh"
_EDITOR = "/opt/code-oss/bin/codeoss-cloudworkstations"


def platform_variables(environment: Environment) -> dict[str, str]:
    """What tools of Google Cloud read to know where they are."""
    return {
        "CLOUDSDK_COMPUTE_REGION": environment.region,
        "CLOUDSDK_CORE_PROJECT": environment.project,
        "GOOGLE_CLOUD_PROJECT": environment.project,
        "PLATFORM_ENVIRONMENT": environment.name,
    }


def recipe(base: str, extensions: Iterable[str], assistant: Assistant | None) -> dict[str, str]:
    """Path to text of the folder that the image is built from.

    `npx @devcontainers/cli build --workspace-folder workstation --image-name NAME` builds it with the features by
    which the assistant is installed; without an assistant `docker build workstation` does.
    """
    root = {**(assistant.files() if assistant else {}), _STARTUP: _startup(extensions_of(extensions, assistant))}
    made = {f"{FOLDER}/root{path}": text for path, text in root.items()}
    made[f"{FOLDER}/Dockerfile"] = f"FROM {base}\nCOPY root/ /\nRUN chmod 0755 {_STARTUP}\n"
    features = {key: dict(options) for key, options in (assistant.features() if assistant else {}).items()}
    if features:
        build = {"dockerfile": "../Dockerfile", "context": ".."}
        made[f"{FOLDER}/.devcontainer/devcontainer.json"] = json_text({"build": build, "features": features})
    return dict(sorted(made.items()))


def recipe_tag(files: Mapping[str, str]) -> str:
    """A tag that changes with the recipe and with nothing else."""
    digest = hashlib.sha256()
    for path, text in sorted(files.items()):
        for part in (path, text):
            digest.update(len(part.encode()).to_bytes(8, "big") + part.encode())
    return digest.hexdigest()[:12]


def _startup(extensions: Iterable[str]) -> str:
    """Extensions live on the person's own disk, so they are installed when the machine starts."""
    lines = ["#!/bin/bash", "set -euo pipefail"]
    wanted = [part for each in extensions for part in ("--install-extension", each)]
    if wanted:
        command = shlex.quote(shlex.join([_EDITOR, *wanted, "--force"]))
        lines.append(f"runuser -l user -c {command} || echo 'extensions could not be installed' >&2")
    return "\n".join(lines) + "\n"
