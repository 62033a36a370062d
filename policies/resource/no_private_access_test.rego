package rules.resource.no_private_access_test

import data.lib.example
import data.rules.resource.no_private_access

test_private_access_is_allowed if {
	every subnet in [{"private_ip_google_access": true}, {"purpose": "REGIONAL_MANAGED_PROXY"}] {
		count(no_private_access.violation) == 0 with input as example.written("google_compute_subnetwork", subnet)
	}
}

test_none_is_denied if {
	count(no_private_access.violation) == 1 with input as example.written("google_compute_subnetwork", {})
	count(no_private_access.violation) == 1 with input as example.planned(
		"google_compute_subnetwork",
		{"private_ip_google_access": null}, {},
	)
}
