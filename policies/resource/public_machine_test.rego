package rules.resource.public_machine_test

import data.lib.example
import data.rules.resource.public_machine

test_a_private_machine_is_allowed if {
	count(public_machine.violation) == 0 with input as example.written(
		"google_compute_instance",
		{"network_interface": [{"subnetwork": "a"}]},
	)
	count(public_machine.violation) == 0 with input as example.written(
		"google_workbench_instance",
		{"gce_setup": {"disable_public_ip": true}},
	)
}

test_a_public_machine_is_denied if {
	count(public_machine.violation) == 1 with input as example.planned(
		"google_compute_instance",
		{"network_interface": [{"access_config": []}, {"access_config": [{"nat_ip": null}]}]}, {},
	)
	count(public_machine.violation) == 1 with input as example.written("google_workbench_instance", {})
	count(public_machine.violation) == 1 with input as example.planned(
		"google_workstations_workstation_config",
		{"host": [{"gce_instance": [{"disable_public_ip_addresses": null}]}]}, {},
	)
}
