# METADATA
# title: A database in production that one zone takes along
# description: >-
#   Nothing is promised of a zonal instance when its zone is lost. A regional one moves over within a minute, with all
#   that was written.
# custom:
#   id: resource/zonal-database
#   severity: low
#   subject: terraform
#   facts: [production]
#   remedy: set `availability_type` to `REGIONAL`; in a blueprint leave `high_availability` of the database out
#   frameworks: [NIST CP-10, ISO 27001 A.8.14]
#   waivable: true
package rules.resource.zonal_database

import data.lib.facts
import data.lib.tf

violation contains tf.finding(instance, "runs in one zone") if {
	some instance in tf.resources("google_sql_database_instance")
	facts.of(instance).production
	not tf.is_set(instance, ["master_instance_name"])
	tf.get(instance, ["settings", "availability_type"], "ZONAL") != "REGIONAL"
}

violation contains tf.finding(instance, "runs in one zone") if {
	some instance in tf.resources("google_alloydb_instance")
	facts.of(instance).production
	tf.get(instance, ["instance_type"], "PRIMARY") == "PRIMARY"
	tf.get(instance, ["availability_type"], "REGIONAL") != "REGIONAL"
}
