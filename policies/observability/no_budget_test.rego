package rules.observability.no_budget_test

import data.lib.example
import data.rules.observability.no_budget

namespace(name) := {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}

platform(name, budget) := object.union(
	example.written("google_billing_budget", budget),
	{"objects": example.objects([namespace(name)]).objects},
)

test_a_budget_of_the_teams_own_is_allowed if {
	every filter in [{"labels": {"team": "fraud"}}, [{"labels": {"team": "fraud"}}]] {
		count(no_budget.violation) == 0 with input as platform("fraud", {"budget_filter": filter})
	}
}

test_no_namespace_of_a_team_is_allowed if {
	count(no_budget.violation) == 0 with input as platform("keda", {})
}

test_none_or_another_teams_is_denied if {
	every budget in [{}, {"budget_filter": [{"projects": ["projects/1"]}]}, {"budget_filter": [{"labels": {"team": "search"}}]}] {
		count(no_budget.violation) == 1 with input as platform("fraud", budget)
	}
	count(no_budget.violation) == 1 with input as example.objects([namespace("fraud")])
}

test_outside_of_production_is_allowed if {
	tried := object.union(platform("fraud", {}), {"facts": {"environments": {"prod": {"production": false}}}})
	count(no_budget.violation) == 0 with input as tried
}
