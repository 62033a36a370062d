package rules.observability.silent_budget_test

import data.lib.example
import data.rules.observability.silent_budget

type := "google_billing_budget"

budget(rule) := {"threshold_rules": [{"threshold_percent": 0.9}], "all_updates_rule": [rule]}

test_one_that_tells_somebody_is_allowed if {
	every body in [
		{"threshold_rules": {"threshold_percent": 1}},
		budget({"disable_default_iam_recipients": true, "pubsub_topic": "projects/acme-prod/topics/budget"}),
		budget({"disable_default_iam_recipients": null}),
	] {
		count(silent_budget.violation) == 0 with input as example.planned(type, body, {})
	}
}

test_one_that_tells_nobody_is_denied if {
	silent := budget({"disable_default_iam_recipients": true, "monitoring_notification_channels": []})
	count(silent_budget.violation) == 1 with input as example.written(type, silent)
}

test_one_without_a_threshold_is_denied if {
	count(silent_budget.violation) == 1 with input as example.planned(type, {}, {})
}
