"""Visual Studio Code's open source build on machines in the cloud: Cloud Workstations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from planform.contracts.assistant import Assistant
from planform.contracts.ide import Ide, IdeRef
from planform.contracts.identity import Identities, Identity
from planform.contracts.keys import KeyRef, Keys
from planform.contracts.networking import Networking
from planform.contracts.registry import Registry
from planform.contracts.services import Services
from planform.files import File
from planform.planes.component import Component
from planform.planes.control.devcontainer import devcontainer_files
from planform.planes.control.workstation_machines import GpuSettings
from planform.planes.control.workstation_recipe import platform_variables, recipe, recipe_tag
from planform.planes.control.workstation_settings import VscodeSettings, workstation_faults
from planform.planes.record_ids import principal_id, record_id
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.terraform.expression import Known, template
from planform.terraform.google import (
    ComputeAddress,
    ComputeForwardingRule,
    DnsManagedZone,
    DnsRecordSet,
    KmsCryptoKeyIamMember,
    ProjectIamMember,
    WorkstationsWorkstationCluster,
    WorkstationsWorkstationConfig,
    WorkstationsWorkstationConfigIamMember,
)
from planform.terraform.record import Lifecycle

__all__ = ["Vscode"]

CREATOR = "roles/workstations.workstationCreator"
"""May make a workstation, and has roles/workstations.user on what they made."""
VIEWER = "roles/workstations.operationViewer"
MACHINE_ROLES = ("roles/logging.logWriter", "roles/monitoring.metricWriter")
NAME_LENGTH = 63


class Vscode(Component):
    """Code OSS on Cloud Workstations: a machine and a home for each person, in the platform's network.

    Each team has a configuration of its own, from which its owners make their workstations; these act as the team's
    service account, have no public address and no SSH, and leave the network only as it lets them. Idle ones stop.
    With an assistant, its rules and extensions are in the image and its variables in the environment, and the team's
    service account is admitted to its models. The folder `workstation` is the recipe of that image.
    What a person does: with an image of one's own, build and push it, in a pipeline, whenever `workstation` changes
    (`npx @devcontainers/cli build --workspace-folder workstation --image-name "$(cat workstation/IMAGE)" --push`).
    Google's own image is rebuilt every week and has no versions; name one of your own, or a digest, in `image` to hold
    it. With `private`, people come by VPN or Interconnect, or by a machine in the network.

    Provides: Ide; `url` lists a person's workstations.
    Requires: Services, Networking, Identities; Keys, optional: homes and disks are encrypted with a customer key;
    Assistant, optional; Registry, optional, for the image.
    Emits: google_workstations_workstation_cluster, and for each team google_workstations_workstation_config with
    google_workstations_workstation_config_iam_member for each owner; google_compute_address, _forwarding_rule,
    google_dns_managed_zone and _record_set for the private endpoint; files `workstation/...`.
    Errors: contract/no-image, contract/bad-name, resource/accelerator-count, resource/accelerator-mismatch,
    resource/unknown-machine-type, spec/name-too-long, spec/unused-setting, spec/workstation-zones.
    Source: Cloud Workstations' REST reference (timeouts in seconds, two replica zones, home sizes 10, 50, 100, 200, 500
    and 1000 GB), its pages on private clusters, on access control and on customer keys; provider pages of
    google_workstations_* 7.45.0; read 2026-11.
    """

    name = "vscode"
    capability = "ide"
    provides = Ide
    apis = ("workstations.googleapis.com", "compute.googleapis.com", "dns.googleapis.com")
    Settings = VscodeSettings
    settings: VscodeSettings
    services: Services
    networking: Networking
    identity: Identities
    keys: Keys | None
    registry: Registry | None
    assistant: Assistant | None

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        if len(_name(environment)) > NAME_LENGTH:
            yield Fault(
                "spec/name-too-long",
                f"`{_name(environment)}` has more than {NAME_LENGTH} characters",
                help="shorten the name of the platform or of the environment",
            )
        yield from workstation_faults(settings, environment.region)

    def build(self) -> None:
        self._teams: dict[str, IdeRef] = {}
        self._admitted: set[str] = set()
        self._key = self._encryption()
        self._recipe = recipe(self.image("code-oss"), self.settings.extensions, self.assistant)
        self._image = self._chosen_image()
        if self._image != self.image("code-oss"):
            for path, text in {**self._recipe, "workstation/IMAGE": f"{self._image}\n"}.items():
                File(self, path, text)
        self._cluster = self._make_cluster()
        if self.settings.private:
            self._make_endpoint()

    def repository_files(self) -> Mapping[str, str]:
        """A dev container with the same tools, for who works on a machine of their own."""
        return self._devcontainer

    @cached_property
    def _devcontainer(self) -> Mapping[str, str]:
        settings = self.settings
        return devcontainer_files(
            self.environment.platform,
            settings.devcontainer_image or self.image("devcontainer-python"),
            settings.extensions,
            self._variables,
            self.assistant,
        )

    def team(self, name: str, *, owners: Sequence[str], identity: Identity | None = None) -> IdeRef | None:
        """The team's configuration, made on first use; its owners make their own workstations of it."""
        if name not in self._teams:
            self._teams[name] = self._make_team(name, owners, identity or self._own_identity())
        return self._teams[name]

    def _own_identity(self) -> Identity:
        """What machines act as that nobody named an identity for."""
        return self.identity.service_account("workstations", roles=MACHINE_ROLES, purpose="Workstations")

    def _make_team(self, name: str, owners: Sequence[str], identity: Identity) -> IdeRef:
        if len(name) > NAME_LENGTH:
            raise self.refuse(
                "contract/bad-name",
                f"a workstation configuration cannot be called `{name}`: it has more than {NAME_LENGTH} characters",
                help="shorten the team's name",
            )
        if self.registry is not None and self._runs_own_image:
            self.registry.repository("workstations", readers=[identity.member])
        if self.assistant is not None:
            self.assistant.admit(identity.member)
        config = self._make_config(name, identity)
        for owner in dict.fromkeys(owners):
            self._admit(name, config, owner)
        project = self.environment.project
        url = f"https://console.cloud.google.com/workstations/list?project={project}"
        return IdeRef(Known(name, config.workstation_config_id), url)

    def _make_cluster(self) -> WorkstationsWorkstationCluster:
        facts = self.environment
        private = {"enable_private_endpoint": True, "allowed_projects": [facts.project]}
        return WorkstationsWorkstationCluster(
            self,
            self.id,
            project=facts.project,
            location=facts.region,
            workstation_cluster_id=_name(facts),
            display_name=f"Workstations of {facts.prefix}",
            network=self.networking.network().id,
            subnetwork=self.networking.subnet().id,
            private_cluster_config=[private] if self.settings.private else None,
            labels=self.labels,
            # A new cluster is a new address for everybody, and their workstations would have to be made again.
            lifecycle=Lifecycle(prevent_destroy=True) if facts.production else None,
        )

    def _make_endpoint(self) -> None:
        """An address in the subnetwork for the cluster, and its host name in a zone that the network alone sees."""
        facts, network, private = self.environment, self.networking.network(), self._cluster.private_cluster_config[0]
        name = _name(facts)
        address = ComputeAddress(
            self,
            self.id,
            project=facts.project,
            region=facts.region,
            name=name,
            address_type="INTERNAL",
            purpose="GCE_ENDPOINT",
            subnetwork=self.networking.subnet().id,
            labels=self.labels,
        )
        ComputeForwardingRule(
            self,
            self.id,
            project=facts.project,
            region=facts.region,
            name=name,
            network=network.id,
            ip_address=address.id,
            load_balancing_scheme="",
            target=private.service_attachment_uri,
            labels=self.labels,
        )
        zone = DnsManagedZone(
            self,
            self.id,
            project=facts.project,
            name=name,
            dns_name=template("{}.", private.cluster_hostname),
            description="Workstations, by their private endpoint",
            visibility="private",
            private_visibility_config=[{"networks": [{"network_url": network.id}]}],
            labels=self.labels,
        )
        DnsRecordSet(
            self,
            self.id,
            project=facts.project,
            managed_zone=zone.name,
            name=template("*.{}.", private.cluster_hostname),
            type="A",
            ttl=300,
            rrdatas=[address.address],
        )

    def _make_config(self, team: str, identity: Identity) -> WorkstationsWorkstationConfig:
        facts, settings = self.environment, self.settings
        return WorkstationsWorkstationConfig(
            self,
            record_id(team),
            project=facts.project,
            location=facts.region,
            workstation_cluster_id=self._cluster.workstation_cluster_id,
            workstation_config_id=team,
            display_name=f"Code OSS of team {team}",
            idle_timeout=f"{settings.idle_minutes * 60}s",
            running_timeout=f"{settings.running_hours * 3600}s",
            max_usable_workstations=settings.most_workstations,
            enable_audit_agent=True,
            disable_tcp_connections=not settings.local_editors,
            replica_zones=list(settings.zones) if settings.zones else None,
            container=[{"image": self._image, "env": {**self._variables, "PLATFORM_TEAM": team}}],
            host=[{"gce_instance": [self._machine(identity)]}],
            persistent_directories=[{"mount_path": "/home", "gce_pd": [self._home()]}],
            encryption_key=self._key,
            labels={**self.labels, "team": team},
        )

    def _machine(self, identity: Identity) -> dict[str, Any]:
        settings = self.settings
        return {
            "machine_type": settings.machine_type,
            "boot_disk_size_gb": settings.boot_gib,
            "disable_public_ip_addresses": True,
            "disable_ssh": True,
            "pool_size": settings.ready_machines,
            "service_account": identity.email,
            "service_account_scopes": ["https://www.googleapis.com/auth/cloud-platform"],
            "tags": [_name(self.environment)],
            "shielded_instance_config": [
                {"enable_secure_boot": True, "enable_vtpm": True, "enable_integrity_monitoring": True}
            ],
            "boost_configs": [self._boost(settings.gpu)] if settings.gpu else None,
        }

    def _boost(self, gpu: GpuSettings) -> dict[str, Any]:
        return {
            "id": "gpu",
            "machine_type": gpu.machine_type,
            "accelerators": [{"type": gpu.accelerator, "count": gpu.count}],
            "boot_disk_size_gb": self.settings.boot_gib,
            "pool_size": 0,
        }

    def _home(self) -> dict[str, Any]:
        return {
            "size_gb": self.settings.home_gib,
            "fs_type": "ext4",
            "disk_type": "pd-balanced",
            "reclaim_policy": "RETAIN" if self.environment.production else "DELETE",
        }

    def _admit(self, team: str, config: WorkstationsWorkstationConfig, owner: str) -> None:
        facts, who = self.environment, principal_id(owner, self.environment)
        WorkstationsWorkstationConfigIamMember(
            self,
            record_id(team, who),
            project=facts.project,
            location=facts.region,
            workstation_cluster_id=config.workstation_cluster_id,
            workstation_config_id=config.workstation_config_id,
            role=CREATOR,
            member=owner,
        )
        if owner not in self._admitted:
            self._admitted.add(owner)
            ProjectIamMember(self, record_id(self.id, who), project=facts.project, role=VIEWER, member=owner)

    def _encryption(self) -> list[dict[str, Any]] | None:
        """The key, who uses it, and leave for the service to see that it was rotated."""
        if self.keys is None:
            return None
        user = self.identity.service_account("workstations-encryption", purpose="Encrypts disks of workstations")
        key: KeyRef = self.keys.key("workstations", users=[user.member])
        KmsCryptoKeyIamMember(
            self,
            "encryption_viewer",
            crypto_key_id=key.id,
            role="roles/cloudkms.viewer",
            member=self.environment.service_agent("gcp-sa-workstations"),
        )
        return [{"kms_key": key.id, "kms_key_service_account": user.email}]

    def _chosen_image(self) -> str:
        if self.settings.image is not None:
            return self.settings.image
        if not self._runs_own_image:
            return self.image("code-oss")
        if self.registry is None:
            raise self.refuse(
                "contract/no-image",
                "workstations run an image of the platform's own, and there is no registry to keep it in",
                help="fill the slot `registry`, or write an image that was built from `workstation/` under `image`",
            )
        return f"{self.registry.repository('workstations').uri}/code-oss:{recipe_tag(self._recipe)}"

    @property
    def _runs_own_image(self) -> bool:
        """With an assistant by default: its rules are in the image, where nobody can change them."""
        wanted = self.settings.own_image
        return self.settings.image is None and (self.assistant is not None if wanted is None else wanted)

    @property
    def _variables(self) -> dict[str, str]:
        assistant = self.assistant.variables() if self.assistant else {}
        return {**platform_variables(self.environment), **self.settings.variables, **assistant}


def _name(environment: Environment) -> str:
    return f"{environment.prefix}-workstations"
