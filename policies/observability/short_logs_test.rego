package rules.observability.short_logs_test

import data.lib.example
import data.rules.observability.short_logs

type := "google_logging_project_bucket_config"

test_a_month_is_allowed if {
	every body in [{}, {"retention_days": 30}, {"retention_days": 400}] {
		count(short_logs.violation) == 0 with input as example.written(type, body)
	}
}

test_outside_of_production_is_allowed if {
	tried := object.union(example.written(type, {"retention_days": 7}), {"facts": example.trial})
	count(short_logs.violation) == 0 with input as tried
}

test_a_week_is_denied if {
	count(short_logs.violation) == 1 with input as example.planned(type, {"retention_days": 7}, {})
}
