package rules.control.open_front_test

import data.lib.example
import data.rules.control.open_front

type := "google_iap_web_backend_service_iam_member"

test_a_group_is_allowed if {
	count(open_front.violation) == 0 with input as example.written(type, {"member": "group:a@acme.example"})
}

test_everybody_is_denied if {
	count(open_front.violation) == 1 with input as example.written(type, {"member": "allAuthenticatedUsers"})
	everybody := {"members": ["group:a@acme.example", "allUsers"]}
	count(open_front.violation) == 1 with input as example.planned(
		"google_workstations_workstation_config_iam_binding",
		everybody, {},
	)
}
