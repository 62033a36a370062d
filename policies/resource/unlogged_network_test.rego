package rules.resource.unlogged_network_test

import data.lib.example
import data.rules.resource.unlogged_network

test_a_log_is_allowed if {
	subnet := {"log_config": [{"flow_sampling": 0.5}]}
	count(unlogged_network.violation) == 0 with input as example.planned("google_compute_subnetwork", subnet, {})
	nat := {"log_config": {"enable": true, "filter": "ERRORS_ONLY"}}
	count(unlogged_network.violation) == 0 with input as example.written("google_compute_router_nat", nat)
}

test_a_subnet_for_proxies_has_no_logs if {
	proxies := {"purpose": "REGIONAL_MANAGED_PROXY"}
	count(unlogged_network.violation) == 0 with input as example.written("google_compute_subnetwork", proxies)
}

test_no_log_is_denied if {
	count(unlogged_network.violation) == 1 with input as example.planned(
		"google_compute_subnetwork",
		{"log_config": [], "purpose": null}, {},
	)
	nat := {"log_config": [{"enable": false}]}
	count(unlogged_network.violation) == 1 with input as example.written("google_compute_router_nat", nat)
	count(unlogged_network.violation) == 1 with input as example.written("google_compute_router_nat", {})
}
