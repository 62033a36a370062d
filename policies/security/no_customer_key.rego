# METADATA
# title: Data that is encrypted with a key of Google's where the platform has keys of its own
# description: >-
#   A platform that fills the slot `keys` promises that its data can be shut off by disabling a key. One resource
#   without the key breaks that promise.
# custom:
#   id: security/no-customer-key
#   severity: high
#   subject: terraform
#   facts: [slots]
#   remedy: give the resource a key of the slot `keys`
#   frameworks: [CIS GCP 7.3, NIST SC-12, NIST SC-28]
#   waivable: true
package rules.security.no_customer_key

import data.lib.facts
import data.lib.tf

keys := {
	"google_alloydb_cluster": ["encryption_config", "kms_key_name"],
	"google_artifact_registry_repository": ["kms_key_name"],
	"google_bigquery_dataset": ["default_encryption_configuration", "kms_key_name"],
	"google_container_cluster": ["database_encryption", "key_name"],
	"google_pubsub_topic": ["kms_key_name"],
	"google_sql_database_instance": ["encryption_key_name"],
	"google_storage_bucket": ["encryption", "default_kms_key_name"],
}

violation contains tf.finding(resource, "is not encrypted with a key of the platform") if {
	some type, path in keys
	some resource in tf.resources(type)
	facts.of(resource).slots.keys
	not tf.is_set(resource, path)
}
