"""The models of the `Platform` document and of the environment that it becomes.

A slot's settings are the component's own model, which the catalog brings; here a slot is a mapping with `use`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any, Literal

from msgspec import Struct, field
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from planform.diagnostics import Location
from planform.spec.environment import Environment, Organization
from planform.spec.settings import Settings
from planform.spec.units import (
    Count,
    KebabName,
    LabelKey,
    LabelValue,
    Principal,
    ProjectId,
    ProjectNumber,
    Region,
    UsdPerMonth,
)
from planform.spec.workload import Workload

__all__ = [
    "Acknowledgement",
    "Backend",
    "EnvironmentBlock",
    "EnvironmentSpec",
    "GcsBackendSettings",
    "HcpBackendSettings",
    "Layout",
    "LocalBackendSettings",
    "PlaneBlock",
    "PlaneSpec",
    "Platform",
    "S3BackendSettings",
    "SlotSpec",
    "Team",
    "Waiver",
    "WorkloadSpec",
    "kebab",
]

Layout = Literal["planes", "single"]


class GcsBackendSettings(Settings):
    """State in a Cloud Storage bucket, one prefix for each stack."""

    bucket: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$",
        description="Name of the state bucket. Default: `<project>-tfstate`, so that environments never share one.",
    )
    prefix: str = Field(
        default="planform",
        pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$",
        description="Folder in the bucket; the stack's name is added to it.",
    )


class LocalBackendSettings(Settings):
    """State in a file beside the stack: for trying out, on one machine."""


class S3BackendSettings(Settings):
    """State in an S3 bucket, locked by a lock file in the same bucket."""

    bucket: str = Field(
        pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        description="Name of the state bucket, which must exist.",
    )
    region: str = Field(
        pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$",
        description="AWS region of the bucket.",
        examples=["eu-central-1"],
    )
    prefix: str = Field(
        default="planform",
        pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$",
        description="Folder in the bucket; the stack's name is added to it.",
    )


class HcpBackendSettings(Settings):
    """State and runs in HCP Terraform, one workspace for each stack, named after it."""

    organization: str = Field(pattern=r"^[A-Za-z0-9_-]{3,40}$", description="Organisation in HCP Terraform.")
    hostname: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9.-]+$",
        description="Host of a Terraform Enterprise. Default: HCP Terraform.",
    )


class Backend(Settings):
    """Where Terraform keeps its state: exactly one of the kinds."""

    gcs: GcsBackendSettings | None = Field(default=None, description="Cloud Storage: the default.")
    local: LocalBackendSettings | None = Field(default=None, description="A file beside each stack.")
    s3: S3BackendSettings | None = Field(default=None, description="Amazon S3.")
    hcp: HcpBackendSettings | None = Field(default=None, description="HCP Terraform or Terraform Enterprise.")

    @model_validator(mode="after")
    def _one(self) -> Backend:
        chosen = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(chosen) > 1:
            raise PydanticCustomError(
                "spec/several-backends",
                "state has one backend, and here are {chosen}",
                {
                    "chosen": " and ".join(f"`{name}`" for name in chosen),
                    "help": f"keep one; in an environment, `{chosen[0]}: null` removes what the platform says",
                },
            )
        return self

    @property
    def kind(self) -> Settings:
        """The settings of the kind that was chosen."""
        return next((v for v in (self.gcs, self.local, self.s3, self.hcp) if v is not None), GcsBackendSettings())


class Team(Settings):
    """A team that works on the platform: who they are, what they may use, what they may spend."""

    owners: tuple[Principal, ...] = Field(
        min_length=1, description="Groups or users that own the team's things; they approve changes to them."
    )
    accelerators: dict[str, Count] = Field(
        default_factory=dict,
        description="Quota: accelerator type to the number of them that the team may hold at once. Default: none.",
        examples=[{"nvidia-l4": 8}],
    )
    budget_usd_month: UsdPerMonth | None = Field(
        default=None, description="What the team may spend, in US dollars a month. Default: no budget."
    )


class Acknowledgement(Settings):
    """Leave for one dangerous change of one address, by somebody, until a day."""

    stack: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="The stack that changes.")
    address: str = Field(
        pattern=r"^[a-z][a-z0-9_-]*\.[A-Za-z_][A-Za-z0-9_-]*(\[[^\]]+\])?$",
        description="The address that changes, as the preview shows it.",
        examples=["google_sql_database_instance.database"],
    )
    action: Literal["destroy", "replace", "update", "move", "forget"] = Field(
        description="What may happen to it; nothing else is acknowledged."
    )
    reason: str = Field(min_length=1, max_length=1024, description="Why it is meant.")
    owner: KebabName = Field(description="Who answers for it.", examples=["data-team"])
    expires: date = Field(description="The last day that it counts, year-month-day.", examples=["2026-12-31"])


class Waiver(Settings):
    """A dated permission for one finding of one rule."""

    rule: str = Field(
        pattern=r"^[a-z][a-z0-9-]*/[a-z][a-z0-9-]*$",
        description="Id of the rule, as a finding has it after `policy/`.",
        examples=["data/public-dataset"],
    )
    target: str = Field(
        min_length=1,
        max_length=300,
        description="What may be as it is: an address such as `google_storage_bucket.features`, in one stack"
        " `<stack>/<address>`, an object such as `Deployment fraud/server`, or a path of the output. `*`"
        " stands for any characters within a name.",
        examples=["google_storage_bucket.features"],
    )
    environments: tuple[KebabName, ...] = Field(
        default=(), description="The environments that it is for. Default: every one that has the target."
    )
    reason: str = Field(
        min_length=15,
        max_length=500,
        description="Why it may be so, for whoever asks in half a year; 15 characters or more.",
    )
    owner: Principal = Field(description="Who answers for it and is asked when it lapses.")
    expires: date = Field(description="Last day on which it holds; 365 days ahead at most.", examples=["2027-06-30"])

    @field_validator("target")
    @classmethod
    def _narrow(cls, target: str) -> str:
        parts = re.split(r"[./ ]", target)
        if "*" in target and ("*" in parts[0] or not parts[-1].strip("*")):
            raise PydanticCustomError(
                "spec/broad-waiver",
                "`{target}` allows the fault everywhere",
                {"target": target, "help": "name what may be as it is; `*` stands for a part of its own name only"},
            )
        return target


class PlaneBlock(BaseModel):
    """A plane as written: its owner, and one key for each capability that it fills."""

    model_config = ConfigDict(frozen=True, extra="allow", defer_build=True)

    owner: KebabName = Field(
        default="platform-team",
        description="Team that owns the plane, written on everything in it. Default: platform-team.",
    )


def _as_text(value: object) -> object:
    """A project number is a name made of digits, so a bare number is taken as it stands."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class EnvironmentBlock(BaseModel):
    """One environment: its project, and whatever differs there from the platform."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    project: ProjectId = Field(description="Id of the environment's Google Cloud project.")
    project_number: Annotated[ProjectNumber, BeforeValidator(_as_text)] = Field(
        description="Number of that project; it cannot be derived, see `gcloud projects describe`."
    )
    production: bool = Field(
        default=False,
        description="Whether data here must survive mistakes: stateful resources cannot be destroyed. Default: false.",
    )
    region: Region | None = Field(default=None, description="Region of this environment. Default: the platform's.")
    labels: dict[LabelKey, LabelValue | None] = Field(
        default_factory=dict, description="Labels to add or replace; null removes one."
    )
    layout: Layout | None = Field(default=None, description="As the platform's `layout`.")
    backend: Backend | None = Field(default=None, description="As the platform's `backend`.")
    teams: dict[KebabName, Any] = Field(default_factory=dict, description="Changes to teams; null removes one.")
    planes: dict[str, Any] = Field(
        default_factory=dict,
        description="Changes to planes: settings are merged, another `use` replaces a slot, null empties it.",
    )


class Platform(BaseModel):
    """The `Platform` document: what the platform is made of, plane by plane, and where it runs."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    planform: Literal[1] = Field(description="Version of the blueprint language.")
    kind: Literal["Platform"] = Field(description="What this document describes.")
    name: Annotated[KebabName, Field(max_length=20)] = Field(
        description="Name of the platform, the start of every cloud name; at most 20 characters."
    )
    organization: Organization = Field(description="The Google Cloud organisation that it belongs to.")
    region: Region = Field(description="Region that everything runs in, unless an environment says otherwise.")
    labels: dict[LabelKey, LabelValue] = Field(
        default_factory=dict,
        max_length=50,
        description="Labels on everything that takes them, such as `cost_center`; at most 50, as planform adds its own"
        " and Google Cloud takes 64.",
    )
    layout: Layout = Field(
        default="planes",
        description="`planes`: one Terraform state for each plane of an environment, owned and applied apart;"
        " `single`: one for the whole environment. Default: planes.",
    )
    backend: Backend = Field(
        default_factory=Backend,
        description="Where Terraform keeps its state. Default: `gcs` in the environment's project.",
    )
    teams: dict[KebabName, Team] = Field(default_factory=dict, description="The teams that work on the platform.")
    planes: dict[
        Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=24, examples=["resource"])], PlaneBlock
    ] = Field(
        min_length=1,
        description="The planes: any names, each with an owner and the capabilities that it fills.",
    )
    acknowledgements: tuple[Acknowledgement, ...] = Field(
        default=(),
        description="Dangerous changes that are meant: `planform preview --fail-on` lets them pass. Default: none.",
    )
    environments: dict[KebabName, EnvironmentBlock] = Field(
        min_length=1, description="The environments, each in a project of its own."
    )
    waivers: tuple[Waiver, ...] = Field(
        default=(), max_length=200, description="Permissions for single findings of policy rules, for a time."
    )


