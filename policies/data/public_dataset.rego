# METADATA
# title: A dataset that everybody may read
# description: >-
#   A dataset of BigQuery is published by one entry, and nothing about it shows from the outside until somebody
#   reads it.
# custom:
#   id: data/public-dataset
#   severity: critical
#   subject: terraform
#   remedy: grant the roles to groups and service accounts of the organisation
#   frameworks: [CIS GCP 7.1, GDPR Art. 32, HIPAA 164.312(a)]
#   waivable: false
package rules.data.public_dataset

import data.lib.tf

everybody := {"allUsers", "allAuthenticatedUsers"}

violation contains tf.finding(dataset, concat(" ", ["lets", group, "in"])) if {
	some dataset in tf.resources("google_bigquery_dataset")
	some access in tf.blocks(dataset.body, "access")
	some field in ["special_group", "iam_member"]
	group := access[field]
	group in everybody
}

violation contains tf.finding(grant, concat(" ", ["lets", member, "in"])) if {
	some type in ["google_bigquery_dataset_iam_member", "google_bigquery_dataset_iam_binding"]
	some grant in tf.resources(type)
	some member in tf.members(grant)
	member in everybody
}
