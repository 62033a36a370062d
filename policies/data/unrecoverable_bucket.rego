# METADATA
# title: A bucket in production from which nothing comes back
# description: >-
#   A job that writes to the wrong prefix overwrites what was there. Versions bring it back, and soft delete does for a
#   week; with neither it is gone at once.
# custom:
#   id: data/unrecoverable-bucket
#   severity: medium
#   subject: terraform
#   facts: [production]
#   remedy: turn `versioning` on, or keep the `soft_delete_policy` of seven days or more
#   frameworks: [NIST CP-9, ISO 27001 A.8.13]
#   waivable: true
package rules.data.unrecoverable_bucket

import data.lib.facts
import data.lib.tf

# What Cloud Storage takes where nothing is written.
week := 604800

violation contains tf.finding(bucket, "keeps neither versions nor what was deleted") if {
	some bucket in tf.resources("google_storage_bucket")
	facts.of(bucket).production
	not tf.is_on(bucket, ["versioning", "enabled"], false)
	tf.get(bucket, ["soft_delete_policy", "retention_duration_seconds"], week) == 0
}
