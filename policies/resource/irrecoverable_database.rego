# METADATA
# title: A database in production that cannot be brought back to a minute ago
# description: >-
#   The usual disaster is a wrong statement, not a lost disk. Without backups and their log what it deleted is gone.
# custom:
#   id: resource/irrecoverable-database
#   severity: high
#   subject: terraform
#   facts: [production]
#   remedy: switch on backups and point-in-time recovery; a database of MySQL has the latter in `binary_log_enabled`
#   frameworks: [CIS GCP 6.7, NIST CP-9, HIPAA 164.308(a)(7), GDPR Art. 32]
#   waivable: true
package rules.resource.irrecoverable_database

import data.lib.facts
import data.lib.tf

instances contains instance if {
	some instance in tf.resources("google_sql_database_instance")
	facts.of(instance).production
	not tf.is_set(instance, ["master_instance_name"])
}

violation contains tf.finding(instance, "has no backups") if {
	some instance in instances
	not tf.is_on(instance, ["settings", "backup_configuration", "enabled"], false)
}

violation contains tf.finding(instance, recovery) if {
	some instance in instances
	not tf.is_on(instance, ["settings", "backup_configuration", log(instance)], false)
}

violation contains tf.finding(cluster, recovery) if {
	some cluster in tf.resources("google_alloydb_cluster")
	facts.of(cluster).production
	not tf.is_on(cluster, ["continuous_backup_config", "enabled"], true)
}

violation contains tf.finding(database, recovery) if {
	some database in tf.resources("google_firestore_database")
	facts.of(database).production
	on := "POINT_IN_TIME_RECOVERY_ENABLED"
	tf.get(database, ["point_in_time_recovery_enablement"], "") != on
}

violation contains tf.finding(table, recovery) if {
	some table in tf.resources("aws_dynamodb_table")
	facts.of(table).production
	not tf.is_on(table, ["point_in_time_recovery", "enabled"], false)
}

recovery := "has no point-in-time recovery"

log(instance) := "binary_log_enabled" if {
	startswith(tf.get(instance, ["database_version"], ""), "MYSQL")
} else := "point_in_time_recovery_enabled"
