"""Vertex AI Workbench: a virtual machine with JupyterLab for each workspace."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from planform.contracts.identity import Identities, Identity
from planform.contracts.keys import Keys
from planform.contracts.networking import Networking
from planform.contracts.notebooks import NotebookProfile, NotebookRef, Notebooks
from planform.contracts.object_store import BucketRef
from planform.contracts.services import Services
from planform.engine import Construct
from planform.planes.component import Component
from planform.planes.control.workbench_machines import ACCELERATORS, WorkbenchMachine, machine, takes
from planform.planes.record_ids import principal_id, record_id
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import Gib, KebabName, Zone
from planform.terraform.expression import Known
from planform.terraform.google import (
    ProjectIamCustomRole,
    ServiceAccountIamMember,
    WorkbenchInstance,
    WorkbenchInstanceIamMember,
)
from planform.terraform.record import Lifecycle

__all__ = ["VertexWorkbench", "VertexWorkbenchSettings", "WorkbenchSize"]

HOME = "/home/jupyter"
NAME_LENGTH = 63
PERMISSIONS = (
    "notebooks.instances.checkUpgradability",
    "notebooks.instances.get",
    "notebooks.instances.getHealth",
    "notebooks.instances.list",
    "notebooks.instances.reset",
    "notebooks.instances.start",
    "notebooks.instances.stop",
    "notebooks.instances.use",
    "notebooks.locations.get",
    "notebooks.locations.list",
    "notebooks.operations.get",
)
"""To find a machine, start it after it stopped, and work in it; not to change or delete it."""
AGENTS = ("gcp-sa-notebooks", "compute-system")


class WorkbenchSize(Settings):
    """A machine."""

    machine_type: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)+$")] = Field(
        description="Machine type.", examples=["n2-standard-8"]
    )
    accelerator: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]*$")] = Field(
        default="", description="GPU, by GKE's name; only for N1 machines, others bring theirs. Default: none."
    )
    count: int = Field(default=0, ge=0, le=8, description="GPUs on an N1 machine. Default: 0.")


DEFAULT_SIZES: Mapping[str, WorkbenchSize] = {
    "small": WorkbenchSize(machine_type="e2-standard-2"),
    "medium": WorkbenchSize(machine_type="e2-standard-4"),
    "large": WorkbenchSize(machine_type="n2-standard-8"),
    "l4": WorkbenchSize(machine_type="g2-standard-8"),
}


class VertexWorkbenchSettings(Settings):
    """Settings of `vertex-workbench`."""

    zone: Zone = Field(description="Zone of the machines, in the environment's region.", examples=["europe-west4-a"])
    sizes: dict[KebabName, WorkbenchSize] = Field(
        default_factory=dict,
        description="Sizes by name, besides small (e2-standard-2), medium (e2-standard-4), large (n2-standard-8) and l4"
        " (g2-standard-8). Default: none besides.",
        examples=[{"a100": {"machine_type": "a2-highgpu-1g"}}],
    )
    boot_disk_gib: Annotated[Gib, Field(ge=150)] = Field(
        default=150, description="Boot disk with the image, in GiB, at least 150. Default: 150."
    )
    downloads: bool = Field(
        default=True, description="Whether files may be downloaded through JupyterLab's menus. Default: on."
    )
    upgrades: Annotated[
        str, StringConstraints(pattern=r"^[0-9*/,-]+ [0-9*/,-]+ [0-9*/,-]+ [0-9*/,-]+ [A-Z0-9*/,-]+$")
    ] = Field(default="00 19 * * SAT", description="When machines upgrade, as cron has it. Default: 00 19 * * SAT.")


class VertexWorkbench(Component):
    """A Workbench instance for each workspace: JupyterLab on a private machine that stops when idle.

    The machine acts as the team's identity, and whoever may act as that identity may open it; a workspace of one user
    is that user's alone. No public address, no root, a shielded boot, disks encrypted with customer keys where the
    platform has them. Buckets are mounted below `/home/jupyter/buckets` at every start, by the machine's identity.
    What a person does once: see that `notebooks.googleapis.com`, `*.notebooks.googleapis.com` and
    `*.notebooks.cloud.google.com` resolve to Google's private addresses in the network. GPUs need quota in the region.

    Provides: Notebooks; `url` is the machine's page in the console, which starts it and opens JupyterLab.
    Requires: Identities, Networking, Services; Keys, optional.
    Emits: google_project_iam_custom_role; in the scope of a workspace google_workbench_instance,
    google_workbench_instance_iam_member and google_service_account_iam_member for each user.
    Errors: contract/bad-name, contract/unknown-profile, resource/accelerator-mismatch, resource/unknown-machine-type,
    resource/zone-in-other-region, spec/out-of-range.
    Source: provider page of google_workbench_instance 7.45.0; Workbench, pages on metadata, idle shutdown, access modes
    and customer keys, read 2026-11; one owner at most.
    """

    name = "vertex-workbench"
    capability = "notebooks"
    provides = Notebooks
    apis = ("compute.googleapis.com", "notebooks.googleapis.com")
    Settings = VertexWorkbenchSettings
    settings: VertexWorkbenchSettings
    identity: Identities
    networking: Networking
    services: Services
    keys: Keys | None

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        if settings.zone.rpartition("-")[0] != environment.region:
            yield Fault(
                "resource/zone-in-other-region",
                f"zone `{settings.zone}` is not in region `{environment.region}`",
                ("zone",),
                help=f"write a zone of {environment.region}",
            )
        for name, size in settings.sizes.items():
            yield from _size_faults(name, size)

    def build(self) -> None:
        facts = self.environment
        role_id = f"{facts.prefix.replace('-', '_')}_workbench_user"
        role = ProjectIamCustomRole(
            self,
            "workbench_user",
            project=facts.project,
            role_id=role_id,
            title=f"{facts.prefix} Workbench user",
            description="Start, stop and open Workbench instances.",
            permissions=list(PERMISSIONS),
        )
        self._role = Known(f"projects/{facts.project}/roles/{role_id}", role.name)
        self._sizes = {**DEFAULT_SIZES, **self.settings.sizes}
        self._names: set[str] = set()
        self._acting: set[tuple[str, str]] = set()

    def profiles(self) -> Sequence[NotebookProfile]:
        """The machines."""
        return tuple(_profile(name, size) for name, size in self._sizes.items())

    def workspace(
        self,
        name: str,
        *,
        team: str,
        users: Sequence[str],
        profile: str,
        scope: object,
        identity: Identity | None = None,
        disk_gib: int = 20,
        buckets: Sequence[BucketRef] = (),
        idle_minutes: int = 60,
        secret: str = "",
    ) -> NotebookRef:
        """A machine of the team's."""
        cloud_name = f"{self.environment.prefix}-{team}-{name}"
        self._refuse_ask(name, cloud_name, profile, disk_gib, idle_minutes)
        self._names.add(cloud_name)
        place = self.within(scope)
        acting = identity or self.identity.service_account(f"team-{team}")
        mounts = {str(bucket.name): f"{HOME}/buckets/{bucket.name}" for bucket in buckets}
        instance = WorkbenchInstance(
            place,
            record_id("notebook", name),
            name=cloud_name,
            project=self.environment.project,
            location=self.settings.zone,
            instance_owners=_owner(users),
            desired_state="ACTIVE",
            disable_proxy_access=False,
            enable_deletion_protection=self.environment.production,
            labels={**self.labels, "team": team},
            gce_setup=[self._machine(self._sizes[profile], acting, disk_gib, idle_minutes, mounts)],
            lifecycle=Lifecycle(
                prevent_destroy=True if self.environment.production else None, ignore_changes=["desired_state"]
            ),
        )
        for user in dict.fromkeys(users):
            self._admit(place, name, user, instance)
            self._let_act(place, user, acting)
        return NotebookRef(name, self._url(cloud_name), mounts)

    def _machine(
        self, size: WorkbenchSize, acting: Identity, disk_gib: int, idle_minutes: int, mounts: Mapping[str, str]
    ) -> dict[str, Any]:
        gpu, count = _accelerator(size)
        return {
            "machine_type": size.machine_type,
            "accelerator_configs": [{"type": ACCELERATORS[gpu], "core_count": str(count)}] if gpu else None,
            "disable_public_ip": True,
            "enable_ip_forwarding": False,
            "service_accounts": [{"email": acting.email}],
            "vm_image": [{"project": "cloud-notebooks-managed", "family": "workbench-instances"}],
            "boot_disk": [self._disk(self.settings.boot_disk_gib)],
            "data_disks": [self._disk(disk_gib)],
            "network_interfaces": [
                {
                    "network": self.networking.network().id,
                    "subnet": self.networking.subnet().id,
                    "nic_type": "GVNIC",
                }
            ],
            "shielded_instance_config": [
                {"enable_secure_boot": True, "enable_vtpm": True, "enable_integrity_monitoring": True}
            ],
            "metadata": self._metadata(idle_minutes, mounts),
            "tags": [f"{self.environment.prefix}-notebook"],
        }

    def _disk(self, gib: int) -> dict[str, Any]:
        disk = {"disk_size_gb": str(gib), "disk_type": "PD_BALANCED"}
        if self.keys is None:
            return {**disk, "disk_encryption": "GMEK"}
        agents = [self.environment.service_agent(agent) for agent in AGENTS]
        return {**disk, "disk_encryption": "CMEK", "kms_key": self.keys.key("notebooks", users=agents).id}

    def _metadata(self, idle_minutes: int, mounts: Mapping[str, str]) -> dict[str, str]:
        metadata = {
            "disable-swap-binaries": "true",
            "idle-timeout-seconds": str(idle_minutes * 60),
            "install-monitoring-agent": "true",
            "notebook-disable-downloads": "false" if self.settings.downloads else "true",
            "notebook-disable-root": "true",
            "notebook-upgrade-schedule": self.settings.upgrades,
            "report-event-health": "true",
            "terminal": "true",
        }
        if mounts:
            metadata["startup-script"] = _mount_script(mounts)
        return metadata

    def _admit(self, place: Construct, name: str, user: str, instance: WorkbenchInstance) -> None:
        """Leave to find, start and stop the machine."""
        WorkbenchInstanceIamMember(
            place,
            record_id("notebook", name, principal_id(user, self.environment)),
            project=self.environment.project,
            location=self.settings.zone,
            name=instance.name,
            role=self._role,
            member=user,
        )

    def _let_act(self, place: Construct, user: str, acting: Identity) -> None:
        """Leave to act as its identity, which opening the machine is; once, whatever a team's number of machines."""
        if (acting.email, user) in self._acting:
            return
        self._acting.add((acting.email, user))
        short = (principal_id(user, self.environment), principal_id(acting.member, self.environment))
        ServiceAccountIamMember(
            place,
            record_id("notebooks", *short),
            service_account_id=acting.id,
            role="roles/iam.serviceAccountUser",
            member=user,
        )

    def _url(self, cloud_name: str) -> str:
        page = "https://console.cloud.google.com/vertex-ai/workbench/locations"
        return f"{page}/{self.settings.zone}/instances/{cloud_name}?project={self.environment.project}"

    def _refuse_ask(self, name: str, cloud_name: str, profile: str, disk_gib: int, idle_minutes: int) -> None:
        named = re.fullmatch(r"[a-z]([a-z0-9-]*[a-z0-9])?", name) and len(cloud_name) <= NAME_LENGTH
        if not named or cloud_name in self._names:
            raise self.refuse(
                "contract/bad-name",
                f"`{name}` is the name of another workspace" if named else f"`{name}` cannot name a workspace",
                help=f"use lower case letters, digits and inner hyphens, each name once, {NAME_LENGTH} at most for"
                f" `{cloud_name}`",
            )
        if profile not in self._sizes:
            raise self.refuse(
                "contract/unknown-profile",
                f"workspace `{name}` asks for the size `{profile}`, which the notebooks do not have",
                help=f"choose one of {', '.join(sorted(self._sizes))}, or add it to `sizes`",
            )
        if disk_gib < 10 or not 10 <= idle_minutes <= 1440:
            raise self.refuse(
                "spec/out-of-range",
                f"workspace `{name}` asks for {disk_gib} GiB and {idle_minutes} idle minutes",
                help="ask for 10 GiB or more, and for 10 to 1440 minutes",
            )


