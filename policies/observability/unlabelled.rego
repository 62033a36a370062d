# METADATA
# title: A resource whose cost nobody can be charged with
# description: >-
#   Labels are how a bill is divided. What has none is paid by everybody, and watched by nobody.
# custom:
#   id: observability/unlabelled
#   severity: medium
#   subject: terraform
#   remedy: write `labels=self.labels` in the component, or the five labels in a construct of your own
#   frameworks: [FinOps allocation]
#   waivable: true
package rules.observability.unlabelled

import data.lib.tf

wanted := {"component", "environment", "managed_by", "plane", "team"}

labels := {
	"google_artifact_registry_repository": ["labels"],
	"google_bigquery_dataset": ["labels"],
	"google_container_cluster": ["resource_labels"],
	"google_container_node_pool": ["node_config", "resource_labels"],
	"google_kms_crypto_key": ["labels"],
	"google_pubsub_topic": ["labels"],
	"google_sql_database_instance": ["settings", "user_labels"],
	"google_storage_bucket": ["labels"],
}

violation contains tf.finding(resource, concat(" ", ["lacks the labels", concat(", ", sort(missing))])) if {
	some type, path in labels
	some resource in tf.resources(type)
	missing := wanted - object.keys(tf.get(resource, path, {}))
	count(missing) > 0
}
