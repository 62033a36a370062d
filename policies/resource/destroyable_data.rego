# METADATA
# title: Data in production that Terraform may destroy
# description: >-
#   An argument that cannot change in place makes Terraform destroy and make anew. `prevent_destroy` ends the plan instead,
#   for every type and whatever a provider protects by itself. Only what planform writes shows it: a plan does not have
#   `lifecycle`, so this rule judges no plans.
# custom:
#   id: resource/destroyable-data
#   severity: high
#   subject: terraform
#   in_plans: false
#   facts: [production]
#   remedy: "give the resource `lifecycle=Lifecycle(prevent_destroy=True)` in production; to replace it all the same, make the new one beside it, move the data and take the old one out"
#   frameworks: [NIST CP-9, ISO 27001 A.8.13, GDPR Art. 32]
#   waivable: true
package rules.resource.destroyable_data

import data.lib.facts
import data.lib.stateful
import data.lib.tf

violation contains tf.finding(resource, concat(" ", ["may be destroyed, and it keeps", kept])) if {
	some type, kept in stateful.keeps
	some resource in tf.written(type)
	facts.of(resource).production
	not tf.is_on(resource, ["lifecycle", "prevent_destroy"], false)
	not is_empty(resource)
}

# What has nothing of its own to lose: views, caches and addresses of others, copies that answer reads, topics that keep
# no messages.
is_empty(resource) if {
	some block in ["view", "materialized_view"]
	count(tf.blocks(resource.body, block)) > 0
}

is_empty(resource) if tf.get(resource, ["mode"], "") in {"REMOTE_REPOSITORY", "VIRTUAL_REPOSITORY"}

is_empty(resource) if tf.get(resource, ["instance_type"], "") == "READ_POOL"

is_empty(resource) if {
	resource.type == "google_pubsub_topic"
	not tf.is_set(resource, ["message_retention_duration"])
}
