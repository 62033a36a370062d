# METADATA
# title: A bucket that the public could be let into
# description: >-
#   Data sets and models lie in buckets. Without public access prevention a single grant to allUsers, made by hand or
#   by a tool, publishes all of it.
# custom:
#   id: resource/public-bucket
#   severity: critical
#   subject: terraform
#   remedy: set `public_access_prevention` to `enforced` and grant roles to members of the organisation
#   frameworks: [CIS GCP 5.1, NIST SC-7, GDPR Art. 32]
#   waivable: true
package rules.resource.public_bucket

import data.lib.tf

violation contains tf.finding(bucket, "does not prevent public access") if {
	some bucket in tf.resources("google_storage_bucket")
	tf.get(bucket, ["public_access_prevention"], "") != "enforced"
}

violation contains tf.finding(grant, concat(" ", ["lets", member, "in"])) if {
	some type in ["google_storage_bucket_iam_member", "google_storage_bucket_iam_binding"]
	some grant in tf.resources(type)
	some member in tf.members(grant)
	member in {"allUsers", "allAuthenticatedUsers"}
}
