# METADATA
# title: A bucket whose objects have access lists of their own
# description: >-
#   With lists on objects nobody can read off a bucket's grants who sees what is in it, and a list that was set years
#   ago outlives every change of IAM.
# custom:
#   id: resource/object-lists
#   severity: medium
#   subject: terraform
#   remedy: set `uniform_bucket_level_access` to true
#   frameworks: [CIS GCP 5.2, NIST AC-3]
#   waivable: true
package rules.resource.object_lists

import data.lib.tf

violation contains tf.finding(bucket, "has no uniform access") if {
	some bucket in tf.resources("google_storage_bucket")
	not tf.is_on(bucket, ["uniform_bucket_level_access"], false)
}
