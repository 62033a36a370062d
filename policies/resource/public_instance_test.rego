package rules.resource.public_instance_test

import data.lib.example
import data.rules.resource.public_instance

test_a_private_machine_is_allowed if {
	count(public_instance.violation) == 0 with input as example.written(
		"google_compute_instance",
		{"network_interface": [{"subnetwork": "a"}]},
	)
	count(public_instance.violation) == 0 with input as example.planned(
		"google_compute_instance_template",
		{"network_interface": [{"access_config": []}]}, {},
	)
}

test_a_public_machine_is_denied if {
	count(public_instance.violation) == 1 with input as example.planned(
		"google_compute_instance",
		{"network_interface": [{"access_config": []}, {"access_config": [{"nat_ip": null}]}]}, {},
	)
	count(public_instance.violation) == 1 with input as example.written(
		"google_compute_instance_template",
		{"network_interface": {"ipv6_access_config": {"network_tier": "PREMIUM"}}},
	)
}
