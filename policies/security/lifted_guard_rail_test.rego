package rules.security.lifted_guard_rail_test

import data.lib.example
import data.rules.security.lifted_guard_rail

type := "google_org_policy_policy"

ruled(rule) := {"spec": [{"rules": [rule]}]}

test_a_policy_in_force_is_allowed if {
	every rule in [
		{"enforce": "TRUE"},
		{"deny_all": "TRUE"},
		{"values": [{"allowed_values": ["in:eu-locations"]}]},
		{"enforce": "FALSE", "condition": [{"expression": "resource.matchTag('1/exempt', 'true')"}]},
	] {
		count(lifted_guard_rail.violation) == 0 with input as example.written(type, ruled(rule))
	}
}

test_a_lifted_one_is_denied if {
	every policy in [ruled({"enforce": "FALSE"}), ruled({"allow_all": "TRUE"}), {"spec": [{"reset": true}]}] {
		count(lifted_guard_rail.violation) == 1 with input as example.written(type, policy)
		count(lifted_guard_rail.violation) == 1 with input as example.planned(type, policy, {})
	}
}
