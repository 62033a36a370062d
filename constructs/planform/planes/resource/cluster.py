"""What both kinds of GKE cluster have in common: settings, security, access, upgrades, backups.

Errors: resource/control-plane-range, resource/google-groups, spec/authorized-network,
spec/backup-lock, spec/maintenance-freeze, spec/maintenance-window,
spec/name-too-long, spec/unused-setting.
Source: provider page of google_container_cluster 7.45.0; GKE's pages on hardening and on network isolation.
"""

from __future__ import annotations

import ipaddress
from abc import abstractmethod
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from planform.contracts.compute import ClusterRef, Compute, MembershipRef
from planform.contracts.identity import Identities, Identity
from planform.contracts.keys import KeyRef, Keys
from planform.contracts.networking import Networking
from planform.contracts.services import Services
from planform.planes.component import Component
from planform.planes.record_ids import record_id
from planform.planes.resource.cluster_maintenance import Maintenance
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import Cidr, Days, KebabName, ProjectId
from planform.terraform.expression import Known, template
from planform.terraform.google import ContainerCluster, GkeBackupBackupPlan, PubsubTopic
from planform.terraform.record import Lifecycle

__all__ = ["NODE_ROLES", "NODE_SCOPES", "Backup", "Cluster", "ClusterSettings", "ControlPlane"]

NAME_LENGTH = 40
CONTROL_PLANE_PREFIX = 28
NODE_SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
NODE_ROLES = (
    "roles/logging.logWriter",
    "roles/monitoring.metricWriter",
    "roles/monitoring.viewer",
    "roles/stackdriver.resourceMetadata.writer",
)
METRICS = [
    "SYSTEM_COMPONENTS",
    "APISERVER",
    "SCHEDULER",
    "CONTROLLER_MANAGER",
    "STORAGE",
    "HPA",
    "POD",
    "DAEMONSET",
    "DEPLOYMENT",
    "STATEFULSET",
    "KUBELET",
    "CADVISOR",
    "DCGM",
    "JOBSET",
]
EVENTS = ["UPGRADE_AVAILABLE_EVENT", "UPGRADE_EVENT", "SECURITY_BULLETIN_EVENT"]

