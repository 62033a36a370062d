package rules.resource.public_bucket_test

import data.lib.example
import data.rules.resource.public_bucket

prevented := {"public_access_prevention": "enforced"}

test_prevented_is_allowed if {
	count(public_bucket.violation) == 0 with input as example.written("google_storage_bucket", prevented)
}

test_inherited_is_denied if {
	count(public_bucket.violation) == 1 with input as example.written("google_storage_bucket", {})
	count(public_bucket.violation) == 1 with input as example.planned(
		"google_storage_bucket",
		{"public_access_prevention": "inherited"}, {},
	)
}

test_everybody_is_denied if {
	some body in [{"member": "allUsers"}, {"members": ["allAuthenticatedUsers"]}]
	count(public_bucket.violation) == 1 with input as example.written("google_storage_bucket_iam_member", body)
}

test_a_group_is_allowed if {
	grant := {"member": "group:a@acme.example"}
	count(public_bucket.violation) == 0 with input as example.written("google_storage_bucket_iam_member", grant)
}
