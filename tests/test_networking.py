"""Networks: ranges that fit beside each other, values that wait for what they need, ways out that are shut."""

from __future__ import annotations

import json
from ipaddress import IPv4Network
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planform.diagnostics import DiagnosticError
from planform.engine import App, TerraformStack, synthesize
from planform.planes.component import Refused
from planform.planes.resource.address_ranges import AddressRange, range_faults
from planform.planes.resource.existing_networking import ExistingNetworking, ExistingNetworkingSettings
from planform.planes.resource.shared_vpc import SharedVpc, SharedVpcSettings
from planform.planes.resource.vpc import EgressSettings, NatSettings, Vpc, VpcSettings
from planform.planes.security.existing_services import ExistingServices
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.faults import parse
from planform.terraform.google import ComputeAddress

DEV = Environment(
    platform="acme-ai", name="dev", project="acme-ai-dev", project_number="111111111111", region="europe-west4"
)
PROD = DEV.model_copy(update={"name": "prod", "project": "acme-ai-prod", "production": True})


def services(stack: TerraformStack, environment: Environment = DEV) -> ExistingServices:
    return ExistingServices(stack, "services", environment=environment)


def vpc(stack: TerraformStack, environment: Environment = DEV, **settings: Any) -> Vpc:
    return Vpc(
        stack, "networking", VpcSettings(**settings), environment=environment, services=services(stack, environment)
    )


def records(app: App, stack: str = "main") -> dict[str, dict[str, Any]]:
    """Resource type to id to body."""
    document: dict[str, dict[str, dict[str, Any]]] = json.loads(synthesize(app)[f"stacks/{stack}/cdk.tf.json"])
    return document.get("resource", {})


def stack_of_app() -> tuple[App, TerraformStack]:
    app = App()
    return app, TerraformStack(app, "main")


def codes(faults: object) -> list[tuple[str, str]]:
    assert isinstance(faults, list)
    return [(fault.code, ".".join(map(str, fault.path))) for fault in faults]


def check(**settings: Any) -> list[Fault]:
    return list(Vpc.check(VpcSettings(**settings), DEV))


# Ranges


def test_default_ranges_fit_beside_each_other() -> None:
    assert check() == []
    ranges = [each.network for each in VpcSettings(proxy_cidr="10.1.16.0/23").ranges]
    assert not any(one.overlaps(other) for one, other in combinations(ranges, 2))


@pytest.mark.parametrize(
    ("settings", "code", "path"),
    [
        ({"cidr": "10.16.0.0/20"}, "spec/overlapping-ranges", "pods_cidr"),
        ({"services_cidr": "10.0.8.0/24"}, "spec/overlapping-ranges", "services_cidr"),
        ({"control_plane_cidr": "10.40.255.240/28"}, "spec/overlapping-ranges", "private_services_cidr"),
        ({"proxy_cidr": "10.0.14.0/23"}, "spec/overlapping-ranges", "proxy_cidr"),
        ({"cidr": "10.0.0.0/30"}, "spec/range-size", "cidr"),
        ({"pods_cidr": "10.16.0.0/22"}, "spec/range-size", "pods_cidr"),
        ({"services_cidr": "10.20.0.0/28"}, "spec/range-size", "services_cidr"),
        ({"services_cidr": "10.64.0.0/15"}, "spec/range-size", "services_cidr"),
        ({"control_plane_cidr": "172.16.0.0/27"}, "spec/range-size", "control_plane_cidr"),
        ({"private_services_cidr": "10.40.0.0/25"}, "spec/range-size", "private_services_cidr"),
        ({"proxy_cidr": "10.1.16.0/27"}, "spec/range-size", "proxy_cidr"),
        ({"cidr": "172.17.16.0/20"}, "spec/reserved-range", "cidr"),
        ({"private_services_cidr": "172.16.0.0/15", "control_plane_cidr": "10.1.0.0/28"}, "spec/reserved-range",
         "private_services_cidr"),
        ({"cidr": "8.8.0.0/20"}, "spec/public-range", "cidr"),
    ],
)  # fmt: skip
def test_range_is_refused(settings: dict[str, str], code: str, path: str) -> None:
    faults = check(**settings)
    assert codes(faults) == [(code, path)]
    assert faults[0].help.startswith("write ")


def test_host_bits_are_refused_with_the_range_that_was_meant() -> None:
    faults = parse(VpcSettings, {"cidr": "10.0.0.1/20"})
    assert codes(faults) == [("spec/cidr", "cidr")]
    assert isinstance(faults, list) and "10.0.0.0/20" in faults[0].help


