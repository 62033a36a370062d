package rules.resource.irrecoverable_bucket_test

import data.lib.example
import data.rules.resource.irrecoverable_bucket

final := {"soft_delete_policy": [{"retention_duration_seconds": 0}]}

test_either_is_enough if {
	every bucket in [{}, object.union(final, {"versioning": [{"enabled": true}]})] {
		count(irrecoverable_bucket.violation) == 0 with input as example.written("google_storage_bucket", bucket)
	}
}

test_a_final_deletion_is_denied_in_production if {
	bucket := example.planned("google_storage_bucket", object.union(final, {"versioning": [{"enabled": null}]}), {})
	count(irrecoverable_bucket.violation) == 1 with input as bucket
	count(irrecoverable_bucket.violation) == 0 with input as object.union(bucket, {"facts": example.trial})
}
