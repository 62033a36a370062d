package rules.resource.object_lists_test

import data.lib.example
import data.rules.resource.object_lists

test_uniform_access_is_allowed if {
	uniform := {"uniform_bucket_level_access": true}
	count(object_lists.violation) == 0 with input as example.written("google_storage_bucket", uniform)
}

test_lists_are_denied if {
	count(object_lists.violation) == 1 with input as example.written("google_storage_bucket", {})
	count(object_lists.violation) == 1 with input as example.planned(
		"google_storage_bucket",
		{"uniform_bucket_level_access": null}, {},
	)
}
