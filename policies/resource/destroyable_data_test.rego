package rules.resource.destroyable_data_test

import data.lib.example
import data.rules.resource.destroyable_data

test_kept_data_is_allowed if {
	kept := {"lifecycle": {"prevent_destroy": true, "ignore_changes": ["labels"]}}
	every type in ["google_storage_bucket", "aws_dynamodb_table", "github_repository"] {
		count(destroyable_data.violation) == 0 with input as example.written(type, kept)
	}
	count(destroyable_data.violation) == 0 with input as example.written(
		"google_storage_bucket",
		{"lifecycle": [{"prevent_destroy": true}]},
	)
}

test_what_may_be_destroyed_is_denied if {
	every body in [{}, {"lifecycle": {"prevent_destroy": false}}, {"lifecycle": [{"create_before_destroy": true}]}] {
		count(destroyable_data.violation) == 1 with input as example.written("google_bigquery_table", body)
	}
	protected := {"deletion_protection": true, "deletion_policy": "PREVENT"}
	count(destroyable_data.violation) == 1 with input as example.written("google_sql_database_instance", protected)
	topic := {"message_retention_duration": "604800s"}
	count(destroyable_data.violation) == 1 with input as example.written("google_pubsub_topic", topic)
}

test_it_says_what_is_lost if {
	some finding in destroyable_data.violation with input as example.written("google_bigquery_table", {})
	contains(finding.msg, "keeps rows")
}

test_what_holds_nothing_is_allowed if {
	every type, body in {
		"google_bigquery_table": {"view": [{"query": "SELECT 1"}]},
		"google_artifact_registry_repository": {"mode": "REMOTE_REPOSITORY"},
		"google_alloydb_instance": {"instance_type": "READ_POOL"},
		"google_pubsub_topic": {},
		"google_project_service": {},
	} {
		count(destroyable_data.violation) == 0 with input as example.written(type, body)
	}
}

test_a_plan_says_nothing_of_it if {
	count(destroyable_data.violation) == 0 with input as example.planned("google_bigquery_table", {}, {})
}

test_outside_of_production_is_allowed if {
	tried := object.union(example.written("google_bigquery_table", {}), {"facts": example.trial})
	count(destroyable_data.violation) == 0 with input as tried
}
