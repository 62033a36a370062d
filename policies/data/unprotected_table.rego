# METADATA
# title: Tables in production that one wrong plan destroys
# description: >-
#   Features and training data are made over months and cannot be made again. A renamed table is a new one to Terraform,
#   and the old one goes with all its rows.
# custom:
#   id: data/unprotected-table
#   severity: high
#   subject: terraform
#   facts: [production]
#   remedy: leave deletion protection on in production; to remove the table, take the protection off in a change of its own
#   frameworks: [NIST CP-9, ISO 27001 A.8.13]
#   waivable: true
package rules.data.unprotected_table

import data.lib.facts
import data.lib.tf

# By type the flag that protects, and what the provider takes where nothing is written.
protecting := {
	"aws_dynamodb_table": {"flag": "deletion_protection_enabled", "default": false},
	"google_bigquery_table": {"flag": "deletion_protection", "default": true},
}

# By type the flag that takes the contents along; off where nothing is written.
destroying := {
	"google_bigquery_dataset": "delete_contents_on_destroy",
	"google_vertex_ai_feature_online_store": "force_destroy",
}

violation contains tf.finding(table, "is not protected from deletion") if {
	some type, form in protecting
	some table in tf.resources(type)
	facts.of(table).production
	not is_view(table)
	not tf.is_on(table, [form.flag], form.default)
}

# A view holds no rows of its own.
is_view(table) if count(tf.blocks(table.body, "view")) > 0

violation contains tf.finding(holder, "is deleted with all that is in it") if {
	some type, flag in destroying
	some holder in tf.resources(type)
	facts.of(holder).production
	tf.is_on(holder, [flag], false)
}

violation contains tf.finding(database, "is not protected from deletion") if {
	some database in tf.resources("google_firestore_database")
	facts.of(database).production
	tf.get(database, ["delete_protection_state"], "") != "DELETE_PROTECTION_ENABLED"
}
