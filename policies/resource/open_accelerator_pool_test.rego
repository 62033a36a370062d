package rules.resource.open_accelerator_pool_test

import data.lib.example
import data.rules.resource.open_accelerator_pool

pool(taints, scaling) := {
	"autoscaling": [scaling],
	"node_config": [{"guest_accelerator": [{"type": "nvidia-l4", "count": 1}], "taint": taints}],
}

tainted := [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}]

bounded := {"total_min_node_count": 0, "total_max_node_count": 4}

test_tainted_and_bounded_is_allowed if {
	count(open_accelerator_pool.violation) == 0 with input as example.written(
		"google_container_node_pool",
		pool(tainted, bounded),
	)
}

test_untainted_is_denied if {
	count(open_accelerator_pool.violation) == 1 with input as example.planned(
		"google_container_node_pool",
		pool([], bounded), {},
	)
}

test_unbounded_is_denied if {
	count(open_accelerator_pool.violation) == 1 with input as example.written(
		"google_container_node_pool",
		pool(tainted, {}),
	)
}

test_never_empty_is_denied_outside_of_production if {
	kept := example.written(
		"google_container_node_pool",
		pool(tainted, {"total_min_node_count": 1, "total_max_node_count": 4}),
	)
	count(open_accelerator_pool.violation) == 0 with input as kept
	count(open_accelerator_pool.violation) == 1 with input as object.union(kept, {"facts": example.trial})
}

test_a_pool_without_accelerators_is_allowed if {
	count(open_accelerator_pool.violation) == 0 with input as example.written("google_container_node_pool", {})
}