Origin = Callable[..., Location | None]
"""From a path inside the platform document to the place where the value was last written."""


def nowhere(*path: str | int) -> None:
    """The origin of what was not read from a file."""


class SlotSpec(Struct, frozen=True):
    """One filled slot: a component's name and its settings."""

    capability: str
    component: str
    settings: Settings


class PlaneSpec(Struct, frozen=True):
    """One plane of one environment: the slots in the order they were written."""

    name: str
    owner: str
    slots: Mapping[str, SlotSpec]


class WorkloadSpec(Struct, frozen=True):
    """One workload as an environment has it. `kind` is what its document says, which an organisation may have made."""

    kind: str
    settings: Workload
    origin: Origin = nowhere

    @property
    def id(self) -> str:
        """`notebook-workspace-churn`: its kind and name, unique in an environment."""
        return f"{kebab(self.kind)}-{self.settings.name}"


def kebab(kind: str) -> str:
    """`notebook-workspace` of `NotebookWorkspace`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", kind).lower()


class EnvironmentSpec(Struct, frozen=True):
    """All that a blueprint says about one environment, validated and with defaults filled in."""

    environment: Environment
    planes: Mapping[str, PlaneSpec]
    teams: Mapping[str, Team] = field(default_factory=dict)
    layout: Layout = "planes"
    backend: Backend = field(default_factory=Backend)
    waivers: tuple[Waiver, ...] = ()
    origin: Origin = nowhere
    siblings: tuple[str, ...] = ()
    """Every environment of the platform, this one too: those of production last, else by name."""
    workloads: tuple[WorkloadSpec, ...] = ()
    declared: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What documents here may name, such as datasets: the names by their sort, also where only a part is built."""
    kinds: Any = None
    """The kinds of workloads as they were handed to `resolve`, with those that the blueprint makes."""

    @property
    def name(self) -> str:
        """dev, staging, prod."""
        return self.environment.name
