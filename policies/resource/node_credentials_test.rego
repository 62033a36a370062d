package rules.resource.node_credentials_test

import data.lib.example
import data.rules.resource.node_credentials

test_workload_identity_is_allowed if {
	cluster := {"workload_identity_config": [{"workload_pool": "acme.svc.id.goog"}]}
	count(node_credentials.violation) == 0 with input as example.written("google_container_cluster", cluster)
	unknown := {"workload_identity_config": [{"workload_pool": true}]}
	count(node_credentials.violation) == 0 with input as example.planned(
		"google_container_cluster",
		{"workload_identity_config": [{}]}, unknown,
	)
	autopilot := {"enable_autopilot": true}
	count(node_credentials.violation) == 0 with input as example.written("google_container_cluster", autopilot)
	pool := {"node_config": {"workload_metadata_config": {"mode": "GKE_METADATA"}}}
	count(node_credentials.violation) == 0 with input as example.written("google_container_node_pool", pool)
}

test_none_is_denied if {
	count(node_credentials.violation) == 1 with input as example.planned(
		"google_container_cluster",
		{"enable_autopilot": null}, {},
	)
	pool := {"node_config": [{"workload_metadata_config": [{"mode": "GCE_METADATA"}]}]}
	count(node_credentials.violation) == 1 with input as example.written("google_container_node_pool", pool)
	count(node_credentials.violation) == 1 with input as example.written("google_container_node_pool", {})
}
