"""What a blueprint may say about dev containers, whatever makes them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from planform.planes.control.devcontainer import EXTENSIONS
from planform.spec.settings import Settings
from planform.spec.units import ImageReference

__all__ = ["DevcontainerSettings", "Variables"]

Extension = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]*\.[A-Za-z0-9][A-Za-z0-9._-]*(@[0-9A-Za-z.-]+)?$")
]
Variables = dict[
    Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")],
    Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9 .,:/@=+_-]*$", max_length=1000)],
]
"""Environment variables: names and addresses, never secrets."""


class DevcontainerSettings(Settings):
    """The tools that code is written with."""

    devcontainer_image: ImageReference | None = Field(
        default=None,
        description="Image of the dev container that every generated repository has. Default: Microsoft's for Python.",
        examples=["europe-west4-docker.pkg.dev/acme-images/platform/devcontainer:2026.11.1"],
    )
    extensions: tuple[Extension, ...] = Field(
        default=EXTENSIONS,
        description="Extensions that everybody has, besides the assistant's; `@1.2.3` after one holds its version."
        " Default: those for Terraform, Kubernetes, Python, Jupyter and YAML.",
    )
    variables: Variables = Field(
        default_factory=dict,
        description="Environment variables that everybody has; names and addresses, never secrets."
        " Default: the environment's project, region and name alone.",
        examples=[{"PIP_INDEX_URL": "https://europe-west4-python.pkg.dev/acme-images/pypi/simple/"}],
    )
