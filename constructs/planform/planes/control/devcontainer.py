"""A dev container with the platform's tools, as files of a repository: what every IDE here gives alike.

Source: the dev container metadata reference and its JSON Schema, read 2026-11; VS Code's page on workspace recommended
extensions.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from planform.contracts.assistant import Assistant

__all__ = ["EXTENSIONS", "devcontainer_files", "extensions_of", "json_text"]

EXTENSIONS = (
    "hashicorp.terraform",
    "ms-kubernetes-tools.vscode-kubernetes-tools",
    "ms-python.python",
    "ms-toolsai.jupyter",
    "redhat.vscode-yaml",
)
"""Of Visual Studio Code and of Open VSX, which Code OSS installs from: both have them under these names."""
_FOLDER = ".devcontainer"
_HOME = "/home/vscode"


def extensions_of(chosen: Iterable[str], assistant: Assistant | None) -> list[str]:
    """The extensions that a blueprint chose, and those of the assistant, each once."""
    return sorted({*chosen, *(assistant.extensions() if assistant else ())})


def devcontainer_files(
    name: str, image: str, extensions: Iterable[str], variables: Mapping[str, str], assistant: Assistant | None
) -> dict[str, str]:
    """Path to text: `.devcontainer/devcontainer.json`, `.vscode/extensions.json`, and what the assistant's rules need.

    Rules are baked into the image at their own paths, so that nobody changes them but by a reviewed commit.
    """
    wanted = extensions_of(extensions, assistant)
    rules = assistant.files() if assistant else {}
    made = {f"{_FOLDER}/root{path}": text for path, text in sorted(rules.items())}
    if rules:
        made[f"{_FOLDER}/Dockerfile"] = f"FROM {image}\nCOPY root/ /\n"
    container = {
        "name": name,
        **({"build": {"dockerfile": "Dockerfile"}} if rules else {"image": image}),
        "features": {key: dict(options) for key, options in (assistant.features() if assistant else {}).items()},
        "containerEnv": {**variables, **(assistant.variables() if assistant else {})},
        "mounts": [f"source=gcloud-${{devcontainerId}},target={_HOME}/.config/gcloud,type=volume"],
        "customizations": {"vscode": {"extensions": wanted}},
        "remoteUser": "vscode",
    }
    made[f"{_FOLDER}/devcontainer.json"] = json_text({key: value for key, value in container.items() if value})
    made[".vscode/extensions.json"] = json_text({"recommendations": wanted})
    return dict(sorted(made.items()))


def json_text(value: Mapping[str, Any]) -> str:
    """As people write it."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
