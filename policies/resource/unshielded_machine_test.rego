package rules.resource.unshielded_machine_test

import data.lib.example
import data.rules.resource.unshielded_machine

shielded(secure, monitored) := {"shielded_instance_config": [{
	"enable_secure_boot": secure,
	"enable_integrity_monitoring": monitored,
}]}

test_a_shielded_machine_is_allowed if {
	count(unshielded_machine.violation) == 0 with input as example.written(
		"google_container_node_pool",
		{"node_config": [shielded(true, true)]},
	)
	count(unshielded_machine.violation) == 0 with input as example.planned(
		"google_workstations_workstation_config",
		{"host": [{"gce_instance": [shielded(true, true)]}]}, {},
	)
}

test_secure_boot_is_off_where_nothing_is_written if {
	count(unshielded_machine.violation) == 1 with input as example.written("google_container_node_pool", {})
	count(unshielded_machine.violation) == 1 with input as example.written("google_compute_instance", {})
	count(unshielded_machine.violation) == 2 with input as example.written("google_workstations_workstation_config", {})
}

test_what_is_switched_off_is_denied if {
	count(unshielded_machine.violation) == 2 with input as example.planned(
		"google_workbench_instance",
		{"gce_setup": [shielded(null, null)]}, {},
	)
}

test_nodes_with_tpus_need_no_secure_boot if {
	pool := {"node_config": [object.union(shielded(false, true), {"machine_type": "ct5lp-hightpu-4t"})]}
	count(unshielded_machine.violation) == 0 with input as example.written("google_container_node_pool", pool)
}
