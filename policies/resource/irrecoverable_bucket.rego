# METADATA
# title: A bucket in production in which a deletion is final
# description: >-
#   A script with the wrong prefix deletes a terabyte a minute. Soft deletion or versions keep it for the days in
#   which somebody notices.
# custom:
#   id: resource/irrecoverable-bucket
#   severity: high
#   subject: terraform
#   facts: [production]
#   remedy: switch `versioning` on, or give `soft_delete_policy` seven days or more
#   frameworks: [NIST CP-9, ISO 27001 A.8.13, HIPAA 164.308(a)(7)]
#   waivable: true
package rules.resource.irrecoverable_bucket

import data.lib.facts
import data.lib.tf

violation contains tf.finding(bucket, "keeps neither versions nor what was deleted") if {
	some bucket in tf.resources("google_storage_bucket")
	facts.of(bucket).production
	not tf.is_on(bucket, ["versioning", "enabled"], false)

	# Google keeps it for seven days where nothing is written.
	tf.get(bucket, ["soft_delete_policy", "retention_duration_seconds"], 604800) == 0
}
