"""The `Versions` document: which version of each chart and image a platform runs, whatever planform ships."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from planform.diagnostics import suggest
from planform.spec.fault import Fault

__all__ = ["Versions", "unknown_names"]

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")]
ChartVersion = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$"),
    Field(examples=["3.23.0"]),
]


def _no_moving_tag(text: str) -> str:
    if text.partition("@")[0] == "latest":
        help = "write the tag of a release, or add its digest after `@`"
        raise PydanticCustomError("spec/bad-form", "`latest` is another image every day", {"help": help})
    return text


ImageVersion = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}(@sha256:[0-9a-f]{64})?$"),
    AfterValidator(_no_moving_tag),
    Field(examples=["26.07-py3"]),
]


class Versions(BaseModel):
    """Versions that stay until somebody moves them; `planform lock` writes and moves them."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    planform: Literal[1] = Field(description="Version of the blueprint language.")
    kind: Literal["Versions"] = Field(description="What this document describes.")
    charts: dict[Name, ChartVersion] = Field(
        default_factory=dict, description="Helm charts by their name in planform's list. Default: planform's versions."
    )
    images: dict[Name, ImageVersion] = Field(
        default_factory=dict,
        description="Container images by their name in planform's list: a tag, and a digest after `@`."
        " Default: planform's versions.",
    )


def unknown_names(versions: Versions, known: Mapping[str, Collection[str]]) -> Iterator[Fault]:
    """A fault for every chart and image that planform has no use for; `known` is `charts` and `images` to names."""
    for field, names in known.items():
        for name in getattr(versions, field):
            if name not in names:
                near = suggest(name, names)
                yield Fault(
                    "spec/unknown-version",
                    f"planform installs nothing called `{name}`",
                    (field, name),
                    label=f"did you mean `{near}`?" if near else "",
                    help="delete the line; `planform lock` keeps the list in step",
                    of_key=True,
                )
