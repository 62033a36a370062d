package rules.data.toothless_tag_test

import data.lib.example
import data.rules.data.toothless_tag

type := "google_data_catalog_taxonomy"

test_an_activated_one_is_allowed if {
	active := {"activated_policy_types": ["FINE_GRAINED_ACCESS_CONTROL"]}
	count(toothless_tag.violation) == 0 with input as example.written(type, active)
}

test_an_idle_one_is_denied if {
	count(toothless_tag.violation) == 1 with input as example.written(type, {})
	count(toothless_tag.violation) == 1 with input as example.planned(type, {"activated_policy_types": []}, {})
}
