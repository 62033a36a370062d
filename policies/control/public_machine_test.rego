package rules.control.public_machine_test

import data.lib.example
import data.rules.control.public_machine

config(private) := {"host": [{"gce_instance": [{"disable_public_ip_addresses": private}]}]}

test_a_private_machine_is_allowed if {
	type := "google_workstations_workstation_config"
	count(public_machine.violation) == 0 with input as example.written(type, config(true))
	notebook := {"gce_setup": {"disable_public_ip": true}}
	count(public_machine.violation) == 0 with input as example.planned("google_workbench_instance", notebook, {})
}

test_a_public_one_is_denied if {
	type := "google_workstations_workstation_config"
	count(public_machine.violation) == 1 with input as example.written(type, config(false))
	count(public_machine.violation) == 1 with input as example.planned(type, config(null), {})
	count(public_machine.violation) == 1 with input as example.written("google_workbench_instance", {"gce_setup": {}})
}
