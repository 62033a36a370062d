package rules.resource.public_nodes_test

import data.lib.example
import data.rules.resource.public_nodes

private := [{"enable_private_nodes": true, "enable_private_endpoint": true}]

test_private_is_allowed if {
	cluster := {"private_cluster_config": private}
	count(public_nodes.violation) == 0 with input as example.written("google_container_cluster", cluster)
}

test_public_is_denied if {
	count(public_nodes.violation) == 2 with input as example.written("google_container_cluster", {})
	count(public_nodes.violation) == 1 with input as example.planned(
		"google_container_cluster",
		{"private_cluster_config": [{"enable_private_nodes": null, "enable_private_endpoint": true}]}, {},
	)
}

test_a_block_may_be_an_object if {
	pool := {"network_config": {"enable_private_nodes": true}}
	count(public_nodes.violation) == 0 with input as example.written("google_container_node_pool", pool)
}

test_a_public_pool_is_denied if {
	count(public_nodes.violation) == 1 with input as example.written("google_container_node_pool", {})
}
