package rules.security.no_customer_key_test

import data.lib.example
import data.rules.security.no_customer_key

test_a_key_is_allowed if {
	bucket := {"encryption": [{"default_kms_key_name": "projects/p/locations/l/keyRings/r/cryptoKeys/k"}]}
	count(no_customer_key.violation) == 0 with input as example.written("google_storage_bucket", bucket)
}

test_a_key_that_is_made_in_the_same_plan_is_allowed if {
	count(no_customer_key.violation) == 0 with input as example.planned(
		"google_storage_bucket",
		{"encryption": [{}]}, {"encryption": [{"default_kms_key_name": true}]},
	)
	count(no_customer_key.violation) == 0 with input as example.planned(
		"google_storage_bucket",
		{}, {"encryption": true},
	)
}

test_no_key_is_denied if {
	count(no_customer_key.violation) == 1 with input as example.written("google_storage_bucket", {})
	count(no_customer_key.violation) == 1 with input as example.planned("google_storage_bucket", {"encryption": []}, {})
}

test_a_platform_without_keys_needs_none if {
	plain := json.remove(example.written("google_storage_bucket", {}), ["facts/environments/prod/slots/keys"])
	count(no_customer_key.violation) == 0 with input as plain
}
