package rules.resource.default_network_test

import data.lib.example
import data.rules.resource.default_network

test_a_network_of_ones_own_is_allowed if {
	count(default_network.violation) == 0 with input as example.planned(
		"google_compute_network",
		{"auto_create_subnetworks": null}, {},
	)
	count(default_network.violation) == 0 with input as example.planned(
		"google_container_cluster",
		{}, {"network": true},
	)
	rule := {"network": "projects/acme/global/networks/not-default"}
	count(default_network.violation) == 0 with input as example.written("google_compute_firewall", rule)
}

test_one_that_lays_itself_out_is_denied if {
	count(default_network.violation) == 1 with input as example.written("google_compute_network", {})
}

test_the_default_one_is_denied if {
	count(default_network.violation) == 1 with input as example.written("google_container_cluster", {})
	rule := {"network": "projects/acme/global/networks/default"}
	count(default_network.violation) == 1 with input as example.planned("google_compute_firewall", rule, {})
	machine := {"network_interface": [{"network": "default"}]}
	count(default_network.violation) == 1 with input as example.written("google_compute_instance", machine)
}
