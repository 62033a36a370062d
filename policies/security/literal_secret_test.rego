package rules.security.literal_secret_test

import data.lib.example
import data.rules.security.literal_secret

test_no_value_is_allowed if {
	count(literal_secret.violation) == 0 with input as example.written("google_sql_user", {"name": "a"})
}

test_a_reference_is_allowed if {
	made := {"secret_data": "${ephemeral.random_password.a.result}"}
	count(literal_secret.violation) == 0 with input as example.written("google_secret_manager_secret_version", made)
	count(literal_secret.violation) == 0 with input as example.planned(
		"google_secret_manager_secret_version",
		{}, {"secret_data": true},
	)
}

test_a_value_is_denied if {
	count(literal_secret.violation) == 1 with input as example.written("google_sql_user", {"password": "hunter2"})
	cluster := {"initial_user": [{"password": "hunter2"}]}
	count(literal_secret.violation) == 1 with input as example.planned("google_alloydb_cluster", cluster, {})
}
