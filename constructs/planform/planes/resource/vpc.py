"""A private VPC network for one environment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from planform.contracts.networking import Networking, NetworkRef, PrivateServicesRef, SubnetRef
from planform.contracts.services import Services
from planform.planes.component import Component
from planform.planes.front_ends import FRONT_ENDS
from planform.planes.record_ids import record_id
from planform.planes.resource.address_ranges import AddressRange, range_faults
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import Cidr
from planform.terraform.expression import Known
from planform.terraform.google import (
    ComputeAddress,
    ComputeGlobalAddress,
    ComputeNetwork,
    ComputeNetworkFirewallPolicy,
    ComputeNetworkFirewallPolicyAssociation,
    ComputeNetworkFirewallPolicyRule,
    ComputeRoute,
    ComputeRouter,
    ComputeRouterNat,
    ComputeSubnetwork,
    DnsManagedZone,
    DnsPolicy,
    DnsRecordSet,
    ServiceNetworkingConnection,
)
from planform.terraform.record import Lifecycle

__all__ = ["EgressSettings", "NatSettings", "Vpc", "VpcSettings"]

NAME_LENGTH = 63
LONGEST_NAME = "-private-services"
PODS, SERVICES = "pods", "services"
DIRECT_ACCESS = "34.126.0.0/18"
GATES = {
    "private": ("199.36.153.8/30", tuple(f"199.36.153.{last}" for last in range(8, 12))),
    "restricted": ("199.36.153.4/30", tuple(f"199.36.153.{last}" for last in range(4, 8))),
}
GOOGLE_DOMAINS = ("gcr.io", "gke.goog", "googleapis.com", "pkg.dev", "run.app")
IAP = "35.235.240.0/20"
ADMISSION_PORTS = ("443", "8443", "9443", "10250", "15017")
Ports = Literal[32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536]


class NatSettings(Settings):
    """The way from private addresses to the internet."""

    enabled: bool = Field(
        default=True,
        description="Whether machines and pods reach the internet at all. Without it there is neither NAT nor a default"
        " route, and only Google's APIs and private peers are reached. Default: true.",
    )
    static_addresses: Annotated[int, Field(ge=0, le=100)] = Field(
        default=0,
        description="Number of fixed public addresses that traffic comes from, for the allow lists of partners, 0 to"
        " 100; each gives 64,512 connections to one destination. Default: 0, Google takes as many as it needs.",
    )
    min_ports: Ports = Field(
        default=64, description="Ports that each machine has at least, a power of two. Default: 64."
    )
    max_ports: Ports = Field(
        default=8192,
        description="Ports that a busy machine may grow to, a power of two above `min_ports`. Default: 8192.",
    )
    log: Literal["none", "errors", "all"] = Field(
        default="errors", description="Connections to log: none, refused ones, or all. Default: errors."
    )


class EgressSettings(Settings):
    """Where traffic may go."""

    deny: bool = Field(
        default=False,
        description="Whether all traffic that leaves the network is refused, but for this network, private services,"
        " Google's APIs and `allow`. Default: false, anything inside may call out.",
    )
    allow: tuple[Cidr, ...] = Field(
        default=(),
        description="Ranges that TCP port 443 is open to when `deny` is true. Default: none.",
        examples=[["140.82.112.0/20"]],
    )


class VpcSettings(Settings):
    """Address ranges of the network, its way out, and what is logged. No two ranges may overlap."""

    cidr: Cidr = Field(
        default="10.0.0.0/20",
        description="Range of machines and load balancers, /8 to /29: a /20 has room for 4,092. Default: 10.0.0.0/20.",
    )
    pods_cidr: Cidr = Field(
        default="10.16.0.0/14",
        description="Range of pods, /9 to /21: each node takes a /24, so a /14 is enough for 1,024 nodes."
        " Default: 10.16.0.0/14.",
    )
    services_cidr: Cidr = Field(
        default="10.20.0.0/20",
        description="Range of Kubernetes services, /16 to /27: a /20 is enough for 4,096. Default: 10.20.0.0/20.",
    )
    control_plane_cidr: Cidr = Field(
        default="172.16.0.0/28",
        description="Range of the cluster's control plane, a /28. Default: 172.16.0.0/28.",
    )
    private_services_cidr: Cidr = Field(
        default="10.40.0.0/16",
        description="Range that databases and other managed services take addresses from, /8 to /24; each service takes"
        " a /24 or more in each region. Reserved on first use. Default: 10.40.0.0/16.",
    )
    proxy_cidr: Cidr | None = Field(
        default=None,
        description="Range of the proxies of internal and regional load balancers, /26 or larger, a /23 is advised."
        " Default: none, so there can be no such load balancer and no internal Gateway.",
        examples=["10.1.16.0/23"],
    )
    routing: Literal["regional", "global"] = Field(
        default="regional",
        description="Whether routes that are learned from VPNs and interconnects hold in one region or in all."
        " Default: regional.",
    )
    mtu: Annotated[int, Field(ge=1300, le=8896)] = Field(
        default=8896,
        description="Largest packet inside the network, in bytes, 1300 to 8896: large ones move training data faster;"
        " to change it, machines must be stopped. Default: 8896.",
    )
    google_apis: Literal["private", "restricted", "public"] = Field(
        default="private",
        description="How Google's APIs are reached: by addresses that are routed only inside Google's network"
        " (`private`), only those that VPC Service Controls guard (`restricted`), or as from anywhere (`public`)."
        " Default: private.",
    )
    nat: NatSettings = Field(
        default_factory=NatSettings, description="The way to the internet. Default: NAT with dynamic ports."
    )
    egress: EgressSettings = Field(
        default_factory=EgressSettings, description="Where traffic may go. Default: anywhere."
    )
    flow_log_sampling: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.5,
        description="Share of packets that flow logs are made from, 0 to 1; 0 turns them off. Default: 0.5.",
    )
    firewall_log: bool = Field(
        default=True, description="Whether each connection that a rule allows or denies is logged. Default: true."
    )
    dns_log: bool = Field(default=True, description="Whether each name that is looked up is logged. Default: true.")

    @property
    def ranges(self) -> tuple[AddressRange, ...]:
        """Every range, with the sizes that Compute Engine, GKE and service networking allow."""
        proxy = (AddressRange("proxy_cidr", self.proxy_cidr, "proxies", 8, 26),) if self.proxy_cidr else ()
        return (
            AddressRange("cidr", self.cidr, "machines", 8, 29),
            AddressRange("pods_cidr", self.pods_cidr, "pods", 9, 21),
            AddressRange("services_cidr", self.services_cidr, "services", 16, 27),
            AddressRange("control_plane_cidr", self.control_plane_cidr, "the control plane", 28, 28),
            AddressRange("private_services_cidr", self.private_services_cidr, "private services", 8, 24),
            *proxy,
        )


class Vpc(Component):
    """One VPC network with one subnetwork, in which nothing has a public address.

    Provides: Networking. A private services connection is made when it is first asked for; its value, as a reference,
    waits for the connection.
    Requires: Services.
    Emits: google_compute_network, _subnetwork, _route, _router, _router_nat, a _network_firewall_policy with its
    rules, google_dns_managed_zone and _record_set for Google's domains, google_dns_policy; on first use
    google_compute_global_address and google_service_networking_connection. In production the network cannot be
    destroyed. The firewall lets in health checks, IAP's SSH, the control plane's calls to admission webhooks, and
    what comes from the network itself; the policy is judged after classic rules, so that those which GKE makes for
    its load balancers hold.
    Errors: spec/overlapping-ranges, spec/range-size, spec/public-range, spec/reserved-range, spec/nat-ports,
    spec/unused-setting, spec/name-too-long.
    Source: VPC, subnets (sizes, prohibited ranges); GKE, VPC-native clusters (a /24 of pods for each node, services
    /16 to /27); private services access (a /24 or larger); Private Google Access (addresses of the gates); Cloud NAT,
    ports (powers of two, dynamic allocation without endpoint-independent mapping).
    """

    name = "vpc"
    capability = "networking"
    provides = Networking
    apis = ("compute.googleapis.com", "dns.googleapis.com", "servicenetworking.googleapis.com")
    Settings = VpcSettings
    settings: VpcSettings
    services: Services

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        yield from range_faults(settings.ranges)
        yield from _nat_faults(settings)
        longest = f"{environment.prefix}{LONGEST_NAME}"
        if len(longest) > NAME_LENGTH:
            yield Fault(
                "spec/name-too-long",
                f"a part of the network would be called `{longest}`, which has more than {NAME_LENGTH} characters",
                help="shorten the name of the platform or of the environment",
            )

    def build(self) -> None:
        self._connection: ServiceNetworkingConnection | None = None
        self._network = self._make_network()
        self._subnet = self._make_subnet()
        if self.settings.proxy_cidr is not None:
            self._proxies(self.settings.proxy_cidr)
        if self.settings.nat.enabled:
            self._nat(self.settings.nat)
        if self.settings.google_apis != "public":
            self._google_apis(self.settings.google_apis)
        self._firewall()
        DnsPolicy(
            self,
            self.id,
            name=self._name("dns"),
            description="Lookups from the network",
            enable_logging=self.settings.dns_log,
            enable_inbound_forwarding=False,
            networks=[{"network_url": self._network.id}],
            origin=self.at("dns_log"),
        )

    def network(self) -> NetworkRef:
        """The VPC network."""
        return NetworkRef(
            id=Known(self._network_path, self._network.id),
            name=Known(self._name("vpc"), self._network.name),
            project=self.environment.project,
        )

    def subnet(self) -> SubnetRef:
        """The subnetwork, with the secondary ranges `pods` and `services`."""
        facts, settings = self.environment, self.settings
        path = f"projects/{facts.project}/regions/{facts.region}/subnetworks/{self._name('nodes')}"
        return SubnetRef(
            id=Known(path, self._subnet.id),
            name=Known(self._name("nodes"), self._subnet.name),
            region=facts.region,
            cidr=settings.cidr,
            pods_range=Known(PODS, self._subnet.secondary_ip_range[0].range_name),
            pods_cidr=settings.pods_cidr,
            services_range=Known(SERVICES, self._subnet.secondary_ip_range[1].range_name),
            services_cidr=settings.services_cidr,
        )

    def private_services(self) -> PrivateServicesRef:
        """The range and its connection, made on first use."""
        connection = self._connection or self._connect()
        return PrivateServicesRef(
            range_name=Known(self._name("private-services"), connection.reserved_peering_ranges[0]),
            network=NetworkRef(
                id=Known(self._network_path, connection.network),
                name=Known(self._name("vpc"), self._network.name),
                project=self.environment.project,
            ),
        )

    def control_plane_cidr(self) -> str:
        """The /28 that is kept for the control plane."""
        return self.settings.control_plane_cidr

    def cidrs(self) -> Sequence[str]:
        """Every range of the network, used or kept."""
        return tuple(each.cidr for each in self.settings.ranges)

    @property
    def _network_path(self) -> str:
        return f"projects/{self.environment.project}/global/networks/{self._name('vpc')}"

    def _name(self, what: str) -> str:
        return f"{self.environment.prefix}-{what}"

    @property
    def _kept(self) -> Lifecycle | None:
        return Lifecycle(prevent_destroy=True) if self.environment.production else None

    def _make_network(self) -> ComputeNetwork:
        return ComputeNetwork(
            self,
            self.id,
            name=self._name("vpc"),
            description=f"Network of {self.environment.prefix}",
            auto_create_subnetworks=False,
            routing_mode=self.settings.routing.upper(),
            mtu=self.settings.mtu,
            delete_default_routes_on_create=True,
            network_firewall_policy_enforcement_order="AFTER_CLASSIC_FIREWALL",
            lifecycle=self._kept,
        )

    def _make_subnet(self) -> ComputeSubnetwork:
        sampling = self.settings.flow_log_sampling
        logs = {
            "aggregation_interval": "INTERVAL_5_SEC",
            "flow_sampling": sampling,
            "metadata": "INCLUDE_ALL_METADATA",
        }
        return ComputeSubnetwork(
            self,
            self.id,
            name=self._name("nodes"),
            description="Machines, pods and services",
            region=self.environment.region,
            network=self._network.id,
            ip_cidr_range=self.settings.cidr,
            private_ip_google_access=True,
            stack_type="IPV4_ONLY",
            secondary_ip_range=[
                {"range_name": PODS, "ip_cidr_range": self.settings.pods_cidr},
                {"range_name": SERVICES, "ip_cidr_range": self.settings.services_cidr},
            ],
            log_config=[logs] if sampling else None,
            lifecycle=self._kept,
            origin=self.at("cidr"),
        )

    def _proxies(self, cidr: str) -> None:
        ComputeSubnetwork(
            self,
            "proxies",
            name=self._name("proxies"),
            description="Proxies of internal and regional load balancers",
            region=self.environment.region,
            network=self._network.id,
            ip_cidr_range=cidr,
            purpose="REGIONAL_MANAGED_PROXY",
            role="ACTIVE",
            origin=self.at("proxy_cidr"),
        )

    def _route(self, id: str, dest_range: str, description: str) -> None:
        ComputeRoute(
            self,
            record_id(id),
            name=self._name(id),
            description=description,
            network=self._network.id,
            dest_range=dest_range,
            next_hop_gateway="default-internet-gateway",
            priority=1000,
        )

    def _nat(self, nat: NatSettings) -> None:
        self._route("internet", "0.0.0.0/0", "Default route; only NAT makes use of it, as nothing has a public address")
        router = ComputeRouter(
            self,
            self.id,
            name=self._name("router"),
            region=self.environment.region,
            network=self._network.id,
            origin=self.at("nat"),
        )
        addresses = [
            ComputeAddress(
                self,
                f"nat_{number}",
                name=self._name(f"nat-{number}"),
                description="What traffic to the internet comes from",
                region=self.environment.region,
                address_type="EXTERNAL",
                network_tier="PREMIUM",
                labels=self.labels,
                lifecycle=self._kept,
                origin=self.at("nat", "static_addresses"),
            )
            for number in range(1, nat.static_addresses + 1)
        ]
        filters = {"errors": "ERRORS_ONLY", "all": "ALL", "none": "ALL"}
        ComputeRouterNat(
            self,
            self.id,
            name=self._name("nat"),
            region=self.environment.region,
            router=router.name,
            nat_ip_allocate_option="MANUAL_ONLY" if addresses else "AUTO_ONLY",
            nat_ips=[address.self_link for address in addresses] or None,
            source_subnetwork_ip_ranges_to_nat="ALL_SUBNETWORKS_ALL_IP_RANGES",
            enable_dynamic_port_allocation=True,
            enable_endpoint_independent_mapping=False,
            min_ports_per_vm=nat.min_ports,
            max_ports_per_vm=nat.max_ports,
            log_config=[{"enable": nat.log != "none", "filter": filters[nat.log]}],
            origin=self.at("nat"),
        )

    def _google_apis(self, gate: Literal["private", "restricted"]) -> None:
        cidr, addresses = GATES[gate]
        self._route("googleapis", cidr, f"{gate}.googleapis.com")
        self._route("googleapis-direct", DIRECT_ACCESS, "Direct connections to Google's APIs")
        for domain in GOOGLE_DOMAINS:
            zone = DnsManagedZone(
                self,
                record_id(domain),
                name=self._name(domain.replace(".", "-")),
                dns_name=f"{domain}.",
                description=f"Private way to {domain}",
                visibility="private",
                private_visibility_config=[{"networks": [{"network_url": self._network.id}]}],
                labels=self.labels,
                origin=self.at("google_apis"),
            )
            host = f"{gate}.{domain}." if domain == "googleapis.com" else f"{domain}."
            for id, name, kind, data in (
                (domain, host, "A", list(addresses)),
                (f"any_{domain}", f"*.{domain}.", "CNAME", [host]),
            ):
                DnsRecordSet(
                    self,
                    record_id(id),
                    managed_zone=zone.name,
                    name=name,
                    type=kind,
                    ttl=300,
                    rrdatas=data,
                    origin=self.at("google_apis"),
                )

    def _firewall(self) -> None:
        policy = ComputeNetworkFirewallPolicy(
            self, self.id, name=self._name("firewall"), description=f"Rules of the network of {self.environment.prefix}"
        )
        ComputeNetworkFirewallPolicyAssociation(
            self,
            self.id,
            name=self._name("firewall"),
            attachment_target=self._network.id,
            firewall_policy=policy.name,
        )
        settings = self.settings
        internal = [each.cidr for each in settings.ranges if each.field in ("cidr", "pods_cidr", "proxy_cidr")]
        anything = [{"ip_protocol": "all"}]
        https = [{"ip_protocol": "tcp", "ports": ["443"]}]
        admission = [{"ip_protocol": "tcp", "ports": list(ADMISSION_PORTS)}]
        ssh = [{"ip_protocol": "tcp", "ports": ["22"]}]
        self._rule(policy, 1000, "allow-iap-ssh", "INGRESS", [IAP], ssh, "SSH through Identity-Aware Proxy")
        self._rule(
            policy, 1100, "allow-health-checks", "INGRESS", FRONT_ENDS, [{"ip_protocol": "tcp"}],
            "Health checks of load balancers",
        )  # fmt: skip
        self._rule(
            policy, 1200, "allow-control-plane", "INGRESS", [settings.control_plane_cidr], admission,
            "The control plane's calls to admission webhooks and kubelets",
        )  # fmt: skip
        self._rule(policy, 1300, "allow-internal", "INGRESS", internal, anything, "The network's own traffic")
        self._rule(policy, 65000, "deny-ingress", "INGRESS", ["0.0.0.0/0"], anything, "All other traffic", "deny")
        if not settings.egress.deny:
            return
        inside = [each.cidr for each in settings.ranges]
        gates = [GATES[settings.google_apis][0], DIRECT_ACCESS] if settings.google_apis != "public" else []
        self._rule(policy, 2000, "allow-egress-internal", "EGRESS", inside, anything, "To the network and its peers")
        if gates:
            self._rule(policy, 2100, "allow-egress-googleapis", "EGRESS", gates, https, "To Google's APIs")
        if settings.egress.allow:
            self._rule(policy, 2200, "allow-egress", "EGRESS", settings.egress.allow, https, "To egress.allow")
        self._rule(policy, 65100, "deny-egress", "EGRESS", ["0.0.0.0/0"], anything, "All other traffic", "deny")

    def _rule(
        self,
        policy: ComputeNetworkFirewallPolicy,
        priority: int,
        name: str,
        direction: Literal["INGRESS", "EGRESS"],
        ranges: Sequence[str],
        protocols: Sequence[dict[str, Any]],
        description: str,
        action: Literal["allow", "deny"] = "allow",
    ) -> None:
        side = "src_ip_ranges" if direction == "INGRESS" else "dest_ip_ranges"
        ComputeNetworkFirewallPolicyRule(
            self,
            record_id(name),
            firewall_policy=policy.name,
            rule_name=name,
            description=description,
            priority=priority,
            direction=direction,
            action=action,
            enable_logging=self.settings.firewall_log,
            match=[{side: list(ranges), "layer4_configs": list(protocols)}],
            origin=self.at("egress") if direction == "EGRESS" else None,
        )

    def _connect(self) -> ServiceNetworkingConnection:
        address, _, prefix = self.settings.private_services_cidr.partition("/")
        range = ComputeGlobalAddress(
            self,
            "private_services",
            name=self._name("private-services"),
            description="Addresses of managed services",
            purpose="VPC_PEERING",
            address_type="INTERNAL",
            address=address,
            prefix_length=int(prefix),
            network=self._network.id,
            labels=self.labels,
            lifecycle=self._kept,
            origin=self.at("private_services_cidr"),
        )
        self._connection = ServiceNetworkingConnection(
            self,
            "private_services",
            network=self._network.id,
            service="servicenetworking.googleapis.com",
            reserved_peering_ranges=[range.name],
            update_on_creation_fail=True,
            deletion_policy="ABANDON",
            origin=self.at("private_services_cidr"),
        )
        return self._connection


def _nat_faults(settings: VpcSettings) -> Iterable[Fault]:
    nat, egress = settings.nat, settings.egress
    if nat.min_ports >= nat.max_ports:
        yield Fault(
            "spec/nat-ports",
            f"a machine cannot have at least {nat.min_ports} and at most {nat.max_ports} ports",
            ("nat", "max_ports"),
            help=f"write {nat.min_ports * 2} or more" if nat.min_ports < 65536 else "write a smaller `min_ports`",
        )
    if nat.static_addresses and not nat.enabled:
        yield Fault(
            "spec/unused-setting",
            "`static_addresses` are of no use without NAT",
            ("nat", "static_addresses"),
            help="delete the line, or write `enabled: true`",
        )
    if egress.allow and not egress.deny:
        yield Fault(
            "spec/unused-setting",
            "`allow` has no effect, as nothing is denied",
            ("egress", "allow"),
            help="write `deny: true` beside it, or delete the line",
        )
    if egress.deny and settings.google_apis == "public":
        yield Fault(
            "spec/egress-without-google",
            "all egress is denied and Google's APIs are reached by public addresses, so machines could not start",
            ("google_apis",),
            help="write `google_apis: private`",
        )
    if not nat.enabled and settings.google_apis == "public":
        yield Fault(
            "spec/egress-without-google",
            "without NAT there is no way to the public addresses of Google's APIs",
            ("google_apis",),
            help="write `google_apis: private`",
        )
