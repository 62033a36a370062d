# METADATA
# title: A team in production without a budget
# description: >-
#   Accelerators spend a month's money in a weekend. Without a budget of the team's own the first to say so is the invoice,
#   which names nobody.
# custom:
#   id: observability/no-budget
#   severity: medium
#   subject: kubernetes
#   facts: [production, teams]
#   remedy: give the team a `budget_usd_month`, and the organization its `billing_account`
#   frameworks: [FinOps budgeting]
#   waivable: true
package rules.observability.no_budget

import data.lib.facts
import data.lib.k8s
import data.lib.tf

violation contains k8s.finding(entry, "is a team's, and no budget is for it") if {
	some entry in k8s.objects
	entry.object.kind == "Namespace"
	facts.of(entry).production
	entry.object.metadata.name in object.keys(facts.of(entry).teams)
	not [entry.environment, entry.object.metadata.name] in watched
}

watched contains [budget.environment, team] if {
	some budget in tf.resources("google_billing_budget")
	some filter in tf.blocks(budget.body, "budget_filter")
	team := filter.labels.team
}
