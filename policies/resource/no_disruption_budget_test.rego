package rules.resource.no_disruption_budget_test

import data.lib.example
import data.rules.resource.no_disruption_budget

served(replicas) := {
	"apiVersion": "apps/v1",
	"kind": "Deployment",
	"metadata": {"name": "it", "namespace": "fraud"},
	"spec": {"replicas": replicas, "template": {"metadata": {"labels": {"app": "it", "track": "stable"}}, "spec": {}}},
}

budget(labels) := {
	"apiVersion": "policy/v1",
	"kind": "PodDisruptionBudget",
	"metadata": {"name": "it", "namespace": "fraud"},
	"spec": {"maxUnavailable": 1, "selector": {"matchLabels": labels}},
}

test_a_budget_is_allowed if {
	count(no_disruption_budget.violation) == 0 with input as example.objects([served(3), budget({"app": "it"})])
}

test_one_replica_needs_none if {
	count(no_disruption_budget.violation) == 0 with input as example.objects([served(1)])
}

test_no_budget_is_denied_in_production if {
	count(no_disruption_budget.violation) == 1 with input as example.objects([served(3)])
	count(no_disruption_budget.violation) == 1 with input as example.objects([served(3), budget({"app": "other"})])
	count(no_disruption_budget.violation) == 0 with input as object.union(
		example.objects([served(3)]),
		{"facts": example.trial},
	)
}