def _owner(users: Sequence[str]) -> list[str] | None:
    """One user has the machine for themselves; of several, whoever may act as its identity opens it."""
    if len(set(users)) == 1 and users[0].startswith("user:"):
        return [users[0].removeprefix("user:")]
    return None


def _accelerator(size: WorkbenchSize) -> tuple[str, int]:
    found = machine(size.machine_type)
    if found is not None and found.accelerator:
        return found.accelerator, found.count
    return size.accelerator, size.count


def _profile(name: str, size: WorkbenchSize) -> NotebookProfile:
    found = machine(size.machine_type) or WorkbenchMachine(size.machine_type, 0, 0)
    gpu, count = _accelerator(size)
    return NotebookProfile(name, found.cpus, found.memory_gib, gpu, count)


def _mount_script(mounts: Mapping[str, str]) -> str:
    lines = ["#!/bin/bash", "set -u"]
    for bucket, path in mounts.items():
        lines.append(f"install -d -o jupyter -g jupyter {path}")
        lines.append(
            f"mountpoint -q {path} || gcsfuse --implicit-dirs -o allow_other"
            f' --uid "$(id -u jupyter)" --gid "$(id -g jupyter)" {bucket} {path}'
        )
    return "\n".join(lines) + "\n"


def _size_faults(name: str, size: WorkbenchSize) -> Iterator[Fault]:
    found = machine(size.machine_type)
    if found is None:
        yield Fault(
            "resource/unknown-machine-type",
            f"Workbench has no machine type `{size.machine_type}` that planform knows",
            ("sizes", name, "machine_type"),
            help="choose one of e2, n1, n2, n2d (standard, highmem), g2-standard, a2-highgpu, a2-ultragpu, a3-highgpu",
        )
        return
    if not size.accelerator and not size.count:
        return
    own = (found.accelerator, found.count)
    fits = (size.accelerator, size.count) == own or takes(size.machine_type, size.accelerator, size.count)
    if not fits:
        brings = f"it brings {found.count} {found.accelerator}" if found.accelerator else "only N1 machines take some"
        yield Fault(
            "resource/accelerator-mismatch",
            f"`{size.machine_type}` cannot have {size.count} of `{size.accelerator or 'nothing'}`: {brings}",
            ("sizes", name, "accelerator" if size.accelerator else "count"),
            help="delete `accelerator` and `count`" if found.accelerator else "choose a machine type that has them",
        )
