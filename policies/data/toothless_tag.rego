# METADATA
# title: A classification of columns that protects none
# description: >-
#   A policy tag marks a column as confidential. Only where the taxonomy activates fine-grained access control does
#   BigQuery ask for leave to read it; else the tag is a word.
# custom:
#   id: data/toothless-tag
#   severity: high
#   subject: terraform
#   remedy: write `FINE_GRAINED_ACCESS_CONTROL` into `activated_policy_types`
#   frameworks: [GDPR Art. 32, NIST AC-16, ISO 27001 A.5.12]
#   waivable: true
package rules.data.toothless_tag

import data.lib.tf

violation contains tf.finding(taxonomy, "does not activate fine-grained access control") if {
	some taxonomy in tf.resources("google_data_catalog_taxonomy")
	not "FINE_GRAINED_ACCESS_CONTROL" in tf.get(taxonomy, ["activated_policy_types"], [])
}
