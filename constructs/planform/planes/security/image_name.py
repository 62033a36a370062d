"""The full name of a container image, pinned."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

__all__ = ["ImageName"]

ImageName = Annotated[
    str,
    StringConstraints(
        pattern=r"^[a-z0-9.-]+\.[a-z]+(/[a-z0-9._-]+)+(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?$",
        max_length=400,
    ),
    Field(examples=["europe-west4-docker.pkg.dev/acme-ai-dev/platform/model-scan:0.8.8"]),
]
