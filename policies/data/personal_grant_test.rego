package rules.data.personal_grant_test

import data.lib.example
import data.rules.data.personal_grant

grant(member) := {"role": "roles/storage.objectViewer", "member": member}

test_a_group_is_allowed if {
	type := "google_storage_bucket_iam_member"
	count(personal_grant.violation) == 0 with input as example.written(type, grant("group:a@acme.example"))
}

test_what_is_no_data_is_allowed if {
	type := "google_workstations_workstation_config_iam_member"
	count(personal_grant.violation) == 0 with input as example.written(type, grant("user:a@acme.example"))
}

test_outside_of_production_is_allowed if {
	person := example.written("google_storage_bucket_iam_member", grant("user:a@acme.example"))
	count(personal_grant.violation) == 0 with input as object.union(person, {"facts": example.trial})
}

test_a_person_is_denied if {
	type := "google_bigquery_dataset_iam_binding"
	members := {"role": "roles/bigquery.dataViewer", "members": ["user:a@acme.example"]}
	count(personal_grant.violation) == 1 with input as example.planned(type, members, {})
}
