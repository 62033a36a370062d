package rules.resource.open_control_plane_test

import data.lib.example
import data.rules.resource.open_control_plane

listed(networks) := {"master_authorized_networks_config": [{"cidr_blocks": networks}]}

test_a_short_list_is_allowed if {
	cluster := listed([{"cidr_block": "10.0.0.0/8"}])
	count(open_control_plane.violation) == 0 with input as example.written("google_container_cluster", cluster)
	count(open_control_plane.violation) == 0 with input as example.written("google_container_cluster", listed([]))
}

test_a_cluster_without_addresses_needs_no_list if {
	cluster := {"control_plane_endpoints_config": [{"ip_endpoints_config": [{"enabled": false}]}]}
	count(open_control_plane.violation) == 0 with input as example.written("google_container_cluster", cluster)
}

test_everybody_is_denied if {
	cluster := listed([{"cidr_block": "10.0.0.0/8"}, {"cidr_block": "0.0.0.0/0"}])
	count(open_control_plane.violation) == 1 with input as example.planned("google_container_cluster", cluster, {})
	count(open_control_plane.violation) == 1 with input as example.written("google_container_cluster", {})
}

test_all_of_google_cloud_is_denied if {
	cluster := {"master_authorized_networks_config": {"gcp_public_cidrs_access_enabled": true}}
	count(open_control_plane.violation) == 1 with input as example.written("google_container_cluster", cluster)
}
