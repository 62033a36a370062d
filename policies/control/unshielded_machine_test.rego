package rules.control.unshielded_machine_test

import data.lib.example
import data.rules.control.unshielded_machine

on := {"enable_integrity_monitoring": true, "enable_secure_boot": true, "enable_vtpm": true}

workstation(shield) := {"host": [{"gce_instance": [{"shielded_instance_config": [shield]}]}]}

test_a_shielded_machine_is_allowed if {
	type := "google_workstations_workstation_config"
	count(unshielded_machine.violation) == 0 with input as example.written(type, workstation(on))
	notebook := {"gce_setup": {"shielded_instance_config": {"enable_secure_boot": true}}}
	count(unshielded_machine.violation) == 0 with input as example.written("google_workbench_instance", notebook)
}

test_an_unshielded_one_is_denied if {
	type := "google_workstations_workstation_config"
	count(unshielded_machine.violation) == 3 with input as example.written(type, {})
	off := object.union(on, {"enable_vtpm": null})
	count(unshielded_machine.violation) == 1 with input as example.planned(type, workstation(off), {})
	count(unshielded_machine.violation) == 1 with input as example.written("google_workbench_instance", {})
}
