package rules.resource.unlogged_database_test

import data.lib.example
import data.rules.resource.unlogged_database

instance(flags) := {"database_version": "POSTGRES_17", "settings": [{"database_flags": flags}]}

both(value) := [{"name": "log_connections", "value": value}, {"name": "log_disconnections", "value": value}]

test_logged_connections_are_allowed if {
	count(unlogged_database.violation) == 0 with input as example.written(
		"google_sql_database_instance",
		instance(both("on")),
	)
	mysql := {"database_version": "MYSQL_8_0"}
	count(unlogged_database.violation) == 0 with input as example.written("google_sql_database_instance", mysql)
}

test_unlogged_ones_are_denied if {
	count(unlogged_database.violation) == 2 with input as example.planned(
		"google_sql_database_instance",
		instance(both("off")), {},
	)
	one := instance([{"name": "log_connections", "value": "on"}])
	count(unlogged_database.violation) == 1 with input as example.written("google_sql_database_instance", one)
}
