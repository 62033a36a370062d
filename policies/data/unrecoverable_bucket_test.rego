package rules.data.unrecoverable_bucket_test

import data.lib.example
import data.rules.data.unrecoverable_bucket

type := "google_storage_bucket"

gone := {"soft_delete_policy": [{"retention_duration_seconds": 0}]}

test_either_is_allowed if {
	count(unrecoverable_bucket.violation) == 0 with input as example.written(type, {})
	versioned := object.union(gone, {"versioning": [{"enabled": true}]})
	count(unrecoverable_bucket.violation) == 0 with input as example.planned(type, versioned, {})
}

test_outside_of_production_is_allowed if {
	tried := object.union(example.written(type, gone), {"facts": example.trial})
	count(unrecoverable_bucket.violation) == 0 with input as tried
}

test_neither_is_denied if {
	count(unrecoverable_bucket.violation) == 1 with input as example.written(type, gone)
	off := object.union(gone, {"versioning": [{"enabled": null}]})
	count(unrecoverable_bucket.violation) == 1 with input as example.planned(type, off, {})
}