@given(
    st.lists(
        st.builds(
            lambda address, prefix: str(IPv4Network((address, prefix), strict=False)),
            st.integers(10 << 24, (11 << 24) - 1),
            st.integers(9, 28),
        ),
        min_size=2,
        max_size=6,
    )
)
def test_the_proposed_range_is_free(cidrs: list[str]) -> None:
    ranges = [AddressRange(f"r{index}", cidr, "things", 8, 28) for index, cidr in enumerate(cidrs)]
    taken = [each.network for each in ranges]
    for fault in range_faults(ranges):
        if "example" in fault.help:
            free = IPv4Network(fault.help.rpartition(" ")[2])
            assert free.subnet_of(IPv4Network("10.0.0.0/8"))
            assert not any(free.overlaps(network) for network in taken)


# The network


def test_nothing_has_a_public_address() -> None:
    app, stack = stack_of_app()
    vpc(stack)
    made = records(app)
    assert "google_compute_address" not in made
    assert made["google_compute_router_nat"]["networking"]["nat_ip_allocate_option"] == "AUTO_ONLY"
    assert made["google_compute_subnetwork"]["networking"]["private_ip_google_access"] is True
    assert made["google_compute_network_firewall_policy_rule"]["deny_ingress"]["priority"] == 65000


def test_fixed_addresses_are_those_that_nat_uses() -> None:
    app, stack = stack_of_app()
    vpc(stack, nat=NatSettings(static_addresses=2))
    made = records(app)
    nat = made["google_compute_router_nat"]["networking"]
    assert nat["nat_ip_allocate_option"] == "MANUAL_ONLY"
    assert nat["nat_ips"] == [f"${{google_compute_address.nat_{number}.self_link}}" for number in (1, 2)]
    assert sorted(made["google_compute_address"]) == ["nat_1", "nat_2"]


def test_without_nat_there_is_no_way_to_the_internet() -> None:
    app, stack = stack_of_app()
    vpc(stack, nat=NatSettings(enabled=False))
    made = records(app)
    assert "google_compute_router" not in made
    assert {route["dest_range"] for route in made["google_compute_route"].values()} == {
        "199.36.153.8/30",
        "34.126.0.0/18",
    }


def test_denied_egress_leaves_the_network_and_google() -> None:
    app, stack = stack_of_app()
    vpc(stack, google_apis="restricted", egress=EgressSettings(deny=True))
    rules = records(app)["google_compute_network_firewall_policy_rule"]
    allowed = {
        cidr
        for rule in rules.values()
        if (rule["direction"], rule["action"]) == ("EGRESS", "allow")
        for cidr in rule["match"][0]["dest_ip_ranges"]
    }
    assert allowed == {
        *("10.0.0.0/20", "10.16.0.0/14", "10.20.0.0/20", "172.16.0.0/28", "10.40.0.0/16"),
        *("199.36.153.4/30", "34.126.0.0/18"),
    }
    priorities = [rule["priority"] for rule in rules.values()]
    assert len(priorities) == len(set(priorities))


def test_names_of_google_lead_to_the_gate() -> None:
    app, stack = stack_of_app()
    vpc(stack)
    made = records(app)
    for zone in made["google_dns_managed_zone"].values():
        assert zone["dns_name"].endswith(".")
        assert zone["private_visibility_config"]
    assert made["google_dns_record_set"]["any_googleapis_com"]["rrdatas"] == ["private.googleapis.com."]
    assert made["google_dns_record_set"]["googleapis_com"]["rrdatas"][0] == "199.36.153.8"


def test_production_network_cannot_be_destroyed() -> None:
    app, stack = stack_of_app()
    vpc(stack, PROD)
    made = records(app)
    for kind in ("google_compute_network", "google_compute_subnetwork"):
        assert made[kind]["networking"]["lifecycle"] == {"prevent_destroy": True}


@pytest.mark.parametrize(
    ("settings", "code", "path"),
    [
        ({"nat": NatSettings(min_ports=1024, max_ports=1024)}, "spec/nat-ports", "nat.max_ports"),
        ({"nat": NatSettings(enabled=False, static_addresses=1)}, "spec/unused-setting", "nat.static_addresses"),
        ({"egress": EgressSettings(allow=("10.9.0.0/16",))}, "spec/unused-setting", "egress.allow"),
        ({"google_apis": "public", "egress": EgressSettings(deny=True)}, "spec/egress-without-google", "google_apis"),
        ({"google_apis": "public", "nat": NatSettings(enabled=False)}, "spec/egress-without-google", "google_apis"),
    ],
)
def test_combination_is_refused(settings: dict[str, Any], code: str, path: str) -> None:
    assert codes(check(**settings)) == [(code, path)]


def test_ports_are_a_power_of_two() -> None:
    assert codes(parse(VpcSettings, {"nat": {"min_ports": 100}})) == [("spec/unknown-value", "nat.min_ports")]


def test_names_that_would_be_too_long_are_refused() -> None:
    long = DEV.model_copy(update={"platform": "a" * 20, "name": "b" * 30})
    assert codes(list(Vpc.check(VpcSettings(), long))) == [("spec/name-too-long", "")]
    assert not list(Vpc.check(VpcSettings(), DEV.model_copy(update={"platform": "a" * 20, "name": "b" * 25})))


# The contract


