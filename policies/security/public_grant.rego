# METADATA
# title: A grant to everybody on the internet
# description: >-
#   `allUsers` is everybody, and `allAuthenticatedUsers` everybody with a Google account, which takes a minute to make.
#   Images, secrets, topics and functions are then as public as a web page.
# custom:
#   id: security/public-grant
#   severity: critical
#   subject: terraform
#   remedy: grant the role to a group or a service account; who has to come from outside comes through the gateway
#   frameworks: [CIS GCP 1.9, NIST AC-3, NIST AC-6]
#   waivable: true
package rules.security.public_grant

import data.lib.tf

# What rules of their own are about: resource/public-bucket, data/public-dataset and security/primitive-role.
elsewhere := {type |
	some thing in ["bigquery_dataset", "folder", "organization", "project", "storage_bucket"]
	some form in ["member", "binding"]
	type := concat("_", ["google", thing, "iam", form])
}

violation contains tf.finding(grant, concat(" ", ["grants a role to", member])) if {
	some grant in tf.grants
	not grant.type in elsewhere
	some member in tf.members(grant)
	member in {"allUsers", "allAuthenticatedUsers"}
}
