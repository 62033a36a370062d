"""Scalars that a blueprint is written in, each with its form, its unit and an example."""

from __future__ import annotations

import ipaddress
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

__all__ = [
    "Cidr",
    "Count",
    "Days",
    "Gib",
    "Hours",
    "ImageReference",
    "KebabName",
    "LabelKey",
    "LabelValue",
    "Principal",
    "ProjectId",
    "ProjectNumber",
    "Region",
    "UsdPerMonth",
    "Zone",
]


def _network(text: str) -> str:
    """An IPv4 range without host bits, which the API refuses and the provider lets through."""
    try:
        ipaddress.IPv4Network(text)
    except ValueError as fault:
        try:
            nearest = ipaddress.IPv4Network(text, strict=False)
        except ValueError:
            raise PydanticCustomError(
                "spec/cidr",
                "{text} is not an IPv4 range",
                {
                    "text": f"`{text}`",
                    "help": "write an address and a prefix length, for example 10.16.0.0/20",
                },
            ) from fault
        raise PydanticCustomError(
            "spec/cidr",
            "{text} has bits set beyond its prefix",
            {"text": f"`{text}`", "help": f"write {nearest}, the range that contains it"},
        ) from fault
    return text


def _pinned(text: str) -> str:
    """An image with a tag or a digest that stays."""
    if text.endswith(":latest"):
        raise PydanticCustomError(
            "spec/image-tag",
            "{text} is another image tomorrow",
            {"text": f"`{text}`", "help": "write the tag of one build, or its digest: `@sha256:...`"},
        )
    return text


KebabName = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z]([a-z0-9-]*[a-z0-9])?$", max_length=40),
    Field(examples=["acme-ai"]),
]
ProjectId = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$"), Field(examples=["acme-ai-dev"])
]
ProjectNumber = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{5,18}$"), Field(examples=["111111111111"])]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]+-[a-z]+[0-9]+$"), Field(examples=["europe-west4"])]
Zone = Annotated[str, StringConstraints(pattern=r"^[a-z]+-[a-z]+[0-9]+-[a-z]$"), Field(examples=["europe-west4-a"])]
Cidr = Annotated[str, AfterValidator(_network), Field(examples=["10.16.0.0/20"])]
Principal = Annotated[
    str,
    StringConstraints(pattern=r"^(user|group|serviceAccount):[^@\s]+@[^@\s]+\.[^@\s]+$"),
    Field(examples=["group:fraud-ml@acme.example"]),
]
LabelKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,62}$"), Field(examples=["cost_center"])]
LabelValue = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{0,63}$"), Field(examples=["ai-platform"])]
ImageReference = Annotated[
    str,
    StringConstraints(
        pattern=r"^[a-z0-9.-]+\.[a-z]+(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+"
        r"(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}|(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?@sha256:[0-9a-f]{64})$"
    ),
    AfterValidator(_pinned),
    Field(examples=["europe-west4-docker.pkg.dev/acme-images/platform/backstage:2026.11.1"]),
]
Gib = Annotated[int, Field(ge=1, le=10_000_000, json_schema_extra={"unit": "GiB"})]
Hours = Annotated[int, Field(ge=1, le=876_000, json_schema_extra={"unit": "hours"})]
Days = Annotated[int, Field(ge=1, le=36_500, json_schema_extra={"unit": "days"})]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
UsdPerMonth = Annotated[float, Field(gt=0, json_schema_extra={"unit": "US dollars a month"})]
