package rules.data.public_dataset_test

import data.lib.example
import data.rules.data.public_dataset

test_a_group_is_allowed if {
	access := [{"role": "READER", "group_by_email": "a@acme.example"}]
	count(public_dataset.violation) == 0 with input as example.written("google_bigquery_dataset", {"access": access})
}

test_everybody_is_denied if {
	every access in [{"special_group": "allAuthenticatedUsers"}, {"iam_member": "allUsers"}] {
		count(public_dataset.violation) == 1 with input as example.written("google_bigquery_dataset", {"access": [access]})
	}
	count(public_dataset.violation) == 1 with input as example.planned(
		"google_bigquery_dataset_iam_member",
		{"member": "allUsers"}, {},
	)
}
