package rules.resource.unprotected_data_test

import data.lib.example
import data.rules.resource.unprotected_data

test_protected_is_allowed if {
	kept := {"deletion_protection": true}
	count(unprotected_data.violation) == 0 with input as example.written("google_sql_database_instance", kept)
}

test_unprotected_is_denied if {
	count(unprotected_data.violation) == 1 with input as example.written(
		"google_container_cluster",
		{"deletion_protection": false},
	)
	count(unprotected_data.violation) == 1 with input as example.planned(
		"google_container_cluster",
		{"deletion_protection": null}, {},
	)
}

test_outside_of_production_is_allowed if {
	tried := object.union(
		example.written("google_container_cluster", {"deletion_protection": false}),
		{"facts": example.trial},
	)
	count(unprotected_data.violation) == 0 with input as tried
}

test_a_bucket_that_goes_with_its_objects_is_denied if {
	bucket := {"force_destroy": true}
	count(unprotected_data.violation) == 1 with input as example.written("google_storage_bucket", bucket)
}
