package rules.resource.unrepaired_nodes_test

import data.lib.example
import data.rules.resource.unrepaired_nodes

left := {"management": [{"auto_repair": false}]}

test_repair_is_allowed if {
	count(unrepaired_nodes.violation) == 0 with input as example.written("google_container_node_pool", {})
}

test_borrowed_nodes_are_allowed if {
	every borrowed in [{"node_config": {"flex_start": true}}, {"queued_provisioning": [{"enabled": true}]}] {
		count(unrepaired_nodes.violation) == 0 with input as example.written(
			"google_container_node_pool",
			object.union(left, borrowed),
		)
	}
}

test_no_repair_is_denied if {
	count(unrepaired_nodes.violation) == 1 with input as example.written("google_container_node_pool", left)
	count(unrepaired_nodes.violation) == 1 with input as example.planned(
		"google_container_node_pool",
		{"management": [{"auto_repair": null}], "queued_provisioning": [{"enabled": null}]}, {},
	)
}