NetworkTag = Annotated[str, StringConstraints(pattern=r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$")]


class ControlPlane(Settings):
    """How the Kubernetes API is reached. Its private address, for the nodes and the network, is always there."""

    dns_access: bool = Field(
        default=True,
        description="Reach it from anywhere by its DNS name, with Google sign-in and the IAM permission"
        " container.clusters.connect. Default: on; without it, only from the network.",
    )
    public_address: bool = Field(
        default=False,
        description="Give it a public IP address as well, for authorized_networks. Default: off.",
    )
    global_access: bool = Field(
        default=False, description="Let other regions of the network reach its private address. Default: off."
    )
    authorized_networks: dict[KebabName, Cidr] = Field(
        default_factory=dict,
        description="IPv4 ranges, by name, that may reach its addresses. Default: only the cluster's subnetwork.",
        examples=[{"bastion": "10.8.0.0/24"}],
    )
    cidr: Cidr | None = Field(
        default=None,
        description="Range for its private address, a /28 that nothing else uses. Default: the one that the"
        " networking component keeps for it.",
        examples=["172.16.0.0/28"],
    )

    @model_validator(mode="after")
    def _closed(self) -> ControlPlane:
        if self.cidr is not None and ipaddress.IPv4Network(self.cidr).prefixlen != CONTROL_PLANE_PREFIX:
            raise PydanticCustomError(
                "resource/control-plane-range",
                "the control plane takes a /28, and {cidr} is none",
                {
                    "cidr": self.cidr,
                    "help": "write a /28 that nothing uses, such as 172.16.0.16/28, or delete the line to take the one"
                    " that networking keeps",
                },
            )
        for name, cidr in self.authorized_networks.items():
            public = ipaddress.IPv4Network(cidr).is_global or cidr == "0.0.0.0/0"
            if cidr == "0.0.0.0/0" or (public and not self.public_address):
                what = (
                    "is everyone" if cidr == "0.0.0.0/0" else "is public, and the control plane has no public address"
                )
                raise PydanticCustomError(
                    "spec/authorized-network",
                    "authorized network `{name}` {what}",
                    {"name": name, "what": what, "help": "name ranges of your own; people reach it by dns_access"},
                )
        if self.public_address and not self.authorized_networks:
            raise PydanticCustomError(
                "spec/authorized-network",
                "a public address without authorized_networks serves nobody",
                {"help": "name the ranges that may use it, or delete public_address"},
            )
        return self


class Backup(Settings):
    """A daily backup of all namespaces and their volumes."""

    enabled: bool | None = Field(default=None, description="Back up the cluster. Default: in production only.")
    hour: int = Field(default=2, ge=0, le=23, description="Hour of the day in UTC, 0 to 23. Default: 2.")
    retain_days: Days = Field(default=35, le=3650, description="Days that a backup is kept. Default: 35.")
    lock_days: int = Field(
        default=7,
        ge=0,
        le=90,
        description="Days in which nobody can delete a backup, 0 to 90. Default: 7.",
        json_schema_extra={"unit": "days"},
    )

    @model_validator(mode="after")
    def _lock_within_retention(self) -> Backup:
        if self.lock_days > self.retain_days:
            raise PydanticCustomError(
                "spec/backup-lock",
                "a backup is locked for {lock} days and kept for only {retain}",
                {"lock": self.lock_days, "retain": self.retain_days, "help": "raise retain_days or lower lock_days"},
            )
        return self


class ClusterSettings(Settings):
    """What may be set of any GKE cluster."""

    name: KebabName | None = Field(
        default=None,
        description="Name of the cluster, at most 40 characters. Default: `<platform>-<environment>-gke`.",
    )
    release_channel: Literal["rapid", "regular", "stable", "extended"] | None = Field(
        default=None,
        description="How early GKE upgrades. Default: regular, and stable in production, so that an upgrade shows"
        " what it breaks elsewhere first.",
    )
    control_plane: ControlPlane = Field(
        default=ControlPlane(),
        description="How the Kubernetes API is reached. Default: by DNS name, without public IP.",
    )
    maintenance: Maintenance = Field(
        default=Maintenance(), description="When GKE may upgrade. Default: weekends, 03:00 to 09:00 UTC."
    )
    backup: Backup = Field(
        default=Backup(), description="Daily backups of the cluster. Default: in production, kept for 35 days."
    )
    binary_authorization: bool = Field(
        default=True,
        description="Admit only images that the project's Binary Authorization policy allows; without a policy it"
        " allows all. Default: on.",
    )
    google_groups: bool = Field(
        default=False,
        description="Let Kubernetes RBAC name Google groups that are members of gke-security-groups@<domain>, a group"
        " that must exist. Default: off.",
    )
    fleet: bool = Field(
        default=True,
        description="Register the cluster to a fleet, for Config Sync and the Connect gateway. Default: on.",
    )
    fleet_project: ProjectId | None = Field(
        default=None,
        description="Project of the fleet, if it is another one; its GKE Hub service agent needs"
        " roles/gkehub.serviceAgent on the environment's project. Default: the environment's own project.",
    )
    workload_logs: bool = Field(default=True, description="Send what containers print to Cloud Logging. Default: on.")
    automatic_monitoring: bool = Field(
        default=True,
        description="Find the metrics of well-known applications, such as inference servers, without configuration;"
        " their samples are charged. Default: on.",
    )
    notifications: bool = Field(
        default=False,
        description="Publish upgrades and security bulletins to a Pub/Sub topic `<cluster>-events`. Default: off.",
    )
    secret_sync: bool = Field(
        default=False,
        description="Let GKE copy secrets of Secret Manager into the cluster, for `delivery: gke` of the slot"
        " `secrets`; GKE 1.34 or newer. Default: off.",
    )
    ray_operator: bool = Field(
        default=False, description="Let GKE run the Ray operator, with logs and metrics. Default: off."
    )
    node_service_account: KebabName = Field(
        default="gke-nodes",
        min_length=6,
        max_length=30,
        description="Name of the service account of the nodes, 6 to 30 characters; workloads have identities of their"
        " own. Default: gke-nodes.",
    )
    node_tag: NetworkTag | None = Field(
        default=None,
        description="Network tag on every node, that firewall rules aim at. Default: `<cluster>-node`.",
    )
    deletion_protection: bool | None = Field(
        default=None, description="Refuse to destroy the cluster. Default: in production only."
    )


class Cluster(Component):
    """A regional, private GKE cluster with Dataplane V2, workload identity and least privilege.

    With `keys`, Kubernetes secrets, boot disks, backups and event topics are encrypted with keys of the environment.
    A subclass adds the arguments that its kind of cluster alone takes.
    """

    capability = "compute"
    provides = Compute
    apis = (
        "compute.googleapis.com",
        "container.googleapis.com",
        "containerfilesystem.googleapis.com",
        "containersecurity.googleapis.com",
        "dns.googleapis.com",
        "gkebackup.googleapis.com",
    )

    settings: ClusterSettings
    services: Services
    networking: Networking
    identity: Identities
    keys: Keys | None

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        name = _name(settings, environment)
        if len(name) > NAME_LENGTH:
            yield Fault(
                "spec/name-too-long",
                f"cluster name `{name}` has {len(name)} characters, and GKE takes {NAME_LENGTH}",
                ("name",) if settings.name else (),
                help=f"write a `name` of at most {NAME_LENGTH} characters",
            )
        if settings.fleet_project and not settings.fleet:
            yield Fault(
                "spec/unused-setting",
                "`fleet_project` says nothing of a cluster that is in no fleet",
                ("fleet_project",),
                help="delete fleet_project, or `fleet: false`",
            )
        if settings.google_groups and environment.organization is None:
            yield Fault(
                "resource/google-groups",
                "google_groups needs the domain of the organisation",
                ("google_groups",),
                help="add `organization: {domain: ...}` to the platform, or delete google_groups",
            )

    def build(self) -> None:
        self.cluster_name = _name(self.settings, self.environment)
        self._enable_chosen()
        purpose = f"Nodes of the cluster {self.cluster_name}; workloads have identities of their own"
        self.node_account = self.identity.service_account(
            self.settings.node_service_account, roles=NODE_ROLES, purpose=purpose
        )
        arguments = {**self._shared(), **self._own()}
        self.record = ContainerCluster(self, record_id(self.id), **dict(sorted(arguments.items())))
        self._back_up()

    @abstractmethod
    def _own(self) -> dict[str, Any]:
        """Arguments of google_container_cluster that this kind of cluster adds; they win over the shared ones."""

    @property
    def protected(self) -> bool:
        """Whether Terraform refuses to destroy the cluster."""
        given: bool | None = self.settings.deletion_protection
        return self.environment.production if given is None else given

    def cluster(self) -> ClusterRef:
        """The cluster. See contracts/compute.py."""
        facts = self.environment
        path = f"projects/{facts.project}/locations/{facts.region}/clusters/{self.cluster_name}"
        issuer = "https://container.googleapis.com/v1/"
        pool = self.record.workload_identity_config[0].workload_pool
        return ClusterRef(
            id=Known(path, self.record.id),
            name=Known(self.cluster_name, self.record.name),
            location=Known(facts.region, self.record.location),
            issuer=Known(issuer + path, template(issuer + "{}", self.record.id)),
            workload_pool=Known(f"{facts.project}.svc.id.goog", pool),
            secret_sync=self.settings.secret_sync,
        )

    def membership(self) -> MembershipRef | None:
        """The membership that GKE makes with the cluster, which has the cluster's name and region."""
        if not self.settings.fleet:
            return None
        facts, cluster = self.environment, self.cluster()
        return MembershipRef(cluster.name, cluster.location, self.settings.fleet_project or facts.project)

    def node_identity(self) -> Identity | None:
        """The service account of the nodes."""
        return self.node_account

    def node_tag(self) -> str:
        """The network tag on every node."""
        return self.settings.node_tag or f"{self.cluster_name}-node"

    def _key(self, purpose: str, *agents: str) -> KeyRef | None:
        """The key for a purpose, for Google's service agents of those names; None without customer-managed keys."""
        if self.keys is None:
            return None
        return self.keys.key(purpose, users=[self.environment.service_agent(agent) for agent in agents])

    def _boot_disk_key(self) -> KeyRef | None:
        """The key that every node pool's boot disks are encrypted with."""
        return self._key("gke-nodes", "compute-system")

    def _enable_chosen(self) -> None:
        chosen = {
            "binaryauthorization.googleapis.com": self.settings.binary_authorization,
            "connectgateway.googleapis.com": self.settings.fleet,
            "gkeconnect.googleapis.com": self.settings.fleet,
            "gkehub.googleapis.com": self.settings.fleet,
            "pubsub.googleapis.com": self.settings.notifications,
        }
        apis = [api for api, wanted in chosen.items() if wanted]
        self.depends_on = [*self.depends_on, *self.services.enable(*apis)]

    def _shared(self) -> dict[str, Any]:
        return {**self._basics(), **self._networking(), **self._security(), **self._observability()}

    def _basics(self) -> dict[str, Any]:
        facts, settings = self.environment, self.settings
        channel = settings.release_channel or ("stable" if facts.production else "regular")
        arguments: dict[str, Any] = {
            "name": self.cluster_name,
            "location": facts.region,
            "description": f"Kubernetes cluster of {facts.platform} in {facts.name}",
            "release_channel": [{"channel": channel.upper()}],
            "maintenance_policy": [settings.maintenance.arguments()],
            "addons_config": [self._addons()],
            "vertical_pod_autoscaling": [{"enabled": True}],
            "node_pool_auto_config": [
                {
                    "network_tags": [{"tags": [self.node_tag()]}],
                    "node_kubelet_config": [{"insecure_kubelet_readonly_port_enabled": "FALSE"}],
                }
            ],
            "resource_labels": self.labels,
            "deletion_protection": self.protected,
            "lifecycle": Lifecycle(prevent_destroy=True) if self.protected else None,
        }
        if settings.fleet:
            arguments["fleet"] = [{"project": settings.fleet_project or facts.project}]
        return {name: value for name, value in arguments.items() if value is not None}

    def _addons(self) -> dict[str, Any]:
        addons: dict[str, Any] = {
            "gcs_fuse_csi_driver_config": [{"enabled": True}],
            "gcp_filestore_csi_driver_config": [{"enabled": True}],
            "gke_backup_agent_config": [{"enabled": True}],
        }
        if self.settings.ray_operator:
            addons["ray_operator_config"] = [
                {
                    "enabled": True,
                    "ray_cluster_logging_config": [{"enabled": True}],
                    "ray_cluster_monitoring_config": [{"enabled": True}],
                }
            ]
        return addons

    def _networking(self) -> dict[str, Any]:
        subnet, plane = self.networking.subnet(), self.settings.control_plane
        networks = [
            {"cidr_block": cidr, "display_name": name} for name, cidr in sorted(plane.authorized_networks.items())
        ]
        return {
            "network": self.networking.network().id,
            "subnetwork": subnet.id,
            "networking_mode": "VPC_NATIVE",
            "ip_allocation_policy": [
                {
                    "cluster_secondary_range_name": subnet.pods_range,
                    "services_secondary_range_name": subnet.services_range,
                    "stack_type": "IPV4",
                }
            ],
            "datapath_provider": "ADVANCED_DATAPATH",
            "enable_cilium_clusterwide_network_policy": True,
            "enable_fqdn_network_policy": True,
            "enable_l4_ilb_subsetting": True,
            "gateway_api_config": [{"channel": "CHANNEL_STANDARD"}],
            "service_external_ips_config": [{"enabled": False}],
            "private_cluster_config": [
                {
                    "enable_private_nodes": True,
                    "enable_private_endpoint": not plane.public_address,
                    "master_ipv4_cidr_block": self._control_plane_cidr(),
                    "master_global_access_config": [{"enabled": plane.global_access}],
                }
            ],
            "master_authorized_networks_config": [
                {
                    "gcp_public_cidrs_access_enabled": False,
                    "private_endpoint_enforcement_enabled": True,
                    **({"cidr_blocks": networks} if networks else {}),
                }
            ],
            "control_plane_endpoints_config": [
                {
                    "dns_endpoint_config": [
                        {
                            "allow_external_traffic": plane.dns_access,
                            "enable_k8s_tokens_via_dns": False,
                            "enable_k8s_certs_via_dns": False,
                        }
                    ],
                    "ip_endpoints_config": [{"enabled": True}],
                }
            ],
        }

    def _control_plane_cidr(self) -> str:
        given = self.settings.control_plane.cidr
        if given is None:
            return self.networking.control_plane_cidr()
        for taken in self.networking.cidrs():
            if ipaddress.IPv4Network(given).overlaps(ipaddress.IPv4Network(taken)):
                raise self.refuse(
                    "resource/control-plane-range",
                    f"the control plane's range {given} overlaps {taken} of the network",
                    path=("control_plane", "cidr"),
                    help="write a /28 that nothing uses, or delete the line to take the one that is kept for it",
                )
        return given

    def _security(self) -> dict[str, Any]:
        settings, facts = self.settings, self.environment
        etcd = self._key("gke-secrets", "container-engine-robot")
        arguments: dict[str, Any] = {
            "workload_identity_config": [{"workload_pool": f"{facts.project}.svc.id.goog"}],
            "enable_legacy_abac": False,
            "master_auth": [{"client_certificate_config": [{"issue_client_certificate": False}]}],
            "anonymous_authentication_config": [{"mode": "LIMITED"}],
            "rbac_binding_config": [
                {
                    "enable_insecure_binding_system_authenticated": False,
                    "enable_insecure_binding_system_unauthenticated": False,
                }
            ],
            "binary_authorization": [
                {"evaluation_mode": "PROJECT_SINGLETON_POLICY_ENFORCE" if settings.binary_authorization else "DISABLED"}
            ],
            "security_posture_config": [{"mode": "BASIC", "vulnerability_mode": "VULNERABILITY_DISABLED"}],
            "secret_manager_config": [
                {"enabled": True, "rotation_config": [{"enabled": True, "rotation_interval": "120s"}]}
            ],
        }
        if settings.secret_sync:
            arguments["secret_sync_config"] = [
                {"enabled": True, "rotation_config": [{"enabled": True, "rotation_interval": "120s"}]}
            ]
        if etcd is not None:
            arguments["database_encryption"] = [{"state": "ENCRYPTED", "key_name": etcd.id}]
        if settings.google_groups and facts.organization is not None:
            group = f"gke-security-groups@{facts.organization.domain}"
            arguments["authenticator_groups_config"] = [{"security_group": group}]
        return arguments

    def _observability(self) -> dict[str, Any]:
        settings = self.settings
        workloads = ["WORKLOADS"] if settings.workload_logs else []
        scope = "ALL" if settings.automatic_monitoring else "NONE"
        arguments: dict[str, Any] = {
            "logging_config": [
                {
                    "enable_components": [
                        "SYSTEM_COMPONENTS",
                        *workloads,
                        "APISERVER",
                        "CONTROLLER_MANAGER",
                        "SCHEDULER",
                    ]
                }
            ],
            "monitoring_config": [
                {
                    "enable_components": list(METRICS),
                    "managed_prometheus": [{"enabled": True, "auto_monitoring_config": [{"scope": scope}]}],
                    "advanced_datapath_observability_config": [{"enable_metrics": True, "enable_relay": True}],
                }
            ],
            "cost_management_config": [{"enabled": True}],
        }
        if settings.notifications:
            arguments["notification_config"] = [
                {"pubsub": [{"enabled": True, "topic": self._topic(), "filter": [{"event_type": list(EVENTS)}]}]}
            ]
        return arguments

    def _topic(self) -> object:
        key = self._key("gke-events", "gcp-sa-pubsub")
        encryption: dict[str, Any] = {"kms_key_name": key.id} if key else {}
        topic = PubsubTopic(
            self,
            record_id(self.id, "events"),
            name=f"{self.cluster_name}-events",
            message_retention_duration="604800s",
            message_storage_policy=[
                {"allowed_persistence_regions": [self.environment.region], "enforce_in_transit": True}
            ],
            labels=self.labels,
            origin=self.at("notifications"),
            lifecycle=Lifecycle(prevent_destroy=True) if self.environment.production else None,
            **encryption,
        )
        return topic.id

    def _back_up(self) -> None:
        backup = self.settings.backup
        if not (self.environment.production if backup.enabled is None else backup.enabled):
            return
        key = self._key("gke-backup", "gcp-sa-gkebackup")
        config: dict[str, Any] = {"all_namespaces": True, "include_secrets": True, "include_volume_data": True}
        if key is not None:
            config["encryption_key"] = [{"gcp_kms_encryption_key": key.id}]
        GkeBackupBackupPlan(
            self,
            record_id(self.id, "daily"),
            name=f"{self.cluster_name}-daily",
            location=self.environment.region,
            cluster=self.cluster().id,
            description=f"Daily backup of all namespaces of {self.cluster_name}",
            backup_config=[config],
            backup_schedule=[{"cron_schedule": f"0 {backup.hour} * * *"}],
            retention_policy=[{"backup_delete_lock_days": backup.lock_days, "backup_retain_days": backup.retain_days}],
            labels=self.labels,
            origin=self.at("backup"),
        )


def _name(settings: ClusterSettings, environment: Environment) -> str:
    return settings.name or f"{environment.prefix}-gke"
