package rules.resource.open_database_test

import data.lib.example
import data.rules.resource.open_database

closed := {"settings": [{"ip_configuration": [{"ipv4_enabled": false, "ssl_mode": "ENCRYPTED_ONLY"}]}]}

test_private_is_allowed if {
	count(open_database.violation) == 0 with input as example.written("google_sql_database_instance", closed)
}

test_false_is_null_in_a_plan if {
	count(open_database.violation) == 0 with input as example.planned(
		"google_sql_database_instance",
		{"settings": [{"ip_configuration": [{"ipv4_enabled": null, "ssl_mode": "ENCRYPTED_ONLY"}]}]}, {},
	)
}

test_what_is_not_written_is_public if {
	count(open_database.violation) == 2 with input as example.written("google_sql_database_instance", {})
}

test_a_public_alloydb_is_denied if {
	instance := {"network_config": [{"enable_public_ip": true}]}
	count(open_database.violation) == 1 with input as example.written("google_alloydb_instance", instance)
}
