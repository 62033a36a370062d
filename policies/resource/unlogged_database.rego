# METADATA
# title: A database that does not log who connects
# description: >-
#   After an incident the first question is who was in the database, and from where. Without the log of connections
#   nobody can say.
# custom:
#   id: resource/unlogged-database
#   severity: medium
#   subject: terraform
#   remedy: set the flags `log_connections` and `log_disconnections` to `on`
#   frameworks: [CIS GCP 6.2.2, CIS GCP 6.2.3, NIST AU-2, HIPAA 164.312(b)]
#   waivable: true
package rules.resource.unlogged_database

import data.lib.tf

violation contains tf.finding(instance, concat(" ", ["does not have the flag", flag, "on"])) if {
	some instance in tf.resources("google_sql_database_instance")
	startswith(tf.get(instance, ["database_version"], ""), "POSTGRES")
	some flag in ["log_connections", "log_disconnections"]
	not flag in on(instance)
}

on(instance) := {flag.name |
	some settings in tf.blocks(instance.body, "settings")
	some flag in tf.blocks(settings, "database_flags")
	flag.value == "on"
}
