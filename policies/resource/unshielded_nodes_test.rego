package rules.resource.unshielded_nodes_test

import data.lib.example
import data.rules.resource.unshielded_nodes

pool(secure, monitored) := {"node_config": [{"shielded_instance_config": [{
	"enable_secure_boot": secure,
	"enable_integrity_monitoring": monitored,
}]}]}

test_shielded_nodes_are_allowed if {
	count(unshielded_nodes.violation) == 0 with input as example.written("google_container_node_pool", pool(true, true))
}

test_secure_boot_is_off_where_nothing_is_written if {
	count(unshielded_nodes.violation) == 1 with input as example.written("google_container_node_pool", {})
}

test_what_is_switched_off_is_denied if {
	off := pool(null, null)
	count(unshielded_nodes.violation) == 2 with input as example.planned("google_container_node_pool", off, {})
	count(unshielded_nodes.violation) == 1 with input as example.written("google_container_node_pool", pool(true, false))
}

test_nodes_with_tpus_need_no_secure_boot if {
	tpus := {"node_config": {"machine_type": "ct5lp-hightpu-4t"}}
	count(unshielded_nodes.violation) == 0 with input as example.written("google_container_node_pool", tpus)
}
