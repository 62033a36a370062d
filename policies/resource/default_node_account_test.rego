package rules.resource.default_node_account_test

import data.lib.example
import data.rules.resource.default_node_account

pool(account) := {"node_config": [{"service_account": account}]}

test_an_account_of_its_own_is_allowed if {
	count(default_node_account.violation) == 0 with input as example.written(
		"google_container_node_pool",
		pool("gke-nodes@acme-prod.iam.gserviceaccount.com"),
	)
	count(default_node_account.violation) == 0 with input as example.planned(
		"google_container_node_pool",
		pool(null), {"node_config": [{"service_account": true}]},
	)
	count(default_node_account.violation) == 0 with input as example.written("google_container_cluster", {})
}

test_the_default_account_is_denied if {
	every account in ["default", "1-compute@developer.gserviceaccount.com", ""] {
		count(default_node_account.violation) == 1 with input as example.written(
			"google_container_node_pool",
			pool(account),
		)
	}
}

test_a_cluster_that_makes_nodes_by_itself_needs_one_too if {
	count(default_node_account.violation) == 1 with input as example.written(
		"google_container_cluster",
		{"enable_autopilot": true},
	)
	count(default_node_account.violation) == 1 with input as example.planned(
		"google_container_cluster",
		{"cluster_autoscaling": [{"enabled": true, "auto_provisioning_defaults": []}]}, {},
	)
}
