# METADATA
# title: A budget that tells nobody
# description: >-
#   A budget stops nothing: all it does is say that the money goes. Without a threshold, or with the default recipients
#   off and no others, it says it to nobody, and the bill does.
# custom:
#   id: observability/silent-budget
#   severity: medium
#   subject: terraform
#   remedy: give the budget `threshold_rules` and, where the default recipients are off, a channel or a topic
#   frameworks: [FinOps budgeting]
#   waivable: true
package rules.observability.silent_budget

import data.lib.tf

violation contains tf.finding(budget, "has no threshold") if {
	some budget in tf.resources("google_billing_budget")
	count(tf.blocks(budget.body, "threshold_rules")) == 0
}

violation contains tf.finding(budget, "tells nobody") if {
	some budget in tf.resources("google_billing_budget")
	tf.is_on(budget, ["all_updates_rule", "disable_default_iam_recipients"], false)
	not tf.is_set(budget, ["all_updates_rule", "monitoring_notification_channels"])
	not tf.is_set(budget, ["all_updates_rule", "pubsub_topic"])
}
