package rules.resource.unenforced_policies_test

import data.lib.example
import data.rules.resource.unenforced_policies

test_what_enforces_them_is_allowed if {
	every cluster in [
		{"datapath_provider": "ADVANCED_DATAPATH"},
		{"enable_autopilot": true},
		{"network_policy": [{"enabled": true}]},
	] {
		count(unenforced_policies.violation) == 0 with input as example.written("google_container_cluster", cluster)
	}
}

test_the_old_dataplane_is_denied if {
	count(unenforced_policies.violation) == 1 with input as example.written("google_container_cluster", {})
	count(unenforced_policies.violation) == 1 with input as example.planned(
		"google_container_cluster",
		{"datapath_provider": "LEGACY_DATAPATH", "enable_autopilot": null}, {},
	)
}
