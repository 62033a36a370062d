# METADATA
# title: Data in production that one wrong plan destroys
# description: >-
#   Terraform replaces what it cannot change in place. Deletion protection turns a replacement that nobody saw
#   into an error.
# custom:
#   id: resource/unprotected-data
#   severity: high
#   subject: terraform
#   facts: [production]
#   remedy: leave deletion protection on in production; to remove the resource, take it out in a change of its own
#   frameworks: [NIST CP-9, ISO 27001 A.8.13]
#   waivable: true
package rules.resource.unprotected_data

import data.lib.facts
import data.lib.tf

protected := {
	"google_alloydb_cluster": ["deletion_protection"],
	"google_container_cluster": ["deletion_protection"],
	"google_sql_database_instance": ["deletion_protection"],
}

violation contains tf.finding(resource, "is not protected from deletion") if {
	some type, path in protected
	some resource in tf.resources(type)
	facts.of(resource).production
	not tf.is_on(resource, path, true)
}

violation contains tf.finding(bucket, "is deleted with all its objects") if {
	some bucket in tf.resources("google_storage_bucket")
	facts.of(bucket).production
	tf.is_on(bucket, ["force_destroy"], false)
}
