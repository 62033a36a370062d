package rules.observability.unlabelled_test

import data.lib.example
import data.rules.observability.unlabelled

labels := {"component": "gcs", "environment": "prod", "managed_by": "planform", "plane": "resource", "team": "a"}

test_labelled_is_allowed if {
	count(unlabelled.violation) == 0 with input as example.written("google_storage_bucket", {"labels": labels})
	pool := {"node_config": [{"resource_labels": labels}]}
	count(unlabelled.violation) == 0 with input as example.planned("google_container_node_pool", pool, {})
}

test_unlabelled_is_denied if {
	count(unlabelled.violation) == 1 with input as example.written("google_storage_bucket", {})
	count(unlabelled.violation) == 1 with input as example.planned("google_storage_bucket", {"labels": {"team": "a"}}, {})
}
