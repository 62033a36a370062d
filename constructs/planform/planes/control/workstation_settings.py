"""What a blueprint may say about workstations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from planform.planes.control.devcontainer_settings import DevcontainerSettings
from planform.planes.control.workstation_machines import GpuSettings, gpu_faults
from planform.spec.fault import Fault
from planform.spec.units import ImageReference, Zone

__all__ = ["VscodeSettings", "workstation_faults"]


class VscodeSettings(DevcontainerSettings):
    """Settings of `vscode`."""

    image: ImageReference | None = Field(
        default=None,
        description="Image of the workstations. Default: as `own_image` says.",
    )
    own_image: bool | None = Field(
        default=None,
        description="Whether workstations run the image that is built from `workstation/`, with all extensions, and"
        " pushed to the repository `workstations` of the platform's registry under a tag that changes with that"
        " folder; else Google's for Code OSS, as it is. Default: on with an assistant, off without.",
    )
    machine_type: str = Field(
        default="e2-standard-8",
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)+$",
        description="Machine type of a workstation. Default: e2-standard-8.",
    )
    gpu: GpuSettings | None = Field(
        default=None,
        description="A machine with GPUs that people may choose when they start theirs. Default: none.",
        examples=[{"machine_type": "g2-standard-8", "accelerator": "nvidia-l4"}],
    )
    home_gib: Literal[10, 50, 100, 200, 500, 1000] = Field(
        default=100, description="Size of a person's home, on a disk of its own, in GiB. Default: 100."
    )
    boot_gib: Annotated[int, Field(ge=30, le=2000)] = Field(
        default=60, description="Size of the machine's own disk, which the image has to fit on, in GiB. Default: 60."
    )
    idle_minutes: Annotated[int, Field(ge=5, le=1440)] = Field(
        default=60, description="Minutes without use after which a workstation stops. Default: 60."
    )
    running_hours: Annotated[int, Field(ge=1, le=24)] = Field(
        default=12, description="Hours after which a workstation stops whatever it does. Default: 12."
    )
    ready_machines: Annotated[int, Field(ge=0, le=100)] = Field(
        default=0, description="Machines of each team that wait, started, for the next person; each costs. Default: 0."
    )
    most_workstations: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=20, description="Workstations of a team that may run at a time. Default: 20."
    )
    zones: tuple[Zone, Zone] | None = Field(
        default=None,
        description="The two zones that a home is kept in. Default: Google chooses.",
        examples=[["europe-west4-a", "europe-west4-b"]],
    )
    private: bool = Field(
        default=True,
        description="Whether workstations are reached from the platform's network alone, by a private endpoint and a"
        " private DNS zone; else from everywhere, by who is signed in and admitted. It can never change. Default: on.",
    )
    local_editors: bool = Field(
        default=True,
        description="Whether people may connect from an editor or terminal on their own machine, through a TCP tunnel."
        " Default: on.",
    )


def workstation_faults(settings: VscodeSettings, region: str) -> Iterator[Fault]:
    """What the API would refuse, or what says nothing."""
    if settings.gpu is not None:
        yield from gpu_faults(settings.gpu)
    if settings.image is not None and settings.own_image is not None:
        yield Fault(
            "spec/unused-setting",
            "`own_image` says nothing where `image` names the image",
            ("own_image",),
            help="delete the line, or `image`",
        )
    zones = settings.zones or ()
    if len(set(zones)) != len(zones) or any(zone[:-2] != region for zone in zones):
        yield Fault(
            "spec/workstation-zones",
            f"a home cannot be kept in {' and '.join(zones)}",
            ("zones",),
            help=f"write two different zones of {region}",
        )
