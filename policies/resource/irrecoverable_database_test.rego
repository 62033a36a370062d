package rules.resource.irrecoverable_database_test

import data.lib.example
import data.rules.resource.irrecoverable_database

instance(version, backups) := {"database_version": version, "settings": [{"backup_configuration": [backups]}]}

postgres := instance("POSTGRES_17", {"enabled": true, "point_in_time_recovery_enabled": true})

mysql := instance("MYSQL_8_0", {"enabled": true, "binary_log_enabled": true})

test_a_log_is_allowed if {
	every database in [postgres, mysql, {"master_instance_name": "main"}] {
		count(irrecoverable_database.violation) == 0 with input as example.written("google_sql_database_instance", database)
	}
	count(irrecoverable_database.violation) == 0 with input as example.written("google_alloydb_cluster", {})
}

test_none_is_denied if {
	count(irrecoverable_database.violation) == 2 with input as example.written("google_sql_database_instance", {})
	every database in [
		instance("POSTGRES_17", {"enabled": true, "binary_log_enabled": true}),
		instance("MYSQL_8_0", {"enabled": true, "point_in_time_recovery_enabled": true}),
		instance("POSTGRES_17", {"enabled": true, "point_in_time_recovery_enabled": null}),
	] {
		count(irrecoverable_database.violation) == 1 with input as example.planned(
			"google_sql_database_instance",
			database, {},
		)
	}
}

test_other_databases_are_judged_too if {
	off := {"continuous_backup_config": [{"enabled": null}]}
	count(irrecoverable_database.violation) == 1 with input as example.planned("google_alloydb_cluster", off, {})
	count(irrecoverable_database.violation) == 1 with input as example.written("google_firestore_database", {})
	count(irrecoverable_database.violation) == 1 with input as example.written("aws_dynamodb_table", {})
}

test_outside_of_production_is_allowed if {
	tried := object.union(example.written("google_sql_database_instance", {}), {"facts": example.trial})
	count(irrecoverable_database.violation) == 0 with input as tried
}
