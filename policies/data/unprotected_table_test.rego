package rules.data.unprotected_table_test

import data.lib.example
import data.rules.data.unprotected_table

test_protected_is_allowed if {
	count(unprotected_table.violation) == 0 with input as example.written("google_bigquery_table", {})
	kept := {"deletion_protection_enabled": true}
	count(unprotected_table.violation) == 0 with input as example.planned("aws_dynamodb_table", kept, {})
	firestore := {"delete_protection_state": "DELETE_PROTECTION_ENABLED"}
	count(unprotected_table.violation) == 0 with input as example.written("google_firestore_database", firestore)
}

test_a_view_is_allowed if {
	view := {"deletion_protection": false, "view": [{"query": "SELECT 1"}]}
	count(unprotected_table.violation) == 0 with input as example.written("google_bigquery_table", view)
}

test_outside_of_production_is_allowed if {
	table := example.written("google_bigquery_table", {"deletion_protection": false})
	count(unprotected_table.violation) == 0 with input as object.union(table, {"facts": example.trial})
}

test_unprotected_is_denied if {
	unprotected := {
		"aws_dynamodb_table": {},
		"google_bigquery_dataset": {"delete_contents_on_destroy": true},
		"google_bigquery_table": {"deletion_protection": false},
		"google_firestore_database": {},
	}
	every type, body in unprotected {
		count(unprotected_table.violation) == 1 with input as example.written(type, body)
	}
	planned := {"deletion_protection": null}
	count(unprotected_table.violation) == 1 with input as example.planned("google_bigquery_table", planned, {})
}