def test_private_services_are_connected_on_first_use() -> None:
    app, stack = stack_of_app()
    networking = vpc(stack)
    assert "google_service_networking_connection" not in records(app)
    assert networking.private_services() == networking.private_services()
    assert list(records(app)["google_service_networking_connection"]) == ["private_services"]


def test_values_are_references_at_home_and_literals_elsewhere() -> None:
    app, stack = stack_of_app()
    other = TerraformStack(app, "other")
    networking = vpc(stack)
    private = networking.private_services()
    for place in (stack, other):
        ComputeAddress(
            place,
            "seen",
            name=networking.subnet().pods_range,
            subnetwork=networking.subnet().id,
            network=private.network.id,
            address=private.range_name,
        )
    at_home, elsewhere = (records(app, name)["google_compute_address"]["seen"] for name in ("main", "other"))
    assert at_home["subnetwork"] == "${google_compute_subnetwork.networking.id}"
    assert at_home["name"] == "${google_compute_subnetwork.networking.secondary_ip_range[0].range_name}"
    assert at_home["network"] == "${google_service_networking_connection.private_services.network}"
    assert at_home["address"] == "${google_service_networking_connection.private_services.reserved_peering_ranges[0]}"
    assert elsewhere["subnetwork"] == "projects/acme-ai-dev/regions/europe-west4/subnetworks/acme-ai-dev-nodes"
    assert elsewhere["network"] == "projects/acme-ai-dev/global/networks/acme-ai-dev-vpc"
    assert (elsewhere["name"], elsewhere["address"]) == ("pods", "acme-ai-dev-private-services")


def test_every_range_in_use_is_told() -> None:
    _, stack = stack_of_app()
    networking = vpc(stack, proxy_cidr="10.1.16.0/23")
    assert set(networking.cidrs()) >= {networking.subnet().cidr, networking.control_plane_cidr(), "10.1.16.0/23"}


# Networks of others


def shared(stack: TerraformStack, **settings: Any) -> SharedVpc:
    given = {"host_project": "acme-network-host", "network": "shared", "subnet": "ai", **settings}
    return SharedVpc(stack, "networking", SharedVpcSettings(**given), environment=DEV, services=services(stack))


def test_a_shared_subnet_waits_for_its_grants() -> None:
    app, stack = stack_of_app()
    networking = shared(stack)
    ComputeAddress(stack, "seen", name="seen", subnetwork=networking.subnet().id)
    made = records(app)
    written = made["google_compute_address"]["seen"]["subnetwork"]
    assert written.startswith('${["projects/acme-network-host/regions/europe-west4/subnetworks/ai", ')
    for kind in ("google_compute_subnetwork_iam_member", "google_project_iam_member"):
        for name, grant in made[kind].items():
            assert grant["project"] == "acme-network-host"
            assert grant["depends_on"] == ["google_compute_shared_vpc_service_project.networking"]
            assert f"{kind}.{name}.id" in written
    assert networking.network().id == "projects/acme-network-host/global/networks/shared"


def test_a_project_is_not_attached_to_itself() -> None:
    _, stack = stack_of_app()
    with pytest.raises(DiagnosticError) as caught:
        shared(stack, host_project="acme-ai-dev")
    assert [each.code for each in caught.value.diagnostics] == ["spec/host-is-service-project"]


def existing(**settings: Any) -> ExistingNetworking:
    _, stack = stack_of_app()
    given = {"network": "shared", "subnet": "ai", **settings}
    return ExistingNetworking(stack, "networking", ExistingNetworkingSettings(**given), environment=DEV)


def test_an_existing_network_is_named_in_its_project() -> None:
    networking = existing(project="acme-network-host", private_services_range="managed", cidr="10.0.0.0/24")
    assert networking.private_services().network.project == "acme-network-host"
    assert networking.subnet().id == "projects/acme-network-host/regions/europe-west4/subnetworks/ai"
    assert (networking.subnet().pods_range, networking.subnet().pods_cidr) == ("pods", "")
    assert networking.cidrs() == ("10.0.0.0/24",)
    assert existing().network().id == "projects/acme-ai-dev/global/networks/shared"


def test_what_an_existing_network_does_not_name_is_refused() -> None:
    for ask, code, setting in (
        (existing().private_services, "contract/no-private-services", "`private_services_range`"),
        (existing().control_plane_cidr, "contract/no-control-plane-range", "`control_plane_cidr`"),
    ):
        with pytest.raises(Refused) as caught:
            ask()
        assert caught.value.fault.code == code
        assert setting in caught.value.fault.help


def test_ranges_of_an_existing_network_are_checked_as_far_as_told() -> None:
    with pytest.raises(DiagnosticError) as caught:
        existing(cidr="10.0.0.0/24", pods_cidr="10.0.0.0/16", control_plane_cidr="172.16.0.0/24")
    assert [each.code for each in caught.value.diagnostics] == ["spec/range-size", "spec/overlapping-ranges"]
