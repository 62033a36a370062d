package rules.resource.unpatched_nodes_test

import data.lib.example
import data.rules.resource.unpatched_nodes

test_upgrades_are_allowed if {
	count(unpatched_nodes.violation) == 0 with input as example.written("google_container_node_pool", {})
	cluster := {"release_channel": [{"channel": "STABLE"}]}
	count(unpatched_nodes.violation) == 0 with input as example.written("google_container_cluster", cluster)
	count(unpatched_nodes.violation) == 0 with input as example.written(
		"google_container_cluster",
		{"enable_autopilot": true},
	)
}

test_a_pool_that_stays_as_it_is_is_denied if {
	count(unpatched_nodes.violation) == 1 with input as example.written(
		"google_container_node_pool",
		{"management": [{"auto_upgrade": false}]},
	)
	count(unpatched_nodes.violation) == 1 with input as example.planned(
		"google_container_node_pool",
		{"management": [{"auto_upgrade": null}]}, {},
	)
}

test_no_channel_is_denied_in_production if {
	cluster := example.written("google_container_cluster", {"release_channel": {"channel": "UNSPECIFIED"}})
	count(unpatched_nodes.violation) == 1 with input as cluster
	count(unpatched_nodes.violation) == 0 with input as object.union(cluster, {"facts": example.trial})
}
